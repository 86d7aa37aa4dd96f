//! A LAN in a bottle: network namespaces with one box and any number of hosts, each with its own MAC, that drop
//! pings over IPv4. Needs root and `ip`; everything is removed on drop.
//!
//! The kernel's neighbour table has one limit for all namespaces, so one LAN exists at a time on the machine.

mod guests;

use std::fs::File;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context as _, ensure};
use nix::sched::{CloneFlags, setns};
use vigie_shared::mac::Mac;

use crate::not_run;

/// The box's interface on the LAN.
pub const INTERFACE: &str = "lan0";

static NAMES: AtomicU32 = AtomicU32::new(0);

/// One LAN: the box is 10.77.0.1, the hosts are spread over the range.
pub struct Lan {
    name: String,
    prefix: u8,
    hosts: Vec<Host>,
    /// Removed with the LAN.
    scratch: tempfile::TempDir,
    _only_one: File,
}

/// One device on the LAN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Host {
    /// Its internet address.
    pub ip: Ipv4Addr,
    /// Its own address on the LAN.
    pub mac: Mac,
}

impl Lan {
    /// Builds a LAN with that many hosts in a range of that prefix length (22 or 24). Where this is impossible, says
    /// so by `not_run` and returns none.
    ///
    /// # Errors
    ///
    /// If a command fails half-way.
    pub fn new(hosts: u16, prefix: u8) -> anyhow::Result<Option<Self>> {
        if !nix::unistd::geteuid().is_root() {
            not_run("needs root to make network namespaces");
            return Ok(None);
        }
        if Command::new("ip").arg("-V").output().is_err() {
            not_run("needs the command `ip` (Debian package iproute2)");
            return Ok(None);
        }
        let lock = File::create(std::env::temp_dir().join("vigie-netns.lock"))?;
        lock.lock()?;
        let name = format!("vigie{}n{}", std::process::id(), NAMES.fetch_add(1, Ordering::Relaxed));
        let hosts = (0..hosts).map(|n| Host::number(n, hosts, prefix)).collect();
        let lan = Self { name, prefix, hosts, scratch: tempfile::tempdir()?, _only_one: lock };
        lan.build().context("build the LAN")?;
        Ok(Some(lan))
    }

    /// Everybody but the box.
    #[must_use]
    pub fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    /// Does work as if on the box; for what the programs cannot be made to do by a command.
    ///
    /// # Errors
    ///
    /// If the namespace is gone.
    ///
    /// # Panics
    ///
    /// If the work does.
    pub fn as_box<T: Send>(&self, work: impl FnOnce() -> T + Send) -> anyhow::Result<T> {
        self.as_place("box", work)
    }

    /// Does work as if on the machine that holds all hosts.
    ///
    /// # Errors
    ///
    /// If the namespace is gone.
    ///
    /// # Panics
    ///
    /// If the work does.
    pub fn as_hosts<T: Send>(&self, work: impl FnOnce() -> T + Send) -> anyhow::Result<T> {
        self.as_place("hosts", work)
    }

    /// A namespace belongs to a thread, so the work gets one of its own.
    fn as_place<T: Send>(&self, place: &str, work: impl FnOnce() -> T + Send) -> anyhow::Result<T> {
        let namespace = File::open(Path::new("/run/netns").join(self.place(place)))?;
        let enter = move || setns(namespace, CloneFlags::CLONE_NEWNET).map(|()| work());
        let outcome = std::thread::scope(|scope| scope.spawn(enter).join());
        Ok(outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?)
    }

    /// A command that will run on the box, as root.
    #[must_use]
    pub fn on_box(&self, program: &Path) -> Command {
        self.inside("box", program)
    }

