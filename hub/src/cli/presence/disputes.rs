//! Days that somebody says are wrong: lists them, adds one, answers.

use clap::Subcommand;
use reqwest::Method;
use serde_json::json;

use crate::cli::VerbError;
use crate::cli::client::{Hub, segment};
use crate::cli::output::{Output, name};

/// What to do with disputed days.
#[derive(Debug, Subcommand)]
pub enum DisputeVerb {
    /// List the days that wait for an answer.
    #[command(after_help = "Examples:
  vigie-hub presence dispute list
  vigie-hub presence dispute list --all --person lea")]
    List {
        /// Only of this person.
        #[arg(long)]
        person: Option<String>,
        /// Those that were answered as well.
        #[arg(long)]
        all: bool,
    },
    /// Say that a day is wrong.
    #[command(after_help = "Example:\n  vigie-hub presence dispute add lea 2026-11-20 \"I was there until six\"")]
    Add {
        /// The person's id.
        person: String,
        /// The day.
        date: String,
        /// What is wrong.
        text: String,
    },
    /// Answer a disputed day and leave it as it is; `presence override` corrects it, and answers too.
    #[command(
        after_help = "Example:\n  vigie-hub presence dispute answer lea 2026-11-20 \"the probe saw no device of yours\""
    )]
    Answer {
        /// The person's id.
        person: String,
        /// The day.
        date: String,
        /// The answer.
        text: String,
    },
}

pub(super) async fn act(hub: &Hub, verb: &DisputeVerb, output: &mut Output<'_>) -> Result<(), VerbError> {
    let path =
        |person: &str, date: &str| format!("/api/v1/presence/days/{}/{}/dispute", segment(person), segment(date));
    match verb {
        DisputeVerb::List { person, all } => {
            let of = person.as_ref().map_or_else(String::new, |person| format!("&person={}", segment(person)));
            let found = hub.get(&format!("/api/v1/presence/disputes?open={}&limit=1000{of}", !all)).await?;
            output.answer(&found, |output, found| {
                let none = "No day is disputed.";
                output.table(&["PERSON", "DAY", "SINCE", "WHAT IS WRONG", "ANSWER"], found, none, |one| {
                    let answer = one.pointer("/answer/text").map_or_else(String::new, name);
                    vec![name(&one["person"]), name(&one["date"]), output.age(&one["made"]), name(&one["text"]), answer]
                })
            })?;
        }
        DisputeVerb::Add { person, date, text } => {
            let made = hub.change(Method::PUT, &path(person, date), &json!({ "text": text })).await?;
            output.answer(&made, |_, made| format!("{} of {person} waits for an answer.", name(&made["date"])))?;
        }
        DisputeVerb::Answer { person, date, text } => {
            let path = format!("{}/answer", path(person, date));
            hub.change(Method::POST, &path, &json!({ "answer": text })).await?;
            output.text(&format!("Answered: {date} of {person} stays as it is."))?;
        }
    }
    Ok(())
}
