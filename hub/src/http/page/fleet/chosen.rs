//! Several sites at once: what a command meets on each of them, before it is given; and a silence for all of them.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::Uri;
use axum::response::Response;

use super::kinds;
use super::rank::{Ranked, ranked};
use super::words::{self, Words};
use crate::http::Admin;
use crate::http::page::frame::{Frame, Reader, render};
use crate::http::page::marks::{Mark, of_reach};
use crate::http::page::table::Look;
use crate::http::problem::Problem;
use crate::http::reach::Reach;
use crate::store::accounts::Role;
use crate::store::sites::Site;
use crate::text::{self, Lang};

/// Sites that are listed by name; the rest are counted.
const ROWS_MAX: usize = 100;

/// What becomes of a command; the first is told first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    /// The box is cut off for good.
    Refused,
    /// It waits for the box.
    Later,
    /// The box hears.
    AtOnce,
}

/// One site.
struct ChosenRow {
    id: String,
    name: String,
    mark: Mark,
    fate: &'static str,
}

#[derive(Template)]
#[template(path = "chosen.html")]
struct ChosenPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    /// The overview as it was.
    back: &'a str,
    headline: String,
    rows: Vec<ChosenRow>,
    rest: Option<String>,
    /// Every id, a line each.
    found: &'a str,
    kinds: Vec<(String, String)>,
    lasts: Vec<(String, String)>,
}

/// Shows what was chosen: the ids, or every site that the overview's filter finds.
pub(in crate::http::page) async fn show(
    reader: Reader,
    State(admin): State<Admin>,
    uri: Uri,
    Query(asked): Query<Vec<(String, String)>>,
) -> Response {
    let page = match reader.needs(Role::Operator) {
        Ok(()) => page(&admin, &reader.frame, (&Look::of(&uri), &asked)).await,
        Err(problem) => Err(problem),
    };
    reader.frame.answer(page)
}

async fn page(admin: &Admin, frame: &Frame, (look, asked): (&Look, &[(String, String)])) -> Result<Response, Problem> {
    let (w, sites) = (words::of(frame.lang), admin.store.sites().await?);
    let now_ms = admin.clock.wall_ms();
    let named: BTreeSet<&str> = asked.iter().filter(|(name, _)| name == "id").map(|(_, id)| id.as_str()).collect();
    let is_meant = |one: &Ranked<'_>| match look.get("every") {
        "" => named.contains(one.site.id.as_str()),
        _ => one.is_wanted(look, now_ms),
    };
    let meant = ranked(admin, &sites).into_iter().filter(is_meant);
    let mut fates: Vec<(Fate, Reach, &Site)> = meant.map(|one| (fate(one.reach), one.reach, one.site)).collect();
    fates.sort_by_key(|(fate, _, site)| (*fate, site.name.to_lowercase()));
    let found: Vec<&str> = fates.iter().map(|(_, _, site)| site.id.as_str()).collect();
    let row = |(fate, link, site): &(Fate, Reach, &Site)| ChosenRow {
        id: site.id.to_string(),
        name: site.name.clone(),
        mark: of_reach(*link, frame.words),
        fate: fate.word(w),
    };
    let rest = fates.len().saturating_sub(ROWS_MAX);
    let back = overview(look);
    Ok(render(&ChosenPage {
        frame,
        w,
        back: &back,
        headline: headline(frame.lang, &fates.iter().map(|(fate, _, _)| *fate).collect::<Vec<_>>()),
        rows: fates.iter().take(ROWS_MAX).map(row).collect(),
        rest: (rest > 0).then(|| more(frame.lang, rest)),
        found: &found.join("\n"),
        kinds: kinds(w),
        lasts: [("1h", w.an_hour), ("4h", w.four_hours), ("1d", w.one_day), ("7d", w.one_week)]
            .map(|(value, word)| (value.to_owned(), word.to_owned()))
            .to_vec(),
    }))
}

