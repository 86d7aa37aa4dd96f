//! Fragments of the open page as they change: one row of the fleet, or the head of one site.
//!
//! Unnamed events are HTML that says which element it replaces; `beat` carries the hub's time, `end` ends, `rest` makes
//! room for another window of the same browser. Where the page names its rows, nothing is sent of others.

use std::convert::Infallible;

use axum::extract::{Query, State};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use serde::Deserialize;
use vigie_shared::id::SiteId;

use super::frame::{Frame, Reader};
use super::row::whole_row;
use crate::http::Admin;
use crate::http::events::{Seen, Watch};
use crate::http::site::{deliveries, known};
use crate::http::time::Time;
use crate::http::windows::Window;

/// What the open page shows.
#[derive(Deserialize)]
pub(super) struct Scope {
    /// Only the head of this site.
    site: Option<String>,
    /// Only these rows, with commas between them; all if not given, none but the beat if empty.
    rows: Option<String>,
}

/// Streams what changes on the open page.
pub(super) async fn stream(reader: Reader, State(admin): State<Admin>, Query(scope): Query<Scope>) -> Response {
    let Reader { frame, caller } = reader;
    let watch = match Watch::new(&admin, caller.clone()) {
        Ok(watch) => watch,
        Err(problem) => return problem.into_response(),
    };
    let live = Live { window: admin.windows.open(&caller), watch, page: Page { frame, scope, admin } };
    let events = stream::unfold(Some(live), |live| async move { live?.next().await });
    Sse::new(events).into_response()
}

impl Scope {
    /// Whether the page has a row for this site.
    fn shows(&self, id: &SiteId) -> bool {
        self.rows.as_ref().is_none_or(|rows| rows.split(',').any(|row| row == id.as_str()))
    }
}

/// HTML in place of the element with that id.
fn replacing(id: &str, html: &str) -> Event {
    Event::default()
        .data(format!("<hx-partial hx-target=\"#{id}\" hx-swap=\"outerMorph\">{}</hx-partial>", html.trim()))
}

/// A page with its stream.
struct Live {
    window: Window,
    watch: Watch,
    page: Page,
}

impl Live {
    /// The next event, and what goes on after it; none when the stream is over.
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Option<Self>)> {
        loop {
            let seen = tokio::select! {
                seen = self.watch.next(&self.page.admin) => seen?,
                () = self.window.rest() => {
                    return Some((Ok(Event::default().event("rest").data("too many windows")), None));
                }
            };
            if let Some(event) = self.page.event(seen).await {
                return Some((Ok(event), Some(self)));
            }
        }
    }
}

struct Page {
    frame: Frame,
    scope: Scope,
    admin: Admin,
}

impl Page {
    async fn event(&self, seen: Seen) -> Option<Event> {
        match seen {
            Seen::Beat => Some(Event::default().event("beat").data(Time(self.admin.clock.wall_ms()).to_string())),
            Seen::Settled => Some(replacing("headline", &self.headline().await?)),
            Seen::End => Some(Event::default().event("end").data("bye")),
            Seen::Site(site) => {
                let place = if self.scope.site.is_some() { "now" } else { "site" };
                Some(replacing(&format!("{place}-{site}"), &self.fragment(&site).await?))
            }
        }
    }

    /// The fleet's sentence, so that it never contradicts its rows.
    async fn headline(&self) -> Option<String> {
        match (&self.scope.site, self.scope.rows.as_deref()) {
            (Some(_), _) | (None, Some("")) => None,
            (None, _) => super::fleet::headline_html(&self.admin, &self.frame).await.ok(),
        }
    }

    /// None for a site that the page does not show, or that cannot be read now: the next change brings it again.
    async fn fragment(&self, id: &SiteId) -> Option<String> {
        match &self.scope.site {
            Some(shown) if shown == id.as_str() => {
                let (site, _gaps, lines) = known(&self.admin, shown).await.ok()?;
                Some(super::site::head(&self.admin, &self.frame, &site, &lines).to_string())
            }
            Some(_) => None,
            None if !self.scope.shows(id) => None,
            None => {
                let site = self.admin.store.site(id).await.ok()??;
                let delivered = deliveries(&self.admin).await.ok()?;
                let row = whole_row(&self.admin, &self.frame, &site, &delivered).await.ok()?;
                Some(row.html(&self.frame))
            }
        }
    }
}
