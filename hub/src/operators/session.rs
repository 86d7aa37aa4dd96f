//! One program that has logged in: what it wants, what it is told, until its end.

mod home;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

use super::counters::{Ending, count};
use super::policy::{self, Letter, Wish};
use super::topics::{self, Filter};
use super::{Hall, Note, desk, packets};
use crate::gateway::pump::{Inbox, send};
use crate::home_assistant::FILTERS_MAX;
use crate::http::commands::order::look;
use crate::http::state::states;
use crate::login::Caller;
use crate::rate::Bucket;
use crate::store::accounts::Scope;

/// How often it is looked whether the caller may still be here.
const LOOK: Duration = Duration::from_secs(15);

/// Bytes that are put together before they are sent.
const WRITE_BYTES: usize = 32 * 1024;

/// How long a connection that is ending may take to be polite.
const PARTING_LIMIT: Duration = Duration::from_secs(1);

/// A connection whose caller is known.
pub(super) struct Session<R, W> {
    inbox: Inbox<R>,
    outbox: W,
    caller: Caller,
    filters: Vec<Filter>,
    news: broadcast::Receiver<Arc<Note>>,
    rate: Bucket,
    /// How long nothing whole may come.
    patience: Duration,
}

enum Woken {
    Bytes,
    News(Arc<Note>),
    Look,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Session<R, W> {
    pub(super) fn new(hall: &Hall, (inbox, outbox): (Inbox<R>, W), caller: Caller, keep_alive_s: u16) -> Self {
        let per_second = f64::from(hall.room.config.messages_per_second);
        Self {
            inbox,
            outbox,
            caller,
            filters: Vec::new(),
            news: hall.room.news.subscribe(),
            rate: Bucket::new(per_second, per_second, Instant::now()),
            patience: Duration::from_secs(keep_alive_s.into()) * 3 / 2,
        }
    }

    /// Serves until either side ends.
    pub(super) async fn run(mut self, hall: &Hall) -> Ending {
        let ending = match self.serve(hall).await {
            Ok(never) => match never {},
            Err(ending) => ending,
        };
        // Whoever does not part politely in time is cut.
        drop(timeout(PARTING_LIMIT, self.outbox.shutdown()).await);
        ending
    }

    async fn serve(&mut self, hall: &Hall) -> Result<std::convert::Infallible, Ending> {
        let mut looks = interval_at(Instant::now() + LOOK, LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Instant::now();
        loop {
            if let Some((wish, length)) = self.next_wish(hall)? {
                self.inbox.consume(length);
                heard = Instant::now();
                self.fulfil(hall, wish).await?;
                self.charge(hall).await?;
                continue;
            }
            let woken = tokio::select! {
                () = hall.stopping.cancelled() => return Err(Ending::Stopping),
                filled = self.inbox.fill() => filled.map(|()| Woken::Bytes).map_err(Ending::from)?,
                () = tokio::time::sleep_until(heard + self.patience) => return Err(Ending::Idle),
                note = self.news.recv() => Woken::News(note.map_err(|error| missed(&error))?),
                _ = looks.tick() => Woken::Look,
            };
            match woken {
                Woken::Bytes => {}
                Woken::News(note) => self.deliver(hall, note).await?,
                Woken::Look => self.look_who(hall).await?,
            }
        }
    }

    /// What is wanted first of what has arrived, and how long that is.
    fn next_wish(&self, hall: &Hall) -> Result<Option<(Wish, usize)>, Ending> {
        let most = hall.room.config.message_bytes_max();
        Ok(policy::next(self.inbox.bytes(), most, hall.home_topics())?)
    }

    async fn fulfil(&mut self, hall: &Hall, wish: Wish) -> Result<(), Ending> {
        match wish {
            Wish::Command(letter) => self.command(hall, &letter).await,
            Wish::Home { asked, id } => self.hear_home(hall, asked, id).await,
            Wish::Subscribe { id, filters } => self.subscribe(hall, id, &filters).await,
            Wish::Unsubscribe { id, filters } => {
                self.filters.retain(|held| !filters.iter().any(|filter| filter == held.as_str().as_bytes()));
                self.send(hall, &packets::unsuback(id)).await
            }
            Wish::Ping => self.send(hall, &packets::PONG).await,
        }
    }

    /// Gives a command. The acknowledgement means that it is stored, or that it was refused in words; if it could not
    /// be stored, the connection ends without one, and the program sends again.
    async fn command(&mut self, hall: &Hall, letter: &Letter) -> Result<(), Ending> {
        if let Err(problem) = desk::give(&hall.admin, &self.caller.via, letter).await {
            count(&hall.room.counters.refused);
            let (topic, json) = desk::refusal(letter, &problem);
            count(&hall.room.counters.published);
            self.send(hall, &packets::publish(&topic, &json, false)).await?;
            match problem.code.as_str() {
                "unauthenticated" => return Err(Ending::Revoked),
                "store_failed" if letter.id.is_some() => return Err(Ending::StoreFailed),
                _ => {}
            }
        } else {
            count(&hall.room.counters.commands);
        }
        match letter.id {
            Some(id) => self.send(hall, &packets::puback(id)).await,
            None => Ok(()),
        }
    }

    async fn subscribe(&mut self, hall: &Hall, id: u16, wanted: &[Vec<u8>]) -> Result<(), Ending> {
        let (mut codes, mut new) = (Vec::new(), Vec::new());
        for text in wanted {
            match self.grant(hall, text).filter(|filter| self.has_room(hall, filter)) {
                Some(filter) => {
                    if !self.filters.contains(&filter) {
                        self.filters.push(filter.clone());
                    }
                    new.push(filter);
                    codes.push(0);
                }
                None => {
                    count(&hall.room.counters.filters_refused);
                    codes.push(packets::NOT_GRANTED);
                }
            }
        }
        self.send(hall, &packets::suback(id, &codes)).await?;
        self.tell_present(hall, &new).await?;
        self.tell_home(hall, &new).await
    }

    /// The filter, if this caller may have it.
    fn grant(&self, hall: &Hall, text: &[u8]) -> Option<Filter> {
        let own = Filter::grant(text, self.caller.role).filter(|filter| self.is_within(filter));
        own.or_else(|| Filter::of_home(text, hall.home_topics()?).filter(|_| self.caller.scope.is_whole()))
    }

    fn has_room(&self, hall: &Hall, filter: &Filter) -> bool {
        let most = if hall.is_homes(filter) { FILTERS_MAX } else { hall.room.config.subscriptions_max };
        self.filters.contains(filter) || self.filters.len() < most
    }

    /// Tells who has just asked how things are: states of sites, and a command that is asked for by its id.
    async fn tell_present(&mut self, hall: &Hall, new: &[Filter]) -> Result<(), Ending> {
        let is_wanted = |topic: &str| new.iter().any(|filter| filter.matches(topic));
        let mut present = Vec::new();
        let scope = self.caller.scope.clone();
        let told = states(&hall.admin, |site| scope.has_site(site.as_str()) && is_wanted(&topics::state(site))).await;
        for (site, json) in told.map_err(|_logged| Ending::StoreFailed)? {
            present.push((topics::state(&site), json));
        }
        for (site, id) in new.iter().filter_map(Filter::command) {
            let Some(now) = look(&hall.admin, &site, id).await.map_err(|_failed| Ending::StoreFailed)? else {
                continue;
            };
            let topic = if now.is_over { topics::outcome(site.as_str(), id) } else { topics::progress(&site, id) };
            if is_wanted(&topic) {
                present.push((topic, now.json));
            }
        }
        for (topic, json) in present {
            count(&hall.room.counters.published);
            self.send(hall, &packets::publish(&topic, &json, true)).await?;
        }
        Ok(())
    }

    /// Sends a note, and what waits behind it.
    async fn deliver(&mut self, hall: &Hall, first: Arc<Note>) -> Result<(), Ending> {
        let (mut next, mut bytes) = (Some(first), Vec::new());
        while let Some(note) = next.take() {
            if self.wants(&note) {
                count(&hall.room.counters.published);
                bytes.extend_from_slice(&note.packet);
            }
            if bytes.len() < WRITE_BYTES {
                next = match self.news.try_recv() {
                    Ok(note) => Some(note),
                    Err(TryRecvError::Empty | TryRecvError::Closed) => None,
                    Err(TryRecvError::Lagged(_)) => return Err(Ending::Lagged),
                };
            }
        }
        if bytes.is_empty() { Ok(()) } else { self.send(hall, &bytes).await }
    }

    /// Whether the token reaches what a filter asks for: a part of the API, and at least one site.
    fn is_within(&self, filter: &Filter) -> bool {
        let Scope { areas, sites } = &self.caller.scope;
        let is_of_sites = sites.is_empty() || filter.site().is_none_or(|site| self.caller.scope.has_site(site));
        is_of_sites && (areas.is_empty() || filter.areas().iter().any(|area| areas.contains(*area)))
    }

    fn wants(&self, note: &Note) -> bool {
        let scope = &self.caller.scope;
        let is_within = scope.has_area(topics::area(&note.topic)) && scope.has_site(topics::site(&note.topic));
        is_within && self.caller.role >= note.needs && self.filters.iter().any(|filter| filter.matches(&note.topic))
    }

    /// A failing store does not end a connection: its reader keeps what they have.
    async fn look_who(&mut self, hall: &Hall) -> Result<(), Ending> {
        match hall.admin.logins.caller_via(self.caller.via.clone()).await {
            Ok(Some(caller)) => self.caller = caller,
            Ok(None) => return Err(Ending::Revoked),
            Err(_) => {}
        }
        // A lowered role takes away what it may no longer ask for.
        let mut filters = std::mem::take(&mut self.filters);
        filters.retain(|filter| self.grant(hall, filter.as_str().as_bytes()).is_some());
        self.filters = filters;
        Ok(())
    }

    async fn charge(&mut self, hall: &Hall) -> Result<(), Ending> {
        let wait = self.rate.take(1.0, Instant::now());
        if wait.is_zero() {
            return Ok(());
        }
        count(&hall.room.counters.throttled);
        or_stop(hall, tokio::time::sleep(wait)).await
    }

    async fn send(&mut self, hall: &Hall, bytes: &[u8]) -> Result<(), Ending> {
        let limit = hall.room.config.write_limit;
        or_stop(hall, send(&mut self.outbox, bytes, limit)).await?.map_err(Ending::from)
    }
}

fn missed(error: &RecvError) -> Ending {
    match error {
        RecvError::Lagged(_) => Ending::Lagged,
        RecvError::Closed => Ending::Stopping,
    }
}

/// Waits, but not longer than the hub runs.
async fn or_stop<T>(hall: &Hall, work: impl Future<Output = T>) -> Result<T, Ending> {
    tokio::select! {
        done = work => Ok(done),
        () = hall.stopping.cancelled() => Err(Ending::Stopping),
    }
}
