//! Gives out the files that the owner laid into one folder: by name, nothing below, behind or beside it, and no list.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path as FsPath;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Extension, Path};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use tokio::fs::File;
use tokio_util::io::ReaderStream;

use super::door::{DoorRules, Knower};
use crate::http::problem::Problem;

/// Characters of a file's name.
const NAME_CHARS_MAX: usize = 128;

/// Bytes that are read at a time.
const PART_BYTES: usize = 64 * 1024;

/// Gives one file.
pub(super) async fn give(
    _: Knower,
    Extension(rules): Extension<Arc<DoorRules>>,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let folder = rules.installers.as_deref().ok_or_else(|| nowhere(&name))?;
    if !is_plain(&name) {
        return Err(nowhere(&name));
    }
    let (file, size_bytes) = match open(folder, &name).await {
        Ok(opened) => opened,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(nowhere(&name)),
        Err(error) => {
            tracing::warn!("the installer {name} cannot be given out: {error}");
            let detail = "the hub cannot read this file; its log says why";
            return Err(Problem::new(StatusCode::NOT_FOUND, "installer_unreadable", "The file cannot be read", detail));
        }
    };
    let kind = if name.ends_with(".sh") { "text/x-shellscript; charset=utf-8" } else { "application/octet-stream" };
    let mut response = Body::from_stream(ReaderStream::with_capacity(file, PART_BYTES)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CONTENT_LENGTH, size_bytes.into());
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    Ok(response)
}

/// Opens a file that lies in the folder itself. What a link leads to is not given out, also when the link is laid
/// while we look: what was opened must be the very file that was looked at.
async fn open(folder: &FsPath, name: &str) -> io::Result<(File, u64)> {
    let path = folder.join(name);
    let seen = tokio::fs::symlink_metadata(&path).await?;
    if !seen.is_file() {
        return Err(io::ErrorKind::NotFound.into());
    }
    let file = File::open(&path).await?;
    let opened = file.metadata().await?;
    if (opened.dev(), opened.ino()) != (seen.dev(), seen.ino()) {
        return Err(io::ErrorKind::NotFound.into());
    }
    Ok((file, opened.len()))
}

/// Whether a name can be that of a file in the folder: letters, digits, `.`, `-`, `_` and blanks, not hidden.
fn is_plain(name: &str) -> bool {
    let is_known = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ');
    (1..=NAME_CHARS_MAX).contains(&name.chars().count()) && !name.starts_with('.') && name.chars().all(is_known)
}

fn nowhere(name: &str) -> Problem {
    let shown: String = name.chars().take(64).collect();
    let detail = format!(
        "there is no installer `{shown}`; its owner lays files into the folder that `machines.installers` of the hub's \
         configuration names"
    );
    Problem::new(StatusCode::NOT_FOUND, "installer_unknown", "There is no such file", detail)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[tokio::test]
    async fn only_files_of_the_folder_itself_are_opened() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("inside");
        std::fs::create_dir_all(inside.join("deeper")).unwrap();
        std::fs::write(folder.path().join("secret"), "s").unwrap();
        std::fs::write(inside.join("os_installer.sh"), "#!/bin/sh\n").unwrap();
        std::os::unix::fs::symlink(folder.path().join("secret"), inside.join("link")).unwrap();
        assert_eq!(open(&inside, "os_installer.sh").await.unwrap().1, 10);
        for name in ["link", "deeper", "missing"] {
            assert_eq!(open(&inside, name).await.unwrap_err().kind(), io::ErrorKind::NotFound, "{name}");
        }
    }

    proptest! {
        #[test]
        fn a_plain_name_stays_in_its_folder(name: String) {
            prop_assert!(!is_plain(&name) || (!name.contains(['/', '\\', '\0']) && name != ".." && name != "."));
        }
    }
}
