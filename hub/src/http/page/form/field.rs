//! One field of a form: label, hint, what was typed before, and what is wrong with it.

use askama::Template;
use askama::filters::HtmlSafe;

use super::Form;
use crate::http::page::french::Told;

/// How a field is filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::http::page) enum Kind {
    /// One line; the word is the `type` of the input.
    Line(&'static str),
    /// Several lines.
    Area,
    /// One of these: value and word.
    Choice(Vec<(String, String)>),
    /// Yes or no.
    Tick,
}

/// One field.
#[derive(Template)]
#[template(path = "field.html")]
pub(in crate::http::page) struct Field<'a> {
    /// Its id on the page.
    id: String,
    name: String,
    label: &'a str,
    kind: Kind,
    value: String,
    hint: String,
    /// Why it was refused.
    error: Option<Told>,
    is_required: bool,
    length_max: Option<usize>,
    /// Everything else that the input carries, as in `autocomplete`.
    attributes: Vec<(&'static str, String)>,
}

impl HtmlSafe for Field<'_> {}

impl<'a> Field<'a> {
    /// What to write, and why.
    pub(in crate::http::page) fn hint(mut self, hint: &str) -> Self {
        hint.clone_into(&mut self.hint);
        self
    }

    /// What stands there at first; what was typed before wins.
    pub(in crate::http::page) fn value(mut self, value: &str) -> Self {
        if self.value.is_empty() && self.error.is_none() {
            value.clone_into(&mut self.value);
        }
        self
    }

    /// It cannot be left empty.
    pub(in crate::http::page) fn required(mut self) -> Self {
        self.is_required = true;
        self
    }

    /// At most so many characters.
    pub(in crate::http::page) fn at_most(mut self, characters: usize) -> Self {
        self.length_max = Some(characters);
        self
    }

    /// Another attribute of the input.
    pub(in crate::http::page) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.attributes.push((name, value.to_owned()));
        self
    }

    fn is_ticked(&self) -> bool {
        self.value == "true"
    }

    fn described(&self) -> String {
        let hint = (!self.hint.is_empty()).then(|| format!("{}-hint", self.id));
        let error = self.error.is_some().then(|| format!("{}-error", self.id));
        [error, hint].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

impl<'a> Form<'a> {
    fn field(&'a self, name: &str, label: &'a str, kind: Kind) -> Field<'a> {
        let failed = self.failed();
        let plain = name.split(':').next().unwrap_or(name);
        let typed = failed.map(|failed| failed.typed.get(name).to_owned()).unwrap_or_default();
        let is_secret = kind == Kind::Line("password");
        Field {
            id: format!("{}-{plain}", self.name),
            name: name.to_owned(),
            label,
            kind,
            value: if is_secret { String::new() } else { typed },
            hint: String::new(),
            error: failed
                .filter(|failed| failed.anchor().as_deref() == Some(plain))
                .map(|failed| failed.told(self.frame.lang)),
            is_required: false,
            length_max: None,
            attributes: Vec::new(),
        }
    }

    /// One line of text.
    pub(in crate::http::page) fn text(&'a self, name: &str, label: &'a str) -> Field<'a> {
        self.field(name, label, Kind::Line("text"))
    }

    /// One line of another type: `date`, `time`, `number`, `email`, `password`, `search`.
    pub(in crate::http::page) fn line(&'a self, kind: &'static str, name: &str, label: &'a str) -> Field<'a> {
        self.field(name, label, Kind::Line(kind))
    }

    /// Several lines.
    pub(in crate::http::page) fn area(&'a self, name: &str, label: &'a str) -> Field<'a> {
        self.field(name, label, Kind::Area)
    }

    /// One of these: value and word.
    pub(in crate::http::page) fn choice(
        &'a self,
        name: &str,
        label: &'a str,
        choices: &[(String, String)],
    ) -> Field<'a> {
        self.field(name, label, Kind::Choice(choices.to_vec()))
    }

    /// Yes or no; its value is `true` where it is ticked at first.
    pub(in crate::http::page) fn tick(&'a self, name: &str, label: &'a str) -> Field<'a> {
        self.field(name, label, Kind::Tick)
    }
}
