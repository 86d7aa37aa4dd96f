//! One machine: how it is, how it was, what was said on its screen, and what can be done about it.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use vigie_shared::wire::reading::{Battery, MachineFacts, MachineReach};

use super::memory;
use super::past::{ChangeRow, changes, charts, forecast};
use super::words::{self, Words};
use crate::clean_desk::message::{KIND, Tally};
use crate::http::Admin;
use crate::http::page::chart::Chart;
use crate::http::page::frame::{Frame, Reader, render};
use crate::http::page::history::{DAY_MS, Local};
use crate::http::page::marks::Mark;
use crate::http::page::row::Moment;
use crate::http::page::spark::{HEIGHT, WIDTH};
use crate::http::problem::Problem;
use crate::store::commands::StoredCommand;
use crate::store::machines::{Machine, name};
use crate::text;

/// How far back its past goes, milliseconds.
const SPAN_MS: i64 = 30 * DAY_MS;
/// Hours of that, and days.
const HOURS_MAX: usize = 721;
const DAYS_MAX: usize = 31;
/// Messages of its site that are looked through.
const MESSAGES_MAX: usize = 50;

/// Where it was.
struct PlaceRow {
    site: String,
    ip: String,
    last: Moment,
}

/// A message that was meant for it.
struct MessageRow {
    given: Moment,
    account: String,
    mark: Mark,
    /// Why it was not shown, in the box's words.
    reason: String,
}

#[derive(Template)]
#[template(path = "machine.html")]
struct MachinePage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    id: &'a str,
    name: &'a str,
    site: &'a str,
    mac: String,
    met: Moment,
    values: Vec<(&'static str, String)>,
    charts: Vec<Chart>,
    changes: Vec<ChangeRow>,
    places: Vec<PlaceRow>,
    messages: Vec<MessageRow>,
}

/// Shows one machine.
pub(in crate::http::page) async fn show(
    reader: Reader,
    State(admin): State<Admin>,
    Path(id): Path<String>,
) -> Response {
    let frame = reader.frame;
    let page = page(&admin, &frame, &id).await;
    frame.answer(page)
}

async fn page(admin: &Admin, frame: &Frame, id: &str) -> Result<Response, Problem> {
    let machine = admin.store.machine(id).await?.ok_or_else(|| Problem::unknown("machine", id))?;
    let (w, now_ms) = (words::of(frame.lang), admin.clock.wall_ms());
    let (at, span) = (Local::of_hub(frame, now_ms), (now_ms.saturating_sub(SPAN_MS), now_ms.saturating_add(1)));
    let names = machine.names();
    let hours = admin.store.machine_hours(&names, span, HOURS_MAX).await?;
    let days = admin.store.machine_days(&names, span, DAYS_MAX).await?;
    let said = admin.store.commands_of_kind(KIND, Some(&machine.met.site), MESSAGES_MAX).await?;
    let mut values = values(&at, w, &machine);
    values.push((w.forecast, forecast(&at, w, &hours)));
    let memory_bytes = machine.facts().and_then(|facts| facts.memory_bytes);
    Ok(render(&MachinePage {
        frame,
        w,
        id: &machine.id,
        name: machine.title(),
        site: machine.met.site.as_str(),
        mac: machine.mac().map(|mac| mac.to_string()).unwrap_or_default(),
        met: at.moment(machine.met.at_ms),
        values,
        charts: charts(&at, w, (&hours, memory_bytes), span),
        changes: changes(&at, w, crate::store::machines::changes(&days)),
        places: machine
            .places
            .iter()
            .map(|place| PlaceRow {
                site: place.site.to_string(),
                ip: place.ip.to_string(),
                last: at.moment(place.last_ms),
            })
            .collect(),
        messages: said.iter().filter_map(|command| message(&at, w, (command, &machine))).collect(),
    }))
}

