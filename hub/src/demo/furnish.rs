//! What people would enter, entered by the hub's own API: who is who, devices, schedules, a third party, accounts, videos.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use futures_util::stream;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use reqwest::Method;
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::life::World;
use super::people::{Known, Resident};
use super::places::{PLACES, Place};
use crate::cli::client::{Hub, segment};
use crate::http::serve::socket_path;
use crate::store::Store;
use crate::store::sites::Site;

/// Days between the first site and the demo's beginning.
const FOUNDED_DAYS: i64 = 140;

/// How many of the days of history go to the third party.
const SENT_DAYS: i64 = 10;

/// How long the hub may take to compute the days of presence.
const COMPUTED_WITHIN: Duration = Duration::from_secs(60);

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The videos, and how long each is in bytes.
const VIDEOS: [(&str, usize); 3] =
    [("accueil.mp4", 220_000), ("partenaires-2026.mp4", 310_000), ("tournoi-novembre.mp4", 480_000)];

/// Whose presence the account of a member shows.
const MEMBER: &str = "M01";

/// An account and the password that was drawn for it.
pub(super) struct Login {
    /// Its name.
    pub(super) account: String,
    /// What it may do.
    pub(super) role: &'static str,
    /// Its password.
    pub(super) password: String,
}

/// Adds the sites, as if they had been added one after the other.
///
/// # Errors
///
/// If the store fails.
pub(super) async fn add_sites(store: &dyn Store, world: &World) -> anyhow::Result<()> {
    for place in &PLACES {
        let age_ms = (FOUNDED_DAYS - i64::from(place.number()) * 9) * DAY_MS;
        let id = place.id.parse().context("name a site of the demo")?;
        let mut site = Site::new(id, place.name.to_owned(), place.zone.to_owned(), world.until_ms - age_ms);
        site.about.club = place.club.to_owned();
        site.about.town = place.town.to_owned();
        site.about.region = place.region.to_owned();
        site.about.country = "France".to_owned();
        site.about.tags = place.tags.iter().map(|tag| (*tag).to_owned()).collect();
        store.add_site(&site).await.context("add a site of the demo")?;
    }
    Ok(())
}

/// Enters everything; returns the accounts.
///
/// # Errors
///
/// If the hub refuses or fails.
pub(super) async fn furnish(data: &Path, world: &mut World, third_party: SocketAddr) -> anyhow::Result<Vec<Login>> {
    let hub = Hub::new(&socket_path(data))?;
    for person in &world.people {
        add_person(&hub, person, world.from_ms).await.with_context(|| format!("add {}", person.name))?;
    }
    add_schedules(&hub).await.context("set schedules")?;
    add_third_party(&hub, third_party, world.until_ms).await.context("add the third party")?;
    for (name, bytes) in VIDEOS {
        let content = video(name, bytes);
        let hash = digest(&SHA256, &content);
        let sha256 = hash.as_ref().try_into().context("hash a video")?;
        world.videos.insert(name, (sha256, content.len() as u64));
        let content = stream::once(async { Ok(content.into()) });
        hub.upload_stream(&format!("/api/v1/media?name={name}"), content).await.context("add a video")?;
    }
    add_accounts(&hub).await.context("add accounts")
}

async fn add_person(hub: &Hub, person: &Resident, from_ms: i64) -> anyhow::Result<()> {
    let path = format!("/api/v1/people/{}", segment(&person.id));
    let numbers = match person.known {
        Known::Number(terminal, number) => json!([{ "terminal": terminal, "number": number }]),
        Known::Device(_) => json!([]),
    };
    let described = json!({ "name": person.name, "numbers": numbers, "shows_name": person.shows_name() });
    hub.change(Method::PUT, &path, &described).await?;
    if let Known::Device(mac) = person.known {
        let from = Timestamp::from_millisecond(from_ms - DAY_MS)?.to_string();
        let device = json!({ "site": person.place, "mac": mac.to_string(), "label": "téléphone", "from": from });
        hub.change(Method::POST, &format!("{path}/devices"), &device).await?;
    }
    Ok(())
}

