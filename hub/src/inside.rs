//! The parts behind the doors, put together: what takes what boxes send, what follows the facts, what tells people.

use std::sync::Arc;

use anyhow::Context as _;
use tokio::sync::mpsc;
use vigie_shared::clock::Clock;
use vigie_shared::lifecycle::Lifecycle;

use crate::alerts::driver::Lookout;
use crate::broker::{self, Broker};
use crate::config::HubConfig;
use crate::connectors::driver::Exchange;
use crate::dispatch::driver::Dispatch;
use crate::fleet::Board;
use crate::ingest::driver::{Downlink, Driver, HealthView, Importer, Message, Onlooker, Parts};
use crate::mail::desk::Desk;
use crate::operators::Operators;
use crate::pki::Pki;
use crate::presence::driver::Presences;
use crate::projector::driver::{Projector, Trail};
use crate::rollout::driver::Rollouts;
use crate::store::Store;
use crate::store::sqlite::Sqlite;
use crate::{attendance, dispatch, retention, wiring};

/// Messages on their way to the ingest, up to 32 KiB each.
const MESSAGES_MAX: usize = 256;

/// Connections that came or went and entries for the diary that wait to be noted.
pub(crate) const NOTES_MAX: usize = 1024;

/// The parts behind the doors.
pub(crate) struct Inside {
    /// Where the gateway hands over what boxes say.
    pub(crate) backend: broker::Backend,
    /// Who is connected, and how boxes are at this moment.
    pub(crate) board: Board,
    /// Whom programs of people listen to.
    pub(crate) operators: Operators,
    /// Sends commands.
    pub(crate) dispatch: Dispatch,
    /// What is wrong in the fleet.
    pub(crate) alerts: Lookout,
    /// Brings releases to boxes.
    pub(crate) rollouts: Rollouts,
    /// Talks to third parties.
    pub(crate) exchange: Exchange,
    /// Who was there, who is there.
    pub(crate) presences: Presences,
    /// Writes letters.
    pub(crate) desk: Desk,
    /// What the demo's boxes reach.
    pub(crate) backstage: Backstage,
    /// How the ingest is.
    pub(crate) health: HealthView,
    /// Takes what came by stick.
    pub(crate) importer: Importer,
    /// How far the projections are.
    pub(crate) trail: Arc<Trail>,
}

/// What whoever plays boxes in the same process reaches: no network is between.
#[derive(Clone)]
pub(crate) struct Backstage {
    /// What the hub keeps.
    pub(crate) store: Arc<dyn Store>,
    /// Where boxes' messages go; whoever may speak keeps nobody from stopping.
    pub(crate) messages: mpsc::WeakSender<Message>,
    /// Who is connected.
    pub(crate) board: Board,
    /// What is wrong in the fleet.
    pub(crate) alerts: Lookout,
}

