//! `config import FILE`: the settings of NEOPRO's agent become a file of ours, and a drop-in for the unit.
//!
//! Nothing is written unless all of it can be loaded, and nothing that the owner wrote himself is touched: the settings
//! go to a file of their own in the `.d/` folder.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use nix::unistd::{Gid, Group, geteuid};
use serde_json::json;
use std::os::unix::fs::MetadataExt as _;
use vigie_shared::config::{self, Sources};

use super::open;
use crate::config::AgentConfig;
use crate::site_conf::{self, Imported};
use crate::unit::{self, DROP_IN};

/// Largest file that is read, bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// The file of imported settings in the `.d/` folder.
const FRAGMENT: &str = "50-site-conf.toml";

/// A service manager that reads drop-ins runs here.
const SYSTEMD: &str = "/run/systemd/system";

/// Words after `config import`.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  vigie-agent config import site.conf --dry-run\n  sudo vigie-agent config import site.conf"
)]
pub(super) struct ImportArgs {
    /// The old `site.conf`.
    file: PathBuf,
    /// Only say what would be written.
    #[arg(long)]
    dry_run: bool,
    /// Answer as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(sources: &Sources, args: &ImportArgs) -> anyhow::Result<ExitCode> {
    let shown = args.file.display();
    let size = args.file.metadata().with_context(|| format!("look at {shown}"))?.len();
    anyhow::ensure!(size <= FILE_BYTES_MAX, "{shown} is larger than 1 MiB, which no site.conf is");
    let bytes = std::fs::read(&args.file).with_context(|| format!("read {shown}"))?;
    let mut imported = site_conf::import(&String::from_utf8_lossy(&bytes));
    let group = imported.paths.writable.first().and_then(|root| group_of(root));
    imported.paths.groups = group.iter().map(|group| group.name.clone()).collect();
    let settings = toml::to_string_pretty(&imported.settings).context("write TOML")?;
    config::parse::<AgentConfig>(&shown.to_string(), &settings)?;
    let fragment = sources.file.with_extension("d").join(FRAGMENT);
    let drop_in = unit::drop_in(&imported.paths)?;
    let may_write_unit = geteuid().is_root() && Path::new(SYSTEMD).exists();
    let opened = match &group {
        Some(group) if may_write_unit => Some(open_folders(&imported, group, args.dry_run)?),
        _ => None,
    };
    if !args.dry_run {
        let heading = format!("# Written by `vigie-agent config import` from {shown}.\n");
        write(&fragment, &format!("{heading}{settings}"))?;
        if may_write_unit && !drop_in.is_empty() {
            write(Path::new(DROP_IN), &drop_in)?;
        }
    }
    let end = End {
        fragment,
        settings,
        drop_in,
        opened,
        is_written: !args.dry_run,
        is_unit_written: may_write_unit && !args.dry_run,
    };
    if args.json {
        super::super::print_json(&end.value(&imported))
    } else {
        super::super::print_line(&end.text(&imported))
    }
}

/// What was written, or would be.
struct End {
    fragment: PathBuf,
    settings: String,
    drop_in: String,
    /// Folders in which the application's group could not write; none if nobody looked.
    opened: Option<usize>,
    is_written: bool,
    is_unit_written: bool,
}

impl End {
    fn value(&self, imported: &Imported) -> serde_json::Value {
        json!({ "imported": imported, "file": self.fragment, "opened_folders": self.opened,
            "written": self.is_written,
            "unit": { "file": DROP_IN, "text": self.drop_in, "written": self.is_unit_written } })
    }

    fn text(&self, imported: &Imported) -> String {
        let mut lines = Vec::new();
        let verb = if self.is_written { "Written to" } else { "Would be written to" };
        match self.settings.trim() {
            "" => lines.push(format!(
                "{verb} {}: nothing but a heading, everything was as our defaults.",
                self.fragment.display()
            )),
            settings => lines.push(format!("{verb} {}:\n\n{settings}\n", self.fragment.display())),
        }
        lines.extend(imported.notes.iter().map(|note| format!("line {}: {}", note.line, note.text)));
        if !self.drop_in.is_empty() && self.is_unit_written {
            lines.push(format!(
                "Written to {DROP_IN}; now run: systemctl daemon-reload && systemctl restart vigie-agent"
            ));
        } else if !self.drop_in.is_empty() {
            lines.push(format!("The agent's unit needs this in {DROP_IN}:\n\n{}", self.drop_in));
        }
        if let Some(opened @ 1..) = self.opened {
            let verb = if self.is_written { "may write now" } else { "would get the right to write" };
            let group = imported.paths.groups.join(", ");
            lines.push(format!(
                "The application's group, {group}, {verb} in {opened} of its folders, for the agent joins it."
            ));
        }
        if let Some(site) = &imported.site {
            lines.push(format!(
                "On the hub: vigie-hub site add {site}; here: vigie-agent register with the token it prints and \
                 --from-site-conf, which also tells the hub the site's name, club, place and sports."
            ));
        }
        lines.join("\n")
    }
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let folder = path.parent().context("name a folder")?;
    std::fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
    let fresh = path.with_extension("new");
    std::fs::write(&fresh, text)
        .and_then(|()| std::fs::rename(&fresh, path))
        .with_context(|| format!("write {}; is this user allowed to? Try sudo", path.display()))
}

/// The group of a person's folder; the system's own groups open nothing that the unit would need.
fn group_of(folder: &Path) -> Option<Group> {
    let group = Gid::from_raw(folder.metadata().ok()?.gid());
    Group::from_gid(group).ok()?.filter(|group| group.gid.as_raw() >= 1000)
}

/// Gives the group what the agent needs to write where the application does.
fn open_folders(imported: &Imported, group: &Group, is_dry_run: bool) -> anyhow::Result<usize> {
    let folders = imported.paths.writable.iter().filter(|folder| folder.is_dir());
    let open = |folder: &PathBuf| {
        open::to_group(folder, group.gid.as_raw(), is_dry_run)
            .with_context(|| format!("let the group {} write in {}", group.name, folder.display()))
    };
    folders.map(open).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage(text: &str) -> (tempfile::TempDir, Sources, ImportArgs) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("site.conf");
        std::fs::write(&file, text).unwrap();
        let sources =
            Sources { file: folder.path().join("agent.toml"), is_required: false, env_prefix: "VIGIE_IMPORT_TEST__" };
        (folder, sources, ImportArgs { file, dry_run: true, json: true })
    }

    #[test]
    fn a_dry_run_writes_nothing_and_settings_lie_beside_the_owners_file() {
        let text = "CENTRAL_SERVER_ENABLED=false\nHEARTBEAT_INTERVAL=10000\nNEOPRO_ROOT=/srv/neopro\n";
        let (folder, sources, args) = stage(text);
        run(&sources, &args).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "only the old file");

        let fragment = folder.path().join("agent.d").join(FRAGMENT);
        let settings = toml::to_string_pretty(&site_conf::import(text).settings).unwrap();
        write(&fragment, &settings).unwrap();
        let config: AgentConfig = config::load(&sources).unwrap();
        assert!(!config.hub.enabled);
        assert_eq!(config.collect.host.heartbeat.as_secs(), 10);
    }

    #[test]
    fn paths_that_no_unit_can_carry_are_refused_before_anything_is_written() {
        let (folder, sources, mut args) = stage("NEOPRO_ROOT=/etc\n");
        args.dry_run = false;
        assert!(run(&sources, &args).unwrap_err().to_string().contains("cannot be opened to the agent"));
        assert!(!folder.path().join("agent.d").exists());
    }
}
