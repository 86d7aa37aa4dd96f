//! The hub: receives what boxes send, keeps it, shows it.
//!
//! Reading order: a box's message comes in by the [`gateway`], passes the [`broker`], is judged by the [`ingest`]
//! and kept by the [`store`]; the [`projector`] follows the facts, the [`fleet`] knows the moment, [`http`] shows
//! both; [`operators`] tells people's programs. [`boxes`] and [`pki`] let boxes in. [`run`] puts them together, and nothing else knows them all.

pub mod alerts;
pub mod attendance;
pub mod backup;
pub mod blobs;
pub mod boxes;
pub mod broker;
pub mod clean_desk;
pub mod cli;
pub mod config;
pub mod connectors;
mod csv;
pub mod dead_man;
pub mod demo;
pub mod dispatch;
mod doors;
pub mod erasures;
pub mod fleet;
pub mod gateway;
pub mod home_assistant;
pub mod http;
pub mod imports;
pub mod ingest;
mod inside;
pub mod login;
pub mod machines;
pub mod mail;
pub mod operators;
pub mod pki;
pub mod presence;
pub mod projector;
mod qr;
pub mod rate;
pub mod releases;
pub mod replace;
pub mod retention;
pub mod rollout;
pub mod root;
pub mod shelf;
mod shelves;
pub mod store;
mod strangers;
pub mod text;
pub mod up;
pub mod webhook;
mod wiring;

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::mpsc;
use vigie_shared::clock::{Clock, SystemClock};
use vigie_shared::file::make_private_folder;
use vigie_shared::lifecycle::Lifecycle;

use crate::backup::FolderLock;
use crate::boxes::BoxesParts;
use crate::config::HubConfig;
pub use crate::doors::Addresses;
use crate::doors::Doors;
use crate::erasures::ErasureBook;
use crate::gateway::{Gateway, GatewayParts, StoreAccess};
use crate::http::{Admin, Invitation, serve};
use crate::inside::{Backstage, Inside, NOTES_MAX};
use crate::login::Logins;
use crate::login::first::{FirstLogin, first_start};
use crate::pki::Pki;
use crate::shelves::Shelves;
use crate::store::Store;
use crate::store::sqlite::Sqlite;
use crate::store::vault::Vault;

/// The key that seals secrets in the store, in the data folder, outside the database.
pub(crate) const STORE_KEY: &str = "store.key";

/// The folder of the hub's own CA and command key, in the data folder.
pub(crate) const PKI_FOLDER: &str = "pki";

/// A hub that runs.
pub struct Running {
    /// Where it listens.
    pub addresses: Addresses,
    /// The first account, if this start made it: shown once and kept nowhere.
    pub first_login: Option<FirstLogin>,
    /// What a demo's boxes reach, until they have it. Whoever holds it may still tell of the fleet, so the diary waits for them.
    pub(crate) backstage: Option<Backstage>,
    /// Nobody else works on the data folder meanwhile.
    _lock: FolderLock,
}

