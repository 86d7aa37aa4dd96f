//! The folder on the disk: what is whole is moved to `.taken/`, what is wrong ends in `rejected/`.

use std::collections::BTreeMap;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, BufReader, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use nix::libc::{O_NOFOLLOW, O_NONBLOCK};
use tokio::time::Instant;
use vigie_shared::file::{make_private_folder, sync_folder};
use vigie_shared::id::{InstanceId, from_hex};

use super::Config;
use super::lines::{self, BadLine, Chunk};

/// How the names of files end that are taken.
const SUFFIX: &str = ".jsonl";

/// Files that one look takes, at most.
const FILES_MAX: usize = 64;

/// Names in the folder that one look considers, at most.
const NAMES_MAX: usize = 4_096;

/// Files with what was set aside; the oldest go first.
const REJECTED_MAX: usize = 50;

/// The folder and what is known of the files in it.
pub(super) struct Folder {
    path: PathBuf,
    quiet: Duration,
    file_size_max: u64,
    seen: BTreeMap<PathBuf, (State, Instant)>,
}

/// What changes when somebody writes.
type State = (u64, u64, i64, i64);

/// A file that is ours.
pub(super) struct Taken {
    /// Names its lines for good.
    pub id: [u8; 16],
    /// The name that its program gave it.
    pub name: String,
    path: PathBuf,
    source: BufReader<File>,
    number: u32,
    offset: u64,
}

impl Folder {
    pub(super) fn new(config: &Config) -> Self {
        let Config { folder, quiet, file_size_max, .. } = config;
        Self { path: folder.clone(), quiet: *quiet, file_size_max: *file_size_max, seen: BTreeMap::new() }
    }

    /// Moves whole files aside and returns them, first those that an earlier start left.
    pub(super) fn take(&mut self, complaints: &mut Vec<String>) -> anyhow::Result<Vec<Taken>> {
        if !self.path.is_dir() {
            return Ok(Vec::new());
        }
        let shelf = self.path.join(".taken");
        make_own(&shelf)?;
        for (path, about) in self.whole()? {
            if let Err(error) = self.claim(&path, &about, &shelf, complaints) {
                complaints.push(format!("{} cannot be taken: {error:#}", path.display()));
            }
        }
        sync_folder(&shelf)?;
        let mut taken = Vec::new();
        for path in names(&shelf)?.into_iter().take(FILES_MAX) {
            let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.split_once('-'));
            let Some((id, name)) = name else { continue };
            let Some(id) = from_hex(id).and_then(|id| <[u8; 16]>::try_from(id).ok()) else { continue };
            taken.push(Taken::open(id, name.to_owned(), path)?);
        }
        Ok(taken)
    }

    /// The files that lie there, without taking them.
    pub(super) fn waiting(&self) -> anyhow::Result<Vec<Taken>> {
        let files = names(&self.path)?.into_iter().filter(|path| is_ours(path)).take(FILES_MAX);
        files
            .map(|path| {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                Taken::open([0; 16], name, path)
            })
            .collect()
    }

    /// Keeps bad lines beside the folder's files, on the disk when this returns.
    pub(super) fn set_aside(&self, taken: &Taken, bad: &[BadLine]) -> anyhow::Result<PathBuf> {
        let path = self.rejected()?.join(taken.path.file_name().unwrap_or_default());
        let mut file = OpenOptions::new().create(true).append(true).mode(0o600).custom_flags(O_NOFOLLOW).open(&path)?;
        for BadLine { number, reason, bytes } in bad {
            writeln!(file, "# line {number} {reason}")?;
            file.write_all(bytes)?;
            file.write_all(b"\n")?;
        }
        file.sync_all()?;
        Ok(path)
    }

    /// Removes a file of which everything was handed over; false if its program has written more meanwhile.
    pub(super) fn remove(&self, taken: &Taken) -> anyhow::Result<bool> {
        if taken.source.get_ref().metadata()?.len() > taken.offset {
            return Ok(false);
        }
        std::fs::remove_file(&taken.path).with_context(|| format!("remove {}", taken.path.display()))?;
        sync_folder(&self.path.join(".taken"))?;
        Ok(true)
    }

    /// The files that nobody writes to any more.
    fn whole(&mut self) -> anyhow::Result<Vec<(PathBuf, Metadata)>> {
        let now = Instant::now();
        let mut seen = BTreeMap::new();
        let mut whole = Vec::new();
        for path in names(&self.path)?.into_iter().filter(|path| is_ours(path)) {
            let Ok(about) = path.symlink_metadata() else { continue };
            let state = (about.ino(), about.len(), about.mtime(), about.mtime_nsec());
            let since = match self.seen.get(&path) {
                Some((known, since)) if *known == state => *since,
                _ => now,
            };
            // A name given after the last write: that is how programs say that a file is whole.
            let is_renamed = (about.ctime(), about.ctime_nsec()) > (about.mtime(), about.mtime_nsec());
            if (is_renamed || now.duration_since(since) >= self.quiet) && whole.len() < FILES_MAX {
                whole.push((path, about));
            } else {
                seen.insert(path, (state, since));
            }
        }
        self.seen = seen;
        Ok(whole)
    }

    fn claim(&self, path: &Path, about: &Metadata, shelf: &Path, complaints: &mut Vec<String>) -> anyhow::Result<()> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let reason = if !about.is_file() {
            Some("is no plain file")
        } else if about.len() > self.file_size_max {
            Some("is larger than `collect.drop.file_size_max`")
        } else {
            None
        };
        let ours = format!("{}-{name}", InstanceId::random());
        let Some(reason) = reason else {
            std::fs::rename(path, shelf.join(ours))?;
            return Ok(());
        };
        let place = self.rejected()?.join(ours);
        std::fs::rename(path, &place)?;
        complaints.push(format!("{name} {reason}; it is in {}", place.display()));
        Ok(())
    }

    /// The folder of what was set aside, with room for one more.
    fn rejected(&self) -> anyhow::Result<PathBuf> {
        let folder = self.path.join("rejected");
        make_own(&folder)?;
        let mut kept: Vec<(i64, PathBuf)> = names(&folder)?
            .into_iter()
            .filter_map(|path| Some((path.symlink_metadata().ok()?.ctime(), path)))
            .collect();
        kept.sort();
        let surplus = (kept.len() + 1).saturating_sub(REJECTED_MAX);
        for (_, old) in kept.into_iter().take(surplus) {
            std::fs::remove_file(old)?;
        }
        Ok(folder)
    }
}

