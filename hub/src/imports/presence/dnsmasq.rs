//! dnsmasq's lease file: when a lease ends, the device's address and more. It began when its device spoke last.

use vigie_shared::mac::Mac;

use super::lines::{Ground, Parser};

/// Below this an end is a length: dnsmasq on boxes without a clock writes that.
const EPOCH_S_MIN: i64 = 1_000_000_000;

/// What is remembered between two lines.
pub(super) struct Dnsmasq {
    lease_s: Option<u32>,
    /// Behind the line `duid` stand leases of `DHCPv6`, which name no address on the LAN.
    is_second_half: bool,
}

impl Dnsmasq {
    pub(super) fn new(lease_s: Option<u32>) -> Self {
        Self { lease_s, is_second_half: false }
    }
}

impl Parser for Dnsmasq {
    fn line(&mut self, line: &[u8], (tally, report): Ground<'_>) -> Result<(), &'static str> {
        let line = String::from_utf8_lossy(line);
        let fields: Vec<&str> = line.split_whitespace().take(6).collect();
        self.is_second_half |= matches!(fields.as_slice(), ["duid", _]);
        if self.is_second_half || fields.is_empty() {
            return Ok(());
        }
        let [ends, mac, _ip, _name, _client] = fields.as_slice() else {
            return Err("a lease has five fields: its end, MAC, address, name, client id");
        };
        let ends_s: i64 =
            ends.parse().map_err(|_no_number| "its first field, the end of the lease, is not a number")?;
        let mac: Mac = mac.parse().map_err(|_no_address| "its second field is not a MAC address")?;
        if ends_s < EPOCH_S_MIN {
            return Err("the lease does not say when it ends, so nobody knows when it began");
        }
        let lease_s = self.lease_s.ok_or("nothing says how long leases last: give the server's lease time")?;
        let at_ms = ends_s.saturating_sub(i64::from(lease_s)).saturating_mul(1000);
        tally.judge(at_ms)?;
        let device = tally.device(mac);
        tally.see(device, at_ms);
        report.sights += 1;
        Ok(())
    }
}
