//! Brings the package of a command to the disk and judges it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use vigie_shared::wire::command::UpdateSoftware as Parameters;

use super::UpdateSoftware;
use crate::commands::{Failure, Underway};
use crate::digest;
use crate::download::partial::{Origin, Partial, note_name, partial_name};
use crate::download::{FetchError, Fetched, Wanted, human};
use crate::folder::Folder;
use crate::space::SPARE_BYTES;
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
        let wanted = self.wanted(parameters)?;
        let folder = self.context.data.join("update");
        let file = folder.join(underway.id().to_string());
        make_room_for(&folder, &underway.id().to_string())?;
        underway.stage("fetching the package");
        let fetched = self.fetch((&wanted, parameters), &folder, underway).await?;

        underway.stage("verifying the package");
        let is = Fingerprint { size_bytes: fetched.size_bytes, sha256: digest::text(&fetched.sha256) };
        let claim = Claim { name, version: &parameters.version, signature: parameters.signature.as_deref() };
        if let Err(error) = trust::judge(claim, &is, &keys) {
            forget(&file);
            return Err(Failure::Refused(error.to_string()));
        }
        Ok(Verified { file, is })
    }

    fn wanted(&self, parameters: &Parameters) -> Result<Wanted, Failure> {
        let (size, most) = (parameters.size_bytes, self.config.package_size_max);
        if let Some(size) = size.filter(|size| *size > most) {
            let setting = "commands.update_software.package_size_max";
            let text =
                format!("the package has {}, the limit of this box is {} (`{setting}`)", human(size), human(most));
            return Err(Failure::Refused(text));
        }
        Ok(Wanted {
            source: self.fetcher.judge(&parameters.update_url).map_err(Failure::Refused)?,
            size_bytes_max: most,
            size_bytes: size,
            sha256: parameters.checksum.as_deref().map(digest::parse).transpose().map_err(Failure::Refused)?,
            free_bytes_min: SPARE_BYTES,
        })
    }

    /// Fetches into the folder; an interrupted download of the same command goes on where it was.
    async fn fetch(
        &self,
        (wanted, parameters): (&Wanted, &Parameters),
        path: &Path,
        underway: &Underway,
    ) -> Result<Fetched, Failure> {
        let folder =
            Folder::open(path).context("open the folder of packages")?.context("find the folder of packages")?;
        let sha256 = wanted.sha256.as_ref().map(digest::text);
        let origin = Origin { source: parameters.update_url.clone(), validator: None, sha256 };
        let partial = Partial::open(Arc::new(folder), &underway.id().to_string(), origin).await;
        let mut partial = partial.context("begin the package")?;
        let mut tell = |stage: &str, done: u64, total: Option<u64>| underway.bytes(stage, done, total);
        match self.fetcher.fetch(wanted, &mut partial, path, &mut tell).await {
            Ok(fetched) => {
                partial.place().context("put the package in its place")?;
                Ok(fetched)
            }
            Err(FetchError::Never(reason) | FetchError::Link(reason)) => {
                partial.discard();
                Err(Failure::Failed(reason))
            }
        }
    }
}

/// Makes the folder, and removes what other commands left there.
fn make_room_for(folder: &Path, name: &str) -> anyhow::Result<()> {
    let ours = [partial_name(name), note_name(name)];
    std::fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
    for entry in folder.read_dir().with_context(|| format!("list {}", folder.display()))?.flatten() {
        if entry.file_name().to_str().is_none_or(|name| ours.iter().all(|ours| ours != name)) {
            forget(&entry.path());
        }
    }
    Ok(())
}

/// Removes a file that takes nothing but space.
pub(super) fn forget(file: &Path) {
    if let Err(error) = std::fs::remove_file(file) {
        tracing::debug!("{} stays until the next update: {error}", file.display());
    }
}
