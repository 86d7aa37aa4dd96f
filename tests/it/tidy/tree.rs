//! The tracked files of the repository.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A tracked text file.
pub(super) struct File {
    /// Path from the root of the repository, with `/`.
    pub(super) path: String,
    /// What is in it.
    pub(super) text: String,
}

/// The root of the repository.
pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are a folder of the workspace").to_owned()
}

/// Every tracked file that is text, and every new one that is not ignored.
pub(super) fn files() -> Vec<File> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
        .current_dir(root())
        .output()
        .expect("git is installed");
    assert!(output.status.success(), "git ls-files failed: {}", String::from_utf8_lossy(&output.stderr));
    let listed = String::from_utf8(output.stdout).expect("paths are text");
    let mut files = Vec::new();
    for path in listed.split_terminator('\0') {
        // A file that was deleted but not yet committed is listed; a corpus is not text.
        let Ok(bytes) = std::fs::read(root().join(path)) else { continue };
        if let Ok(text) = String::from_utf8(bytes) {
            files.push(File { path: path.to_owned(), text });
        }
    }
    files
}

/// Whether `path` fits `pattern`, where one `*` stands for any characters, also `/`.
pub(super) fn fits(path: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        None => path == pattern,
        Some((head, tail)) => path.strip_prefix(head).is_some_and(|rest| fits_tail(rest, tail)),
    }
}

fn fits_tail(path: &str, tail: &str) -> bool {
    let mut starts = path.char_indices().map(|(at, _)| at).chain([path.len()]);
    starts.any(|at| fits(&path[at..], tail))
}

#[test]
fn a_star_stands_for_anything() {
    assert!(fits("hub/src/http.rs", "hub/src/http*"));
    assert!(fits("hub/src/http/sites.rs", "hub/src/http*"));
    assert!(fits("agent/src/queue/disk.rs", "*/disk.rs"));
    assert!(fits("agent/src/config/lan.rs", "*/config/*.rs"));
    assert!(!fits("hub/src/ingest.rs", "hub/src/http*"));
    assert!(!fits("hub/src/up.rs2", "hub/src/up.rs"));
}
