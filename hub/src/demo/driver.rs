//! Brings the demo to life: history first, then what happens while somebody looks.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;
use vigie_shared::clock::{Clock, SystemClock};
use vigie_shared::lifecycle::Lifecycle;
use vigie_shared::pseudonym::PseudonymKey;
use vigie_shared::wire::reading::Reading;
use vigie_shared::wire::{CommandOutcome, OutcomeState};

use super::chance::Chance;
use super::furnish::{Login, add_sites, compute_days, furnish};
use super::life::{TICK_MS, World};
use super::people::Known;
use super::places::{DOOR, PLACES, Place, Trouble};
use super::voice::Voice;
use super::{DemoArgs, past};
use crate::fleet::{Board, Connection};
use crate::ingest::driver::{Message, Onlooker as _};
use crate::store::Store;
use crate::{Backstage, Running};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// How often pulses are told.
const PULSE: Duration = Duration::from_secs(10);

/// How often is looked whether somebody passes the door, or asked something of a box.
const LOOK: Duration = Duration::from_secs(1);

/// Of 1000 looks so many see somebody at the door: one every five seconds.
const PASSAGES_PERMILLE: i64 = 200;

/// Records noted before they are told: some hundred KB.
const NOTED_MAX: usize = 500;

/// How long the hub may take to follow the history.
const FOLLOWED_WITHIN: Duration = Duration::from_secs(120);

/// Commands of a site that are looked at.
const COMMANDS: usize = 20;

/// A box and its place.
struct Station {
    place: &'static Place,
    voice: Voice,
}

/// The fleet of the demo.
struct Demo {
    world: World,
    stations: Vec<Station>,
    stage: Backstage,
    clock: Arc<dyn Clock>,
}

/// Fills the hub, then lets the fleet live; returns what to tell the person who looks.
///
/// # Errors
///
/// Words for people on what could not be done.
pub(super) async fn start(
    running: &mut Running,
    (data, args): (&Path, &DemoArgs),
    third_party: SocketAddr,
    lifecycle: &Lifecycle,
) -> anyhow::Result<String> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new(|| true));
    let until_ms = clock.wall_ms();
    let mut world = World::new(args.seed, (until_ms - i64::from(args.days) * DAY_MS, until_ms));
    let stage = running.backstage.take().context("find the way to the ingest")?;
    add_sites(stage.store.as_ref(), &world).await?;
    let logins = furnish(data, &mut world, third_party).await?;
    name_devices(stage.store.as_ref(), &mut world).await?;
    past::tell(stage.store.as_ref(), &world).await?;
    let mut stations = Vec::new();
    for place in &PLACES {
        let site = place.id.parse().context("name a site of the demo")?;
        stations.push(Station { place, voice: Voice::new(args.seed, site, world.boot_ms()) });
    }
    let mut demo = Demo { world, stations, stage, clock };
    demo.tell_history().await?;
    compute_days(data, &demo.world).await?;
    demo.connect();
    // Whoever opens the first page sees the silent box with its incident.
    demo.stage.alerts.look().await.context("look at the demo's fleet")?;
    lifecycle.spawn("demo", demo.live(lifecycle.stopping()));
    Ok(welcome(running, data, &logins))
}

/// Learns what the site calls the registered devices, as a box learns it from the hub.
async fn name_devices(store: &dyn Store, world: &mut World) -> anyhow::Result<()> {
    for person in &world.people {
        if let Known::Device(mac) = person.known {
            let secret = store.pseudonym_secret(&person.place.parse()?).await.context("read a site's key")?;
            world.devices.insert(person.id.clone(), PseudonymKey::new(&secret).name(mac));
        }
    }
    Ok(())
}

impl Demo {
    /// Everything until now, and until the hub has followed it.
    async fn tell_history(&mut self) -> anyhow::Result<()> {
        let now_ms = self.world.until_ms;
        for station in &mut self.stations {
            let mut noted = 0;
            say(&self.stage, vec![station.voice.hello(now_ms)]).await?;
            for tick_ms in self.world.ticks(station.place) {
                for reading in self.world.told(station.place, tick_ms) {
                    station.voice.note(tick_ms, reading);
                    noted += 1;
                }
                if noted >= NOTED_MAX {
                    noted = 0;
                    say(&self.stage, station.voice.speak()).await?;
                }
            }
            say(&self.stage, station.voice.speak()).await?;
        }
        self.be_followed().await
    }

    async fn be_followed(&self) -> anyhow::Result<()> {
        let begun = Instant::now();
        while begun.elapsed() < FOLLOWED_WITHIN {
            let cursors = self.stage.store.cursors().await.context("ask how far the hub is")?;
            let is_followed = self.stations.iter().flat_map(|station| station.voice.ends()).all(|(queue, last)| {
                last == 0 || cursors.iter().any(|cursor| cursor.queue == queue && cursor.through >= last)
            });
            if is_followed {
                return Ok(());
            }
            sleep(Duration::from_millis(50)).await;
        }
        anyhow::bail!("the hub did not follow the demo's history within {} s", FOLLOWED_WITHIN.as_secs())
    }

