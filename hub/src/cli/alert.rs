//! `vigie-hub alert`: what is wrong, who takes it on, and what nobody wants to hear of.

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use super::VerbError;
use super::client::{Hub, segment};
use super::output::{Output, name, word};

/// What to do with alerts.
#[derive(Debug, Subcommand)]
pub enum AlertVerb {
    /// List what is wrong, the gravest first.
    #[command(after_help = "Examples:
  vigie-hub alert list
  vigie-hub alert list --site rennes01
  vigie-hub alert list --history --rule site_offline     what was, newest first")]
    List(ListArgs),
    /// Show an alert, or an incident with all that was told of it.
    #[command(after_help = "Examples:\n  vigie-hub alert show 17\n  vigie-hub alert show 20261120-140500")]
    Show {
        /// The alert's number, or the incident's name.
        alert: String,
    },
    /// Take an alert on, or all of an incident: nobody is told of it again unless it becomes graver.
    #[command(after_help = "Examples:
  vigie-hub alert ack 17 --note 'a fan is ordered'
  vigie-hub alert ack 20261120-140500")]
    Ack {
        /// The alert's number, or the incident's name.
        alert: String,
        /// What others should know.
        #[arg(long)]
        note: Option<String>,
    },
    /// Keep people from being told of something for a while; it is still listed.
    #[command(after_help = "Examples:
  vigie-hub alert silence --site rennes01 --for 2h --note 'moving the rack'
  vigie-hub alert silence --rule battery_full --for 30d")]
    Silence(SilenceArgs),
    /// List silences.
    #[command(after_help = "Example:\n  vigie-hub alert silences")]
    Silences,
    /// End a silence: what still fires is told.
    #[command(after_help = "Example:\n  vigie-hub alert unsilence 3")]
    Unsilence {
        /// Its number.
        silence: String,
    },
    /// List the rules with their limits.
    #[command(after_help = "Example:\n  vigie-hub alert rules\n\nLimits are set in hub.toml, as in `[alerts.disk]`.")]
    Rules,
    /// List what people were told together, newest first.
    #[command(after_help = "Example:\n  vigie-hub alert incidents --json | jq '.items[] | select(.stage == \"open\")'")]
    Incidents,
}

/// Which alerts.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only at this site.
    #[arg(long)]
    site: Option<String>,
    /// Only of this rule.
    #[arg(long)]
    rule: Option<String>,
    /// Everything that ever fired, instead of what is wrong at present.
    #[arg(long)]
    history: bool,
    /// How many.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,
}

/// What nobody wants to hear of.
#[derive(Debug, Args)]
#[group(id = "what", required = true, multiple = true, args = ["site", "rule", "subject"])]
pub struct SilenceArgs {
    /// Only at this site.
    #[arg(long)]
    site: Option<String>,
    /// Only of this rule.
    #[arg(long)]
    rule: Option<String>,
    /// Only of this subject, as `alert show` names it.
    #[arg(long)]
    subject: Option<String>,
    /// For how long, up to 90 days.
    #[arg(long = "for", value_name = "TIME", default_value = "2h")]
    lasts: String,
    /// Why, for others.
    #[arg(long)]
    note: Option<String>,
}

pub(super) async fn act(hub: &Hub, verb: &AlertVerb, output: &mut Output<'_>) -> Result<(), VerbError> {
    match verb {
        AlertVerb::List(args) => output.answer(&hub.get(&query(args)).await?, list)?,
        AlertVerb::Show { alert } => output.answer(&hub.get(&path(alert)).await?, shown)?,
        AlertVerb::Ack { alert, note } => {
            let path = format!("{}/acknowledge", path(alert));
            let taken = hub.change(Method::POST, &path, &json!({ "note": note })).await?;
            output.answer(&taken, shown)?;
        }
        AlertVerb::Silence(args) => {
            let made = hub.change(Method::POST, "/api/v1/alerts/silences", &wish(args)).await?;
            output.answer(&made, |output, made| {
                let (number, until) = (&made["number"], output.moment(&made["until"]));
                format!("silence {number} holds until {until}; end it: vigie-hub alert unsilence {number}")
            })?;
        }
        AlertVerb::Silences => output.answer(&hub.get("/api/v1/alerts/silences").await?, silences)?,
        AlertVerb::Unsilence { silence } => {
            let path = format!("/api/v1/alerts/silences/{}", segment(silence));
            let ended = hub.change(Method::DELETE, &path, &json!({})).await?;
            output.answer(&ended, |_, _| format!("silence {silence} has ended; what still fires is told"))?;
        }
        AlertVerb::Rules => output.answer(&hub.get("/api/v1/alerts/rules").await?, rules)?,
        AlertVerb::Incidents => output.answer(&hub.get("/api/v1/incidents").await?, incidents)?,
    }
    Ok(())
}

