//! The owner's machines as a table that can be searched and sorted without scripts: on the hub's pages, and at the door
//! where the older program's page was.

pub(super) mod one;
mod past;
mod words;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::address::{escape, escape_step};
use super::frame::{Frame, Reader, Visitor, render};
use super::row::Moment;
use crate::http::Admin;
use crate::http::machines::door::Knower;
use crate::http::problem::Problem;
use crate::machines::order::{Sort, Wish};
use crate::store::machines::{MACHINES_MAX, Machine, name};
use crate::text::{self, Lang};

/// Rows of one page.
const ROWS_MAX: usize = 100;

/// What the reader is looking for.
#[derive(Debug, Default, Deserialize)]
pub(in crate::http) struct Filter {
    /// Words that are all known of the machine.
    #[serde(default)]
    q: String,
    /// A site's id, or nothing.
    #[serde(default)]
    site: String,
    /// As in the API: `disk`, or `-disk` for the greatest first.
    #[serde(default)]
    sort: String,
    /// Rows to leave out: the pages before.
    #[serde(default)]
    skip: usize,
}

/// Where the page lies.
struct Place {
    /// Its own address.
    page: &'static str,
    /// The address of its CSV.
    csv: &'static str,
    /// Whether the pages of the fleet are there too.
    has_fleet: bool,
}

const ON_HUB: Place = Place { page: "/machines", csv: "/api/v1/machines.csv", has_fleet: true };
const AT_DOOR: Place = Place { page: "/", csv: "/machines.csv", has_fleet: false };

/// A column's head: its words, the address that sorts by it, and how it is sorted already.
struct Head {
    words: &'static str,
    address: Option<String>,
    sorted: Option<&'static str>,
    is_number: bool,
}

/// One machine as a row.
struct Row {
    /// The address of its page.
    page: String,
    name: String,
    serial: String,
    site: String,
    ip: String,
    model: String,
    os: String,
    disk: String,
    memory: String,
    battery: String,
    session: String,
    met: Moment,
}

#[derive(Template)]
#[template(path = "machines.html")]
struct MachinesPage<'a> {
    frame: &'a Frame,
    filter: &'a Filter,
    place: &'a Place,
    headline: String,
    heads: Vec<Head>,
    rows: Vec<Row>,
    sites: Vec<String>,
    has_machines: bool,
    more: Option<String>,
    csv: String,
}

/// Shows the machines to somebody with an account.
pub(super) async fn show(reader: Reader, State(admin): State<Admin>, Query(filter): Query<Filter>) -> Response {
    shown(&admin, reader.frame, &filter, &ON_HUB).await
}

/// Shows the machines to somebody who knows the door's token.
pub(super) async fn at_door(
    _: Knower,
    Visitor(frame): Visitor,
    State(admin): State<Admin>,
    Query(filter): Query<Filter>,
) -> Response {
    shown(&admin, frame, &filter, &AT_DOOR).await
}

async fn shown(admin: &Admin, frame: Frame, filter: &Filter, place: &Place) -> Response {
    let page = page(admin, &frame, filter, place).await;
    frame.answer(page)
}

async fn page(admin: &Admin, frame: &Frame, filter: &Filter, place: &Place) -> Result<Response, Problem> {
    let mut machines = admin.store.machines(None, MACHINES_MAX).await?;
    let has_machines = !machines.is_empty();
    let mut sites: Vec<String> = machines.iter().map(|machine| machine.met.site.to_string()).collect();
    sites.sort();
    sites.dedup();
    machines.retain(|machine| filter.site.is_empty() || machine.met.site.as_str() == filter.site);
    let wish = filter.wish(place);
    let found = wish.pick(machines);
    let headline = text::counted(frame.lang, found.len() as u64, "machine", "machines");
    let now_ms = admin.clock.wall_ms();
    let has_more = found.len() > filter.skip.saturating_add(ROWS_MAX);
    let page = found.iter().skip(filter.skip).take(ROWS_MAX);
    let rows = page.map(|machine| Row::new(frame, machine, now_ms)).collect();
    let more = has_more.then(|| filter.address(place, &filter.sort, filter.skip.saturating_add(ROWS_MAX)));
    let heads = heads(frame, filter, &wish, place);
    let csv = filter.csv(place);
    Ok(render(&MachinesPage { frame, filter, place, headline, heads, rows, sites, has_machines, more, csv }))
}

