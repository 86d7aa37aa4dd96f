//! A desk and its postman in this process, between a real store and a real server.

use std::sync::Arc;
use std::time::Duration;

use vigie_hub::mail::config::MailConfig;
use vigie_hub::mail::desk::{Desk, Parts};
use vigie_hub::mail::driver::Driver;
use vigie_hub::mail::letter::{Letter, LetterState, Way};
use vigie_hub::mail::letters::storage::Limits;
use vigie_hub::mail::smtp::Smtp;
use vigie_hub::store::outbox::LetterFilter;
use vigie_hub::store::{Sqlite, Store, Vault};
use vigie_hub::webhook::WebhooksConfig;
use vigie_shared::clock::{Clock, SystemClock};
use vigie_shared::lifecycle::Lifecycle;
use vigie_tests::processes::wait_for;

/// A desk, its outbox, and whoever empties it.
pub(super) struct Post {
    pub(super) desk: Desk,
    pub(super) store: Arc<dyn Store>,
    lifecycle: Lifecycle,
    _folder: tempfile::TempDir,
}

/// Settings for a server on loopback that are tried again soon, and more lines of them.
pub(super) fn config(port: u16, recipients: &[&str], more: &str) -> MailConfig {
    let text = format!(
        "server = \"localhost\"\nport = {port}\nsecurity = \"none\"\nfrom = \"Vigie <vigie@example.org>\"\nrecipients = \
         {recipients:?}\nretry_min = \"20ms\"\nretry_max = \"200ms\"\ntimeout = \"5s\"\n{more}"
    );
    toml::from_str(&text).unwrap()
}

impl Post {
    pub(super) fn start(mail: MailConfig) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::open(&folder.path().join("store.key")).unwrap();
        let store: Arc<dyn Store> = Arc::new(Sqlite::open(&folder.path().join("vigie.db"), vault).unwrap());
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new(|| true));
        let webhooks = WebhooksConfig::default();
        let parts = Parts {
            store: store.clone(),
            clock,
            mail: mail.clone(),
            webhooks,
            machines: None,
            limits: Limits::default(),
        };
        let desk = Desk::new(parts).unwrap();
        let lifecycle = Lifecycle::new();
        let driver = Driver::new(desk.clone(), (Way::Mail, Arc::new(Smtp::new(mail, store.clone()))), 7);
        lifecycle.spawn("mail", driver.run(lifecycle.stopping()));
        Self { desk, store, lifecycle, _folder: folder }
    }

    /// Everything in the outbox, oldest first.
    pub(super) async fn letters(&self) -> Vec<Letter> {
        let mut letters = self.store.letters(&LetterFilter::default(), None, 1000).await.unwrap();
        letters.sort_by_key(|letter| letter.no);
        letters
    }

    /// Waits until no letter waits any more.
    pub(super) async fn settled(&self) -> Vec<Letter> {
        wait_for("an empty outbox", async || {
            self.letters().await.iter().all(|letter| letter.state != LetterState::Waiting)
        })
        .await
        .unwrap();
        self.letters().await
    }

    /// Waits until each letter was tried so often.
    pub(super) async fn tried(&self, times: u32) {
        wait_for("tries", async || self.letters().await.iter().all(|letter| letter.attempts >= times)).await.unwrap();
    }

    pub(super) async fn end(self) {
        self.lifecycle.stop();
        tokio::time::timeout(Duration::from_secs(20), self.lifecycle.wait()).await.unwrap();
    }
}
