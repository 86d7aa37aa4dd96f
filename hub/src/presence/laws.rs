//! Laws that hold for all days, whatever was seen; and that planted mistakes break them.

mod mistakes;
mod model;

use std::time::Duration;

use jiff::civil::{Date, date};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use vigie_shared::id::SiteId;

use self::mistakes::{Mistake, days, unite};
use super::Strip;
use super::coverage::Coverage;
use super::day::{Answer, Day, Flag};
use super::policy::Policy;
use super::scene::{LATER_MS, MINUTE_MS, Scene, Seen, local, policy, site, strips, whole_day};
use super::session::{ARRIVAL_MS, LEAST_MS, SETTLE_MS};
use super::stretch::Stretch;
use crate::store::projections::CoverageSpan;

const FIRST: Date = date(2026, 10, 24);
const LAST: Date = date(2026, 10, 26);

/// The hours of the window that policies have.
const DAYTIME: std::ops::Range<i8> = 8..22;
const ALL_HOURS: std::ops::Range<i8> = 0..24;

/// Three days around the night with an hour twice.
#[derive(Debug, Clone)]
struct World {
    /// Sights of a phone at one site and a laptop at another, by the minute.
    seen: Vec<Seen>,
    /// And more of them.
    more: Vec<Seen>,
    /// When nobody could see: minutes from the first day on, and for how many.
    blind: Vec<(i64, i64)>,
    /// Where batches end, and whether the last comes first.
    cuts: Vec<usize>,
    is_reversed: bool,
    /// The phone goes to somebody else at noon of the second day.
    is_handed_over: bool,
}

fn seen() -> impl Strategy<Value = Vec<Seen>> {
    let run = (0..4_320_i64, 0..90_i64, 1..4_i64, any::<bool>(), 0..3_u16);
    prop::collection::vec(run, 0..16).prop_map(|runs| {
        let sights = runs.into_iter().flat_map(move |(from, minutes, step, is_phone, bit)| {
            let (place, device) = if is_phone { ("metz", "phone") } else { ("b", "laptop") };
            let times = (0..=minutes / step).map(move |at| begin_ms() + (from + at * step) * MINUTE_MS);
            times.map(move |at_ms| (site(place), device.to_owned(), at_ms, 1 << bit))
        });
        sights.collect()
    })
}

fn worlds() -> impl Strategy<Value = World> {
    let blind = prop::collection::vec((0..4_320_i64, 1..200_i64), 0..4);
    let cuts = prop::collection::vec(0..1_000_usize, 0..4);
    (seen(), seen(), blind, cuts, any::<bool>(), any::<bool>()).prop_map(
        |(seen, more, blind, cuts, is_reversed, is_handed_over)| World {
            seen,
            more,
            blind,
            cuts,
            is_reversed,
            is_handed_over,
        },
    )
}

fn begin_ms() -> i64 {
    local("2026-10-24 00:00")
}

fn key(strip: &Strip) -> (SiteId, String, Date) {
    (strip.site.clone(), strip.device.clone(), strip.date)
}

impl World {
    /// When nobody could see.
    fn unseen(&self) -> Vec<Stretch> {
        let at_ms = |minute: i64| begin_ms() + minute * MINUTE_MS;
        self.blind
            .iter()
            .map(|(from, for_min)| Stretch { from_ms: at_ms(*from), to_ms: at_ms(from + for_min) })
            .collect()
    }

    fn scene(&self) -> Scene {
        let said = |reason: Option<&str>, Stretch { from_ms, to_ms }| CoverageSpan {
            network: "lan".to_owned(),
            from_ms,
            to_ms,
            blind: reason.map(str::to_owned),
        };
        let clear = said(None, Stretch { from_ms: 0, to_ms: LATER_MS });
        let blind = self.unseen().into_iter().map(|stretch| said(Some("no cable"), stretch));
        let coverage = Coverage::new(&blind.chain([clear]).collect::<Vec<_>>());
        let mut scene = Scene::new();
        scene.place("metz", coverage.clone());
        scene.place("b", coverage);
        scene.own("metz", "phone").to_ms = self.is_handed_over.then(|| local("2026-10-25 12:00"));
        scene.own("b", "laptop");
        scene.seen = self.seen.clone();
        scene
    }

