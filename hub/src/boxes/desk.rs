//! What enrolment and renewal decide, apart from how they are asked.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use vigie_shared::clock::Clock;
use vigie_shared::enrol::{BoxFacts, EnrolRequest, Enrolled, Hex, Identity, RenewRequest, Said};
use vigie_shared::id::SiteId;

use super::problem::Refused;
use super::register::checked;
use super::{BoxesConfig, BoxesParts, files};
use crate::blobs::{BlobError, Blobs};
use crate::login::Logins;
use crate::pki::{CsrError, PeerIdentity, Pki, Signed};
use crate::rate::Buckets;
use crate::shelf::Shelf;
use crate::store::sites::{Certificate, Redeemed};
use crate::store::{Store, StoreError};

/// One refusal is forgiven in ten seconds.
const FORGIVEN_PER_SECOND: f64 = 0.1;

/// Addresses whose refusals are remembered.
const ADDRESSES_MAX: usize = 10_000;

/// What boxes may fetch.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wares {
    Media,
    Releases,
}

pub(super) struct Desk {
    config: BoxesConfig,
    pki: Arc<Pki>,
    address: String,
    pub(super) store: Arc<dyn Store>,
    pub(super) logins: Arc<Logins>,
    blobs: Blobs,
    media: Shelf,
    /// Places for downloads.
    downloads: Arc<Semaphore>,
    releases: Shelf,
    clock: Arc<dyn Clock>,
    refusals: Mutex<Buckets<IpAddr>>,
}

impl Desk {
    pub(super) fn new(parts: BoxesParts) -> Self {
        let BoxesParts { config, pki, address, store, logins, blobs, media, releases, clock } = parts;
        let refusals = Buckets::new(FORGIVEN_PER_SECOND, f64::from(config.refusals_max), ADDRESSES_MAX);
        let downloads = Arc::new(Semaphore::new(config.downloads_max));
        let refusals = Mutex::new(refusals);
        Self { config, pki, address, store, logins, blobs, media, downloads, releases, clock, refusals }
    }

    pub(super) fn now_ms(&self) -> i64 {
        self.clock.wall_ms()
    }

    /// Makes a box a site's box, if its secret is good.
    pub(super) async fn enrol(&self, request: &EnrolRequest, from: IpAddr) -> Result<Enrolled, Refused> {
        self.may_try(from)?;
        let answer = self.redeem_and_sign(request).await;
        if let Err(refused) = &answer {
            tracing::info!(site = %request.site, "an enrolment was refused: {refused}");
            self.count_against(from, refused);
        }
        answer
    }

    async fn redeem_and_sign(&self, request: &EnrolRequest) -> Result<Enrolled, Refused> {
        let now_ms = self.now_ms();
        let said = checked(&request.said)?;
        // Signed before the secret is used up: a bad request must not cost the token. The certificate is worth
        // nothing until it is handed out.
        let signed = self.sign(&request.csr, &request.site, now_ms)?;
        let secret = ring::digest::digest(&ring::digest::SHA256, &request.secret.0);
        let secret_sha256 = secret.as_ref().try_into().expect("SHA-256 has 32 bytes");
        let redeemed = self.store.redeem(&request.site, secret_sha256, now_ms).await.map_err(failed)?;
        match redeemed {
            Redeemed::Good => {}
            Redeemed::Unknown => return Err(Refused::UnknownSecret),
            Redeemed::Used(at_ms) => return Err(Refused::UsedSecret(date(at_ms))),
            Redeemed::Expired(at_ms) => return Err(Refused::ExpiredSecret(date(at_ms))),
        }
        let facts = &request.facts;
        tracing::info!(site = %request.site, version = facts.version, target = facts.target, "a box was enrolled");
        self.hand_out(&request.site, signed, (&said, facts)).await
    }

    /// Gives a box that has, or had, a good certificate a new one.
    pub(super) async fn renew(
        &self,
        request: &RenewRequest,
        peer: &PeerIdentity,
        from: IpAddr,
    ) -> Result<Identity, Refused> {
        self.may_try(from)?;
        let answer = self.check_and_sign(request, peer).await;
        if let Err(refused) = &answer {
            tracing::info!(site = %peer.site, serial = peer.serial, "a renewal was refused: {refused}");
            self.count_against(from, refused);
        }
        answer
    }

    async fn check_and_sign(&self, request: &RenewRequest, peer: &PeerIdentity) -> Result<Identity, Refused> {
        let now_ms = self.now_ms();
        self.check(peer).await?;
        let signed = self.sign(&request.csr, &peer.site, now_ms)?;
        tracing::info!(site = %peer.site, version = request.facts.version, "a box got a new certificate");
        Ok(self.hand_out(&peer.site, signed, (&Said::default(), &request.facts)).await?.identity)
    }

