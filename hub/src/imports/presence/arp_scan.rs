//! arp-scan's text: an internet address, an address on the LAN and a maker per line, and words around them.

use std::net::IpAddr;

use vigie_shared::mac::Mac;

use super::lines::{Ground, Parser};

/// It says no time: all of it is of the moment at which the file was written.
pub(super) struct ArpScan {
    written_ms: Option<i64>,
}

impl ArpScan {
    pub(super) fn new(written_ms: Option<i64>) -> Self {
        Self { written_ms }
    }
}

impl Parser for ArpScan {
    fn line(&mut self, line: &[u8], (tally, report): Ground<'_>) -> Result<(), &'static str> {
        let line = String::from_utf8_lossy(line);
        let mut fields = line.split_whitespace();
        let first = fields.next().unwrap_or_default();
        if first.parse::<IpAddr>().is_err() {
            // Words of the program begin with a letter, sums with a number of packets.
            let is_words = first.chars().next().is_none_or(char::is_alphabetic) || first.parse::<u64>().is_ok();
            return if is_words { Ok(()) } else { Err("it begins neither with an internet address nor with a word") };
        }
        let mac: Option<Mac> = fields.next().and_then(|text| text.parse().ok());
        let mac = mac.ok_or("behind the internet address stands no MAC address")?;
        if !mac.is_device() {
            return Err("its address belongs to a group or to nobody, never to a device");
        }
        let at_ms = self.written_ms.ok_or("nothing says when the scan was: give the file's time")?;
        tally.judge(at_ms)?;
        let device = tally.device(mac);
        tally.runs(at_ms);
        tally.see(device, at_ms);
        report.sights += 1;
        Ok(())
    }
}
