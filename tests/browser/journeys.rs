//! What people do, clicked through for real; one test for each journey of the design, by its number.

mod acts;
mod attendance;
mod fleet;
mod login;
mod own;
mod presence;
mod terminals;
