//! The list of every route of the API, and the OpenAPI document that follows from it.
//!
//! Each operation names the role it needs in `x-role`; a test asks every route as every role and compares.

pub(super) mod examples;
mod names;

use std::sync::LazyLock;

use axum::extract::DefaultBodyLimit;
use axum::http::header;
use axum::response::IntoResponse;
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;

use crate::shelf::PIECE_BYTES_MAX;

use super::{
    Admin, about, activity, alerts, attendance, audit, backups, blobs, commands, connectors, devices, diary,
    enrolments, events, factor, first_steps, health, holidays, imports, jobs, legacy, local, looks, machines, mails,
    me, media, metrics, notice, pairing, people, pins, presence, privacy, punches, rebuild, recovery, registry,
    releases, replace, rollouts, schedules, session, site, sites, terminals, tm20, tokens, users, version,
};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Vigie hub",
        description = "Sites, their boxes and what they saw. Times are RFC 3339 in UTC. Errors are \
                       application/problem+json with a stable `code`. Lists are pages: pass `next` as `after`. \
                       Creating twice with one `Idempotency-Key` creates once."
    ),
    modifiers(&Bearer),
    security(("bearer" = []))
)]
struct Head;

struct Bearer;

impl utoipa::Modify for Bearer {
    fn modify(&self, document: &mut OpenApi) {
        let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        document.components.get_or_insert_default().add_security_scheme("bearer", bearer);
    }
}

/// Every route with its description. Adding a resource is one file and its lines here.
pub(super) fn api() -> OpenApiRouter<Admin> {
    OpenApiRouter::with_openapi(Head::openapi())
        .merge(of_sites())
        .merge(of_media())
        .merge(of_machines())
        .merge(of_software())
        .merge(of_attendance())
        .merge(of_presence())
        .merge(presence::routes())
        .merge(of_third_parties())
        .merge(of_alerts())
        .merge(of_people())
        .merge(of_hub())
        .merge(tm20::routes())
}

fn of_sites() -> OpenApiRouter<Admin> {
    OpenApiRouter::new()
        .routes(routes!(sites::list, sites::create))
        .routes(routes!(site::show, about::change, sites::remove))
        .routes(routes!(sites::revoke))
        .routes(routes!(replace::show, replace::create))
        .routes(routes!(commands::list, commands::create))
        .routes(routes!(commands::show))
        .routes(routes!(commands::cancel))
        .routes(routes!(commands::retry))
        .routes(routes!(commands::stream))
        .routes(routes!(blobs::show))
        .routes(routes!(devices::list))
        .routes(routes!(enrolments::list, enrolments::create))
        .routes(routes!(enrolments::door))
        .routes(routes!(diary::list))
        .routes(routes!(events::stream))
}

fn of_third_parties() -> OpenApiRouter<Admin> {
    OpenApiRouter::new()
        .routes(routes!(connectors::list, connectors::create))
        .routes(routes!(connectors::show, connectors::change, connectors::remove))
        .routes(routes!(connectors::sync))
        .routes(routes!(connectors::people, connectors::take_people))
        .routes(routes!(connectors::to_terminals))
        .routes(routes!(connectors::reconcile))
        .routes(routes!(connectors::runs))
        .routes(routes!(jobs::list))
        .routes(routes!(jobs::stats))
        .routes(routes!(jobs::retry_all))
        .routes(routes!(jobs::show))
        .routes(routes!(jobs::retry))
        .routes(routes!(jobs::skip))
}

fn of_alerts() -> OpenApiRouter<Admin> {
    OpenApiRouter::new()
        .routes(routes!(alerts::list))
        .routes(routes!(alerts::rules))
        .routes(routes!(alerts::silences::list, alerts::silences::create))
        .routes(routes!(alerts::silences::remove))
        .routes(routes!(alerts::show))
        .routes(routes!(alerts::acknowledge))
        .routes(routes!(alerts::incidents::list))
        .routes(routes!(alerts::incidents::show))
        .routes(routes!(alerts::incidents::acknowledge))
}

fn of_media() -> OpenApiRouter<Admin> {
    OpenApiRouter::new()
        .routes(routes!(media::list, media::create))
        .routes(routes!(media::show, media::remove))
        .routes(routes!(media::sites))
        .routes(routes!(media::of_site))
        .routes(routes!(local::list))
}

fn of_machines() -> OpenApiRouter<Admin> {
    OpenApiRouter::new()
        .routes(routes!(machines::list))
        .routes(routes!(machines::list_csv))
        .routes(routes!(machines::show, machines::remove))
        .routes(routes!(machines::history))
        .routes(routes!(machines::snapshot))
        .routes(routes!(machines::messages, machines::say))
}

