//! `/api/v1/machines/messages`: what was said on machines, who saw it, and saying something at once.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vigie_shared::id::{CommandId, SiteId};
use vigie_shared::wire::{Command, CommandHeader, CommandKind};

use super::find;
use crate::clean_desk::driver::sites_of;
use crate::clean_desk::message::{KIND, Shown, Tally, Words, order};
use crate::http::Admin;
use crate::http::commands::{hearing_site, store, stored};
use crate::http::guard::{Operator, Viewer};
use crate::http::idempotency::Ask;
use crate::http::input::{Body, Key, Newest, Params, line};
use crate::http::problem::{Problem, Refused};
use crate::http::time::Time;
use crate::http::views::Page;
use crate::login::Caller;
use crate::store::commands::StoredCommand;
use crate::store::machines::{MACHINES_MAX, name};

/// Characters of a heading and of a message: more does not fit a dialog.
const TITLE_CHARS_MAX: usize = 100;
const TEXT_CHARS_MAX: usize = 500;

/// Seconds for which a message may stand.
const GIVE_UP_S: std::ops::RangeInclusive<u32> = 5..=300;

/// Machines that one request may name.
const NAMED_MAX: usize = 256;

/// How long a message waits for its box, milliseconds: what is said late bothers people.
const PATIENCE_MS: i64 = 10 * 60 * 1000;

/// Something to say.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::http) struct NewMessage {
    /// Only at this site; else at all that have machines.
    site: Option<String>,
    /// Only on these machines; else on all of the site.
    machines: Vec<String>,
    /// The heading, at most 100 characters; that of Clean Desk if not given.
    title: Option<String>,
    /// The message, at most 500 characters; that of Clean Desk if not given.
    text: Option<String>,
    /// Seconds after which it disappears by itself, 5 to 300.
    give_up_s: Option<u32>,
}

/// What was said at a site, and who saw it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(in crate::http) struct MessageView {
    /// The command that brought it.
    command: String,
    /// At which site.
    site: String,
    /// When it was given.
    given: Time,
    /// Who gave it.
    account: String,
    /// The heading.
    title: String,
    /// The message.
    text: String,
    /// How far the command is, as everywhere.
    state: String,
    /// What the box said of it.
    detail: String,
    /// Machines on which it was shown.
    shown: u64,
    /// Machines on which somebody said to have seen it.
    acknowledged: u64,
    /// Each machine that was meant; empty until the box has answered.
    machines: Vec<ShownView>,
}

/// What became of a message on one machine.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(in crate::http) struct ShownView {
    /// Its serial number, name or address.
    machine: String,
    /// Whether it was shown.
    shown: bool,
    /// Whether somebody said to have seen it.
    acknowledged: bool,
    /// Why not.
    reason: Option<String>,
}

/// Lists what was said, newest first, and who saw it.
#[utoipa::path(
    get, path = "/api/v1/machines/messages", operation_id = "machines_messages",
    tag = "machines", params(Newest), extensions(("x-role" = json!("viewer"))),
    responses((status = 200, description = "The newest messages", body = Page<MessageView>), Refused)
)]
pub(in crate::http) async fn messages(
    _: Viewer,
    State(admin): State<Admin>,
    Params(newest): Params<Newest>,
) -> Result<Json<Page<MessageView>>, Problem> {
    let (site, rows) = newest.checked()?;
    let commands = admin.store.commands_of_kind(KIND, site.as_ref(), rows).await?;
    Ok(Json(Page { items: commands.iter().map(MessageView::from).collect(), next: None }))
}

/// Says something at once: one command per site. Only where somebody is logged in it is seen; nobody is bothered twice.
#[utoipa::path(
    post, path = "/api/v1/machines/messages", operation_id = "machines_say",
    tag = "machines", request_body = NewMessage, extensions(("x-role" = json!("operator"))),
    params(("Idempotency-Key" = Option<String>, Header, description = "Sending twice under one key says it once")),
    responses((status = 201, description = "Stored; it is sent as soon as the boxes hear", body = Page<MessageView>),
              Refused)
)]
pub(in crate::http) async fn say(
    Operator(caller): Operator,
    State(admin): State<Admin>,
    key: Key,
    Body(new): Body<NewMessage>,
) -> Result<Response, Problem> {
    let ask = Ask { caller: &caller, key, request: ("machines/messages", &new) };
    admin.answers.once(ask, tell(&admin, &caller, &new)).await
}

