//! Laws that hold for all days, whatever was seen.

use jiff::civil::{Date, date};
use proptest::prelude::*;

use super::Strip;
use super::day::Day;
use super::scene::{MINUTE_MS, Scene, Seen, local, policy, site, strips, whole_day};
use super::session::SETTLE_MS;
use super::span::union;
use crate::store::projections::CoverageSpan;

const FIRST: Date = date(2026, 10, 24);
const LAST: Date = date(2026, 10, 26);

/// Sights of three days around the night with an hour twice: two devices, two sites, by the minute.
fn seen() -> impl Strategy<Value = Vec<Seen>> {
    let run = (0..4_320_i64, 0..90_i64, 1..4_i64, proptest::bool::ANY, 0..3_u16);
    proptest::collection::vec(run, 0..16).prop_map(|runs| {
        let begin_ms = local("2026-10-24 00:00");
        let sights = runs.into_iter().flat_map(move |(from, minutes, step, is_phone, bit)| {
            let (place, device) = if is_phone { ("metz", "phone") } else { ("b", "laptop") };
            let times = (0..=minutes / step).map(move |at| begin_ms + (from + at * step) * MINUTE_MS);
            times.map(move |at_ms| (site(place), device.to_owned(), at_ms, 1 << bit))
        });
        sights.collect()
    })
}

/// Stretches of blindness, minutes from the first day on.
fn blindness() -> impl Strategy<Value = Vec<(i64, i64)>> {
    proptest::collection::vec((0..4_320_i64, 1..200_i64), 0..4)
}

fn scene(seen: Vec<Seen>, blind: &[(i64, i64)]) -> Scene {
    let mut scene = Scene::new();
    let begin_ms = local("2026-10-24 00:00");
    let said = blind.iter().map(|(from, minutes)| CoverageSpan {
        network: "lan".to_owned(),
        from_ms: begin_ms + from * MINUTE_MS,
        to_ms: begin_ms + (from + minutes) * MINUTE_MS,
        blind: Some("no cable".to_owned()),
    });
    let clear = CoverageSpan { network: "lan".to_owned(), from_ms: 0, to_ms: super::scene::LATER_MS, blind: None };
    let coverage = super::coverage::Coverage::new(&said.chain([clear]).collect::<Vec<_>>());
    scene.place("metz", coverage.clone());
    scene.place("b", coverage);
    scene.own("metz", "phone");
    scene.own("b", "laptop");
    scene.seen = seen;
    scene
}

/// Strips as a store has them after batches: each is merged into what is kept.
fn merged(batches: &[&[Seen]]) -> Vec<Strip> {
    let mut kept: Vec<Strip> = Vec::new();
    for strip in batches.iter().flat_map(|batch| strips(batch)) {
        let key = |one: &Strip| (one.site.clone(), one.device.clone(), one.date);
        match kept.iter_mut().find(|one| key(one) == key(&strip)) {
            Some(known) => {
                known.spans.extend(strip.spans);
                known.spans = union(std::mem::take(&mut known.spans));
            }
            None => kept.push(strip),
        }
    }
    kept
}

fn total_of_sites(day: &Day) -> i64 {
    day.sites.iter().map(|site| site.minutes).sum()
}

proptest! {
    #[test]
    fn any_batches_in_any_order_with_any_repeats_give_the_same_days(
        all in seen(),
        blind in blindness(),
        cuts in proptest::collection::vec(0..1_000_usize, 0..4),
        is_reversed in proptest::bool::ANY,
    ) {
        let scene = scene(all, &blind);
        for policy in [policy("slots10"), whole_day("minutes"), policy("halves"), whole_day("blocks")] {
            let whole = scene.days(&policy, FIRST, LAST);
            let mut rest = scene.seen.as_slice();
            let mut batches = vec![rest.get(rest.len() / 3..).unwrap_or_default()];
            for cut in &cuts {
                let (early, late) = rest.split_at(cut % (rest.len() + 1));
                batches.push(early);
                rest = late;
            }
            batches.push(rest);
            if is_reversed {
                batches.reverse();
            }
            prop_assert_eq!(&scene.days_of(&merged(&batches), &policy, FIRST, LAST), &whole);
        }
    }

    #[test]
    fn a_day_is_no_longer_than_itself_and_a_union_no_longer_than_its_parts(all in seen(), blind in blindness()) {
        let scene = scene(all, &blind);
        for day in scene.days(&whole_day("minutes"), FIRST, LAST) {
            let length = if day.date == date(2026, 10, 25) { 1_500 } else { 1_440 };
            prop_assert!((0..=length).contains(&day.minutes), "{}", day.minutes);
            prop_assert!(i64::try_from(day.slots.len()).unwrap() * 10 <= length);
            prop_assert!(day.minutes <= total_of_sites(&day) + 1);
            prop_assert!(day.sites.iter().all(|site| site.minutes <= day.minutes));
            prop_assert!(day.slots.windows(2).all(|pair| pair[0].at_ms < pair[1].at_ms));
        }
    }

    #[test]
    fn a_session_ends_with_a_sight_and_begins_with_one(all in seen()) {
        let scene = scene(all, &[]);
        let times: Vec<i64> = scene.seen.iter().map(|sight| sight.2).collect();
        let borders = [local("2026-10-24 00:00"), local("2026-10-25 00:00"), local("2026-10-26 00:00"), local("2026-10-27 00:00")];
        for day in scene.days(&whole_day("minutes"), FIRST, LAST) {
            for session in day.sites.iter().flat_map(|site| &site.sessions) {
                for at_ms in [session.from_ms, session.to_ms] {
                    prop_assert!(times.contains(&at_ms) || borders.contains(&at_ms));
                }
            }
        }
    }

    #[test]
    fn what_comes_after_a_day_has_settled_never_changes_it(all in seen(), blind in blindness()) {
        let scene = scene(all, &blind);
        let settles_ms = local("2026-10-25 00:00") + SETTLE_MS;
        let mut until = scene.clone();
        until.seen.retain(|sight| sight.2 <= settles_ms);
        for policy in [policy("slots10"), whole_day("minutes")] {
            prop_assert_eq!(until.day(&policy, FIRST), scene.day(&policy, FIRST));
        }
    }

    #[test]
    fn more_sights_never_take_anything_away(all in seen(), more in seen()) {
        let few = scene(all.clone(), &[]);
        let many = scene(all.into_iter().chain(more).collect(), &[]);
        let days = |scene: &Scene| scene.days(&whole_day("minutes"), FIRST, LAST);
        for (few, many) in days(&few).iter().zip(days(&many)) {
            // Unless they show that a device was left behind.
            if many.flags.iter().all(|flag| !matches!(flag, super::day::Flag::LeftDevice { .. })) {
                prop_assert!(few.minutes <= many.minutes && few.slots.len() <= many.slots.len());
            }
        }
    }
}