async fn add_schedules(hub: &Hub) -> anyhow::Result<()> {
    let shift = json!({ "starts": "09:00", "ends": "17:30", "break_starts": "12:00", "break_ends": "13:00",
                        "tolerance_min": 10 });
    let days: serde_json::Map<String, Value> = ["monday", "tuesday", "wednesday", "thursday", "friday"]
        .into_iter()
        .map(|day| (day.to_owned(), shift.clone()))
        .collect();
    let with_clocks = |place: &&Place| place.employees > 0;
    for place in PLACES.iter().filter(with_clocks) {
        let body = json!({ "terminals": place.clocks, "days": days, "has_common_numbers": true });
        hub.change(Method::PUT, &format!("/api/v1/schedules/{}", segment(place.club)), &body).await?;
    }
    Ok(())
}

async fn add_third_party(hub: &Hub, address: SocketAddr, until_ms: i64) -> anyhow::Result<()> {
    let clocks: Vec<&str> =
        PLACES.iter().filter(|place| place.employees > 0).flat_map(|place| place.clocks.iter().copied()).collect();
    let body = json!({
        "name": "paie", "base": format!("http://{address}"), "users_endpoint": "/people", "attendance_endpoint": "/hours",
        "auth": { "kind": "none" }, "interval": "immediate", "terminals": clocks,
        "start_at": Timestamp::from_millisecond(until_ms - SENT_DAYS * DAY_MS)?.to_string(),
    });
    hub.change(Method::POST, "/api/v1/connectors", &body).await?;
    hub.change(Method::POST, "/api/v1/connectors/paie/people", &json!({ "is_confirmed": true })).await?;
    Ok(())
}

async fn add_accounts(hub: &Hub) -> anyhow::Result<Vec<Login>> {
    let mut logins = Vec::new();
    for (account, role, person) in
        [("operateur", "operator", None), ("lecture", "viewer", None), ("membre", "member", Some(MEMBER))]
    {
        let wanted = json!({ "role": role, "person": person });
        let made = hub.change(Method::PUT, &format!("/api/v1/users/{account}"), &wanted).await?;
        let password = made.get("password").and_then(Value::as_str).context("find the password in the answer")?;
        logins.push(Login { account: account.to_owned(), role, password: password.to_owned() });
    }
    Ok(logins)
}

/// Has the days of presence computed, and waits until they are.
///
/// # Errors
///
/// If the hub refuses, fails or takes too long.
pub(super) async fn compute_days(data: &Path, world: &World) -> anyhow::Result<()> {
    let hub = Hub::new(&socket_path(data))?;
    let date = |ms: i64| anyhow::Ok(Timestamp::from_millisecond(ms)?.to_zoned(TimeZone::UTC).date().to_string());
    let period = json!({ "from": date(world.from_ms)?, "through": date(world.until_ms - DAY_MS)? });
    let asked = hub.change(Method::POST, "/api/v1/presence/requests", &period).await.context("ask for days")?;
    let path = format!("/api/v1/presence/requests/{}", asked.get("id").and_then(Value::as_str).unwrap_or_default());
    let begun = Instant::now();
    while begun.elapsed() < COMPUTED_WITHIN {
        let asked = hub.get(&path).await?;
        if asked.get("progress").and_then(Value::as_str) == Some("ended") {
            return Ok(());
        }
        sleep(Duration::from_millis(100)).await;
    }
    anyhow::bail!("the days of presence were not computed within {} s", COMPUTED_WITHIN.as_secs())
}

/// Bytes that stand for a video: the head of an MP4 file, and nothing to see.
fn video(name: &str, bytes: usize) -> Vec<u8> {
    let mut content = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom".to_vec();
    content.extend(name.bytes().cycle().take(bytes));
    content
}
