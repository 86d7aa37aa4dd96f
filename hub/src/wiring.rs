//! Joins parts that do not know each other: each adapter here fits one part's port to another part.

mod mail;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use async_trait::async_trait;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use vigie_shared::clock::Clock;
use vigie_shared::id::SiteId;
use vigie_shared::lifecycle::Lifecycle;
use vigie_shared::pairing::PairingTicket;
use vigie_shared::wire::Topic;

pub(crate) use self::mail::{start_mail, start_readiness};
use crate::alerts::driver::{self as lookout, Lookout};
use crate::alerts::news::Notifier;
use crate::alerts::rules::AlertsConfig;
use crate::backup;
use crate::broker;
use crate::clean_desk::driver::{self as clean_desk, CleanDesk};
use crate::config::HubConfig;
use crate::connectors::config::ConnectorsConfig;
use crate::connectors::driver::{self, Exchange};
use crate::connectors::guard::Allowed;
use crate::connectors::web::Client;
use crate::dispatch::driver::Dispatch;
use crate::erasures::ErasureBook;
use crate::fleet::{Board, Connection};
use crate::gateway::{BoxEvent, Gateway};
use crate::http::machines::door::{self, DoorRules};
use crate::http::meters::{of_commits, of_gateway, of_ingest, of_operators};
use crate::http::ports::{Backup, BackupMade, Erasures, Meters, Metric, Readiness, Revoker, Tickets};
use crate::http::{Admin, serve};
use crate::ingest::driver::{Downlink, HealthView, Message};
use crate::machines::config::MachinesConfig;
use crate::operators::Operators;
use crate::pki::Pki;
use crate::presence::driver::{self as presence, Presences};
use crate::store::diary::{Entry, Level};
use crate::store::presence::Erased;
use crate::store::{Sqlite, Store};

/// The ingest's answers go out by the broker.
pub(crate) struct Answers(pub(crate) broker::Downlink);

impl Downlink for Answers {
    fn publish(&self, topic: &Topic, payload: Vec<u8>) {
        if let Err(error) = self.0.publish(topic, payload) {
            tracing::debug!("an answer to a box was not sent, the box asks again: {error}");
        }
    }
}

/// Pairing links are signed by the key whose commands boxes obey.
pub(crate) struct CommandKey(pub(crate) Arc<Pki>);

impl Tickets for CommandKey {
    fn sign(&self, ticket: &PairingTicket) -> String {
        ticket.sign(self.0.command_key())
    }
}

impl Erasures for ErasureBook {
    fn remember(&self, erased: &Erased) -> anyhow::Result<()> {
        Self::remember(self, erased)
    }
}

/// Hands the broker's messages to the ingest until either ends. A full ingest makes the broker wait.
pub(crate) fn pass_on(uplink: &std::sync::mpsc::Receiver<broker::Message>, messages: &mpsc::Sender<Message>) {
    while let Ok(broker::Message { topic, payload }) = uplink.recv() {
        if messages.blocking_send(Message { topic, payload }).is_err() {
            break;
        }
    }
}

/// Tells the fleet who comes and goes.
pub(crate) async fn watch_gateway(
    mut events: mpsc::Receiver<BoxEvent>,
    (board, operators): (Board, Operators),
    clock: Arc<dyn Clock>,
) -> anyhow::Result<()> {
    while let Some(event) = events.recv().await {
        match event {
            BoxEvent::Connected { site, connection, peer, .. } => {
                tracing::info!(site = %site, "a box connected");
                let since_ms = clock.wall_ms();
                board.on_connected(&site, Connection { id: connection.0, peer: peer.ip().to_string(), since_ms });
                operators.tell(&link(site, "connected", "The box is connected.".to_owned(), since_ms));
            }
            BoxEvent::TakenOver { site, .. } => {
                tracing::info!(site = %site, "a newer connection of the box replaced the older one");
            }
            BoxEvent::Disconnected { site, connection, ending } => {
                tracing::info!(site = %site, reason = ending.as_str(), "a box disconnected");
                board.on_disconnected(&site, connection.0);
                let text = format!("The box is no longer connected ({}); it keeps what it sees.", ending.as_str());
                operators.tell(&link(site, "disconnected", text, clock.wall_ms()));
            }
        }
    }
    Ok(())
}

fn link(site: SiteId, kind: &str, text: String, at_ms: i64) -> Entry {
    Entry { at_ms, site: Some(site), level: Level::Note, kind: kind.to_owned(), text }
}

/// Writes what the fleet notices into the diary, and tells it.
pub(crate) async fn keep_diary(
    mut entries: mpsc::Receiver<Entry>,
    store: Arc<dyn Store>,
    operators: Operators,
) -> anyhow::Result<()> {
    while let Some(entry) = entries.recv().await {
        operators.tell(&entry);
        if let Err(error) = store.write(&entry).await {
            let error = anyhow::Error::from(error);
            tracing::warn!(kind = entry.kind, "an entry did not reach the diary: {error:#}");
        }
    }
    Ok(())
}

/// A revoked site is cut at the gateway and no longer counts as cloned.
pub(crate) struct Cut {
    pub(crate) gateway: Gateway,
    pub(crate) board: Board,
}

impl Revoker for Cut {
    fn cut(&self, site: &SiteId) {
        self.gateway.drop_site(site);
        self.board.on_repaired(site);
    }
}

/// The hub is ready while its commits succeed.
pub(crate) struct Ready(pub(crate) HealthView);

