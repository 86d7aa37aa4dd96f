//! What people do, clicked through for real; one test for each journey of the design, by its number.

mod acts;
mod approval;
mod attendance;
mod bulk;
mod connectors;
mod first_presence;
mod fleet;
mod frozen;
mod incidents;
mod login;
mod media;
mod month;
mod outage;
mod own;
mod presence;
mod rollouts;
mod terminals;