    /// A command that will run on the box as somebody without any privilege. Takes a copy of the program along,
    /// because nobody may look into the build folder.
    ///
    /// # Errors
    ///
    /// If the program cannot be copied.
    pub fn on_box_as_nobody(&self, program: &Path) -> anyhow::Result<Command> {
        use std::os::unix::fs::PermissionsExt as _;
        let copy: PathBuf = self.scratch.path().join("program");
        std::fs::copy(program, &copy).with_context(|| format!("copy {}", program.display()))?;
        for path in [self.scratch.path(), &copy] {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))?;
        }
        let mut command = self.inside("box", Path::new("setpriv"));
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all"]);
        command.arg(copy);
        Ok(command)
    }

    /// Makes the box forget whom it met.
    ///
    /// # Errors
    ///
    /// If the command fails.
    pub fn forget_neighbours(&self) -> anyhow::Result<()> {
        run(Command::new("ip").args(["-n", &self.place("box"), "neigh", "flush", "all"])).map(drop)
    }

    /// Makes the box remember every host as somebody of whom it has not heard for a while.
    ///
    /// # Errors
    ///
    /// If the command fails.
    pub fn age_neighbours(&self) -> anyhow::Result<()> {
        self.batch("box", &self.hosts.iter().map(|host| stale(host.ip.into(), host.mac)).collect::<String>())
    }

    /// Pulls the cable at the switch, or puts it back.
    ///
    /// # Errors
    ///
    /// If the command fails.
    pub fn set_cable(&self, is_in: bool) -> anyhow::Result<()> {
        let state = if is_in { "up" } else { "down" };
        run(Command::new("ip").args(["-n", &self.place("hosts"), "link", "set", "trunk", state]))?;
        self.wait_for_link(is_in)
    }

    /// Makes the hosts answer pings over IPv4.
    ///
    /// # Errors
    ///
    /// If the command fails.
    pub fn answer_pings(&self) -> anyhow::Result<()> {
        self.settings("hosts", &["ipv4/icmp_echo_ignore_all=0"])
    }

    /// Lets everybody on the box ping without any privilege, as most distributions do.
    ///
    /// # Errors
    ///
    /// If the command fails.
    pub fn allow_pings(&self) -> anyhow::Result<()> {
        self.settings("box", &["ipv4/ping_group_range=0 2147483647"])
    }

    /// Makes the box remember a neighbour of whom it has not heard for a while.
    ///
    /// # Errors
    ///
    /// If the command fails.
    pub fn remember(&self, ip: IpAddr, mac: Mac) -> anyhow::Result<()> {
        self.batch("box", &stale(ip, mac))
    }

    fn build(&self) -> anyhow::Result<()> {
        let (the_box, hosts) = (self.place("box"), self.place("hosts"));
        run(Command::new("ip").args(["netns", "add", &the_box]))?;
        run(Command::new("ip").args(["netns", "add", &hosts]))?;
        let pair =
            ["link", "add", INTERFACE, "netns", &the_box, "type", "veth", "peer", "name", "trunk", "netns", &hosts];
        run(Command::new("ip").args(pair))?;
        // Every host answers for its own address only, and for no ping.
        self.settings(
            "hosts",
            &[
                "ipv4/icmp_echo_ignore_all=1",
                "ipv4/conf/all/arp_ignore=1",
                "ipv4/conf/all/arp_announce=2",
                "ipv4/conf/all/rp_filter=0",
                "ipv4/conf/default/rp_filter=0",
                // Addresses of the link are made up without waiting whether somebody else has them.
                "ipv6/conf/default/accept_dad=0",
                // The switch is no device.
                "ipv6/conf/trunk/disable_ipv6=1",
            ],
        )?;
        self.settings("box", &[&format!("ipv6/conf/{INTERFACE}/accept_dad=0")])?;
        let mut script = "link set trunk up\n".to_owned();
        for (n, Host { ip, mac }) in self.hosts.iter().enumerate() {
            script += &format!("link add link trunk name h{n} address {mac} type macvlan mode bridge\n");
            script += &format!("addr add {ip}/{} dev h{n}\nlink set h{n} up\n", self.prefix);
        }
        self.batch("hosts", &script)?;
        self.batch(
            "box",
            &format!("addr add 10.77.0.1/{} dev {INTERFACE}\nlink set {INTERFACE} up\nlink set lo up\n", self.prefix),
        )?;
        self.wait_for_link(true)
    }

    /// Waits until the kernel calls the link up or down, which it does some time after the carrier changed.
    fn wait_for_link(&self, is_up: bool) -> anyhow::Result<()> {
        for _ in 0..10_000 {
            let output = run(Command::new("ip").args(["-n", &self.place("box"), "link", "show", INTERFACE]))?;
            if String::from_utf8_lossy(&output.stdout).contains("state UP") == is_up {
                return Ok(());
            }
        }
        anyhow::bail!("{INTERFACE} did not change its state")
    }

    fn place(&self, what: &str) -> String {
        format!("{}-{what}", self.name)
    }

    fn inside(&self, place: &str, program: &Path) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.place(place)]).arg(program);
        command
    }

    /// Runs many `ip` commands at once.
    fn batch(&self, place: &str, script: &str) -> anyhow::Result<()> {
        let mut child =
            Command::new("ip").args(["-n", &self.place(place), "-batch", "-"]).stdin(Stdio::piped()).spawn()?;
        child.stdin.take().context("no standard input")?.write_all(script.as_bytes())?;
        let status = child.wait()?;
        ensure!(status.success(), "ip -batch in {place} ended with {status}");
        Ok(())
    }

    /// Writes kernel settings below `net`.
    fn settings(&self, place: &str, settings: &[&str]) -> anyhow::Result<()> {
        let lines = settings.iter().filter_map(|setting| setting.split_once('='));
        let script: String = lines.map(|(name, value)| format!("echo '{value}' > /proc/sys/net/{name}\n")).collect();
        let mut shell = self.inside(place, Path::new("sh"));
        run(shell.args(["-ec", &script])).map(drop)
    }
}

fn stale(ip: IpAddr, mac: Mac) -> String {
    format!("neigh replace {ip} lladdr {mac} dev {INTERFACE} nud stale\n")
}

impl Host {
    /// Host `n` of `count`, spread evenly over the range.
    fn number(n: u16, count: u16, prefix: u8) -> Self {
        let size = 1_u16.checked_shl(32_u32.saturating_sub(u32::from(prefix))).unwrap_or(u16::MAX);
        let place = 2 + n * ((size - 3) / count.max(1));
        let [high, low] = place.to_be_bytes();
        Self { ip: Ipv4Addr::new(10, 77, high, low), mac: Mac([0x3c, 0x22, 0xfb, 0, high, low]) }
    }
}

impl Drop for Lan {
    fn drop(&mut self) {
        for what in ["proxy", "hosts", "box"] {
            // The proxy may never have been added.
            let _is_gone = Command::new("ip").args(["netns", "del", &self.place(what)]).output().is_ok();
        }
    }
}

/// Runs a command to its end.
///
/// # Errors
///
/// If it cannot start or fails; with what it said.
pub fn run(command: &mut Command) -> anyhow::Result<Output> {
    let output = command.output().with_context(|| format!("start {command:?}"))?;
    ensure!(output.status.success(), "{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(output)
}