#[async_trait]
impl Readiness for Ready {
    async fn obstacles(&self) -> Vec<String> {
        let trouble = self.0.now().trouble;
        trouble.map(|text| format!("records cannot be stored, boxes keep them: {text}")).into_iter().collect()
    }
}

/// Counters of the ingest, the gateway and the operators' listener, by their names.
pub(crate) struct Figures {
    pub(crate) gateway: Gateway,
    pub(crate) operators: Operators,
    pub(crate) ingest: HealthView,
}

impl Meters for Figures {
    fn read(&self) -> Vec<Metric> {
        let health = self.ingest.now();
        let mut metrics = of_ingest(&health.counters);
        metrics.extend(of_commits(&health.commits));
        metrics.extend(of_gateway(&self.gateway.figures()));
        metrics.extend(of_operators(&self.operators.figures()));
        metrics
    }
}

/// Backups go into a folder beside the store; without keys they are for a hub that still has its own.
pub(crate) struct Copies {
    pub(crate) data: PathBuf,
    pub(crate) store: Arc<Sqlite>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Copies {
    pub(crate) fn of(config: &HubConfig, store: &Arc<Sqlite>, clock: &Arc<dyn Clock>) -> Self {
        Self { data: config.data.clone(), store: Arc::clone(store), clock: Arc::clone(clock) }
    }
}

#[async_trait]
impl Backup for Copies {
    async fn backup(&self, with_keys: bool) -> anyhow::Result<BackupMade> {
        let target = self.data.join("backups");
        crate::make_private(&target)?;
        let keys = if with_keys { backup::key_files(&self.data)? } else { Vec::new() };
        let made = backup::write(&self.store, (&self.data, &keys), &target, self.clock.wall_ms(), |_| {}).await?;
        Ok(BackupMade { path: made.folder, size_bytes: made.size_bytes })
    }
}

/// Serves third parties.
pub(crate) fn start_connectors(
    config: &ConnectorsConfig,
    store: &Arc<dyn Store>,
    clock: &Arc<dyn Clock>,
    lifecycle: &Lifecycle,
) -> anyhow::Result<Exchange> {
    let parts = driver::Parts {
        store: Arc::clone(store),
        web: Arc::new(Client::new(allowed(config)?)?),
        clock: Arc::clone(clock),
        config: config.clone(),
    };
    let exchange = Exchange::new(parts);
    lifecycle.spawn("connectors", exchange.clone().run(lifecycle.stopping()));
    Ok(exchange)
}

/// Says once a week on machines what their owner wants to be said.
pub(crate) fn start_clean_desk(
    config: &HubConfig,
    (store, dispatch): (&Arc<dyn Store>, &Dispatch),
    clock: &Arc<dyn Clock>,
    lifecycle: &Lifecycle,
) -> anyhow::Result<()> {
    if !config.clean_desk.enabled {
        return Ok(());
    }
    let parts = clean_desk::Parts {
        store: Arc::clone(store),
        dispatch: dispatch.clone(),
        clock: Arc::clone(clock),
        config: config.clean_desk.clone(),
    };
    lifecycle.spawn("clean desk", CleanDesk::new(parts)?.run(lifecycle.stopping()));
    Ok(())
}

/// Opens the door by which older programs read machines, if the owner wants it.
pub(crate) fn open_machines_door(
    listener: Option<TcpListener>,
    config: &MachinesConfig,
    admin: &Admin,
    lifecycle: &Lifecycle,
) -> anyhow::Result<()> {
    let Some(listener) = listener else { return Ok(()) };
    let router = door::router(admin, DoorRules::of(config)?);
    lifecycle.spawn("door of machines", serve::serve_tcp(listener, router, lifecycle.clone()));
    Ok(())
}

/// Looks out for what is wrong. Whoever reads the diary or its events is told in any case, people by the notifier.
pub(crate) fn start_alerts(
    config: &AlertsConfig,
    (store, board, operators): (&Arc<dyn Store>, &Board, &Operators),
    notifier: Arc<dyn Notifier>,
    clock: &Arc<dyn Clock>,
    lifecycle: &Lifecycle,
) -> Lookout {
    let lookout = Lookout::new(lookout::Parts {
        store: Arc::clone(store),
        fleet: Arc::new(board.clone()),
        notifier,
        listener: Arc::new(operators.clone()),
        clock: Arc::clone(clock),
        config: config.clone(),
    });
    lifecycle.spawn("alerts", lookout.clone().run(lifecycle.stopping()));
    lookout
}

fn allowed(config: &ConnectorsConfig) -> anyhow::Result<Allowed> {
    Allowed::read(&config.allow).map_err(|wrong| anyhow::anyhow!("connectors.allow: {wrong}"))
}

/// Closes days, answers who is here, does what requests ask for.
pub(crate) fn start_presence(
    config: &HubConfig,
    (store, exchange, board): (&Arc<dyn Store>, &Exchange, &Board),
    clock: &Arc<dyn Clock>,
    lifecycle: &Lifecycle,
) -> anyhow::Result<Presences> {
    let parts = presence::Parts {
        store: Arc::clone(store),
        exchange: exchange.clone(),
        fleet: Arc::new(board.clone()),
        clock: Arc::clone(clock),
        config: config.presence.clone(),
        folder: config.data.join("presence-requests"),
    };
    let presences =
        Presences::new(parts).context("open the folders of requests to compute days (presence.requests)")?;
    lifecycle.spawn("days of presence", presences.clone().run(lifecycle.stopping()));
    lifecycle.spawn("presence requests", presences.clone().serve_requests(lifecycle.stopping()));
    Ok(presences)
}
