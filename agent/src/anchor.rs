//! Pure: what time it really is, and since when the box knows.
//!
//! A box without a battery-backed clock boots in the past and learns the time minutes later. The time since boot
//! is always right. So the difference *wall − uptime*, the **offset**, is all there is to learn: once it is
//! known, every reading of the boot can be dated, the earlier ones too. The kernel slews both clocks together;
//! the offset changes only when somebody steps the wall clock.
//!
//! [`Anchor`] watches stamps and says when the offset becomes known or the clock leaves it. [`TrustedTime`]
//! gives the time that certificates are judged at.

use std::time::Duration;

use vigie_shared::id::BootId;
use vigie_shared::wire::reading::{AlarmKind, BoxAlarm, ClockAnchor, TimeSource};
use vigie_shared::wire::{Reading, Stamp};

/// A change of the offset above this is a step; below, it is the noise of reading two clocks.
pub const STEP_MS_MIN: u64 = 2_000;

/// A hub's word that took longer to ask for than this is too vague to anchor by.
const ROUND_TRIP_MAX: Duration = Duration::from_secs(10);

/// Watches the offset of the running boot.
#[derive(Debug, Default)]
pub struct Anchor {
    boot: Option<Watch>,
}

/// One boot, from the first stamp on.
#[derive(Debug)]
struct Watch {
    boot: BootId,
    /// The offset of the last stamp, milliseconds.
    offset_ms: i64,
    known: Option<Known>,
}

/// The offset that readings are dated by.
#[derive(Debug, Clone, Copy)]
struct Known {
    offset_ms: i64,
    source: TimeSource,
}

impl Anchor {
    /// Takes the clocks of this moment; returns an anchor when the system's own synchronisation makes the time
    /// known (or corrects it), an alarm when the clock leaves the known time.
    ///
    /// A step before anything is known is no alarm: it is how a box without a clock gets up.
    pub fn on_stamp(&mut self, now: Stamp) -> Vec<Reading> {
        let watch = self.watch(now);
        let offset_ms = offset_ms(now);
        let before_ms = std::mem::replace(&mut watch.offset_ms, offset_ms);
        let mut readings = Vec::new();
        let is_astray = watch.known.is_some_and(|known| are_apart(known.offset_ms, offset_ms));
        if is_astray && are_apart(before_ms, offset_ms) {
            readings.push(step_alarm(offset_ms.saturating_sub(before_ms), now.is_synced));
        }
        let is_better = match watch.known {
            None => true,
            Some(known) => is_astray || known.source == TimeSource::Hub,
        };
        if now.is_synced && is_better {
            let corrected_ms = watch.known.map_or(before_ms, |known| known.offset_ms);
            watch.known = Some(Known { offset_ms, source: TimeSource::System });
            readings.push(anchor(now, now.wall_ms, corrected_ms, TimeSource::System));
        }
        readings
    }

    /// Takes the hub's word for the time, which it gave at some moment within `round_trip` before `now`;
    /// returns an anchor if the box knew no better.
    ///
    /// A box whose system is synchronised never follows the hub.
    pub fn on_hub_time(&mut self, hub_ms: i64, round_trip: Duration, now: Stamp) -> Option<Reading> {
        let watch = self.watch(now);
        let half_ms = i64::try_from(round_trip.as_millis() / 2).unwrap_or(i64::MAX);
        let wall_ms = hub_ms.saturating_add(half_ms);
        let told_ms = offset_ms(Stamp { wall_ms, ..now });
        let is_news = match watch.known {
            None => true,
            Some(Known { source: TimeSource::System, .. }) => false,
            Some(known) => known.offset_ms.abs_diff(told_ms) > STEP_MS_MIN.saturating_add(half_ms.unsigned_abs()),
        };
        if now.is_synced || round_trip > ROUND_TRIP_MAX || !is_news {
            return None;
        }
        let corrected_ms = watch.known.map_or(watch.offset_ms, |known| known.offset_ms);
        watch.known = Some(Known { offset_ms: told_ms, source: TimeSource::Hub });
        Some(anchor(now, wall_ms, corrected_ms, TimeSource::Hub))
    }

    /// The state of the stamp's boot; begun anew if it is another one.
    fn watch(&mut self, now: Stamp) -> &mut Watch {
        if self.boot.as_ref().is_some_and(|watch| watch.boot != now.boot) {
            self.boot = None;
        }
        self.boot.get_or_insert_with(|| Watch { boot: now.boot, offset_ms: offset_ms(now), known: None })
    }
}

