//! The audit log as a page: who asked for which change, who logged in, who looked at whose presence.

use askama::Template;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::acts;
use super::address::with;
use super::frame::{Frame, Reader, render};
use super::row::Moment;
use super::table::{Column, Look, Table};
use super::words::words;
use crate::http::Admin;
use crate::http::problem::Problem;
use crate::store::accounts::Role;
use crate::store::audit::{Act, ActFilter, LOOK};
use crate::text::Lang;

/// Rows that the page leads through; the file has them all.
const ROWS_MAX: usize = 2000;

words! {
    title: "Journal d’audit" = "Audit log";
    lead: "Chaque changement demandé, chaque connexion, chaque consultation de la présence d’une personne."
        = "Every change that was asked for, every login, every look at somebody’s presence.";
    when: "Quand" = "When";
    account: "Compte" = "Account";
    via: "Par" = "By";
    address: "Depuis" = "From";
    what: "Acte" = "Act";
    subject: "Sur" = "On";
    outcome: "Résultat" = "Outcome";
    from: "À partir du" = "From day";
    to: "Jusqu’au" = "Through day";
    done: "fait" = "done";
    refused: "refusé" = "refused";
    failed: "échoué" = "failed";
    nobody: "personne" = "nobody";
    here: "cette machine" = "this machine";
    login: "connexion" = "login";
    look: "consultation" = "look";
    nothing: "Rien n’a encore été demandé. Le premier changement apparaîtra ici aussitôt."
        = "Nothing was asked for yet. The first change appears here at once.";
    no_match: "Aucune ligne ne correspond." = "No row matches.";
}

/// One row, in words.
struct Row {
    at: Moment,
    account: String,
    via: String,
    address: String,
    what: String,
    subject: String,
    outcome: &'static str,
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    look: &'a Look,
    table: Table,
    rows: Vec<Row>,
}

/// Shows the log.
pub(super) async fn show(reader: Reader, State(admin): State<Admin>, uri: Uri) -> Response {
    let page = page(&reader, &admin, &Look::of(&uri)).await;
    reader.frame.answer(page)
}

async fn page(reader: &Reader, admin: &Admin, look: &Look) -> Result<Response, Problem> {
    reader.needs(Role::Owner)?;
    let (lang, zone) = (reader.frame.lang, TimeZone::system());
    let w = of(lang);
    let now_ms = admin.clock.wall_ms();
    let acts = admin.store.acts(&filter(look, &zone), None, ROWS_MAX).await?;
    let rows = acts.into_iter().map(|(_, act)| row(act, w, lang, (now_ms, &zone))).collect();
    let columns = [w.when, w.account, w.via, w.address, w.what, w.subject, w.outcome].map(Column::plain);
    let (rows, table) = look.page(lang, &columns, rows);
    let table = table.with_csv(csv(look));
    Ok(render(&AuditPage { frame: &reader.frame, w, look, table, rows }))
}

fn filter(look: &Look, zone: &TimeZone) -> ActFilter {
    let given = |name: &str| Some(look.get(name).to_owned()).filter(|text| !text.is_empty());
    let day = |name: &str| look.get(name).parse::<Date>().ok();
    let begin = |day: Date| day.to_zoned(zone.clone()).ok().map(|moment| moment.timestamp().as_millisecond());
    ActFilter {
        account: given("account"),
        operation: given("operation"),
        from_ms: day("from").and_then(begin),
        to_ms: day("to").and_then(|day| day.tomorrow().ok()).and_then(begin),
    }
}

/// The file with the same rows.
fn csv(look: &Look) -> String {
    let address = with("/api/v1/audit.csv", "account", look.get("account"));
    with(&address, "operation", look.get("operation"))
}

fn row(act: Act, w: &Words, lang: Lang, (now_ms, zone): (i64, &TimeZone)) -> Row {
    let or = |text: String, other: &str| if text.is_empty() { other.to_owned() } else { text };
    let is_socket = act.via == "socket";
    Row {
        at: Moment::new(lang, act.at_ms, now_ms, zone),
        account: or(act.account, w.nobody),
        via: or(act.via, "–"),
        address: or(act.address, if is_socket { w.here } else { "–" }),
        what: said(&act.operation, w, lang),
        subject: or(act.subject, "–"),
        outcome: match act.status {
            0..=399 => w.done,
            400..=499 => w.refused,
            _ => w.failed,
        },
    }
}

/// What was asked for, as its button says it; its name where there is no button.
fn said(operation: &str, w: &Words, lang: Lang) -> String {
    if operation == "session_login" {
        return w.login.to_owned();
    }
    if let Some(what) = operation.strip_prefix(LOOK) {
        return format!("{} ({what})", w.look);
    }
    acts::find(operation).map_or_else(|| operation.to_owned(), |act| act.button.of(lang).to_owned())
}

#[cfg(test)]
mod tests {
    use axum::http::{Method, StatusCode};
    use serde_json::json;

    use crate::http::testing::{Stage, Who};
    use crate::store::accounts::Role;
    use crate::text::Lang;

    #[tokio::test]
    async fn the_log_is_a_page_for_owners_and_what_stands_in_it_stays_text() {
        let stage = Stage::new().await;
        let path = "/api/v1/people/%3Cscript%3E";
        stage.request(Method::PUT, path).json(&json!({ "name": "x" })).role(Role::Owner).send().await;
        for lang in Lang::ALL {
            let page = stage.get("/audit").by(Who::Socket).header("accept-language", lang.code()).send().await;
            assert_eq!(page.status, StatusCode::OK);
            assert!(page.text.contains("&#60;script&#62;") && !page.text.contains("<script>"), "{}", page.text);
        }
        let none = stage.get("/audit?account=nobody").by(Who::Socket).send().await;
        assert!(none.text.contains("No row matches"));
        assert_eq!(stage.get("/audit").role(Role::Operator).send().await.status, StatusCode::FORBIDDEN);
    }
}
