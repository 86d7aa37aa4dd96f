//! A stage for the handlers' tests: the store in memory, a clock that stands still, a fleet that is
//! told what to be, and one account per role.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use vigie_shared::clock::ManualClock;
use vigie_shared::id::{BootId, QueueId, SiteId};
use vigie_shared::wire::reading::{AgentUse, Disk, HostSample};
use vigie_shared::wire::{Heartbeat, Lane, LaneDepth, Stamp};

use super::ports::{Backup, BackupMade, FleetView, Meters, Metric, MetricKind, Readiness, Rebuilder, Revoker};
use super::{Admin, Invitation, Parts, router};
use crate::fleet::{BoxNow, Connection};
use crate::login::secret;
use crate::projector::driver::Rebuild;
use crate::store::Store;
use crate::store::accounts::{Account, Credential, CredentialKind, Role};
use crate::store::diary::{Entry, Level};
use crate::store::facts::{Commit, Gap, GapReason, QueueState};
use crate::store::memory::Memory;
use crate::store::projections::{Cursor, Derived, Device, DeviceKind, MetricSample, Step};
use crate::store::sites::Site;

/// 2026-11-20T14:05:00Z.
pub(crate) const NOW: i64 = 1_795_183_500_000;
/// The password of every account on the stage.
pub(crate) const PASSWORD: &str = "correct horse battery";

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
    pub(crate) stopping: CancellationToken,
    router: Router,
}

impl Stage {
    /// An empty hub with three accounts.
    pub(crate) async fn new() -> Self {
        Self::with_tls(false).await
    }

    pub(crate) async fn with_tls(is_tls: bool) -> Self {
        let memory = Arc::new(Memory::default());
        let store: Arc<dyn Store> = memory.clone();
        let stamp = Stamp { boot: BootId([7; 16]), uptime_ms: 1000, wall_ms: NOW, is_synced: true };
        let (clock, fleet) = (Arc::new(ManualClock::new(stamp)), Arc::new(ToldFleet::default()));
        let (cut, obstacles) = (Arc::new(Cuts::default()), Arc::new(Obstacles::default()));
        let (stopping, rebuild) = (CancellationToken::new(), Arc::new(ToldRebuild::default()));
        let admin = Admin::new(Parts {
            store: store.clone(),
            clock: clock.clone(),
            fleet: fleet.clone(),
            revoker: cut.clone(),
            readiness: obstacles.clone(),
            meters: Arc::new(OneMeter),
            backup: Arc::new(PaperBackup),
            rebuilder: rebuild.clone(),
            invitation: Invitation { address: "hub.example.org:8443".to_owned(), ca_sha256: [3; 32] },
            is_tls,
            stopping: stopping.clone(),
        });
        let router = router(admin.clone());
        let stage = Self { admin, store, memory, clock, fleet, cut, obstacles, rebuild, stopping, router };
        for role in [Role::Viewer, Role::Operator, Role::Owner] {
            stage.add_account(role).await;
        }
        stage
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
            expires_ms: NOW + 3_600_000,
        };
        let account = Account { name, password_hash: phc(), role, created_ms: NOW };
        self.store.put_account(&account).await.unwrap();
        self.store.add_credential(&credential).await.unwrap();
    }

    /// Adds a site with everything that a page can show.
    pub(crate) async fn add_site(&self, id: &str, name: &str) -> SiteId {
        let id: SiteId = id.parse().unwrap();
        let site = Site {
            id: id.clone(),
            name: name.to_owned(),
            zone: "Europe/Paris".to_owned(),
            created_ms: NOW - 86_400_000,
            revoked_ms: None,
        };
        self.store.add_site(&site).await.unwrap();
        id
    }

    /// Lets a site's box deliver, drop two records, see a device and raise an alarm.
    pub(crate) async fn add_history(&self, site: &SiteId) {
        let (lane, queue) = (Lane::Telemetry, QueueId([1; 16]));
        let state = QueueState { site: site.clone(), lane, queue, through: 10, born_ms: NOW - 7_200_000 };
        let gap = Gap {
            site: site.clone(),
            lane,
            queue,
            from: 4,
            to: 5,
            reason: GapReason::Dropped,
            noticed_ms: NOW - 3_600_000,
        };
        let commit = Commit { gaps: vec![gap], queues: vec![state], received_ms: NOW, ..Commit::default() };
        self.store.commit(Arc::new(commit)).await.unwrap();
        let cursor = Cursor { site: site.clone(), lane, queue, through: 10, complete_ms: Some(NOW - 60_000) };
        let sample = |minutes: i64| {
            let host = HostSample { cpu_permille: 120, ..heartbeat().host };
            dated((site.clone(), MetricSample { at_ms: NOW - minutes * 60_000, is_dated: true, host }))
        };
        let step = Step {
            devices: vec![dated(device(site, "aa"))],
            metrics: vec![sample(11), sample(6), sample(1)],
            cursors: vec![dated(cursor)],
            ..Step::default()
        };
        self.store.apply(step).await.unwrap();
        let entry = Entry {
            at_ms: NOW - 60_000,
            site: Some(site.clone()),
            level: Level::Alarm,
            kind: "lane_dropped".to_owned(),
            text: "The box dropped 2 records. The rest is safe. Enlarge its quota.".to_owned(),
        };
        self.store.write(&entry).await.unwrap();
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

/// A request in the making.
pub(crate) struct Ask<'a> {
    stage: &'a Stage,
    method: Method,
    path: String,
    headers: HeaderMap,
    who: Who,
    body: Body,
}

