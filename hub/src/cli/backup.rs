//! `vigie-hub backup`: a copy of everything, made by the running hub.

use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use reqwest::Method;
use serde_json::json;

use super::VerbError;
use super::client::Hub;
use super::output::{Output, name};
use crate::text::{self, Lang};

/// How to copy.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = "Examples:
  vigie-hub backup                       the hub writes a copy and says where it lies
  vigie-hub backup --to /mnt/usb/        and put it there
  vigie-hub backup --keys --to /mnt/usb/  the same with the keys, to move to a new machine
  vigie-hub backup --offline --to /mnt/  while the hub does not run; --keys as before")]
pub struct BackupArgs {
    /// Also copy the finished backup to this folder.
    #[arg(long, value_name = "PATH")]
    pub to: Option<PathBuf>,
    /// Open the files directly; the hub must not run.
    #[arg(long, requires = "to")]
    pub offline: bool,
    /// Put the hub's keys into the copy: with them a new machine can take over, and so can a thief.
    #[arg(long)]
    pub keys: bool,
}

/// How to put a backup back.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:
  systemctl stop vigie-hub && vigie-hub restore /mnt/usb/vigie-2026-11-20.backup && systemctl start vigie-hub

What boxes still hold is sent again; what nobody holds any more is named as a gap.")]
pub struct RestoreArgs {
    /// The backup.
    #[arg(value_name = "FILE")]
    pub backup: PathBuf,
    /// Replace what the data folder holds; it is set aside, not deleted.
    #[arg(long)]
    pub replace: bool,
}

pub(super) async fn act(hub: &Hub, args: &BackupArgs, output: &mut Output<'_>) -> Result<(), VerbError> {
    let path = format!("/api/v1/backups?keys={}", args.keys);
    let mut made = hub.change(Method::POST, &path, &json!({})).await?;
    if let Some(wanted) = &args.to {
        let copy = copy_to(Path::new(&name(made.get("path").unwrap_or_default())), wanted)?;
        made = json!({ "path": copy, "size_bytes": made.get("size_bytes") });
    }
    output.answer(&made, |_, made| {
        let size = text::size(Lang::En, made["size_bytes"].as_u64().unwrap_or(0)).replace('\u{a0}', " ");
        format!("{} ({size}), complete. {}", name(&made["path"]), care(args.keys))
    })?;
    Ok(())
}

/// What to do with a backup.
pub(crate) fn care(has_keys: bool) -> &'static str {
    if has_keys {
        "Lock it away: with the keys in it a new machine can take over, and so can a thief."
    } else {
        "Keep it on another machine."
    }
}

/// Copies a finished backup; a folder that exists gets it under its own name.
fn copy_to(made: &Path, wanted: &Path) -> anyhow::Result<PathBuf> {
    let target = match made.file_name() {
        Some(file) if wanted.is_dir() => wanted.join(file),
        _ => wanted.to_owned(),
    };
    copy(made, &target).with_context(|| {
        let (to, from) = (target.display(), made.display());
        format!("copy the backup to {to}; the backup itself is complete and lies at {from}")
    })?;
    Ok(target)
}

/// Copies a file or a folder with all that is in it, and syncs every file. Never writes over anything.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    if !from.is_dir() {
        let mut new = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
        std::io::copy(&mut std::fs::File::open(from)?, &mut new)?;
        return new.sync_all();
    }
    std::fs::DirBuilder::new().mode(0o700).create(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    std::fs::File::open(to)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_is_copied_whole_and_never_over_another_one() {
        let folder = tempfile::tempdir().unwrap();
        let (made, usb) = (folder.path().join("2026-11-20"), folder.path().join("usb"));
        std::fs::create_dir_all(made.join("pki")).unwrap();
        std::fs::create_dir(&usb).unwrap();
        std::fs::write(made.join("vigie.db"), "facts").unwrap();
        std::fs::write(made.join("pki/ca.pem"), "trust").unwrap();

        let copy = copy_to(&made, &usb).unwrap();

        assert_eq!(copy, usb.join("2026-11-20"));
        assert_eq!(std::fs::read_to_string(copy.join("pki/ca.pem")).unwrap(), "trust");
        let refusal = copy_to(&made, &usb).unwrap_err().to_string();
        assert!(refusal.contains("the backup itself is complete"), "{refusal}");
    }
}
