//! The letter with a link for a new password.

use anyhow::Context as _;
use vigie_shared::id::to_hex;

use super::Desk;
use crate::login::links::RESET_MS;
use crate::login::secret::sha256;
use crate::mail::config::Recipient;
use crate::mail::letters::password;
use crate::store::accounts::Account;

impl Desk {
    /// Sends an account the link by which a new password is chosen; the secret stands behind its `#`.
    ///
    /// # Errors
    ///
    /// Words for the hub's log: the account has no address, or the owner has set up no mail.
    pub async fn send_reset(&self, account: &Account, secret: &str) -> anyhow::Result<()> {
        let mail = &self.0.parts.mail;
        anyhow::ensure!(mail.server.is_some(), "no mail is sent: set `server` and `from` under [mail] in hub.toml");
        let dashboard = mail.dashboard.as_deref().context("set `dashboard` under [mail] in hub.toml, for the link")?;
        let address = account.email.as_deref().context("the account has no address")?;
        let address = address.parse().map_err(anyhow::Error::msg).context("read the account's address")?;
        let reader = self.reader(&Recipient::new(address));
        let link = format!("{}/reset#{secret}", dashboard.trim_end_matches('/'));
        let valid_s = u64::try_from(RESET_MS / 1000).unwrap_or_default();
        let page = password::page(&reader, &account.name, (&link, valid_s));
        // Named by a hash, so that the list of mails holds no secret.
        let name = sha256(secret.as_bytes());
        let about = format!("reset-{}", to_hex(name.first_chunk::<8>().map_or(&[], |begin| begin.as_slice())));
        let letter = self.letter(page, (&about, 0), &reader)?;
        self.put(&[letter]).await?;
        Ok(())
    }
}
