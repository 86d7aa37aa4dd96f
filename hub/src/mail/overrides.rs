//! Layouts that the owner wrote, in the template language of connectors; pure but for reading them.
//!
//! A file is called like the letter, its language and its form: `incident.fr.html`, `storage.en.txt`; each that is missing
//! is the hub's own. Values are `{subject}`, `{title}`, `{intro}`, `{body}`, `{closing}`, `{link}`, `{link_text}`, `{foot}`
//! and `{lang}`; `{{` and `}}` are braces. In HTML every value is escaped, but for the body, which is finished HTML.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, bail};
use jiff::tz::TimeZone;

use super::letter::Kind;
use super::letters::Values;
use crate::connectors::template::{Scope, Template, Values as Named};
use crate::text::Lang;

/// Largest file, bytes.
const FILE_BYTES_MAX: u64 = 256 * 1024;

const NAMES: [&str; 9] = ["subject", "title", "intro", "body", "closing", "link", "link_text", "foot", "lang"];

/// A file's lines, each a template.
type Lines = Vec<Template>;

/// The owner's layouts, by the names of their files.
#[derive(Debug, Clone, Default)]
pub struct Overrides(BTreeMap<String, Lines>);

impl Overrides {
    /// Reads and checks every layout in a folder.
    ///
    /// # Errors
    ///
    /// Words for people on the first file that is wrong, with its line.
    pub fn read(folder: &Path) -> anyhow::Result<Self> {
        let mut layouts = BTreeMap::new();
        let called = folder.display();
        let entries = std::fs::read_dir(folder).with_context(|| format!("read the mail templates in {called}"))?;
        for entry in entries {
            let entry = entry.with_context(|| format!("read the mail templates in {called}"))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = entry.path();
            if !name.ends_with(".html") && !name.ends_with(".txt") {
                continue;
            }
            if !names().any(|known| known == name) {
                let all: Vec<String> = names().collect();
                bail!("{} is no template of a mail; there are {}", path.display(), all.join(", "));
            }
            if entry.metadata().map_or(0, |data| data.len()) > FILE_BYTES_MAX {
                bail!("{} is larger than {} KiB; shorten it", path.display(), FILE_BYTES_MAX / 1024);
            }
            let text = std::fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
            let lines = parse(&text).map_err(|(line, wrong)| anyhow::anyhow!("{}:{line}: {wrong}", path.display()))?;
            layouts.insert(name, lines);
        }
        Ok(Self(layouts))
    }

    /// The HTML of a letter by the owner's layout, if there is one; the body is finished HTML.
    pub(super) fn html(&self, kind: Kind, lang: Lang, values: (&Values, &str)) -> anyhow::Result<Option<String>> {
        self.fill(&format!("{}.{}.html", kind.word(), lang.code()), values, escape)
    }

    /// The text of a letter by the owner's layout, if there is one.
    pub(super) fn text(&self, kind: Kind, lang: Lang, values: (&Values, &str)) -> anyhow::Result<Option<String>> {
        self.fill(&format!("{}.{}.txt", kind.word(), lang.code()), values, str::to_owned)
    }

    fn fill(
        &self,
        file: &str,
        (values, body): (&Values, &str),
        escape: fn(&str) -> String,
    ) -> anyhow::Result<Option<String>> {
        let Some(lines) = self.0.get(file) else { return Ok(None) };
        let named = Named::new(TimeZone::UTC)
            .with("subject", escape(&values.subject))
            .with("title", escape(&values.title))
            .with("intro", escape(&values.intro.join("\n")))
            .with("body", body)
            .with("closing", escape(&values.closing.join("\n")))
            .with("link", escape(&values.link))
            .with("link_text", escape(&values.link_text))
            .with("foot", escape(&values.foot))
            .with("lang", values.lang);
        let mut text = String::new();
        for (index, line) in lines.iter().enumerate() {
            // The values are escaped, the body is not to be.
            let filled = line.text(&named, str::to_owned).with_context(|| format!("{file}:{}", index + 1))?;
            text.push_str(&filled.unwrap_or_default());
            text.push('\n');
        }
        Ok(Some(text))
    }
}

fn names() -> impl Iterator<Item = String> {
    Kind::ALL.into_iter().flat_map(|kind| {
        Lang::ALL
            .into_iter()
            .flat_map(move |lang| ["html", "txt"].map(|form| format!("{}.{}.{form}", kind.word(), lang.code())))
    })
}

fn parse(text: &str) -> Result<Lines, (usize, String)> {
    let scope = Scope::of(&NAMES);
    let line = |(index, line): (usize, &str)| Template::parse(line, &scope).map_err(|wrong| (index + 1, wrong));
    text.lines().enumerate().map(line).collect()
}

fn escape(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut escaped, c| {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
        escaped
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::letters::tests::reader;
    use crate::mail::letters::{samples, trial};

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    #[test]
    fn an_owners_layout_takes_the_place_of_one_form_in_one_language() {
        let html = "<html><style>b {{ color: red }}</style>\n<b>{title}</b>{body}<i>{foot}</i></html>";
        let folder = folder(&[("test.fr.html", html), ("README", "not a template")]);
        let overrides = Overrides::read(folder.path()).unwrap();
        let letter = |lang| trial::page(&reader(lang), 0).content(&reader(lang), &overrides).unwrap();

        let french = letter(Lang::Fr);

        assert_eq!(
            french.html,
            "<html><style>b { color: red }</style>\n<b>L’envoi fonctionne</b><i>Envoyé à anna@example.org</i></html>\n"
        );
        assert!(french.text.contains("L’envoi fonctionne"), "its text is the hub's own");
        assert!(letter(Lang::En).html.contains("<!doctype html>"));
    }

    #[test]
    fn values_are_escaped_in_html_and_the_body_is_html() {
        let folder = folder(&[("incident.en.html", "{title}{body}"), ("incident.en.txt", "{title}{body}")]);
        let overrides = Overrides::read(folder.path()).unwrap();
        let mut news = samples::news(crate::alerts::news::Phase::Opened, 0);
        news.lines[0].subject = "<b>&".to_owned();
        let page = crate::mail::letters::incident::page(&news, &reader(Lang::En));
        let content = page.content(&reader(Lang::En), &overrides).unwrap();
        assert!(
            content.html.contains("&lt;b&gt;&amp;") && content.html.contains("<table") && !content.html.contains("<b>")
        );
        assert!(content.text.contains("<b>&"));
    }

    #[test]
    fn a_wrong_layout_is_named_with_its_line_and_a_strange_file_with_the_right_names() {
        let read = |files: &[(&str, &str)]| Overrides::read(folder(files).path()).unwrap_err().to_string();
        let error = read(&[("weekly.fr.txt", "{title}\nSalut {prenom}\n")]);
        assert!(
            error.contains("weekly.fr.txt:2: ") && error.contains("`prenom`") && error.contains("`body`"),
            "{error}"
        );
        let error = read(&[("incident.html", "x")]);
        assert!(error.contains("incident.html is no template") && error.contains("incident.fr.html"), "{error}");
    }
}