impl Filter {
    /// The order that was asked for; else what needs a hand comes first, or the order that older people know.
    fn wish(&self, place: &Place) -> Wish {
        let (word, is_descending) =
            self.sort.strip_prefix('-').map_or((self.sort.as_str(), false), |word| (word, true));
        let usual = if place.has_fleet { Sort::Disk } else { Sort::default() };
        Wish { search: self.q.clone(), sort: Sort::parse(word).unwrap_or(usual), is_descending }
    }

    /// The page with another order or beginning.
    fn address(&self, place: &Place, sort: &str, skip: usize) -> String {
        let (q, site, sort) = (escape(&self.q), escape(&self.site), escape(sort));
        format!("{}?q={q}&site={site}&sort={sort}&skip={skip}", place.page)
    }

    /// The same rows as CSV, all of them.
    fn csv(&self, place: &Place) -> String {
        if !place.has_fleet {
            return place.csv.to_owned();
        }
        let mut asked = vec![];
        for (key, value) in [("q", &self.q), ("site", &self.site), ("sort", &self.sort)] {
            if !value.is_empty() {
                asked.push(format!("{key}={}", escape(value)));
            }
        }
        format!("{}?{}", place.csv, asked.join("&"))
    }
}

fn heads(frame: &Frame, filter: &Filter, wish: &Wish, place: &Place) -> Vec<Head> {
    let words = frame.words;
    let columns = [
        (words.machine, Some(Sort::Name)),
        (words.site, Some(Sort::Site)),
        ("IP", None),
        (words.model, Some(Sort::Model)),
        (words.system, Some(Sort::Os)),
        (words.disk_free, Some(Sort::Disk)),
        (words.memory, Some(Sort::Memory)),
        (words.battery, Some(Sort::Battery)),
        (words.session, Some(Sort::User)),
        (words.met, Some(Sort::Met)),
    ];
    let head = |(words, sort): (&'static str, Option<Sort>)| {
        let is_sorted = sort == Some(wish.sort);
        let turned = if is_sorted && !wish.is_descending { "-" } else { "" };
        Head {
            words,
            address: sort.map(|sort| filter.address(place, &format!("{turned}{}", sort.word()), 0)),
            sorted: is_sorted.then_some(if wish.is_descending { "descending" } else { "ascending" }),
            is_number: matches!(sort, Some(Sort::Disk | Sort::Memory | Sort::Battery)),
        }
    };
    columns.into_iter().map(head).collect()
}

impl Row {
    fn new(frame: &Frame, machine: &Machine, now_ms: i64) -> Self {
        let (lang, words) = (frame.lang, frame.words);
        let known = |text: Option<String>| text.unwrap_or_else(|| words.none.to_owned());
        let facts = machine.facts();
        let battery = facts.and_then(|facts| facts.battery.as_ref()).map(|battery| {
            let percent = text::percent(lang, u64::from(battery.percent) * 10);
            if battery.is_plugged { format!("{percent}, {}", words.plugged) } else { percent }
        });
        let serial = if name::is_serial(&machine.id) { machine.id.clone() } else { String::new() };
        let model = facts.and_then(|facts| facts.model_name.clone().or_else(|| facts.model_id.clone()));
        Self {
            page: format!("/machines/{}", escape_step(&machine.id)),
            name: machine.title().to_owned(),
            serial,
            site: machine.met.site.to_string(),
            ip: machine.met.ip.to_string(),
            model: known(model.or_else(|| machine.met.vendor.clone())),
            os: known(facts.and_then(|facts| facts.os_version.clone())),
            disk: known(facts.and_then(|facts| facts.disk).map(|disk| text::size(lang, disk.free_bytes))),
            memory: known(facts.and_then(|facts| facts.memory_bytes).map(|bytes| memory(lang, bytes))),
            battery: known(battery),
            session: known(facts.and_then(|facts| facts.console_user.clone())),
            met: Moment::new(lang, machine.met.at_ms, now_ms, &TimeZone::system()),
        }
    }
}

/// Memory as it is sold, in powers of two.
fn memory(lang: Lang, bytes: u64) -> String {
    let unit = match lang {
        Lang::Fr => "Go",
        Lang::En => "GB",
    };
    format!("{}\u{a0}{unit}", bytes.saturating_add(1 << 29) >> 30)
}
