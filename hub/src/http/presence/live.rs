//! `/api/v1/presence/requests/{id}/events`: what becomes of a request, line by line as it is computed.
//!
//! Server-sent events: `line` is a line of the answer and its id the bytes of the answer so far, `anew` says that a run was
//! cut off and answers from its beginning, `beat` shows every 15 s that the stream lives. `end` is the last: the answer is
//! whole, or the caller's right ended. A reader who comes back with `Last-Event-ID` goes on where they were.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, Sse};
use futures_util::stream::{self, Stream};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Interval;

use super::requests::unknown;
use crate::http::Admin;
use crate::http::events::{BEAT, every, is_still_allowed, place};
use crate::http::guard::Operator;
use crate::http::problem::{Problem, Refused};
use crate::http::time::Time;
use crate::login::Caller;
use crate::presence::driver::Progress;

/// Between two looks at the answer: a line is this late at most.
const LOOK: Duration = Duration::from_millis(250);

/// Follows a request from its beginning, or from where the reader was, to its end.
#[utoipa::path(
    get, path = "/api/v1/presence/requests/{id}/events", operation_id = "presence_requests_follow",
    tag = "presence", extensions(("x-role" = json!("operator"))),
    params(("id" = String, Path, description = "The request")),
    responses((status = 200, description = "Events `line`, `anew`, `beat` and `end`",
               content_type = "text/event-stream", body = String), Refused)
)]
pub(in crate::http) async fn follow(
    Operator(caller): Operator,
    State(admin): State<Admin>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let known = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    admin.presences.request(&id)?.ok_or_else(|| unknown(&id))?;
    let live = Live {
        caller,
        id,
        at_bytes: known.unwrap_or(0),
        events: VecDeque::new(),
        is_over: false,
        beat: every(BEAT, BEAT),
        look: every(Duration::ZERO, LOOK),
        _place: place(&admin)?,
    };
    Ok(Sse::new(stream::unfold((live, admin), |(mut live, admin)| async move {
        let event = live.next(&admin).await?;
        Some((Ok(event), (live, admin)))
    })))
}

/// What one reader has still to be told.
struct Live {
    caller: Caller,
    id: String,
    /// How much of the answer was told.
    at_bytes: u64,
    events: VecDeque<Event>,
    is_over: bool,
    beat: Interval,
    look: Interval,
    _place: OwnedSemaphorePermit,
}

impl Live {
    /// Waits for the next event; none when the stream is over.
    async fn next(&mut self, admin: &Admin) -> Option<Event> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some(event);
            }
            if self.is_over {
                return None;
            }
            tokio::select! {
                () = admin.stopping.cancelled() => return None,
                _ = self.beat.tick() => self.beat(admin).await,
                _ = self.look.tick() => self.look(admin),
            }
        }
    }

    async fn beat(&mut self, admin: &Admin) {
        if is_still_allowed(admin, &self.caller).await {
            self.events.push_back(Event::default().event("beat").data(Time(admin.clock.wall_ms()).to_string()));
        } else {
            self.end("log in again");
        }
    }

    /// Takes what was said since the last look. A folder that cannot be read is looked into again.
    fn look(&mut self, admin: &Admin) {
        let Ok(said) = admin.presences.said(&self.id, self.at_bytes) else { return };
        let Some(said) = said else { return self.end("the request is no longer kept") };
        if said.is_anew {
            self.at_bytes = 0;
            self.events.push_back(Event::default().event("anew").data("the run was cut off and begins again"));
        }
        for line in said.text.split_inclusive('\n') {
            self.at_bytes += line.len() as u64;
            let event = Event::default().event("line").id(self.at_bytes.to_string());
            // An event's text may hold no other end of a line.
            self.events.push_back(event.data(line.trim_end().replace('\r', " ")));
        }
        if said.text.is_empty() && said.progress == Progress::Ended {
            self.end("the answer is whole");
        }
    }

    fn end(&mut self, why: &str) {
        self.is_over = true;
        self.events.push_back(Event::default().event("end").data(why));
    }
}
