//! What can be wrong with a box, checked from the inside out: settings, disk, clock, identity, way to the hub.
//!
//! The MQTT port is only dialled, never spoken to: a second connection of the same box would cut the first.

use std::time::Duration;

use serde::Serialize;
use tokio::net::{TcpStream, lookup_host};
use vigie_shared::clock::{Clock as _, SystemClock};
use vigie_shared::config::ConfigErrors;

use crate::config::AgentConfig;
use crate::control::{self, Ask};
use crate::identity::{Identity, enrol};
use crate::status::Status;
use crate::timekeeper::{believable_ms, built_ms};

/// Longest wait for one answer from the network.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// Less free space than this is worth a word, bytes.
const FREE_BYTES_LOW: u64 = 64 << 20;

/// How far the box's clock may be from the hub's before it is worth a word.
const CLOCK_OFFSET_MAX_MS: i64 = 60_000;

/// A day in milliseconds.
const DAY_MS: i64 = 24 * 3_600 * 1_000;

/// How one thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// As it should be.
    Good,
    /// Works, but somebody should look.
    Doubtful,
    /// Does not work.
    Wrong,
}

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What.
    pub name: &'static str,
    /// How it is.
    pub health: Health,
    /// What was found.
    pub finding: String,
    /// What to do, if something is to be done.
    pub cure: Option<String>,
}

impl Check {
    fn good(name: &'static str, finding: impl Into<String>) -> Self {
        Self { name, health: Health::Good, finding: finding.into(), cure: None }
    }

    fn doubtful(name: &'static str, finding: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { name, health: Health::Doubtful, finding: finding.into(), cure: Some(cure.into()) }
    }

    fn wrong(name: &'static str, finding: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { name, health: Health::Wrong, finding: finding.into(), cure: Some(cure.into()) }
    }
}

/// The only check of a box whose settings cannot be read.
#[must_use]
pub fn wrong_config(errors: &ConfigErrors) -> Check {
    Check::wrong("config", errors.to_string(), "correct the lines named here, then: vigie-agent config check")
}

/// Checks everything, the network last.
pub async fn run(config: &AgentConfig) -> Vec<Check> {
    let mut checks = vec![Check::good("config", "right"), disk(config), clock(), agent(config).await];
    let identity = match Identity::load(&config.identity_folder()) {
        Ok(Some(identity)) => identity,
        Ok(None) => {
            checks.push(Check::wrong(
                "identity",
                "this box was never registered",
                "on the hub: vigie-hub site add SITE; here: vigie-agent register <token>",
            ));
            return checks;
        }
        Err(error) => {
            checks.push(Check::wrong(
                "identity",
                format!("{error:#}"),
                "on the hub: vigie-hub site replace SITE; here: vigie-agent register --force <token>",
            ));
            return checks;
        }
    };
    checks.push(certificate(&identity));
    checks.push(name(&identity).await);
    checks.push(port("port", &identity.hub).await);
    checks.push(port("mqtt", &format!("{}:{}", identity.broker_host, identity.broker_port)).await);
    checks.push(hub(&identity).await);
    checks
}

#[expect(clippy::useless_conversion, reason = "these numbers have 32 bits on the smallest boards")]
fn disk(config: &AgentConfig) -> Check {
    let folder = config.data.ancestors().find(|folder| folder.exists()).unwrap_or(&config.data);
    match nix::sys::statvfs::statvfs(folder) {
        Err(error) => Check::wrong("disk", format!("{}: {error}", folder.display()), "look at the disk with dmesg"),
        Ok(stat) => {
            let free = u64::from(stat.blocks_available()).saturating_mul(u64::from(stat.fragment_size()));
            let text = format!("{} MiB free for {}", free >> 20, config.data.display());
            if free < FREE_BYTES_LOW {
                Check::wrong("disk", text, "make room: old logs, old packages (apt clean), old videos")
            } else {
                Check::good("disk", text)
            }
        }
    }
}

fn clock() -> Check {
    let stamp = SystemClock::new(crate::sys::clock_is_synchronised).stamp();
    if stamp.wall_ms < built_ms() {
        let cure = "connect the box to the internet or to a time server; records are dated afterwards";
        return Check::doubtful("clock", "the date lies before this program was built", cure);
    }
    if stamp.is_synced {
        return Check::good("clock", "set from a trusted source");
    }
    Check::doubtful("clock", "not confirmed by a time server", "timedatectl set-ntp true")
}

