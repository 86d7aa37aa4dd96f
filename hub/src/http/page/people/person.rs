//! One person: name and numbers, devices, the pairing link, and what the person may ask for.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use jiff::tz::TimeZone;

use super::is_present;
use super::words::{self, Words};
use crate::attendance::Person;
use crate::http::guard::own_person;
use crate::http::page::frame::{Frame, Insider, Reader, render};
use crate::http::page::row::Moment;
use crate::http::problem::Problem;
use crate::http::{Admin, people};
use crate::presence::Ownership;
use crate::store::accounts::Role;
use crate::store::presence::{OwnershipFilter, Profile, Registered};

/// Looks that are shown, the newest.
const LOOKS: usize = 20;
/// Lines for numbers that are still free in the form.
const NUMBERS_FREE: usize = 2;

/// A device in the person's hands.
struct DeviceRow {
    site: String,
    device: String,
    label: String,
    mac: String,
    since: Moment,
    until: Option<Moment>,
    is_present: bool,
}

/// Somebody looked.
struct LookRow {
    account: String,
    what: String,
    at: Moment,
}

/// A number of the form: the names of its fields, and what stands there.
struct NumberField {
    terminal_name: String,
    number_name: String,
    terminal: String,
    number: String,
}

#[derive(Template)]
#[template(path = "person.html")]
struct PersonPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    person: Person,
    profile: Profile,
    /// `true` or nothing, as the form has it.
    shows_name: &'static str,
    numbers: Vec<NumberField>,
    devices: Vec<DeviceRow>,
    sites: Vec<(String, String)>,
    looks: Option<Vec<LookRow>>,
    /// The reader is this person.
    is_own: bool,
}

/// Shows members their own data: devices, what may be exported, who looked.
pub(in crate::http::page) async fn own(reader: Insider, State(admin): State<Admin>) -> Response {
    let page = own_page(&admin, &reader).await;
    reader.frame.answer(page)
}

async fn own_page(admin: &Admin, reader: &Insider) -> Result<Response, Problem> {
    let own = own_person(&reader.caller, reader.caller.person.clone(), Role::Owner)?;
    let id = own.ok_or_else(|| people::unknown(&reader.caller.account))?;
    page(admin, &reader.frame, &id).await
}

/// Shows one person.
pub(in crate::http::page) async fn show(
    reader: Reader,
    State(admin): State<Admin>,
    Path(id): Path<String>,
) -> Response {
    if let Err(problem) = reader.needs(Role::Operator) {
        return reader.frame.refuse(problem);
    }
    let page = page(&admin, &reader.frame, &id).await;
    reader.frame.answer(page)
}

async fn page(admin: &Admin, frame: &Frame, id: &str) -> Result<Response, Problem> {
    let now_ms = admin.clock.wall_ms();
    let person = people::find(admin, id).await?;
    let profile = admin.store.profiles().await?.into_iter().find(|profile| profile.person == id).unwrap_or_default();
    let filter = OwnershipFilter { person: Some(id.to_owned()), ..OwnershipFilter::default() };
    let owned = admin.store.ownerships(&filter).await?;
    let registered = admin.store.registered(None).await?;
    let moment = |at_ms: i64| Moment::new(frame.lang, at_ms, now_ms, &TimeZone::system());
    let devices = owned.iter().map(|one| device(one, &registered, (&moment, now_ms))).collect();
    let is_own = frame.caller.as_ref().is_some_and(|caller| caller.person.as_deref() == Some(id));
    let looks = match is_own || frame.may(Role::Owner) {
        true => Some(admin.store.looks(Some(id), LOOKS).await?),
        false => None,
    };
    let look =
        |look: crate::store::presence::Look| LookRow { at: moment(look.at_ms), account: look.account, what: look.what };
    let sites = admin.store.sites().await?.into_iter().map(|site| (site.id.to_string(), site.name)).collect();
    Ok(render(&PersonPage {
        frame,
        w: words::of(frame.lang),
        numbers: numbers(&person),
        person,
        shows_name: if profile.shows_name { "true" } else { "" },
        profile,
        devices,
        sites,
        is_own,
        looks: looks.map(|looks| looks.into_iter().map(look).collect()),
    }))
}

fn device(owned: &Ownership, registered: &[Registered], (moment, now_ms): (&dyn Fn(i64) -> Moment, i64)) -> DeviceRow {
    let known = registered.iter().find(|one| Some(&one.site) == owned.site.as_ref() && one.device == owned.device);
    DeviceRow {
        site: owned.site.as_ref().map(ToString::to_string).unwrap_or_default(),
        device: owned.device.clone(),
        label: known.map_or_else(|| owned.device.chars().take(8).collect(), |known| known.label.clone()),
        mac: known.map(|known| known.mac.to_string()).unwrap_or_default(),
        since: moment(owned.from_ms),
        until: owned.to_ms.map(moment),
        is_present: is_present(owned, now_ms),
    }
}

/// The person's numbers, and room for more.
fn numbers(person: &Person) -> Vec<NumberField> {
    let known = person.numbers.iter().map(|(terminal, number)| (terminal.clone(), number.to_string()));
    let free = std::iter::repeat_n((String::new(), String::new()), NUMBERS_FREE);
    let field = |(place, (terminal, number)): (usize, (String, String))| NumberField {
        terminal_name: format!("numbers.{place}.terminal"),
        number_name: format!("numbers.{place}.number"),
        terminal,
        number,
    };
    known.chain(free).enumerate().map(field).collect()
}
