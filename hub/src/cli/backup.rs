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

/// Copies a finished backup; a folder gets it under its own name.
fn copy_to(made: &Path, wanted: &Path) -> anyhow::Result<PathBuf> {
    let target = match made.file_name() {
        Some(file) if wanted.is_dir() => wanted.join(file),
        _ => wanted.to_owned(),
    };
    let copied = std::fs::copy(made, &target).and_then(|_| std::fs::File::open(&target)?.sync_all());
    copied.with_context(|| {
        format!("copy the backup to {}; the backup itself is complete and lies at {}", target.display(), made.display())
    })?;
    Ok(target)
}
