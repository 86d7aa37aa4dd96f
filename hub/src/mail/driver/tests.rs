//! The driver against a server that does what it is told: whatever happens, each letter arrives once or says that it may have
//! arrived twice.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

use async_trait::async_trait;
use proptest::prelude::*;
use vigie_shared::clock::{Clock as _, ManualClock};

use super::*;
use crate::mail::desk::Parts;
use crate::mail::desk::tests::{clock, mail};
use crate::mail::letters::storage::Limits;
use crate::mail::queue::tests::new;
use crate::store::outbox::LetterFilter;
use crate::store::{Diary as _, Memory, Outbox as _};
use crate::webhook::WebhooksConfig;

const DAY_MS: i64 = 86_400_000;

/// What a server does with the next letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Take,
    Refuse,
    Later,
    /// It has the letter, and the connection breaks before it says so.
    TakeAndBreak,
    /// The connection breaks, and it has nothing.
    Break,
    /// Nobody answers at all.
    Away,
}

/// A server, and every mailbox behind it.
#[derive(Default)]
struct Server {
    acts: Mutex<VecDeque<Act>>,
    /// How often each letter is in its mailbox, by its mark.
    boxes: Mutex<BTreeMap<String, u32>>,
    connections: Mutex<u32>,
}

impl Server {
    fn next(&self) -> Act {
        self.acts.lock().unwrap().pop_front().unwrap_or(Act::Take)
    }

    fn is_away(&self) -> bool {
        let mut acts = self.acts.lock().unwrap();
        acts.pop_front_if(|act| *act == Act::Away).is_some()
    }

    fn deliver(&self, letter: &Letter) {
        *self.boxes.lock().unwrap().entry(letter.name.mark()).or_default() += 1;
    }
}

struct ToServer(Arc<Server>);

#[async_trait]
impl Carrier for ToServer {
    async fn set_out(&self) -> Result<Box<dyn Round>, Unreachable> {
        if self.0.is_away() {
            return Err(Unreachable("nobody answers".to_owned()));
        }
        *self.0.connections.lock().unwrap() += 1;
        Ok(Box::new(OneRound(Arc::clone(&self.0), false)))
    }
}

struct OneRound(Arc<Server>, bool);

#[async_trait]
impl Round for OneRound {
    async fn post(&mut self, letter: &Letter) -> Posted {
        match self.0.next() {
            Act::Take => {
                self.0.deliver(letter);
                Posted::Taken
            }
            Act::Refuse => Posted::Refused("550 no such user".to_owned()),
            Act::Later => Posted::NotYet("451 come back".to_owned()),
            Act::TakeAndBreak => {
                self.0.deliver(letter);
                self.1 = true;
                Posted::Unclear("it broke".to_owned())
            }
            Act::Break | Act::Away => {
                self.1 = true;
                Posted::NotYet("it broke".to_owned())
            }
        }
    }

    fn is_broken(&self) -> bool {
        self.1
    }

    async fn end(self: Box<Self>) {}
}

struct Scene {
    store: Arc<Memory>,
    server: Arc<Server>,
    clock: Arc<ManualClock>,
    driver: Driver,
}

impl Scene {
    async fn new(letters: usize, acts: &[Act]) -> Self {
        let store = Arc::new(Memory::default());
        let scene = Self::on(&store, Arc::default());
        let now_ms = scene.clock.wall_ms();
        let all: Vec<_> = (0..letters)
            .map(|number| {
                let letter = new("i", 1, &format!("r{number}@x.org"));
                crate::mail::letter::NewLetter { created_ms: now_ms, expires_ms: now_ms + 3 * DAY_MS, ..letter }
            })
            .collect();
        store.put_letters(&all).await.unwrap();
        scene.server.acts.lock().unwrap().extend(acts);
        scene
    }

    /// A process on a store.
    fn on(store: &Arc<Memory>, server: Arc<Server>) -> Self {
        let clock = clock();
        let (mail, webhooks) = (mail("\"a@x.org\""), WebhooksConfig::default());
        let parts = Parts {
            store: store.clone(),
            clock: clock.clone(),
            mail,
            webhooks,
            machines: None,
            limits: Limits::default(),
        };
        let carrier = Arc::new(ToServer(server.clone()));
        let driver = Driver::new(Desk::new(parts).unwrap(), (Way::Mail, carrier), 7);
        Self { store: store.clone(), server, clock, driver }
    }

    /// One look at what is due.
    async fn round(&self) {
        self.driver.round(&CancellationToken::new()).await.unwrap();
    }

    /// Looks until nothing waits any more.
    async fn settle(&self) {
        for _ in 0..200 {
            self.round().await;
            self.clock.advance(Duration::from_secs(1800));
        }
    }

    async fn letters(&self) -> Vec<Letter> {
        self.store.letters(&LetterFilter::default(), None, 1000).await.unwrap()
    }

    /// How often each letter arrived, in their order.
    async fn arrived(&self) -> Vec<u32> {
        let boxes = self.server.boxes.lock().unwrap().clone();
        let mut letters = self.letters().await;
        letters.sort_by_key(|letter| letter.no);
        letters.iter().map(|letter| boxes.get(&letter.name.mark()).copied().unwrap_or(0)).collect()
    }
}

