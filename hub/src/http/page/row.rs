//! One site as a row: what the fleet's table shows, and what the live stream sends when it changes.

use askama::Template;
use jiff::tz::TimeZone;

use super::frame::Frame;
use super::marks::{self, Mark};
use crate::fleet::BoxNow;
use crate::fleet::completeness::{Deliveries, Line};
use crate::http::Admin;
use crate::http::problem::Problem;
use crate::http::reach::{Hearing, health, reach, used_permille};
use crate::http::time::Time;
use crate::store::sites::Site;
use crate::text::{self, Lang};

/// One site, as its row shows it.
pub(super) struct Row {
    pub(super) id: String,
    pub(super) name: String,
    /// Club, town and tags in one line; empty if nothing is known.
    pub(super) about: String,
    pub(super) reach: Mark,
    pub(super) health: Mark,
    pub(super) complete: Mark,
    pub(super) complete_at: Option<Moment>,
    pub(super) heard: Option<Moment>,
    pub(super) disk: String,
    pub(super) version: String,
    /// The smaller, the more somebody should look.
    pub(super) urgency: u8,
}

/// A moment with its age.
pub(super) struct Moment {
    pub(super) at: Time,
    pub(super) text: String,
    pub(super) age: String,
}

impl Moment {
    pub(super) fn new(lang: Lang, at_ms: i64, now_ms: i64, zone: &TimeZone) -> Self {
        let text = text::moment(lang, at_ms, now_ms, zone);
        Self { at: Time(at_ms), text, age: text::age(lang, at_ms, now_ms, zone) }
    }
}

/// One row alone, for the live stream.
#[derive(Template)]
#[template(path = "row.html")]
struct RowPage<'a> {
    frame: &'a Frame,
    row: &'a Row,
}

/// What a row is made of.
pub(super) struct Facts<'a> {
    pub(super) site: &'a Site,
    pub(super) live: BoxNow,
    pub(super) lines: Vec<Line>,
}

impl Row {
    pub(super) fn new(frame: &Frame, facts: &Facts<'_>, hearing: Hearing) -> Self {
        let Facts { site, live, lines } = facts;
        let (words, zone) = (frame.words, zone_of(site));
        let reach = reach(live, site.revoked_ms.is_some(), hearing);
        let health = health(live, reach);
        let moment = |at_ms: i64| Moment::new(frame.lang, at_ms, hearing.now_ms, &zone);
        let complete_ms = lines.iter().map(|line| line.complete_ms).min().flatten();
        Self {
            id: site.id.to_string(),
            name: site.name.clone(),
            about: in_one_line(site),
            reach: marks::of_reach(reach, words),
            health: marks::of_health(health, words),
            complete: marks::of_lines(lines, words),
            complete_at: complete_ms.map(moment),
            heard: live.heard_ms.map(moment),
            disk: fullest_permille(live).map_or(words.none.to_owned(), |used| text::percent(frame.lang, used)),
            version: live.version.clone().unwrap_or_else(|| words.none.to_owned()),
            urgency: marks::urgency(reach, health),
        }
    }

    /// The row as the stream sends it.
    pub(super) fn html(&self, frame: &Frame) -> String {
        RowPage { frame, row: self }.render().unwrap_or_default()
    }
}

/// How full the fullest disk of a box is, as far as it is known.
pub(super) fn fullest_permille(live: &BoxNow) -> Option<u64> {
    let disks = live.heartbeat.as_ref().map(|pulse| pulse.host.disks.as_slice()).unwrap_or_default();
    disks.iter().map(|disk| used_permille(disk.total_bytes, disk.available_bytes)).max()
}

/// Club, town and tags of a site; empty if nothing is known.
pub(super) fn in_one_line(site: &Site) -> String {
    let about = &site.about;
    let texts = [&about.club, &about.town].into_iter().chain(&about.tags).filter(|text| !text.is_empty());
    texts.map(String::as_str).collect::<Vec<_>>().join(" · ")
}

/// The site's zone; UTC if it is unknown here.
pub(super) fn zone_of(site: &Site) -> TimeZone {
    TimeZone::get(&site.zone).unwrap_or(TimeZone::UTC)
}

/// A row with the site's gaps.
pub(super) async fn whole_row(
    admin: &Admin,
    frame: &Frame,
    site: &Site,
    delivered: &Deliveries,
) -> Result<Row, Problem> {
    let live = admin.fleet.site(&site.id);
    let gaps: Vec<_> = admin.store.gaps(&site.id).await?;
    let lines = delivered.lines(&site.id, &gaps, live.heartbeat.as_ref());
    Ok(Row::new(frame, &Facts { site, live, lines }, admin.hearing()))
}
