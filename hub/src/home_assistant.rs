//! Home Assistant: sites as its devices, and who is home of those who agreed, told to the MQTT broker that a home or an
//! office has already.
//!
//! What is told is a list of retained messages that follows from the moment ([`announce`]): a description of each device,
//! which Home Assistant finds by itself, and its state. [`ledger`] decides what of the list is still to be said, and which
//! ghosts of earlier lists are to be cleared; [`driver`] says it over [`broker`]. When the hub goes, the broker says so by
//! its will. Off until somebody names a broker.
//!
//! ```toml
//! [home_assistant]
//! broker = "mqtts://homeassistant.local:8883"
//! user = "vigie"
//! password_file = "/etc/vigie/home-assistant.password"
//! buttons = true
//! services = ["player"]
//! ```
//!
//! Without a broker Home Assistant may come to the operators' MQTT ([`guest`]): `operators = true`, an account and its
//! token, the hub's CA. It hears the same, and its buttons are pressed with that account's rights.
//!
//! Only people who agreed to be named are told, and no topic says a name. Buttons give commands that a box's owner
//! must have allowed there.

mod announce;
mod broker;
mod config;
mod driver;
mod facts;
mod gather;
mod guest;
mod ledger;
mod topics;

pub use config::HomeAssistantConfig;
pub(crate) use driver::start;
pub(crate) use guest::{FILTERS_MAX, Guests};
pub(crate) use topics::{Asked, Topics};
