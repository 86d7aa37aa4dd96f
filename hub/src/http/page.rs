//! Pages for people: rendered here, French or English, readable without scripts, by keyboard and on a phone.
//!
//! **To add a page** `/things`:
//! 1. One file `page/things.rs`: a handler `show(reader: Reader, …)` that reads the store (or asks the same function as
//!    the API's handler), makes a struct with `frame: &Frame` and `#[template(path = "things.html")]`, and returns
//!    [`frame::render`] of it; `frame.answer(page)` makes a page of a [`Problem`], too. Its words are its own: `words! { title:
//!    "Choses" = "Things"; }`, then `of(frame.lang)`; what all pages share is `frame.words`. No word stands in a template.
//! 2. One line in [`map::PLACES`] (address, name, group, least role, key, symbol of `assets/icons.svg`), one in [`routes`].
//!    The rail, the phone's bar and the keys follow. A page whose least role is higher than viewer checks it itself:
//!    `reader.needs(Role::Operator)?`.
//! 3. A template that extends `layout.html` with the blocks `title` (page, then what it is of) and `content`.
//!
//! **Tables**: [`table::Look`] is the address (search `q`, `sort`, `skip`, filters of any name); `look.page(…)` cuts the
//! rows and makes the [`table::Table`] around them. In the template `{% import "table.html" as t %}`, then
//! `{% call t::heads(table) %}` and `{% call t::foot(table, frame.words) %}` around your own `<tbody>`, in
//! `<section id="results">`; the filter is a GET form that carries `{% include "filter.html" %}` among its attributes and
//! so answers while one types. `<table class="cards">` with `data-head` on each cell becomes cards on a phone. Empty is one
//! of three: nothing yet (`class="empty"`: what will appear, the act that starts it, when), nothing matches (and
//! `look.clear()`), no right. As a file for a spreadsheet: `look.sheet(…)` and `table.with_sheet(…)` of [`sheet`].
//!
//! **Acts**: nothing is written by a page. `{{ frame.act("operation_id").on("id", row.id).about(row.name) }}` is a button,
//! `frame.form("operation_id")` a form with fields ([`form`]); both vanish for readers whose role the operation refuses.
//! Its words are one entry in `acts/GROUP.rs`; its level says whether it asks before. [`act`] makes the request of the API.
//! Several things at once: name `path.NAME`, or `each.NAME` of the body, several times or with lines.
//! A test may check a rendered page by `shown`, which takes out what is drawn at random.
//!
//! **Charts**: [`chart`] makes a `Chart` of points, `{% include "chart.html" %}` in `<div class="charts">` draws each; the
//! page has `uplot.css`, `uplot.js` and `chart.js` in its head. Holes stay holes. A row of the fleet carries its
//! `data-urgency`: rows never jump, the page says how many would stand elsewhere.
//!
//! **Live**: `hx-sse:connect="/live?…"` around rows that have ids ([`live`]); any other part with an `id` and
//! `data-live-part` is asked for again every 15 s, unless the reader is in it; such a page has a
//! `<div hx-sse:connect="/live?rows="></div>` beside it, for the beat. `{% include "live.html" %}` says how fresh
//! the page is (it needs `now: Time`). States are [`marks::Mark`]s by `{% call m::mark(…) %}` of `mark.html`: a shape, a word,
//! a colour. Ages are `{% call m::age(moment) %}` of a [`row::Moment`] and grow in the browser.

mod account;
pub(super) mod act;
mod acts;
mod add_site;
mod address;
mod assets;
mod attendance;
mod audit;
mod chart;
mod choice;
mod commands;
mod connectors;
mod first_steps;
mod fleet;
mod form;
mod frame;
mod french;
mod history;
mod incidents;
mod links;
mod live;
mod login;
mod machines;
mod mails;
mod map;
mod marks;
mod media;
mod people;
mod presence;
mod reader;
mod releases;
mod row;
mod settings;
mod sheet;
mod site;
mod spark;
mod table;
mod terminals;
mod words;

#[cfg(test)]
mod forms;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};

use self::frame::Frame;
use super::Admin;
use super::problem::Problem;
use super::shell::is_api;

