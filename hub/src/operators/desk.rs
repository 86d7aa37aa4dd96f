//! What becomes of a command that was given over MQTT.

use serde::Serialize;

use super::policy::Letter;
use super::topics;
use crate::http::Admin;
use crate::http::commands::order::{Order, chosen_id, order};
use crate::http::problem::Problem;
use crate::login::Via;

/// Why a command was not taken, with the fields by which an outcome is read.
#[derive(Serialize)]
struct RefusalView<'a> {
    id: Option<String>,
    site: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    state: &'static str,
    is_over: bool,
    detail: &'a str,
    /// The word that never changes, as over HTTP.
    code: &'a str,
    title: &'a str,
}

/// Gives the command, as its giver is entitled at this moment.
pub(super) async fn give(admin: &Admin, via: &Via, letter: &Letter) -> Result<(), Problem> {
    let caller = admin.logins.caller_via(via.clone()).await?.ok_or_else(Problem::anonymous)?;
    if letter.is_retained {
        let detail = "a command is given once and not kept for later readers; publish it without the flag";
        return Err(Problem::invalid("retain", detail));
    }
    if letter.is_repeated && chosen_id(&letter.payload).is_none() {
        let detail = "the message is marked as sent before and carries no `id`, so that nobody can tell whether its command \
                      was given already; look at the site's commands, then give it anew, best with an `id`";
        return Err(Problem::invalid("id", detail));
    }
    order(admin, &caller, &Order { site: &letter.address.site, kind: &letter.address.kind, body: &letter.payload })
        .await
}

/// Where and how a refusal is told.
pub(super) fn refusal(letter: &Letter, problem: &Problem) -> (String, Vec<u8>) {
    let (site, id) = (letter.address.site.as_str(), chosen_id(&letter.payload));
    let view = RefusalView {
        id: id.map(|id| id.to_string()),
        site,
        kind: &letter.address.kind,
        state: "refused",
        is_over: true,
        detail: &problem.detail,
        code: &problem.code,
        title: &problem.title,
    };
    let topic = id.map_or_else(|| topics::refused(site), |id| topics::outcome(site, id));
    (topic, serde_json::to_vec(&view).unwrap_or_default())
}
