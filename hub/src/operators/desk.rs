//! What becomes of a command that was given over MQTT.

use serde::Serialize;

use super::policy::Letter;
use super::topics;
use crate::http::Admin;
use crate::http::commands::order::{Order, chosen_id, order};
use crate::http::guard::out_of_scope;
use crate::http::problem::Problem;
use crate::http::trail;
use crate::login::{Caller, Via};
use crate::store::audit::Act;

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
    let given = order_in_scope(admin, &caller, letter).await;
    note(admin, &caller, letter, given.as_ref().map_or_else(|problem| problem.status, |()| 201)).await;
    given
}

/// Writes the command down as it would be over HTTP.
async fn note(admin: &Admin, caller: &Caller, letter: &Letter, status: u16) {
    let act = Act {
        at_ms: admin.clock.wall_ms(),
        account: caller.account.clone(),
        via: format!("mqtt {}", caller.via),
        address: String::new(),
        operation: "commands_create".to_owned(),
        subject: letter.address.site.clone(),
        status,
    };
    trail::write(admin, act).await;
}

async fn order_in_scope(admin: &Admin, caller: &Caller, letter: &Letter) -> Result<(), Problem> {
    let (scope, site) = (&caller.scope, letter.address.site.as_str());
    if !scope.has_area("commands") || !scope.has_site(site) {
        return Err(out_of_scope("this token does not reach this site's commands"));
    }
    if letter.is_retained {
        let detail = "a command is given once and not kept for later readers; publish it without the flag";
        return Err(Problem::invalid("retain", detail));
    }
    if letter.is_repeated && chosen_id(&letter.payload).is_none() {
        let detail = "the message is marked as sent before and carries no `id`, so that nobody can tell whether its command \
                      was given already; look at the site's commands, then give it anew, best with an `id`";
        return Err(Problem::invalid("id", detail));
    }
    order(admin, caller, &Order { site: &letter.address.site, kind: &letter.address.kind, body: &letter.payload }).await
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