    /// The same, without blindness and with every device for ever.
    fn plain(&self) -> Self {
        Self { blind: Vec::new(), is_handed_over: false, ..self.clone() }
    }

    /// Strips as a store has them after batches, some of which come twice.
    fn merged(&self, mistake: Option<Mistake>) -> Vec<Strip> {
        let mut rest = self.seen.as_slice();
        let mut batches = vec![rest.get(rest.len() / 3..).unwrap_or_default()];
        for cut in &self.cuts {
            let (early, late) = rest.split_at(cut % (rest.len() + 1));
            batches.push(early);
            rest = late;
        }
        batches.push(rest);
        if self.is_reversed {
            batches.reverse();
        }
        let mut kept: Vec<Strip> = Vec::new();
        for strip in batches.into_iter().flat_map(strips) {
            match kept.iter_mut().find(|known| key(known) == key(&strip)) {
                Some(known) => unite(known, strip, mistake),
                None => kept.push(strip),
            }
        }
        kept
    }
}

fn policies() -> [Policy; 5] {
    let arriving = Policy { arrival: Duration::from_millis(ARRIVAL_MS.unsigned_abs()), ..whole_day("minutes") };
    [policy("slots10"), whole_day("minutes"), policy("halves"), whole_day("blocks"), arriving]
}

fn of_all(scene: &Scene, policy: &Policy, mistake: Option<Mistake>) -> Vec<Day> {
    days(scene, &strips(&scene.seen), policy, mistake)
}

fn is_left(day: &Day) -> bool {
    day.flags.iter().any(|flag| matches!(flag, Flag::LeftDevice { .. }))
}

type Verdict = Result<(), TestCaseError>;

fn check_batches(world: &World, mistake: Option<Mistake>) -> Verdict {
    let scene = world.scene();
    for policy in policies() {
        let whole = of_all(&scene, &policy, mistake);
        prop_assert_eq!(&days(&scene, &world.merged(mistake), &policy, mistake), &whole);
    }
    Ok(())
}

fn check_counts(world: &World, mistake: Option<Mistake>) -> Verdict {
    let (scene, plain) = (world.scene(), world.plain().scene());
    for (policy, hours) in [(policy("slots10"), DAYTIME), (whole_day("slots10"), ALL_HOURS)] {
        for day in of_all(&scene, &policy, mistake).iter().filter(|day| !is_left(day)) {
            let slots = model::slots(&scene, day.date, &hours);
            prop_assert_eq!(day.slots.len(), slots, "{}", day.date);
            prop_assert_eq!(day.value, super::legacy::worth(slots));
        }
    }
    for (policy, hours) in [(policy("minutes"), DAYTIME), (whole_day("minutes"), ALL_HOURS)] {
        for day in of_all(&plain, &policy, mistake).iter().filter(|day| !is_left(day)) {
            prop_assert_eq!(day.minutes, model::minutes(&plain, day.date, &hours), "{}", day.date);
        }
    }
    Ok(())
}

fn check_lengths(world: &World, mistake: Option<Mistake>) -> Verdict {
    for day in of_all(&world.scene(), &whole_day("minutes"), mistake) {
        let length = if day.date == date(2026, 10, 25) { 1_500 } else { 1_440 };
        prop_assert!((0..=length).contains(&day.minutes), "{}", day.minutes);
        prop_assert!(i64::try_from(day.slots.len()).unwrap() * 10 <= length);
        prop_assert!(day.minutes <= day.sites.iter().map(|site| site.minutes).sum::<i64>() + 1);
        prop_assert!(day.sites.iter().all(|site| site.minutes <= day.minutes));
        prop_assert!(day.slots.windows(2).all(|pair| pair[0].at_ms < pair[1].at_ms));
    }
    Ok(())
}

fn check_ends(world: &World, mistake: Option<Mistake>) -> Verdict {
    let scene = world.plain().scene();
    let times: Vec<i64> = scene.seen.iter().map(|sight| sight.2).collect();
    let borders = ["24", "25", "26", "27"].map(|day| local(&format!("2026-10-{day} 00:00")));
    for day in of_all(&scene, &whole_day("minutes"), mistake) {
        for session in day.sites.iter().flat_map(|site| &site.sessions) {
            for at_ms in [session.from_ms, session.to_ms] {
                prop_assert!(times.contains(&at_ms) || borders.contains(&at_ms));
            }
        }
    }
    Ok(())
}

