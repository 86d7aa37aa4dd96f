//! Writing samples of mails into a folder, without a hub.

use std::path::Path;

use anyhow::Context as _;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use vigie_shared::config;

use crate::cli::VerbError;
use crate::cli::output::Output;
use crate::cli::scope::Scope;
use crate::config::HubConfig;
use crate::mail::address::Mailbox;
use crate::mail::config::MailConfig;
use crate::mail::letter::{Content, Kind, LetterName, NewLetter, Way};
use crate::mail::letters::{Reader, samples};
use crate::mail::overrides::Overrides;
use crate::mail::smtp::eml;
use crate::text::Lang;

/// Who writes and who reads if the configuration says nothing.
const SOMEBODY: &str = "vigie@example.org";

/// Writes `NAME.LANG.eml`, `.html` and `.txt` of each template, with the owner's own layouts.
pub(super) fn write(
    scope: &Scope,
    (folder, template): (&Path, Option<&str>),
    output: &mut Output<'_>,
) -> Result<(), VerbError> {
    let config: HubConfig = config::load(&scope.sources()).context("the configuration is wrong")?;
    let overrides = config.mail.templates.as_deref().map(Overrides::read).transpose()?.unwrap_or_default();
    std::fs::create_dir_all(folder).with_context(|| format!("make the folder {}", folder.display()))?;
    let mut written = Vec::new();
    for lang in Lang::ALL {
        for name in samples::NAMES.into_iter().filter(|name| template.is_none_or(|wanted| wanted == *name)) {
            let letter = sample((name, lang), (&config.mail, &overrides), output.now_ms)?;
            for (form, bytes) in forms(letter, &config.mail)? {
                let path = folder.join(format!("{name}.{}.{form}", lang.code()));
                std::fs::write(&path, bytes).with_context(|| format!("write {}", path.display()))?;
                written.push(path.display().to_string());
            }
        }
    }
    let answer = json!({ "items": written });
    let text = |answer: &Value| {
        let paths = answer.get("items").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        paths.collect::<Vec<_>>().join("\n")
    };
    Ok(output.answer(&answer, |_, answer| text(answer))?)
}

fn sample(
    (name, lang): (&str, Lang),
    (mail, overrides): (&MailConfig, &Overrides),
    now_ms: i64,
) -> anyhow::Result<(String, Content, i64)> {
    let first = mail.recipients.first().map_or_else(|| SOMEBODY.to_owned(), |one| one.address.address());
    let zone = mail.zone.as_deref().and_then(|zone| TimeZone::get(zone).ok()).unwrap_or_else(TimeZone::system);
    let reader = Reader { address: first.clone(), lang, zone, dashboard: mail.dashboard.clone() };
    let page = samples::page(name, &reader, now_ms).with_context(|| format!("there is no template `{name}`"))?;
    Ok((first, page.content(&reader, overrides)?, now_ms))
}

fn forms(
    (reader, content, created_ms): (String, Content, i64),
    mail: &MailConfig,
) -> anyhow::Result<[(&'static str, Vec<u8>); 3]> {
    let somebody = || SOMEBODY.parse().map_err(anyhow::Error::msg);
    let from: Mailbox = mail.from.clone().map_or_else(somebody, Ok)?;
    let (html, text) = (content.html.clone().into_bytes(), content.text.clone().into_bytes());
    let name = LetterName { way: Way::Mail, kind: Kind::Test, about: "sample".to_owned(), number: 1, reader };
    let letter = NewLetter { name, content, thread: None, created_ms, expires_ms: created_ms }.into_letter(1);
    Ok([("eml", eml(&letter, &from)?), ("html", html), ("txt", text)])
}
