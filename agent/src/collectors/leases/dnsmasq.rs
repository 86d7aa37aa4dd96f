//! dnsmasq's lease file: blank-separated *expiry, MAC, address, name or `*`, client id or `*`*.
//!
//! An expiry of 0 is infinite. dnsmasq built for boxes without a clock writes the length of the lease instead.
//! With `DHCPv6`, a line `duid <hex>` opens the second half, whose leases name no MAC address and are left out.

use std::net::IpAddr;

use vigie_shared::mac::Mac;

use super::lease::{Expiry, Lease, Leases};
use crate::host_names::clean_name;

pub(super) fn parse(text: &str) -> Leases {
    let mut leases = Leases::default();
    for (line, content) in (1..).zip(text.lines()) {
        let fields: Vec<&str> = content.split_whitespace().take(6).collect();
        match fields.as_slice() {
            [] => {}
            ["duid", _] => break,
            fields => match lease(fields) {
                Ok(lease) => leases.keep(line, lease),
                Err(reason) => leases.problem(line, reason),
            },
        }
    }
    leases
}

fn lease(fields: &[&str]) -> Result<Lease, &'static str> {
    let [expiry, mac, ip, name, _client_id] = fields else {
        return Err("a lease has five fields: expiry, MAC, address, name, client id");
    };
    let seconds: i64 = expiry.parse().or(Err("the first field, the expiry, is not a number"))?;
    let mac: Mac = mac.parse().or(Err("the second field is not a MAC address"))?;
    let ip: IpAddr = ip.parse().or(Err("the third field is not an internet address"))?;
    Ok(Lease {
        mac,
        ip,
        name: if *name == "*" { None } else { clean_name(name) },
        expiry: Expiry::of_dnsmasq(seconds).ok_or("the first field, the expiry, is negative")?,
        contact_s: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s03_an_ordinary_lease_and_the_beginning_of_the_second_half() {
        let leases = parse(
            "1795219047 8e:1b:7c:00:11:22 192.168.77.62 Marie-iPhone 01:8e:1b:7c:00:11:22\n\
             duid 00:01:00:01:32:92:f2:21:ae:8a:30:3e:22:01\n\
             1795219047 1234567 fd00::62 Marie-iPhone 00:01:00:01:32:92\n",
        );

        assert_eq!(leases.problems, []);
        let [lease] = leases.rows.as_slice() else { panic!("{leases:?}") };
        assert_eq!(lease.mac.to_string(), "8e:1b:7c:00:11:22");
        assert_eq!(lease.ip.to_string(), "192.168.77.62");
        assert_eq!(lease.name.as_deref(), Some("Marie-iPhone"));
        // 2026-11-20T23:57:27Z
        assert_eq!(lease.expiry, Expiry::At(1_795_219_047));
    }

    #[test]
    fn s04_infinite_leases_and_servers_without_a_clock() {
        let leases = parse("0 aa:00:00:00:00:01 10.0.0.5 * *\n43200 aa:00:00:00:00:02 10.0.0.6 tv *\n");

        assert_eq!(leases.problems, []);
        let [infinite, clockless] = leases.rows.as_slice() else { panic!("{leases:?}") };
        assert_eq!((infinite.expiry, infinite.name.as_deref()), (Expiry::Never, None));
        assert_eq!((clockless.expiry, clockless.name.as_deref()), (Expiry::Lasts(43_200), Some("tv")));
    }

    #[test]
    fn a_malformed_line_is_named_and_harms_no_other() {
        let good = "0 aa:00:00:00:00:01 10.0.0.5 * *";
        for (bad, reason) in [
            ("soon aa:00:00:00:00:01 10.0.0.5 * *", "not a number"),
            ("-5 aa:00:00:00:00:01 10.0.0.5 * *", "negative"),
            ("0 aa:00:00 10.0.0.5 * *", "not a MAC"),
            ("0 aa:00:00:00:00:01 10.0.0.500 * *", "not an internet address"),
            ("0 aa:00:00:00:00:01 10.0.0.5", "five fields"),
            ("0 aa:00:00:00:00:01 10.0.0.5 * * *", "five fields"),
            ("duid", "five fields"),
        ] {
            let leases = parse(&format!("{good}\n{bad}\n\n{good}"));
            assert_eq!(leases.rows.len(), 2, "{bad}");
            let [problem] = leases.problems.as_slice() else { panic!("{bad}: {leases:?}") };
            assert_eq!(problem.line, 2);
            assert!(problem.reason.contains(reason), "{bad}: {problem}");
        }
    }
}
