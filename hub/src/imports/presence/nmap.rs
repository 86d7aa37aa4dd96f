//! nmap's text for people: a report per host, whose address stands on a line of its own if the host is another machine.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use vigie_shared::mac::Mac;

use super::lines::{Ground, Parser};
use crate::attendance::time::at;

/// A host of a scan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Host {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Its internet address, as it was written.
    pub ip: String,
    /// Its address on the LAN; none of the machine that scanned, which does not ask itself.
    pub mac: Option<Mac>,
    /// Who made it, in nmap's words.
    pub vendor: Option<String>,
}

/// What is remembered between two lines.
pub(super) struct Nmap {
    zone: TimeZone,
    at_ms: Option<i64>,
    host: Option<Host>,
}

impl Nmap {
    pub(super) fn new(zone: TimeZone, written_ms: Option<i64>) -> Self {
        Self { zone, at_ms: written_ms, host: None }
    }
}

/// Reads the line that begins a host's report: a name with the address in parentheses, or the address alone.
#[must_use]
pub fn report(line: &str) -> Option<Host> {
    let about = line.strip_prefix("Nmap scan report for ")?.trim();
    let named = about.strip_suffix(')').and_then(|about| about.rsplit_once(" ("));
    Some(match named {
        Some((name, ip)) => Host { name: Some(name.to_owned()), ip: ip.to_owned(), ..Host::default() },
        None => Host { ip: about.to_owned(), ..Host::default() },
    })
}

/// Adds the line with a host's address on the LAN; false if it is another line.
///
/// # Errors
///
/// If the address is none.
pub fn add_address(host: &mut Host, line: &str) -> Result<bool, &'static str> {
    let Some(about) = line.strip_prefix("MAC Address: ") else { return Ok(false) };
    let (mac, vendor) = about.split_once(' ').unwrap_or((about, ""));
    host.mac = Some(mac.parse().map_err(|_no_address| "behind `MAC Address:` stands none")?);
    let vendor = vendor.trim().strip_prefix('(').and_then(|vendor| vendor.strip_suffix(')'));
    host.vendor = vendor.filter(|vendor| *vendor != "Unknown").map(str::to_owned);
    Ok(true)
}

impl Parser for Nmap {
    fn line(&mut self, line: &[u8], (tally, report_of_file): Ground<'_>) -> Result<(), &'static str> {
        let line = String::from_utf8_lossy(line);
        if let Some(began_ms) = began(&line, &self.zone) {
            self.at_ms = Some(began_ms);
            return Ok(());
        }
        if line.starts_with("Nmap done") || line.starts_with("# Nmap done") || line.starts_with("Nmap scan report") {
            let former = std::mem::replace(&mut self.host, report(&line));
            report_of_file.nameless += u64::from(former.is_some_and(|host| host.mac.is_none()));
            return Ok(());
        }
        let Some(host) = &mut self.host else { return Ok(()) };
        if !add_address(host, &line)? {
            return Ok(());
        }
        let at_ms = self.at_ms.ok_or("nothing says when the scan was: give the file's time")?;
        tally.judge(at_ms)?;
        let Some(mac) = host.mac.filter(|mac| mac.is_device()) else {
            return Err("its address belongs to a group or to nobody, never to a device");
        };
        let device = tally.device(mac);
        tally.runs(at_ms);
        tally.see(device, at_ms);
        report_of_file.sights += 1;
        Ok(())
    }
}

/// When a scan began, if the line says it: in the site's zone, as abbreviations of zones mean several.
fn began(line: &str, zone: &TimeZone) -> Option<i64> {
    let (local, is_utc) = if line.starts_with("Starting Nmap") {
        let (_, time) = line.rsplit_once(" at ")?;
        let local = DateTime::strptime("%Y-%m-%d %H:%M", time.get(..16)?).ok()?;
        (local, matches!(time.get(16..)?.trim(), "UTC" | "GMT" | "Z"))
    } else {
        let (_, time) = line.strip_prefix("# Nmap")?.split_once(" initiated ")?;
        let (time, _) = time.split_once(" as:")?;
        let time = time.split_whitespace().collect::<Vec<_>>().join(" ");
        (DateTime::strptime("%a %b %d %H:%M:%S %Y", time).ok()?, false)
    };
    let utc = TimeZone::UTC;
    Some(at(local, if is_utc { &utc } else { zone }))
}
