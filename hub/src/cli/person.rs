//! `vigie-hub person`: who is who, under which number on which terminal; pairing, export and erasing.

mod pair;
mod privacy;

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
        /// The e-mail address by which third parties know the person.
        #[arg(long)]
        email: Option<String>,
        /// The person agreed to be named among those who are here.
        #[arg(long)]
        shows_name: bool,
    },
    /// Make a link by which a person's device says whose it is.
    Pair(pair::PairArgs),
    /// List devices that claim to be a person's and wait for a decision.
    #[command(after_help = "Example:\n  vigie-hub person claims")]
    Claims,
    /// Confirm what a device claims.
    Confirm(pair::ConfirmArgs),
    /// Refuse what a device claims.
    #[command(after_help = "Example:\n  vigie-hub person refuse 3f9c…")]
    Refuse {
        /// The claim, as `person claims` shows it.
        claim: String,
    },
    /// Print everything that is known of a person, as JSON.
    #[command(after_help = "Example:\n  vigie-hub person export E104 > E104.json")]
    Export {
        /// The person.
        id: String,
    },
    /// Erase a person and what was seen of the person's devices.
    Erase(privacy::EraseArgs),
    /// List who looked at a person's presence.
    #[command(after_help = "Example:\n  vigie-hub person looks E104")]
    Looks {
        /// The person.
        id: String,
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
        PersonVerb::Set { id, name, numbers, email, shows_name } => {
            let numbers: Vec<Value> = numbers.iter().map(|number| read(number)).collect::<anyhow::Result<_>>()?;
            let body = json!({ "name": name, "numbers": numbers, "email": email, "shows_name": shows_name });
            let person = hub.change(Method::PUT, &format!("/api/v1/people/{}", segment(id)), &body).await?;
            output.answer(&person, |_, _| format!("{id} is {name}, with {} numbers.", numbers.len()))?;
        }
        PersonVerb::Pair(args) => pair::pair(hub, args, output).await?,
        PersonVerb::Claims => pair::claims(hub, output).await?,
        PersonVerb::Confirm(args) => pair::confirm(hub, args, output).await?,
        PersonVerb::Refuse { claim } => pair::refuse(hub, claim, output).await?,
        PersonVerb::Export { id } => privacy::export(hub, id, output).await?,
        PersonVerb::Erase(args) => privacy::erase(hub, args, output).await?,
        PersonVerb::Looks { id } => privacy::looks(hub, id, output).await?,
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
    output.table(&["PERSON", "NAME", "E-MAIL", "NUMBERS"], people, none, |person| {
        let numbers = person["numbers"].as_array().map(Vec::as_slice).unwrap_or_default();
        let shown = numbers.iter().map(|one| format!("{}/{}", name(&one["terminal"]), one["number"]));
        let numbers = shown.collect::<Vec<_>>().join(" ");
        vec![name(&person["id"]), name(&person["name"]), name(&person["email"]), numbers]
    })
}
