//! Reads what days are computed from, and closes those of which everything has arrived.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use tokio_util::sync::CancellationToken;
use vigie_shared::clock::Clock as WallClock;
use vigie_shared::id::SiteId;
use vigie_shared::wire::Lane;
use vigie_shared::wire::reading::Standing;

use super::book::{Books, Clock, Enrolment, PersonDay};
use super::{schedule_of, time};
use crate::fleet::{Board, BoxNow};
use crate::store::attendance::{Punch, PunchFilter};
use crate::store::terminals::Terminal;
use crate::store::timetable::Closing;
use crate::store::{Store, StoreError, deliveries};

/// Punches that are looked at for one question: a month of a thousand people.
const PUNCHES_MAX: usize = 100_000;

/// Punches that are read at once.
const PAGE: usize = 2_000;

/// Decisions that are looked at: more than people make in years.
const REVIEWS_MAX: usize = 20_000;

/// Terminals of a hub.
pub const TERMINALS_MAX: usize = 10_000;

/// Credentials of one terminal that are looked at.
const ENROLLED_MAX: usize = 20_000;

/// Days that a window may reach beyond its date, in any zone.
const AROUND_DAYS: i64 = 3;

/// How often days are closed.
const ROUND: Duration = Duration::from_secs(10 * 60);

/// Days that are looked at for closing: a terminal that was cut off longer delivers into days that stay provisional.
const CLOSING_DAYS: i64 = 40;

/// Whose days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Everybody's.
    All,
    /// Of everybody on one terminal.
    Terminal(String),
    /// Of one person, by id or as `SERIAL/NUMBER`.
    Person(String),
}

/// Why days could not be computed.
#[derive(Debug, thiserror::Error)]
pub enum DaysError {
    /// There are too many punches.
    #[error("more than {PUNCHES_MAX} punches; ask for fewer days, one terminal or one person")]
    TooMany,
    /// Nobody knows that person.
    #[error("nobody is called so; name a person's id, or a number as SERIAL/NUMBER")]
    NobodyKnown,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The days of some people, from one date through another.
///
/// # Errors
///
/// Every [`DaysError`].
pub async fn days(
    store: &dyn Store,
    fleet: &BTreeMap<SiteId, BoxNow>,
    (scope, dates): (&Scope, (Date, Date)),
    now_ms: i64,
) -> Result<Vec<PersonDay>, DaysError> {
    let mut books = read_books(store, fleet, dates).await?;
    let filters = filters(&books, scope).ok_or(DaysError::NobodyKnown)?;
    let mut punches = Vec::new();
    for filter in &filters {
        add_punches(store, filter, dates, &mut punches).await?;
    }
    let lines = Lines::read(store, fleet).await?;
    for punch in &punches {
        if !books.terminals.contains_key(&punch.terminal) {
            books.terminals.insert(punch.terminal.clone(), lines.clock(&punch.site, &punch.zone, i64::MAX));
        }
    }
    let enrolled = enrolled(store, &books, &filters).await?;
    Ok(books.days(&punches, &enrolled, dates, now_ms))
}

/// What to look for; none if nobody knows the person.
fn filters(books: &Books, scope: &Scope) -> Option<Vec<PunchFilter>> {
    let of_terminal = |terminal: &str| PunchFilter { terminal: Some(terminal.to_owned()), ..PunchFilter::default() };
    let of_number =
        |(terminal, number): &(String, u64)| PunchFilter { enrol_id: Some(*number), ..of_terminal(terminal) };
    match scope {
        Scope::All => Some(vec![PunchFilter::default()]),
        Scope::Terminal(terminal) => Some(vec![of_terminal(terminal)]),
        Scope::Person(id) => {
            if let Some(person) = books.people.iter().find(|person| person.id == *id) {
                return Some(person.numbers.iter().map(of_number).collect());
            }
            let (terminal, number) = id.rsplit_once('/')?;
            let number: u64 = number.parse().ok()?;
            let shared = schedule_of(&books.schedules, terminal).filter(|schedule| schedule.has_common_numbers);
            let others = shared.map(|schedule| schedule.terminals.clone()).unwrap_or_default();
            let all: BTreeSet<String> = others.into_iter().chain([terminal.to_owned()]).collect();
            Some(all.into_iter().map(|terminal| of_number(&(terminal, number))).collect())
        }
    }
}

async fn add_punches(
    store: &dyn Store,
    filter: &PunchFilter,
    (from, through): (Date, Date),
    punches: &mut Vec<Punch>,
) -> Result<(), DaysError> {
    let moment = |date: Result<Date, jiff::Error>| date.ok().map(|date| time::midnight(date, &TimeZone::UTC));
    let filter = PunchFilter {
        from_ms: moment(from.checked_sub(AROUND_DAYS.days())),
        to_ms: moment(through.checked_add(AROUND_DAYS.days())),
        ..filter.clone()
    };
    let mut after = None;
    loop {
        let page = store.punches(&filter, after, PAGE).await?;
        let is_last = page.len() < PAGE;
        after = page.last().map(|punch| (punch.moment_ms(), punch.order));
        punches.extend(page);
        if is_last {
            return Ok(());
        }
        if punches.len() > PUNCHES_MAX {
            return Err(DaysError::TooMany);
        }
    }
}

/// Who is enrolled where it was looked for.
async fn enrolled(store: &dyn Store, books: &Books, filters: &[PunchFilter]) -> Result<Vec<Enrolment>, StoreError> {
    let mut all: BTreeMap<(String, u64), Option<String>> = BTreeMap::new();
    for terminal in books.terminals.keys() {
        let is_asked = |id: u64| {
            filters.iter().any(|filter| {
                let is_here = filter.terminal.as_ref().is_none_or(|asked| asked == terminal);
                is_here && filter.enrol_id.is_none_or(|asked| asked == id)
            })
        };
        for row in store.enrolled(terminal, None, ENROLLED_MAX).await? {
            if is_asked(row.enrol_id) {
                let name = all.entry((terminal.clone(), row.enrol_id)).or_default();
                *name = name.take().or(row.name);
            }
        }
    }
    let one = |((terminal, enrol_id), name)| Enrolment { terminal, enrol_id, name };
    Ok(all.into_iter().map(one).collect())
}

async fn read_books(
    store: &dyn Store,
    fleet: &BTreeMap<SiteId, BoxNow>,
    (from, through): (Date, Date),
) -> Result<Books, StoreError> {
    let lines = Lines::read(store, fleet).await?;
    let terminals = store.terminals(None, TERMINALS_MAX).await?;
    let admitted = terminals.into_iter().filter(|terminal| terminal.state.standing == Standing::Admitted);
    let closings = store.closings(from, through).await?.into_iter();
    let reviews = store.reviews(REVIEWS_MAX).await?.into_iter();
    Ok(Books {
        schedules: store.schedules().await?,
        holidays: store.holidays().await?,
        people: store.people().await?,
        terminals: admitted.map(|terminal| (terminal.state.terminal.clone(), lines.of(&terminal))).collect(),
        closed: closings.map(|closing| ((closing.plan, closing.date), closing.closed_ms)).collect(),
        decided: reviews.map(|review| (review.key, review.made_ms)).collect(),
    })
}

/// How far the facts of sites are complete, and where their ledgers have holes.
struct Lines(BTreeMap<SiteId, Line>);

#[derive(Clone, Default)]
struct Line {
    /// Every punch before this moment has arrived from the box, milliseconds since 1970 UTC.
    ledger_ms: Option<i64>,
    /// How terminals were before this moment is known; none if no box ever told of any.
    observed_ms: Option<Option<i64>>,
    /// When holes in the ledger were noticed.
    gaps_ms: Vec<i64>,
}

impl Lines {
    async fn read(store: &dyn Store, fleet: &BTreeMap<SiteId, BoxNow>) -> Result<Self, StoreError> {
        let deliveries = deliveries(store).await?;
        let mut lines = BTreeMap::new();
        for site in deliveries.sites() {
            let gaps = store.gaps(site).await?;
            let pulse = fleet.get(site).and_then(|now| now.heartbeat.as_ref());
            let of_site = deliveries.lines(site, &gaps, pulse);
            let complete = |lane| of_site.iter().find(|line| line.lane == lane).map(|line| line.complete_ms);
            let of_ledger = gaps.iter().filter(|gap| gap.lane == Lane::Ledger);
            let line = Line {
                ledger_ms: complete(Lane::Ledger).flatten(),
                observed_ms: complete(Lane::Observations),
                gaps_ms: of_ledger.map(|gap| gap.noticed_ms).collect(),
            };
            lines.insert(site.clone(), line);
        }
        Ok(Self(lines))
    }

