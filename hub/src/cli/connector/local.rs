//! Looking at mapping files without a hub.

use std::path::Path;

use anyhow::Context as _;
use serde_json::{Value, json};

use super::TryArgs;
use super::set::pairs;
use crate::cli::VerbError;
use crate::cli::output::Output;
use crate::connectors::mapping::Mapping;
use crate::connectors::mapping::shipped::shipped;
use crate::connectors::settings::needs;
use crate::connectors::trial::{Shown, Trial, requests};

/// Says whether a mapping is right, and what it needs.
pub(super) fn check(file: &Path, output: &mut Output<'_>) -> Result<(), VerbError> {
    let mapping = load(file)?;
    let needed: Vec<String> = needs(&mapping).into_iter().collect();
    let answer = json!({ "name": mapping.name, "needs": needed, "lists_people": mapping.people.is_some(), "sends_rows": mapping.push.is_some() });
    Ok(output.answer(&answer, |_, _| {
        let needed = if needed.is_empty() { "nothing".to_owned() } else { needed.join(", ") };
        format!("The mapping {} is right. It needs: {needed}.", mapping.name)
    })?)
}

/// Shows what a mapping would send.
pub(super) fn attempt(args: &TryArgs, output: &mut Output<'_>) -> Result<(), VerbError> {
    let mapping = load(&args.file)?;
    let trial = Trial { row: pairs(&args.row)?, person: pairs(&args.person)?, cfg: pairs(&args.cfg)? };
    let shown = requests(&mapping, &trial).map_err(anyhow::Error::msg)?;
    let base = mapping.base.unwrap_or_default();
    let answer = json!({ "items": serde_json::to_value(&shown).context("show the requests")? });
    Ok(output.answer(&answer, |_, _| shown.iter().map(|one| text(one, &base)).collect::<Vec<_>>().join("\n\n"))?)
}

fn load(file: &Path) -> Result<Mapping, VerbError> {
    let called = file.display().to_string();
    let text = match shipped(&called) {
        Some(text) if !file.exists() => text.to_owned(),
        _ => std::fs::read_to_string(file).with_context(|| format!("read the mapping {called}"))?,
    };
    Ok(Mapping::load(&called, &text).map_err(anyhow::Error::from)?)
}

/// A request as it would go over the wire.
fn text(shown: &Shown, base: &str) -> String {
    let on = serde_json::to_value(shown.on).ok().and_then(|on| on.as_str().map(str::to_owned)).unwrap_or_default();
    let Some(call) = &shown.call else {
        return format!("# {on}: {}", shown.unfit.clone().unwrap_or_default());
    };
    let query: Vec<String> = call.query.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
    let mut lines = vec![format!("# {on}"), format!("{} {base}{}{query}", call.method.as_str(), call.path)];
    lines.extend(shown.credentials.iter().chain(&call.headers).map(|(name, value)| format!("{name}: {value}")));
    if let Some(body) = &call.body {
        lines.push(serde_json::to_string_pretty(body).unwrap_or_else(|_| Value::Null.to_string()));
    }
    lines.join("\n")
}