/// Starts them, each after those that it needs.
///
/// # Errors
///
/// Words for people on what could not be started.
pub(crate) async fn start(
    config: &HubConfig,
    (store, pki): (&Arc<Sqlite>, &Arc<Pki>),
    clock: &Arc<dyn Clock>,
    lifecycle: &Lifecycle,
) -> anyhow::Result<Inside> {
    let store: Arc<dyn Store> = Arc::clone(store) as Arc<dyn Store>;
    let (alarms, alarm_queue) = mpsc::channel(NOTES_MAX);
    let board = Board::new(alarms);
    let operators = Operators::new(config.operators.clone());
    lifecycle.spawn("diary", wiring::keep_diary(alarm_queue, Arc::clone(&store), operators.clone()));

    let Broker { uplink, downlink, backend } = Broker::start(&config.broker, lifecycle).await?;
    let downlink: Arc<dyn Downlink> = Arc::new(wiring::Answers(downlink));
    let dispatch = start_dispatch((&store, pki, &board), &downlink, clock, lifecycle);
    let rollouts = Rollouts::new(Arc::clone(&store), Arc::new(board.clone()), dispatch.clone(), Arc::clone(clock));
    lifecycle.spawn("rollouts", rollouts.clone().run(lifecycle.stopping()));

    wiring::start_clean_desk(config, (&store, &dispatch), clock, lifecycle)?;
    let exchange = wiring::start_connectors(&config.connectors, &store, clock, lifecycle)?;
    let presences = wiring::start_presence(config, (&store, &exchange, &board), clock, lifecycle)?;
    let desk = wiring::start_mail(config, &store, clock, lifecycle)?;
    let fleet = (&store, &board, &operators);
    let alerts = wiring::start_alerts(&config.alerts, fleet, Arc::new(desk.clone()), clock, lifecycle);

    let trail = Arc::new(Trail::default());
    let onlookers: Vec<Arc<dyn Onlooker>> = vec![
        Arc::new(board.clone()),
        Arc::clone(&trail) as Arc<dyn Onlooker>,
        Arc::new(dispatch.clone()),
        Arc::new(operators.clone()),
    ];
    let parts = Parts { store: Arc::clone(&store), downlink, onlookers, clock: Arc::clone(clock) };
    let (health, importer, messages) = start_ingest(parts, uplink, lifecycle).await?;

    let projector = Projector::start(Arc::clone(&store), Arc::clone(&trail)).await;
    let projector = projector.context("read how far the projections are")?;
    let projector = projector.telling(Arc::new(dispatch.clone())).telling(Arc::new(operators.clone()));
    let projector = projector.telling(Arc::new(exchange.clone()));
    lifecycle.spawn("projector", projector.run(chance(), lifecycle.stopping()));
    keep_in_order(config, (&store, &board, &trail), clock, lifecycle);
    let backstage = Backstage { store, messages, board: board.clone(), alerts: alerts.clone() };
    Ok(Inside {
        backend,
        board,
        operators,
        dispatch,
        alerts,
        rollouts,
        exchange,
        presences,
        desk,
        backstage,
        health,
        importer,
        trail,
    })
}

/// Different on each start, so that hubs do not try again in step.
fn chance() -> u64 {
    u64::from(std::process::id())
}

fn start_dispatch(
    (store, pki, board): (&Arc<dyn Store>, &Arc<Pki>, &Board),
    downlink: &Arc<dyn Downlink>,
    clock: &Arc<dyn Clock>,
    lifecycle: &Lifecycle,
) -> Dispatch {
    let dispatch = Dispatch::default();
    let parts = dispatch::driver::Parts {
        store: Arc::clone(store),
        pki: Arc::clone(pki),
        downlink: Arc::clone(downlink),
        board: board.clone(),
        clock: Arc::clone(clock),
    };
    let sender = dispatch::driver::Driver::new(parts, dispatch.clone());
    lifecycle.spawn("dispatch", sender.run(lifecycle.stopping()));
    dispatch
}

/// Takes what comes from the broker, in order, into the store.
async fn start_ingest(
    parts: Parts,
    uplink: std::sync::mpsc::Receiver<broker::Message>,
    lifecycle: &Lifecycle,
) -> anyhow::Result<(HealthView, Importer, mpsc::WeakSender<Message>)> {
    let mut driver = Driver::start(parts, chance()).await.context("read how far every queue is")?;
    let views = (driver.health(), driver.importer());
    let (messages, message_queue) = mpsc::channel(MESSAGES_MAX);
    let backstage = messages.downgrade();
    lifecycle.spawn_thread("messages", move || {
        wiring::pass_on(&uplink, &messages);
        Ok(())
    })?;
    let (runtime, stopping) = (tokio::runtime::Handle::current(), lifecycle.stopping());
    lifecycle.spawn_thread("ingest", move || runtime.block_on(driver.run(message_queue, stopping)))?;
    let (health, importer) = views;
    Ok((health, importer, backstage))
}

/// Forgets what is old, closes days.
fn keep_in_order(
    config: &HubConfig,
    (store, board, trail): (&Arc<dyn Store>, &Board, &Arc<Trail>),
    clock: &Arc<dyn Clock>,
    lifecycle: &Lifecycle,
) {
    let hours = (Arc::clone(clock), trail.rebuilt());
    let keep = retention::run(Arc::clone(store), config.retention.clone(), hours, lifecycle.stopping());
    lifecycle.spawn("retention", keep);
    let closing = attendance::driver::run(Arc::clone(store), board.clone(), Arc::clone(clock), lifecycle.stopping());
    lifecycle.spawn("attendance", closing);
}
