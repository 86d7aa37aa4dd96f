//! What letters say: each kind makes a [`Page`] of what is known, and a page becomes subject, text and HTML; pure.
//!
//! All kinds share one layout, so that no mail looks like another program's. Names come from networks that anybody can
//! join: whatever is no plain text is taken out here, once, for all of them.

pub mod incident;
pub mod password;
pub mod samples;
pub mod storage;
pub mod trial;
pub mod weekly;

use askama::Template;
use jiff::tz::TimeZone;

use crate::mail::letter::{Content, Kind};
use crate::mail::overrides::Overrides;
use crate::text::Lang;

/// Rows that a section shows: mail programs cut longer letters off.
const ROWS_MAX: usize = 100;
/// Longest subject, characters.
const SUBJECT_LENGTH_MAX: usize = 120;
/// Longest text in a row or paragraph, characters.
const TEXT_LENGTH_MAX: usize = 600;

/// Who reads.
#[derive(Debug, Clone)]
pub struct Reader {
    /// Where.
    pub address: String,
    /// In which language.
    pub lang: Lang,
    /// By which clock.
    pub zone: TimeZone,
    /// Where the dashboard is, if the owner said so.
    pub dashboard: Option<String>,
}

impl Reader {
    /// What a reader of this language reads.
    #[must_use]
    pub fn say<'a>(&self, fr: &'a str, en: &'a str) -> &'a str {
        match self.lang {
            Lang::Fr => fr,
            Lang::En => en,
        }
    }
}

/// The colour of something; the words beside it say the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// All is well.
    Fine,
    /// Somebody should look.
    Attention,
    /// Somebody should act.
    Critical,
    /// Neither good nor bad.
    Plain,
}

impl Tone {
    /// Its class, by which mail programs in the dark find its other colours.
    fn class(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Attention => "attention",
            Self::Critical => "critical",
            Self::Plain => "plain",
        }
    }

    /// Its colours in the light.
    fn style(self) -> &'static str {
        match self {
            Self::Fine => "color:#11632f;background:#e2f3e7",
            Self::Attention => "color:#774800;background:#fcefd3",
            Self::Critical => "color:#a3161b;background:#fbe5e5",
            Self::Plain => "color:#4a5664;background:#e8ecf0",
        }
    }
}

/// One line of a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its colour.
    pub tone: Tone,
    /// What it is about.
    pub head: String,
    /// One word that says what its colour says; may be empty.
    pub word: String,
    /// More of it; may be empty.
    pub detail: String,
    /// A figure or a length of time; may be empty.
    pub aside: String,
}

/// Rows under a heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The heading.
    pub heading: String,
    /// The rows, the first [`ROWS_MAX`] of which are shown.
    pub rows: Vec<Row>,
    /// What to say if there are no rows.
    pub none: String,
    /// What to say below the rows; may be empty.
    pub note: String,
}

/// A letter before it is laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// What kind of letter.
    pub kind: Kind,
    /// The subject.
    pub subject: String,
    /// The heading.
    pub title: String,
    /// The heading's colour.
    pub tone: Tone,
    /// Paragraphs before the sections.
    pub intro: Vec<String>,
    /// The sections.
    pub sections: Vec<Section>,
    /// Paragraphs behind them.
    pub closing: Vec<String>,
    /// Address and text of a link.
    pub link: Option<(String, String)>,
    /// Why the reader gets this.
    pub foot: String,
}

/// The values of a layout, also of one that the owner wrote.
pub(super) struct Values {
    pub(super) lang: &'static str,
    pub(super) subject: String,
    pub(super) title: String,
    pub(super) tone: Tone,
    pub(super) intro: Vec<String>,
    pub(super) closing: Vec<String>,
    pub(super) link: String,
    pub(super) link_text: String,
    pub(super) foot: String,
}

#[derive(Template)]
#[template(path = "mail/sections.html")]
struct HtmlSections<'a> {
    sections: &'a [Section],
}

#[derive(Template)]
#[template(path = "mail/sections.txt")]
struct TextSections<'a> {
    sections: &'a [Section],
}

#[derive(Template)]
#[template(path = "mail/page.html")]
struct HtmlPage<'a> {
    lang: &'a str,
    subject: &'a str,
    title: &'a str,
    tone: Tone,
    intro: &'a [String],
    body: &'a str,
    closing: &'a [String],
    link: &'a str,
    link_text: &'a str,
    foot: &'a str,
}

