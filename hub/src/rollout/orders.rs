//! From a release to the command that installs it, and why a box cannot get it.

use vigie_shared::id::SiteId;
use vigie_shared::package::RELEASES_PATH;
use vigie_shared::wire::command::{UpdateSoftware, When};
use vigie_shared::wire::{Command, CommandHeader, CommandKind};

use super::{Plan, command_id};
use crate::releases::package;
use crate::store::releases::{Installed, Release};

/// A command for now must be begun within this time, or it is given again.
const NOW_EXPIRES_MS: i64 = 60 * 60 * 1_000;

/// A command for the preferred hour must be begun within this time: that hour comes once a day.
const HOUR_EXPIRES_MS: i64 = 26 * 60 * 60 * 1_000;

/// What a box told about one software.
pub(super) struct Software<'a> {
    has_told: bool,
    is_declared: bool,
    /// Its version; none if nobody told.
    pub(super) version: Option<&'a str>,
    /// The machine's processor; none if nobody told.
    pub(super) processor: Option<&'a str>,
}

impl<'a> Software<'a> {
    pub(super) fn of(installed: &'a [Installed], site: &SiteId, software: &str) -> Self {
        let any = installed.iter().find(|row| row.site == *site);
        let own = installed.iter().find(|row| row.site == *site && row.software == software);
        Self {
            has_told: any.is_some(),
            is_declared: own.is_some(),
            version: own.and_then(|row| row.version.as_deref()),
            processor: any.map(|row| row.processor.as_str()),
        }
    }

    /// Why the box cannot get the version; none if it can.
    pub(super) fn obstacle(&self, releases: &[Release], plan: &Plan) -> Option<String> {
        if self.has_told && !self.is_declared {
            return Some(format!("it has no software of the name {}", plan.software));
        }
        if package(releases, (&plan.software, &plan.version), self.processor).is_some() {
            return None;
        }
        let processor = self.processor.unwrap_or("unknown");
        Some(format!("there is no package of this version for its processor ({processor})"))
    }
}

/// The command that installs a release.
pub(super) fn order(plan: &Plan, release: &Release, (site, attempt): (&SiteId, u32), now_ms: i64) -> Command {
    let patience_ms = match plan.when {
        When::Now => NOW_EXPIRES_MS,
        When::PreferredHour => HOUR_EXPIRES_MS,
    };
    let manifest = &release.manifest;
    let update = UpdateSoftware {
        target: Some(plan.software.clone()),
        update_url: format!("{}{}", RELEASES_PATH, manifest.sha256),
        version: manifest.version.clone(),
        checksum: Some(manifest.sha256.clone()),
        signature: manifest.signature.clone(),
        size_bytes: Some(manifest.size_bytes),
        when: plan.when,
        unless_present: plan.unless_present,
    };
    let header = CommandHeader {
        site: site.clone(),
        id: command_id(plan.id, site, attempt),
        issued_ms: now_ms,
        expires_ms: now_ms.saturating_add(patience_ms),
    };
    Command { header, is_dry_run: false, kind: CommandKind::UpdateSoftware(update) }
}
