//! Kea's memfile: comma-separated, columns known by the header, appended to.
//!
//! The last row of an address wins, also when it ends the lease (a state other than 0, a lifetime of 0).
//! Separators and bytes that cannot be printed stand as `&#x` and two hexadecimal digits. Old files lack the
//! column `state`, newer ones append columns. A header may come again: Kea spreads one table over several files
//! while it cleans up, and their contents are read one after the other.

use std::collections::BTreeMap;
use std::net::IpAddr;

use vigie_shared::mac::Mac;

use super::lease::{Expiry, Lease, Leases};
use crate::host_names::clean_name;

/// The lifetime that Kea writes for "for ever".
const INFINITE_S: u32 = u32::MAX;

/// Where the columns are that matter.
struct Columns {
    address: usize,
    hwaddr: usize,
    valid_lifetime: usize,
    expire: usize,
    hostname: usize,
    state: Option<usize>,
}

pub(super) fn parse(text: &str) -> Leases {
    let mut leases = Leases::default();
    let mut columns = None;
    let mut newest: BTreeMap<IpAddr, (usize, Option<Lease>)> = BTreeMap::new();
    for (line, content) in (1..).zip(text.lines()).filter(|(_, content)| !content.trim().is_empty()) {
        let fields: Vec<&str> = content.trim_end_matches('\r').split(',').collect();
        if fields.first() == Some(&"address") {
            columns = Columns::find(&fields);
            if columns.is_none() {
                leases.problem(line, "the header lacks a column: address, hwaddr, valid_lifetime, expire, hostname");
            }
            continue;
        }
        match columns.as_ref().ok_or("a row without a header before it").and_then(|columns| columns.row(&fields)) {
            Ok((ip, lease)) => {
                newest.insert(ip, (line, lease));
            }
            Err(reason) => leases.problem(line, reason),
        }
    }
    for (line, lease) in newest.into_values() {
        if let Some(lease) = lease {
            leases.keep(line, lease);
        }
    }
    leases
}

impl Columns {
    fn find(header: &[&str]) -> Option<Self> {
        let column = |name: &str| header.iter().position(|field| field.trim() == name);
        Some(Self {
            address: column("address")?,
            hwaddr: column("hwaddr")?,
            valid_lifetime: column("valid_lifetime")?,
            expire: column("expire")?,
            hostname: column("hostname")?,
            state: column("state"),
        })
    }

    /// The address that a row is about, and its lease if that is valid and names a MAC address.
    fn row(&self, fields: &[&str]) -> Result<(IpAddr, Option<Lease>), &'static str> {
        let field = |index: usize| fields.get(index).copied().ok_or("the row has fewer fields than the header");
        let ip: IpAddr = field(self.address)?.parse().or(Err("the field `address` is not an internet address"))?;
        let hwaddr = field(self.hwaddr)?;
        let lifetime_s: u32 =
            field(self.valid_lifetime)?.parse().or(Err("the field `valid_lifetime` is not a number of seconds"))?;
        let expire_s: u32 = field(self.expire)?.parse().or(Err("the field `expire` is not a second since 1970"))?;
        let hostname = unescape(field(self.hostname)?);
        let state = self.state.map_or(Ok("0"), field)?;
        if state != "0" || lifetime_s == 0 || hwaddr.is_empty() {
            return Ok((ip, None));
        }
        let mac: Mac = hwaddr.parse().or(Err("the field `hwaddr` is not a MAC address"))?;
        let is_infinite = lifetime_s == INFINITE_S;
        let lease = Lease {
            mac,
            ip,
            name: clean_name(&hostname),
            expiry: if is_infinite { Expiry::Never } else { Expiry::At(i64::from(expire_s)) },
            contact_s: (!is_infinite).then(|| i64::from(expire_s) - i64::from(lifetime_s)),
        };
        Ok((ip, Some(lease)))
    }
}