#[tokio::test]
async fn one_connection_brings_a_batch() {
    let scene = Scene::new(30, &[]).await;
    scene.round().await;
    assert_eq!((scene.arrived().await, *scene.server.connections.lock().unwrap()), (vec![1; 30], 1));
    assert!(scene.letters().await.iter().all(|letter| letter.state == LetterState::Sent));
}

#[tokio::test]
async fn a_refused_reader_and_a_greylisted_one_hold_nobody_up() {
    let scene = Scene::new(4, &[Act::Refuse, Act::Later]).await;
    scene.round().await;
    assert_eq!(scene.arrived().await, [0, 0, 1, 1]);
    scene.settle().await;
    assert_eq!(scene.arrived().await, [0, 1, 1, 1]);

    let letters = scene.letters().await;
    let dead: Vec<_> = letters.iter().filter(|letter| letter.state == LetterState::Dead).collect();
    assert_eq!(dead.len(), 1);
    let entries = scene.store.entries(None, 9).await.unwrap();
    assert!(entries[0].kind == "mail_dead" && entries[0].text.contains("550 no such user"), "{entries:?}");
}

#[tokio::test]
async fn a_broken_connection_is_replaced_within_the_batch() {
    let scene = Scene::new(3, &[Act::Break]).await;
    scene.round().await;
    assert_eq!((scene.arrived().await, *scene.server.connections.lock().unwrap()), (vec![0, 1, 1], 2));
    scene.settle().await;
    assert_eq!(scene.arrived().await, [1, 1, 1]);
    assert!(scene.letters().await.iter().all(|letter| letter.maybe_twice.is_none()), "nobody had it before");
}

#[tokio::test]
async fn a_server_that_is_away_for_an_hour_gets_each_letter_once() {
    let scene = Scene::new(120, &[]).await;
    for _ in 0..60 {
        scene.server.acts.lock().unwrap().extend([Act::Away; 8]);
        scene.round().await;
        scene.server.acts.lock().unwrap().clear();
        scene.clock.advance(Duration::from_secs(60));
    }
    assert_eq!(scene.arrived().await, vec![0; 120]);

    scene.settle().await;
    assert_eq!(scene.arrived().await, vec![1; 120]);
    assert!(
        scene.letters().await.iter().all(|letter| letter.state == LetterState::Sent && letter.maybe_twice.is_none())
    );
}

#[tokio::test]
async fn whose_time_is_over_is_given_up_with_the_last_reason() {
    let scene = Scene::new(1, &[Act::Away; 1000]).await;
    scene.settle().await;
    let letter = scene.letters().await.remove(0);
    let why = letter.last_error.unwrap();
    assert!(
        letter.state == LetterState::Dead && why.contains("its time is over") && why.contains("nobody answers"),
        "{why}"
    );
    assert_eq!(scene.store.entries(None, 9).await.unwrap().len(), 1, "people are told");
}

#[tokio::test(start_paused = true)]
async fn after_a_crash_what_was_midway_goes_again_and_says_so_and_nothing_else() {
    let scene = Scene::new(3, &[]).await;
    let mut letter = scene.store.letter(2).await.unwrap().unwrap();
    queue::begin(&mut letter, scene.clock.wall_ms());
    scene.store.save_letters(&[letter.clone()]).await.unwrap();
    let mut sent = scene.store.letter(3).await.unwrap().unwrap();
    queue::settle(&mut sent, Posted::Taken, &scene.driver.around());
    scene.store.save_letters(&[sent]).await.unwrap();
    scene.server.deliver(&letter);

    let next = Scene::on(&scene.store, scene.server.clone());
    let stopping = CancellationToken::new();
    let (store, stop) = (next.store.clone(), stopping.clone());
    let watch = async move {
        while store.letter_counts().await.unwrap().iter().any(|one| one.state != LetterState::Sent) {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        stop.cancel();
    };
    let (result, ()) = tokio::join!(next.driver.run(stopping), watch);
    result.unwrap();

    assert_eq!(scene.arrived().await, [1, 2, 0], "the third was done, the second is there twice");
    let letters = scene.letters().await;
    let doubtful: Vec<i64> = letters.iter().filter(|one| one.maybe_twice.is_some()).map(|one| one.no).collect();
    assert_eq!(doubtful, [2]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_a_server_does_each_letter_arrives_once_or_admits_doubt(acts in prop::collection::vec(0..6u8, 0..60)) {
        let all = [Act::Take, Act::Later, Act::TakeAndBreak, Act::Break, Act::Away, Act::Take];
        let acts: Vec<Act> = acts.iter().map(|act| all[usize::from(*act)]).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let scene = Scene::new(5, &acts).await;
            scene.settle().await;
            let boxes = scene.server.boxes.lock().unwrap().clone();
            for letter in scene.letters().await {
                let count = boxes.get(&letter.name.mark()).copied().unwrap_or(0);
                prop_assert_eq!(letter.state, LetterState::Sent);
                prop_assert!(count == 1 || (count > 1 && letter.maybe_twice.is_some()), "{} {:?}", count, letter);
            }
            Ok(())
        })?;
    }
}
