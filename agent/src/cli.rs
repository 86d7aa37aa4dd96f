//! The verbs of the command line that work on their own.

pub mod scan;