async fn tell(admin: &Admin, caller: &Caller, new: &NewMessage) -> Result<Page<MessageView>, Problem> {
    let words = new.checked(&admin.clean_desk)?;
    let issued_ms = admin.clock.wall_ms();
    let mut items = Vec::new();
    for (site, machines) in meant(admin, new).await? {
        let expires_ms = issued_ms.saturating_add(PATIENCE_MS);
        let header = CommandHeader { site: site.clone(), id: CommandId::random(), issued_ms, expires_ms };
        let command = stored(&order(header, &words, machines), caller, None)?;
        let given = MessageView::from(&command);
        store(admin, command).await?;
        items.push(given);
    }
    Ok(Page { items, next: None })
}

/// The sites that are meant, with the machines if not all.
async fn meant(admin: &Admin, new: &NewMessage) -> Result<BTreeMap<SiteId, Option<Vec<String>>>, Problem> {
    let mut meant: BTreeMap<SiteId, Option<Vec<String>>> = BTreeMap::new();
    for id in &new.machines {
        let machine = find(admin, id).await?;
        if new.site.as_deref().is_some_and(|site| site != machine.met.site.as_str()) {
            return Err(Problem::invalid("machines", format_args!("{id} was last met at site {}", machine.met.site)));
        }
        // A box knows its machines by serial number or address.
        let known = if name::is_serial(&machine.id) { machine.id.clone() } else { machine.met.ip.to_string() };
        meant.entry(machine.met.site).or_default().get_or_insert_default().push(known);
    }
    if let (Some(site), true) = (&new.site, new.machines.is_empty()) {
        meant.insert(hearing_site(admin, site).await?, None);
    }
    if new.site.is_none() && new.machines.is_empty() {
        let machines = admin.store.machines(None, MACHINES_MAX).await?;
        let sites = admin.store.sites().await?.into_iter().filter(|site| site.revoked_ms.is_none());
        let with_machines = sites_of(&machines);
        meant.extend(sites.filter(|site| with_machines.contains(&site.id)).map(|site| (site.id, None)));
    }
    if meant.is_empty() {
        let detail =
            "no machine could be read yet, so nobody would see it; `vigie-hub machine list` shows how far boxes came";
        return Err(Problem::new(StatusCode::CONFLICT, "no_machine", "There is no machine to show it on", detail));
    }
    Ok(meant)
}

impl NewMessage {
    fn checked(&self, usual: &Words) -> Result<Words, Problem> {
        let title = line("title", self.title.as_deref().unwrap_or(&usual.title), TITLE_CHARS_MAX)?;
        let text = self.text.as_deref().unwrap_or(&usual.text).trim();
        let is_shown = |c: char| c == '\n' || !c.is_control();
        if !(1..=TEXT_CHARS_MAX).contains(&text.chars().count()) || !text.chars().all(is_shown) {
            let wanted = format_args!("use 1 to {TEXT_CHARS_MAX} characters, without control characters");
            return Err(Problem::invalid("text", wanted));
        }
        let give_up_s = self.give_up_s.unwrap_or(usual.give_up_s);
        if !GIVE_UP_S.contains(&give_up_s) {
            return Err(Problem::invalid("give_up_s", "use 5 to 300 seconds"));
        }
        if self.machines.len() > NAMED_MAX {
            return Err(Problem::invalid("machines", format_args!("name at most {NAMED_MAX} at once")));
        }
        Ok(Words { title, text: text.to_owned(), give_up_s })
    }
}

impl From<&StoredCommand> for MessageView {
    fn from(command: &StoredCommand) -> Self {
        let Tally { shown, acknowledged, machines } = Tally::of(command);
        let (title, text) = match Command::open(&command.body).map(|command| command.kind) {
            Ok(CommandKind::ShowMessage(message)) => (message.title, message.text),
            // It was written by a newer hub.
            Ok(_) | Err(_) => Default::default(),
        };
        Self {
            command: command.id.to_string(),
            site: command.site.to_string(),
            given: Time(command.issued_ms),
            account: command.account.clone(),
            title,
            text,
            state: command.state.as_str().to_owned(),
            detail: command.detail.clone(),
            shown,
            acknowledged,
            machines: machines.into_iter().map(ShownView::from).collect(),
        }
    }
}