/// The overview with the filter that was chosen from.
fn overview(look: &Look) -> String {
    ["q", "state", "version", "quiet"]
        .into_iter()
        .fold("/".to_owned(), |address, name| crate::http::page::address::with(&address, name, look.get(name)))
}

fn fate(link: Reach) -> Fate {
    match link {
        Reach::Reachable | Reach::Late | Reach::Cloned => Fate::AtOnce,
        Reach::Silent | Reach::NeverHeard => Fate::Later,
        Reach::Revoked => Fate::Refused,
    }
}

impl Fate {
    fn word(self, w: &'static Words) -> &'static str {
        match self {
            Self::Refused => w.fate_refused,
            Self::Later => w.fate_later,
            Self::AtOnce => w.fate_at_once,
        }
    }
}

/// How many are chosen, and what a command meets on them.
fn headline(lang: Lang, fates: &[Fate]) -> String {
    let count = |wanted: Fate| fates.iter().filter(|fate| **fate == wanted).count() as u64;
    let (now, later, refused) = (count(Fate::AtOnce), count(Fate::Later), count(Fate::Refused));
    let all = text::counted(lang, fates.len() as u64, "site", "sites");
    let told = match lang {
        Lang::Fr => [
            (now, format!("{} tout de suite", text::number(lang, now))),
            (later, format!("{} au retour du boîtier", text::number(lang, later))),
            (refused, format!("{} refuseront la commande", text::number(lang, refused))),
        ],
        Lang::En => [
            (now, format!("{} at once", text::number(lang, now))),
            (later, format!("{} when the box returns", text::number(lang, later))),
            (refused, format!("{} will refuse the command", text::number(lang, refused))),
        ],
    };
    let told: Vec<String> = told.into_iter().filter(|(count, _)| *count > 0).map(|(_, text)| text).collect();
    match lang {
        Lang::Fr => format!("{all}\u{a0}: {}", told.join(", ")),
        Lang::En => format!("{all}: {}", told.join(", ")),
    }
}

fn more(lang: Lang, rest: usize) -> String {
    match lang {
        Lang::Fr => format!("et {}", text::counted(lang, rest as u64, "autre", "autres")),
        Lang::En => format!("and {}", text::counted(lang, rest as u64, "more", "more")),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use crate::http::page::shown;
    use crate::http::testing::{Stage, Who, live};
    use crate::store::accounts::Role;
    use crate::text::Lang;

    async fn stage() -> Stage {
        let stage = Stage::new().await;
        let metz = stage.add_site("metz", "Metz").await;
        stage.fleet.tell(&metz, live());
        for (id, name) in [("brest", "Brest"), ("lyon", "Lyon")] {
            stage.add_site(id, name).await;
        }
        stage.post("/api/v1/sites/lyon/revoke").by(Who::Socket).json(&serde_json::json!({})).send().await;
        stage
    }

    #[tokio::test]
    async fn before_a_command_is_given_its_fate_on_each_site_is_said() {
        let stage = stage().await;
        for lang in Lang::ALL {
            let ask = stage.get("/chosen?id=metz&id=brest&id=lyon&id=nowhere").by(Who::Socket);
            let page = ask.header("accept-language", lang.code()).send().await;
            assert_eq!(page.status, StatusCode::OK);
            insta::assert_snapshot!(format!("chosen_{}", lang.code()), shown(&page.text));
        }
    }

    #[tokio::test]
    async fn every_site_that_a_filter_finds_is_meant_and_no_other() {
        let page = stage().await.get("/chosen?every=true&state=never&id=metz").by(Who::Socket).send().await;
        assert!(page.text.contains("name=\"each.site\" value=\"brest\""), "{}", shown(&page.text));
    }

    #[tokio::test]
    async fn whoever_only_looks_chooses_nothing() {
        let page = stage().await.get("/chosen?id=metz").role(Role::Viewer).send().await;
        assert_eq!(page.status, StatusCode::FORBIDDEN);
    }
}
