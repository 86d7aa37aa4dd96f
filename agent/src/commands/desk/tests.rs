//! Laws of the desk: at most once, always an end, bounded.

use std::collections::BTreeMap;

use proptest::prelude::*;
use vigie_shared::wire::CommandKind;
use vigie_shared::wire::command::{GetSystemInfo, Reboot};

use super::*;

const TERMS: Terms = Terms { now_ms: 0, is_allowed: true, is_read: false };
const READ: Terms = Terms { is_read: true, ..TERMS };

fn id(number: u16) -> CommandId {
    let mut bytes = [0; 16];
    bytes[..2].copy_from_slice(&number.to_le_bytes());
    CommandId(bytes)
}

fn command(number: u16) -> Command {
    let header = CommandHeader { site: "a".parse().unwrap(), id: id(number), issued_ms: 0, expires_ms: 1_000_000 };
    Command { header, is_dry_run: false, kind: CommandKind::Reboot(Reboot {}) }
}

fn free(_command: &Command) -> Option<String> {
    None
}

fn told(verdict: Verdict) -> String {
    match verdict {
        Verdict::Tell(outcome) => outcome.detail,
        other => panic!("{other:?}"),
    }
}

#[test]
fn changes_go_one_at_a_time_and_reads_overtake_them() {
    let mut desk = Desk::default();
    for number in [1, 2] {
        assert_eq!(desk.on_command(Ok(command(number)), TERMS), Verdict::Waits);
    }
    assert_eq!(desk.on_command(Ok(command(3)), READ), Verdict::Waits);

    assert_eq!(desk.next(0, free), Some(Step::Start(command(1))));
    assert_eq!(desk.next(0, free), Some(Step::Start(command(3))));
    assert_eq!(desk.next(0, free), None);
    desk.on_ended(id(1), 0);
    assert_eq!(desk.next(0, free), Some(Step::Start(command(2))));
}

#[test]
fn a_command_that_must_not_begin_yet_lets_others_pass_and_ends_at_its_expiry() {
    let mut desk = Desk::default();
    desk.on_command(Ok(command(1)), TERMS);
    desk.on_command(Ok(command(2)), TERMS);
    let hold = |command: &Command| (command.header.id == id(1)).then(|| "waits for 03:00".to_owned());

    assert_eq!(desk.next(0, hold), Some(Step::Start(command(2))));
    let Some(Step::Tell(outcome)) = desk.next(1_000_000, hold) else { panic!("not refused") };
    assert_eq!((outcome.id, outcome.state), (id(1), OutcomeState::Refused));
    assert!(outcome.detail.contains("expired") && outcome.detail.contains("waits for 03:00"), "{}", outcome.detail);
}

#[test]
fn what_the_owner_does_not_allow_is_refused_and_so_is_what_the_agent_does_not_know() {
    let mut desk = Desk::default();
    let not_allowed = Terms { is_allowed: false, ..TERMS };
    assert!(told(desk.on_command(Ok(command(1)), not_allowed)).contains("does not allow `reboot`"));
    for error in [
        CommandError::Expired(command(2).header),
        CommandError::UnknownKind(command(3).header),
        CommandError::BadSignature(command(4).header),
    ] {
        assert_eq!(told(desk.on_command(Err(error.clone()), TERMS)), error.to_string());
    }
    let other = CommandError::OtherSite(command(5).header);
    assert!(matches!(desk.on_command(Err(other), TERMS), Verdict::Ignore(_)));
    assert_eq!(desk.next(0, free), None);
}

#[test]
fn a_forged_command_does_not_spoil_the_real_one_of_its_name() {
    let mut desk = Desk::default();
    let forged = || Err(CommandError::BadSignature(command(1).header));
    assert!(matches!(desk.on_command(forged(), TERMS), Verdict::Tell(_)));
    assert_eq!(desk.on_command(Ok(command(1)), TERMS), Verdict::Waits);
    assert!(matches!(desk.on_command(forged(), TERMS), Verdict::Ignore(_)));
    let answered = (10..1_000).filter(|number| {
        let error = Err(CommandError::BadSignature(command(*number).header));
        matches!(desk.on_command(error, TERMS), Verdict::Tell(_))
    });
    assert_eq!(answered.count(), FORGED_MAX - 1);
}

#[test]
fn of_a_thousand_at_once_some_wait_and_the_others_are_told() {
    let mut desk = Desk::default();
    let verdicts: Vec<Verdict> = (0..1_000).map(|number| desk.on_command(Ok(command(number)), TERMS)).collect();
    let waiting = verdicts.iter().filter(|verdict| **verdict == Verdict::Waits).count();
    assert_eq!(waiting, WAITING_MAX);
    assert_eq!(verdicts.iter().filter(|verdict| matches!(verdict, Verdict::Tell(_))).count(), 1_000 - WAITING_MAX);
    assert!(desk.recent.len() <= RECENT_MAX);
}

#[test]
fn ids_are_forgotten_a_day_after_their_expiry_and_not_before() {
    let mut desk = Desk::default();
    desk.recall_ended(id(1), 1_000);
    desk.recall_open(&command(2).header);
    assert_eq!(desk.forget(1_000 + FORGET_AFTER_MS - 1), []);
    assert_eq!(desk.forget(1_000 + FORGET_AFTER_MS), [id(1)]);
    assert_eq!(desk.forget(i64::MAX), [], "nobody knows yet how it ended");
}

#[test]
fn whoever_cannot_remember_does_not_obey() {
    let mut desk = Desk::default();
    (0..u16::try_from(REMEMBERED_MAX).unwrap()).for_each(|number| desk.recall_ended(id(number), 1_000_000));
    assert!(told(desk.on_command(Ok(command(5_000)), TERMS)).contains("remembers 1024 commands"));
}

