//! The driver with the store in memory: receipts only after the commit, nothing forgotten when the disk fails.

use std::sync::Mutex;

use vigie_shared::clock::ManualClock;
use vigie_shared::id::{BootId, InstanceId, QueueId};
use vigie_shared::wire::{Batch, Below, Lane, LaneHello, Stamp};

use super::*;
use crate::store::{Facts as _, Memory};

const QUEUE: QueueId = QueueId([1; 16]);
const STAMP: Stamp = Stamp { boot: BootId([1; 16]), uptime_ms: 9, wall_ms: 77, is_synced: true };

/// Passes on what is published.
struct Wire(mpsc::UnboundedSender<(String, Answer)>);

impl Downlink for Wire {
    fn publish(&self, topic: &Topic, payload: Vec<u8>) {
        drop(self.0.send((topic.to_string(), Answer::decode(&payload).unwrap())));
    }
}

#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl Onlooker for Log {
    fn on_hello(&self, site: &SiteId, hello: &Hello, now_ms: i64) {
        self.0.lock().unwrap().push(format!("hello {site} {} {now_ms}", hello.version));
    }

    fn on_committed(&self, commit: &Commit) {
        self.0.lock().unwrap().push(format!("committed {}", commit.arrivals.len()));
    }
}

struct Bench {
    store: Arc<Memory>,
    log: Arc<Log>,
    send: mpsc::Sender<Message>,
    answers: mpsc::UnboundedReceiver<(String, Answer)>,
    health: HealthView,
    stopping: CancellationToken,
    run: Pin<Box<dyn Future<Output = anyhow::Result<()>>>>,
}

impl Bench {
    #[expect(clippy::disallowed_methods, reason = "the test reads every answer")]
    async fn new() -> Self {
        let (store, log) = (Arc::new(Memory::default()), Arc::new(Log::default()));
        let (answer, answers) = mpsc::unbounded_channel();
        let parts = Parts {
            store: store.clone(),
            downlink: Arc::new(Wire(answer)),
            onlookers: vec![log.clone()],
            clock: Arc::new(ManualClock::new(STAMP)),
        };
        let (send, receive) = mpsc::channel(64);
        let driver = Driver::start(parts, 1).await.unwrap();
        let (health, stopping) = (driver.health(), CancellationToken::new());
        let run = Box::pin(driver.run(receive, stopping.clone()));
        Self { store, log, send, answers, health, stopping, run }
    }

    async fn batch(&self, start: u64, count: u64) {
        let records: Vec<Vec<u8>> =
            (start..start + count).map(|seq| vigie_shared::wire::frame::seal(1, &seq)).collect();
        let records = records.iter().map(|record| serde_bytes::Bytes::new(record)).collect();
        let batch = Batch { queue: QUEUE, first: 1, below: Below::Receipted, start, records };
        self.send_raw("/tenants/a/up/telemetry", batch.encode()).await;
    }

    async fn send_raw(&self, topic: &str, payload: Vec<u8>) {
        let message = Message { topic: topic.to_owned(), payload: payload.into() };
        self.send.send(message).await.unwrap();
    }

    /// Runs the driver until it answers.
    async fn answer(&mut self) -> (String, Answer) {
        tokio::select! {
            result = &mut self.run => panic!("the driver ended: {result:?}"),
            answer = self.answers.recv() => answer.unwrap(),
        }
    }
}

fn receipt(through: u64) -> (String, Answer) {
    let answer = Answer::Receipt { lane: Lane::Telemetry, queue: QUEUE, through, hub_ms: 77 };
    ("/tenants/a/down/receipt".to_owned(), answer)
}

#[tokio::test(start_paused = true)]
async fn what_is_receipted_is_stored() {
    let mut bench = Bench::new().await;
    bench.batch(1, 3).await;
    bench.batch(4, 2).await;
    assert_eq!(bench.answer().await, receipt(5));
    assert_eq!(bench.store.queues().await.unwrap()[0].through, 5);
    assert_eq!(bench.health.now().counters.records, 5);
    let commits = bench.health.now().commits;
    assert_eq!((commits.groups, commits.records, commits.time), (1, 5, Duration::ZERO));
    assert!(commits.bytes > 5 * 5, "{commits:?}");
    assert_eq!(*bench.log.0.lock().unwrap(), ["committed 1"]);
}

#[tokio::test(start_paused = true)]
async fn a_failing_store_delays_the_receipt_is_visible_and_forgets_nothing() {
    let mut bench = Bench::new().await;
    bench.store.fail(true);
    bench.batch(1, 3).await;
    tokio::select! {
        answer = bench.answer() => panic!("receipted without a commit: {answer:?}"),
        () = tokio::time::sleep(Duration::from_secs(60)) => {}
    }
    bench.batch(4, 2).await;
    let health = bench.health.now();
    assert!(health.trouble.is_some_and(|trouble| trouble.contains("told to fail")));
    assert!(health.counters.failed_commits > 3);

    bench.store.fail(false);

    assert_eq!(bench.answer().await, receipt(3));
    assert_eq!(bench.answer().await, receipt(5));
    assert_eq!(bench.health.now().trouble, None);
    assert_eq!(bench.store.records(&"a".parse().unwrap(), QUEUE, 0, 9).await.unwrap().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_stop_finishes_what_was_taken() {
    let mut bench = Bench::new().await;
    bench.batch(1, 3).await;
    assert_eq!(bench.answer().await, receipt(3));
    bench.stopping.cancel();
    bench.run.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_stop_does_not_wait_for_a_store_that_fails() {
    let mut bench = Bench::new().await;
    bench.store.fail(true);
    bench.batch(1, 3).await;
    tokio::select! {
        result = &mut bench.run => panic!("ended too early: {result:?}"),
        () = tokio::time::sleep(Duration::from_secs(5)) => {}
    }
    bench.stopping.cancel();
    bench.run.await.unwrap();
    assert!(bench.answers.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn a_hello_is_answered_and_told_and_garbage_is_counted() {
    let mut bench = Bench::new().await;
    let lane =
        LaneHello { lane: Lane::Telemetry, queue: QUEUE, first: 1, last: 0, receipted: None, below: Below::Receipted };
    let hello = Hello { version: "2".to_owned(), instance: InstanceId([1; 16]), stamp: STAMP, lanes: vec![lane] };
    for topic in ["/tenants/a/up/hello", "/tenants/a/up/live", "/tenants/a/up/ledger"] {
        bench.send_raw(topic, b"garbage".to_vec()).await;
    }
    bench.send_raw("/tenants/a/down/receipt", hello.encode()).await;
    bench.send_raw("somewhere/else", hello.encode()).await;
    bench.send_raw("/tenants/a/up/hello", hello.encode()).await;

    assert_eq!(bench.answer().await, receipt(0));

    let counters = bench.health.now().counters;
    assert_eq!((counters.damaged, counters.foreign, counters.hellos), (3, 2, 1));
    assert_eq!(bench.log.0.lock().unwrap()[0], "hello a 2 77");
}
