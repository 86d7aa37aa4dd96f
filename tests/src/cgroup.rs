//! A bound on the memory of a program, by a control group of the kernel's (version 1 or 2).

use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// Where the memory controller's groups lie, and the file that holds a group's bound.
const PLACES: [(&str, &str); 2] =
    [("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")];

/// A group with bounded memory; it ends with this value, after its programs.
pub struct MemoryBound {
    folder: PathBuf,
}

impl MemoryBound {
    /// Makes a group whose programs get at most so many bytes together; none, and noted as not run, where the
    /// kernel does not let us.
    ///
    /// # Errors
    ///
    /// If the group was made and its bound cannot be written.
    pub fn new(name: &str, bytes: u64) -> anyhow::Result<Option<Self>> {
        for (root, limit) in PLACES {
            let folder = Path::new(root).join(format!("{name}-{}", std::process::id()));
            if std::fs::create_dir(&folder).is_err() {
                continue;
            }
            let this = Self { folder };
            if this.folder.join(limit).exists() {
                std::fs::write(this.folder.join(limit), bytes.to_string()).context("bound the group's memory")?;
                return Ok(Some(this));
            }
        }
        crate::not_run("bounded memory: no control group can be made here");
        Ok(None)
    }

    /// The file into which a program writes its process id to join.
    #[must_use]
    pub fn door(&self) -> PathBuf {
        self.folder.join("cgroup.procs")
    }
}

impl Drop for MemoryBound {
    fn drop(&mut self) {
        // The kernel refuses while a program of the group still ends; an empty group costs nothing.
        drop(std::fs::remove_dir(&self.folder));
    }
}
