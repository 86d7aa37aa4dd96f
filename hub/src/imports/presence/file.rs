//! Which format a file has, and what its name says.

use jiff::civil::Date;
use vigie_shared::wire::reading::Source;

use crate::presence::source::LOG;

/// Bytes at the beginning of a file that tell its format.
const HEAD_BYTES: usize = 4096;

/// Who wrote a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// The probe of coworking Metz: a time and an address per line.
    Probe,
    /// nmap's text for people.
    Nmap,
    /// arp-scan's text.
    ArpScan,
    /// The lease file of dnsmasq.
    Dnsmasq,
}

impl Format {
    /// The format by a file's beginning; none if it is of no known kind.
    #[must_use]
    pub fn detect(head: &[u8]) -> Option<Self> {
        let head = String::from_utf8_lossy(head.get(..head.len().min(HEAD_BYTES)).unwrap_or_default());
        head.lines().take(20).find_map(of_line)
    }

    /// The bits of the sights that it holds.
    pub(super) fn sources(self) -> u16 {
        match self {
            Self::Probe => LOG,
            Self::Nmap | Self::ArpScan => LOG | Source::ArpReply.bit(),
            Self::Dnsmasq => LOG | Source::Lease.bit(),
        }
    }
}

fn of_line(line: &str) -> Option<Format> {
    let first = line.split_whitespace().next()?;
    let is_date = first.get(..10).is_some_and(|date| date.parse::<Date>().is_ok());
    match first {
        _ if line.starts_with("Starting Nmap") || line.starts_with("# Nmap") => Some(Format::Nmap),
        _ if line.starts_with("Nmap scan report") => Some(Format::Nmap),
        _ if line.starts_with("Starting arp-scan") || line.starts_with("Interface: ") => Some(Format::ArpScan),
        _ if is_date && first.contains('T') => Some(Format::Probe),
        "duid" => Some(Format::Dnsmasq),
        _ if first.parse::<i64>().is_ok() => Some(Format::Dnsmasq),
        _ if first.parse::<std::net::IpAddr>().is_ok() => Some(Format::ArpScan),
        _ => None,
    }
}

/// What the path of a file of the Metz probe says: `<site>/<YYYY-MM-DD>`, whatever stands before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFile {
    /// The folder, which is the site's name there.
    pub folder: String,
    /// The day.
    pub date: Date,
}

impl LogFile {
    /// Reads a path; none if it has another form.
    #[must_use]
    pub fn of_path(path: &str) -> Option<Self> {
        let mut parts = path.rsplit('/');
        let name = parts.next()?;
        let folder = parts.next().filter(|folder| !folder.is_empty())?;
        let date = name.get(..10)?.parse().ok()?;
        let is_plain = name.len() == 10 || matches!(name.get(10..), Some(".log" | ".txt"));
        is_plain.then(|| Self { folder: folder.to_owned(), date })
    }
}
