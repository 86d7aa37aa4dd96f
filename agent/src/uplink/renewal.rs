//! Renewal of the box's certificate, well before it ends: at each connection, and now and then during a long one.

use std::path::Path;
use std::time::Duration;

use crate::identity::{Identity, enrol};

/// A certificate is renewed when less than this is left of it.
const BEFORE: Duration = Duration::from_secs(30 * 24 * 3600);

/// How often a live connection looks at its certificate.
pub(super) const LOOK: Duration = Duration::from_secs(3600);

/// Asks for a new certificate if the old one ends soon; none if there is time, or if the hub gives none: then the
/// old one is still good for trying.
pub(super) async fn renewed(identity: &Identity, now_ms: i64, folder: &Path) -> Option<Identity> {
    if !is_due(identity.certificate_expires_ms, now_ms) {
        return None;
    }
    let renewed = async {
        let renewed = enrol::renew(identity, enrol::box_facts(), now_ms).await?;
        renewed.save(folder)?;
        anyhow::Ok(renewed)
    };
    match renewed.await {
        Ok(renewed) => {
            tracing::info!("the box's certificate was renewed");
            Some(renewed)
        }
        Err(error) => {
            tracing::warn!("the box's certificate ends soon and could not be renewed yet: {error:#}");
            None
        }
    }
}

fn is_due(expires_ms: i64, now_ms: i64) -> bool {
    expires_ms.saturating_sub(now_ms) <= i64::try_from(BEFORE.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_renewed_a_month_before_it_ends_and_after() {
        const DAY_MS: i64 = 24 * 3600 * 1000;
        assert!(!is_due(100 * DAY_MS, 69 * DAY_MS));
        assert!(is_due(100 * DAY_MS, 70 * DAY_MS));
        assert!(is_due(100 * DAY_MS, 101 * DAY_MS));
    }
}
