//! What surrounds every page: who reads, in which language and light, where they are, and what became of their act.

use std::sync::Arc;

use askama::Template;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{Html, IntoResponse as _, Response};

use super::act::failed::Failed;
use super::address::with;
use super::french::{Told, told};
use super::map::{Group, OWN_PLACES, PLACES, Place};
pub(super) use super::reader::{Insider, Reader, Visitor};
use super::words::{self, Said, Words, said};
use crate::http::Admin;
use crate::http::guard::cookie;
use crate::http::problem::Problem;
use crate::http::shell::Demo;
use crate::http::time::Time;
use crate::login::Caller;
use crate::store::StoreError;
use crate::store::accounts::Role;
use crate::text::{self, Lang};

/// Light or dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Theme {
    /// As the system has it.
    Auto,
    Light,
    Dark,
}

impl Theme {
    const ALL: [Self; 3] = [Self::Auto, Self::Light, Self::Dark];

    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The one of that code.
    pub(super) fn parse(code: Option<&str>) -> Option<Self> {
        Self::ALL.into_iter().find(|one| Some(one.code()) == code)
    }
}

/// What surrounds a page.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) lang: Lang,
    pub(super) words: &'static Words,
    pub(super) theme: Theme,
    /// Whether single keys lead somewhere.
    pub(super) has_keys: bool,
    /// Path and query, to come back to; without what became of an act.
    pub(super) here: String,
    /// Whether nothing here is real.
    pub(super) is_demo: bool,
    /// Who reads; none on the login page.
    pub(super) caller: Option<Caller>,
    /// Incidents that are not over.
    open: usize,
    /// The operation of the act that was done just before, as the address says.
    done: Option<String>,
    /// The act that was refused just before.
    pub(super) failed: Option<Arc<Failed>>,
}

/// A group of the rail with its pages.
pub(super) struct Section {
    pub(super) name: &'static str,
    pub(super) places: Vec<&'static Place>,
}

impl Frame {
    /// The frame of a reader who has not proved who they are.
    pub(super) fn of(parts: &Parts) -> Self {
        let chosen = cookie(&parts.headers, "lang").and_then(|code| Lang::parse(&code));
        let lang = chosen.unwrap_or_else(|| words::preferred(&parts.headers));
        let theme = cookie(&parts.headers, "theme");
        let theme = Theme::parse(theme.as_deref()).unwrap_or(Theme::Auto);
        let here = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let query = parts.uri.query().unwrap_or_default();
        let done = query.split('&').find_map(|pair| pair.strip_prefix("done=")).map(str::to_owned);
        Self {
            lang,
            words: words::of(lang),
            theme,
            has_keys: cookie(&parts.headers, "keys").as_deref() != Some("off"),
            here: with(here, "done", ""),
            is_demo: parts.extensions.get::<Demo>().is_some(),
            caller: None,
            open: 0,
            done,
            failed: parts.extensions.get::<Arc<Failed>>().cloned(),
        }
    }

