//! `vigie-hub up`: hub and local agent in one process, on embedded defaults. The only place where the two meet.
//!
//! The local agent is an ordinary one: it enrols with a token, connects through the gateway, and would work the
//! same on another machine.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use reqwest::Method;
use serde_json::json;
use vigie_agent::config::AgentConfig;
use vigie_agent::identity::{Identity, enrol};
use vigie_shared::clock::{Clock as _, SystemClock};
use vigie_shared::enrol::Said;
use vigie_shared::id::SiteId;
use vigie_shared::lifecycle::Lifecycle;
use vigie_shared::token::EnrolToken;

use crate::Running;
use crate::cli::client::{Hub, HubError};
use crate::config::HubConfig;
use crate::http::serve::socket_path;
use crate::login::first::FirstLogin;

/// The local agent reaches its hub here, whatever the machine's other addresses do.
const LOOPBACK: &str = "127.0.0.1";

/// Words after `up`.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "Examples:\n  vigie-hub up\n  vigie-hub up --data /tmp/vigie --site office --inventory")]
pub struct UpArgs {
    /// The local box's site id; the default is this machine's name.
    #[arg(long, value_name = "ID")]
    pub site: Option<SiteId>,
    /// The network's equipment is mine: name its devices openly instead of by pseudonyms.
    #[arg(long)]
    pub inventory: bool,
    /// Where dashboard and API listen.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub admin: Option<String>,
    /// Where HTTPS for boxes listens.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub boxes: Option<String>,
    /// Where MQTT for boxes listens.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub mqtt: Option<String>,
    /// Where MQTT for people's programs listens.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub operators: Option<String>,
}

/// Starts hub and agent, prints where to look, and waits for the end.
///
/// # Errors
///
/// Words for people on what could not be started.
pub async fn up(mut config: HubConfig, args: &UpArgs) -> anyhow::Result<ExitCode> {
    let listen = &mut config.listen;
    for (setting, word) in [
        (&mut listen.admin, &args.admin),
        (&mut listen.boxes, &args.boxes),
        (&mut listen.mqtt, &args.mqtt),
        (&mut listen.operators, &args.operators),
    ] {
        if let Some(word) = word {
            setting.clone_from(word);
        }
    }
    let lifecycle = Lifecycle::from_signals().context("listen for signals")?;
    let running = crate::run(&config, &lifecycle).await?;
    let agent = agent_config(&config.data, args);
    let site = enrol_local_box(&config.data, &running, &agent, args.site.clone()).await?;
    vigie_agent::run(&agent, &lifecycle).context("start the local agent")?;
    lifecycle.ready();
    print(&welcome(&running, &agent, &site, &config));
    Ok(lifecycle.wait().await)
}

fn agent_config(data: &Path, args: &UpArgs) -> AgentConfig {
    let mut config = AgentConfig::in_folder(data.join("agent"));
    config.devices.inventory = args.inventory;
    config
}

/// Gives the local box an identity, unless it has one from an earlier start.
async fn enrol_local_box(
    data: &Path,
    running: &Running,
    agent: &AgentConfig,
    wanted: Option<SiteId>,
) -> anyhow::Result<SiteId> {
    let folder = agent.identity_folder();
    if let Some(identity) = Identity::load(&folder)? {
        return Ok(identity.site);
    }
    let site = match wanted {
        Some(site) => site,
        None => local_site_id()?,
    };
    let mut token = invite(data, &site).await.context("invite the local box")?;
    token.hub = format!("{LOOPBACK}:{}", running.addresses.boxes.port());
    let now_ms = SystemClock::new(|| true).wall_ms();
    let registered = enrol::register(&token, Said::default(), enrol::box_facts(), now_ms).await;
    let mut identity = registered.context("enrol the local box")?.identity;
    LOOPBACK.clone_into(&mut identity.broker_host);
    identity.save(&folder)?;
    Ok(site)
}

/// Asks the hub for a token, as `vigie-hub site add` does; a site of an earlier start gets a new box.
async fn invite(data: &Path, site: &SiteId) -> anyhow::Result<EnrolToken> {
    let hub = Hub::new(&socket_path(data))?;
    let made = hub.change(Method::POST, "/api/v1/sites", &json!({ "id": site })).await;
    let made = match made {
        Err(HubError::Refused(problem)) if problem.code == "site_exists" => {
            hub.change(Method::POST, &format!("/api/v1/sites/{site}/replace"), &json!({ "bare": true })).await?
        }
        made => made?,
    };
    let token = made.get("token").and_then(serde_json::Value::as_str).context("find the token in the answer")?;
    Ok(token.parse()?)
}

/// This machine's name, as far as a site id can hold it.
fn local_site_id() -> anyhow::Result<SiteId> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let short = name.trim().split('.').next().unwrap_or_default();
    let id: String = short.chars().filter(char::is_ascii_alphanumeric).take(SiteId::LENGTH_MAX).collect();
    let id = if id.is_empty() { "local".to_owned() } else { id };
    id.parse().context("name the local site")
}

fn welcome(running: &Running, agent: &AgentConfig, site: &SiteId, config: &HubConfig) -> String {
    let scheme = if config.admin.is_tls() { "https" } else { "http" };
    let (admin, data) = (format!("{scheme}://{}", running.addresses.admin), config.data.display());
    let mut text = String::new();
    let mut line = |name: &str, value: String| text.push_str(&format!("  {name:<13} {value}\n"));
    line("Dashboard", format!("{admin}/"));
    match &running.first_login {
        Some(login) => {
            line("First login", format!("{admin}/setup#{}", login.setup));
            line("", "(works once: choose name and password there)".to_owned());
            line("or as it is", format!("{}   password: {}", login.account, login.password));
            line("", "(shown this once; forgotten? vigie-hub user password admin)".to_owned());
        }
        None => line("Login", "as before; forgotten? vigie-hub user password admin".to_owned()),
    }
    line("API", format!("curl -H @{data}/curl-header {admin}/api/v1/sites"));
    let names = if agent.devices.inventory { "named openly" } else { "under pseudonyms" };
    line("This box", format!("site {site}: its pulse, and the devices on its LAN ({names})"));
    line("Another box", format!("vigie-hub --data {data} site add NAME   prints the token to paste there"));
    line("Next", "log in; the first page leads from a site to the first presence".to_owned());
    line("", "or look around in a simulated fleet first: vigie-hub demo".to_owned());
    line("Stop", format!("Ctrl-C; everything is kept in {data}"));
    format!("\nVigie is running.\n\n{text}")
}

/// How the first login is told, once.
#[must_use]
pub fn first_login_text(login: &FirstLogin) -> String {
    format!(
        "First login: {}   password: {}\nor choose name and password once at the dashboard's address, behind it: \
         /setup#{}\n(shown this once)",
        login.account, login.password, login.setup
    )
}

#[expect(clippy::print_stdout, reason = "the welcome is for the person who typed the command")]
fn print(text: &str) {
    println!("{text}");
}