    /// Remembers what a box says of itself.
    pub(super) async fn learn(&self, facts: &BoxFacts, peer: &PeerIdentity) -> Result<(), Refused> {
        self.check(peer).await?;
        self.note_machine(&peer.site, facts).await
    }

    /// Refuses a certificate that was revoked or that this hub did not give.
    pub(super) async fn check(&self, peer: &PeerIdentity) -> Result<(), Refused> {
        let known = self.store.certificate(&peer.serial).await.map_err(failed)?;
        let is_good = known.is_some_and(|known| known.site == peer.site && known.revoked_ms.is_none());
        if is_good { Ok(()) } else { Err(Refused::RevokedCertificate) }
    }

    /// Keeps what a box uploads.
    pub(super) async fn keep(&self, peer: &PeerIdentity, sha256: String, content: Bytes) -> Result<(), Refused> {
        self.check(peer).await?;
        let (blobs, site) = (self.blobs.clone(), peer.site.clone());
        let kept = tokio::task::spawn_blocking(move || blobs.put(&site, &sha256, &content)).await;
        match kept {
            Ok(Ok(())) => Ok(()),
            Ok(Err(BlobError::OtherContent)) => Err(Refused::Unreadable(BlobError::OtherContent.to_string())),
            Ok(Err(error @ BlobError::Storage(_))) => {
                tracing::error!(site = %peer.site, "an upload could not be kept: {:#}", anyhow::Error::new(error));
                Err(Refused::HubFailed)
            }
            Err(_panicked) => Err(Refused::HubFailed),
        }
    }

    /// Gives a box a medium or a package.
    pub(super) async fn give(
        &self,
        peer: &PeerIdentity,
        (wares, sha256): (Wares, &str),
        asked: (&Method, &HeaderMap),
    ) -> Result<Response, Refused> {
        self.check(peer).await?;
        let place = Arc::clone(&self.downloads).try_acquire_owned().map_err(|_none_left| Refused::Busy)?;
        let shelf = match wares {
            Wares::Media => &self.media,
            Wares::Releases => &self.releases,
        };
        files::give(shelf, sha256, asked, place).await
    }

    pub(super) fn sign(&self, csr: &str, site: &SiteId, now_ms: i64) -> Result<Signed, Refused> {
        self.pki.sign_csr(csr, site, now_ms).map_err(|error| match error {
            CsrError::Bad(_) => Refused::BadCsr(error.to_string()),
            CsrError::Failed(error) => {
                tracing::error!("a certificate could not be signed: {error:#}");
                Refused::HubFailed
            }
        })
    }

    /// Writes a certificate down and gives it away, with what was said of the site and what the box is.
    pub(super) async fn hand_out(
        &self,
        site: &SiteId,
        signed: Signed,
        (said, facts): (&Said, &BoxFacts),
    ) -> Result<Enrolled, Refused> {
        let known = self.store.site(site).await.map_err(failed)?.ok_or(Refused::UnknownSecret)?;
        if known.revoked_ms.is_some() {
            return Err(Refused::RevokedSite);
        }
        let Signed { serial, issued_ms, expires_ms, pem, .. } = signed;
        let certificate = Certificate { serial, site: site.clone(), issued_ms, expires_ms, revoked_ms: None };
        self.store.add_certificate(&certificate).await.map_err(failed)?;
        self.note_machine(site, facts).await?;
        let taken = self.fill(site, said).await?;
        let identity = Identity {
            certificate: pem,
            expires_ms,
            ca: self.pki.ca_pem().to_owned(),
            mqtt_host: self.config.mqtt_host.clone(),
            mqtt_port: self.config.mqtt_port,
            command_keys: vec![Hex(self.pki.command_public_key())],
            pseudonym_secret: Hex(self.store.pseudonym_secret(site).await.map_err(failed)?),
            seal_key: Some(Hex(self.pki.seal_public_key())),
            zone: known.zone,
            hub_ms: self.now_ms(),
        };
        Ok(Enrolled { identity, site: site.clone(), hub: self.address.clone(), taken })
    }

    pub(super) fn may_try(&self, from: IpAddr) -> Result<(), Refused> {
        if self.refusals().may(&from, Instant::now()) { Ok(()) } else { Err(Refused::TooMany) }
    }

    pub(super) fn count_against(&self, from: IpAddr, refused: &Refused) {
        if *refused != Refused::HubFailed {
            self.refusals().take(from, Instant::now());
        }
    }

    fn refusals(&self) -> std::sync::MutexGuard<'_, Buckets<IpAddr>> {
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn failed(error: StoreError) -> Refused {
    tracing::error!("the store failed while a box was served: {:#}", anyhow::Error::new(error));
    Refused::HubFailed
}

/// A moment as people read it, UTC.
fn date(at_ms: i64) -> String {
    Timestamp::from_millisecond(at_ms).map_or_else(|_| "long ago".to_owned(), |at| at.strftime("%F %R UTC").to_string())
}
