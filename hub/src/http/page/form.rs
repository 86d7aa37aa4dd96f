//! Forms as templates write them: a button for an act, or a form with fields. Both know the session's token, whether the
//! reader may, what was typed before, and which field was refused.
//!
//! ```text
//! {{ frame.act("sites_revoke").on("id", row.id).about(row.name) }}
//!
//! {% let form = frame.form("sites_create") %}
//! {% if form.may() %}{{ form.open() }}
//! {{ form.text("id", w.site_id).hint(w.site_id_hint).required() }}
//! {{ form.choice("zone", w.zone, zones) }}
//! {{ form.close() }}{% endif %}
//! ```

mod field;

use askama::Template;
use askama::filters::HtmlSafe;
use vigie_shared::id::{random_bytes, to_hex};

use super::acts::{self, Act, Level};
use super::frame::Frame;

/// What makes a second sending of a form harmless.
pub(super) fn draw_key() -> String {
    to_hex(&random_bytes::<12>())
}

/// A button that does one act.
#[derive(Template)]
#[template(path = "act.html")]
pub(super) struct Button<'a> {
    frame: &'a Frame,
    act: Option<&'static Act>,
    hidden: Vec<(String, String)>,
    subject: String,
    back: String,
    key: String,
    label: Option<String>,
}

impl HtmlSafe for Button<'_> {}

impl Button<'_> {
    /// Goes into the path: `on("id", site)`.
    pub(super) fn on(self, parameter: &str, value: &str) -> Self {
        self.with(&format!("path.{parameter}"), value)
    }

    /// Goes along unseen.
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.hidden.push((name.to_owned(), value.to_owned()));
        self
    }

    /// What it is done to, as people call it.
    pub(super) fn about(mut self, subject: &str) -> Self {
        subject.clone_into(&mut self.subject);
        self
    }

    /// Another word on the button than the act's own.
    pub(super) fn says(mut self, label: &str) -> Self {
        self.label = Some(label.to_owned());
        self
    }

    /// Comes back to another page than this one.
    pub(super) fn to(mut self, back: &str) -> Self {
        back.clone_into(&mut self.back);
        self
    }

    fn action(&self) -> String {
        self.act.map_or_else(String::new, address_of)
    }

    fn is_asked(&self) -> bool {
        self.act.is_some_and(|act| act.level > Level::Plain)
    }

    fn is_grave(&self) -> bool {
        self.act.is_some_and(|act| act.level == Level::Typed)
    }

    fn word(&self) -> &str {
        match (&self.label, self.act) {
            (Some(label), _) => label,
            (None, Some(act)) => act.button.of(self.frame.lang),
            (None, None) => "",
        }
    }
}

/// A form with fields.
pub(super) struct Form<'a> {
    frame: &'a Frame,
    act: Option<&'static Act>,
    /// Sets it apart from other forms of the page: its fields' ids begin with it.
    name: String,
    hidden: Vec<(String, String)>,
    subject: String,
    back: String,
}

/// Where a form begins.
#[derive(Template)]
#[template(path = "form_open.html")]
pub(super) struct Open<'a> {
    form: &'a Form<'a>,
    key: String,
}

/// Where it ends: its button.
#[derive(Template)]
#[template(path = "form_close.html")]
pub(super) struct Close<'a> {
    word: &'a str,
    is_grave: bool,
}

impl HtmlSafe for Open<'_> {}
impl HtmlSafe for Close<'_> {}

impl<'a> Form<'a> {
    /// Sets it apart from other forms for the same operation.
    pub(super) fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// Goes into the path: `on("id", site)`.
    pub(super) fn on(self, parameter: &str, value: &str) -> Self {
        self.with(&format!("path.{parameter}"), value)
    }

    /// Goes along unseen.
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.hidden.push((name.to_owned(), value.to_owned()));
        self
    }

    /// What it is done to, as people call it.
    pub(super) fn about(mut self, subject: &str) -> Self {
        subject.clone_into(&mut self.subject);
        self
    }

    /// Comes back to another page than this one.
    pub(super) fn to(mut self, back: &str) -> Self {
        back.clone_into(&mut self.back);
        self
    }

    /// Whether this reader may send it; pages leave it out otherwise.
    pub(super) fn may(&self) -> bool {
        self.act.is_some_and(|act| self.frame.may_act(act.operation))
    }

    /// Where it begins.
    pub(super) fn open(&'a self) -> Open<'a> {
        Open { form: self, key: draw_key() }
    }

    /// Where it ends, with the act's own button.
    pub(super) fn close(&self) -> Close<'_> {
        let is_grave = self.act.is_some_and(|act| act.level == Level::Typed);
        Close { word: self.act.map_or("", |act| act.button.of(self.frame.lang)), is_grave }
    }

    /// Where it ends, with another word on the button.
    pub(super) fn close_as(&self, word: &'a str) -> Close<'a> {
        Close { word, is_grave: false }
    }

    /// Whether this form was refused just before.
    fn failed(&self) -> Option<&super::act::failed::Failed> {
        self.frame.failed.as_deref().filter(|failed| failed.form == self.name)
    }

    fn is_asked(&self) -> bool {
        self.act.is_some_and(|act| act.level > Level::Plain)
    }

    /// Where it is sent.
    fn action(&self) -> String {
        self.act.map_or_else(String::new, address_of)
    }
}

/// The name of a field that takes a time of a zone: with `at` a local time, with `from` a day where it begins, with `through`
/// one where it ends.
pub(super) fn zoned(field: &str, kind: &str, zone: &str) -> String {
    format!("{field}:{kind}@{zone}")
}

/// Where an act is sent: at once, or to be asked for first.
fn address_of(act: &'static Act) -> String {
    let door = if act.level == Level::Plain { "act" } else { "confirm" };
    format!("/{door}/{}", act.name)
}

impl Frame {
    /// Whether the reader's role allows this operation.
    pub(super) fn may_act(&self, operation: &str) -> bool {
        let found = super::act::schema::operation(operation);
        found.is_some_and(|found| found.least.is_none_or(|least| self.may(least)))
    }

    /// A button for an act; nothing for readers who may not.
    pub(super) fn act(&self, name: &str) -> Button<'_> {
        let act = acts::find(name).filter(|act| self.may_act(act.operation));
        debug_assert!(acts::find(name).is_some(), "{name} has no words in acts/");
        Button {
            frame: self,
            act,
            hidden: Vec::new(),
            subject: String::new(),
            back: self.here.clone(),
            key: draw_key(),
            label: None,
        }
    }

    /// A form for an act.
    pub(super) fn form(&self, name: &str) -> Form<'_> {
        debug_assert!(acts::find(name).is_some(), "{name} has no words in acts/");
        Form {
            frame: self,
            act: acts::find(name),
            name: name.to_owned(),
            hidden: Vec::new(),
            subject: String::new(),
            back: self.here.clone(),
        }
    }
}
