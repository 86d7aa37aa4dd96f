//! One connector with its hub and its HR system, on a clock that tests move.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use vigie_hub::attendance::row::{self, Arrived};
use vigie_hub::connectors::auth::AuthKind;
use vigie_hub::connectors::config::ConnectorsConfig;
use vigie_hub::connectors::driver::{Exchange, Occasion, Parts, Report};
use vigie_hub::connectors::guard::Allowed;
use vigie_hub::connectors::job::{Job, JobState};
use vigie_hub::connectors::mapping::Rate;
use vigie_hub::connectors::settings::{AuthChoice, Connector, MappingChoice, Standing};
use vigie_hub::connectors::web::Client;
use vigie_hub::store::jobs::JobFilter;
use vigie_hub::store::projections::{Derived, Step};
use vigie_hub::store::{Connectors as _, Jobs as _, Memory, Projections as _};
use vigie_shared::clock::{Clock as _, ManualClock};
use vigie_shared::id::BootId;
use vigie_shared::lifecycle::Lifecycle;
use vigie_shared::wire::Stamp;
use vigie_shared::wire::reading::{LogOrigin, LogRow, TerminalLog};
use vigie_tests::hr::dialect::Dialect;
use vigie_tests::hr::door::Access;
use vigie_tests::hr::{HrServer, Setup};

/// The connector's name.
pub(super) const NAME: &str = "hr";

/// When the clock begins, in the evening of a working day.
pub(super) const EVENING: &str = "2031-05-06T20:00:00Z";

/// Longer than the longest wait between tries.
pub(super) const PAUSE: Duration = Duration::from_secs(10);

/// Rounds after which everything that can arrive has arrived.
const ROUNDS_MAX: usize = 60;

/// A mapping that comes with the hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shipped {
    Default,
    Erpnext,
    Odoo,
    Kimai,
}

/// Which way somebody goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    In = 0,
    Out = 1,
}

impl Shipped {
    /// An HR system of that kind with people of the numbers 1 to `people`.
    pub(super) fn system(self, people: u64) -> Setup {
        let (dialect, access) = match self {
            Self::Default => (Dialect::Plain, Access::bearer("K")),
            Self::Erpnext => {
                let (name, value) = ("authorization".to_owned(), "token K:S".to_owned());
                (Dialect::Erpnext, Access::Header { name, value })
            }
            Self::Odoo => (Dialect::Odoo, Access::bearer("K")),
            Self::Kimai => (Dialect::Kimai, Access::bearer("K")),
        };
        Setup { dialect, access, people, ..Setup::default() }
    }

    /// What a request about that person holds.
    pub(super) fn words(self, person: u64) -> String {
        match self {
            Self::Default => format!("\"enrollid\":{person},"),
            Self::Erpnext => format!("\"employee_field_value\":\"{person}\""),
            Self::Odoo => format!("\"employee_id\":{}", 1000 + person),
            Self::Kimai => format!("\"user\":{}", 1000 + person),
        }
    }

    /// What the first request about that person's coming holds.
    pub(super) fn words_of_in(self, person: u64) -> String {
        match self {
            Self::Default => format!("\"enrollid\":{person},\"event\":0,\"inout\":0"),
            Self::Erpnext => format!("\"employee_field_value\":\"{person}\",\"log_type\":\"IN\""),
            Self::Odoo | Self::Kimai => self.words(person),
        }
    }

    /// The connector and its secrets.
    fn connector(self, base: &str) -> (Connector, BTreeMap<String, Option<String>>) {
        let texts = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let (name, cfg, secrets, auth) = match self {
            Self::Default => {
                let cfg = texts(&[("users_endpoint", "/users"), ("attendance_endpoint", "/attendance")]);
                let auth = Some(AuthChoice { kind: AuthKind::Bearer, header: None });
                ("default", cfg, texts(&[("token", "K")]), auth)
            }
            Self::Erpnext => ("erpnext", texts(&[]), texts(&[("key", "K"), ("secret", "S")]), None),
            Self::Odoo => ("odoo", texts(&[]), texts(&[("api_key", "K")]), None),
            Self::Kimai => ("kimai", texts(&[("project", "1"), ("activity", "2")]), texts(&[("token", "K")]), None),
        };
        let mapping = MappingChoice::Shipped(name.to_owned());
        let secrets = secrets.into_iter().map(|(name, value)| (name, Some(value))).collect();
        (Connector { auth, cfg, ..connector(mapping, base) }, secrets)
    }
}

/// A connector that sends at once, as fast as it can, everything that there ever was.
fn connector(mapping: MappingChoice, base: &str) -> Connector {
    Connector {
        name: NAME.to_owned(),
        mapping,
        base: Some(base.to_owned()),
        zone: None,
        auth: None,
        cfg: BTreeMap::new(),
        interval_ms: None,
        batch_max: None,
        timeout_ms: Some(20_000),
        rate: Some(Rate { count: 1_000_000, seconds: 1 }),
        is_on: true,
        start_at_ms: 0,
        terminals: Vec::new(),
        numbers: BTreeMap::new(),
        created_ms: 0,
    }
}

/// A connector at work.
pub(super) struct Desk {
    pub(super) hr: HrServer,
    pub(super) exchange: Exchange,
    pub(super) store: Arc<Memory>,
    pub(super) clock: Arc<ManualClock>,
    pub(super) lifecycle: Lifecycle,
    zone: &'static str,
}

impl Desk {
    /// A connector with a mapping of the hub to a system with twenty people.
    pub(super) async fn open(shipped: Shipped) -> Self {
        Self::with(shipped, shipped.system(20), |_| {}).await
    }

