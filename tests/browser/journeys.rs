//! What people do, clicked through for real; one test for each journey of the design, by its number.

mod acts;
mod connectors;
mod fleet;
mod incidents;
mod login;
mod media;
mod rollouts;
