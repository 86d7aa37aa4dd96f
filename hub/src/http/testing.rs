//! A stage for the handlers' tests: the store in memory, a clock that stands still, a fleet that is
//! told what to be, and one account per role.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, header};
use tokio_util::sync::CancellationToken;
use vigie_shared::clock::ManualClock;
use vigie_shared::id::BootId;
use vigie_shared::units::ms;
use vigie_shared::wire::Stamp;

use self::ask::Ask;
use self::doubles::{
    Cuts, Nobody, Obstacles, OneKey, OneMeter, PaperBackup, Remembered, ToldFleet, ToldImports, ToldRebuild,
};
use super::{Admin, Invitation, Parts, router};
use crate::alerts::driver::tests::Recorder;
use crate::alerts::driver::{self as lookout, Lookout};
use crate::alerts::rules::AlertsConfig;
use crate::blobs::Blobs;
use crate::clean_desk::message::Words;
use crate::connectors::config::ConnectorsConfig;
use crate::connectors::driver::{self, Exchange};
use crate::dispatch::driver::Dispatch;
use crate::login::{Logins, secret};
use crate::mail::config::{MailConfig, Recipient};
use crate::mail::desk::{self, Desk};
use crate::mail::letters::storage::Limits;
use crate::presence::config::PresenceConfig;
use crate::presence::driver::{self as presence, Presences};
use crate::presence::spaceapi::Space;
use crate::retention::RetentionConfig;
use crate::rollout::driver::Rollouts;
use crate::shelf::{Shelf, ShelfConfig};
use crate::store::Store;
use crate::store::accounts::{Account, Credential, CredentialKind, Role, Scope};
use crate::store::memory::Memory;
use crate::text::Lang;
use crate::webhook::WebhooksConfig;

mod ask;
mod clocks;
mod crowd;
pub(crate) mod doubles;
pub(crate) mod exchanges;
mod history;
pub(crate) mod schema;
mod world;

pub(crate) use self::ask::{Answer, Session};
pub(crate) use self::history::{device, heartbeat, live};

/// 2026-11-20T14:05:00Z.
pub(crate) const NOW: i64 = 1_795_183_500_000;

/// How long the stage's tokens hold: longer than any test lets pass.
pub(crate) const TOKENS_LAST: Duration = Duration::from_secs(10 * 366 * 86_400);
/// The password of every account on the stage.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// The person that the member's account belongs to.
pub(crate) const OWN: &str = "ama";

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    Anonymous,
    Token(Role),
    /// The local unix socket.
    Socket,
}

/// Everything a handler needs.
pub(crate) struct Stage {
    pub(crate) admin: Admin,
    pub(crate) store: Arc<dyn Store>,
    /// The same store, to make it fail.
    pub(crate) memory: Arc<Memory>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) fleet: Arc<ToldFleet>,
    pub(crate) cut: Arc<Cuts>,
    pub(crate) obstacles: Arc<Obstacles>,
    pub(crate) rebuild: Arc<ToldRebuild>,
    pub(crate) erasures: Arc<Remembered>,
    pub(crate) imports: Arc<ToldImports>,
    pub(crate) stopping: CancellationToken,
    router: Router,
    _folder: tempfile::TempDir,
}

impl Stage {
    /// An empty hub with one account per role.
    pub(crate) async fn new() -> Self {
        Self::with_tls(false).await
    }

    pub(crate) async fn with_tls(is_tls: bool) -> Self {
        let memory = Arc::new(Memory::default());
        let store: Arc<dyn Store> = memory.clone();
        let stamp = Stamp { boot: BootId([7; 16]), uptime_ms: 1000, wall_ms: NOW, is_synced: true };
        let (clock, fleet) = (Arc::new(ManualClock::new(stamp)), Arc::new(ToldFleet::default()));
        let (cut, obstacles, erasures) =
            (Arc::new(Cuts::default()), Arc::new(Obstacles::default()), Arc::new(Remembered::default()));
        let (stopping, rebuild) = (CancellationToken::new(), Arc::new(ToldRebuild::default()));
        let (folder, imports) = (tempfile::tempdir().unwrap(), Arc::new(ToldImports::default()));
        let shelf = |name| Shelf::open(folder.path().join(name), ShelfConfig::default()).unwrap();
        let dispatch = Dispatch::default();
        let rollouts = Rollouts::new(store.clone(), fleet.clone(), dispatch.clone(), clock.clone());
        let exchange = Exchange::new(driver::Parts {
            store: store.clone(),
            web: Arc::new(Nobody),
            clock: clock.clone(),
            config: ConnectorsConfig::default(),
        });
        let parts = (store.clone(), exchange.clone(), fleet.clone(), clock.clone());
        let presences = presences(parts, folder.path());
        let admin = Admin::new(Parts {
            store: store.clone(),
            logins: Arc::new(Logins::new(store.clone(), clock.clone())),
            clock: clock.clone(),
            fleet: fleet.clone(),
            dispatch,
            alerts: lookout(&store, &fleet, &clock),
            rollouts,
            exchange,
            presences,
            desk: desk(store.clone(), clock.clone()),
            blobs: Blobs::new(std::env::temp_dir().join("no-blobs")),
            media: shelf("media"),
            releases: shelf("releases"),
            imports: imports.clone(),
            revoker: cut.clone(),
            readiness: obstacles.clone(),
            meters: Arc::new(OneMeter),
            backup: Arc::new(PaperBackup),
            rebuilder: rebuild.clone(),
            tickets: Arc::new(OneKey::default()),
            erasures: erasures.clone(),
            retention: RetentionConfig::default(),
            silent_after: AlertsConfig::default().site_offline.after,
            clean_desk: Words::usual(Lang::Fr),
            invitation: Invitation { address: "hub.example.org:8443".to_owned(), ca_sha256: [3; 32] },
            is_tls,
            is_demo: false,
            stopping: stopping.clone(),
        });
        let router = router(admin.clone());
        let stage = Self {
            admin,
            store,
            memory,
            clock,
            fleet,
            cut,
            obstacles,
            rebuild,
            erasures,
            imports,
            stopping,
            router,
            _folder: folder,
        };
        stage.add_accounts().await;
        stage
    }