/// The true time at `now`, and by how much readings dated by `corrected_ms` move.
fn anchor(now: Stamp, wall_ms: i64, corrected_ms: i64, source: TimeSource) -> Reading {
    let step_ms = offset_ms(Stamp { wall_ms, ..now }).saturating_sub(corrected_ms);
    Reading::ClockAnchor(ClockAnchor { boot: now.boot, uptime_ms: now.uptime_ms, wall_ms, step_ms, source })
}

fn step_alarm(step_ms: i64, is_synced: bool) -> Reading {
    let (direction, seconds) = (if step_ms < 0 { "back" } else { "forward" }, step_ms.unsigned_abs() / 1000);
    let remedy = if is_synced {
        "A time service set it, so the new time counts from here on."
    } else {
        "No time service stands behind the new time: see `timedatectl` on the box, and who set the clock."
    };
    let text = format!(
        "The clock was set {direction} by {seconds} s. Durations are safe: they are measured by the time since the \
         start of the machine. {remedy}"
    );
    Reading::Alarm(BoxAlarm { kind: AlarmKind::ClockStep, text })
}

fn offset_ms(stamp: Stamp) -> i64 {
    stamp.wall_ms.saturating_sub_unsigned(stamp.uptime_ms)
}

fn are_apart(one_ms: i64, other_ms: i64) -> bool {
    one_ms.abs_diff(other_ms) > STEP_MS_MIN
}

/// The time that certificates are judged at: the latest of the system's time, the time the program was built and
/// the last time the hub told. It never runs back while the machine runs.
#[derive(Debug, Clone, Copy)]
pub struct TrustedTime {
    floor_ms: i64,
    told: Option<(BootId, i64)>,
}

impl TrustedTime {
    /// Starts with the time that the program was built and the last one the hub told in an earlier life, in
    /// milliseconds since 1970 UTC.
    #[must_use]
    pub fn new(built_ms: i64, hub_ms: Option<i64>) -> Self {
        Self { floor_ms: built_ms.max(hub_ms.unwrap_or(built_ms)), told: None }
    }

    /// Takes the hub's word for the time.
    pub fn on_hub_time(&mut self, hub_ms: i64, now: Stamp) {
        self.floor_ms = self.floor_ms.max(hub_ms);
        let offset_ms = offset_ms(Stamp { wall_ms: hub_ms, ..now });
        let former = self.told.filter(|(boot, _)| *boot == now.boot).map_or(i64::MIN, |(_, offset_ms)| offset_ms);
        self.told = Some((now.boot, former.max(offset_ms)));
    }

