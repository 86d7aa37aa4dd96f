//! `/api/v1/people/{id}/pairing` and `/api/v1/presence/claims`: links by which devices say whose they are, and what was
//! decided of it.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vigie_shared::id::random_bytes;
use vigie_shared::pairing::PairingTicket;
use vigie_shared::units;

use super::Admin;
use super::guard::{Member, Operator, own_person};
use super::input::{Body, line};
use super::people;
use super::problem::{Problem, Refused};
use super::registry::{LABEL_LENGTH_MAX, PersonDeviceView, hint, known_site, take};
use super::time::Time;
use super::views::Page;
use crate::login::secret::sha256;
use crate::presence::{Counts, Ownership};
use crate::store::accounts::Role;
use crate::store::presence::{Claim, Pairing, Registered};

/// How long a link works unless something else is asked for.
const VALID: Duration = Duration::from_secs(60 * 60);

/// The longest life of a link.
const VALID_MAX: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Where a box's pairing page listens unless its owner says otherwise.
const PORT: u16 = 8322;

/// Longest address of a box, characters.
const BOX_LENGTH_MAX: usize = 120;

/// For which site a link shall be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewLink {
    /// The site whose box serves it.
    site: String,
    /// Where the box is reached on its network: a name or an address, with `:port` if it is not 8322. If not given, where it
    /// says that it is.
    #[serde(rename = "box")]
    place: Option<String>,
    /// How long it works, with its unit; `1h` if not given, a week at most.
    #[schema(value_type = Option<String>, example = "1h")]
    valid: Option<units::Span>,
}

/// A link for a person.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LinkView {
    /// What to open, with a device on the site's network.
    link: String,
    /// When it stops working.
    expires: Time,
}

/// A claim that waits.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ClaimView {
    /// Its name.
    id: String,
    /// Whose box saw the device.
    site: String,
    /// The device's pseudonym there.
    device: String,
    /// Its address.
    mac: String,
    /// Whose it says it is.
    person: String,
    /// When.
    made: Time,
    /// What should be known of the address, in words.
    hint: Option<String>,
}

/// How a claimed device shall be called.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Confirmation {
    /// What to call it; `device` if not given.
    label: Option<String>,
    /// It is somebody else's so far, whose time ends now.
    #[serde(default)]
    hands_over: bool,
}

/// Makes a short-lived link for a person: opened with a device on the site's network, it claims that device.
#[utoipa::path(
    post, path = "/api/v1/people/{id}/pairing", operation_id = "person_pairing_create",
    tag = "presence", request_body = NewLink, extensions(("x-role" = json!("operator"))),
    params(("id" = String, Path, description = "The person")),
    responses((status = 200, description = "The link; it is shown only now", body = LinkView), Refused)
)]
pub(super) async fn create(
    _: Operator,
    State(admin): State<Admin>,
    Path(id): Path<String>,
    Body(new): Body<NewLink>,
) -> Result<Json<LinkView>, Problem> {
    people::find(&admin, &id).await?;
    let site = known_site(&admin, &new.site).await?;
    let valid = new.valid.map_or(VALID, |span| span.0);
    if valid.is_zero() || valid > VALID_MAX {
        return Err(Problem::invalid("valid", "use up to a week, for example `1h`"));
    }
    let known = admin.store.site(&site).await?.and_then(|site| site.machine.lan).map(|lan| lan.to_string());
    let place = place(new.place.as_deref().or(known.as_deref()))?;
    let now_ms = admin.clock.wall_ms();
    let expires_ms = now_ms.saturating_add(i64::try_from(valid.as_millis()).unwrap_or(i64::MAX));
    let ticket = PairingTicket { site: site.clone(), secret: random_bytes(), expires_ms };
    let pairing = Pairing { secret_sha256: sha256(&ticket.secret), site, person: id, expires_ms };
    admin.store.add_pairing(&pairing, now_ms).await?;
    let link = format!("http://{place}/pair?t={}", admin.tickets.sign(&ticket));
    Ok(Json(LinkView { link, expires: Time(expires_ms) }))
}

