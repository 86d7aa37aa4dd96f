//! ISC dhcpd's lease file: blocks `lease <address> { statements; }`, appended at each change.
//!
//! The last block of an address wins; it counts if its `binding state` is `active`, or absent as in old files.
//! `ends never` and, for dates, a weekday number with a UTC date, or `epoch` with seconds. The last contact is
//! the client's last transaction (`cltt`), else the start of the lease. Other blocks, such as the states of a
//! failover peer, are passed over.

use std::collections::BTreeMap;
use std::net::IpAddr;

use vigie_shared::mac::Mac;

use super::lease::{Expiry, Lease, Leases};
use crate::host_names::clean_name;

/// A block while it is read.
struct Block {
    line: usize,
    ip: IpAddr,
    mac: Option<Mac>,
    name: Option<String>,
    ends: Option<Expiry>,
    starts_s: Option<i64>,
    contact_s: Option<i64>,
    is_active: bool,
}

/// What was read so far.
#[derive(Default)]
struct Reader {
    leases: Leases,
    newest: BTreeMap<IpAddr, Block>,
    open: Option<Block>,
    depth: u32,
}

pub(super) fn parse(text: &str) -> Leases {
    let mut reader = Reader::default();
    let mut last_line = 0;
    for (line, content) in (1..).zip(text.lines()) {
        reader.on_line(line, content.trim());
        last_line = line;
    }
    if reader.open.is_some() {
        reader.leases.problem(last_line, "the file ends inside a lease; the lease is left out");
    }
    reader.finish()
}

impl Reader {
    fn on_line(&mut self, line: usize, content: &str) {
        if content.starts_with('#') {
            return;
        }
        if let Some(header) = content.strip_suffix('{') {
            self.on_header(line, header);
        } else if content == "}" {
            self.on_end();
        } else if let Some(block) = &mut self.open
            && let Err(reason) = block.statement(content)
        {
            self.leases.problem(line, reason);
        }
    }

    /// Leases stand at the top, so the beginning of one also ends whatever was left open.
    fn on_header(&mut self, line: usize, header: &str) {
        let Some(ip) = header.strip_prefix("lease ") else {
            self.depth = self.depth.saturating_add(1);
            return;
        };
        if self.open.take().is_some() {
            self.leases.problem(line, "a lease begins inside another one; the outer one is left out");
        }
        self.depth = 1;
        self.open = Block::open(line, ip.trim());
        if self.open.is_none() {
            self.leases.problem(line, "the word after `lease` is not an internet address");
        }
    }

    fn on_end(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if self.depth == 0
            && let Some(block) = self.open.take()
        {
            self.newest.insert(block.ip, block);
        }
    }

    fn finish(self) -> Leases {
        let mut leases = self.leases;
        for (line, lease) in self.newest.into_values().filter(|block| block.is_active).map(Block::close) {
            match lease {
                Some(lease) => leases.keep(line, lease),
                None => leases.problem(line, "an active lease without `hardware ethernet` or `ends`"),
            }
        }
        leases
    }
}

impl Block {
    fn open(line: usize, ip: &str) -> Option<Self> {
        let (mac, name, ends, starts_s, contact_s) = Default::default();
        Some(Self { line, ip: ip.parse().ok()?, mac, name, ends, starts_s, contact_s, is_active: true })
    }