fn of_software() -> OpenApiRouter<Admin> {
    OpenApiRouter::new()
        .routes(routes!(releases::list, releases::create))
        .routes(routes!(releases::outdated))
        .routes(routes!(releases::send).layer(DefaultBodyLimit::max(PIECE_BYTES_MAX)))
        .routes(routes!(releases::remove))
        .routes(routes!(rollouts::list, rollouts::create))
        .routes(routes!(rollouts::show))
        .routes(routes!(rollouts::sites))
        .routes(routes!(rollouts::pause))
        .routes(routes!(rollouts::resume))
        .routes(routes!(rollouts::cancel))
        .routes(routes!(rollouts::retry))
        .routes(routes!(pins::list))
        .routes(routes!(pins::put, pins::remove))
}

fn of_attendance() -> OpenApiRouter<Admin> {
    OpenApiRouter::new()
        .routes(routes!(terminals::list))
        .routes(routes!(terminals::show))
        .routes(routes!(terminals::users))
        .routes(routes!(terminals::order))
        .routes(routes!(terminals::profile::show, terminals::profile::set))
        .routes(routes!(terminals::schedule::push))
        .routes(routes!(punches::list, punches::add::add))
        .routes(routes!(punches::show))
        .routes(routes!(punches::review, punches::unreview))
        .routes(routes!(attendance::list))
        .routes(routes!(schedules::list))
        .routes(routes!(schedules::put, schedules::remove))
        .routes(routes!(holidays::list))
        .routes(routes!(holidays::put, holidays::remove))
        .routes(routes!(people::list))
        .routes(routes!(people::put, people::remove))
}

fn of_presence() -> OpenApiRouter<Admin> {
    OpenApiRouter::new()
        .routes(routes!(registry::of_person, registry::add))
        .routes(routes!(registry::end))
        .routes(routes!(activity::put))
        .routes(routes!(pairing::create))
        .routes(routes!(privacy::export))
        .routes(routes!(privacy::erase))
        .routes(routes!(looks::list))
        .routes(routes!(registry::list))
        .routes(routes!(registry::forget))
        .routes(routes!(registry::exclude))
        .routes(routes!(registry::include))
        .routes(routes!(pairing::list))
        .routes(routes!(pairing::confirm))
        .routes(routes!(pairing::refuse))
        .routes(routes!(notice::show))
}

fn of_people() -> OpenApiRouter<Admin> {
    OpenApiRouter::new()
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::remove))
        .routes(routes!(users::list))
        .routes(routes!(users::put, users::change, users::remove))
        .routes(routes!(factor::remove_of))
        .routes(routes!(session::login))
        .routes(routes!(session::logout))
        .routes(routes!(session::whoami))
        .routes(routes!(me::change_password))
        .routes(routes!(me::sessions))
        .routes(routes!(me::end_session))
        .routes(routes!(factor::show, factor::begin, factor::remove))
        .routes(routes!(factor::confirm))
        .routes(routes!(factor::prove))
        .routes(routes!(recovery::ask))
        .routes(routes!(recovery::confirm))
        .routes(routes!(recovery::set_up))
        .routes(routes!(audit::list))
        .routes(routes!(audit::list_csv))
}

fn of_hub() -> OpenApiRouter<Admin> {
    OpenApiRouter::new()
        .routes(routes!(mails::list))
        .routes(routes!(mails::stats))
        .routes(routes!(mails::test))
        .routes(routes!(mails::show))
        .routes(routes!(mails::retry))
        .routes(routes!(mails::put_secret, mails::remove_secret))
        .routes(routes!(backups::create))
        .routes(routes!(imports::create))
        .routes(routes!(legacy::take_over_dump))
        .routes(routes!(rebuild::start, rebuild::show))
        .routes(routes!(health::alive))
        .routes(routes!(health::ready))
        .routes(routes!(metrics::show))
        .routes(routes!(version::show))
        .routes(routes!(first_steps::show))
        .routes(routes!(show))
}

