//! Sites: who may exist, and by which certificate they prove it.

use std::net::IpAddr;

use async_trait::async_trait;
use serde::Serialize;
use vigie_shared::about::About;
use vigie_shared::id::SiteId;

use crate::store::StoreError;

/// A place with one box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Site {
    /// Its id, in topics and certificates.
    pub id: SiteId,
    /// Its name, for people.
    pub name: String,
    /// Its IANA time zone, for local dates.
    pub zone: String,
    /// What people say of it.
    pub about: About,
    /// What its box said last of itself.
    pub machine: Machine,
    /// When it was added, milliseconds since 1970 UTC.
    pub created_ms: i64,
    /// When it was revoked: its box is refused from then on.
    pub revoked_ms: Option<i64>,
}

impl Site {
    /// A site of which nothing else is known yet.
    #[must_use]
    pub fn new(id: SiteId, name: String, zone: String, created_ms: i64) -> Self {
        let (about, machine) = (About::default(), Machine::default());
        Self { id, name, zone, about, machine, created_ms, revoked_ms: None }
    }

    /// Whether nobody gave it a name yet: its id stands for one.
    #[must_use]
    pub fn is_nameless(&self) -> bool {
        self.name == self.id.as_str()
    }
}

/// A box's hardware, system and place, in its own words; empty if it does not know.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Machine {
    /// The hardware's own name.
    pub model: String,
    /// The system's own name.
    pub os: String,
    /// Where it is reached on its own network; none if it does not know.
    pub lan: Option<IpAddr>,
}

/// A one-time permission to become a site's box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// For which site.
    pub site: SiteId,
    /// SHA-256 of the token's secret; the secret itself is not kept.
    pub secret_sha256: [u8; 32],
    /// When it was given, milliseconds since 1970 UTC.
    pub created_ms: i64,
    /// When it stops working.
    pub expires_ms: i64,
    /// When it was used, if it was.
    pub used_ms: Option<i64>,
}

/// A client certificate that this hub's CA made for a box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Certificate {
    /// Its serial number, lower-case hexadecimal.
    pub serial: String,
    /// The site it names.
    pub site: SiteId,
    /// When it was made, milliseconds since 1970 UTC.
    pub issued_ms: i64,
    /// When it ends.
    pub expires_ms: i64,
    /// When it was revoked, if it was.
    pub revoked_ms: Option<i64>,
}

/// What became of a secret that a box presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redeemed {
    /// It was good, and is used up.
    Good,
    /// No such secret.
    Unknown,
    /// It was good once, and used at this time, milliseconds since 1970 UTC.
    Used(i64),
    /// It ended at this time.
    Expired(i64),
}

impl Redeemed {
    /// Judges what was found under a secret: when it ends, and when it was used.
    #[must_use]
    pub fn judge(found: Option<(i64, Option<i64>)>, now_ms: i64) -> Self {
        match found {
            None => Self::Unknown,
            Some((_, Some(used_ms))) => Self::Used(used_ms),
            Some((expires_ms, None)) if expires_ms <= now_ms => Self::Expired(expires_ms),
            Some((_, None)) => Self::Good,
        }
    }
}

/// The sites' part of the store.
#[async_trait]
pub trait Sites {
    /// Adds a site.
    ///
    /// # Errors
    ///
    /// [`StoreError::Conflict`] if the id exists.
    async fn add_site(&self, site: &Site) -> Result<(), StoreError>;

    /// Every site, by id.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn sites(&self) -> Result<Vec<Site>, StoreError>;

    /// One site.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn site(&self, id: &SiteId) -> Result<Option<Site>, StoreError>;

    /// Gives a site the name, zone and description of `becomes`, if they are still those of `was`; false if they are
    /// not, or there is no such site.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn describe_site(&self, was: &Site, becomes: &Site) -> Result<bool, StoreError>;

    /// Remembers what a site's box said of itself; false if there is no such site.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn note_machine(&self, id: &SiteId, machine: &Machine) -> Result<bool, StoreError>;

    /// Marks a site and all its certificates and open enrolments as revoked; false if there is no such site.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn revoke_site(&self, id: &SiteId, now_ms: i64) -> Result<bool, StoreError>;

    /// Prepares a site for a new box: revokes its certificates and open enrolments, lifts the revocation of
    /// the site itself; false if there is no such site.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn replace_site(&self, id: &SiteId, now_ms: i64) -> Result<bool, StoreError>;

    /// Remembers a permission.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn add_enrolment(&self, enrolment: &Enrolment) -> Result<(), StoreError>;

    /// Every permission, newest first.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn enrolments(&self) -> Result<Vec<Enrolment>, StoreError>;

    /// Uses a permission up, if it is good: two boxes with one token get one `Good`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn redeem(&self, site: &SiteId, secret_sha256: [u8; 32], now_ms: i64) -> Result<Redeemed, StoreError>;

    /// Remembers a certificate.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn add_certificate(&self, certificate: &Certificate) -> Result<(), StoreError>;

    /// Every certificate, newest first.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn certificates(&self) -> Result<Vec<Certificate>, StoreError>;

    /// The certificate with this serial number, asked for at every connection: worth an index.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn certificate(&self, serial: &str) -> Result<Option<Certificate>, StoreError> {
        Ok(self.certificates().await?.into_iter().find(|certificate| certificate.serial == serial))
    }

    /// The secret that names a site's registered devices, made at the first call.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn pseudonym_secret(&self, site: &SiteId) -> Result<[u8; 32], StoreError>;
}
