//! The unit's drop-in: what the owner's own folders need so that the sandboxed agent can reach them.
//!
//! The package's unit hides all homes and makes the system read-only. A folder of the owner gets exactly one line that
//! opens it again. Whoever writes the text to [`DROP_IN`] as root then runs `systemctl daemon-reload`.

use std::path::{Component, Path, PathBuf};

/// Where the text belongs.
pub const DROP_IN: &str = "/etc/systemd/system/vigie-agent.service.d/50-paths.conf";

/// Folders that the unit hides: below them a path is brought back, everywhere else it is made writable.
const HIDDEN: [&str; 3] = ["/home", "/root", "/run/user"];

/// What the agent must reach.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnerPaths {
    /// Folders that the agent writes: videos, the application's configuration.
    pub writable: Vec<PathBuf>,
    /// Files and folders that it reads, as far as the unit hides them: logs in a home.
    pub readable: Vec<PathBuf>,
    /// Groups whose files these are, as `pi`: the sandbox opens paths, the file system still asks who one is.
    pub groups: Vec<String>,
}

/// Why a path or a group cannot stand in a unit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// It is not absolute, goes up, or is the whole system.
    #[error("{0} cannot be opened to the agent: a path is absolute, without `..`, and not a whole tree of the system")]
    NoPath(PathBuf),
    /// Letters that a unit file would take for something else.
    #[error("{0:?} has letters that a unit file cannot carry")]
    Letters(String),
}

/// The drop-in's text for these paths; empty if they need none.
///
/// # Errors
///
/// Every [`UnitError`]; nothing of the text is usable then.
pub fn drop_in(paths: &OwnerPaths) -> Result<String, UnitError> {
    let mut lines = Vec::new();
    for path in &paths.writable {
        let key = if is_hidden(path) { "BindPaths" } else { "ReadWritePaths" };
        lines.push(format!("{key}={}", quoted(path)?));
    }
    for path in &paths.readable {
        let quoted = quoted(path)?;
        if is_hidden(path) {
            lines.push(format!("BindReadOnlyPaths={quoted}"));
        }
    }
    for group in &paths.groups {
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
        if group.is_empty() || group.starts_with('-') || !group.chars().all(is_plain) {
            return Err(UnitError::Letters(group.clone()));
        }
        lines.push(format!("SupplementaryGroups={group}"));
    }
    if !paths.groups.is_empty() {
        // New folders hand the group down, by the bit that this would forbid.
        lines.push("RestrictSUIDSGID=no".to_owned());
    }
    if lines.is_empty() {
        return Ok(String::new());
    }
    let heading = "# What the owner's settings open to the agent; `vigie-agent config import` writes this file.";
    Ok(format!("{heading}\n[Service]\n{}\n", lines.join("\n")))
}

fn is_hidden(path: &Path) -> bool {
    HIDDEN.iter().any(|hidden| path.starts_with(hidden))
}

/// A path as a unit file has it. The hyphen: a folder that is not there yet must not keep the agent from starting.
fn quoted(path: &Path) -> Result<String, UnitError> {
    let is_straight = path.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
    // One part below the root, as `/etc` or `/home`, is a whole tree of the system.
    if !path.is_absolute() || !is_straight || path.components().count() < 3 {
        return Err(UnitError::NoPath(path.to_owned()));
    }
    let text = path.to_str().ok_or_else(|| UnitError::Letters(path.to_string_lossy().into_owned()))?;
    if text.contains(|letter: char| letter.is_control() || "\"'\\:".contains(letter)) {
        return Err(UnitError::Letters(text.to_owned()));
    }
    // In units a percent sign begins a specifier.
    Ok(format!("\"-{}\"", text.replace('%', "%%")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A path in the home of the boxes' usual user.
    fn in_home(path: &str) -> String {
        format!("{}/pi/{path}", HIDDEN[0])
    }

    fn writable(path: &str) -> Result<String, UnitError> {
        drop_in(&OwnerPaths { writable: vec![path.into()], ..OwnerPaths::default() })
    }

    #[test]
    fn a_folder_in_a_home_is_brought_back_and_another_made_writable() {
        let (videos, logs) = (in_home("neopro/videos"), in_home("logs"));
        let paths = OwnerPaths {
            writable: vec![videos.clone().into(), "/srv/100% video".into()],
            readable: vec![logs.clone().into(), "/var/log/nginx".into()],
            groups: vec!["pi".to_owned()],
        };
        let text = drop_in(&paths).unwrap();
        let lines: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!(
            lines,
            [
                "[Service]",
                &format!("BindPaths=\"-{videos}\""),
                "ReadWritePaths=\"-/srv/100%% video\"",
                &format!("BindReadOnlyPaths=\"-{logs}\""),
                "SupplementaryGroups=pi",
                "RestrictSUIDSGID=no",
            ]
        );
    }

    #[test]
    fn no_paths_need_no_drop_in() {
        assert_eq!(drop_in(&OwnerPaths::default()), Ok(String::new()));
    }

    #[test]
    fn no_path_opens_a_whole_tree_or_goes_up() {
        for path in ["/", "/etc", HIDDEN[0], "videos", "/srv/../etc/vigie", ""] {
            assert!(matches!(writable(path), Err(UnitError::NoPath(_))), "{path}");
        }
    }

    #[test]
    fn no_path_or_group_adds_a_line_of_its_own() {
        for path in ["/srv/a\nExecStartPre=/bin/sh", "/srv/a\" /etc \"b", "/srv/a:/etc/b", "/srv/a\\x20b"] {
            assert!(matches!(writable(path), Err(UnitError::Letters(_))), "{path}");
        }
        let groups = |group: &str| drop_in(&OwnerPaths { groups: vec![group.to_owned()], ..OwnerPaths::default() });
        groups("pi\nUser=root").unwrap_err();
        groups("").unwrap_err();
    }
}