    /// Reads one statement; those that say nothing of interest are passed over.
    fn statement(&mut self, content: &str) -> Result<(), &'static str> {
        let Some((keyword, value)) = content.split_once(' ') else { return Ok(()) };
        let statement = value.split_once(';').map_or(value, |(before, _comment)| before).trim();
        match keyword {
            "hardware" => {
                // Other kinds of hardware have no MAC address; the lease is then reported as a whole.
                if let Some(mac) = statement.strip_prefix("ethernet ") {
                    self.mac = Some(mac.trim().parse().or(Err("`hardware ethernet` is not a MAC address"))?);
                }
            }
            "binding" => self.is_active = statement == "state active",
            "starts" => self.starts_s = moment(statement).ok_or("`starts` is not a UTC date")?,
            "cltt" => self.contact_s = moment(statement).ok_or("`cltt` is not a UTC date")?,
            "ends" => {
                let ends = moment(statement).ok_or("`ends` is neither a UTC date nor `never`")?;
                self.ends = Some(ends.map_or(Expiry::Never, Expiry::At));
            }
            "client-hostname" => self.name = clean_name(&unquote(value)),
            _ => {}
        }
        Ok(())
    }

    fn close(self) -> (usize, Option<Lease>) {
        let Self { line, ip, mac, name, ends, starts_s, contact_s, .. } = self;
        let contact_s = contact_s.or(starts_s);
        let lease = mac.zip(ends).map(|(mac, expiry)| Lease { mac, ip, name, expiry, contact_s });
        (line, lease)
    }
}

/// Reads `never` (no moment), `epoch 1795219047`, or `5 2026/11/20 23:57:27` with the weekday in front.
fn moment(text: &str) -> Option<Option<i64>> {
    let words: Vec<&str> = text.split_whitespace().take(4).collect();
    match words.as_slice() {
        ["never"] => Some(None),
        ["epoch", seconds] => seconds.parse().ok().map(Some),
        [_weekday, date, time] => {
            let text = format!("{}T{time}Z", date.replace('/', "-"));
            text.parse::<jiff::Timestamp>().ok().map(|moment| Some(moment.as_second()))
        }
        _ => None,
    }
}

