//! `queue export`: writes what waits to a file, sealed for the hub, wherever whoever typed it may write.
//!
//! A running agent hands the pieces over; otherwise the lanes are opened here, as the user whose they are. The file has
//! its name only once it is whole and on the disk; an attempt that fails leaves nothing.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use async_trait::async_trait;
use serde_json::json;
use vigie_shared::file::sync_folder;
use vigie_shared::lifecycle::Lifecycle;
use vigie_shared::units::bytes_text;

use super::{Bar, parsed, show, text};
use crate::cli::{runtime, user};
use crate::config::AgentConfig;
use crate::control::{self, Ask};
use crate::identity::{Identity, UNREGISTERED};
use crate::journal::answers::{self, Exported, Piece, Pieces};
use crate::space;

/// No record takes less in the file, bytes.
const RECORD_BYTES_MIN: u64 = 16;

/// Exports to a file.
///
/// # Errors
///
/// Words for people: the box has no hub yet, the stick is full, a lane is damaged….
pub fn run(config: &AgentConfig, file: &Path, is_json: bool) -> anyhow::Result<ExitCode> {
    let mut stick = StickFile::create(file)?;
    let asked = runtime()?.block_on(control::ask_for_pieces(&config.socket, &Ask::QueueExport, &mut stick))?;
    let exported: Exported = match asked {
        Some(answer) => parsed(answer)?,
        None => export_here(config, &mut stick)?,
    };
    anyhow::ensure!(exported.bytes == stick.written, "the agent says that it sent another file; try again");
    stick.finish()?;
    let answer = json!({ "file": file, "records": exported.records, "bytes": exported.bytes });
    show(&answer, is_json, |_| text::exported(file, &exported))
}

/// Exports lanes that no agent has open.
fn export_here(config: &AgentConfig, stick: &mut StickFile) -> anyhow::Result<Exported> {
    let identity = Identity::load(&config.identity_folder())?.context(UNREGISTERED)?;
    let signing = identity.signing()?;
    let author = identity.author(&*signing)?;
    let _owner = user::AsOwner::of(&config.data)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("start the runtime")?;
    runtime.block_on(async {
        let lifecycle = Lifecycle::new();
        let journal = super::open(&config.queue_folder(), &config.queue, &lifecycle)?;
        let exported = answers::export(&journal, author, stick).await;
        lifecycle.stop();
        drop(journal);
        // Its exit code tells whether the lanes closed; the export is what was asked for.
        let _closed = lifecycle.wait().await;
        exported
    })
}

/// A file that is being written beside its name.
pub(super) struct StickFile {
    file: PathBuf,
    part: PathBuf,
    output: File,
    written: u64,
    bar: Bar,
}

impl StickFile {
    pub(super) fn create(file: &Path) -> anyhow::Result<Self> {
        let file = std::path::absolute(file).with_context(|| format!("understand {}", file.display()))?;
        let mut part = file.clone().into_os_string();
        part.push(".part");
        let part = PathBuf::from(part);
        if let Err(error) = fs::remove_file(&part)
            && error.kind() != ErrorKind::NotFound
        {
            return Err(error).with_context(|| format!("remove the old {}", part.display()));
        }
        // Sealed, so whoever carries it may read it. A link that somebody put there is not followed.
        let output = File::options().write(true).create_new(true).mode(0o644).open(&part);
        let output = output.with_context(|| format!("create {}", part.display()))?;
        Ok(Self { file, part, output, written: 0, bar: Bar::default() })
    }

    fn write(&mut self, piece: &Piece) -> anyhow::Result<()> {
        if self.written == 0 {
            self.check_room(piece.total)?;
        }
        self.output.write_all(&piece.bytes).map_err(|error| self.words(error, piece))?;
        self.written += piece.bytes.len() as u64;
        self.bar.show(piece.done, piece.total);
        Ok(())
    }

    /// What can never fit is not begun.
    fn check_room(&self, records: u64) -> anyhow::Result<()> {
        let Ok(free) = space::free_bytes(&self.part) else { return Ok(()) };
        let least = records.saturating_mul(RECORD_BYTES_MIN);
        let folder = self.file.parent().unwrap_or(&self.file).display();
        anyhow::ensure!(
            free >= least,
            "{folder} has {} left, and {records} records take more than {}; use a larger stick, or make room",
            bytes_text(free),
            bytes_text(least)
        );
        Ok(())
    }

    /// Why a piece was not written, with what would help.
    fn words(&self, error: std::io::Error, piece: &Piece) -> anyhow::Error {
        let what = format!("write {}", self.part.display());
        if error.kind() != ErrorKind::StorageFull {
            return anyhow::Error::new(error).context(what);
        }
        let whole = u128::from(self.written) * u128::from(piece.total) / u128::from(piece.done.max(1));
        let whole = u64::try_from(whole).unwrap_or(u64::MAX).max(self.written);
        anyhow::anyhow!(
            "{what}: it is full after {}; the export needs about {}: use a larger stick, or make room. The queue still \
             holds every record",
            bytes_text(self.written),
            bytes_text(whole)
        )
    }

    /// Gives the file its name once it is on the disk.
    pub(super) fn finish(self) -> anyhow::Result<()> {
        self.output.sync_all().with_context(|| format!("write {} to the disk", self.part.display()))?;
        fs::rename(&self.part, &self.file).with_context(|| format!("rename the export to {}", self.file.display()))?;
        let folder = self.file.parent().context("the export has a folder")?;
        sync_folder(folder).with_context(|| format!("write {} to the disk", folder.display()))
    }
}

#[async_trait]
impl Pieces for StickFile {
    async fn take(&mut self, piece: Piece) -> anyhow::Result<()> {
        self.write(&piece)
    }
}

impl Drop for StickFile {
    fn drop(&mut self) {
        // Nothing half done stays; after a success there is nothing under this name.
        drop(fs::remove_file(&self.part));
    }
}