#[derive(Template)]
#[template(path = "mail/page.txt")]
struct TextPage<'a> {
    title: &'a str,
    intro: &'a [String],
    body: &'a str,
    closing: &'a [String],
    link: &'a str,
    link_text: &'a str,
    foot: &'a str,
}

impl Values {
    fn html<'a>(&'a self, body: &'a str) -> HtmlPage<'a> {
        let Self { lang, subject, title, tone, intro, closing, link, link_text, foot } = self;
        HtmlPage { lang, subject, title, tone: *tone, intro, body, closing, link, link_text, foot }
    }

    fn text<'a>(&'a self, body: &'a str) -> TextPage<'a> {
        let Self { title, intro, closing, link, link_text, foot, .. } = self;
        TextPage { title, intro, body, closing, link, link_text, foot }
    }
}

impl Page {
    /// Lays the letter out for a reader, in the hub's own way or in that of the owner.
    ///
    /// # Errors
    ///
    /// If a layout cannot be filled: a fault of the program, or of an owner's template.
    pub fn content(self, reader: &Reader, overrides: &Overrides) -> anyhow::Result<Content> {
        let kind = self.kind;
        let (values, sections) = self.cleaned(reader);
        let html_body = HtmlSections { sections: &sections }.render()?;
        let text_body = TextSections { sections: &sections }.render()?;
        let html = match overrides.html(kind, reader.lang, (&values, &html_body))? {
            Some(html) => html,
            None => values.html(&html_body).render()?,
        };
        let text = match overrides.text(kind, reader.lang, (&values, &text_body))? {
            Some(text) => text,
            None => values.text(&text_body).render()?,
        };
        Ok(Content { subject: values.subject, text: single_spaced(&text), html })
    }

    fn cleaned(self, reader: &Reader) -> (Values, Vec<Section>) {
        let sections = self.sections.into_iter().map(|section| cleaned(section, reader)).collect();
        let (link, link_text) = self.link.unwrap_or_default();
        let values = Values {
            lang: reader.lang.code(),
            subject: clean(&self.subject, SUBJECT_LENGTH_MAX),
            title: line(&self.title),
            tone: self.tone,
            intro: self.intro.iter().map(|text| line(text)).collect(),
            closing: self.closing.iter().map(|text| line(text)).collect(),
            link,
            link_text: line(&link_text),
            foot: line(&self.foot),
        };
        (values, sections)
    }
}

fn cleaned(section: Section, reader: &Reader) -> Section {
    let more = section.rows.len().saturating_sub(ROWS_MAX);
    let row = |row: Row| Row {
        tone: row.tone,
        head: line(&row.head),
        word: line(&row.word),
        detail: line(&row.detail),
        aside: line(&row.aside),
    };
    let rest = match more {
        0 => String::new(),
        more => format!("{}{more}{}", reader.say("et ", "and "), reader.say(" autres. ", " more. ")),
    };
    Section {
        heading: line(&section.heading),
        rows: section.rows.into_iter().take(ROWS_MAX).map(row).collect(),
        none: line(&section.none),
        note: line(&format!("{rest}{}", section.note)),
    }
}

fn line(text: &str) -> String {
    clean(text, TEXT_LENGTH_MAX)
}

/// A text on one line, without what moves a cursor, breaks a header or turns the reading direction.
#[must_use]
pub fn clean(text: &str, length_max: usize) -> String {
    let is_hidden =
        |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    let shown = text
        .chars()
        .filter(|c| !is_hidden(*c))
        .map(|c| if c.is_control() || c == '\u{2028}' || c == '\u{2029}' { ' ' } else { c });
    let mut kept: String = shown.clone().take(length_max).collect();
    if shown.count() > length_max {
        kept.pop();
        kept.push('…');
    }
    kept.trim_matches(' ').to_owned()
}

/// Of several empty lines one is enough.
fn single_spaced(text: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for line in text.lines() {
        let is_second = line.is_empty() && kept.last().is_none_or(|last| last.is_empty());
        if !is_second {
            kept.push(line);
        }
    }
    let mut text = kept.join("\n");
    text.push('\n');
    text
}

#[cfg(test)]
pub(crate) mod tests;
