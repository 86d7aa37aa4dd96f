//! `vigie-hub person`: who is who, under which number on which terminal.

use anyhow::Context as _;
use clap::Subcommand;
use reqwest::Method;
use serde_json::{Value, json};

use super::VerbError;
use super::client::{Hub, segment};
use super::output::{Output, name};

/// What to do with people.
#[derive(Debug, Subcommand)]
pub enum PersonVerb {
    /// List everybody who was named.
    #[command(after_help = "Example:\n  vigie-hub person list")]
    List,
    /// Say who somebody is; what was said of the person before is replaced.
    #[command(after_help = "Example:
  vigie-hub person set E104 --name \"Ama Mensah\" --number ZXTEST000417/12 --number ZXTEST000418/7")]
    Set {
        /// The number or name under which you know the person.
        id: String,
        /// The person's name.
        #[arg(long)]
        name: String,
        /// The number under which a terminal knows the person.
        #[arg(long = "number", value_name = "SERIAL/NUMBER")]
        numbers: Vec<String>,
    },
    /// Forget who somebody is; punches stay, under the terminals' numbers.
    #[command(after_help = "Example:\n  vigie-hub person remove E104")]
    Remove {
        /// The person.
        id: String,
    },
}

pub(super) async fn act(hub: &Hub, verb: &PersonVerb, output: &mut Output<'_>) -> Result<(), VerbError> {
    match verb {
        PersonVerb::List => output.answer(&hub.get("/api/v1/people").await?, list)?,
        PersonVerb::Set { id, name, numbers } => {
            let numbers: Vec<Value> = numbers.iter().map(|number| read(number)).collect::<anyhow::Result<_>>()?;
            let body = json!({ "name": name, "numbers": numbers });
            let person = hub.change(Method::PUT, &format!("/api/v1/people/{}", segment(id)), &body).await?;
            output.answer(&person, |_, _| format!("{id} is {name}, with {} numbers.", numbers.len()))?;
        }
        PersonVerb::Remove { id } => {
            hub.change(Method::DELETE, &format!("/api/v1/people/{}", segment(id)), &json!({})).await?;
            output.text(&format!("{id} is forgotten. Punches stay, under the terminals' numbers."))?;
        }
    }
    Ok(())
}

fn read(number: &str) -> anyhow::Result<Value> {
    let parts = number.rsplit_once('/').and_then(|(terminal, number)| Some((terminal, number.parse::<u64>().ok()?)));
    let (terminal, number) = parts.with_context(|| format!("`--number {number}`: write SERIAL/NUMBER"))?;
    Ok(json!({ "terminal": terminal, "number": number }))
}

fn list(output: &Output<'_>, people: &Value) -> String {
    let none = "Nobody was named yet: people go by their numbers and the names on their terminals.";
    output.table(&["PERSON", "NAME", "NUMBERS"], people, none, |person| {
        let numbers = person["numbers"].as_array().map(Vec::as_slice).unwrap_or_default();
        let shown = numbers.iter().map(|one| format!("{}/{}", name(&one["terminal"]), one["number"]));
        vec![name(&person["id"]), name(&person["name"]), shown.collect::<Vec<_>>().join(" ")]
    })
}
