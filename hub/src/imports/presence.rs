//! Imports of presence: logs of other programs, read as they stream by and turned into strips.
//!
//! Pure. Addresses are hashed with the site's key while they are read, and nothing that leaves the reader names one. A
//! line that cannot be used is reported by its number, the rest is used. Strips may be taken at any time and merged, as
//! the union of spans does not depend on how they came: so a file of any size needs little memory.

mod arp_scan;
mod dnsmasq;
mod file;
mod lines;
pub mod macs;
pub mod nmap;
mod probe;
mod report;
mod tally;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use vigie_shared::id::SiteId;
use vigie_shared::pseudonym::{Pseudonym, PseudonymKey};

pub use self::file::{Format, LogFile};
use self::lines::{Lines, Parser};
pub use self::report::{PROBLEMS_MAX, Problem, Report};
use self::tally::Tally;
use crate::presence::Strip;
use crate::store::projections::CoverageSpan;

/// Largest piece of a file that is fed at once, bytes: what a reader holds grows by at most what a piece says.
pub const PIECE_BYTES_MAX: usize = 1024 * 1024;

/// The name of the network of an imported log in the site's coverage.
pub const NETWORK: &str = "log";

/// How a file is read.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Where it was written.
    pub site: SiteId,
    /// The site's zone, for times that stand without one.
    pub zone: TimeZone,
    /// The key that names the site's devices.
    pub key: PseudonymKey,
    /// The devices to keep; all of them if none. Others are only counted.
    pub known: Option<BTreeSet<Pseudonym>>,
    /// The moment of the import, milliseconds since 1970 UTC: what lies after it is refused.
    pub now_ms: i64,
    /// The day that the file's name gives it.
    pub date: Option<Date>,
    /// The moment of a file that says none itself, such as its last change, milliseconds since 1970 UTC.
    pub written_ms: Option<i64>,
    /// How long the leases of the DHCP server last, seconds: only then a lease says when its device was there.
    pub lease_s: Option<u32>,
}

/// Reads one file, piece by piece.
pub struct Reader {
    lines: Lines,
    parser: Box<dyn Parser + Send>,
    tally: Tally,
    report: Report,
}

/// What a file amounted to.
#[derive(Debug)]
pub struct Finished {
    /// Strips that were not taken before.
    pub strips: Vec<Strip>,
    /// When the program that wrote the file was running: while it saw anything at all.
    pub coverage: Vec<CoverageSpan>,
    /// What was used and what was not.
    pub report: Report,
}

impl Reader {
    /// A reader at the beginning of a file.
    #[must_use]
    pub fn new(format: Format, terms: Terms) -> Self {
        let parser: Box<dyn Parser + Send> = match format {
            Format::Probe => Box::new(probe::Probe::new(terms.date)),
            Format::Nmap => Box::new(nmap::Nmap::new(terms.zone.clone(), terms.written_ms)),
            Format::ArpScan => Box::new(arp_scan::ArpScan::new(terms.written_ms)),
            Format::Dnsmasq => Box::new(dnsmasq::Dnsmasq::new(terms.lease_s)),
        };
        let tally = Tally::new(terms, format.sources());
        Self { lines: Lines::default(), parser, tally, report: Report::default() }
    }

    /// Reads the next piece, at most [`PIECE_BYTES_MAX`].
    pub fn feed(&mut self, piece: &[u8]) {
        self.lines.feed(piece, self.parser.as_mut(), (&mut self.tally, &mut self.report));
    }

    /// Whether so much has been gathered that it should be taken.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.tally.is_full()
    }

    /// Takes what has been gathered so far.
    pub fn take(&mut self) -> Vec<Strip> {
        self.tally.take()
    }

    /// Ends the file.
    #[must_use]
    pub fn finish(mut self) -> Finished {
        self.lines.finish(self.parser.as_mut(), (&mut self.tally, &mut self.report));
        self.report.devices = self.tally.devices();
        self.report.strangers = self.tally.strangers();
        Finished { strips: self.tally.take(), coverage: self.tally.coverage(), report: self.report }
    }
}
