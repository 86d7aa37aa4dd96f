//! Attendance: from rows of terminals to days of people. Pure, but for the driver that reads the store.

pub mod book;
pub mod day;
pub mod driver;
pub mod forecast;
mod plan;
pub mod profile;
pub mod row;
pub mod time;
pub mod window;

pub use self::plan::{
    Directions, FormerWeek, Holiday, Person, REPEAT_S, Schedule, Shift, WEEKDAYS, judged, schedule_of,
};
pub use self::profile::Profile;
