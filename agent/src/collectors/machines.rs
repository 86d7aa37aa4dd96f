//! The owner's Macs and PCs, read over SSH while they are awake.
//!
//! A look asks the network who is there, by ARP and never by knocking at port 22, and visits whoever answered: one
//! connection each, so many at once as the settings say. A machine that sleeps is not woken. Whoever has no SSH or lets
//! nobody in is told of all the same, with its addresses and names. It runs only where the owner declares the equipment
//! on the network his own; devices that he excluded, and those of registered people, are left alone.

mod awake;
mod rows;
mod vendors;

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use async_trait::async_trait;
use futures_util::StreamExt as _;
use futures_util::stream;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;
use vigie_shared::mac::Mac;
use vigie_shared::wire::Reading;
use vigie_shared::wire::reading::{AlarmKind, BoxAlarm, MachineReach, MachineRow};

use self::awake::Awake;
use self::vendors::Vendors;
use super::lan::timeline::Timeline;
use super::{Collector, Context, Outlet, pause};
use crate::machines::config::{EVERY_MIN, NOT_OWNED};
use crate::machines::known::Known;
use crate::machines::patience::Patience;
use crate::machines::pins::Pins;
use crate::machines::visit::{Round, Visit};
use crate::machines::{MACHINES_MAX, secrets};

pub use crate::machines::Config;

/// Makes the collector.
#[must_use]
pub fn new(config: &Config, context: &Context) -> Box<dyn Collector> {
    Box::new(Machines {
        config: config.clone(),
        pins: Pins::of(&context.data),
        context: context.clone(),
        timeline: Timeline::start(),
        patience: Patience::default(),
        vendors: Vendors::default(),
        told: BTreeSet::new(),
    })
}

struct Machines {
    config: Config,
    context: Context,
    pins: Pins,
    timeline: Timeline,
    patience: Patience,
    vendors: Vendors,
    /// Foreign keys of which an alarm was given.
    told: BTreeSet<String>,
}

#[async_trait]
impl Collector for Machines {
    fn name(&self) -> &'static str {
        "machines"
    }

    async fn once(&mut self) -> anyhow::Result<Vec<Reading>> {
        self.look().await
    }

    async fn run(&mut self, outlet: &dyn Outlet, stop: CancellationToken) -> anyhow::Result<()> {
        let every = self.config.every.max(EVERY_MIN);
        loop {
            let looked = tokio::select! {
                looked = self.look() => looked,
                () = stop.cancelled() => return Ok(()),
            };
            match looked {
                Ok(readings) => {
                    outlet.looked(&Ok(())).await;
                    for reading in readings {
                        outlet.append(reading).await;
                    }
                }
                Err(error) => outlet.looked(&Err(error)).await,
            }
            if !pause(every, &stop).await {
                return Ok(());
            }
        }
    }
}

impl Machines {
    /// One round over everybody who is awake.
    async fn look(&mut self) -> anyhow::Result<Vec<Reading>> {
        ensure!(self.context.naming.names_openly(), NOT_OWNED);
        let round = Round {
            login: secrets::load(&self.config, &self.context.data)?,
            config: self.config.clone(),
            known: Arc::new(self.pins.load()),
            may_pin: self.config.trusts_new_on(self.today()),
        };
        let mut awake = awake::find(&self.config, &round.known, &self.context).await?;
        awake.truncate(MACHINES_MAX);
        let met = self.visit(&round, awake).await;
        self.keep(&met).await?;
        let vendors = self.vendors(&met).await;
        let rows: Vec<MachineRow> = met
            .into_iter()
            .filter(|(awake, visit)| self.config.wants(&rows::names(awake, visit)))
            .map(|(awake, visit)| rows::row(awake, visit, &vendors))
            .collect();
        let alarms = self.alarms(&rows);
        Ok(rows::readings(rows).into_iter().chain(alarms).collect())
    }