impl Taken {
    fn open(id: [u8; 16], name: String, path: PathBuf) -> anyhow::Result<Self> {
        let open = || -> io::Result<File> {
            let file = OpenOptions::new().read(true).custom_flags(O_NOFOLLOW | O_NONBLOCK).open(&path)?;
            if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("it is no plain file")) }
        };
        let file = open().with_context(|| format!("open {}", path.display()))?;
        Ok(Self { id, name, source: BufReader::new(file), path, number: 0, offset: 0 })
    }

    /// The next lines; none at the end of what is written so far.
    pub(super) fn read(&mut self) -> anyhow::Result<Option<Chunk>> {
        self.source.seek(SeekFrom::Start(self.offset))?;
        lines::chunk(&mut self.source, &mut self.number, &mut self.offset)
            .with_context(|| format!("read {}", self.path.display()))
    }
}

/// Makes a folder that nobody else can have put there.
fn make_own(folder: &Path) -> anyhow::Result<()> {
    make_private_folder(folder).with_context(|| format!("make {}", folder.display()))?;
    let about = folder.symlink_metadata()?;
    let is_own = about.is_dir() && about.uid() == nix::unistd::geteuid().as_raw();
    anyhow::ensure!(is_own, "{} belongs to somebody else; remove it", folder.display());
    Ok(())
}

fn is_ours(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| name.ends_with(SUFFIX) && !name.starts_with('.') && name.len() <= 128)
}

/// The names in a folder, in order, a bounded number.
fn names(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("look into {}", folder.display()))?;
    let mut names: Vec<PathBuf> = entries.take(NAMES_MAX).flatten().map(|entry| entry.path()).collect();
    names.sort();
    Ok(names)
}
