//! Port: who may connect. Asked at every connection, so that a revocation needs no restart.

use std::sync::Arc;

use async_trait::async_trait;
use vigie_shared::id::SiteId;

use crate::store::{Sites, StoreError};

/// Decides about boxes whose certificate is genuine.
#[async_trait]
pub trait Access: Send + Sync + 'static {
    /// Lets a box in, or says why not.
    ///
    /// # Errors
    ///
    /// Every [`Refusal`].
    async fn admit(&self, site: &SiteId, serial: &str) -> Result<(), Refusal>;
}

/// Why a box with a genuine certificate is not let in.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// There is no such site.
    #[error("there is no such site")]
    UnknownSite,
    /// The site or the certificate was revoked.
    #[error("the site or its certificate was revoked")]
    Revoked,
    /// Nobody could say; the box may try again.
    #[error("the store could not say who may connect")]
    Undecided(#[from] StoreError),
}

/// Access as the store has it.
///
/// A certificate that the store does not know is let in as long as its site exists: a hub restored from an
/// older backup must not lock out the boxes that were enrolled since.
pub struct StoreAccess(pub Arc<dyn Sites + Send + Sync>);

#[async_trait]
impl Access for StoreAccess {
    async fn admit(&self, site: &SiteId, serial: &str) -> Result<(), Refusal> {
        let known = self.0.site(site).await?.ok_or(Refusal::UnknownSite)?;
        let certificate = self.0.certificate(serial).await?;
        let is_revoked = certificate.is_some_and(|certificate| certificate.revoked_ms.is_some());
        if known.revoked_ms.is_some() || is_revoked { Err(Refusal::Revoked) } else { Ok(()) }
    }
}