    /// Visits everybody whom nothing forbids to visit, some at once; in the order of their addresses.
    async fn visit(&mut self, round: &Round, awake: Vec<Awake>) -> Vec<(Awake, Visit)> {
        let now = self.timeline.now();
        let visits = awake.into_iter().map(|awake| {
            let refusal = awake.refusal.clone().map(MachineReach::Failed);
            let earlier = refusal.or_else(|| self.patience.still_says(&awake.machine(), now).cloned());
            async move {
                let visit = match earlier {
                    Some(reach) => (Visit { reach, facts: None, key: None }, false),
                    None => (round.look(awake.place).await, true),
                };
                (awake, visit)
            }
        });
        let mut met: Vec<(Awake, (Visit, bool))> =
            stream::iter(visits).buffer_unordered(self.config.at_once()).collect().await;
        met.sort_by_key(|(awake, _)| awake.place.ip);
        for (awake, (visit, is_fresh)) in &met {
            if *is_fresh {
                let seed = self.context.clock.wall_ms().unsigned_abs();
                self.patience.note(&awake.machine(), &visit.reach, self.timeline.now(), seed);
            }
        }
        met.into_iter().map(|(awake, (visit, _))| (awake, visit)).collect()
    }

    /// Keeps whose key is whose, and what the machines said they are.
    async fn keep(&self, met: &[(Awake, Visit)]) -> anyhow::Result<()> {
        let pins = self.pins.clone();
        let now_ms = self.context.clock.wall_ms();
        let (naming, met) = (Arc::clone(&self.context.naming), met.to_vec());
        let change = move |known: &mut Known| {
            for (awake, visit) in &met {
                let Some(key) = &visit.key else { continue };
                known.pin(key, now_ms);
                known.met(key, awake.place);
                if let Some(facts) = &visit.facts {
                    let name = facts.computer_name.as_deref().or(facts.host_name.as_deref());
                    known.read(key, facts.serial.as_deref(), name, now_ms);
                }
            }
            known.hide(|mac| naming.device(mac, None, None).is_none());
        };
        spawn_blocking(move || pins.change(change)).await?.context("write down the machines' host keys")
    }

    /// The makers of the network cards that were met.
    async fn vendors(&mut self, met: &[(Awake, Visit)]) -> Vendors {
        let macs: Vec<Mac> = met.iter().filter_map(|(awake, _)| awake.place.mac).collect();
        let mut vendors = std::mem::take(&mut self.vendors);
        let looked = spawn_blocking(move || {
            vendors.learn(&macs);
            vendors
        });
        self.vendors = looked.await.unwrap_or_default();
        self.vendors.clone()
    }

    /// One alarm for each foreign key.
    fn alarms(&mut self, rows: &[MachineRow]) -> Vec<Reading> {
        let mut alarms = Vec::new();
        for row in rows {
            let MachineReach::OtherKey(key) = &row.reach else { continue };
            if self.told.len() < MACHINES_MAX && self.told.insert(key.clone()) {
                let text = rows::foreign_key(row, key);
                alarms.push(Reading::Alarm(BoxAlarm { kind: AlarmKind::MachineKey, text }));
            }
        }
        alarms
    }

    fn today(&self) -> jiff::civil::Date {
        let moment = Timestamp::from_millisecond(self.context.clock.wall_ms()).unwrap_or(Timestamp::UNIX_EPOCH);
        TimeZone::try_system().unwrap_or(TimeZone::UTC).to_datetime(moment).date()
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use vigie_shared::wire::reading::DeviceRef;

    use super::*;
    use crate::collectors::Naming;
    use crate::testing::context;

    /// An owner who declared nothing his own.
    struct Closed;

    impl Naming for Closed {
        fn names_openly(&self) -> bool {
            false
        }

        fn device(&self, _mac: Mac, _ip: Option<IpAddr>, _name: Option<String>) -> Option<DeviceRef> {
            None
        }
    }

    #[tokio::test]
    async fn where_the_equipment_is_not_the_owners_nothing_is_asked() {
        let context = Context { naming: Arc::new(Closed), ..context() };
        let error = new(&Config::default(), &context).once().await.unwrap_err().to_string();
        assert!(error.contains("`inventory = true`"), "{error}");
    }

    #[tokio::test]
    async fn without_anything_to_log_in_with_the_cure_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let context = Context { data: folder.path().to_owned(), ..context() };
        let error = new(&Config::default(), &context).once().await.unwrap_err().to_string();
        assert!(error.contains("vigie-agent machine key"), "{error}");
    }
}