    /// The trusted time at `now`, milliseconds since 1970 UTC. A word of the hub in this boot runs on with it.
    #[must_use]
    pub fn now_ms(&self, now: Stamp) -> i64 {
        let since_told = self.told.filter(|(boot, _)| *boot == now.boot);
        let hub_ms = since_told.map_or(i64::MIN, |(_, offset_ms)| offset_ms.saturating_add_unsigned(now.uptime_ms));
        now.wall_ms.max(self.floor_ms).max(hub_ms)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BOOT: BootId = BootId([1; 16]);
    /// 2026-11-20T08:31:35Z
    const SYNC_MS: i64 = 1_795_163_495_000;

    fn stamp(uptime_s: u64, wall_ms: i64, is_synced: bool) -> Stamp {
        Stamp { boot: BOOT, uptime_ms: uptime_s * 1000, wall_ms, is_synced }
    }

    fn anchors(readings: &[Reading]) -> Vec<ClockAnchor> {
        readings.iter().filter_map(|r| if let Reading::ClockAnchor(a) = r { Some(a.clone()) } else { None }).collect()
    }

    fn alarms(readings: &[Reading]) -> usize {
        readings.iter().filter(|r| matches!(r, Reading::Alarm(a) if a.kind == AlarmKind::ClockStep)).count()
    }

    #[test]
    fn p20_readings_before_the_first_synchronisation_are_dated_by_it() {
        let mut anchor = Anchor::default();
        let sightings = [stamp(20, 20_000, false), stamp(80, 80_000, false)];
        for sighting in sightings {
            assert_eq!(anchor.on_stamp(sighting), []);
        }

        let readings = anchor.on_stamp(stamp(95, SYNC_MS, true));

        let [known] = anchors(&readings).try_into().unwrap();
        assert_eq!(alarms(&readings), 0);
        assert_eq!(known.step_ms, SYNC_MS - 95_000);
        // 08:30:20 and 08:31:20
        assert_eq!(sightings.map(|s| known.date(&s).unwrap()), [SYNC_MS - 75_000, SYNC_MS - 15_000]);
        assert_eq!(anchor.on_stamp(stamp(105, SYNC_MS + 10_000, true)), []);
    }

    #[test]
    fn p21_a_clock_that_steps_back_is_one_event_and_no_negative_interval() {
        for is_still_synced in [true, false] {
            let mut anchor = Anchor::default();
            let sightings = [
                stamp(100, SYNC_MS, true),
                stamp(160, SYNC_MS + 60_000, true),
                stamp(220, SYNC_MS + 120_000 - 600_000, is_still_synced),
            ];

            let readings: Vec<Reading> = sightings.iter().flat_map(|s| anchor.on_stamp(*s)).collect();

            assert_eq!(alarms(&readings), 1);
            for known in anchors(&readings) {
                let [first, second, third] = sightings.map(|s| known.date(&s).unwrap());
                assert_eq!((second - first, third - first), (60_000, 120_000));
            }
            assert_eq!(anchors(&readings).len(), if is_still_synced { 2 } else { 1 });
            assert_eq!(anchor.on_stamp(stamp(230, SYNC_MS + 130_000 - 600_000, is_still_synced)), []);
        }
    }

    #[test]
    fn a_clock_that_comes_back_to_the_known_time_is_no_second_event() {
        let mut anchor = Anchor::default();
        anchor.on_stamp(stamp(100, SYNC_MS, true));
        assert_eq!(alarms(&anchor.on_stamp(stamp(110, 0, false))), 1);
        assert_eq!(anchor.on_stamp(stamp(120, SYNC_MS + 20_000, true)), []);
    }

    #[test]
    fn a_correction_by_small_steps_is_followed_before_it_adds_up() {
        let mut anchor = Anchor::default();
        anchor.on_stamp(stamp(0, SYNC_MS, true));
        let readings: Vec<Reading> =
            (1..=4).flat_map(|n| anchor.on_stamp(stamp(0, SYNC_MS + 1_500 * n, true))).collect();
        assert_eq!(anchors(&readings).iter().map(|a| a.step_ms).collect::<Vec<_>>(), [3_000, 3_000]);
        assert_eq!(alarms(&readings), 0);
    }

    #[test]
    fn the_hub_tells_the_time_to_a_box_that_does_not_know_it() {
        let mut anchor = Anchor::default();
        anchor.on_stamp(stamp(20, 20_000, false));

        let told = anchor.on_hub_time(SYNC_MS, Duration::from_secs(2), stamp(95, 95_000, false)).unwrap();

        let [known] = anchors(&[told]).try_into().unwrap();
        assert_eq!((known.wall_ms, known.source), (SYNC_MS + 1_000, TimeSource::Hub));
        assert_eq!(known.date(&stamp(20, 20_000, false)), Some(SYNC_MS + 1_000 - 75_000));
        let again = anchor.on_hub_time(SYNC_MS + 11_500, Duration::from_secs(1), stamp(105, 105_000, false));
        assert_eq!(again, None);

        let synced = anchor.on_stamp(stamp(115, SYNC_MS + 20_400, true));
        assert_eq!(anchors(&synced).first().map(|a| (a.source, a.step_ms)), Some((TimeSource::System, -600)));
        assert_eq!(alarms(&synced), 0);
    }

    #[test]
    fn a_synchronised_box_and_a_vague_answer_do_not_follow_the_hub() {
        let mut anchor = Anchor::default();
        let slow = anchor.on_hub_time(SYNC_MS, Duration::from_secs(11), stamp(95, 95_000, false));
        assert_eq!(slow, None);
        assert_eq!(anchor.on_hub_time(SYNC_MS, Duration::ZERO, stamp(95, SYNC_MS + 60_000, true)), None);
        anchor.on_stamp(stamp(96, SYNC_MS, true));
        assert_eq!(anchor.on_hub_time(0, Duration::ZERO, stamp(97, 97_000, false)), None);
    }

    #[test]
    fn another_boot_is_learnt_anew() {
        let mut anchor = Anchor::default();
        anchor.on_stamp(stamp(100, SYNC_MS, true));
        let other = Stamp { boot: BootId([2; 16]), ..stamp(5, SYNC_MS + 60_000, true) };
        let readings = anchor.on_stamp(other);
        assert_eq!((anchors(&readings).len(), alarms(&readings)), (1, 0));
    }

    #[test]
    fn certificates_are_judged_at_the_latest_time_that_anybody_knows() {
        let (built_ms, hub_ms) = (1_000_000, 2_000_000);
        let never_told = TrustedTime::new(built_ms, None);
        assert_eq!(never_told.now_ms(stamp(5, 5_000, false)), built_ms);
        assert_eq!(never_told.now_ms(stamp(5, 7_000_000, false)), 7_000_000);
        assert_eq!(TrustedTime::new(built_ms, Some(hub_ms)).now_ms(stamp(5, 5_000, false)), hub_ms);

        let mut told = never_told;
        told.on_hub_time(hub_ms, stamp(10, 10_000, false));
        assert_eq!(told.now_ms(stamp(70, 70_000, false)), hub_ms + 60_000);
        let other_boot = Stamp { boot: BootId([2; 16]), ..stamp(70, 70_000, false) };
        assert_eq!(told.now_ms(other_boot), hub_ms);
    }

    proptest! {
        /// A box whose clock is nonsense until it is synchronised, then true but for noise.
        #[test]
        fn anchors_of_a_boot_agree(
            ticks in proptest::collection::vec((1..5_000u64, any::<i64>(), any::<bool>(), any::<bool>(), -900..900i64), 1..60),
        ) {
            let (mut anchor, mut readings, mut uptime_s, mut is_synced) = (Anchor::default(), Vec::new(), 0, false);
            for (passed_s, nonsense_ms, syncs, hub_speaks, noise_ms) in ticks {
                uptime_s += passed_s;
                is_synced |= syncs;
                let true_ms = SYNC_MS + i64::try_from(uptime_s * 1000).unwrap();
                let now = stamp(uptime_s, if is_synced { true_ms + noise_ms } else { nonsense_ms }, is_synced);
                if hub_speaks {
                    readings.extend(anchor.on_hub_time(true_ms + noise_ms, Duration::ZERO, now));
                }
                readings.extend(anchor.on_stamp(now));
            }
            let first = stamp(0, 0, false);
            for known in anchors(&readings) {
                prop_assert!(known.date(&first).unwrap().abs_diff(SYNC_MS) <= STEP_MS_MIN / 2, "{known:?}");
            }
            prop_assert!(anchors(&readings).len() <= 2, "one from the hub, one from the system");
        }

        /// Whatever anybody does to the clock, an anchor keeps the order and the distances of a boot's readings.
        #[test]
        fn no_interval_of_a_boot_is_negative(
            ticks in proptest::collection::vec((0..5_000u64, any::<i64>(), any::<bool>()), 2..60),
        ) {
            let (mut anchor, mut readings, mut stamps, mut uptime_s) = (Anchor::default(), Vec::new(), Vec::new(), 0);
            for (passed_s, wall_ms, is_synced) in ticks {
                uptime_s += passed_s;
                let now = stamp(uptime_s, wall_ms / 4, is_synced);
                readings.extend(anchor.on_stamp(now));
                stamps.push(now);
            }
            for known in anchors(&readings) {
                let dates: Vec<i64> = stamps.iter().map(|s| known.date(s).unwrap()).collect();
                for (dates, stamps) in dates.windows(2).zip(stamps.windows(2)) {
                    let apart_ms = i64::try_from(stamps[1].uptime_ms - stamps[0].uptime_ms).unwrap();
                    prop_assert_eq!(dates[1] - dates[0], apart_ms);
                }
            }
            prop_assert!(alarms(&readings) < stamps.len());
        }

        #[test]
        fn trusted_time_never_runs_back_within_a_boot(
            built_ms in 0..1_000_000i64,
            ticks in proptest::collection::vec((0..1_000u64, any::<i64>(), proptest::option::of(any::<i64>())), 1..40),
        ) {
            let mut trusted = TrustedTime::new(built_ms, None);
            let (mut uptime_s, mut latest_ms) = (0, built_ms);
            for (passed_s, wall_ms, hub_ms) in ticks {
                uptime_s += passed_s;
                let now = stamp(uptime_s, wall_ms.min(0), false);
                if let Some(hub_ms) = hub_ms {
                    trusted.on_hub_time(hub_ms, now);
                }
                prop_assert!(trusted.now_ms(now) >= latest_ms);
                latest_ms = trusted.now_ms(now);
            }
        }
    }
}
