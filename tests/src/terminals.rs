//! Time clocks as programs: terminals that speak JSON over WebSocket, honest and hostile, one or hundreds.
//!
//! [`device`] is the terminal itself, pure: its session, its timers, its faults; [`memory`] is what it stores,
//! [`clock`] what time it believes, [`orders`] what it answers to commands, [`speech`] how it writes JSON.
//! [`running`] drives a device over a [line](mod@line); [`load`] drives many and measures. A line alone says any bytes,
//! and [`hostile`] says the worst of them.

#[cfg(test)]
mod agreeable;
pub mod clock;
pub mod device;
pub mod dialect;
pub mod fault;
pub mod frame;
pub mod hostile;
pub mod latency;
pub mod line;
pub mod load;
pub mod memory;
pub mod orders;
pub mod running;
pub mod speech;

pub use device::{Device, Timers};
pub use dialect::Dialect;
pub use fault::{Fault, Faults};
pub use line::{Heard, Line, Upgrade};
pub use running::Terminal;
