//! Who is told what of a piece of news; pure.

use vigie_shared::id::SiteId;

use super::letter::{Kind, LetterName, Way};
use crate::alerts::news::{Line, News, Phase, Severity};

/// The rules whose news the storage summary tells better.
const MACHINE_RULES: &str = "machine_";
/// The rule that makes it necessary.
const DISK_RULE: &str = "machine_disk";

/// What was told of an incident before some news, the oldest first.
pub(super) struct Told(Vec<LetterName>);

impl Told {
    /// Of all letters about an incident, oldest first, those before the news of that number: the same news told again
    /// is told in the same way.
    pub(super) fn before(number: u32, names: impl Iterator<Item = LetterName>) -> Self {
        Self(names.filter(|name| name.number < number).collect())
    }

    /// The mark of the first letter to a reader.
    pub(super) fn first(&self, way: Way, reader: &str) -> Option<String> {
        self.0.iter().find(|name| name.way == way && name.reader == reader).map(LetterName::mark)
    }
}

/// Whether a reader is to see all machines: one has hardly room left, and they were not shown them yet.
pub(super) fn needs_summary(news: &News, told: &Told, reader: &str) -> bool {
    let is_critical = |line: &Line| line.rule == DISK_RULE && line.severity == Severity::Critical;
    let was_shown = told.0.iter().any(|name| name.kind == Kind::Storage && name.reader == reader);
    news.phase != Phase::Closed && news.lines.iter().any(is_critical) && !was_shown
}

/// Whether the storage summary says everything that the news says.
pub(super) fn is_only_of_machines(news: &News) -> bool {
    news.lines.iter().all(|line| line.rule.starts_with(MACHINE_RULES))
}

/// The part of the news that somebody wants to know; none if nothing of it.
pub(super) fn picked(news: &News, sites: &[SiteId], severity_min: Severity) -> Option<News> {
    let mut news = news.clone();
    let all = news.lines.len();
    news.lines.retain(|line| line.severity >= severity_min && is_among(line.site.as_ref(), sites));
    if news.lines.len() < all {
        // Of the lines that found no room nobody knows whom they concern.
        news.more = 0;
    }
    news.severity = news.lines.iter().map(|line| line.severity).max()?;
    Some(news)
}

/// Whether a site is one of those; all are if none is named.
pub(super) fn is_among(site: Option<&SiteId>, sites: &[SiteId]) -> bool {
    sites.is_empty() || site.is_some_and(|site| sites.contains(site))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::letters::samples;

    #[test]
    fn news_that_concern_somebody_in_part_are_told_in_part() {
        let news = News { more: 3, ..samples::news(Phase::Opened, 0) };
        let subjects = |sites: &[&str], severity_min| {
            let sites: Vec<SiteId> = sites.iter().map(|site| site.parse().unwrap()).collect();
            picked(&news, &sites, severity_min).map(|news| (news.lines.len(), news.severity, news.more))
        };
        assert_eq!(subjects(&[], Severity::Warning), Some((2, Severity::Critical, 3)));
        assert_eq!(subjects(&["metz"], Severity::Warning), Some((1, Severity::Warning, 0)));
        assert_eq!(subjects(&["metz"], Severity::Critical), None);
        assert_eq!(subjects(&["brest"], Severity::Warning), None);
    }
}
