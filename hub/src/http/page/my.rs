//! What a member sees: the own month and the own data, and nothing of anybody else.

use askama::Template;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::address::escape;
use super::frame::{Anyone, Frame, render};
use super::table::Look;
use super::words::words;
use crate::attendance::book::Mark;
use crate::http::problem::Problem;
use crate::http::{Admin, looks, people};
use crate::login::Caller;
use crate::presence::driver::kept_day;
use crate::store::presence::{DayFilter, OwnershipFilter};
use crate::text;

words! {
    title: "Mon mois" = "My month";
    before: "Mois précédent" = "Month before";
    after: "Mois suivant" = "Month after";
    day: "Jour" = "Day";
    worth: "Compte" = "Counts";
    time: "Temps" = "Time";
    state: "État" = "State";
    why: "Pourquoi" = "Why";
    total: "Total" = "Total";
    provisional: "provisoire" = "provisional";
    settled: "définitif" = "final";
    amended: "rectifié" = "amended";
    corrected: "corrigé" = "corrected";
    unseen: "non observé" = "not observed";
    no_days: "Aucun jour n’est encore compté ce mois-ci. Le premier apparaît la nuit qui suit votre passage."
        = "No day is counted this month yet. The first appears in the night after you were here.";
    data: "Mes données" = "My data";
    devices: "Mes appareils" = "My devices";
    no_devices: "Aucun appareil n’est inscrit à votre nom. Demandez un lien de jumelage à l’accueil."
        = "No device is registered as yours. Ask for a pairing link at the reception.";
    export: "Tout ce que ce serveur sait de moi, en un fichier" = "Everything that this hub knows of me, as a file";
    looked: "Chaque consultation est notée, les vôtres aussi." = "Every look is noted, yours too.";
    nobody: "Votre compte n’appartient à aucune personne. Le propriétaire du serveur peut dire à qui."
        = "Your account belongs to no person. The owner of the hub can say to whom.";
}

/// One day.
struct DayRow {
    date: Date,
    name: String,
    worth: String,
    time: String,
    state: &'static str,
    is_corrected: bool,
}

#[derive(Template)]
#[template(path = "my.html")]
struct MyPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    person: String,
    name: String,
    month: String,
    before: String,
    after: String,
    days: Vec<DayRow>,
    total: String,
    devices: Vec<String>,
}

/// Shows the own month.
pub(super) async fn show(Anyone { frame, caller }: Anyone, State(admin): State<Admin>, uri: Uri) -> Response {
    match page(&frame, &caller, &admin, &Look::of(&uri)).await {
        Ok(page) => page,
        Err(problem) => frame.refuse(problem),
    }
}

async fn page(frame: &Frame, caller: &Caller, admin: &Admin, look: &Look) -> Result<Response, Problem> {
    let (lang, w) = (frame.lang, of(frame.lang));
    let Some(person) = caller.person.clone() else {
        let status = axum::http::StatusCode::NOT_FOUND;
        return Err(Problem::new(status, "person_unknown", "There is no such person", w.nobody));
    };
    let known = people::find(admin, &person).await?;
    let first = month_of(admin, look);
    let last = first.last_of_month();
    looks::note(admin, caller, &person, "days").await?;
    let filter = DayFilter { person: Some(person.clone()), from: first, through: last, only_unpublished: false };
    let kept = admin.store.person_days(&filter, None, 31).await?;
    let decided = admin.store.overrides(Some(&person), first, last).await?;
    let mut total = 0.0;
    let mut days = Vec::new();
    for day in &kept {
        let decision = decided.iter().find(|one| one.date == day.date).map(|one| one.value);
        let value = decision.or(day.value);
        total += value.unwrap_or_default();
        let minutes = kept_day(day).map_or(0, |day| u64::try_from(day.minutes).unwrap_or_default());
        days.push(DayRow {
            date: day.date,
            name: text::spoken_day(lang, day.date),
            worth: value.map_or_else(|| w.unseen.to_owned(), |value| super::presence::month::halves(lang, value)),
            time: text::duration(lang, minutes.saturating_mul(60)),
            state: state(day.mark, w),
            is_corrected: decision.is_some(),
        });
    }
    let owned = OwnershipFilter { person: Some(person.clone()), ..OwnershipFilter::default() };
    let (owned, registered) = (admin.store.ownerships(&owned).await?, admin.store.registered(None).await?);
    let label = |device: &str| registered.iter().find(|one| one.device == device).map(|one| one.label.clone());
    let devices = owned.iter().filter(|one| one.to_ms.is_none());
    let month = |date: Date| format!("/my?month={:04}-{:02}", date.year(), date.month());
    Ok(render(&MyPage {
        frame,
        w,
        name: known.name,
        month: format!("{:02}/{:04}", first.month(), first.year()),
        before: month(first.saturating_sub(1.month())),
        after: month(first.saturating_add(1.month())),
        days,
        total: super::presence::month::halves(lang, total),
        devices: devices.map(|one| label(&one.device).unwrap_or_else(|| one.device.clone())).collect(),
        person: escape(&person),
    }))
}

/// The first day of the month that is asked for; of the present one otherwise.
fn month_of(admin: &Admin, look: &Look) -> Date {
    let asked = format!("{}-01", look.get("month")).parse::<Date>().ok();
    let now = jiff::Timestamp::from_millisecond(admin.clock.wall_ms()).unwrap_or_default();
    asked.unwrap_or_else(|| now.to_zoned(TimeZone::system()).date().first_of_month())
}

fn state(mark: Mark, w: &Words) -> &'static str {
    match mark {
        Mark::Provisional => w.provisional,
        Mark::Final => w.settled,
        Mark::Amended => w.amended,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{Method, StatusCode};
    use serde_json::json;

    use crate::http::testing::{OWN, Stage};
    use crate::store::accounts::Role;
    use crate::text::Lang;

    #[tokio::test]
    async fn a_member_lands_on_the_own_month_and_sees_no_page_of_the_fleet() {
        let stage = Stage::new().await;
        let path = format!("/api/v1/people/{OWN}");
        stage.request(Method::PUT, &path).json(&json!({ "name": "Ama A." })).role(Role::Owner).send().await;
        let session = stage.log_in("member").await;
        for lang in Lang::ALL {
            let page = stage.get("/my").session(&session).header("accept-language", lang.code()).send().await;
            assert_eq!(page.status, StatusCode::OK, "{}", page.text);
            assert!(page.text.contains("Ama A.") && page.text.contains("/api/v1/people/ama/export"));
            assert!(!page.text.contains("href=\"/machines\""), "the rail leads nowhere else");
        }
        let home = stage.get("/").session(&session).send().await;
        assert_eq!((home.status, home.header("location")), (StatusCode::SEE_OTHER, "/my"));
        for path in ["/machines", "/sites/metz", "/settings", "/audit", "/presence/days/kofi/2026-11-20"] {
            let page = stage.get(path).session(&session).send().await;
            assert!(page.status.is_client_error(), "{path}: {}", page.status);
        }
    }

    #[tokio::test]
    async fn an_account_of_nobody_is_told_so() {
        let stage = Stage::new().await;
        let session = stage.log_in("owner").await;
        assert_eq!(stage.get("/my").session(&session).send().await.status, StatusCode::NOT_FOUND);
    }
}
