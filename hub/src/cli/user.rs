//! `vigie-hub user`: the accounts of people. Passwords never stand among the arguments: they are drawn, or read from
//! the standard input.

use std::io::Read as _;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use super::VerbError;
use super::client::{Hub, segment};
use super::output::{Output, name, word};
use super::token::RoleWord;

/// Most that is read as a password, bytes.
const PASSWORD_BYTES_MAX: u64 = 1024;

/// What to do with accounts.
#[derive(Debug, Subcommand)]
pub enum UserVerb {
    /// Add an account, or change its role; a new password is drawn and printed once.
    #[command(after_help = "Examples:
  vigie-hub user add lea --role operator --email lea@example.org
  vigie-hub user add ama --role member --person ama
  vigie-hub user add max --stdin < password-file")]
    Add {
        /// Its name: small letters, digits and `.-_@`.
        name: String,
        /// What it may do.
        #[arg(long, value_enum, default_value = "viewer")]
        role: RoleWord,
        /// The id of the person that it belongs to, whose presence it sees; a member needs one.
        #[arg(long, value_name = "ID")]
        person: Option<String>,
        /// Where a link for a new password is sent.
        #[arg(long, value_name = "ADDRESS")]
        email: Option<String>,
        /// Where the password comes from.
        #[command(flatten)]
        source: PasswordSource,
    },
    /// Change role, person or address of an account; its password stays.
    #[command(after_help = "Examples:
  vigie-hub user change lea --role owner
  vigie-hub user change lea --email lea@example.org")]
    Change {
        /// The account.
        name: String,
        /// What it may do.
        #[arg(long, value_enum)]
        role: Option<RoleWord>,
        /// The id of the person that it belongs to; empty for nobody.
        #[arg(long, value_name = "ID")]
        person: Option<String>,
        /// Where a link for a new password is sent; empty for nowhere.
        #[arg(long, value_name = "ADDRESS")]
        email: Option<String>,
    },
    /// Remove an account at once, with its sessions, tokens and second factor.
    #[command(after_help = "Example:\n  vigie-hub user remove lea")]
    Remove {
        /// The account.
        name: String,
    },
    /// End somebody's second factor, as when phone and recovery codes are lost.
    #[command(after_help = "Example:\n  vigie-hub user forget-factor lea")]
    ForgetFactor {
        /// The account.
        name: String,
    },
    /// List the accounts.
    #[command(after_help = "Example:\n  vigie-hub user list")]
    List,
    /// Give an account a new password, as when it was forgotten. Its open sessions end.
    #[command(after_help = "Examples:\n  vigie-hub user password admin\n  vigie-hub user password lea --stdin")]
    Password {
        /// The account.
        name: String,
        /// Where the password comes from.
        #[command(flatten)]
        source: PasswordSource,
    },
}

/// Where a password comes from.
#[derive(Debug, Args)]
pub struct PasswordSource {
    /// Read the password from the standard input instead of drawing one.
    #[arg(long)]
    stdin: bool,
}

impl PasswordSource {
    fn read(&self) -> anyhow::Result<Option<String>> {
        if !self.stdin {
            return Ok(None);
        }
        let mut text = String::new();
        let read = std::io::stdin().take(PASSWORD_BYTES_MAX).read_to_string(&mut text);
        read.context("read the password from the standard input")?;
        Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
    }
}

pub(super) async fn act(hub: &Hub, verb: &UserVerb, output: &mut Output<'_>) -> Result<(), VerbError> {
    match verb {
        UserVerb::Add { name, role, person, email, source } => {
            let body = json!({ "role": role.as_str(), "password": source.read()?, "person": person, "email": email });
            put(hub, name, &body, output).await
        }
        UserVerb::Change { name, role, person, email } => {
            let role = role.map(RoleWord::as_str);
            let body = json!({ "role": role, "person": person, "email": email });
            let changed = hub.change(Method::PATCH, &path(name), &body).await?;
            output
                .answer(&changed, |_, changed| format!("Account {name} may log in as {}.", word(&changed["role"])))?;
            Ok(())
        }
        UserVerb::Remove { name } => {
            let gone = hub.change(Method::DELETE, &path(name), &json!({})).await?;
            output.answer(&gone, |_, _| format!("Account {name} is removed, with its sessions and tokens."))?;
            Ok(())
        }
        UserVerb::ForgetFactor { name } => {
            let gone = hub.change(Method::DELETE, &format!("{}/second-factor", path(name)), &json!({})).await?;
            output.answer(&gone, |_, _| format!("Account {name} logs in with its password alone."))?;
            Ok(())
        }
        UserVerb::Password { name, source } => {
            let users = hub.get("/api/v1/users").await?;
            let all = users.get("items").and_then(Value::as_array);
            let is_known = all.is_some_and(|all| all.iter().any(|one| one.get("name") == Some(&json!(name))));
            if !is_known {
                let cure = format!("there is no account `{name}`; `vigie-hub user list` shows all");
                return Err(anyhow::anyhow!(cure).into());
            }
            put(hub, name, &json!({ "password": source.read()? }), output).await
        }
        UserVerb::List => {
            let users = hub.get("/api/v1/users").await?;
            output.answer(&users, |output, users| {
                output.table(&["NAME", "ROLE", "PERSON", "SECOND FACTOR", "MADE"], users, "No account.", |user| {
                    let factor = if user["has_second_factor"] == true { "yes" } else { "–" };
                    let (role, made) = (word(&user["role"]), output.age(&user["created"]));
                    vec![name(&user["name"]), role, name(&user["person"]), factor.to_owned(), made]
                })
            })?;
            Ok(())
        }
    }
}

async fn put(hub: &Hub, account: &str, body: &Value, output: &mut Output<'_>) -> Result<(), VerbError> {
    let made = hub.change(Method::PUT, &path(account), body).await?;
    output.answer(&made, |_, made| {
        let is = format!("Account {} may log in as {}.", name(&made["name"]), word(&made["role"]));
        match made["password"].as_str() {
            Some(password) => format!("{is} Its password, shown only now:\n\n  {password}"),
            None => is,
        }
    })?;
    Ok(())
}

fn path(account: &str) -> String {
    format!("/api/v1/users/{}", segment(account))
}