    /// Boxes are there, but for the silent one, which was heard last when its history ends.
    fn connect(&self) {
        let board: &Board = &self.stage.board;
        for (station, id) in self.stations.iter().zip(1..) {
            let (place, site) = (station.place, &station.voice.site);
            let heard_ms = self.world.heard_ms(place);
            board.on_live(site, &station.voice.pulse(heard_ms, self.world.host(place, heard_ms)), heard_ms);
            if place.trouble != Trouble::Silent {
                let peer = format!("10.20.{}.2:50412", place.number());
                board.on_connected(site, Connection { id, peer, since_ms: self.world.boot_ms() });
            }
        }
    }

    /// What happens until the process stops.
    async fn live(mut self, stopping: CancellationToken) -> anyhow::Result<()> {
        let (mut pulse, mut look) = (interval(PULSE), interval(LOOK));
        pulse.set_missed_tick_behavior(MissedTickBehavior::Skip);
        look.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut tick_ms = (self.world.until_ms.div_euclid(TICK_MS) + 1) * TICK_MS;
        loop {
            tokio::select! {
                () = stopping.cancelled() => return Ok(()),
                _ = pulse.tick() => self.tell_pulses().await?,
                _ = look.tick() => {
                    let now_ms = self.clock.wall_ms();
                    if now_ms >= tick_ms {
                        self.tell_tick(tick_ms);
                        tick_ms = (now_ms.div_euclid(TICK_MS) + 1) * TICK_MS;
                    }
                    self.look(now_ms).await?;
                }
            }
        }
    }

    async fn tell_pulses(&mut self) -> anyhow::Result<()> {
        let now_ms = self.clock.wall_ms();
        for station in self.stations.iter().filter(|station| station.place.trouble != Trouble::Silent) {
            let pulse = station.voice.pulse(now_ms, self.world.host(station.place, now_ms));
            say(&self.stage, vec![station.voice.live(&pulse)]).await?;
        }
        Ok(())
    }

    fn tell_tick(&mut self, tick_ms: i64) {
        for station in self.stations.iter_mut().filter(|station| station.place.trouble != Trouble::Silent) {
            for reading in self.world.told(station.place, tick_ms) {
                station.voice.note(tick_ms, reading);
            }
        }
    }

    /// Somebody may pass the door; commands are answered.
    async fn look(&mut self, now_ms: i64) -> anyhow::Result<()> {
        let is_passed = Chance::of(self.world.seed, "door", now_ms / 1000).happens(PASSAGES_PERMILLE);
        for station in self.stations.iter_mut().filter(|station| station.place.trouble != Trouble::Silent) {
            if is_passed && station.place.clocks.contains(&DOOR) {
                station.voice.note(now_ms, self.world.passage(now_ms));
            }
            let asked = self.stage.store.commands(&station.voice.site, None, COMMANDS).await;
            for command in asked.context("look for commands")?.into_iter().filter(|one| one.state.is_open()) {
                let detail = "Demo: the box answers, and nothing happens.".to_owned();
                let outcome = CommandOutcome { id: command.id, state: OutcomeState::Succeeded, detail, answer: None };
                station.voice.note(now_ms, Reading::Outcome(outcome));
            }
            say(&self.stage, station.voice.speak()).await?;
        }
        Ok(())
    }
}

/// Hands messages to the ingest, as the broker does; a full ingest makes the boxes wait, one that stops hears nothing.
async fn say(stage: &Backstage, messages: Vec<Message>) -> anyhow::Result<()> {
    let Some(ingest) = stage.messages.upgrade() else { return Ok(()) };
    for message in messages {
        ingest.send(message).await.ok().context("the ingest has ended")?;
    }
    Ok(())
}

fn welcome(running: &Running, data: &Path, logins: &[Login]) -> String {
    let mut text = format!("\nDemo data. Nothing here is real.\n\n  Dashboard   http://{}/\n", running.addresses.admin);
    if let Some(first) = &running.first_login {
        text.push_str(&format!("  Owner       {}   password: {}\n", first.account, first.password));
    }
    for Login { account, role, password } in logins {
        text.push_str(&format!("  {:<11} {account}   password: {password}\n", capital(role)));
    }
    text.push_str(&format!(
        "  API         curl -H @{folder}/curl-header http://{}/api/v1/sites\n  Stop        Ctrl-C; {folder} is emptied at the \
         next start\n",
        running.addresses.admin,
        folder = data.display(),
    ));
    text
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
