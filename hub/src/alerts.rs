//! Pure: what is wrong in the fleet, since when, and what people are told of it.

pub mod news;
