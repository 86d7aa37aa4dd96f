//! What people do, clicked through for real; one test for each journey of the design, by its number.

mod acts;
mod attendance;
mod bulk;
mod first_presence;
mod fleet;
mod frozen;
mod login;
mod outage;
mod own;
mod presence;
mod terminals;