/// Starts a hub; it runs until the lifecycle stops.
///
/// # Errors
///
/// Words for people on what could not be started: a port is taken, the folder cannot be written….
pub async fn run(config: &HubConfig, lifecycle: &Lifecycle) -> anyhow::Result<Running> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new(|| true));
    make_private(&config.data)?;
    let door = serve::bind_socket(&serve::socket_path(&config.data))?;
    let doors = Doors::open(config).await?;
    let addresses = doors.addresses()?;

    let lock = FolderLock::take(&config.data)?;
    let store = open_store(&config.data)?;
    let erasures = ErasureBook::of(&config.data);
    erasures.apply(store.as_ref()).await.context("erase again who was erased before a restore")?;
    let first_login = first_start(store.as_ref(), clock.as_ref(), &config.data).await?;
    let pki = Arc::new(Pki::open(&config.data.join(PKI_FOLDER), clock.wall_ms()).context("open the hub's keys")?);
    pki.keep_renewed(Arc::clone(&clock), lifecycle);

    let inside = inside::start(config, (&store, &pki), &clock, lifecycle).await?;
    let gateway = start_gateway((doors.mqtt, config), &inside, (&store, &pki, &clock), lifecycle)?;

    let mut boxes_config = config.boxes.clone();
    boxes_config.mqtt_port = addresses.mqtt.port();
    let Shelves { blobs, media, releases } = Shelves::open(config, store.as_ref()).await?;
    let logins = Arc::new(Logins::new(Arc::clone(&store) as Arc<dyn Store>, Arc::clone(&clock)));
    let address = format!("{}:{}", config.boxes_host(), addresses.boxes.port());
    let boxes_parts = BoxesParts {
        config: boxes_config,
        pki: Arc::clone(&pki),
        address: address.clone(),
        store: Arc::clone(&store) as Arc<dyn Store>,
        logins: Arc::clone(&logins),
        blobs: blobs.clone(),
        media: media.clone(),
        releases: releases.clone(),
        clock: Arc::clone(&clock),
    };
    boxes::start(doors.boxes, boxes_parts, lifecycle)?;

    let admin = Admin::new(http::Parts {
        fleet: Arc::new(inside.board.clone()),
        dispatch: inside.dispatch,
        alerts: inside.alerts,
        rollouts: inside.rollouts,
        exchange: inside.exchange,
        presences: inside.presences,
        desk: inside.desk,
        blobs,
        media,
        releases,
        imports: Arc::new(imports::Door::new(Arc::clone(&pki), sites_of(&store), inside.importer)),
        revoker: Arc::new(wiring::Cut { gateway: gateway.clone(), board: inside.board }),
        readiness: wiring::start_readiness(config, inside.health.clone(), lifecycle)?,
        meters: Arc::new(wiring::Figures { gateway, ingest: inside.health, operators: inside.operators.clone() }),
        backup: Arc::new(wiring::Copies::of(config, &store, &clock)),
        rebuilder: inside.trail,
        tickets: Arc::new(wiring::CommandKey(Arc::clone(&pki))),
        erasures: Arc::new(erasures),
        retention: config.retention.clone(),
        silent_after: config.alerts.site_offline.after,
        clean_desk: config.clean_desk.words(),
        store,
        logins,
        clock,
        invitation: Invitation { address, ca_sha256: pki.ca_sha256() },
        is_tls: config.admin.is_tls(),
        is_demo: demo::is_demo(&config.data),
        stopping: lifecycle.stopping(),
    });
    let guests = home_assistant::Guests::welcome(&config.home_assistant, &pki.ca_sha256());
    inside.operators.open((doors.operators, pki.open_tls()?), admin.clone(), guests, lifecycle);
    wiring::open_machines_door(doors.machines, &config.machines, &admin, lifecycle)?;
    open_to_people(admin, (doors.admin, door), config, lifecycle)?;
    tell(addresses);
    let backstage = demo::is_demo(&config.data).then_some(inside.backstage);
    Ok(Running { addresses, first_login, backstage, _lock: lock })
}

/// Serves pages and API, and tells Home Assistant.
fn open_to_people(
    admin: Admin,
    (listener, door): (TcpListener, UnixListener),
    config: &HubConfig,
    lifecycle: &Lifecycle,
) -> anyhow::Result<()> {
    home_assistant::start(&config.home_assistant, &admin, lifecycle);
    let router = http::router(admin);
    serve::open_admin(listener, &config.admin, router.clone(), lifecycle)?;
    lifecycle.spawn("admin socket", serve::serve_socket(door, router, lifecycle.clone()));
    Ok(())
}

fn tell(Addresses { admin, boxes, mqtt, operators, machines }: Addresses) {
    tracing::info!(%admin, %boxes, %mqtt, %operators, ?machines, "the hub runs");
}

/// Lets boxes in, and those who want to know be told of it.
fn start_gateway(
    (listener, config): (TcpListener, &HubConfig),
    inside: &Inside,
    (store, pki, clock): (&Arc<Sqlite>, &Arc<Pki>, &Arc<dyn Clock>),
    lifecycle: &Lifecycle,
) -> anyhow::Result<Gateway> {
    let (events, event_queue) = mpsc::channel(NOTES_MAX);
    let parts = GatewayParts {
        config: config.gateway.clone(),
        tls: pki.mutual_tls()?,
        access: Arc::new(StoreAccess(sites_of(store))),
        backend: inside.backend.clone(),
        events,
        clock: Arc::clone(clock),
    };
    let told = (inside.board.clone(), inside.operators.clone());
    lifecycle.spawn("presence", wiring::watch_gateway(event_queue, told, Arc::clone(clock)));
    Ok(Gateway::start(listener, parts, lifecycle))
}

/// The database of a data folder.
pub(crate) fn open_store(data: &Path) -> anyhow::Result<Arc<Sqlite>> {
    let vault = Vault::open(&data.join(STORE_KEY))?;
    Ok(Arc::new(Sqlite::open(&data.join(backup::DATABASE), vault)?))
}

fn sites_of(store: &Arc<Sqlite>) -> Arc<dyn store::Sites + Send + Sync> {
    Arc::clone(store) as Arc<dyn store::Sites + Send + Sync>
}

/// The data folder holds keys and who was where: for the hub's user only.
fn make_private(folder: &Path) -> anyhow::Result<()> {
    make_private_folder(folder)
        .with_context(|| format!("make the data folder {}; is its parent writable for this user?", folder.display()))
}

/// The time zone of the hub's machine: that of a site of which nobody says another.
pub(crate) fn own_zone() -> String {
    jiff::tz::TimeZone::system().iana_name().unwrap_or("UTC").to_owned()
}