    /// The `lang` of the page.
    pub(super) fn code(&self) -> &'static str {
        self.lang.code()
    }

    /// A text in the reader's language.
    pub(super) fn say(&self, said: &Said) -> &'static str {
        said.of(self.lang)
    }

    /// The `data-theme` of the page.
    pub(super) fn theme(&self) -> &'static str {
        self.theme.code()
    }

    /// Where a file lies that comes with the hub.
    pub(super) fn asset(&self, name: &str) -> String {
        super::assets::address(name)
    }

    /// What forms of this reader carry.
    pub(super) fn csrf(&self) -> &str {
        self.caller.as_ref().map_or("", Caller::csrf)
    }

    /// Whether the reader may do what needs this role.
    pub(super) fn may(&self, least: Role) -> bool {
        self.caller.as_ref().is_some_and(|caller| caller.role >= least)
    }

    /// Whether the reader may look at sites.
    pub(super) fn is_viewer(&self) -> bool {
        self.may(Role::Viewer)
    }

    /// Whether the reader may act on sites.
    pub(super) fn is_operator(&self) -> bool {
        self.may(Role::Operator)
    }

    /// Whether the reader may do everything.
    pub(super) fn is_owner(&self) -> bool {
        self.may(Role::Owner)
    }

    /// The rail: groups of pages that this reader may read.
    pub(super) fn rail(&self) -> Vec<Section> {
        let of_group = |group: Group| {
            let is_there = |place: &&Place| place.group == group && self.may(place.least);
            let places: Vec<_> = self.places().iter().filter(is_there).collect();
            (!places.is_empty()).then(|| Section { name: group.words().of(self.lang), places })
        };
        Group::ALL.into_iter().filter_map(of_group).collect()
    }

    /// The pages of the phone's bar.
    pub(super) fn near(&self) -> Vec<&'static Place> {
        self.places().iter().filter(|place| place.is_near && self.may(place.least)).collect()
    }

    /// What there is for a member, or for everybody else.
    fn places(&self) -> &'static [Place] {
        if self.is_viewer() { PLACES } else { OWN_PLACES }
    }

    /// A role in the reader's language.
    pub(super) fn role_word(&self, role: Role) -> &'static str {
        let said = match role {
            Role::Member => said("membre", "member"),
            Role::Viewer => said("lecteur", "viewer"),
            Role::Operator => said("opérateur", "operator"),
            Role::Owner => said("propriétaire", "owner"),
        };
        said.of(self.lang)
    }

    /// When the session ends if nothing more is asked; none without a session.
    pub(super) fn ends(&self) -> Option<Time> {
        self.caller.as_ref().and_then(Caller::ends_ms).map(Time)
    }

    /// How many incidents are open, as a number and a word; none if there is none.
    pub(super) fn incidents(&self) -> Option<String> {
        let (one, many) = match self.lang {
            Lang::Fr => ("incident", "incidents"),
            Lang::En => ("incident", "incidents"),
        };
        (self.open > 0).then(|| text::counted(self.lang, self.open as u64, one, many))
    }

    /// What was done just before, if the address says so and it is an act of ours.
    pub(super) fn done(&self) -> Option<&'static str> {
        super::acts::find(self.done.as_deref()?).map(|act| act.done.of(self.lang))
    }

    /// What kind of refusal the act before got; empty if it got none.
    pub(super) fn refused(&self) -> &'static str {
        self.failed.as_ref().map_or("", |failed| failed.title().of(self.lang))
    }

    /// Why the act before was refused; none if it was not.
    pub(super) fn refusal(&self) -> Option<Told> {
        self.failed.as_ref().map(|failed| failed.told(self.lang))
    }

    /// A page that says what went wrong.
    pub(super) fn sorry(self, status: StatusCode, title: &str, detail: String) -> Response {
        let detail = Told { text: detail, lang: self.code() };
        self.sorry_told(status, title, detail)
    }

    fn sorry_told(self, status: StatusCode, title: &str, detail: Told) -> Response {
        let page = Sorry { frame: &self, title, detail };
        (status, render(&page)).into_response()
    }

    /// The same for a refusal of the API.
    pub(super) fn refuse(self, problem: Problem) -> Response {
        let Problem { status, detail, .. } = problem;
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let title = if status == StatusCode::NOT_FOUND { self.words.not_found } else { self.words.problem };
        let detail = told(self.lang, &detail);
        self.sorry_told(status, title, detail)
    }

    /// The page, or a refusal of the API as one.
    pub(super) fn answer(self, page: Result<Response, Problem>) -> Response {
        page.unwrap_or_else(|problem| self.refuse(problem))
    }

    /// Puts a reader into the frame, and counts what they should know on every page.
    pub(super) async fn with(mut self, caller: Caller, admin: &Admin) -> Result<Self, StoreError> {
        let open = match caller.role {
            Role::Member => Vec::new(),
            Role::Viewer | Role::Operator | Role::Owner => admin.store.incidents_since(i64::MAX).await?,
        };
        self.open = open.iter().filter(|incident| incident.is_live()).count();
        self.caller = Some(caller);
        Ok(self)
    }
}

#[derive(Template)]
#[template(path = "sorry.html")]
struct Sorry<'a> {
    frame: &'a Frame,
    title: &'a str,
    detail: Told,
}

/// A rendered page; a template that cannot be rendered is a fault of the program and says so.
pub(super) fn render(page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => Html(text).into_response(),
        Err(error) => {
            tracing::error!("a page could not be rendered: {error}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
