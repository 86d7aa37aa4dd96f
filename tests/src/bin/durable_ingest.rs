//! How many records per second the hub takes and receipts, without network: batches go straight to the driver.
//!
//! `cargo run --release -p vigie-tests --bin durable_ingest -- FOLDER [BOXES] [RECORDS_PER_BOX]`

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use anyhow::Context as _;
use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use vigie_hub::ingest::driver::{Downlink, Driver, Message, Parts};
use vigie_hub::store::facts::{Arrival, Commit, Facts as _, QueueState};
use vigie_hub::store::{Sqlite, Vault};
use vigie_shared::clock::SystemClock;
use vigie_shared::id::{QueueId, SiteId};
use vigie_shared::wire::{Answer, Batch, Below, Lane, Topic, Up};

const RECORD_BYTES: usize = 200;
const BATCH: u64 = 100;

/// Remembers the newest receipt of each box.
#[derive(Default)]
struct Receipts(Mutex<BTreeMap<SiteId, u64>>);

impl Downlink for Receipts {
    fn publish(&self, topic: &Topic, payload: Vec<u8>) {
        if let (Topic::Down(site, _), Ok(Answer::Receipt { through, .. })) = (topic, Answer::decode(&payload)) {
            self.0.lock().expect("nobody panics").insert(site.clone(), through);
        }
    }
}

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let folder = args.get(1).context("name a folder")?;
    let number = |at: usize, default| args.get(at).map_or(Ok(default), |text| text.parse::<u64>());
    let (boxes, per_box) = (number(2, 100)?, number(3, 10_000)?);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(rows(&std::path::Path::new(folder).join("rows.db"), boxes, per_box))?;
    runtime.block_on(whole(&std::path::Path::new(folder).join("whole.db"), boxes, per_box))
}

fn queue(number: u64) -> QueueId {
    let mut id = [0; 16];
    id.iter_mut().zip(number.to_be_bytes()).for_each(|(to, from)| *to = from);
    QueueId(id)
}

/// Only the store: large commits of records.
async fn rows(file: &std::path::Path, boxes: u64, per_box: u64) -> anyhow::Result<()> {
    let store = Sqlite::open(file, Vault::passing())?;
    let record = Bytes::from(vigie_shared::wire::frame::seal(1, [7u8; RECORD_BYTES - 10].as_slice()));
    let began = Instant::now();
    let mut commits = 0;
    let step = 400.min(per_box);
    for start in (1..=per_box).step_by(usize::try_from(step)?) {
        let mut commit = Commit::default();
        for number in 0..boxes {
            let site: SiteId = format!("s{number}").parse()?;
            let (lane, queue) = (Lane::Telemetry, queue(number));
            let records = vec![record.clone(); usize::try_from(step)?];
            commit.arrivals.push(Arrival { site: site.clone(), lane, queue, start, records });
            commit.queues.push(QueueState { site, lane, queue, through: start + step - 1, born_ms: 0 });
        }
        store.commit(Arc::new(commit)).await?;
        commits += 1;
    }
    report("store alone", boxes * per_box, commits, began);
    Ok(())
}

/// Decode, decide, commit, receipt.
async fn whole(file: &std::path::Path, boxes: u64, per_box: u64) -> anyhow::Result<()> {
    let record = vigie_shared::wire::frame::seal(1, [7u8; RECORD_BYTES - 10].as_slice());
    let messages: Vec<Message> = (1..=per_box)
        .step_by(usize::try_from(BATCH)?)
        .flat_map(|start| (0..boxes).map(move |number| (start, number)))
        .map(|(start, number)| {
            let records = vec![serde_bytes::Bytes::new(&record); usize::try_from(BATCH)?];
            let site: SiteId = format!("s{number}").parse()?;
            let batch = Batch { queue: queue(number), first: 1, below: Below::Receipted, start, records };
            let topic = Topic::Up(site, Up::Lane(Lane::Telemetry)).to_string();
            Ok(Message { topic, payload: batch.encode().into() })
        })
        .collect::<anyhow::Result<_>>()?;
    let receipts = Arc::new(Receipts::default());
    let parts = Parts {
        store: Arc::new(Sqlite::open(file, Vault::passing())?),
        downlink: receipts.clone(),
        onlookers: Vec::new(),
        clock: Arc::new(SystemClock::new(|| true)),
    };
    let driver = Driver::start(parts, 1).await?;
    let health = driver.health();
    let (send, receive) = mpsc::channel(1024);
    let began = Instant::now();
    let run = driver.run(receive, CancellationToken::new());
    let feed = async move {
        for message in messages {
            if send.send(message).await.is_err() {
                break;
            }
        }
    };
    let (result, ()) = tokio::join!(run, feed);
    result?;
    let receipted: u64 = receipts.0.lock().expect("nobody panics").values().sum();
    report("decode, decide, commit, receipt", receipted, health.now().counters.commits, began);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the figures are the product")]
fn report(what: &str, records: u64, commits: u64, began: Instant) {
    let spent = began.elapsed();
    let per_second = u128::from(records) * 1_000_000 / spent.as_micros().max(1);
    println!("{what}: {records} records in {} ms, {commits} commits, {per_second} records/s", spent.as_millis());
}
