//! A log file of bounded size: the newest lines in `NAME`, older ones in `NAME.1`, `NAME.2`, ….
//!
//! A disk that refuses costs lines and nothing else: whoever logs never hears of it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::units;

/// Where to log besides the journal, and how much is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogFile {
    /// The file; none: no file. Its folder must exist.
    pub path: Option<PathBuf>,
    /// Size at which a new file begins.
    #[serde(with = "units::bytes")]
    pub size_max: u64,
    /// Files that are kept, the newest included.
    pub files: u32,
}

impl Default for LogFile {
    fn default() -> Self {
        Self { path: None, size_max: 10_000_000, files: 5 }
    }
}

/// Writes lines to the file.
pub(super) struct Rotated {
    path: PathBuf,
    size_max: u64,
    files: u32,
    open: Option<(File, u64)>,
}

impl Rotated {
    /// A writer, if there is to be a file. It is opened by the first line.
    pub(super) fn new(config: &LogFile) -> Option<Self> {
        let LogFile { path, size_max, files } = config.clone();
        Some(Self { path: path?, size_max, files: files.max(1), open: None })
    }

    fn add(&mut self, line: &[u8]) -> io::Result<()> {
        let (mut file, size) = match self.open.take() {
            Some(open) => open,
            None => self.reopen()?,
        };
        let length = line.len() as u64;
        if size > 0 && size.saturating_add(length) > self.size_max {
            self.shift()?;
            (file, _) = self.reopen()?;
            file.write_all(line)?;
            self.open = Some((file, length));
        } else {
            file.write_all(line)?;
            self.open = Some((file, size + length));
        }
        Ok(())
    }

    fn reopen(&self) -> io::Result<(File, u64)> {
        let file = OpenOptions::new().create(true).append(true).open(&self.path)?;
        let size = file.metadata()?.len();
        Ok((file, size))
    }

    /// Every file becomes one older; the oldest goes.
    fn shift(&self) -> io::Result<()> {
        let numbered = |number: u32| match number {
            0 => self.path.clone(),
            number => {
                let mut name = self.path.clone().into_os_string();
                name.push(format!(".{number}"));
                PathBuf::from(name)
            }
        };
        let Some(oldest) = self.files.checked_sub(1) else { return Ok(()) };
        if oldest == 0 {
            return std::fs::remove_file(&self.path);
        }
        for number in (0..oldest).rev() {
            match std::fs::rename(numbered(number), numbered(number + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

impl Write for Rotated {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        // The next line tries again.
        drop(self.add(line));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_files_of_bounded_size_hold_the_newest_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent.log");
        let config = LogFile { path: Some(path.clone()), size_max: 100, files: 5 };
        for number in 0..200 {
            // As after a restart now and then.
            let mut file = Rotated::new(&config).unwrap();
            file.write_all(format!("line {number:04}\n").as_bytes()).unwrap();
        }
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        assert_eq!(files.len(), 5);
        assert!(files.iter().all(|file| file.metadata().unwrap().len() <= 100));
        assert!(std::fs::read_to_string(&path).unwrap().ends_with("line 0199\n"));
        let all: String = files.iter().rev().map(|file| std::fs::read_to_string(file).unwrap()).collect();
        assert!(all.starts_with("line 01"), "the newest are kept, in order: {all}");
        assert!(all.lines().is_sorted());
    }

    #[test]
    fn a_disk_that_refuses_is_no_failure_of_whoever_logs() {
        let config = LogFile { path: Some(PathBuf::from("/nonexistent/agent.log")), ..LogFile::default() };
        assert!(Rotated::new(&config).unwrap().write_all(b"line\n").is_ok());
        assert!(Rotated::new(&LogFile::default()).is_none());
    }
}
