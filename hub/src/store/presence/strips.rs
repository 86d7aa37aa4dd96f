//! Port: strips, the memory of who was seen and when the observers could see.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::civil::Date;
use vigie_shared::id::SiteId;

use crate::presence::Strip;
use crate::presence::span::{Span, union};
use crate::store::StoreError;

/// The site under which people are seen who are in a web application: a strip's device is the person's id there.
pub const APP_SITE: &str = "app";

/// Length of a day of UTC, milliseconds.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What a single span says of longer ago than this before its end is not believed, days: boxes tell of minutes, or of
/// an outage.
const SPAN_DAYS_MAX: i64 = 31;

/// What a strip is the trace of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trace {
    /// A device was seen. [`Strip::device`] is the device.
    Device,
    /// The observers of a network could see. [`Strip::device`] is the network.
    Clear,
    /// The observers of a network were blind. [`Strip::device`] is the network.
    Blind,
}

impl Trace {
    /// Every trace.
    pub const ALL: [Self; 3] = [Self::Device, Self::Clear, Self::Blind];
}

/// Sights of one device, or of one network's observers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sights {
    /// Of what.
    pub trace: Trace,
    /// Where.
    pub site: SiteId,
    /// Which device or network, as in [`Strip::device`].
    pub device: String,
    /// When, in any order, as they were told.
    pub spans: Vec<Span>,
    /// When the hub received them last, milliseconds since 1970 UTC: what never gets a date ends by this.
    pub received_ms: i64,
}

/// Which strips.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StripFilter {
    /// Traces of what.
    pub trace: Trace,
    /// Only of this site.
    pub site: Option<SiteId>,
    /// Only of this device or network.
    pub device: Option<String>,
    /// From this day of UTC.
    pub from: Date,
    /// Through this day of UTC.
    pub through: Date,
}

/// Where a strip stands in their order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StripPlace {
    /// Its day.
    pub date: Date,
    /// Its device.
    pub device: String,
    /// Its site.
    pub site: SiteId,
}

impl StripPlace {
    /// Where that strip stands.
    #[must_use]
    pub fn of(strip: &Strip) -> Self {
        Self { date: strip.date, device: strip.device.clone(), site: strip.site.clone() }
    }
}

/// The day of UTC in which a moment lies, milliseconds since 1970; none outside of the calendar.
#[must_use]
pub fn utc_day(at_ms: i64) -> Option<Date> {
    let days = jiff::Span::new().try_days(at_ms.div_euclid(DAY_MS)).ok()?;
    jiff::civil::date(1970, 1, 1).checked_add(days).ok()
}

/// Spans cut at the borders of UTC's days, and united within each. Cut first: so it does not matter in which parts
/// spans of two days come. What lies outside of the calendar is dropped.
#[must_use]
pub fn by_day(spans: &[Span]) -> BTreeMap<Date, Vec<Span>> {
    let mut days: BTreeMap<Date, Vec<Span>> = BTreeMap::new();
    for span in spans {
        let mut from_ms = span.from_ms.max(span.to_ms.saturating_sub(SPAN_DAYS_MAX * DAY_MS));
        while from_ms <= span.to_ms {
            let Some(date) = utc_day(from_ms) else { break };
            let end_ms = from_ms.saturating_add(DAY_MS - from_ms.rem_euclid(DAY_MS)) - 1;
            let part = Span { from_ms, to_ms: span.to_ms.min(end_ms), sources: span.sources };
            days.entry(date).or_default().push(part);
            from_ms = end_ms.saturating_add(1);
        }
    }
    days.into_iter().map(|(date, spans)| (date, union(spans))).collect()
}

/// The strips' part of the store.
#[async_trait]
pub trait Strips {
    /// Strips after a place, by day, device and site, at most `limit`. What waits for a boot's anchor is not among them.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn strips(
        &self,
        filter: &StripFilter,
        after: Option<&StripPlace>,
        limit: usize,
    ) -> Result<Vec<Strip>, StoreError>;

    /// Unites sights that no record told of, such as imported ones: they outlive a rebuild. Saying the same again
    /// changes nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError::Failed`].
    async fn add_sights(&self, sights: &[Sights]) -> Result<(), StoreError>;
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn span(from_ms: i64, to_ms: i64) -> Span {
        Span { from_ms, to_ms, sources: 1 }
    }

    #[test]
    fn a_span_over_midnight_is_one_of_each_day_and_none_of_it_is_lost() {
        let days = by_day(&[span(DAY_MS - 1_000, DAY_MS + 2_000)]);
        let (eve, morning) = (date(1970, 1, 1), date(1970, 1, 2));
        assert_eq!(days[&eve], [span(DAY_MS - 1_000, DAY_MS - 1)]);
        assert_eq!(days[&morning], [span(DAY_MS, DAY_MS + 2_000)]);
    }

    #[test]
    fn a_moment_before_1970_and_one_beyond_the_calendar_harm_nobody() {
        assert_eq!(utc_day(-1), Some(date(1969, 12, 31)));
        assert_eq!(utc_day(i64::MAX), None);
        assert!(by_day(&[span(i64::MAX - 5, i64::MAX), span(i64::MIN, i64::MIN)]).is_empty());
    }

    proptest! {
        #[test]
        fn days_of_parts_are_the_days_of_the_whole(
            spans in prop::collection::vec((0..4 * 288_i64, 0..12_i64), 0..40),
            cut in 0..40_usize,
        ) {
            let step_ms = DAY_MS / 288;
            let spans: Vec<Span> =
                spans.into_iter().map(|(from, long)| span(from * step_ms, (from + long) * step_ms)).collect();
            let (left, right) = spans.split_at(cut.min(spans.len()));
            let mut joined = by_day(right);
            for (date, part) in by_day(left) {
                let mut both = joined.remove(&date).unwrap_or_default();
                both.extend(part);
                joined.insert(date, union(both));
            }
            prop_assert_eq!(joined, by_day(&spans));
        }
    }
}