/// Every page.
pub(super) fn routes() -> Router<Admin> {
    Router::new()
        .route("/", get(fleet::show))
        .route("/chosen", get(fleet::chosen::show))
        .route("/add-site", get(add_site::show))
        .route("/sites/{id}", get(site::show))
        .route("/incidents", get(incidents::show))
        .route("/incidents/{id}", get(incidents::detail::show))
        .route("/connectors", get(connectors::show))
        .route("/connectors/{name}", get(connectors::one::show))
        .route("/connectors/{name}/jobs/{no}", get(connectors::job::show))
        .route("/terminals", get(terminals::show))
        .route("/terminals.csv", get(terminals::download::give))
        .route("/terminals/{serial}", get(terminals::one::show))
        .route("/media", get(media::show))
        .route("/media/matrix", get(media::matrix::show))
        .route("/media/{sha256}", get(media::one::show))
        .route("/releases", get(releases::show))
        .route("/rollouts/{id}", get(releases::rollout::show))
        .route("/mails", get(mails::show))
        .route("/mails/{no}", get(mails::one::show))
        .route("/machines", get(machines::show))
        .route("/machines/{id}", get(machines::one::show))
        .route("/presence", get(presence::show))
        .route("/presence/month", get(presence::month::show))
        .route("/presence/month.csv", get(presence::month::download))
        .route("/presence/days/{person}/{date}", get(presence::day::show))
        .route("/attendance", get(attendance::show))
        .route("/attendance.csv", get(attendance::download::give))
        .route("/schedules", get(attendance::schedules::show))
        .route("/people", get(people::show))
        .route("/people/{id}", get(people::person::show))
        .route("/my-data", get(people::person::own))
        .route("/live", get(live::stream))
        .route("/login", get(login::show).post(login::enter))
        .route("/logout", post(login::leave))
        .route("/setup", get(links::setup).post(links::set_up))
        .route("/reset", get(links::reset).post(links::choose))
        .route("/forgot", get(links::forgot).post(links::send))
        .route("/account", get(account::show))
        .route("/settings", get(settings::show))
        .route("/settings/policies", get(settings::policies::show))
        .route("/audit", get(audit::show))
        .route("/preferences", post(choice::choose))
        .route("/assets/{name}", get(assets::serve))
        .merge(first_steps::routes())
}

/// The pages at the door of machines: what older programs' people see there.
pub(super) fn door_routes() -> Router<Admin> {
    Router::new()
        .route("/", get(machines::at_door))
        .route("/preferences", post(choice::choose))
        .route("/assets/{name}", get(assets::serve))
}

/// What is nowhere: a page for people, a problem for programs.
pub(super) async fn missing(request: Request) -> Response {
    let (parts, _body) = request.into_parts();
    if is_api(parts.uri.path()) {
        let shown: String = parts.uri.path().chars().take(96).collect();
        let detail = format!("there is nothing at {shown}; what there is stands in /api/v1/openapi.json");
        return Problem::new(StatusCode::NOT_FOUND, "not_found", "Not found", detail).into_response();
    }
    let frame = Frame::of(&parts);
    let (title, detail) = (frame.words.not_found, frame.words.not_found_rest.to_owned());
    frame.sorry(StatusCode::NOT_FOUND, title, detail)
}

/// The operation that the name of a form stands for.
#[cfg(test)]
pub(crate) fn operation_of(form: &str) -> Option<&'static str> {
    acts::find(form).map(|act| act.operation)
}

/// Words that people of this product do not use, per language.
#[cfg(test)]
use crate::text::Lang;

#[cfg(test)]
const BANNED: [(Lang, &[&str]); 2] = [
    (Lang::Fr, &["boitier", "offline", "online", "hors ligne", "en ligne", "utilisateur", "oups", "(s)", "!"]),
    (Lang::En, &["offline", "user", "oops", "(s)", "!", "probe"]),
];

#[cfg(test)]
pub(super) fn assert_no_banned_word(lang: Lang, text: &str) {
    let text = text.to_lowercase();
    let banned = BANNED.iter().filter(|(of, _)| *of == lang).flat_map(|(_, words)| *words);
    for word in banned {
        assert!(!text.contains(word), "{word:?} is banned in {lang:?}, found in: {text}");
    }
}

/// What a page says itself, without what surrounds every page and what is drawn at random.
#[cfg(test)]
pub(super) fn shown(html: &str) -> String {
    let main = html.split_once("<main").map_or(html, |(_, main)| main);
    let main = main.split_once("</main>").map_or(main, |(main, _)| main);
    let mut parts = main.split("name=\"key\" value=\"");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |whole, part| {
        let rest = part.split_once('"').map_or(part, |(_, rest)| rest);
        format!("{whole}name=\"key\" value=\"…\"{rest}")
    })
}

/// The text of a page, without its tags.
#[cfg(test)]
fn text_of(html: &str) -> String {
    let mut is_tag = false;
    let outside = |c: &char| {
        is_tag = (is_tag || *c == '<') && *c != '>';
        !is_tag && *c != '>'
    };
    html.chars().filter(outside).collect()
}

#[cfg(test)]
mod tests {
    use axum::http::{Method, StatusCode};

    use super::*;
    use crate::http::testing::{Answer, PASSWORD, Stage, Who, live};
    use crate::store::accounts::Role;
    use crate::text::Lang;

    const EVIL: &str = "<script>alert(1)</script>\"'& Rennes";

