//! What the HR server knows while it runs, and what it does with one request.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use super::books::{Books, Employee};
use super::dialect::{Dialect, Kind, Manners};
use super::door::Door;
use super::http::Request;
use super::journal::{self, Journal};
use super::reply::{Delivery, Reply};
use super::script::{Script, Trick};
use super::storm::Chance;
use super::{Asked, Setup};

/// Requests that are remembered; older ones are forgotten, so that a long load does not fill the memory.
const ASKED_MAX: usize = 100_000;

/// Requests that a message about a failed wait shows.
const SHOWN: usize = 12;

pub(super) struct State {
    pub(super) books: Books,
    pub(super) manners: Manners,
    pub(super) door: Door,
    pub(super) script: Script,
    pub(super) asked: VecDeque<Asked>,
    /// How many were forgotten before the first of `asked`.
    forgotten: usize,
    chance: Option<Chance>,
    journal: Option<Journal>,
}

/// What leaves, how, and what to note when it has left.
pub(super) struct Outgoing {
    pub(super) reply: Reply,
    pub(super) delivery: Delivery,
    /// The answer says what was done.
    pub(super) is_true: bool,
    touched: Vec<u64>,
    number: usize,
}

impl State {
    pub(super) fn new(setup: Setup) -> anyhow::Result<Self> {
        let people = (1..=setup.people).map(Employee::new).collect();
        let held = setup.journal.as_deref().map(journal::read).transpose()?.unwrap_or_default();
        Ok(Self {
            books: Books::new(people, held),
            manners: setup.manners,
            door: Door::new(setup.access, setup.budget),
            script: Script::default(),
            asked: VecDeque::new(),
            forgotten: 0,
            chance: setup.storm.map(Chance::new),
            journal: setup.journal.as_deref().map(Journal::open).transpose()?,
        })
    }

    /// Does what a request asks, or what the script says instead.
    pub(super) fn act(&mut self, dialect: Dialect, request: &Request, now: Duration) -> Outgoing {
        let kind = dialect.kind(request);
        let (reply, delivery, is_true) = match self.trick(kind, request) {
            Some(Trick::Refuse(reply)) => (reply, Delivery::Whole, true),
            Some(Trick::Lose(delivery)) => (Reply::empty(500), delivery, true),
            Some(Trick::Lie(reply)) => {
                self.honest(dialect, request, now);
                (reply, Delivery::Whole, false)
            }
            Some(Trick::Deliver(delivery)) => (self.honest(dialect, request, now), delivery, true),
            Some(Trick::Dress(dress)) => (dress.put_on(self.honest(dialect, request, now)), Delivery::Whole, true),
            Some(Trick::List(list)) => {
                let usual = std::mem::replace(&mut self.manners.list, list);
                let reply = self.honest(dialect, request, now);
                self.manners.list = usual;
                (reply, Delivery::Whole, true)
            }
            None => (self.honest(dialect, request, now), Delivery::Whole, true),
        };
        let touched = self.books.take_touched();
        let number = self.note(kind, request, (reply.status, now));
        Outgoing { reply, delivery, is_true, touched, number }
    }

    fn trick(&mut self, kind: Kind, request: &Request) -> Option<Trick> {
        let planned = self.script.take(kind, request);
        planned.or_else(|| self.chance.as_mut()?.take(kind))
    }

    fn honest(&mut self, dialect: Dialect, request: &Request, now: Duration) -> Reply {
        if let Some(refused) = self.door.judge(request, now) {
            return refused;
        }
        let before: Vec<u64> = match dialect.kind(request) {
            Kind::Undo => self.books.records().map(|record| record.id).collect(),
            Kind::People | Kind::Push | Kind::Probe | Kind::Login => Vec::new(),
        };
        let reply = dialect.answer(&mut self.books, &self.manners, request);
        match self.write_down(&before) {
            Ok(()) => reply,
            Err(error) => Reply::typed(507, "text/plain", format!("the journal cannot be written: {error}")),
        }
    }

    /// Writes to the journal what the last request changed.
    fn write_down(&mut self, before: &[u64]) -> std::io::Result<()> {
        let Some(journal) = &mut self.journal else { return Ok(()) };
        for id in self.books.touched() {
            if let Some(record) = self.books.record(*id) {
                journal.row(record)?;
            }
        }
        for id in before.iter().filter(|id| self.books.record(**id).is_none()) {
            journal.gone(*id)?;
        }
        Ok(())
    }

    fn note(&mut self, kind: Kind, request: &Request, (status, at): (u16, Duration)) -> usize {
        if self.asked.len() == ASKED_MAX {
            self.asked.pop_front();
            self.forgotten += 1;
        }
        self.asked.push_back(Asked { at, kind, request: request.clone(), status, was_answered: false });
        self.forgotten + self.asked.len() - 1
    }

    /// An answer has left whole.
    pub(super) fn left(&mut self, outgoing: &Outgoing) {
        if !outgoing.is_true {
            return;
        }
        self.books.answered(&outgoing.touched);
        if let Some(asked) = outgoing.number.checked_sub(self.forgotten).and_then(|place| self.asked.get_mut(place)) {
            asked.was_answered = true;
        }
        if let Some(journal) = self.journal.as_mut().filter(|_| !outgoing.touched.is_empty()) {
            // A lost line only means that a row is taken for one whose answer was lost.
            let _is_noted = journal.answered(&outgoing.touched).is_ok();
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows are held; the last requests were", self.books.records().count())?;
        for asked in self.asked.iter().skip(self.asked.len().saturating_sub(SHOWN)) {
            let Request { method, path, .. } = &asked.request;
            write!(f, "\n  {:?} {method} {path} {} -> {}", asked.at, asked.request.text(), asked.status)?;
        }
        Ok(())
    }
}
