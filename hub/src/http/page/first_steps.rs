//! The panel that leads a new hub's owner to the first presence; it goes when all is done, or when somebody puts it away.

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use axum::routing::post;

use super::choice::kept;
use crate::http::Admin;
use crate::http::first_steps::{Step, StepView, steps};
use crate::http::guard::{cookie, is_own_origin};
use crate::http::problem::Problem;
use crate::text::Lang;

/// The cookie of a reader who put the panel away.
const AWAY: &str = "first_steps";

/// The panel as `first_steps.html` shows it.
pub(super) struct FirstSteps {
    /// Its heading.
    pub(super) title: &'static str,
    /// How to put it away.
    pub(super) away: &'static str,
    /// Said before each step that is done.
    pub(super) done: &'static str,
    /// The steps, in order.
    pub(super) lines: Vec<Line>,
}

/// One step.
pub(super) struct Line {
    /// What to do.
    pub(super) text: &'static str,
    /// How.
    pub(super) how: &'static str,
    /// Where; none if it happens by itself.
    pub(super) path: Option<&'static str>,
    /// Whether it is done.
    pub(super) is_done: bool,
    /// Whether it is the next one.
    pub(super) is_next: bool,
}

/// The panel for this reader; none if all is done or they put it away.
///
/// # Errors
///
/// If the store fails.
pub(super) async fn panel(admin: &Admin, headers: &HeaderMap, lang: Lang) -> Result<Option<FirstSteps>, Problem> {
    if cookie(headers, AWAY).is_some() {
        return Ok(None);
    }
    let steps = steps(admin).await?;
    if steps.next.is_none() {
        return Ok(None);
    }
    let line = |one: &StepView| {
        let (text, how, path) = words(lang, one.step);
        Line { text, how, path, is_done: one.is_done, is_next: steps.next == Some(one.step) }
    };
    let (title, away, done) = match lang {
        Lang::Fr => ("Premiers pas", "Masquer", "Fait :"),
        Lang::En => ("First steps", "Put away", "Done:"),
    };
    Ok(Some(FirstSteps { title, away, done, lines: steps.steps.iter().map(line).collect() }))
}

/// What a step is called, how it is done, and on which page.
fn words(lang: Lang, step: Step) -> (&'static str, &'static str, Option<&'static str>) {
    let (fr, en, path) = match step {
        Step::AddSite => (
            ("Ajouter un site", "Le hub donne un jeton à coller sur le boîtier."),
            ("Add a site", "The hub gives a token to paste on its box."),
            Some("/add-site"),
        ),
        Step::HearBox => (
            (
                "Entendre le boîtier",
                "Sur le boîtier : vigie-agent register JETON. Sa première mesure arrive en 15 secondes.",
            ),
            ("Hear the box", "On the box: vigie-agent register TOKEN. Its first measurement comes within 15 seconds."),
            None,
        ),
        Step::SeeDevice => (
            ("Voir un premier appareil", "Le boîtier regarde son réseau toutes les cinq minutes."),
            ("See a first device", "The box looks at its network every five minutes."),
            None,
        ),
        Step::AddPerson => (
            ("Ajouter une personne", "Un nom et un numéro suffisent."),
            ("Add a person", "A name and a number are enough."),
            Some("/people"),
        ),
        Step::ClaimDevice => (
            (
                "Dire à qui est l’appareil",
                "La personne ouvre le lien d’association sur son téléphone, ou donnez son adresse MAC.",
            ),
            ("Say whose the device is", "The person opens the pairing link on their phone, or give its MAC address."),
            Some("/people"),
        ),
        Step::FirstPresence => (
            ("Première présence", "Elle apparaît dès que l’appareil est vu de nouveau."),
            ("First presence", "It shows as soon as the device is seen again."),
            Some("/presence"),
        ),
    };
    let (text, how) = match lang {
        Lang::Fr => fr,
        Lang::En => en,
    };
    (text, how, path)
}

/// The form that puts the panel away.
pub(super) fn routes() -> Router<Admin> {
    Router::new().route("/first-steps/away", post(put_away))
}

async fn put_away(State(admin): State<Admin>, headers: HeaderMap) -> Response {
    if let Err(problem) = is_own_origin(&headers) {
        return problem.into_response();
    }
    (AppendHeaders([kept(&admin, AWAY, "away")]), Redirect::to("/")).into_response()
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use super::*;
    use crate::http::page::assert_no_banned_word;
    use crate::http::testing::Stage;

    #[test]
    fn the_words_are_those_of_this_product() {
        for lang in Lang::ALL {
            for step in Step::ALL {
                let (text, how, _) = words(lang, step);
                assert_no_banned_word(lang, text);
                assert_no_banned_word(lang, how);
            }
        }
    }

    #[tokio::test]
    async fn the_panel_shows_until_it_is_put_away() {
        let stage = Stage::new().await;
        let shown = panel(&stage.admin, &HeaderMap::new(), Lang::En).await.unwrap().unwrap();
        assert!(shown.lines[0].is_next && !shown.lines[0].is_done);
        let away = stage.post("/first-steps/away").own().form("").send().await;
        assert_eq!(away.status, StatusCode::SEE_OTHER);
        let mut headers = HeaderMap::new();
        headers.insert("cookie", away.cookie().parse().unwrap());
        assert!(panel(&stage.admin, &headers, Lang::En).await.unwrap().is_none());
        let foreign = stage.post("/first-steps/away").header("origin", "https://evil.example").form("").send().await;
        assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    }
}
