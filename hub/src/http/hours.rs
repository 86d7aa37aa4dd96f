//! A site's pulse by the hour: what settled samples left, and the samples that are still kept, as one row of hours.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vigie_shared::id::SiteId;

use super::time::Time;
use crate::store::projections::MetricSample;
use crate::store::upkeep::HourlySample;
use crate::store::{Store, StoreError};

/// Samples put into their hours for one page: a month of one every five minutes, twice.
const SAMPLES_MAX: usize = 20_000;

/// One hour of a box's pulse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(super) struct HourView {
    /// Its beginning.
    at: Time,
    /// Samples in it.
    samples: u32,
    /// Mean use of all processors together, thousandths.
    cpu_permille_mean: Option<u64>,
    /// Highest use of all processors together, thousandths.
    cpu_permille_max: u16,
    /// Least memory that programs could still get, bytes.
    memory_available_min_bytes: u64,
    /// Highest temperature, thousandths of a degree Celsius.
    temperature_max_milli_c: Option<i32>,
    /// Least space that any disk had left, bytes.
    disk_available_min_bytes: Option<u64>,
}

impl From<&HourlySample> for HourView {
    fn from(hour: &HourlySample) -> Self {
        Self {
            at: Time(hour.at_ms),
            samples: hour.samples,
            cpu_permille_mean: hour.cpu_permille_mean(),
            cpu_permille_max: hour.cpu_permille_max,
            memory_available_min_bytes: hour.memory_available_min_bytes,
            temperature_max_milli_c: hour.temperature_max_milli_c,
            disk_available_min_bytes: hour.disk_available_min_bytes,
        }
    }
}

/// A page of hours.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct Hours {
    items: Vec<HourView>,
    /// Where the next page begins: pass it as `from`. Missing on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Time>,
}

/// Reads the whole hours that `from_ms..to_ms` touches, oldest first, at most `limit` of them.
pub(super) async fn page(
    store: &dyn Store,
    site: &SiteId,
    (from_ms, to_ms): (i64, i64),
    limit: usize,
) -> Result<Hours, StoreError> {
    let (hours, next_ms) = hours(store, site, (from_ms, to_ms), limit).await?;
    Ok(Hours { items: hours.iter().map(HourView::from).collect(), next: next_ms.map(Time) })
}

/// The same hours as they are kept, and where the next page begins.
///
/// # Errors
///
/// [`StoreError::Failed`].
pub(crate) async fn hours(
    store: &dyn Store,
    site: &SiteId,
    (from_ms, to_ms): (i64, i64),
    limit: usize,
) -> Result<(Vec<HourlySample>, Option<i64>), StoreError> {
    let from_ms = HourlySample::hour_of(from_ms);
    let to_ms = HourlySample::hour_of(to_ms.saturating_sub(1)).saturating_add(HourlySample::HOUR_MS);
    let settled = store.hours(site, from_ms, to_ms, limit + 1).await?;
    let samples = store.metrics(site, from_ms, to_ms, SAMPLES_MAX + 1).await?;
    Ok(merge(settled, &samples, (limit, SAMPLES_MAX)))
}

