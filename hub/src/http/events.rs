//! `/api/v1/events`: the fleet as it changes, as server-sent events.
//!
//! It begins with one `site` event per site, then sends one for each site that changed, at most once a second. A
//! reader who missed some gets all of them again. A `beat` every 15 s shows that the stream lives. The caller's
//! right is checked at every beat; when it ends, the stream says `end` and closes.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, Sse};
use futures_util::stream::{self, Stream};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};
use vigie_shared::id::SiteId;

use super::Admin;
use super::guard::Viewer;
use super::problem::{Problem, Refused};
use super::reach::{Reach, reach};
use super::time::Time;
use super::views::SiteView;
use crate::login::Caller;

/// How often a living stream says so.
pub(super) const BEAT: Duration = Duration::from_secs(15);
/// Changes of one site within this time are one event.
const CALM: Duration = Duration::from_secs(1);

/// Streams the fleet's changes.
#[utoipa::path(
    get, path = "/api/v1/events", operation_id = "events_stream",
    tag = "sites", extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "Events `site` (a site), `beat` (the hub's time) and `end`",
               content_type = "text/event-stream", body = SiteView), Refused)
)]
pub(super) async fn stream(
    Viewer(caller): Viewer,
    State(admin): State<Admin>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let watch = Watch::new(&admin, caller)?;
    Ok(Sse::new(stream::unfold((watch, admin), |(mut watch, admin)| async move {
        let event = loop {
            match watch.next(&admin).await? {
                Seen::Beat => break Event::default().event("beat").data(Time(admin.clock.wall_ms()).to_string()),
                Seen::Settled => {}
                Seen::End => break Event::default().event("end").data("log in again"),
                Seen::Site(site) => {
                    if let Some(event) = site_event(&admin, &site).await {
                        break event;
                    }
                }
            }
        };
        Some((Ok(event), (watch, admin)))
    })))
}

/// A site as an event; none if it is gone or the store fails (the next change brings it again).
async fn site_event(admin: &Admin, id: &SiteId) -> Option<Event> {
    let site = admin.store.site(id).await.ok().flatten()?;
    let view = SiteView::new(&site, &admin.fleet.site(id), admin.hearing());
    Event::default().event("site").json_data(view).ok()
}

/// What a stream has to say next.
pub(crate) enum Seen {
    /// It lives.
    Beat,
    /// Something about a site changed.
    Site(SiteId),
    /// That was all, for this moment.
    Settled,
    /// The reader's right ended; nothing comes after.
    End,
}

/// What one stream has still to tell.
pub(crate) struct Watch {
    caller: Caller,
    changes: broadcast::Receiver<SiteId>,
    pending: BTreeSet<SiteId>,
    flushing: BTreeSet<SiteId>,
    knows_all: bool,
    has_told: bool,
    /// Each box's link at the last beat.
    links: BTreeMap<SiteId, Reach>,
    is_over: bool,
    beat: Interval,
    calm: Interval,
    _place: OwnedSemaphorePermit,
}

enum Woken {
    Beat,
    Calm,
    Change(Result<SiteId, RecvError>),
    Stop,
}

impl Watch {
    /// Begins to watch.
    pub(crate) fn new(admin: &Admin, caller: Caller) -> Result<Self, Problem> {
        let place = place(admin)?;
        Ok(Self {
            caller,
            changes: admin.fleet.changes(),
            pending: BTreeSet::new(),
            flushing: BTreeSet::new(),
            knows_all: false,
            has_told: false,
            links: links(admin),
            is_over: false,
            beat: every(BEAT, BEAT),
            calm: every(Duration::ZERO, CALM),
            _place: place,
        })
    }

    /// Waits for the next thing to tell; none when the stream is over.
    pub(crate) async fn next(&mut self, admin: &Admin) -> Option<Seen> {
        loop {
            if let Some(site) = self.flushing.pop_first() {
                self.has_told = true;
                return Some(Seen::Site(site));
            }
            if std::mem::take(&mut self.has_told) {
                return Some(Seen::Settled);
            }
            if self.is_over {
                return None;
            }
            match self.woken(admin).await {
                Woken::Stop => return None,
                Woken::Beat => return Some(self.checked(admin).await),
                Woken::Calm => self.flush(admin).await,
                Woken::Change(Ok(site)) => drop(self.pending.insert(site)),
                Woken::Change(Err(RecvError::Lagged(_))) => self.knows_all = false,
                Woken::Change(Err(RecvError::Closed)) => return None,
            }
        }
    }

    /// Every branch keeps what it waits for when another one is first.
    async fn woken(&mut self, admin: &Admin) -> Woken {
        tokio::select! {
            () = admin.stopping.cancelled() => Woken::Stop,
            _ = self.beat.tick() => Woken::Beat,
            _ = self.calm.tick() => Woken::Calm,
            change = self.changes.recv() => Woken::Change(change),
        }
    }

    /// Takes everything that changed since the last time, or every site for a reader who missed something.
    async fn flush(&mut self, admin: &Admin) {
        if self.knows_all {
            self.flushing.append(&mut self.pending);
            return;
        }
        if let Ok(sites) = admin.store.sites().await {
            self.pending.clear();
            self.flushing = sites.into_iter().map(|site| site.id).collect();
            self.knows_all = true;
        }
    }

    /// A box that falls silent announces nothing: its state changes by time alone.
    fn notice_silence(&mut self, admin: &Admin) {
        let now = links(admin);
        let changed = now.iter().filter(|(site, link)| self.links.get(*site) != Some(link));
        self.pending.extend(changed.map(|(site, _)| site.clone()));
        self.links = now;
    }