    /// A reader's page in one language.
    async fn read(stage: &Stage, path: &str, lang: Lang) -> Answer {
        stage.get(path).by(Who::Socket).header("accept-language", lang.code()).send().await
    }

    async fn stage_with_history() -> Stage {
        let stage = Stage::new().await;
        let metz = stage.add_site("metz", "Metz").await;
        stage.add_site("rennes01", "Rennes").await;
        stage.add_history(&metz).await;
        stage.fleet.tell(&metz, live());
        stage
    }

    #[tokio::test]
    async fn the_fleet_shows_trouble_first_and_says_it_in_words() {
        let stage = stage_with_history().await;
        for lang in Lang::ALL {
            let page = read(&stage, "/", lang).await;
            assert_eq!(page.status, StatusCode::OK);
            insta::assert_snapshot!(format!("fleet_{}", lang.code()), shown(&page.text));
        }
    }

    #[tokio::test]
    async fn a_site_shows_whether_it_can_be_trusted() {
        let stage = stage_with_history().await;
        for lang in Lang::ALL {
            let page = read(&stage, "/sites/metz", lang).await;
            assert_eq!(page.status, StatusCode::OK);
            insta::assert_snapshot!(format!("site_{}", lang.code()), shown(&page.text));
        }
    }

    #[tokio::test]
    async fn no_page_uses_a_banned_word_and_each_says_its_language() {
        let stage = stage_with_history().await;
        let empty = Stage::new().await;
        for lang in Lang::ALL {
            let mut pages = vec![
                read(&empty, "/", lang).await,
                stage.get("/login").header("accept-language", lang.code()).send().await,
            ];
            let sites = ["/?q=nothing", "/chosen?every=true", "/sites/metz", "/sites/rennes01", "/sites/brest"];
            let own = sites.into_iter().chain(["/nowhere", "/add-site"]);
            for path in map::PLACES.iter().map(|place| place.path).chain(own) {
                pages.push(read(&stage, path, lang).await);
                pages.push(read(&empty, path, lang).await);
            }
            for page in pages {
                assert!(page.text.contains(&format!("<html lang=\"{}\"", lang.code())));
                let text = text_of(&page.text).replace("vigie-hub user password admin", "");
                assert_no_banned_word(lang, &text);
            }
        }
    }

    #[tokio::test]
    async fn every_page_of_the_map_opens_for_its_least_role_and_for_nobody_below() {
        let stage = stage_with_history().await;
        for place in map::PLACES {
            for role in [Role::Viewer, Role::Operator, Role::Owner] {
                let page = stage.get(place.path).role(role).send().await;
                let expected = if role >= place.least { StatusCode::OK } else { StatusCode::FORBIDDEN };
                assert_eq!(page.status, expected, "{} as {role:?}", place.path);
                let leads_there = page.text.contains(&format!("href=\"{}\" data-key", place.path));
                assert_eq!(leads_there, role >= place.least, "{} in the rail of {role:?}", place.path);
            }
        }
    }

    #[tokio::test]
    async fn readers_see_no_button_that_their_role_refuses() {
        let stage = stage_with_history().await;
        let page = |role| stage.get("/sites/metz").role(role).send();
        let (viewer, operator, owner) = (page(Role::Viewer).await, page(Role::Operator).await, page(Role::Owner).await);
        assert!(!viewer.text.contains("/act/") && !viewer.text.contains("/confirm/"));
        assert!(operator.text.contains("/act/sites_change") && !operator.text.contains("sites_revoke"));
        assert!(owner.text.contains("/confirm/sites_revoke"));
    }

    #[tokio::test]
    async fn an_empty_fleet_says_how_to_add_a_box() {
        let page = read(&Stage::new().await, "/", Lang::En).await;
        assert!(page.text.contains("href=\"/add-site\""));
        assert!(page.text.contains("vigie-hub site add") && page.text.contains("vigie-agent register"));
    }

    #[tokio::test]
    async fn names_are_text_whatever_they_contain() {
        let stage = Stage::new().await;
        let metz = stage.add_site("metz", EVIL).await;
        let mut now = live();
        now.version = Some(EVIL.to_owned());
        stage.fleet.tell(&metz, now);
        for path in ["/", "/sites/metz", "/?q=%3Cscript%3Ealert(1)%3C/script%3E", "/login?next=/%22%3E%3Cscript%3E"] {
            let page = read(&stage, path, Lang::Fr).await;
            assert!(!page.text.contains("<script>"), "{path}");
        }
        let nowhere = stage.get("/%3Cscript%3E").send().await;
        assert!(!nowhere.text.contains("<script>"));
    }