/// Turns `&#x2c` back into the byte it stands for. What is not of this form stays as it is.
fn unescape(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once("&#x") {
        bytes.extend_from_slice(before.as_bytes());
        let byte = after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let (written, consumed) = byte.map_or((b'&', "&".len()), |byte| (byte, "&#x2c".len()));
        bytes.push(written);
        rest = rest.get(before.len() + consumed..).unwrap_or_default();
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEADER: &str =
        "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context\n";

    fn names(text: &str) -> Vec<Option<String>> {
        let leases = parse(text);
        assert_eq!(leases.problems, []);
        leases.rows.into_iter().map(|lease| lease.name).collect()
    }

    #[test]
    fn s05_the_last_row_of_an_address_wins() {
        let leases = parse(&format!(
            "{HEADER}192.168.77.120,8e:1b:7c:00:11:22,01:8e:1b:7c:00:11:22,600,1795176239,1,0,0,marie,0,\n\
             192.168.77.120,8e:1b:7c:00:11:22,01:8e:1b:7c:00:11:22,600,1795176539,1,0,0,macbook-pro-de-leo,0,\n"
        ));

        assert_eq!(leases.problems, []);
        let [lease] = leases.rows.as_slice() else { panic!("{leases:?}") };
        assert_eq!(lease.name.as_deref(), Some("macbook-pro-de-leo"));
        assert_eq!(lease.contact_s, Some(1_795_175_939));
        assert_eq!(lease.expiry, Expiry::At(1_795_176_539));
    }

    #[test]
    fn s06_files_of_every_age_are_read() {
        let row = "10.0.0.1,8e:1b:7c:00:11:22,,600,1795176539,1,0,0,salon&#x2cetage,0,";
        assert_eq!(names(&format!("{HEADER}{row}")), [Some("salon,etage".to_owned())]);
        let extra = HEADER.replace("user_context", "user_context,pool_id");
        assert_eq!(names(&format!("{extra}{row},0")), [Some("salon,etage".to_owned())]);
        let old = "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname\n";
        let old_row = "10.0.0.1,8e:1b:7c:00:11:22,,600,1795176539,1,0,0,";
        assert_eq!(names(&format!("{old}{old_row}")), [None]);
        let reordered = "address,hostname,expire,valid_lifetime,hwaddr\n10.0.0.1,tv,1795176539,600,8e:1b:7c:00:11:22";
        assert_eq!(names(reordered), [Some("tv".to_owned())]);
        assert_eq!(names(&format!("{HEADER}{row}\n{reordered}")), [Some("tv".to_owned())]);
    }

    #[test]
    fn s06_a_lease_that_ended_is_gone() {
        let active = "10.0.0.1,8e:1b:7c:00:11:22,,600,1795176539,1,0,0,tv,0,";
        for ended in [
            "10.0.0.1,8e:1b:7c:00:11:22,,600,1795176539,1,0,0,tv,1,",
            "10.0.0.1,8e:1b:7c:00:11:22,,600,1795176539,1,0,0,tv,2,",
            "10.0.0.1,8e:1b:7c:00:11:22,,0,1795176539,1,0,0,tv,0,",
            "10.0.0.1,,,0,1795176539,1,0,0,,1,",
        ] {
            assert_eq!(names(&format!("{HEADER}{active}\n{ended}\n")), [], "{ended}");
        }
    }

    #[test]
    fn an_infinite_lease_has_no_end_and_no_known_contact() {
        let leases = parse(&format!("{HEADER}10.0.0.1,8e:1b:7c:00:11:22,,4294967295,1795176539,1,0,0,tv,0,"));
        assert_eq!(leases.rows.first().map(|lease| (lease.expiry, lease.contact_s)), Some((Expiry::Never, None)));
    }

    #[test]
    fn a_malformed_row_is_named_and_harms_no_other() {
        let good = "10.0.0.1,8e:1b:7c:00:11:22,,600,1795176539,1,0,0,tv,0,";
        for (bad, reason) in [
            ("10.0.0,8e:1b:7c:00:11:22,,600,1795176539,1,0,0,tv,0,", "`address`"),
            ("10.0.0.2,8e:1b,,600,1795176539,1,0,0,tv,0,", "`hwaddr`"),
            ("10.0.0.2,8e:1b:7c:00:11:22,,,1795176539,1,0,0,tv,0,", "`valid_lifetime`"),
            ("10.0.0.2,8e:1b:7c:00:11:22,,600,never,1,0,0,tv,0,", "`expire`"),
            ("10.0.0.2,8e:1b:7c:00:11:22,,600,17951", "fewer fields"),
        ] {
            let leases = parse(&format!("{HEADER}{good}\n{bad}\n"));
            assert_eq!(leases.rows.len(), 1, "{bad}");
            let [problem] = leases.problems.as_slice() else { panic!("{bad}: {leases:?}") };
            assert_eq!(problem.line, 3);
            assert!(problem.reason.contains(reason), "{bad}: {problem}");
        }
        assert!(parse(good).problems.iter().all(|problem| problem.reason.contains("header")));
        assert!(parse("address,hwaddr\n").problems.iter().all(|problem| problem.reason.contains("header")));
    }

    #[test]
    fn only_whole_escapes_are_undone() {
        for (text, expected) in
            [("&#x2c", ","), ("a&#x2", "a&#x2"), ("&#xzz&#x41", "&#xzzA"), ("&#xc3&#xa9", "é"), ("&#x&#x41", "&#xA")]
        {
            assert_eq!(unescape(text), expected);
        }
    }

    proptest! {
        #[test]
        fn text_without_escapes_stays_as_it_is(text in "[^&]*") {
            prop_assert_eq!(unescape(&text), text);
        }

        #[test]
        fn every_escaped_name_reads_back(name: String) {
            let escaped: String = name.bytes().map(|byte| format!("&#x{byte:02x}")).collect();
            prop_assert_eq!(unescape(&escaped), name);
        }
    }
}
