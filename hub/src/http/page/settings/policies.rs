//! By which rules days are valued: every version of every policy, and a dry run of the next one before it is added.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::http::attendance::date;
use crate::http::page::attendance::today;
use crate::http::page::frame::{Frame, Reader, render};
use crate::http::page::presence::month::halves;
use crate::http::page::table::Look;
use crate::http::page::words::words;
use crate::http::presence::policies::acceptable;
use crate::http::problem::Problem;
use crate::http::{Admin, looks};
use crate::presence::policy::{Policy, TEXT_BYTES_MAX, holding};
use crate::presence::replay::{Balance, Change, Share};
use crate::presence::requests::checked;
use crate::store::accounts::Role;
use crate::text::{self, Lang};

/// Days that a dry run looks at if nobody says: a month and its end.
const TRIED_DAYS: i64 = 31;

/// Changed days that are shown one by one; all are counted.
const CHANGES_MAX: usize = 200;

words! {
    title: "Règles de présence" = "Presence policies";
    back: "Retour aux réglages" = "Back to settings";
    lead: "Une règle dit ce que vaut un jour. Une version ne change jamais : on en ajoute une, qui vaut à partir de son premier jour."
        = "A policy says what a day is worth. A version never changes: one is added, which holds from its first day on.";
    policy: "Règle" = "Policy";
    version: "Version" = "Version";
    from: "À partir du" = "From";
    always: "toujours" = "ever";
    holds: "vaut aujourd’hui" = "holds today";
    in_use: "en service" = "in use";
    text: "Texte" = "Text";
    trial: "Simulation" = "Dry run";
    trial_rest: "La simulation ne change rien : elle compare les jours choisis tels qu’ils sont avec ce qu’ils vaudraient."
        = "A dry run changes nothing: it compares the chosen days as they are with what they would be worth.";
    next: "Version à essayer" = "Version to try";
    since: "Du jour" = "From day";
    through: "Au jour" = "Through day";
    try_it: "Simuler" = "Try it";
    difference: "Écart" = "Difference";
    person: "personne" = "person";
    people: "personnes" = "people";
    day: "jour regardé" = "day looked at";
    days: "jours regardés" = "days looked at";
    change: "jour changerait" = "day would change";
    changes: "jours changeraient" = "days would change";
    nobody: "Personne ne gagne ni ne perd rien sur ces jours." = "Nobody gains or loses anything on these days.";
    who: "Personne" = "Person";
    gains: "Gagne, en jours" = "Gains, in days";
    loses: "Perd, en jours" = "Loses, in days";
    on: "Jour" = "Day";
    was: "Vaut" = "Is worth";
    becomes: "Vaudrait" = "Would be worth";
    first_shown: "Seuls les 200 premiers jours sont montrés." = "Only the first 200 days are shown.";
    not_in_use: "Les jours sont évalués d’après une autre règle (presence.policy dans hub.toml) : l’ajout n’y changerait rien."
        = "Days are valued by another policy (presence.policy in hub.toml): adding this changes none.";
}

/// One version of a policy.
struct PolicyRow {
    name: String,
    version: u32,
    from: String,
    text: String,
    is_in_use: bool,
    is_holding: bool,
}

/// What somebody would gain and lose.
struct ShareRow {
    name: String,
    gains: String,
    loses: String,
}

/// A day that would change.
struct ChangeRow {
    name: String,
    day: String,
    was: String,
    becomes: String,
}

/// What a dry run found.
struct Trial {
    policy: String,
    is_in_use: bool,
    headline: String,
    shares: Vec<ShareRow>,
    changes: Vec<ChangeRow>,
    has_more: bool,
}

#[derive(Template)]
#[template(path = "policies.html")]
struct PoliciesPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    policies: Vec<PolicyRow>,
    text: String,
    length_max: usize,
    since: Date,
    through: Date,
    /// Why the text is no version to try.
    wrong: Option<String>,
    trial: Option<Trial>,
}

/// Shows the policies, and what the one in the address would change.
pub(in crate::http::page) async fn show(reader: Reader, State(admin): State<Admin>, uri: Uri) -> Response {
    let page = page(&admin, &reader, &Look::of(&uri)).await;
    reader.frame.answer(page)
}