impl From<Shown> for ShownView {
    fn from(shown: Shown) -> Self {
        let Shown { machine, shown, acknowledged, reason } = shown;
        Self { machine, shown, acknowledged, reason }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use vigie_shared::wire::{CommandOutcome, OutcomeState};

    use super::*;
    use crate::http::machines::tests::stage;
    use crate::http::testing::{Answer, Stage};
    use crate::store::accounts::Role;
    use crate::store::commands::Told;
    use crate::store::projections::Step;

    async fn with_sites() -> Stage {
        let stage = stage().await;
        stage.add_site("metz", "Metz").await;
        stage.add_site("brest", "Brest").await;
        stage
    }

    async fn ask(stage: &Stage, body: Value) -> Answer {
        stage.post("/api/v1/machines/messages").json(&body).role(Role::Operator).send().await
    }

    fn sites(page: &Value) -> Vec<&str> {
        page["items"].as_array().unwrap().iter().map(|one| one["site"].as_str().unwrap()).collect()
    }

    #[tokio::test]
    async fn without_a_name_every_site_with_machines_is_told_what_clean_desk_says() {
        let stage = with_sites().await;
        let given = ask(&stage, json!({})).await;
        assert_eq!(given.status, StatusCode::CREATED, "{}", given.text);
        assert_eq!(sites(&given.json()), ["brest", "metz"]);
        assert_eq!(given.json()["items"][0]["title"], stage.admin.clean_desk.title.as_str());
    }

    #[tokio::test]
    async fn some_machines_are_told_by_the_names_that_their_box_knows() {
        let stage = with_sites().await;
        let body = json!({ "machines": ["C02XL0AA", "02:00:00:00:00:0a"], "text": "Tea <b>is</b> ready\n$(id)", "title": "T" });
        let given = ask(&stage, body).await.json();
        assert_eq!(sites(&given), ["metz"]);
        let command = format!("/api/v1/sites/metz/commands/{}", given["items"][0]["command"].as_str().unwrap());
        let data = stage.get(&command).role(Role::Operator).send().await.json()["data"].clone();
        assert_eq!(
            (&data["machines"], &data["text"]),
            (&json!(["C02XL0AA", "192.168.1.10"]), &json!("Tea <b>is</b> ready\n$(id)"))
        );
    }

    #[tokio::test]
    async fn what_cannot_be_shown_is_refused_in_words() {
        let stage = with_sites().await;
        for (body, words) in [
            (json!({ "title": "a\nb" }), "one line"),
            (json!({ "text": "x".repeat(501) }), "1 to 500"),
            (json!({ "text": "\u{7}" }), "control"),
            (json!({ "give_up_s": 4 }), "5 to 300"),
            (json!({ "site": "nancy" }), "nancy"),
            (json!({ "machines": ["C02XL0ZZ"] }), "C02XL0ZZ"),
            (json!({ "site": "brest", "machines": ["C02XL0AA"] }), "last met at site metz"),
        ] {
            let answer = ask(&stage, body).await;
            assert!(answer.status.is_client_error() && answer.text.contains(words), "{}", answer.text);
        }
        let nobody = ask(&Stage::new().await, json!({})).await;
        assert_eq!((nobody.status, nobody.code().as_str()), (StatusCode::CONFLICT, "no_machine"));
    }

    #[tokio::test]
    async fn who_saw_it_is_told_when_the_box_has_answered() {
        let stage = with_sites().await;
        let given = ask(&stage, json!({ "site": "metz" })).await.json();
        let id: CommandId = given["items"][0]["command"].as_str().unwrap().parse().unwrap();
        let answer = json!({ "shown": 1, "acknowledged": 1, "machines": [
            { "machine": "C02XL0AA", "shown": true, "acknowledged": true, "reason": null },
            { "machine": "C02XL0BB", "shown": false, "acknowledged": false, "reason": "nobody is logged in" },
        ] });
        let (state, answer) = (OutcomeState::Succeeded, Some(answer.to_string()));
        let outcome = CommandOutcome { id, state, detail: "shown on 1 of 2 machines".to_owned(), answer };
        let told = Told { site: "metz".parse().unwrap(), at_ms: 9, outcome };
        stage.store.apply(Step { outcomes: vec![told], ..Step::default() }).await.unwrap();

        let list = stage.get("/api/v1/machines/messages?site=metz").role(Role::Viewer).send().await.json();

        let one = &list["items"][0];
        assert_eq!((&one["shown"], &one["acknowledged"], &one["state"]), (&json!(1), &json!(1), &json!("succeeded")));
        assert_eq!(one["machines"][1]["reason"], "nobody is logged in");
        let elsewhere = stage.get("/api/v1/machines/messages?site=brest").role(Role::Viewer).send().await.json();
        assert_eq!(elsewhere["items"], json!([]));
    }
}
