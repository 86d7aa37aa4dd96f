//! What boxes run: who is behind, and who must stay where he is.

use reqwest::Method;
use serde_json::{Value, json};

use crate::cli::VerbError;
use crate::cli::client::{Hub, segment};
use crate::cli::output::{Output, name};

/// Pins a software of a box.
pub(super) async fn pin(
    hub: &Hub,
    (site, software): (&str, &str),
    (version, reason): (Option<&str>, &str),
    output: &mut Output<'_>,
) -> Result<(), VerbError> {
    let path = format!("/api/v1/sites/{}/pins/{}", segment(site), segment(software));
    let pinned = hub.change(Method::PUT, &path, &json!({ "version": version, "reason": reason })).await?;
    Ok(output.answer(&pinned, |_, pinned| {
        let of = |key: &str| name(&pinned[key]);
        format!("{} of {} stays at {}: no rollout replaces it", of("software"), of("site"), of("version"))
    })?)
}

/// Takes a pin away.
pub(super) async fn unpin(hub: &Hub, site: &str, software: &str, output: &mut Output<'_>) -> Result<(), VerbError> {
    let path = format!("/api/v1/sites/{}/pins/{}", segment(site), segment(software));
    hub.change(Method::DELETE, &path, &json!({})).await?;
    Ok(output.text("the next rollout may replace it again")?)
}

/// Lists the pins of a site.
pub(super) async fn pins(hub: &Hub, site: &str, output: &mut Output<'_>) -> Result<(), VerbError> {
    let pins = hub.get(&format!("/api/v1/sites/{}/pins", segment(site))).await?;
    Ok(output.answer(&pins, |output, pins| {
        output.table(&["software", "version", "by", "since", "why"], pins, "nothing is pinned there", |pin| {
            let since = output.age(&pin["since"]);
            vec![name(&pin["software"]), name(&pin["version"]), name(&pin["account"]), since, name(&pin["reason"])]
        })
    })?)
}

/// Lists the boxes that lack the newest release of what they run.
pub(super) async fn outdated(hub: &Hub, output: &mut Output<'_>) -> Result<(), VerbError> {
    let found = hub.get("/api/v1/releases/outdated").await?;
    Ok(output.answer(&found, |output, found| {
        let rows: Vec<Value> = found["items"]
            .as_array()
            .into_iter()
            .flatten()
            .flat_map(|software| {
                let behind = software["behind"].as_array().cloned().unwrap_or_default();
                behind.into_iter().filter_map(|one| {
                    let mut row = one.as_object().cloned()?;
                    row.insert("software".to_owned(), software["software"].clone());
                    Some(Value::Object(row))
                })
            })
            .collect();
        let none = "every box runs the newest release of what it has";
        let heads = ["software", "site", "runs", "newest", "behind since", "pinned"];
        output.table(&heads, &json!({ "items": rows }), none, |one| {
            let (since, of) = (output.age(&one["since"]), |key: &str| name(&one[key]));
            vec![of("software"), of("site"), of("version"), of("newest"), since, of("pinned")]
        })
    })?)
}
