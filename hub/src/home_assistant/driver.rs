//! Looks at the fleet, says what changed, and gives the commands that somebody asks for by a button.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;
use vigie_shared::backoff::Backoff;
use vigie_shared::lifecycle::Lifecycle;

use super::announce::{List, OFFLINE, ONLINE, announced};
use super::broker::{Connection, Heard};
use super::config::HomeAssistantConfig;
use super::gather::gather;
use super::ledger::{Ledger, Said};
use super::topics::{Asked, Topics};
use crate::http::Admin;
use crate::http::commands::order::{Order, order};
use crate::login::{Caller, Via};
use crate::store::accounts::{Role, Scope};

/// Who gives the commands of buttons.
const ACCOUNT: &str = "home-assistant";

/// How often the fleet is looked at.
const LOOK: Duration = Duration::from_secs(10);

/// Between two connections.
const RETRY_MIN: Duration = Duration::from_secs(2);
const RETRY_MAX: Duration = Duration::from_secs(120);

/// How long the last word may take when the hub stops.
const FAREWELL: Duration = Duration::from_millis(300);

/// Says and hears.
struct Speaker {
    admin: Admin,
    config: HomeAssistantConfig,
    topics: Topics,
    lifecycle: Lifecycle,
    ledger: Ledger,
    /// What the broker shall keep, as of the last look; none before the first.
    list: Option<List>,
}

/// Starts telling, if somebody named a broker.
pub(crate) fn start(config: &HomeAssistantConfig, admin: &Admin, lifecycle: &Lifecycle) {
    if config.broker.is_none() {
        return;
    }
    let topics = Topics::of_hub(&config.discovery_prefix, &admin.invitation.ca_sha256);
    let speaker = Speaker {
        admin: admin.clone(),
        config: config.clone(),
        topics,
        lifecycle: lifecycle.clone(),
        ledger: Ledger::default(),
        list: None,
    };
    lifecycle.spawn("home assistant", speaker.run(lifecycle.stopping()));
}

impl Speaker {
    async fn run(mut self, stopping: CancellationToken) -> anyhow::Result<()> {
        let mut wait = Backoff::new(RETRY_MIN, RETRY_MAX, u64::from(std::process::id()));
        while !stopping.is_cancelled() {
            match self.converse(&stopping, &mut wait).await {
                Ok(()) => break,
                Err(error) => {
                    tracing::warn!("Home Assistant's broker cannot be told anything, trying again: {error:#}");
                }
            }
            self.ledger.forget();
            tokio::select! {
                () = sleep(wait.next_wait()) => {}
                () = stopping.cancelled() => break,
            }
        }
        Ok(())
    }

    /// One connection, from dialling until the hub stops.
    async fn converse(&mut self, stopping: &CancellationToken, wait: &mut Backoff) -> anyhow::Result<()> {
        let mut connection = Connection::open(&self.config, &self.topics, &self.lifecycle)?;
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut is_granted = false;
        loop {
            tokio::select! {
                () = stopping.cancelled() => {
                    connection.say(&self.status(OFFLINE));
                    sleep(FAREWELL).await;
                    return Ok(());
                }
                heard = connection.next() => match heard? {
                    Heard::Granted => {
                        wait.reset();
                        is_granted = true;
                        connection.say(&self.status(ONLINE));
                        self.look().await;
                        self.speak(&connection);
                    }
                    Heard::Message { topic, payload, is_kept } => {
                        if let Some(asked) = self.topics.read(&topic, &payload, is_kept) {
                            self.hear(asked).await;
                            self.speak(&connection);
                        }
                    }
                },
                _ = look.tick(), if is_granted => {
                    self.look().await;
                    self.speak(&connection);
                }
            }
        }
    }

    async fn hear(&mut self, asked: Asked) {
        match asked {
            Asked::Again => self.ledger.forget(),
            Asked::Nothing => {}
            Asked::Kept(topic) if topic == self.topics.status() => {}
            Asked::Kept(topic) => self.ledger.on_kept(topic),
            Asked::Press { site, button } => self.press(&site, &button).await,
        }
    }

    /// A button is pressed only if it was told.
    async fn press(&self, site: &str, button: &str) {
        let Some((kind, body)) = self.config.order(button) else {
            tracing::warn!(site, button, "Home Assistant pressed a button that nobody allowed; nothing was done");
            return;
        };
        let caller = Caller {
            account: ACCOUNT.to_owned(),
            role: Role::Operator,
            person: None,
            scope: Scope::default(),
            via: Via::Socket,
        };
        match order(&self.admin, &caller, &Order { site, kind, body: &body }).await {
            Ok(()) => tracing::info!(site, button, "Home Assistant pressed a button"),
            Err(problem) => tracing::warn!(site, button, "a button of Home Assistant did nothing: {}", problem.detail),
        }
    }

    async fn look(&mut self) {
        match gather(&self.admin, &self.topics.hub).await {
            Ok(facts) => self.list = Some(announced(&self.topics, &self.config, &facts)),
            Err(problem) => tracing::warn!("Home Assistant hears of changes later: {}", problem.detail),
        }
    }

    /// As much of what is owed as the connection takes; the rest comes at the next look.
    fn speak(&mut self, connection: &Connection) {
        let Some(list) = &self.list else { return };
        for said in self.ledger.owed(list) {
            if !connection.say(&said) {
                break;
            }
            self.ledger.on_said(said);
        }
    }

    fn status(&self, word: &str) -> Said {
        Said { topic: self.topics.status(), payload: word.as_bytes().to_vec() }
    }
}