#[test]
fn a_repetition_is_answered_from_memory_but_not_at_once() {
    let mut desk = Desk::default();
    let later = Terms { now_ms: ANSWER_AGAIN_MS, ..TERMS };
    desk.on_command(Ok(command(1)), TERMS);
    assert!(matches!(desk.on_command(Ok(command(1)), TERMS), Verdict::Ignore(_)));
    desk.next(0, free);
    assert!(matches!(desk.on_command(Ok(command(1)), later), Verdict::Ignore(_)));
    desk.on_ended(id(1), 0);
    assert!(matches!(desk.on_command(Ok(command(1)), TERMS), Verdict::Ignore(_)));
    assert_eq!(desk.on_command(Ok(command(1)), later), Verdict::TellAgain(id(1)));
    assert!(matches!(desk.on_command(Ok(command(1)), later), Verdict::Ignore(_)));
}

/// What can happen to a desk.
#[derive(Debug, Clone)]
enum Event {
    Arrives { number: u16, is_read: bool, is_allowed: bool },
    Works,
    Ends { nth: usize },
    Restarts,
    Waits { ms: i64 },
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (0..8u16, any::<bool>()).prop_map(|(number, is_allowed)| Event::Arrives {
            number,
            is_read: number >= 6,
            is_allowed: is_allowed || number % 2 == 0,
        }),
        3 => Just(Event::Works),
        2 => (0..4usize).prop_map(|nth| Event::Ends { nth }),
        1 => Just(Event::Restarts),
        1 => (1..400_000i64).prop_map(|ms| Event::Waits { ms }),
    ]
}

/// A box in miniature: the desk, and a book that survives restarts.
#[derive(Default)]
struct Model {
    desk: Desk,
    now_ms: i64,
    /// The book: whether each started command has ended.
    book: BTreeMap<CommandId, bool>,
    running: Vec<CommandId>,
    starts: BTreeMap<CommandId, usize>,
    told: BTreeMap<CommandId, usize>,
}

impl Model {
    fn on(&mut self, event: &Event) {
        match event {
            Event::Arrives { number, is_read, is_allowed } => {
                let kind = if *is_read {
                    CommandKind::GetSystemInfo(GetSystemInfo {})
                } else {
                    CommandKind::Reboot(Reboot {})
                };
                let command = Command { kind, ..command(*number) };
                let is_late = command.header.expires_ms <= self.now_ms;
                let command = if is_late { Err(CommandError::Expired(command.header)) } else { Ok(command) };
                let terms = Terms { now_ms: self.now_ms, is_allowed: *is_allowed, is_read: *is_read };
                match self.desk.on_command(command, terms) {
                    Verdict::Tell(outcome) => self.tell(outcome.id),
                    Verdict::TellAgain(id) => assert_eq!(self.book.get(&id), Some(&true), "the book must know"),
                    Verdict::Ignore(_) | Verdict::Waits => {}
                }
            }
            Event::Works => self.work(),
            Event::Ends { .. } if self.running.is_empty() => {}
            Event::Ends { nth } => self.end(self.running[nth % self.running.len()]),
            Event::Restarts => self.restart(),
            Event::Waits { ms } => self.now_ms += ms,
        }
        let changes = self.running.iter().filter(|id| self.book.contains_key(*id)).count();
        assert!(changes <= 1, "two changes at the same time");
    }

    fn work(&mut self) {
        while let Some(step) = self.desk.next(self.now_ms, free) {
            match step {
                Step::Tell(outcome) => self.tell(outcome.id),
                Step::Start(command) => {
                    let id = command.header.id;
                    assert!(command.header.expires_ms > self.now_ms, "started after its expiry");
                    if command.kind.name() == "reboot" {
                        self.book.insert(id, false);
                        *self.starts.entry(id).or_default() += 1;
                    }
                    self.running.push(id);
                }
            }
        }
    }

    fn end(&mut self, id: CommandId) {
        self.running.retain(|running| *running != id);
        if let Some(is_over) = self.book.get_mut(&id) {
            *is_over = true;
        }
        self.desk.on_ended(id, self.now_ms);
        self.tell(id);
    }

    fn restart(&mut self) {
        self.desk = Desk::default();
        self.running.clear();
        for (id, is_over) in &self.book {
            if *is_over {
                self.desk.recall_ended(*id, 1_000_000);
            } else {
                self.desk.recall_open(&CommandHeader { id: *id, ..command(0).header });
                self.running.push(*id);
            }
        }
    }

    fn tell(&mut self, id: CommandId) {
        *self.told.entry(id).or_default() += 1;
    }
}

proptest! {
    #[test]
    fn nothing_that_changes_runs_twice_whatever_repeats_and_restarts(
        events in prop::collection::vec(event(), 0..80),
    ) {
        let mut model = Model::default();
        events.iter().for_each(|event| model.on(event));
        prop_assert!(model.starts.values().all(|starts| *starts == 1), "{:?}", model.starts);
    }

    #[test]
    fn every_command_that_keeps_being_sent_ends(events in prop::collection::vec(event(), 0..60)) {
        let mut model = Model::default();
        events.iter().for_each(|event| model.on(event));
        for _ in 0..20 {
            for number in 0..8 {
                model.on(&Event::Arrives { number, is_read: number >= 6, is_allowed: true });
            }
            model.work();
            model.running.clone().into_iter().for_each(|id| model.end(id));
        }
        for number in 0..8 {
            prop_assert!(model.told.contains_key(&id(number)), "{number} was never answered");
        }
    }
}