    /// A terminal that is connected and has sent everything holds nothing back, as far as its box has told; of one that
    /// is away, nobody knows what it saw since; of one that has not sent everything, nobody knows which rows are missing.
    fn of(&self, terminal: &Terminal) -> Clock {
        let state = &terminal.state;
        let heard_ms = if state.unsent.is_some_and(|unsent| unsent > 0) {
            i64::MIN
        } else if state.is_connected {
            let observed_ms = self.0.get(&terminal.site).and_then(|line| line.observed_ms);
            observed_ms.map_or(i64::MAX, |observed_ms| observed_ms.unwrap_or(i64::MIN))
        } else {
            terminal.heard_ms.unwrap_or(i64::MIN)
        };
        self.clock(&terminal.site, &state.zone, heard_ms)
    }

    fn clock(&self, site: &SiteId, zone: &str, heard_ms: i64) -> Clock {
        let Line { ledger_ms, gaps_ms, .. } = self.0.get(site).cloned().unwrap_or_default();
        Clock { zone: zone.to_owned(), complete_ms: ledger_ms.map(|ledger_ms| ledger_ms.min(heard_ms)), gaps_ms }
    }
}

/// Closes the days of which everything has arrived; says how many.
///
/// # Errors
///
/// [`StoreError::Failed`].
pub async fn close(store: &dyn Store, fleet: &BTreeMap<SiteId, BoxNow>, now_ms: i64) -> Result<usize, StoreError> {
    let Some(through) = time::date(now_ms, &TimeZone::UTC) else { return Ok(0) };
    let from = through.checked_sub(CLOSING_DAYS.days()).unwrap_or(through);
    let books = read_books(store, fleet, (from, through)).await?;
    let ripe = books.ripe(from, through).into_iter();
    let closings: Vec<Closing> = ripe.map(|(plan, date)| Closing { plan, date, closed_ms: now_ms }).collect();
    if !closings.is_empty() {
        store.close(&closings).await?;
    }
    Ok(closings.len())
}

/// Closes days, round after round, until the process stops.
///
/// # Errors
///
/// None so far: a failing store is tried again the next round.
pub async fn run(
    store: Arc<dyn Store>,
    board: Board,
    clock: Arc<dyn WallClock>,
    stopping: CancellationToken,
) -> anyhow::Result<()> {
    let mut rounds = tokio::time::interval(ROUND);
    loop {
        tokio::select! {
            () = stopping.cancelled() => return Ok(()),
            _ = rounds.tick() => {}
        }
        if let Err(error) = close(&*store, &board.snapshot(), clock.wall_ms()).await {
            tracing::warn!("days of attendance stay open until the next round: {:#}", anyhow::Error::from(error));
        }
    }
}

#[cfg(test)]
mod tests;
