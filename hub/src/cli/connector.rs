//! `vigie-hub connector`: third parties that get punches and give people.

mod local;
mod set;
mod text;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use self::set::{SetArgs, wish};
use self::text::{counts, differences, line, list, on_terminals, people, told};
use super::client::{Hub, segment};
use super::output::{Output, name, word};
use super::{Scope, VerbError};

const SETTINGS: &str = "Examples:
  vigie-hub connector add hr --base https://hr.example.org --users /api/employees --attendance /api/attendance
  vigie-hub connector add erp --mapping erpnext --secret key=erp.key --secret secret=erp.secret --interval immediate
  vigie-hub connector add tickets --mapping tickets --base https://tickets.example.org --secret key=api.key
  vigie-hub connector add own --mapping-file crm.toml --secret token=-

Mappings that come with the hub: default, erpnext, odoo (19 and later), kimai; for days of presence tickets (coworking
Metz) and presence (JSON). A secret is read from a file, `-` is standard input; it is stored encrypted and never shown again.
Punches and days before --start-at (now, if not given) are stored and not sent.";

/// What to do with connectors.
#[derive(Debug, Subcommand)]
pub enum ConnectorVerb {
    /// List connectors and how they stand.
    #[command(after_help = "Example:\n  vigie-hub connector list")]
    List,
    /// Add a connector.
    #[command(after_help = SETTINGS)]
    Add {
        /// Its name: lower-case letters, digits and hyphens.
        name: String,
        /// What to set.
        #[command(flatten)]
        settings: SetArgs,
    },
    /// Change a connector; what is not said stays.
    #[command(after_help = "Examples:
  vigie-hub connector set hr --interval immediate --batch 50
  vigie-hub connector set hr --off
  vigie-hub connector set hr --auth bearer --secret token=new.token")]
    Set {
        /// Its name.
        name: String,
        /// What to set.
        #[command(flatten)]
        settings: SetArgs,
    },
    /// Remove a connector with its secrets, people and jobs.
    #[command(after_help = "Example:\n  vigie-hub connector remove hr")]
    Remove {
        /// Its name.
        name: String,
    },
    /// Show a connector and how its last rounds went.
    #[command(after_help = "Example:\n  vigie-hub connector show hr")]
    Show {
        /// Its name.
        name: String,
    },
    /// Check a mapping file; the hub need not run.
    #[command(after_help = "Example:\n  vigie-hub connector check crm.toml")]
    Check {
        /// The file, or the name of a mapping that comes with the hub.
        file: PathBuf,
    },
    /// Show what a mapping would send for a row, without sending anything; the hub need not run.
    #[command(after_help = "Examples:
  vigie-hub connector try erpnext --row enrollid=7 --row time=2031-05-06T08:00:00Z --row dir=in
  vigie-hub connector try kimai --row start=2031-05-06T08:00:00Z --row end=2031-05-06T12:00:00Z --person id=42 --cfg project=1 --cfg activity=2")]
    Try(TryArgs),
    /// Serve a connector now; one that stopped starts again.
    #[command(after_help = "Example:\n  vigie-hub connector sync hr")]
    Sync {
        /// Its name.
        name: String,
    },
    /// Show what the third party's list of people would change, or take it over. Nobody is deleted.
    #[command(after_help = "Examples:
  vigie-hub connector people hr              what would change
  vigie-hub connector people hr --take       take it over
  vigie-hub connector people hr --confirmed  take it over although many go at once")]
    People {
        /// Its name.
        name: String,
        /// Take the list over.
        #[arg(long)]
        take: bool,
        /// Take it over although many go at once.
        #[arg(long)]
        confirmed: bool,
    },
    /// Show what the people taken over would change on terminals, or bring them there. Nobody is deleted there.
    #[command(after_help = "Examples:
  vigie-hub connector terminals hr                    what would change
  vigie-hub connector terminals hr --give             bring them there
  vigie-hub connector terminals hr TM20-001 --give    to one terminal")]
    Terminals {
        /// Its name.
        name: String,
        /// Serial numbers; those that the connector is mapped to otherwise.
        terminals: Vec<String>,
        /// Give the commands.
        #[arg(long)]
        give: bool,
    },
    /// Compare what was sent with what the third party has.
    #[command(after_help = "Example:\n  vigie-hub connector reconcile hr 2031-05-01T00:00:00Z 2031-06-01T00:00:00Z")]
    Reconcile {
        /// Its name.
        name: String,
        /// The beginning of the period.
        from: String,
        /// Its end, which is no part of it.
        to: String,
    },
    /// Say whose punches it gets: those of these terminals, or of all.
    #[command(after_help = "Examples:
  vigie-hub connector map hr TM20-001 TM20-002
  vigie-hub connector map hr --all")]
    Map {
        /// Its name.
        name: String,
        /// Serial numbers of terminals.
        #[arg(required_unless_present = "all")]
        terminals: Vec<String>,
        /// Of all terminals.
        #[arg(long, conflicts_with = "terminals")]
        all: bool,
    },
}