    async fn checked(&mut self, admin: &Admin) -> Seen {
        self.notice_silence(admin);
        if is_still_allowed(admin, &self.caller).await {
            return Seen::Beat;
        }
        self.is_over = true;
        Seen::End
    }
}

/// Takes a place for a live stream.
pub(super) fn place(admin: &Admin) -> Result<OwnedSemaphorePermit, Problem> {
    Arc::clone(&admin.streams).try_acquire_owned().map_err(|_full| {
        let detail = "too many live views are open; the page still works by reloading it";
        let status = StatusCode::SERVICE_UNAVAILABLE;
        Problem::new(status, "streams_full", "Too many live views", detail).retry_after(30)
    })
}

/// Whether whoever follows a stream still may, in the same role. A failing store takes nobody's right.
pub(super) async fn is_still_allowed(admin: &Admin, caller: &Caller) -> bool {
    match admin.logins.caller_via(caller.via.clone()).await {
        Ok(known) => known.is_some_and(|known| known.role == caller.role),
        Err(_) => true,
    }
}

/// Each box's link at this moment.
fn links(admin: &Admin) -> BTreeMap<SiteId, Reach> {
    let hearing = admin.hearing();
    admin.fleet.snapshot().into_iter().map(|(site, now)| (site, reach(&now, false, hearing))).collect()
}

pub(super) fn every(first: Duration, period: Duration) -> Interval {
    let mut ticks = interval_at(Instant::now() + first, period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

#[cfg(test)]
mod tests {
    use axum::body::BodyDataStream;
    use axum::http::Method;
    use futures_util::StreamExt as _;

    use crate::http::testing::{Stage, Who, live, token};
    use crate::login::secret;
    use crate::store::accounts::{Account, Role};

    /// Reads events until one contains all of `words`.
    async fn until(stream: &mut BodyDataStream, words: &[&str]) -> String {
        for _ in 0..100 {
            let chunk = stream.next().await.expect("the stream goes on").unwrap();
            let text = String::from_utf8(chunk.to_vec()).unwrap();
            if words.iter().all(|word| text.contains(word)) {
                return text;
            }
        }
        panic!("no event says {words:?}");
    }

    async fn open(stage: &Stage) -> BodyDataStream {
        let answer = stage.request(Method::GET, "/api/v1/events").role(Role::Viewer).open().await;
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        answer.into_body().into_data_stream()
    }

    #[tokio::test]
    async fn a_stream_begins_with_every_site_and_tells_each_change() {
        let stage = Stage::new().await;
        let metz = stage.add_site("metz", "Metz").await;
        let mut stream = open(&stage).await;
        until(&mut stream, &["event: site", "\"metz\"", "never_heard"]).await;
        stage.fleet.tell(&metz, live());
        until(&mut stream, &["event: site", "\"metz\"", "\"reachable\""]).await;
    }

    #[tokio::test]
    async fn a_box_that_falls_silent_is_told_although_it_says_nothing() {
        let stage = Stage::new().await;
        let metz = stage.add_site("metz", "Metz").await;
        stage.fleet.tell(&metz, live());
        let mut stream = open(&stage).await;
        until(&mut stream, &["\"metz\"", "\"reachable\""]).await;
        tokio::time::pause();
        stage.clock.advance(stage.admin.silent_after);
        until(&mut stream, &["\"metz\"", "\"silent\""]).await;
    }

    #[tokio::test]
    async fn a_reader_who_was_too_slow_gets_everything_again() {
        let stage = Stage::new().await;
        let metz = stage.add_site("metz", "Metz").await;
        stage.add_site("brest", "Brest").await;
        let mut stream = open(&stage).await;
        until(&mut stream, &["\"metz\""]).await;
        for _ in 0..100 {
            stage.fleet.tell(&metz, live());
        }
        until(&mut stream, &["event: site", "\"brest\""]).await;
    }

    #[tokio::test]
    async fn a_stream_lives_and_ends_with_the_right_to_read_it() {
        let stage = Stage::new().await;
        let mut stream = open(&stage).await;
        tokio::time::pause();
        until(&mut stream, &["event: beat", "2026-11-20T14:05:00.000Z"]).await;
        let removed = stage.store.remove_credential(secret::sha256(token(Role::Viewer).as_bytes())).await;
        assert!(removed.unwrap());
        until(&mut stream, &["event: end"]).await;
        assert!(stream.next().await.is_none());
    }

    #[tokio::test]
    async fn a_stream_ends_when_its_readers_role_changes() {
        let stage = Stage::new().await;
        let mut stream = open(&stage).await;
        tokio::time::pause();
        until(&mut stream, &["event: beat"]).await;
        let account = stage.store.account("viewer").await.unwrap().unwrap();
        let member = Account { role: Role::Member, person: Some("ama".to_owned()), ..account };
        stage.store.put_account(&member).await.unwrap();
        until(&mut stream, &["event: end"]).await;
        assert!(stream.next().await.is_none());
    }

    #[tokio::test]
    async fn streams_end_when_the_hub_stops_and_there_are_never_too_many() {
        let stage = Stage::new().await;
        let mut streams = Vec::new();
        for _ in 0..crate::http::STREAMS_MAX {
            streams.push(open(&stage).await);
        }
        let refused = stage.get("/api/v1/events").by(Who::Socket).send().await;
        assert_eq!(refused.code(), "streams_full");
        stage.stopping.cancel();
        for mut stream in streams {
            while stream.next().await.is_some() {}
        }
    }
}
