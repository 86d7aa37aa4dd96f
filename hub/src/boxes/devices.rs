//! What a box learns of its site's devices, and which device it says is somebody's.

use std::net::IpAddr;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use vigie_shared::devices::{DEVICES_MAX, DeviceClaim, DeviceRegister};
use vigie_shared::id::{SiteId, from_hex, random_bytes, to_hex};
use vigie_shared::pseudonym::{Pseudonym, PseudonymKey};

use super::desk::{Desk, failed};
use super::problem::Refused;
use crate::login::secret::sha256;
use crate::pki::PeerIdentity;
use crate::store::presence::Claim;

/// A box's own time of a claim is believed this far from the hub's, milliseconds: its clock may be wrong.
const SKEW_MAX_MS: i64 = 60 * 60 * 1000;

/// Claims that wait at once; more are refused until somebody decides of some.
const CLAIMS_MAX: usize = 1_000;

impl Desk {
    /// Tells a box which devices keep their name and which must not be stored, unless it knows.
    pub(super) async fn devices(&self, peer: &PeerIdentity, headers: &HeaderMap) -> Result<Response, Refused> {
        self.check(peer).await?;
        let register = self.register_of(&peer.site).await?;
        let body = serde_json::to_vec(&register).unwrap_or_default();
        let tag = format!("\"{}\"", to_hex(&sha256(&body)));
        let is_known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
        let mut response = if is_known {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            ([(header::CONTENT_TYPE, "application/json")], Body::from(body)).into_response()
        };
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            response.headers_mut().insert(header::ETAG, tag);
        }
        Ok(response)
    }

    async fn register_of(&self, site: &SiteId) -> Result<DeviceRegister, Refused> {
        let known = self.store.registered(Some(site)).await.map_err(failed)?;
        let excluded = self.store.exclusions(Some(site)).await.map_err(failed)?;
        if known.len().max(excluded.len()) > DEVICES_MAX {
            tracing::warn!(%site, "more than {DEVICES_MAX} devices are registered or excluded; the box knows the first of them");
        }
        let known = known.iter().take(DEVICES_MAX).filter_map(|one| pseudonym(&one.device));
        let excluded = excluded.iter().take(DEVICES_MAX).filter_map(|one| pseudonym(&one.device));
        Ok(DeviceRegister { known: known.collect(), excluded: excluded.collect() })
    }

    /// Keeps a claim until an administrator decides of it.
    pub(super) async fn claim(&self, claim: &DeviceClaim, peer: &PeerIdentity, from: IpAddr) -> Result<(), Refused> {
        self.may_try(from)?;
        let answer = self.keep_claim(claim, peer).await;
        if let Err(refused) = &answer {
            tracing::info!(site = %peer.site, "a claim of a device was refused: {refused}");
            self.count_against(from, refused);
        }
        answer
    }

    async fn keep_claim(&self, claim: &DeviceClaim, peer: &PeerIdentity) -> Result<(), Refused> {
        self.check(peer).await?;
        if !claim.mac.is_device() {
            return Err(Refused::NoDevice);
        }
        let now_ms = self.now_ms();
        let person = self.store.pairing(&peer.site, sha256(&claim.secret.0), now_ms).await.map_err(failed)?;
        let person = person.ok_or(Refused::UnknownTicket)?;
        if self.store.claims().await.map_err(failed)?.len() >= CLAIMS_MAX {
            return Err(Refused::Busy);
        }
        let key = PseudonymKey::new(&self.store.pseudonym_secret(&peer.site).await.map_err(failed)?);
        let is_near = claim.seen_ms.abs_diff(now_ms) <= SKEW_MAX_MS.unsigned_abs();
        let claim = Claim {
            id: to_hex(&random_bytes::<16>()),
            site: peer.site.clone(),
            device: key.name(claim.mac).to_string(),
            mac: claim.mac,
            person,
            made_ms: if is_near { claim.seen_ms } else { now_ms },
        };
        self.store.add_claim(&claim).await.map_err(failed)
    }
}

/// A device's pseudonym; none for equipment that is named openly.
fn pseudonym(device: &str) -> Option<Pseudonym> {
    from_hex(device).and_then(|bytes| bytes.try_into().ok()).map(Pseudonym)
}
