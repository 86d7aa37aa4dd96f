//! `vigie-hub token`: what programs log in with.

use clap::{Subcommand, ValueEnum};
use reqwest::Method;
use serde_json::{Value, json};

use super::VerbError;
use super::client::{Hub, segment};
use super::output::{Output, name, word};

/// A role, as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RoleWord {
    /// See the own presence, and nothing else.
    Member,
    /// Look.
    Viewer,
    /// Look and act on sites.
    Operator,
    /// Everything.
    Owner,
}

impl RoleWord {
    /// As the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Owner => "owner",
        }
    }
}

/// What to do with tokens.
#[derive(Debug, Subcommand)]
pub enum TokenVerb {
    /// Make a token and print it once.
    #[command(after_help = "Examples:
  vigie-hub token add prometheus
  vigie-hub token add deploy --role operator --valid 30d
  vigie-hub token add badge-wall --area presence --site metz")]
    Add {
        /// What it is for.
        label: String,
        /// What it may do.
        #[arg(long, value_enum, default_value = "viewer")]
        role: RoleWord,
        /// How long it works, with its unit.
        #[arg(long, default_value = "90d")]
        valid: String,
        /// Limit it to a part of the API, by its tag; may be said more than once.
        #[arg(long = "area", value_name = "TAG")]
        areas: Vec<String>,
        /// Limit it to a site; may be said more than once.
        #[arg(long = "site", value_name = "ID")]
        sites: Vec<String>,
    },
    /// List the tokens, without their secrets.
    #[command(after_help = "Example:\n  vigie-hub token list")]
    List,
    /// End a token at once.
    #[command(after_help = "Example:\n  vigie-hub token remove 1f0c2a9be81d44a7")]
    Remove {
        /// Its id, as `token list` shows it.
        id: String,
    },
}

pub(super) async fn act(hub: &Hub, verb: &TokenVerb, output: &mut Output<'_>) -> Result<(), VerbError> {
    match verb {
        TokenVerb::Add { label, role, valid, areas, sites } => {
            let body = json!({ "label": label, "role": role.as_str(), "valid": valid, "areas": areas, "sites": sites });
            let made = hub.change(Method::POST, "/api/v1/tokens", &body).await?;
            output.answer(&made, |output, made| {
                format!(
                    "{}\n\nIt is shown only now and works until {}. Send it as a header, best from a file of yours:\n\n  \
                     Authorization: Bearer vgt_…",
                    name(&made["token"]),
                    output.moment(&made["expires"])
                )
            })?;
        }
        TokenVerb::List => {
            let tokens = hub.get("/api/v1/tokens").await?;
            output.answer(&tokens, |output, tokens| {
                let heads = ["ID", "LABEL", "ACCOUNT", "ROLE", "LIMITED TO", "USED", "ENDS"];
                output.table(&heads, tokens, "No token. Make one: vigie-hub token add prometheus", |token| {
                    vec![
                        name(&token["id"]),
                        name(&token["label"]),
                        name(&token["account"]),
                        word(&token["role"]),
                        limits(token),
                        output.age(&token["used"]),
                        output.moment(&token["expires"]),
                    ]
                })
            })?;
        }
        TokenVerb::Remove { id } => {
            let gone = hub.change(Method::DELETE, &format!("/api/v1/tokens/{}", segment(id)), &json!({})).await?;
            output.answer(&gone, |_, _| format!("Token {id} has ended."))?;
        }
    }
    Ok(())
}

/// To what a token is limited, in words; a dash if to nothing.
fn limits(token: &Value) -> String {
    let lists = [&token["areas"], &token["sites"]];
    let words: Vec<&str> =
        lists.iter().filter_map(|list| list.as_array()).flatten().filter_map(Value::as_str).collect();
    if words.is_empty() { "–".to_owned() } else { words.join(", ") }
}
