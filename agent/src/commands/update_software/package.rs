//! Brings the package of a command to the disk and judges it.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use vigie_shared::wire::command::UpdateSoftware as Parameters;

use super::UpdateSoftware;
use crate::commands::{Failure, Underway};
use crate::update::fetch::{Wanted, fetch};
use crate::update::trust::{self, Claim, Fingerprint};

/// A package that may be installed.
pub(super) struct Verified {
    pub(super) file: PathBuf,
    pub(super) is: Fingerprint,
}

impl UpdateSoftware {
    /// Fetches the package and checks that it is what was promised, by whom it must be.
    pub(super) async fn verified(
        &self,
        name: &str,
        parameters: &Parameters,
        underway: &Underway,
    ) -> Result<Verified, Failure> {
        let keys = trust::keys(&self.config.release_keys)?;
        let file = self.make_room_for(&format!("{}.part", underway.id()))?;
        let wanted = Wanted {
            url: &parameters.update_url,
            size_bytes: parameters.size_bytes,
            bytes_max: self.config.package_size_max,
        };
        let told = |done, total| underway.bytes("fetching the package", done, total);
        underway.stage("fetching the package");
        fetch(&self.context.hub, wanted, &file, &told).await?;

        underway.stage("verifying the package");
        let read = file.clone();
        let is = tokio::task::spawn_blocking(move || trust::fingerprint(&read)).await.context("read the package")??;
        let claim = Claim { name, version: &parameters.version, signature: parameters.signature.as_deref() };
        let judged = trust::ensure_is(&is, parameters.size_bytes, parameters.checksum.as_deref())
            .map_err(Failure::from)
            .and_then(|()| trust::judge(claim, &is, &keys).map_err(|error| Failure::Refused(error.to_string())));
        if let Err(failure) = judged {
            forget(&file);
            return Err(failure);
        }
        Ok(Verified { file, is })
    }

    /// The file for what is fetched. What other commands left goes away.
    fn make_room_for(&self, name: &str) -> anyhow::Result<PathBuf> {
        let folder = self.context.data.join("update");
        std::fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
        for entry in folder.read_dir().with_context(|| format!("list {}", folder.display()))?.flatten() {
            if entry.file_name() != name {
                forget(&entry.path());
            }
        }
        Ok(folder.join(name))
    }
}

/// Removes a file that takes nothing but space.
pub(super) fn forget(file: &Path) {
    if let Err(error) = std::fs::remove_file(file) {
        tracing::debug!("{} stays until the next update: {error}", file.display());
    }
}
