//! Reads a lease file when it changed: bounded, off the async threads, every part of a table that a server
//! spreads over several files.

use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use vigie_shared::units;

use super::lease::{Leases, detect, parse};

/// Kea's clean-up moves the table aside: what it wrote last and what it works on precede the file itself.
const EARLIER_PARTS: [&str; 2] = [".2", ".1"];

/// One lease file and how it looked when it was last read.
pub(super) struct LeaseFile {
    path: PathBuf,
    size_max: u64,
    may_be_absent: bool,
    last: Vec<Look>,
}

/// What tells one state of a file from another.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Look {
    path: PathBuf,
    device: u64,
    inode: u64,
    size: u64,
    changed: (i64, i64),
}

/// What the file says.
pub(super) struct Content {
    pub(super) leases: Leases,
    /// When it last changed, seconds since 1970.
    pub(super) changed_s: i64,
}

impl LeaseFile {
    pub(super) fn new(path: PathBuf, size_max: u64, may_be_absent: bool) -> Self {
        Self { path, size_max, may_be_absent, last: Vec::new() }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the file; none if it is as it was, empty, or absent where it may be.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, is too large or is no lease file. Each look tries again.
    pub(super) async fn read_if_changed(&mut self) -> anyhow::Result<Option<Content>> {
        let (path, size_max, may_be_absent) = (self.path.clone(), self.size_max, self.may_be_absent);
        let last = std::mem::take(&mut self.last);
        let work = move || {
            let looks = look(&path, may_be_absent)?;
            if looks == last {
                return Ok((looks, None));
            }
            let bytes = read(&looks, size_max)?;
            let content = content(&path, &bytes, looks.last().map_or(0, |look| look.changed.0))?;
            Ok::<_, anyhow::Error>((looks, content))
        };
        let (looks, content) = tokio::task::spawn_blocking(work).await.context("read a lease file")??;
        self.last = looks;
        Ok(content)
    }
}

/// The parts of the table that exist, the oldest first; none if the file may be absent and is.
fn look(path: &Path, may_be_absent: bool) -> anyhow::Result<Vec<Look>> {
    let main = match fs::metadata(path) {
        Ok(metadata) => Look::new(path.to_owned(), &metadata),
        Err(error) if may_be_absent && error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(error).with_context(|| {
                format!(
                    "open the lease file `{}`: name the right one in `collect.leases.files`, and let the agent's user read it",
                    path.display()
                )
            });
        }
    };
    let main = main.with_context(|| format!("`{}` is not a file", path.display()))?;
    let part = |suffix: &str| {
        let mut name = OsString::from(path);
        name.push(suffix);
        let path = PathBuf::from(name);
        let metadata = fs::metadata(&path).ok()?;
        Look::new(path, &metadata)
    };
    let is_table = path.extension().is_some_and(|extension| extension == "csv");
    let earlier = EARLIER_PARTS.iter().filter(|_| is_table).filter_map(|suffix| part(suffix));
    Ok(earlier.chain([main.clone()]).collect())
}

impl Look {
    /// Only a plain file: opening a pipe would wait for its other end.
    fn new(path: PathBuf, metadata: &Metadata) -> Option<Self> {
        let changed = (metadata.mtime(), metadata.mtime_nsec());
        let look = Self { path, device: metadata.dev(), inode: metadata.ino(), size: metadata.size(), changed };
        metadata.is_file().then_some(look)
    }
}

/// All parts one after the other, at most `size_max` bytes together.
fn read(parts: &[Look], size_max: u64) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for part in parts {
        let place = || format!("read the lease file `{}`", part.path.display());
        let room = size_max.saturating_sub(bytes.len() as u64);
        let file = File::open(&part.path).with_context(place)?;
        file.take(room.saturating_add(1)).read_to_end(&mut bytes).with_context(place)?;
        anyhow::ensure!(
            bytes.len() as u64 <= size_max,
            "the lease file `{}` is larger than {}: let the server clean it up, or raise `collect.leases.file_size_max`",
            part.path.display(),
            units::bytes_text(size_max)
        );
        bytes.push(b'\n');
    }
    Ok(bytes)
}

fn content(path: &Path, bytes: &[u8], changed_s: i64) -> anyhow::Result<Option<Content>> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    let Some(format) = detect(bytes) else {
        let has_lines = bytes.split(|byte| *byte == b'\n').any(|line| !matches!(line.first(), None | Some(b'#')));
        anyhow::ensure!(!has_lines, "`{}` is no lease file of dnsmasq, Kea or ISC dhcpd", path.display());
        return Ok(None);
    };
    Ok(Some(Content { leases: parse(format, bytes), changed_s }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "address,hwaddr,valid_lifetime,expire,hostname,state\n";

    async fn names(file: &mut LeaseFile) -> anyhow::Result<Option<Vec<String>>> {
        let content = file.read_if_changed().await?;
        Ok(content.map(|content| content.leases.rows.into_iter().filter_map(|lease| lease.name).collect()))
    }

    fn row(last: u8, name: &str) -> String {
        format!("10.0.0.{last},3c:22:fb:00:00:{last:02x},600,1795176539,{name},0\n")
    }

    #[tokio::test]
    async fn a_table_that_is_being_cleaned_up_is_read_whole_and_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kea-leases4.csv");
        let write = |suffix: &str, rows: &[String]| {
            std::fs::write(format!("{}{suffix}", path.display()), format!("{HEADER}{}", rows.concat())).unwrap();
        };
        write(".2", &[row(1, "first"), row(2, "second")]);
        write(".1", &[row(1, "renamed")]);
        write("", &[row(3, "third")]);
        let mut file = LeaseFile::new(path, 1 << 20, false);

        let names = names(&mut file).await.unwrap().unwrap();

        assert_eq!(names, ["renamed", "second", "third"]);
    }

    #[tokio::test]
    async fn a_file_is_read_again_only_when_it_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dnsmasq.leases");
        std::fs::write(&path, "0 3c:22:fb:00:00:01 10.0.0.1 one *\n").unwrap();
        let mut file = LeaseFile::new(path.clone(), 1 << 20, false);
        assert_eq!(names(&mut file).await.unwrap().unwrap(), ["one"]);

        assert_eq!(names(&mut file).await.unwrap(), None);

        let beside = folder.path().join("new");
        std::fs::write(&beside, "0 3c:22:fb:00:00:01 10.0.0.1 two *\n").unwrap();
        std::fs::rename(&beside, &path).unwrap();
        assert_eq!(names(&mut file).await.unwrap().unwrap(), ["two"]);
    }

    #[tokio::test]
    async fn files_that_cannot_be_read_say_why() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("odd");
        let error = |size_max| {
            let mut file = LeaseFile::new(path.clone(), size_max, false);
            async move { names(&mut file).await.unwrap_err().to_string() }
        };
        assert!(error(100).await.contains("collect.leases.files"));

        std::fs::write(&path, "<html>\n").unwrap();
        assert!(error(100).await.contains("no lease file"));

        std::fs::write(&path, "0 3c:22:fb:00:00:01 10.0.0.1 one *\n").unwrap();
        assert!(error(10).await.contains("larger than 10B"));

        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert!(error(100).await.contains("not a file"));
    }

    #[tokio::test]
    async fn a_server_without_leases_is_no_problem() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dhcpd.leases");
        let mut optional = LeaseFile::new(path.clone(), 100, true);
        assert_eq!(names(&mut optional).await.unwrap(), None);

        for text in ["", "# The format of this file is documented elsewhere.\n\n"] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(names(&mut LeaseFile::new(path.clone(), 100, false)).await.unwrap(), None);
        }
    }
}
