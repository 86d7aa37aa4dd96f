//! The first start: one account with a random password, a link by which its owner chooses name and password, and one
//! token in a file for `curl`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use vigie_shared::clock::Clock;
use vigie_shared::file::replace_private;

use super::links::link;
use super::{password, secret};
use crate::store::Store;
use crate::store::accounts::{Account, Credential, CredentialKind, Role, Scope};

/// The account that the first start makes, and under which the unix socket speaks.
pub const ACCOUNT: &str = "admin";
/// How long the token in the file works.
const TOKEN_LIFE: Duration = Duration::from_secs(365 * 24 * 60 * 60);
/// How long the link for the owner's own name and password works, milliseconds: a week after the first start.
const SETUP_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// What a person must be told once: it is kept nowhere.
pub struct FirstLogin {
    /// The account's name.
    pub account: String,
    /// Its password.
    pub password: String,
    /// The secret of the link by which the owner chooses name and password: it works once.
    pub setup: String,
    /// A file for `curl -H @FILE`: one header line with an API token.
    pub curl_header: PathBuf,
}

/// Where the header file lies in a data folder.
#[must_use]
pub fn curl_header_path(data: &Path) -> PathBuf {
    data.join("curl-header")
}

/// Makes the first account if there is none yet; `None` if there is one.
///
/// The account is stored last: whatever fails before is done again at the next start.
///
/// # Errors
///
/// If the file cannot be written or the store failed.
pub async fn first_start(store: &dyn Store, clock: &dyn Clock, data: &Path) -> anyhow::Result<Option<FirstLogin>> {
    if !store.accounts().await.context("look for accounts")?.is_empty() {
        return Ok(None);
    }
    let (now_ms, token, password) = (clock.wall_ms(), secret::draw_token(), secret::readable_password());
    let credential = Credential {
        secret_sha256: secret::sha256(token.as_bytes()),
        kind: CredentialKind::Token,
        account: ACCOUNT.to_owned(),
        label: "curl-header file".to_owned(),
        role: Role::Owner,
        created_ms: now_ms,
        expires_ms: now_ms.saturating_add(i64::try_from(TOKEN_LIFE.as_millis()).unwrap_or(0)),
        scope: Scope::default(),
        used_ms: None,
    };
    let setup = secret::draw();
    let first_link = link(&setup, CredentialKind::Setup, ACCOUNT, now_ms, SETUP_MS);
    store.add_credential(&first_link).await.context("store the first link")?;
    store.add_credential(&credential).await.context("store the first token")?;
    let curl_header = curl_header_path(data);
    replace_private(&curl_header, format!("Authorization: Bearer {token}\n").as_bytes())
        .with_context(|| format!("write the token's header line to {}", curl_header.display()))?;
    let account = Account {
        name: ACCOUNT.to_owned(),
        password_hash: password::hash(&password)?,
        role: Role::Owner,
        created_ms: now_ms,
        person: None,
        email: None,
    };
    store.put_account(&account).await.context("store the first account")?;
    Ok(Some(FirstLogin { account: account.name, password, setup, curl_header }))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::sync::Arc;

    use super::*;
    use crate::http::testing::Stage;
    use crate::login::{Browser, Logins, Typed};
    use crate::store::Accounts as _;
    use crate::store::memory::Memory;

    #[tokio::test]
    async fn the_first_start_makes_one_login_and_one_private_header_line() {
        let (store, clock) = (Arc::new(Memory::default()), Stage::new().await.clock);
        let folder = tempfile::tempdir().unwrap();

        let first = first_start(&*store, &*clock, folder.path()).await.unwrap().unwrap();

        let mode = std::fs::metadata(&first.curl_header).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let logins = Logins::new(store.clone(), clock.clone());
        let line = std::fs::read_to_string(&first.curl_header).unwrap();
        let token = line.strip_prefix("Authorization: Bearer ").unwrap().trim_end();
        let caller = logins.by_token(token).await.unwrap().unwrap();
        assert_eq!((caller.account.as_str(), caller.role), (ACCOUNT, Role::Owner));
        let typed = Typed { account: ACCOUNT, password: &first.password, code: None };
        let session = logins.sign_in(typed, Browser::default()).await.unwrap();
        assert_eq!(session.caller.role, Role::Owner);
        assert!(first_start(&*store, &*clock, folder.path()).await.unwrap().is_none());
        assert_eq!(store.accounts().await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_first_start_that_failed_is_done_again() {
        let (store, clock) = (Memory::default(), Stage::new().await.clock);
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(curl_header_path(folder.path())).unwrap();
        assert!(first_start(&store, &*clock, folder.path()).await.is_err());
        assert!(store.accounts().await.unwrap().is_empty());
        std::fs::remove_dir(curl_header_path(folder.path())).unwrap();
        assert!(first_start(&store, &*clock, folder.path()).await.unwrap().is_some());
    }
}
