//! `vigie-hub up`: hub and local agent in one process, on embedded defaults. The only place where the two meet.
//!
//! The local agent is an ordinary one: it enrols with a token, connects through the gateway, and would work the
//! same on another machine.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use vigie_agent::config::AgentConfig;
use vigie_agent::identity::{Identity, enrol};
use vigie_shared::clock::{Clock as _, SystemClock};
use vigie_shared::id::SiteId;
use vigie_shared::lifecycle::Lifecycle;

use crate::config::HubConfig;
use crate::{Running, invite};

/// Words after `up`.
#[derive(Debug, Clone, Args)]
pub struct UpArgs {
    /// The folder that takes everything: store, keys, the local agent's queue.
    #[arg(long, default_value = "vigie-data", value_name = "DIR")]
    pub data: PathBuf,
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
}

/// Starts hub and agent, prints where to look, and waits for the end.
///
/// # Errors
///
/// Words for people on what could not be started.
pub async fn up(mut config: HubConfig, args: &UpArgs) -> anyhow::Result<ExitCode> {
    config.data.clone_from(&args.data);
    let listen = &mut config.listen;
    for (setting, word) in
        [(&mut listen.admin, &args.admin), (&mut listen.boxes, &args.boxes), (&mut listen.mqtt, &args.mqtt)]
    {
        if let Some(word) = word {
            setting.clone_from(word);
        }
    }
    let lifecycle = Lifecycle::from_signals().context("listen for signals")?;
    let running = crate::run(&config, &lifecycle).await?;
    let agent = agent_config(args);
    let site = enrol_local_box(&running, &agent, args.site.clone()).await?;
    vigie_agent::run(&agent, &lifecycle).context("start the local agent")?;
    lifecycle.ready();
    print(&welcome(&running, &agent, &site, &args.data));
    Ok(lifecycle.wait().await)
}

fn agent_config(args: &UpArgs) -> AgentConfig {
    let mut config = AgentConfig::in_folder(args.data.join("agent"));
    config.devices.inventory = args.inventory;
    config
}

/// Gives the local box an identity, unless it has one from an earlier start.
async fn enrol_local_box(
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
    let now_ms = SystemClock::new(|| true).wall_ms();
    let address = format!("127.0.0.1:{}", running.boxes_address.port());
    let token = invite::local_box(running, &site, address, now_ms).await.context("invite the local box")?;
    let mut identity =
        enrol::register(&token, enrol::box_facts(), now_ms).await.context("enrol the local box")?;
    "127.0.0.1".clone_into(&mut identity.broker_host);
    identity.save(&folder)?;
    Ok(site)
}

/// This machine's name, as far as a site id can hold it.
fn local_site_id() -> anyhow::Result<SiteId> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let short = name.trim().split('.').next().unwrap_or_default();
    let id: String = short.chars().filter(char::is_ascii_alphanumeric).take(SiteId::LENGTH_MAX).collect();
    let id = if id.is_empty() { "local".to_owned() } else { id };
    id.parse().context("name the local site")
}

fn welcome(running: &Running, agent: &AgentConfig, site: &SiteId, data: &Path) -> String {
    let (admin, data) = (running.admin_address, data.display());
    let mut text = String::new();
    let mut line = |name: &str, value: String| text.push_str(&format!("  {name:<13} {value}\n"));
    line("Dashboard", format!("http://{admin}/"));
    match &running.first_login {
        Some(login) => {
            line("First login", format!("{}   password: {}", login.account, login.password));
            line("", "(shown this once; forgotten? vigie-hub user password admin)".to_owned());
        }
        None => line("Login", "as before; forgotten? vigie-hub user password admin".to_owned()),
    }
    line("API", format!("curl -H @{data}/curl-header http://{admin}/api/v1/sites"));
    let names = if agent.devices.inventory { "named openly" } else { "under pseudonyms" };
    line("This box", format!("site {site}: its pulse, and the devices on its LAN ({names})"));
    line("Another box", format!("vigie-hub --data {data} site add NAME   prints the token to paste there"));
    line("Stop", format!("Ctrl-C; everything is kept in {data}"));
    format!("\nVigie is running.\n\n{text}")
}

#[expect(clippy::print_stdout, reason = "the welcome is for the person who typed the command")]
fn print(text: &str) {
    println!("{text}");
}