/// Where the page is reached; words in its place if neither anybody nor the box said.
fn place(given: Option<&str>) -> Result<String, Problem> {
    let Some(given) = given else { return Ok(format!("ADDRESS-OF-THE-BOX:{PORT}")) };
    let host = line("box", given, BOX_LENGTH_MAX)?;
    if host.contains(['/', ' ', '?', '#', '@']) {
        return Err(Problem::invalid("box", "write a name or an address, like `192.168.1.20` or `box7.local:8322`"));
    }
    let is_v6 = host.parse::<std::net::Ipv6Addr>().is_ok();
    Ok(match host.rsplit_once(':') {
        _ if is_v6 => format!("[{host}]:{PORT}"),
        Some((_, port)) if port.parse::<u16>().is_ok() => host,
        _ => format!("{host}:{PORT}"),
    })
}

/// Lists claims that wait for a decision, oldest first; whoever is no operator sees the own.
#[utoipa::path(
    get, path = "/api/v1/presence/claims", operation_id = "presence_claims_list",
    tag = "presence", extensions(("x-role" = json!("member"))),
    responses((status = 200, description = "Claims that wait", body = Page<ClaimView>), Refused)
)]
pub(super) async fn list(Member(caller): Member, State(admin): State<Admin>) -> Result<Json<Page<ClaimView>>, Problem> {
    let person = own_person(&caller, None, Role::Operator)?;
    let mut claims = admin.store.claims().await?;
    claims.retain(|claim| person.as_ref().is_none_or(|person| claim.person == *person));
    Ok(Json(Page { items: claims.iter().map(ClaimView::from).collect(), next: None }))
}

/// Confirms a claim: the device is the person's from the moment of the claim.
#[utoipa::path(
    post, path = "/api/v1/presence/claims/{id}/confirm", operation_id = "presence_claims_confirm",
    tag = "presence", request_body = Confirmation, extensions(("x-role" = json!("operator"))),
    params(("id" = String, Path, description = "The claim's name")),
    responses((status = 200, description = "The device", body = PersonDeviceView), Refused)
)]
pub(super) async fn confirm(
    _: Operator,
    State(admin): State<Admin>,
    Path(id): Path<String>,
    Body(said): Body<Confirmation>,
) -> Result<Json<PersonDeviceView>, Problem> {
    let claims = admin.store.claims().await?;
    let Claim { site, device, mac, person, made_ms, .. } =
        claims.into_iter().find(|claim| claim.id == id).ok_or_else(|| unknown(&id))?;
    people::find(&admin, &person).await?;
    let label = line("label", said.label.as_deref().unwrap_or("device"), LABEL_LENGTH_MAX)?;
    let registered =
        Registered { site: site.clone(), device: device.clone(), mac, label, added_ms: admin.clock.wall_ms() };
    let (site, counts) = (Some(site), Counts::Yes);
    let ownership = Ownership { device, site, person, from_ms: made_ms, to_ms: None, counts, grace_min: None };
    let (ownership, registered) = take(&admin, registered, ownership, said.hands_over).await?;
    admin.store.remove_claim(&id).await?;
    Ok(Json(PersonDeviceView::new(&ownership, Some(&registered))))
}

/// Refuses a claim: the device's address is forgotten.
#[utoipa::path(
    delete, path = "/api/v1/presence/claims/{id}", operation_id = "presence_claims_refuse",
    tag = "presence", extensions(("x-role" = json!("operator"))),
    params(("id" = String, Path, description = "The claim's name")),
    responses((status = 204, description = "Refused"), Refused)
)]
pub(super) async fn refuse(
    _: Operator,
    State(admin): State<Admin>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    match admin.store.remove_claim(&id).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(unknown(&id)),
    }
}

fn unknown(id: &str) -> Problem {
    let shown: String = id.chars().take(64).collect();
    let detail = format!("no claim is called `{shown}`; `vigie-hub person claims` shows those that wait");
    Problem::new(StatusCode::NOT_FOUND, "claim_unknown", "There is no such claim", detail)
}

impl From<&Claim> for ClaimView {
    fn from(claim: &Claim) -> Self {
        Self {
            id: claim.id.clone(),
            site: claim.site.to_string(),
            device: claim.device.clone(),
            mac: claim.mac.to_string(),
            person: claim.person.clone(),
            made: Time(claim.made_ms),
            hint: hint(claim.mac).map(str::to_owned),
        }
    }
}