    /// The same with another system or other settings.
    pub(super) async fn with(shipped: Shipped, setup: Setup, change: impl FnOnce(&mut Connector)) -> Self {
        let lifecycle = Lifecycle::new();
        let hr = HrServer::start(setup, &lifecycle).await.unwrap();
        let (mut connector, secrets) = shipped.connector(hr.base());
        change(&mut connector);
        Self::at((hr, lifecycle), connector, secrets).await
    }

    /// A connector with a mapping of its own.
    pub(super) async fn own(mapping: &str, setup: Setup, secrets: &[(&str, &str)]) -> Self {
        let lifecycle = Lifecycle::new();
        let hr = HrServer::start(setup, &lifecycle).await.unwrap();
        let choice = MappingChoice::Own("own.toml".to_owned(), mapping.to_owned());
        let connector = connector(choice, hr.base());
        let secrets = secrets.iter().map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned()))).collect();
        Self::at((hr, lifecycle), connector, secrets).await
    }

    async fn at(
        (hr, lifecycle): (HrServer, Lifecycle),
        connector: Connector,
        secrets: BTreeMap<String, Option<String>>,
    ) -> Self {
        // The client wants a provider even where no TLS is spoken; a second installation keeps the first.
        drop(rustls::crypto::ring::default_provider().install_default());
        let wall_ms = moment_ms(EVENING);
        let clock =
            Arc::new(ManualClock::new(Stamp { boot: BootId::random(), uptime_ms: 0, wall_ms, is_synced: true }));
        let store: Arc<Memory> = Arc::default();
        store.add_connector(&connector).await.unwrap();
        store.put_connector_secrets(NAME, &secrets).await.unwrap();
        let web = Arc::new(Client::new(Allowed::read(&["localhost".to_owned()]).unwrap()).unwrap());
        let config = ConnectorsConfig {
            retry_min: Duration::from_millis(100),
            retry_max: Duration::from_secs(1),
            people_every: Duration::from_secs(24 * 60 * 60),
            ..ConnectorsConfig::default()
        };
        let exchange = Exchange::new(Parts { store: store.clone(), web, clock: clock.clone(), config });
        Self { hr, exchange, store, clock, lifecycle, zone: "UTC" }
    }

    /// Its terminal stands in that zone.
    pub(super) fn in_zone(mut self, zone: &'static str) -> Self {
        self.zone = zone;
        self
    }

    /// People touch the terminal: number, local time, way.
    pub(super) async fn punch(&self, punches: &[(u64, &str, Way)]) {
        let log = TerminalLog {
            terminal: "TM20-001".to_owned(),
            zone: self.zone.to_owned(),
            clock_ahead_ms: None,
            origin: LogOrigin::Pushed,
            log_index: None,
            rows: Vec::new(),
        };
        let received_ms = self.clock.wall_ms();
        let told = punches.iter().map(|(person, local_time, way)| {
            let row = LogRow {
                enrol_id: Some(*person),
                local_time: (*local_time).to_owned(),
                mode: Some(1),
                in_out: Some(*way as i32),
                event: Some(0),
                ..LogRow::default()
            };
            let arrived = Arrived { told_ms: Some(received_ms), received_ms };
            let value = row::punch(&"metz".parse().unwrap(), &log, &row, arrived);
            Derived { value, undated: None }
        });
        self.store.apply(Step { punches: told.collect(), ..Step::default() }).await.unwrap();
    }

    /// Everybody from 1 to `people` comes at eight and leaves at five.
    pub(super) async fn working_day(&self, people: u64) {
        for person in 1..=people {
            let (comes, goes) = (format!("2031-05-06 08:00:{person:02}"), format!("2031-05-06 17:00:{person:02}"));
            self.punch(&[(person, &comes, Way::In), (person, &goes, Way::Out)]).await;
        }
    }

    /// One round.
    pub(super) async fn serve(&self) -> Report {
        self.exchange.serve(NAME, Occasion::Due).await.unwrap()
    }

    /// One round that a person asked for.
    pub(super) async fn sync(&self) -> Report {
        self.exchange.serve(NAME, Occasion::Asked).await.unwrap()
    }

    /// Rounds, with time between them, until nothing more is tried.
    pub(super) async fn settle(&self) -> Vec<Job> {
        for _ in 0..ROUNDS_MAX {
            self.serve().await;
            let jobs = self.jobs().await;
            // The order is kept per person: behind a row that waits for people, the others wait.
            let waits = |person: u64| jobs.iter().any(|job| job.enrol_id == person && job.state == JobState::Parked);
            let is_tried = |job: &Job| matches!(job.state, JobState::Pending | JobState::Failed);
            let is_busy = jobs.iter().any(|job| is_tried(job) && !waits(job.enrol_id));
            if !is_busy || self.standing().await.stopped.is_some() {
                return jobs;
            }
            self.clock.advance(PAUSE);
        }
        panic!("rows are still tried: {:#?}", self.jobs().await)
    }

    /// All jobs, in the order of their rows.
    pub(super) async fn jobs(&self) -> Vec<Job> {
        let mut jobs = self.store.jobs(&JobFilter::default(), None, 100_000).await.unwrap();
        jobs.sort_by_key(|job| (job.enrol_id, job.row.at_ms, job.no));
        jobs
    }

    pub(super) async fn standing(&self) -> Standing {
        self.store.connector(NAME).await.unwrap().unwrap().1
    }

    pub(super) async fn close(self) {
        self.lifecycle.stop();
        self.lifecycle.wait().await;
    }
}

/// How many jobs are in a state.
pub(super) fn count(jobs: &[Job], state: JobState) -> usize {
    jobs.iter().filter(|job| job.state == state).count()
}

/// Milliseconds since 1970 UTC.
pub(super) fn moment_ms(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_millisecond()
}