/// What is known of it, as far as it is.
fn values(at: &Local<'_>, w: &'static Words, machine: &Machine) -> Vec<(&'static str, String)> {
    let (words, lang) = (at.frame.words, at.frame.lang);
    let none = MachineFacts::default();
    let facts = machine.facts().unwrap_or(&none);
    let disk = facts.disk.map(|disk| {
        format!("{} {} {}", text::size(lang, disk.free_bytes), w.disk_of, text::size(lang, disk.total_bytes))
    });
    let serial = name::is_serial(&machine.id).then(|| machine.id.clone());
    let values = [
        (w.reach, Some(reach(w, &machine.met.reach))),
        (w.was_read, machine.read.as_ref().map(|read| at.moment(read.at_ms).text)),
        (w.first_met, Some(at.moment(machine.first_ms).text)),
        (w.serial, serial),
        (w.card, machine.mac().map(|mac| mac.to_string())),
        (words.model, facts.model_name.clone().or_else(|| facts.model_id.clone())),
        (w.chip, facts.chip.clone()),
        (words.system, facts.os_version.clone()),
        (words.memory, facts.memory_bytes.map(|bytes| memory(lang, bytes))),
        (words.session, facts.console_user.clone()),
        (words.disk_free, disk),
        (words.battery, facts.battery.as_ref().map(|battery| charge(at, battery))),
        (w.health, facts.battery.as_ref().and_then(|battery| health(at, w, battery))),
    ];
    values.into_iter().filter_map(|(word, value)| Some((word, value?))).collect()
}

fn charge(at: &Local<'_>, battery: &Battery) -> String {
    let percent = text::percent(at.frame.lang, u64::from(battery.percent) * 10);
    if battery.is_plugged { format!("{percent}, {}", at.frame.words.plugged) } else { percent }
}

fn health(at: &Local<'_>, w: &Words, battery: &Battery) -> Option<String> {
    let health = battery.health_permille.map(|permille| text::percent(at.frame.lang, permille.into()));
    let cycles = battery.cycles.map(|cycles| format!("{} {}", text::number(at.frame.lang, cycles.into()), w.cycles));
    let parts: Vec<String> = [health, cycles, battery.condition.clone()].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn reach(w: &Words, reach: &MachineReach) -> String {
    match reach {
        MachineReach::Read => w.reach_read.to_owned(),
        MachineReach::NoSsh => w.reach_no_ssh.to_owned(),
        MachineReach::Refused => w.reach_refused.to_owned(),
        MachineReach::Shut => w.reach_shut.to_owned(),
        MachineReach::Unpinned(key) => format!("{} ({key})", w.reach_unpinned),
        MachineReach::OtherKey(key) => format!("{} ({key})", w.reach_other_key),
        MachineReach::Silent => w.reach_silent.to_owned(),
        MachineReach::Failed(why) => format!("{} ({why})", w.reach_failed),
    }
}

/// What became of a message on this machine; none if it was not meant.
fn message(at: &Local<'_>, w: &'static Words, (command, machine): (&StoredCommand, &Machine)) -> Option<MessageRow> {
    let tally = Tally::of(command);
    let is_it = |name: &str| {
        machine.names().iter().any(|known| known == name)
            || machine.title() == name
            || machine.met.ip.to_string() == name
    };
    let own = tally.machines.iter().find(|shown| is_it(&shown.machine));
    if own.is_none() && !tally.machines.is_empty() {
        return None;
    }
    let (state, word) = match own {
        Some(shown) if shown.acknowledged => ("fine", w.seen),
        Some(shown) if shown.shown => ("fine", w.shown),
        None if command.state.is_open() => ("running", w.on_its_way),
        Some(_) | None => ("attention", w.not_shown),
    };
    Some(MessageRow {
        given: at.moment(command.issued_ms),
        account: command.account.clone(),
        mark: Mark { state, word },
        reason: own.and_then(|shown| shown.reason.clone()).unwrap_or_else(|| command.detail.clone()),
    })
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use crate::http::page::shown;
    use crate::http::testing::{Stage, Who};
    use crate::store::accounts::Role;
    use crate::text::Lang;

    #[tokio::test]
    async fn a_machine_says_how_it_is_and_how_it_was() {
        let stage = Stage::whole().await;
        for lang in Lang::ALL {
            let ask = stage.get("/machines/C02XL0AA").by(Who::Socket);
            let page = ask.header("accept-language", lang.code()).send().await;
            assert_eq!(page.status, StatusCode::OK);
            insta::assert_snapshot!(format!("machine_{}", lang.code()), shown(&page.text));
        }
    }

    #[tokio::test]
    async fn a_viewer_reads_it_and_has_no_button_and_what_is_not_there_is_not_found() {
        let stage = Stage::whole().await;
        let page = stage.get("/machines/C02XL0AA").role(Role::Viewer).send().await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(!shown(&page.text).contains("method=\"post\""));
        assert_eq!(stage.get("/machines/C02XL0ZZ").by(Who::Socket).send().await.status, StatusCode::NOT_FOUND);
    }
}