    #[tokio::test]
    async fn nobody_reads_without_logging_in_and_everybody_comes_back() {
        let stage = stage_with_history().await;
        for (path, login) in [
            ("/", "/login"),
            ("/sites/metz?after=x", "/login?next=/sites/metz%3Fafter%3Dx"),
            ("/live", "/login?next=/live"),
        ] {
            let answer = stage.get(path).send().await;
            assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, login));
        }
        let part =
            stage.get("/live").header("hx-request", "true").header("hx-current-url", "http://hub/sites/metz?a=1");
        let answer = part.send().await;
        let login = "/login?next=/sites/metz%3Fa%3D1";
        assert_eq!((answer.status, answer.header("hx-redirect")), (StatusCode::UNAUTHORIZED, login));
        let form = format!("account=owner&password={}&next=/sites/metz", PASSWORD.replace(' ', "+"));
        let entered = stage.post("/login").form(&form).own().send().await;
        assert_eq!((entered.status, entered.header("location")), (StatusCode::SEE_OTHER, "/sites/metz"));
        let page = stage.get("/sites/metz").header("cookie", &entered.cookie()).send().await;
        assert_eq!(page.status, StatusCode::OK);
    }

    #[tokio::test]
    async fn a_wrong_password_keeps_the_form_and_says_what_to_do() {
        let stage = Stage::new().await;
        let form = "account=owner&password=wrong&next=//evil.example";
        let page = stage.post("/login").form(form).own().header("accept-language", "fr").send().await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED);
        assert!(page.text.contains("role=\"alert\"") && page.text.contains("value=\"owner\""));
        assert!(!page.text.contains("evil.example"));
    }

    #[tokio::test]
    async fn forms_from_elsewhere_are_refused() {
        let stage = Stage::new().await;
        let form = format!("account=owner&password={}", PASSWORD.replace(' ', "+"));
        let entered = stage.post("/login").form(&form).own().send().await;
        for path in ["/login", "/preferences", "/logout"] {
            let ask = stage.post(path).form(&form).header("cookie", &entered.cookie());
            let answer = ask.header("origin", "http://evil.example").send().await;
            assert!(answer.status.is_client_error(), "{path}: {answer:?}");
        }
        let forged = stage.post("/logout").form("csrf=0").own().header("cookie", &entered.cookie()).send().await;
        assert_eq!(forged.status, StatusCode::FORBIDDEN);
        let page = stage.get("/").header("cookie", &entered.cookie()).send().await;
        let (_, rest) = page.text.split_once("name=\"csrf\" value=\"").expect("the page can log out");
        let csrf = format!("csrf={}", rest.split('"').next().unwrap());
        let out = stage.post("/logout").form(&csrf).own().header("cookie", &entered.cookie()).send().await;
        assert_eq!((out.status, out.header("location")), (StatusCode::SEE_OTHER, "/login"));
    }

    #[tokio::test]
    async fn the_reader_chooses_language_and_light() {
        let stage = Stage::new().await;
        let chosen = stage.post("/preferences").form("lang=fr&theme=dark&back=/login").own().send().await;
        let cookies: Vec<&str> =
            chosen.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
        assert!(cookies[0].starts_with("lang=fr;") && cookies[1].starts_with("theme=dark;"), "{cookies:?}");
        assert_eq!(chosen.header("location"), "/login");
        let page = stage.get("/login").header("cookie", "lang=fr; theme=dark").header("accept-language", "en");
        assert!(page.send().await.text.contains("<html lang=\"fr\" data-theme=\"dark\">"));
    }

    #[tokio::test]
    async fn the_stream_sends_the_row_that_changed() {
        use futures_util::StreamExt as _;
        let stage = Stage::new().await;
        let metz = stage.add_site("metz", "Metz").await;
        for (path, id) in [
            ("/live", "<tr id=\"site-metz\" "),
            ("/live?rows=brest,metz", "<hx-partial hx-target=\"#site-metz\""),
            ("/live?site=metz", "id=\"now-metz\""),
        ] {
            let answer = stage.request(Method::GET, path).by(Who::Socket).open().await;
            let mut stream = answer.into_body().into_data_stream();
            stage.fleet.tell(&metz, live());
            loop {
                let text = String::from_utf8(stream.next().await.unwrap().unwrap().to_vec()).unwrap();
                if text.contains(id) && text.contains("data-state=\"fine\"") {
                    break;
                }
            }
        }
    }

    #[tokio::test]
    async fn every_state_has_a_shape_of_its_own_beside_its_word() {
        let page = read(&stage_with_history().await, "/", Lang::En).await.text;
        for mark in page.split("data-state=\"").skip(1) {
            let state = mark.split('"').next().unwrap();
            assert!(
                page.contains(&format!("<symbol id=\"g-{state}\"")) && mark.contains(&format!("href=\"#g-{state}\""))
            );
        }
    }
}