fn check_settling(world: &World, mistake: Option<Mistake>) -> Verdict {
    let scene = world.scene();
    let settles_ms = local("2026-10-25 00:00") + SETTLE_MS;
    let mut until = scene.clone();
    until.seen.retain(|sight| sight.2 <= settles_ms);
    for policy in policies() {
        prop_assert_eq!(&of_all(&until, &policy, mistake)[0], &of_all(&scene, &policy, mistake)[0]);
    }
    Ok(())
}

fn check_growth(world: &World, mistake: Option<Mistake>) -> Verdict {
    let few = world.plain().scene();
    let mut many = few.clone();
    many.seen.extend(world.more.clone());
    for policy in policies() {
        let both = of_all(&few, &policy, mistake).into_iter().zip(of_all(&many, &policy, mistake));
        // Unless they show that a device was left behind.
        for (few, many) in both.filter(|(_, many)| !is_left(many)) {
            prop_assert!(few.minutes <= many.minutes && few.slots.len() <= many.slots.len());
            prop_assert!(few.value <= many.value);
        }
    }
    Ok(())
}

fn check_answers(world: &World, mistake: Option<Mistake>) -> Verdict {
    for day in of_all(&world.scene(), &policy("slots10"), mistake).iter().filter(|day| !is_left(day)) {
        let time = |hour: i8| local(&format!("{} {hour:02}:00", day.date));
        let window = Stretch { from_ms: time(DAYTIME.start), to_ms: time(DAYTIME.end) };
        let unseen = world.unseen();
        let hides = |stretch: &Stretch| stretch.within(window).is_some_and(|both| both.length_ms() >= LEAST_MS);
        match day.answer {
            Answer::Present => prop_assert!(!day.slots.is_empty()),
            Answer::Absent => prop_assert!(day.slots.is_empty() && !unseen.iter().any(hides)),
            Answer::NotObserved => prop_assert!(day.slots.is_empty() && !unseen.is_empty()),
        }
    }
    Ok(())
}

const LAWS: [fn(&World, Option<Mistake>) -> Verdict; 7] =
    [check_batches, check_counts, check_lengths, check_ends, check_settling, check_growth, check_answers];

proptest! {
    #[test]
    fn any_batches_in_any_order_with_any_repeats_give_the_same_days(world in worlds()) {
        check_batches(&world, None)?;
    }

    #[test]
    fn a_day_is_what_a_person_counts(world in worlds()) {
        check_counts(&world, None)?;
    }

    #[test]
    fn a_day_is_no_longer_than_itself_and_a_union_no_longer_than_its_parts(world in worlds()) {
        check_lengths(&world, None)?;
    }

    #[test]
    fn a_session_ends_with_a_sight_and_begins_with_one(world in worlds()) {
        check_ends(&world, None)?;
    }

    #[test]
    fn what_comes_after_a_day_has_settled_never_changes_it(world in worlds()) {
        check_settling(&world, None)?;
    }

    #[test]
    fn more_sights_never_take_anything_away(world in worlds()) {
        check_growth(&world, None)?;
    }

    #[test]
    fn nobody_is_absent_who_could_not_be_seen_and_whoever_could_is_not_unobserved(world in worlds()) {
        check_answers(&world, None)?;
    }
}

#[test]
fn every_planted_mistake_breaks_a_law() {
    let is_noticed = |mistake: Mistake| {
        let config = Config { cases: 400, failure_persistence: None, max_shrink_iters: 0, ..Config::default() };
        // The same worlds each time: what it says of a change is no matter of luck.
        let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
        let all = |world: World| LAWS.into_iter().try_for_each(|law| law(&world, Some(mistake)));
        runner.run(&worlds(), all).is_err()
    };
    let unnoticed: Vec<Mistake> = Mistake::ALL.into_iter().filter(|mistake| !is_noticed(*mistake)).collect();
    assert!(unnoticed.is_empty(), "these mistakes would go unnoticed: {unnoticed:?}");
}