/// The OpenAPI document as JSON, ending in a line break.
#[must_use]
pub fn document() -> String {
    let mut document = api().into_openapi();
    names::describe(&mut document);
    examples::show(&mut document);
    let mut text = document.to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

/// This document.
#[utoipa::path(
    get, path = "/api/v1/openapi.json", operation_id = "openapi_show",
    tag = "probes", security(()), extensions(("x-role" = json!("anybody"))),
    responses((status = 200, description = "The OpenAPI document", content_type = "application/json"))
)]
async fn show() -> impl IntoResponse {
    /// It takes longer to write than to send.
    static DOCUMENT: LazyLock<String> = LazyLock::new(document);
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT.as_str())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use axum::http::{Method, StatusCode};
    use serde_json::{Value, json};

    use super::document;
    use crate::http::testing::{Stage, TOKENS_LAST, Who};
    use crate::store::accounts::Role;

    const EVERYBODY: [Who; 6] = [
        Who::Anonymous,
        Who::Token(Role::Member),
        Who::Token(Role::Viewer),
        Who::Token(Role::Operator),
        Who::Token(Role::Owner),
        Who::Socket,
    ];

    /// What everybody may ask about themselves, and who may ask it about others.
    const OTHERS: [(&str, Role); 6] = [
        ("presence_days_list", Role::Operator),
        ("presence_day_show", Role::Operator),
        ("person_devices_list", Role::Operator),
        ("presence_claims_list", Role::Operator),
        ("presence_disputes_list", Role::Operator),
        ("person_export", Role::Owner),
    ];

    /// Method, path and operation of every route.
    fn operations() -> Vec<(Method, String, Value)> {
        let document: Value = serde_json::from_str(&document()).unwrap();
        let paths = document["paths"].as_object().unwrap().clone();
        let of_path = |(path, item): (String, Value)| {
            let verbs = item.as_object().unwrap().clone().into_iter();
            verbs.map(move |(verb, operation)| (verb.to_uppercase().parse().unwrap(), path.clone(), operation))
        };
        paths.into_iter().flat_map(of_path).collect()
    }

    /// The least role that a route names; none if anybody may ask.
    fn needed(operation: &Value) -> Option<Role> {
        role(operation["x-role"].as_str().unwrap_or_else(|| panic!("{} names no role", operation["operationId"])))
    }

    fn role(word: &str) -> Option<Role> {
        match word {
            "anybody" => None,
            "member" => Some(Role::Member),
            "viewer" => Some(Role::Viewer),
            "operator" => Some(Role::Operator),
            "owner" => Some(Role::Owner),
            other => panic!("there is no role {other}"),
        }
    }

    /// The refusal of somebody; `others` is who may ask about anybody where everybody may ask about themselves. To a
    /// member, another person does not exist.
    fn expected(who: Who, needed: Option<Role>, others: Option<Role>) -> Option<StatusCode> {
        match (needed, who) {
            (None, _) | (_, Who::Socket) => None,
            (Some(_), Who::Anonymous) => Some(StatusCode::UNAUTHORIZED),
            (Some(_), Who::Token(role)) if role != Role::Member && others.is_some_and(|others| role < others) => {
                Some(StatusCode::FORBIDDEN)
            }
            (Some(needed), Who::Token(role)) => (role < needed).then_some(StatusCode::FORBIDDEN),
        }
    }

    #[tokio::test]
    async fn every_route_lets_in_exactly_the_roles_that_it_names() {
        for who in EVERYBODY {
            let stage = Stage::new().await;
            stage.add_site("metz", "Metz").await;
            for (method, path, operation) in operations() {
                let place = path.replace("{id}", "metz").replace("{name}", "lea").replace("{date}", "2026-11-20");
                let place = if path == "/api/v1/presence/days" { format!("{place}?from=2026-11-20") } else { place };
                let answer = stage.request(method.clone(), &place).json(&json!({})).by(who).open().await;
                let refused = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&answer.status());
                let refusal = refused.then(|| answer.status());
                let others = OTHERS.iter().find(|(id, _)| operation["operationId"] == *id).map(|(_, role)| *role);
                assert_eq!(refusal, expected(who, needed(&operation), others), "{method} {path} as {who:?}");
            }
        }
    }

    #[tokio::test]
    async fn a_wrong_or_ended_token_is_nobody() {
        let stage = Stage::new().await;
        for value in ["Bearer vgt_wrong", "Bearer ", "Basic dmd0X293bmVy", "vgt_owner", "Bearer vgt_owner x"] {
            let answer = stage.get("/api/v1/sites").header("authorization", value).send().await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (StatusCode::UNAUTHORIZED, "unauthenticated"),
                "{value}"
            );
        }
        stage.clock.advance(TOKENS_LAST);
        let ended = stage.get("/api/v1/sites").role(Role::Owner).send().await;
        assert_eq!(ended.status, StatusCode::UNAUTHORIZED);
    }

    #[test]
    fn every_operation_has_a_name_of_its_own() {
        let names: Vec<String> = operations().iter().map(|(_, _, one)| one["operationId"].to_string()).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    }

    #[test]
    fn the_committed_document_is_the_one_the_code_makes() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            committed == document(),
            "hub/openapi.json is out of date; write it anew: cargo run -p vigie-hub -- openapi > hub/openapi.json"
        );
    }
}
