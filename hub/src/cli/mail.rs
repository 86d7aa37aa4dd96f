//! `vigie-hub mail`: what people and programs were told of, and whether mail works.

mod local;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use super::VerbError;
use super::client::{Hub, segment};
use super::output::{Output, name, word};
use super::scope::Scope;
use crate::mail::letters::samples;

/// What to do with mail.
#[derive(Debug, Subcommand)]
pub enum MailVerb {
    /// Send each template with invented facts, or write them into a folder.
    #[command(after_help = "Examples:
  vigie-hub mail test                                    every template to every recipient of hub.toml
  vigie-hub mail test --to anna@example.org --template storage
  vigie-hub mail test --write /tmp/mails                 .eml and .html files; no hub is needed")]
    Test(TestArgs),
    /// List mails and calls of webhooks, newest first.
    #[command(after_help = "Examples:
  vigie-hub mail list --state dead
  vigie-hub mail list --to anna@example.org --limit 20")]
    List(ListArgs),
    /// Show a mail with what it says.
    #[command(after_help = "Example:\n  vigie-hub mail show 12")]
    Show {
        /// Its number.
        mail: String,
    },
    /// Try a mail again, or all that were given up.
    #[command(after_help = "Examples:\n  vigie-hub mail retry 12\n  vigie-hub mail retry --all")]
    Retry {
        /// Its number.
        #[arg(required_unless_present = "all")]
        mail: Option<String>,
        /// All that were given up, at most 1000.
        #[arg(long, conflicts_with = "mail")]
        all: bool,
    },
    /// Keep the password of the mail server, or the secret of a webhook, sealed in the store.
    #[command(after_help = "Examples:
  vigie-hub mail secret smtp < password-file
  vigie-hub mail secret webhook.chat --file chat-secret
  vigie-hub mail secret smtp --remove")]
    Secret {
        /// `smtp`, or `webhook.` and the name of a webhook.
        name: String,
        /// The file that holds it; standard input without.
        #[arg(long, value_name = "FILE", conflicts_with = "remove")]
        file: Option<PathBuf>,
        /// Forget it.
        #[arg(long)]
        remove: bool,
    },
}

/// What to try.
#[derive(Debug, Args)]
pub struct TestArgs {
    /// To whom; to all recipients without.
    #[arg(long, value_name = "ADDRESS", conflicts_with = "write")]
    to: Option<String>,
    /// Which template; all without.
    #[arg(long, value_parser = samples::NAMES)]
    template: Option<String>,
    /// Write files into this folder instead, in both languages; nothing is sent.
    #[arg(long, value_name = "FOLDER")]
    write: Option<PathBuf>,
}

/// Which mails.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only in this state.
    #[arg(long, value_parser = ["waiting", "sent", "dead"])]
    state: Option<String>,
    /// Only about this incident or week.
    #[arg(long)]
    about: Option<String>,
    /// Only to this address, or to the webhook of that name.
    #[arg(long)]
    to: Option<String>,
    /// How many.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,
}

pub(super) async fn act(scope: &Scope, verb: &MailVerb, output: &mut Output<'_>) -> Result<(), VerbError> {
    match verb {
        MailVerb::Test(TestArgs { write: Some(folder), template, .. }) => {
            local::write(scope, (folder, template.as_deref()), output)?;
        }
        MailVerb::Test(TestArgs { to, template, write: None }) => {
            let body = json!({ "to": to, "template": template });
            let sent = scope.hub()?.change(Method::POST, "/api/v1/mails/test", &body).await?;
            output.answer(&sent, |output, sent| {
                format!("{}\n\nThey are on their way: vigie-hub mail list", list(output, sent))
            })?;
        }
        MailVerb::List(args) => output.answer(&scope.hub()?.get(&query(args)).await?, list)?,
        MailVerb::Show { mail } => {
            let path = format!("/api/v1/mails/{}", segment(mail));
            output.answer(&scope.hub()?.get(&path).await?, show)?;
        }
        MailVerb::Retry { mail: Some(mail), .. } => {
            let moved = retry(&scope.hub()?, mail).await?;
            output.answer(&moved, |_, moved| format!("mail {} is {}", moved["no"], word(&moved["state"])))?;
        }
        MailVerb::Retry { mail: None, .. } => retry_all(&scope.hub()?, output).await?,
        MailVerb::Secret { name, file, remove } => secret(scope, (name, file.as_ref(), *remove), output).await?,
    }
    Ok(())
}

async fn retry(hub: &Hub, mail: &str) -> Result<Value, VerbError> {
    Ok(hub.change(Method::POST, &format!("/api/v1/mails/{}/retry", segment(mail)), &json!({})).await?)
}

async fn retry_all(hub: &Hub, output: &mut Output<'_>) -> Result<(), VerbError> {
    let dead = hub.get("/api/v1/mails?state=dead&limit=1000").await?;
    let numbers: Vec<String> =
        dead.get("items").and_then(Value::as_array).into_iter().flatten().map(|mail| mail["no"].to_string()).collect();
    for no in &numbers {
        retry(hub, no).await?;
    }
    let answer = json!({ "count": numbers.len() });
    Ok(output.answer(&answer, |_, answer| format!("{} mails are tried again", answer["count"]))?)
}

async fn secret(
    scope: &Scope,
    (name, file, is_removed): (&str, Option<&PathBuf>, bool),
    output: &mut Output<'_>,
) -> Result<(), VerbError> {
    let (hub, path) = (scope.hub()?, format!("/api/v1/mails/secrets/{}", segment(name)));
    let (verb, body) = if is_removed {
        (Method::DELETE, json!({}))
    } else {
        (Method::PUT, json!({ "value": read(file)?.trim_matches(['\r', '\n']) }))
    };
    let answer = hub.change(verb, &path, &body).await?;
    let done = if is_removed { "is forgotten" } else { "is kept, sealed" };
    Ok(output.answer(&answer, |_, _| format!("the secret `{name}` {done}"))?)
}

fn read(file: Option<&PathBuf>) -> anyhow::Result<String> {
    match file {
        Some(file) => std::fs::read_to_string(file).with_context(|| format!("read {}", file.display())),
        None => std::io::read_to_string(std::io::stdin()).context("read standard input"),
    }
}

fn query(args: &ListArgs) -> String {
    let mut path = format!("/api/v1/mails?limit={}", args.limit);
    for (key, value) in [("state", &args.state), ("about", &args.about), ("to", &args.to)] {
        if let Some(value) = value {
            path.push_str(&format!("&{key}={}", segment(value)));
        }
    }
    path
}

fn list(output: &Output<'_>, mails: &Value) -> String {
    let heads = ["mail", "to", "subject", "written", "state", "tries", "next", "why"];
    output.table(&heads, mails, "there are no such mails", |mail| {
        let why = mail["maybe_twice"].as_str().map(|why| format!("perhaps twice: {why}"));
        let why = why.or_else(|| mail["last_error"].as_str().map(str::to_owned)).unwrap_or_default();
        vec![
            mail["no"].to_string(),
            name(&mail["to"]),
            name(&mail["subject"]),
            output.moment(&mail["created"]),
            word(&mail["state"]),
            mail["attempts"].to_string(),
            output.moment(&mail["next_try"]),
            why,
        ]
    })
}

fn show(output: &Output<'_>, mail: &Value) -> String {
    let head = list(output, &json!({ "items": [mail] }));
    format!("{head}\n\n{}", name(&mail["text"]).trim_end())
}
