//! `register` and `resync`: get an identity, and renew it.

use std::io::Read as _;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use vigie_shared::clock::{Clock as _, SystemClock};
use vigie_shared::token::EnrolToken;

use crate::config::AgentConfig;
use crate::identity::{Identity, enrol};

/// Words after `register`.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  vigie-agent register vigie1-…\n  ssh hub vigie-hub site add rennes01 | vigie-agent register -\n\nThe token works once. A running agent notices the new identity by itself."
)]
pub(super) struct RegisterArgs {
    /// The token, or `-` to read it from standard input.
    token: String,
    /// Replace the identity that this box already has.
    #[arg(long)]
    force: bool,
    /// Answer as JSON.
    #[arg(long)]
    json: bool,
}

/// Words after `resync`.
#[derive(Args)]
#[command(
    after_help = "Example:\n  vigie-agent resync\n\nIf the hub no longer knows this box, make a new token there: vigie-hub site replace SITE"
)]
pub(super) struct ResyncArgs {
    /// Answer as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn register(config: &AgentConfig, args: &RegisterArgs) -> anyhow::Result<ExitCode> {
    let folder = config.identity_folder();
    let token: EnrolToken = token_text(&args.token)?.parse()?;
    if let Ok(Some(current)) = Identity::load(&folder)
        && !args.force
    {
        anyhow::bail!(
            "this box is already registered as {} at {}; to replace that, say --force (records that wait here are kept)",
            current.site,
            current.hub
        );
    }
    let now_ms = trusted_now_ms();
    let identity = super::runtime()?.block_on(enrol::register(&token, enrol::box_facts(), now_ms))?;
    identity.save(&folder)?;
    report(&identity, "registered", args.json)
}

pub(super) fn resync(config: &AgentConfig, args: &ResyncArgs) -> anyhow::Result<ExitCode> {
    let folder = config.identity_folder();
    let current = Identity::load(&folder)?
        .context("this box has no identity yet; register it first: vigie-agent register <token>")?;
    let now_ms = trusted_now_ms();
    let identity = super::runtime()?.block_on(enrol::renew(&current, enrol::box_facts(), now_ms))?;
    identity.save(&folder)?;
    report(&identity, "renewed", args.json)
}

fn report(identity: &Identity, done: &str, is_json: bool) -> anyhow::Result<ExitCode> {
    if is_json {
        return super::print_json(&serde_json::json!({ "site": identity.site, "hub": identity.hub, "done": done }));
    }
    super::print_line(&format!(
        "{done}: this box is {} at {}.\nA running agent connects by itself; `vigie-agent status` shows it.",
        identity.site, identity.hub
    ))
}

fn token_text(word: &str) -> anyhow::Result<String> {
    if word != "-" {
        return Ok(word.to_owned());
    }
    let mut text = String::new();
    std::io::stdin().take(4096).read_to_string(&mut text).context("read the token from standard input")?;
    Ok(text)
}

/// A box whose clock is at 1970 still judges certificates at a time that makes sense.
fn trusted_now_ms() -> i64 {
    SystemClock::new(crate::sys::clock_is_synchronised).wall_ms().max(crate::timekeeper::built_ms())
}
