//! The owner's Macs and PCs, read by real OpenSSH, and messages on their screens.

mod messages;
mod reading;
mod trust;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use vigie_agent::collectors::{Collector, Context, machines};
use vigie_agent::config::AgentConfig;
use vigie_agent::host_names::HostNames;
use vigie_agent::machines::{Config, secrets};
use vigie_agent::naming::{self, DeviceNames};
use vigie_shared::clock::SystemClock;
use vigie_shared::wire::Reading;
use vigie_shared::wire::reading::{AlarmKind, MachineReach, MachineRow};
use vigie_tests::machines::{Macs, Server, Shell};

/// A box, and the folder of the machines around it. They are reached like machines behind a router: by their addresses.
struct Scene {
    macs: Macs,
    data: tempfile::TempDir,
    config: Config,
    machines: u8,
}

impl Scene {
    /// A box that trusts at first sight and whose key every machine knows; none where there is no OpenSSH server.
    fn new() -> Option<Self> {
        let macs = Macs::new().unwrap()?;
        let data = tempfile::tempdir().unwrap();
        let config = Config {
            user: macs.user().to_owned(),
            // Nothing is swept: loopback is no LAN.
            interfaces: vec!["lo".to_owned()],
            trust_new_until: Some(jiff::civil::date(9999, 1, 1)),
            ..Config::default()
        };
        let scene = Self { macs, data, config, machines: 0 };
        scene.macs.let_in(&scene.public_key()).unwrap();
        Some(scene)
    }

    fn public_key(&self) -> String {
        secrets::key_or_make(&Config::default(), self.data.path()).unwrap().public().unwrap()
    }

    /// A machine at an address of its own, which alone is visited from then on.
    fn machine(&mut self, name: &str, shell: Shell<'_>) -> Server {
        self.machines += 1;
        let ip = Ipv4Addr::new(127, 0, 0, 10 + self.machines);
        let port = std::net::TcpListener::bind((ip, 0)).unwrap().local_addr().unwrap().port();
        self.at(name, shell, (ip, port).into())
    }

    fn at(&mut self, name: &str, shell: Shell<'_>, at: SocketAddr) -> Server {
        self.meets(at);
        self.macs.serve(name, at, shell, |program: &Path| Command::new(program)).unwrap()
    }

    /// From now on that address is visited.
    fn meets(&mut self, at: SocketAddr) {
        self.config.port = at.port();
        self.config.hosts = vec![at.ip().to_string()];
    }

    fn collector(&self) -> Box<dyn Collector> {
        let clock = Arc::new(SystemClock::new(|| true));
        let names = naming::Config { inventory: true, ..naming::Config::default() };
        let context = Context {
            naming: Arc::new(DeviceNames::new(names, clock.clone())),
            clock,
            host_names: Arc::new(HostNames::default()),
            lane_depths: Arc::new(Vec::new),
            sweep_bell: watch::Sender::default(),
            app: AgentConfig::default().app,
            software: std::collections::BTreeMap::new(),
            data: self.data.path().to_owned(),
        };
        machines::new(&self.config, &context)
    }

    /// One look of a box that was just started.
    fn look(&self) -> Look {
        look(self.collector().as_mut())
    }
}

/// What one look told.
struct Look {
    rows: Vec<MachineRow>,
    alarms: Vec<String>,
}

impl Look {
    /// How far the box came with the only machine.
    fn reach(&self) -> &MachineReach {
        let [row] = self.rows.as_slice() else { panic!("{:?}", self.rows) };
        &row.reach
    }

    fn why(&self) -> &str {
        let MachineReach::Failed(why) = self.reach() else { panic!("{:?}", self.rows) };
        why
    }
}

fn look(collector: &mut dyn Collector) -> Look {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let readings = runtime.block_on(collector.once()).unwrap();
    let mut look = Look { rows: Vec::new(), alarms: Vec::new() };
    for reading in readings {
        match reading {
            Reading::Machines(machines) => look.rows.extend(machines.rows),
            Reading::Alarm(alarm) => {
                assert_eq!(alarm.kind, AlarmKind::MachineKey);
                look.alarms.push(alarm.text);
            }
            other => panic!("{other:?}"),
        }
    }
    look
}

/// What a test waits for must not take long.
const SHORT: Duration = Duration::from_secs(2);
