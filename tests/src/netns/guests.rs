//! Machines that behave otherwise than the hosts of a LAN: that answer for everybody, speak only IPv6, or prove nothing.

use std::net::Ipv4Addr;
use std::process::Command;

use vigie_shared::mac::Mac;

use super::{Host, Lan, run};

impl Lan {
    /// Adds a machine that answers ARP for every address, as some access points do; returns its MAC.
    ///
    /// # Errors
    ///
    /// If a command fails.
    pub fn add_proxy(&self) -> anyhow::Result<Mac> {
        let mac = Mac([0x3c, 0x22, 0xfb, 0xff, 0xff, 0x01]);
        run(Command::new("ip").args(["netns", "add", &self.place("proxy")]))?;
        self.batch(
            "hosts",
            &format!(
                "link add link trunk name p0 address {mac} netns {} type macvlan mode bridge\n",
                self.place("proxy")
            ),
        )?;
        self.settings(
            "proxy",
            &[
                "ipv4/conf/all/rp_filter=0",
                "ipv4/conf/p0/rp_filter=0",
                "ipv4/conf/p0/proxy_arp=1",
                "ipv4/ip_forward=1",
                "ipv4/neigh/p0/proxy_delay=0",
            ],
        )?;
        self.batch(
            "proxy",
            "link add d0 type veth peer name d1\nlink set d0 up\nlink set d1 up\nlink set p0 up\naddr add 172.31.255.1/32 dev p0\n\
             route add 10.77.0.1/32 dev p0\nroute add default dev d0\n",
        )?;
        Ok(mac)
    }

    /// Adds hosts that speak only IPv6, at addresses of the link.
    ///
    /// # Errors
    ///
    /// If a command fails.
    pub fn add_v6_hosts(&self, count: u8) -> anyhow::Result<Vec<Mac>> {
        let macs: Vec<Mac> = (0..count).map(|n| Mac([0x3c, 0x22, 0xfb, 0xff, 6, n])).collect();
        let line = |(n, mac): (usize, &Mac)| {
            format!("link add link trunk name s{n} address {mac} type macvlan mode bridge\nlink set s{n} up\n")
        };
        self.batch("hosts", &macs.iter().enumerate().map(line).collect::<String>())?;
        Ok(macs)
    }

    /// Adds a host that the box remembers from earlier, that answers pings and nothing that would prove whose the
    /// answer is. Call [`Self::answer_pings`] too.
    ///
    /// # Errors
    ///
    /// If a command fails.
    pub fn add_unproven_host(&self) -> anyhow::Result<Host> {
        let host = Host { ip: Ipv4Addr::new(10, 77, 0, 250), mac: Mac([0x3c, 0x22, 0xfb, 0xff, 0xff, 0x02]) };
        let Host { ip, mac } = host;
        self.batch(
            "hosts",
            &format!(
                "link add link trunk name m0 address {mac} type macvlan mode bridge\naddr add {ip}/32 dev m0\nlink set m0 up\n"
            ),
        )?;
        self.settings("hosts", &["ipv4/conf/m0/arp_ignore=8", "ipv6/conf/m0/disable_ipv6=1"])?;
        self.remember(ip.into(), mac)?;
        Ok(host)
    }
}
