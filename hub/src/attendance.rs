//! Attendance: from rows of terminals to days of people. Pure, but for the driver that closes days.

mod plan;
pub mod row;
pub mod time;

pub use self::plan::{Directions, Holiday, Person, REPEAT_S, Schedule, Shift, schedule_of};