/// Puts samples into their hours, beside those that are settled. Either list may go on behind its limit: then the
/// hours end before the first that may be incomplete, and the answer says where the next page begins.
fn merge(
    settled: Vec<HourlySample>,
    samples: &[MetricSample],
    (hours_max, samples_max): (usize, usize),
) -> (Vec<HourlySample>, Option<i64>) {
    let mut hours: BTreeMap<i64, HourlySample> = settled.into_iter().map(|hour| (hour.at_ms, hour)).collect();
    let first_ms = samples.first().map(|sample| HourlySample::hour_of(sample.at_ms));
    // An hour with more samples than a page takes is shown by those: pages must end.
    let after_first = first_ms.map(|at_ms| at_ms.saturating_add(HourlySample::HOUR_MS));
    let cut_ms = samples.get(samples_max).map(|sample| HourlySample::hour_of(sample.at_ms)).max(after_first);
    let cut_ms = cut_ms.filter(|_| samples.len() > samples_max);
    for sample in samples.iter().take(samples_max) {
        let at_ms = HourlySample::hour_of(sample.at_ms);
        hours.entry(at_ms).or_insert_with(|| HourlySample::empty(at_ms)).absorb(&sample.host);
    }
    let full_ms = hours.keys().nth(hours_max).copied();
    let next_ms = [cut_ms, full_ms].into_iter().flatten().min();
    if let Some(next_ms) = next_ms {
        hours.split_off(&next_ms);
    }
    (hours.into_values().collect(), next_ms)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use vigie_shared::wire::reading::HostSample;

    use super::*;

    const HOUR_MS: i64 = HourlySample::HOUR_MS;

    fn sample(at_ms: i64) -> MetricSample {
        MetricSample { at_ms, is_dated: true, host: HostSample { cpu_permille: 100, ..HostSample::default() } }
    }

    fn settled(hour: i64, samples: u32) -> HourlySample {
        let mut row = HourlySample::empty(hour * HOUR_MS);
        (0..samples).for_each(|_| row.absorb(&sample(0).host));
        row
    }

    #[test]
    fn an_hour_of_which_some_samples_are_settled_is_one_hour() {
        let (hours, next_ms) = merge(vec![settled(0, 5), settled(1, 2)], &[sample(HOUR_MS + 7)], (9, 9));
        assert_eq!(hours.iter().map(|hour| hour.samples).collect::<Vec<_>>(), [5, 3]);
        assert_eq!(next_ms, None);
    }

    proptest! {
        #[test]
        fn pages_show_each_sample_once_and_end(
            times in prop::collection::btree_set(0..30 * HOUR_MS, 0..60),
            old in prop::collection::btree_set(0..30i64, 0..10),
            hours_max in 1..6usize,
        ) {
            // More samples than the busiest hour has.
            let samples_max = 61;
            let (mut from_ms, mut shown, mut pages) = (0, BTreeMap::new(), 0);
            loop {
                let rows = old.iter().filter(|hour| **hour * HOUR_MS >= from_ms).take(hours_max + 1);
                let samples: Vec<MetricSample> =
                    times.range(from_ms..).take(samples_max + 1).map(|at_ms| sample(*at_ms)).collect();
                let (hours, next_ms) = merge(rows.map(|hour| settled(*hour, 1)).collect(), &samples, (hours_max, samples_max));
                prop_assert!(hours.len() <= hours_max);
                for hour in hours {
                    prop_assert!(shown.insert(hour.at_ms, hour.samples).is_none(), "an hour came twice");
                }
                pages += 1;
                prop_assert!(pages <= 41, "pages do not end");
                match next_ms {
                    Some(next_ms) => from_ms = next_ms,
                    None => break,
                }
            }
            prop_assert_eq!(shown.values().sum::<u32>() as usize, times.len() + old.len());
        }

        #[test]
        fn a_page_that_takes_few_samples_goes_on_behind_whole_hours(times in prop::collection::btree_set(0..9 * HOUR_MS, 1..60), samples_max in 1..9usize) {
            let (mut from_ms, mut pages) = (0, 0);
            loop {
                let samples: Vec<MetricSample> =
                    times.range(from_ms..).take(samples_max + 1).map(|at_ms| sample(*at_ms)).collect();
                let (hours, next_ms) = merge(Vec::new(), &samples, (100, samples_max));
                pages += 1;
                prop_assert!(pages <= 10, "pages do not end");
                let whole = |hour: &HourlySample| times.range(hour.at_ms..hour.at_ms + HOUR_MS).count();
                for hour in &hours {
                    prop_assert!(hour.samples as usize == whole(hour) || whole(hour) > samples_max);
                }
                let Some(next_ms) = next_ms else { break };
                prop_assert!(next_ms > from_ms);
                from_ms = next_ms;
            }
        }
    }
}