async fn page(admin: &Admin, reader: &Reader, look: &Look) -> Result<Response, Problem> {
    reader.needs(Role::Owner)?;
    let (frame, w) = (&reader.frame, of(reader.frame.lang));
    let today = today(admin.clock.wall_ms());
    let all = admin.presences.policies().await?;
    let used: Vec<Policy> = all.iter().filter(|one| one.name == admin.presences.config().policy).cloned().collect();
    let (since, through) = tried_days(look, today)?;
    let asked = look.get("text");
    let (mut wrong, mut trial) = (None, None);
    if !asked.is_empty() {
        match acceptable(asked, &all) {
            Ok(policy) => trial = Some(tried(admin, reader, &policy, (since, through)).await?),
            Err(problem) => wrong = Some(problem.detail),
        }
    }
    let is_wrong = wrong.is_some();
    let holding_now = holding(&used, today);
    let mut response = render(&PoliciesPage {
        frame,
        w,
        text: if asked.is_empty() { proposal(holding_now, &used, today) } else { asked.to_owned() },
        length_max: TEXT_BYTES_MAX,
        policies: all.iter().map(|policy| PolicyRow::new(w, policy, (used.as_slice(), holding_now))).collect(),
        since,
        through,
        wrong,
        trial,
    });
    if is_wrong {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

/// The days that are asked for; the last month if none are.
fn tried_days(look: &Look, today: Date) -> Result<(Date, Date), Problem> {
    let asked = |name: &str, usual: Date| match look.get(name) {
        "" => Ok(usual),
        text => date(name, text),
    };
    let through = asked("through", today)?;
    let since = asked("since", through.checked_sub(TRIED_DAYS.days()).unwrap_or(through))?;
    checked((since, through)).map_err(|wrong| Problem::invalid("through", wrong))
}

/// The policy that holds, as its next version from today on.
fn proposal(holding: Option<&Policy>, used: &[Policy], today: Date) -> String {
    let last = used.iter().map(|policy| policy.version).max().unwrap_or(0);
    let next = |policy: &Policy| Policy { version: last.saturating_add(1), from: Some(today), ..policy.clone() };
    holding.map(|policy| next(policy).to_toml()).unwrap_or_default()
}

async fn tried(admin: &Admin, reader: &Reader, policy: &Policy, dates: (Date, Date)) -> Result<Trial, Problem> {
    let balance = admin.presences.replay(policy, dates).await?;
    for person in balance.shares.keys() {
        looks::note(admin, &reader.caller, person, "dry_run").await?;
    }
    let names = admin.store.people().await?.into_iter().map(|person| (person.id, person.name)).collect();
    let writer = Writer { lang: reader.frame.lang, w: of(reader.frame.lang), names };
    Ok(writer.trial(policy, policy.name == admin.presences.config().policy, &balance))
}

/// What a dry run is written with.
struct Writer {
    lang: Lang,
    w: &'static Words,
    names: BTreeMap<String, String>,
}

impl Writer {
    fn trial(&self, policy: &Policy, is_in_use: bool, balance: &Balance) -> Trial {
        let w = self.w;
        let headline = [
            text::counted(self.lang, balance.people, w.person, w.people),
            text::counted(self.lang, balance.days, w.day, w.days),
            text::counted(self.lang, balance.changed, w.change, w.changes),
        ];
        let mut shares: Vec<ShareRow> =
            balance.shares.iter().map(|(person, share)| self.share(person, *share)).collect();
        shares.sort_by_key(|share| share.name.to_lowercase());
        Trial {
            policy: policy.name.clone(),
            is_in_use,
            headline: headline.join(", "),
            shares,
            changes: balance.changes.iter().take(CHANGES_MAX).map(|change| self.change(change)).collect(),
            has_more: balance.changes.len() > CHANGES_MAX,
        }
    }

    fn name(&self, person: &str) -> String {
        self.names.get(person).cloned().unwrap_or_else(|| person.to_owned())
    }

    fn share(&self, person: &str, share: Share) -> ShareRow {
        let days = |count: i64| halves(self.lang, f64::from(i32::try_from(count).unwrap_or(i32::MAX)) / 2.0);
        ShareRow { name: self.name(person), gains: days(share.gained_halves), loses: days(share.lost_halves) }
    }

    fn change(&self, change: &Change) -> ChangeRow {
        ChangeRow {
            name: self.name(&change.person),
            day: text::spoken_day(self.lang, change.date),
            was: halves(self.lang, change.was.amount()),
            becomes: halves(self.lang, change.becomes.amount()),
        }
    }
}

impl PolicyRow {
    fn new(w: &Words, policy: &Policy, (used, holding): (&[Policy], Option<&Policy>)) -> Self {
        Self {
            name: policy.name.clone(),
            version: policy.version,
            from: policy.from.map_or_else(|| w.always.to_owned(), |from| from.to_string()),
            text: policy.to_toml(),
            is_in_use: used.contains(policy),
            is_holding: holding == Some(policy),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use crate::http::page::address::escape;
    use crate::http::page::shown;
    use crate::http::testing::{Answer, Stage, Who};
    use crate::store::accounts::Role;

    /// Half a day from an hour on, a day from five hours on.
    const STRICT: &str = "name = \"slots10\"\nversion = 2\n[rule]\nis = \"slots10\"\nhalf_slots = 30";

    async fn page(stage: &Stage, text: &str) -> Answer {
        let path = format!("/settings/policies?text={}", escape(text));
        stage.get(&path).by(Who::Socket).header("accept-language", "en").send().await
    }

    #[tokio::test]
    async fn the_next_version_is_proposed_and_nobody_below_an_owner_reads_it() {
        let stage = Stage::new().await;
        let proposed = page(&stage, "").await;
        assert!(proposed.text.contains("version = 2") && proposed.text.contains("from = "), "{}", proposed.text);
        assert!(!proposed.text.contains("presence_policies_add"), "it is tried before it is added");
        for role in [Role::Operator, Role::Viewer] {
            assert_eq!(stage.get("/settings/policies").role(role).send().await.status, StatusCode::FORBIDDEN);
        }
    }

    #[tokio::test]
    async fn a_dry_run_says_who_gains_and_loses_changes_nothing_and_is_noted_as_a_look() {
        let stage = Stage::new().await;
        stage.add_crowd().await;
        let tried = page(&stage, STRICT).await;
        assert_eq!(tried.status, StatusCode::OK, "{}", tried.text);
        let text = shown(&tried.text);
        assert!(text.contains("Person 0") && text.contains("0.5"), "{text}");
        assert!(text.contains("/confirm/presence_policies_add") && text.contains("value=\"slots10\""), "{text}");
        assert!(stage.store.policies().await.unwrap().is_empty());
        assert_eq!(stage.store.looks(Some("p0"), 9).await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_text_that_is_no_version_to_add_stays_with_the_reason() {
        let stage = Stage::new().await;
        let known = STRICT.replace("version = 2", "version = 1");
        for (text, reason) in [("version = 2", "missing field"), (known.as_str(), "add version 2")] {
            let refused = page(&stage, text).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(
                refused.text.contains(reason) && !refused.text.contains("presence_policies_add"),
                "{}",
                refused.text
            );
        }
    }
}