async fn agent(config: &AgentConfig) -> Check {
    match control::ask(&config.socket, &Ask::Status).await {
        Ok(Some(value)) => match serde_json::from_value::<Status>(value) {
            Ok(status) => running(&status),
            Err(error) => Check::doubtful("agent", format!("another version runs: {error}"), "restart the agent"),
        },
        Ok(None) => Check::doubtful("agent", "not running", "systemctl start vigie-agent, or: vigie-agent run"),
        Err(error) => Check::doubtful("agent", format!("{error:#}"), "ask as root: sudo vigie-agent diagnose"),
    }
}

fn running(status: &Status) -> Check {
    let waiting: u64 = status.lanes.iter().map(|lane| lane.waiting).sum();
    match (&status.link.connected_since_ms, &status.link.last_error) {
        (Some(_), _) => Check::good("agent", format!("running and connected, {waiting} records wait")),
        (None, Some(error)) => Check::wrong(
            "agent",
            format!("running, not connected, {waiting} records wait safely: {error}"),
            "see the lines below",
        ),
        (None, None) => Check::doubtful("agent", format!("running, not connected yet, {waiting} records wait"), "wait"),
    }
}

fn certificate(identity: &Identity) -> Check {
    let left_days = days_left(identity.certificate_expires_ms, SystemClock::new(|| true).wall_ms());
    let text = format!("{} at {}, certificate good for {left_days} days", identity.site, identity.hub);
    if left_days < 0 {
        return Check::wrong("identity", text, "vigie-agent resync");
    }
    if let Err(error) = identity.tls(0) {
        return Check::wrong("identity", format!("damaged: {error:#}"), "vigie-agent resync");
    }
    Check::good("identity", text)
}

/// Whole days until then; of a clock that stands before this program was built, as if it were just built.
fn days_left(expires_ms: i64, wall_ms: i64) -> i64 {
    expires_ms.saturating_sub(believable_ms(wall_ms)) / DAY_MS
}

async fn name(identity: &Identity) -> Check {
    match tokio::time::timeout(ANSWER_MAX, lookup_host(identity.hub.as_str())).await {
        Ok(Ok(mut addresses)) => match addresses.next() {
            Some(address) => Check::good("name", format!("{} is {}", identity.hub, address.ip())),
            None => Check::wrong("name", format!("{} has no address", identity.hub), "check the hub's DNS entry"),
        },
        Ok(Err(error)) => Check::wrong("name", format!("{}: {error}", identity.hub), "check DNS: cat /etc/resolv.conf"),
        Err(_) => Check::wrong("name", "the DNS server does not answer", "check the cable and /etc/resolv.conf"),
    }
}

async fn port(name: &'static str, address: &str) -> Check {
    let cure = "open this port in the firewalls between box and hub; is the hub running?";
    match tokio::time::timeout(ANSWER_MAX, TcpStream::connect(address)).await {
        Ok(Ok(_)) => Check::good(name, format!("{address} answers")),
        Ok(Err(error)) => Check::wrong(name, format!("{address}: {error}"), cure),
        Err(_) => Check::wrong(name, format!("{address} does not answer; a firewall swallows it"), cure),
    }
}

async fn hub(identity: &Identity) -> Check {
    let now_ms = SystemClock::new(|| true).wall_ms();
    match enrol::hub_time(identity, believable_ms(now_ms)).await {
        Ok(hub_ms) => {
            let offset_ms = hub_ms - now_ms;
            let text = format!("{} is our hub, its clock is {} s from ours", identity.hub, offset_ms / 1000);
            if offset_ms.abs() > CLOCK_OFFSET_MAX_MS {
                Check::doubtful("hub", text, "set the clock that is wrong; records are corrected meanwhile")
            } else {
                Check::good("hub", text)
            }
        }
        Err(error) => Check::wrong(
            "hub",
            format!("{error:#}"),
            "if the hub was set up again: vigie-hub site replace SITE there, vigie-agent register --force here",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_in_1970_does_not_take_its_certificate_for_good_for_half_a_century() {
        let expires_ms = built_ms() + 10 * DAY_MS;

        assert_eq!(days_left(expires_ms, 300_000), 10);
        assert_eq!(days_left(expires_ms, built_ms() + 3 * DAY_MS), 7);
        assert_eq!(days_left(expires_ms, expires_ms + 2 * DAY_MS), -2);
    }
}
