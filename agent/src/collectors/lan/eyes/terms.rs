//! The words of the eyes: how a network is asked, whether a question left, and what was seen.

use std::fmt;
use std::net::Ipv4Addr;

use crate::collectors::lan::census::Evidence;

/// How a network is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// ARP by a packet socket.
    Arp,
    /// Datagrams and the kernel's neighbour table.
    Poke {
        /// Whether pings are permitted too.
        can_ping: bool,
    },
}

impl Method {
    /// What `CAP_NET_RAW` would add; none if it is there.
    #[must_use]
    pub fn hint(self) -> Option<&'static str> {
        match self {
            Self::Arp => None,
            Self::Poke { can_ping: true } => Some(
                "with CAP_NET_RAW, sweeps are faster, joining devices are heard at once with their names, and \
                 machines that answer for others are recognised",
            ),
            Self::Poke { can_ping: false } => Some(
                "with CAP_NET_RAW, sweeps are faster, devices that speak only IPv6 are found, joining devices are heard at \
                 once with their names, and machines that answer for others are recognised",
            ),
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Arp => "ARP",
            Self::Poke { can_ping: true } => "UDP, ping and the neighbour table",
            Self::Poke { can_ping: false } => "UDP and the neighbour table",
        })
    }
}

/// Whether a question left the box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// It did.
    Yes,
    /// The send buffer was full: ask again.
    Refused,
}

/// What the eyes saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A device is there.
    Seen(Evidence),
    /// The kernel knew this device before: it takes seconds to find out whether it is still there.
    Unsettled(Ipv4Addr),
    /// An interface or an address changed: look whether ours still is what it was.
    Link,
}
