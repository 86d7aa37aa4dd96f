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
  vigie-hub user add lea --role operator
  vigie-hub user add max --stdin < password-file")]
    Add {
        /// Its name: small letters, digits and `.-_@`.
        name: String,
        /// What it may do.
        #[arg(long, value_enum, default_value = "viewer")]
        role: RoleWord,
        /// Where the password comes from.
        #[command(flatten)]
        source: PasswordSource,
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
        UserVerb::Add { name, role, source } => {
            let body = json!({ "role": role.as_str(), "password": source.read()? });
            put(hub, name, &body, output).await
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
                output.table(&["NAME", "ROLE", "MADE"], users, "No account.", |user| {
                    vec![name(&user["name"]), word(&user["role"]), output.age(&user["created"])]
                })
            })?;
            Ok(())
        }
    }
}

async fn put(hub: &Hub, account: &str, body: &Value, output: &mut Output<'_>) -> Result<(), VerbError> {
    let made = hub.change(Method::PUT, &format!("/api/v1/users/{}", segment(account)), body).await?;
    output.answer(&made, |_, made| {
        let is = format!("Account {} may log in as {}.", name(&made["name"]), word(&made["role"]));
        match made["password"].as_str() {
            Some(password) => format!("{is} Its password, shown only now:\n\n  {password}"),
            None => is,
        }
    })?;
    Ok(())
}
