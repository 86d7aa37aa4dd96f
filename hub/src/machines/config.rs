//! What an owner sets for the door by which older programs read machines, in `hub.toml`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};

/// Characters that the owner's token has at least: shorter ones can be guessed.
const TOKEN_CHARS_MIN: usize = 16;

/// Bytes of the file that the token stands in, at most.
const TOKEN_BYTES_MAX: u64 = 4096;

/// The section `machines` of `hub.toml`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MachinesConfig {
    /// Where the door listens, `host:port`; it is shut without.
    pub listen: Option<String>,
    /// The file that holds the door's token. API tokens of the hub open it in any case.
    pub token_file: Option<PathBuf>,
    /// The folder whose files are given out under `/installers/`; nothing is without.
    pub installers: Option<PathBuf>,
}

impl MachinesConfig {
    /// The door's token, if the owner wrote one.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or its token is too short.
    pub fn token(&self) -> anyhow::Result<Option<String>> {
        self.token_file.as_deref().map(read_token).transpose()
    }
}

fn read_token(path: &Path) -> anyhow::Result<String> {
    let shown = path.display();
    let size = std::fs::metadata(path).with_context(|| format!("read machines.token_file {shown}"))?.len();
    if size > TOKEN_BYTES_MAX {
        bail!("machines.token_file {shown} has {size} bytes; it holds one line, the token");
    }
    let text = std::fs::read_to_string(path).with_context(|| format!("read machines.token_file {shown}"))?;
    let token = text.trim().to_owned();
    if token.chars().count() < TOKEN_CHARS_MIN {
        bail!(
            "the token in machines.token_file {shown} is too short: use {TOKEN_CHARS_MIN} characters or more, for \
             example of `openssl rand -hex 24`"
        );
    }
    Ok(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_one_line_of_some_length() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        let config = MachinesConfig { token_file: Some(file.clone()), ..MachinesConfig::default() };
        assert!(config.token().unwrap_err().to_string().contains("machines.token_file"));
        std::fs::write(&file, "short\n").unwrap();
        let refusal = config.token().unwrap_err().to_string();
        assert!(refusal.contains("too short") && !refusal.contains("short\n"), "{refusal}");
        std::fs::write(&file, "0123456789abcdef0123\n").unwrap();
        assert_eq!(config.token().unwrap().as_deref(), Some("0123456789abcdef0123"));
        assert_eq!(MachinesConfig::default().token().unwrap(), None);
    }
}
