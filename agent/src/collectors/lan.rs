//! Who is on the LAN.
pub mod census;
pub mod coverage;
pub mod dhcp;
pub mod eyes;
pub mod frame;
pub mod interface;
pub mod mdns;
pub mod names;
pub mod neighbour;
pub mod netlink;
pub mod packet;
pub mod poke;
pub mod survey;
pub mod sweep;
pub mod tally;