impl Ask<'_> {
    pub(crate) fn by(mut self, who: Who) -> Self {
        self.who = who;
        self
    }

    pub(crate) fn role(self, role: Role) -> Self {
        self.by(Who::Token(role))
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, value.parse().unwrap());
        self
    }

    pub(crate) fn json(self, body: &serde_json::Value) -> Self {
        self.bytes("application/json", body.to_string().into_bytes())
    }

    pub(crate) fn form(self, body: &str) -> Self {
        self.bytes("application/x-www-form-urlencoded", body.as_bytes().to_vec())
    }

    pub(crate) fn bytes(mut self, kind: &'static str, body: Vec<u8>) -> Self {
        self.body = Body::from(body);
        self.header("content-type", kind)
    }

    /// From one of our own pages.
    pub(crate) fn own(self) -> Self {
        self.header("origin", "http://hub.local:8080")
    }

    pub(crate) async fn send(self) -> Answer {
        let answer = self.open().await;
        let (head, body) = answer.into_parts();
        let bytes = to_bytes(body, 16 << 20).await.unwrap();
        Answer { status: head.status, headers: head.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    /// The answer with its body still to come.
    pub(crate) async fn open(mut self) -> axum::response::Response {
        use super::guard::Peer;
        if let Who::Token(role) = self.who {
            let value = format!("Bearer {}", token(role));
            self.headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        }
        let mut request = Request::builder().method(self.method).uri(self.path).body(self.body).unwrap();
        *request.headers_mut() = self.headers;
        let peer = if self.who == Who::Socket { Peer::Socket } else { Peer::Address([192, 0, 2, 1].into()) };
        request.extensions_mut().insert(peer);
        self.stage.router.clone().oneshot(request).await.unwrap()
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The `code` of a problem.
    pub(crate) fn code(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        self.json()["code"].as_str().unwrap().to_owned()
    }

    /// The cookie that was set, as a browser sends it back.
    pub(crate) fn cookie(&self) -> String {
        self.header("set-cookie").split(';').next().unwrap_or_default().to_owned()
    }
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

fn dated<T>(value: T) -> Derived<T> {
    Derived { value, undated: None }
}

/// A passing device.
pub(crate) fn device(site: &SiteId, id: &str) -> Device {
    Device {
        site: site.clone(),
        id: id.repeat(16),
        kind: DeviceKind::Passing,
        ip: None,
        name: None,
        first_seen_ms: NOW - 3_600_000,
        last_seen_ms: NOW - 120_000,
        sightings: 12,
        sources: 0b11,
        flags: 1,
    }
}

/// A pulse in which nothing is wrong.
pub(crate) fn heartbeat() -> Heartbeat {
    let host = HostSample {
        cpu_permille: 73,
        load_milli: 420,
        memory_total_bytes: 1 << 30,
        memory_available_bytes: 700 << 20,
        temperature_milli_c: Some(51_300),
        uptime_s: 100_000,
        disks: vec![Disk { mount: "/".to_owned(), total_bytes: 32_000_000_000, available_bytes: 20_000_000_000 }],
        links: Vec::new(),
        agent: AgentUse { pss_bytes: 7_900_000, written_bytes: 1_000_000, cpu_ms: 900 },
    };
    let lane = LaneDepth {
        lane: Lane::Observations,
        queue: QueueId([2; 16]),
        waiting: 3,
        bytes: 4096,
        dropped: 0,
        oldest_s: 12,
    };
    let stamp = Stamp { boot: BootId([7; 16]), uptime_ms: 100_000_000, wall_ms: NOW - 5000, is_synced: true };
    Heartbeat { stamp, host, lanes: vec![lane] }
}

/// A box that was just heard.
pub(crate) fn live() -> BoxNow {
    BoxNow {
        connection: Some(Connection { id: 1, peer: "192.0.2.7:50000".to_owned(), since_ms: NOW - 600_000 }),
        heard_ms: Some(NOW - 5000),
        version: Some("0.1.0".to_owned()),
        heartbeat: Some(heartbeat()),
        is_cloned: false,
    }
}

/// A fleet that is what it was told to be.
pub(crate) struct ToldFleet {
    sites: Mutex<BTreeMap<SiteId, BoxNow>>,
    changes: broadcast::Sender<SiteId>,
}

impl Default for ToldFleet {
    fn default() -> Self {
        Self { sites: Mutex::default(), changes: broadcast::Sender::new(16) }
    }
}

impl ToldFleet {
    pub(crate) fn tell(&self, site: &SiteId, live: BoxNow) {
        self.sites.lock().unwrap().insert(site.clone(), live);
        // Nobody may be listening.
        drop(self.changes.send(site.clone()));
    }
}

impl FleetView for ToldFleet {
    fn snapshot(&self) -> BTreeMap<SiteId, BoxNow> {
        self.sites.lock().unwrap().clone()
    }

    fn site(&self, id: &SiteId) -> BoxNow {
        self.snapshot().remove(id).unwrap_or_default()
    }

    fn changes(&self) -> broadcast::Receiver<SiteId> {
        self.changes.subscribe()
    }
}

/// Which sites were cut.
#[derive(Default)]
pub(crate) struct Cuts(pub(crate) Mutex<Vec<SiteId>>);

impl Revoker for Cuts {
    fn cut(&self, site: &SiteId) {
        self.0.lock().unwrap().push(site.clone());
    }
}

/// What is said to be not ready.
#[derive(Default)]
pub(crate) struct Obstacles(pub(crate) Mutex<Vec<String>>);

#[async_trait]
impl Readiness for Obstacles {
    async fn obstacles(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

/// A rebuild that is as far as it was told.
#[derive(Default)]
pub(crate) struct ToldRebuild(Mutex<Rebuild>);

impl ToldRebuild {
    pub(crate) fn end(&self, total: u64) {
        *self.0.lock().unwrap() = Rebuild { is_running: false, done: total, total };
    }
}

impl Rebuilder for ToldRebuild {
    fn start(&self) -> Rebuild {
        let mut rebuild = self.0.lock().unwrap();
        rebuild.is_running = true;
        *rebuild
    }

    fn progress(&self) -> Rebuild {
        *self.0.lock().unwrap()
    }
}

struct OneMeter;

impl Meters for OneMeter {
    fn read(&self) -> Vec<Metric> {
        vec![Metric::plain("vigie_ingest_records_total", "New records taken.", MetricKind::Counter, 42.0)]
    }
}

struct PaperBackup;

#[async_trait]
impl Backup for PaperBackup {
    async fn backup(&self, with_keys: bool) -> anyhow::Result<BackupMade> {
        let name = if with_keys { "with-keys" } else { "a.vigie" };
        Ok(BackupMade { path: PathBuf::from("/var/lib/vigie/backups").join(name), size_bytes: 1234 })
    }
}
