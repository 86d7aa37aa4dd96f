//! What the box logs in with: a key, which it can make itself, and perhaps a password, from files.

use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use vigie_shared::file::{make_private_folder, replace_private};

use super::config::Config;
use super::ssh::{Key, Login};

/// Longest secret file: an OpenSSH key has 400 to 700 bytes.
const FILE_BYTES_MAX: u64 = 16 * 1024;

/// Reads what the settings name.
///
/// # Errors
///
/// Words for people: there is nothing to log in with, or a file is missing, unfit, or open to everybody.
pub fn load(config: &Config, data: &Path) -> anyhow::Result<Login> {
    let key = key(config, data)?;
    let password = config.password_file.as_deref().map(password).transpose()?;
    ensure!(
        key.is_some() || password.is_some(),
        "there is nothing to log in with on the machines: `vigie-agent machine key` makes a key and says where it belongs"
    );
    Ok(Login { user: config.user.clone(), key, password })
}

/// The key of the settings, or the box's own, made now if there is none.
///
/// # Errors
///
/// As [`load`], and those of the disk.
pub fn key_or_make(config: &Config, data: &Path) -> anyhow::Result<Key> {
    if let Some(key) = key(config, data)? {
        return Ok(key);
    }
    let file = own_key_file(data);
    let (key, text) = Key::make()?;
    make_private_folder(file.parent().unwrap_or(data)).context("make the folder of the key")?;
    replace_private(&file, text.as_bytes()).with_context(|| format!("write the key {}", file.display()))?;
    Ok(key)
}

fn key(config: &Config, data: &Path) -> anyhow::Result<Option<Key>> {
    let file = config.key_file.clone().unwrap_or_else(|| own_key_file(data));
    let text = match secret(&file) {
        // Only a file that the settings name must be there.
        Err(error) if config.key_file.is_none() && is_missing(&error) => return Ok(None),
        text => text?,
    };
    Key::read(&text).with_context(|| format!("read the key {}", file.display())).map(Some)
}

fn own_key_file(data: &Path) -> PathBuf {
    data.join("machines").join("id_ed25519")
}

/// The file's one line.
fn password(file: &Path) -> anyhow::Result<String> {
    let text = secret(file)?;
    let password = text.trim_end_matches(['\r', '\n']);
    ensure!(!password.is_empty(), "the password file {} is empty", file.display());
    ensure!(!password.contains(['\r', '\n']), "the password file {} has more than one line", file.display());
    Ok(password.to_owned())
}

fn secret(file: &Path) -> anyhow::Result<String> {
    let found = file.metadata().with_context(|| format!("look at {}", file.display()))?;
    ensure!(
        found.mode() & 0o007 == 0,
        "{} is open to everybody on this machine: chmod o= {}",
        file.display(),
        file.display()
    );
    ensure!(found.len() <= FILE_BYTES_MAX, "{} is too large to be a secret", file.display());
    std::fs::read_to_string(file).with_context(|| format!("read {}", file.display()))
}

fn is_missing(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::NotFound)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn write(file: &Path, text: &str, mode: u32) {
        std::fs::write(file, text).unwrap();
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    fn words(result: anyhow::Result<Login>) -> String {
        format!("{:#}", result.err().unwrap())
    }

    #[test]
    fn the_boxs_own_key_is_made_once_and_is_its_own_alone() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config::default();
        assert!(words(load(&config, folder.path())).contains("vigie-agent machine key"));

        let made = key_or_make(&config, folder.path()).unwrap().public().unwrap();

        assert_eq!(key_or_make(&config, folder.path()).unwrap().public().unwrap(), made);
        assert!(load(&config, folder.path()).unwrap().key.is_some());
        let mode = own_key_file(folder.path()).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_password_is_the_one_line_of_a_file_that_is_not_open_to_everybody() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        let config = Config { password_file: Some(file.clone()), ..Config::default() };
        write(&file, "s3cret with blanks \n", 0o640);
        assert_eq!(load(&config, folder.path()).unwrap().password.as_deref(), Some("s3cret with blanks "));
        for (text, mode, expected) in [
            ("s3cret\n", 0o644, "open to everybody"),
            ("\n", 0o600, "is empty"),
            ("one\ntwo\n", 0o600, "more than one line"),
        ] {
            write(&file, text, mode);
            let said = words(load(&config, folder.path()));
            assert!(said.contains(expected) && !said.contains("s3cret"), "{said}");
        }
    }

    #[test]
    fn a_key_file_that_the_owner_names_must_be_there() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config { key_file: Some(folder.path().join("nope")), ..Config::default() };
        assert!(words(load(&config, folder.path())).contains("nope"));
    }
}