/// The text between the first two quotes, with `\"`, `\\` and octal `\303` undone.
fn unquote(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes().skip_while(|byte| *byte != b'"').skip(1).peekable();
    while let Some(byte) = rest.next() {
        match byte {
            b'"' => break,
            b'\\' => {
                let octal = std::iter::from_fn(|| rest.next_if(|byte| matches!(byte, b'0'..=b'7'))).take(3);
                let digits: Vec<u8> = octal.collect();
                if digits.is_empty() {
                    bytes.extend(rest.next());
                } else {
                    bytes.push(digits.iter().fold(0_u8, |value, digit| value.wrapping_mul(8) | (digit - b'0')));
                }
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACTIVE: &str = r#"lease 192.168.77.62 {
  starts 5 2026/11/20 22:57:27;
  ends 5 2026/11/20 23:57:27;
  cltt 5 2026/11/20 22:58:00;
  binding state active;
  next binding state free;
  rewind binding state free;
  hardware ethernet 8e:1b:7c:00:11:22;
  uid "\001\216\033|\000\021\"";
  set vendor-class-identifier = "x";
  client-hostname "Caf\303\251 \"Marie\"";
}
"#;

    fn ips(text: &str) -> Vec<String> {
        let leases = parse(text);
        assert_eq!(leases.problems, [], "{text}");
        leases.rows.iter().map(|lease| lease.ip.to_string()).collect()
    }

    #[test]
    fn an_active_lease_is_read_whole() {
        let leases = parse(ACTIVE);

        assert_eq!(leases.problems, []);
        let [lease] = leases.rows.as_slice() else { panic!("{leases:?}") };
        assert_eq!(lease.mac.to_string(), "8e:1b:7c:00:11:22");
        assert_eq!(lease.expiry, Expiry::At(1_795_219_047));
        assert_eq!(lease.contact_s, Some(1_795_215_480));
        assert_eq!(lease.name.as_deref(), Some("Café \"Marie\""));
    }

    #[test]
    fn s07_the_last_block_of_an_address_wins_and_an_end_may_be_never() {
        let freed = ACTIVE.replace("binding state active", "binding state free");
        let endless =
            "lease 192.168.77.63 {\n  ends never;\n  binding state active;\n  hardware ethernet 8e:1b:7c:0:11:23;\n}\n";

        let leases = parse(&format!("{ACTIVE}{freed}{endless}"));

        let [lease] = leases.rows.as_slice() else { panic!("{leases:?}") };
        assert_eq!(lease.ip.to_string(), "192.168.77.63");
        assert_eq!((lease.expiry, lease.contact_s), (Expiry::Never, None));
        assert_eq!(ips(&format!("{freed}{ACTIVE}")), ["192.168.77.62"]);
    }

    #[test]
    fn what_is_not_a_lease_is_passed_over() {
        let text = format!(
            "# comment\nauthoring-byte-order little-endian;\nserver-duid \"\\000\\001\";\n\
             failover peer \"a\" state {{\n  my state normal at 5 2026/11/20 22:57:27;\n}}\n{ACTIVE}"
        );
        assert_eq!(ips(&text), ["192.168.77.62"]);
    }

    #[test]
    fn the_last_contact_is_the_last_transaction_or_else_the_start() {
        let contact_of = |text: &str| parse(text).rows.first().and_then(|lease| lease.contact_s);
        let (starts, cltt) = ("  starts 5 2026/11/20 22:57:27;\n", "  cltt 5 2026/11/20 22:58:00;\n");
        assert_eq!(
            contact_of(&ACTIVE.replace(starts, "").replace(cltt, &format!("{cltt}{starts}"))),
            Some(1_795_215_480)
        );
        assert_eq!(contact_of(&ACTIVE.replace(cltt, "")), Some(1_795_215_447));
    }

    #[test]
    fn blocks_inside_a_lease_belong_to_it() {
        let event = "  on expiry {\n    set x = 1;\n  }\n";
        let text = ACTIVE.replace("  hardware", &format!("{event}  hardware"));
        assert_eq!(parse(&text), parse(ACTIVE));
    }

    #[test]
    fn a_lease_that_is_never_closed_harms_no_other() {
        let leases = parse(&format!("lease 10.0.0.1 {{\n  on expiry {{\n{ACTIVE}"));
        assert_eq!(leases.rows, parse(ACTIVE).rows);
        assert_eq!(leases.problems.len(), 1);
    }

    #[test]
    fn every_form_of_a_moment_is_read() {
        for (text, expected) in [
            ("5 2026/11/20 23:57:27", Some(Some(1_795_219_047))),
            ("epoch 1795219047", Some(Some(1_795_219_047))),
            ("never", Some(None)),
            ("5 2026/13/20 23:57:27", None),
            ("2026/11/20 23:57:27", None),
            ("", None),
        ] {
            assert_eq!(moment(text), expected, "{text}");
        }
        let commented =
            ACTIVE.replace("ends 5 2026/11/20 23:57:27;", "ends epoch 1795219047; # Fri Nov 20 23:57:27 2026");
        assert_eq!(parse(&commented).rows, parse(ACTIVE).rows);
    }

    #[test]
    fn a_malformed_block_is_named_and_harms_no_other() {
        for (bad, line, reason) in [
            ("lease 10.0.0.500 {\n  ends never;\n}\n", 1, "not an internet address"),
            (
                "lease 10.0.0.1 {\n  ends soon;\n  hardware ethernet 8e:1b:7c:00:11:22;\n  binding state free;\n}\n",
                2,
                "`ends`",
            ),
            ("lease 10.0.0.1 {\n  binding state free;\n  hardware ethernet 8e;\n}\n", 3, "MAC"),
            ("lease 10.0.0.1 {\n  ends never;\n  binding state active;\n}\n", 1, "without"),
        ] {
            let leases = parse(&format!("{bad}{ACTIVE}"));
            assert_eq!(leases.rows, parse(ACTIVE).rows, "{bad}");
            let [problem] = leases.problems.as_slice() else { panic!("{bad}: {leases:?}") };
            assert_eq!(problem.line, line, "{bad}");
            assert!(problem.reason.contains(reason), "{bad}: {problem}");
        }
    }

    #[test]
    fn a_half_written_block_is_left_out_until_it_is_whole() {
        let half: String = ACTIVE.lines().take(6).map(|line| format!("{line}\n")).collect();
        let leases = parse(&format!("{ACTIVE}{half}"));
        assert_eq!(leases.rows, parse(ACTIVE).rows);
        assert_eq!(leases.problems.len(), 1);
    }
}