/// An alert has a number, an incident a date.
fn path(id: &str) -> String {
    let kind = if id.bytes().all(|byte| byte.is_ascii_digit()) { "alerts" } else { "incidents" };
    format!("/api/v1/{kind}/{}", segment(id))
}

fn query(args: &ListArgs) -> String {
    let mut path = format!("/api/v1/alerts?limit={}&history={}", args.limit, args.history);
    for (key, value) in [("site", &args.site), ("rule", &args.rule)] {
        if let Some(value) = value {
            path.push_str(&format!("&{key}={}", segment(value)));
        }
    }
    path
}

fn wish(args: &SilenceArgs) -> Value {
    let SilenceArgs { site, rule, subject, lasts, note } = args;
    json!({ "site": site, "rule": rule, "subject": subject, "for": lasts, "note": note })
}

fn list(output: &Output<'_>, alerts: &Value) -> String {
    let heads = ["alert", "severity", "state", "rule", "what", "since", "incident"];
    output.table(&heads, alerts, "nothing is wrong", |alert| {
        vec![
            alert["number"].to_string(),
            word(&alert["severity"]),
            word(&alert["state"]),
            name(&alert["rule"]),
            name(&alert["name"]),
            output.age(&alert["since"]),
            name(&alert["incident"]),
        ]
    })
}

/// An alert or an incident.
fn shown(output: &Output<'_>, shown: &Value) -> String {
    if shown.get("told").and_then(Value::as_array).is_some() { incident(output, shown) } else { alert(output, shown) }
}

fn alert(output: &Output<'_>, alert: &Value) -> String {
    let of = |key: &str| name(&alert[key]);
    let ended = alert["ended"].as_str().map(|_| format!("\nended {}", output.moment(&alert["ended"])));
    let ending = alert.pointer("/ending/en").and_then(Value::as_str).map(|ending| format!("\n{ending}"));
    let taken = alert.pointer("/acknowledged/account").and_then(Value::as_str).map(|account| {
        let note = alert.pointer("/acknowledged/note").and_then(Value::as_str).unwrap_or_default();
        format!("\n{account} has taken it on {note}").trim_end().to_owned()
    });
    let subject = alert["subject"].as_str().filter(|subject| !subject.is_empty());
    let parts = [
        format!("{}: {}, {}, since {}", of("name"), of("severity"), of("state"), output.moment(&alert["since"])),
        format!("\n{}", alert.pointer("/text/en").map(name).unwrap_or_default()),
        format!("\nrule {}, incident {}", of("rule"), of("incident")),
        subject.map(|subject| format!(", subject {subject}")).unwrap_or_default(),
        ended.unwrap_or_default(),
        ending.unwrap_or_default(),
        taken.unwrap_or_default(),
    ];
    parts.concat()
}

fn incident(output: &Output<'_>, incident: &Value) -> String {
    let head = format!("{}: {}, {}", name(&incident["id"]), word(&incident["severity"]), word(&incident["stage"]));
    let told =
        output.table(&["news", "told", "lines"], &json!({ "items": incident["told"] }), "not told yet", |news| {
            let lines = news["lines"].as_array().map_or(0, Vec::len) as u64 + news["more"].as_u64().unwrap_or(0);
            vec![word(&news["phase"]), output.moment(&news["at"]), lines.to_string()]
        });
    format!("{head}\n\n{told}\n\n{}", list(output, &json!({ "items": incident["alerts"] })))
}

fn silences(output: &Output<'_>, silences: &Value) -> String {
    let heads = ["silence", "site", "rule", "subject", "until", "by", "why"];
    output.table(&heads, silences, "nothing is silenced", |one| {
        let cells = ["site", "rule", "subject"].map(|key| name(&one[key]));
        let mut row = vec![one["number"].to_string()];
        row.extend(cells);
        row.extend([output.moment(&one["until"]), name(&one["account"]), name(&one["note"])]);
        row
    })
}

fn rules(output: &Output<'_>, rules: &Value) -> String {
    output.table(&["rule", "looks for", "settings"], rules, "there are no rules", |rule| {
        let settings = rule["settings"].as_object().into_iter().flatten();
        let settings: Vec<String> = settings
            .map(|(key, value)| format!("{key} {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
            .collect();
        vec![name(&rule["name"]), name(&rule["about"]), settings.join(", ")]
    })
}

fn incidents(output: &Output<'_>, incidents: &Value) -> String {
    output.table(&["incident", "severity", "stage", "began", "ended", "news"], incidents, "there were none", |one| {
        vec![
            name(&one["id"]),
            word(&one["severity"]),
            word(&one["stage"]),
            output.moment(&one["began"]),
            output.moment(&one["closed"]),
            one["news"].to_string(),
        ]
    })
}