/// Which mapping, and the values of a row.
#[derive(Debug, Args)]
pub struct TryArgs {
    /// The file, or the name of a mapping that comes with the hub.
    pub file: PathBuf,
    /// A value of the row; may be said several times.
    #[arg(long, value_name = "NAME=VALUE")]
    pub row: Vec<String>,
    /// A field of the person's record there; may be said several times.
    #[arg(long, value_name = "NAME=VALUE")]
    pub person: Vec<String>,
    /// A setting of the connector; may be said several times.
    #[arg(long, value_name = "NAME=VALUE")]
    pub cfg: Vec<String>,
}

pub(super) async fn act(scope: &Scope, verb: &ConnectorVerb, output: &mut Output<'_>) -> Result<(), VerbError> {
    let hub = || scope.hub();
    match verb {
        ConnectorVerb::Check { file } => local::check(file, output)?,
        ConnectorVerb::Try(args) => local::attempt(args, output)?,
        ConnectorVerb::List => output.answer(&hub()?.get("/api/v1/connectors").await?, list)?,
        ConnectorVerb::Add { name: called, settings } => {
            let body = with(wish(settings)?, "name", json!(called));
            let made = hub()?.change(Method::POST, "/api/v1/connectors", &body).await?;
            output.answer(&made, |_, made| {
                format!(
                    "{}\nits people: vigie-hub connector people {}; its rows: vigie-hub job list",
                    line(made),
                    name(&made["name"])
                )
            })?;
        }
        ConnectorVerb::Set { name, settings } => {
            let changed = hub()?.change(Method::PATCH, &path(name, ""), &wish(settings)?).await?;
            output.answer(&changed, |_, changed| line(changed))?;
        }
        ConnectorVerb::Map { name, terminals, .. } => {
            let changed = hub()?.change(Method::PATCH, &path(name, ""), &json!({ "terminals": terminals })).await?;
            output.answer(&changed, |_, changed| line(changed))?;
        }
        ConnectorVerb::Remove { name } => {
            let gone = hub()?.change(Method::DELETE, &path(name, ""), &Value::Null).await?;
            output.answer(&gone, |_, _| format!("Connector {name} is gone; what it had sent stays there."))?;
        }
        ConnectorVerb::Show { name } => show(&hub()?, name, output).await?,
        ConnectorVerb::Sync { name } => {
            let report = hub()?.change(Method::POST, &path(name, "/sync"), &json!({})).await?;
            output.answer(&report, |_, report| told(report))?;
        }
        ConnectorVerb::People { name, take, confirmed } => {
            let body = json!({ "is_preview": !take && !confirmed, "is_confirmed": confirmed });
            let answer = hub()?.change(Method::POST, &path(name, "/people"), &body).await?;
            output.answer(&answer, people)?;
        }
        ConnectorVerb::Terminals { name, terminals, give } => {
            let some = (!terminals.is_empty()).then_some(terminals);
            let body = json!({ "is_preview": !give, "terminals": some });
            let answer = hub()?.change(Method::POST, &path(name, "/terminals"), &body).await?;
            output.answer(&answer, on_terminals)?;
        }
        ConnectorVerb::Reconcile { name, from, to } => {
            let answer =
                hub()?.change(Method::POST, &path(name, "/reconcile"), &json!({ "from": from, "to": to })).await?;
            output.answer(&answer, differences)?;
        }
    }
    Ok(())
}

fn path(name: &str, rest: &str) -> String {
    format!("/api/v1/connectors/{}{rest}", segment(name))
}

async fn show(hub: &Hub, called: &str, output: &mut Output<'_>) -> Result<(), VerbError> {
    let runs = hub.get(&path(called, "/runs")).await?.get("items").cloned().unwrap_or_default();
    let shown = with(hub.get(&path(called, "")).await?, "runs", runs);
    Ok(output.answer(&shown, |output, shown| {
        let runs = json!({ "items": shown["runs"] });
        let table =
            output.table(&["about", "began", "what", "why it ended early"], &runs, "it was not served yet", |run| {
                vec![word(&run["kind"]), output.age(&run["began"]), counts(&run["counts"]), word(&run["error"])]
            });
        format!("{}\n\n{table}", line(shown))
    })?)
}

/// An answer with one more field.
fn with(mut answer: Value, key: &str, value: Value) -> Value {
    if let Some(fields) = answer.as_object_mut() {
        fields.insert(key.to_owned(), value);
    }
    answer
}
