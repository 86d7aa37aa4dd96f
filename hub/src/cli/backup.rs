//! `vigie-hub backup`: a copy of everything, made by the running hub.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use reqwest::Method;
use serde_json::json;

use super::client::Hub;
use super::output::{Output, name};
use super::{BackupArgs, VerbError};
use crate::text::{self, Lang};

pub(super) async fn act(hub: &Hub, args: &BackupArgs, output: &mut Output<'_>) -> Result<(), VerbError> {
    let mut made = hub.change(Method::POST, "/api/v1/backups", &json!({})).await?;
    if let Some(wanted) = &args.to {
        let copy = copy_to(Path::new(&name(&made["path"])), wanted)?;
        made["path"] = copy.display().to_string().into();
    }
    output.answer(&made, |_, made| {
        let size = text::size(Lang::En, made["size_bytes"].as_u64().unwrap_or(0)).replace('\u{a0}', " ");
        format!("{} ({size}), complete. Keep it on another machine.", name(&made["path"]))
    })?;
    Ok(())
}

/// Copies a finished backup, which is a folder, into another folder under its own name.
fn copy_to(made: &Path, wanted: &Path) -> anyhow::Result<PathBuf> {
    let target = made.file_name().map_or_else(|| wanted.to_owned(), |name| wanted.join(name));
    copy_folder(made, &target).with_context(|| {
        format!("copy the backup to {}; the backup itself is complete and lies at {}", target.display(), made.display())
    })?;
    Ok(target)
}

fn copy_folder(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), &target)?;
            std::fs::File::open(&target)?.sync_all()?;
        }
    }
    Ok(())
}