    async fn add_accounts(&self) {
        for role in [Role::Member, Role::Viewer, Role::Operator, Role::Owner] {
            self.add_account(role).await;
        }
    }

    async fn add_account(&self, role: Role) {
        let name = super::guard::word(role).to_owned();
        let credential = Credential {
            secret_sha256: secret::sha256(token(role).as_bytes()),
            kind: CredentialKind::Token,
            account: name.clone(),
            label: "stage".to_owned(),
            role: Role::Owner,
            created_ms: NOW,
            expires_ms: NOW + ms(TOKENS_LAST),
            scope: Scope::default(),
            used_ms: None,
        };
        let person = (role == Role::Member).then(|| OWN.to_owned());
        let account = Account { name, password_hash: phc(), role, created_ms: NOW, person, email: None };
        self.store.put_account(&account).await.unwrap();
        self.store.add_credential(&credential).await.unwrap();
    }

    /// A browser that is logged in with an account's password.
    pub(crate) async fn log_in(&self, account: &str) -> Session {
        let body = serde_json::json!({ "account": account, "password": PASSWORD });
        let answer = self.post("/api/v1/login").json(&body).send().await;
        Session { cookie: answer.cookie(), csrf: answer.json()["csrf"].as_str().unwrap().to_owned() }
    }

    /// A request.
    pub(crate) fn request(&self, method: Method, path: &str) -> Ask<'_> {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "hub.local:8080".parse().unwrap());
        Ask { stage: self, method, path: path.to_owned(), headers, who: Who::Anonymous, body: Body::empty() }
    }

    pub(crate) fn get(&self, path: &str) -> Ask<'_> {
        self.request(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str) -> Ask<'_> {
        self.request(Method::POST, path)
    }
}

/// Looks out when it is told to, and tells nobody.
fn lookout(store: &Arc<dyn Store>, fleet: &Arc<ToldFleet>, clock: &Arc<ManualClock>) -> Lookout {
    let nobody = Arc::new(Recorder::default());
    Lookout::new(lookout::Parts {
        store: store.clone(),
        fleet: fleet.clone(),
        notifier: nobody.clone(),
        listener: nobody,
        clock: clock.clone(),
        config: AlertsConfig::default(),
    })
}

/// Presence of a space that its owner described.
fn presences(
    (store, exchange, fleet, clock): (Arc<dyn Store>, Exchange, Arc<ToldFleet>, Arc<ManualClock>),
    folder: &std::path::Path,
) -> Presences {
    let space = Space { space: "Coworking".to_owned(), ..Space::default() };
    let config = PresenceConfig { space: Some(space), ..PresenceConfig::default() };
    let folder = folder.join("presence-requests");
    Presences::new(presence::Parts { store, exchange, fleet, clock, config, folder }).unwrap()
}

/// A desk that writes to one person.
fn desk(store: Arc<dyn Store>, clock: Arc<ManualClock>) -> Desk {
    let mail = MailConfig {
        server: Some("localhost".to_owned()),
        from: "Vigie <vigie@example.org>".parse().ok(),
        dashboard: Some("https://vigie.example.org/".to_owned()),
        recipients: vec![Recipient::new("anna@example.org".parse().unwrap())],
        ..MailConfig::default()
    };
    let webhooks = WebhooksConfig::default();
    Desk::new(desk::Parts { store, clock, mail, webhooks, machines: None, limits: Limits::default() }).unwrap()
}

/// The token of a role's account.
pub(crate) fn token(role: Role) -> String {
    format!("vgt_{}", super::guard::word(role))
}

/// Hashing takes time: once for all tests of a process.
fn phc() -> String {
    static PHC: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    PHC.get_or_init(|| crate::login::password::hash(PASSWORD).unwrap()).clone()
}
