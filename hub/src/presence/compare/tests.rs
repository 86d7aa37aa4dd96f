//! Each known defect is named, and whatever the old scripts would have sent has a cause.

use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::presence::coverage::Blind;
use crate::presence::day::{Answer, Slot, Unseen};

fn ticks(slots: impl IntoIterator<Item = u16>) -> BTreeSet<Tick> {
    slots.into_iter().map(|slot| Tick { offset_s: 7200, slot }).collect()
}

fn member<'a>(email: &'a str, devices: Vec<BTreeSet<Tick>>) -> Member<'a> {
    Member { person: email, email, devices, misspelt: BTreeSet::new() }
}

/// Our day with so many slots, by the mended rule, from an imported log.
fn ours(slots: usize) -> Day {
    Day {
        date: date(2026, 6, 1),
        policy: "slots10".to_owned(),
        version: 1,
        value: worth(slots),
        answer: Answer::Present,
        minutes: 0,
        slots: (0..slots).map(|_| Slot { at_ms: 0, seen: vec![(0, LOG)] }).collect(),
        devices: Vec::new(),
        sites: Vec::new(),
        flags: Vec::new(),
        unseen: Vec::new(),
        is_complete: true,
    }
}

/// The causes for one of some members, whose number is given.
fn causes(members: &[Member<'_>], person: &str, day: &Day, theirs: Option<Value>) -> Vec<Cause> {
    let other = ours(0);
    // Somebody else got a number, so that a run took place.
    let elsewhere = Pair { person: "zoe", ours: &other, told: Value::Half, theirs: Some(Value::Half) };
    let pair = Pair { person, ours: day, told: day.value, theirs };
    let found = differences(members, &[pair, elsewhere]);
    found.into_iter().next().map(|difference| difference.causes).unwrap_or_default()
}

#[test]
fn every_defect_of_the_old_scripts_is_named() {
    let neighbours = [member("d", vec![ticks(69..73)]), member("e", vec![ticks(72..75)])];
    assert_eq!(causes(&neighbours, "e", &ours(3), None), [Cause::Neighbour]);
    let filtered = [member("c1000@example.org", vec![ticks(50..90)])];
    assert_eq!(causes(&filtered, "c1000@example.org", &ours(40), None), [Cause::FilteredAddress]);
    let two = [member("a", vec![ticks(54..69), ticks(60..89)])];
    assert_eq!(causes(&two, "a", &ours(35), Some(Value::Half)), [Cause::OneDevice]);
    assert_eq!(causes(&[member("a", vec![ticks(54..55)])], "a", &ours(1), Some(Value::Half)), [Cause::NothingSent]);
    let mut offsets = ticks(50..60);
    offsets.extend((70..100).map(|slot| Tick { offset_s: 3600, slot }));
    assert_eq!(causes(&[member("a", vec![offsets])], "a", &ours(40), Some(Value::Half)), [Cause::TwoOffsets]);
    let other_owner = [member("a", vec![ticks(50..80)])];
    assert_eq!(causes(&other_owner, "a", &ours(0), Some(Value::Full)), [Cause::OwnerOfToday]);
}

#[test]
fn an_address_that_the_scripts_cannot_read_is_named() {
    let half = Member { misspelt: ticks(80..110), ..member("a", vec![ticks(50..60)]) };
    assert_eq!(causes(&[half], "a", &ours(40), Some(Value::Half)), [Cause::Misspelt]);
    let nothing = Member { misspelt: ticks(50..60), ..member("a", vec![ticks([])]) };
    assert_eq!(causes(std::slice::from_ref(&nothing), "a", &ours(10), None), [Cause::Misspelt]);
    assert_ne!(causes(&[nothing], "a", &ours(10), Some(Value::Full)), [Cause::Misspelt], "it explains less, not more");
}

#[test]
fn what_differs_because_two_programs_saw_differently_is_named() {
    let two = [member("a", vec![ticks(50..60), ticks(80..110)])];
    assert_eq!(causes(&two, "a", &ours(40), None), [Cause::FewerDevices]);
    let here = [member("a", vec![ticks(50..60)])];
    let unseen = Unseen { site: "metz".parse().unwrap(), blind: Blind { from_ms: 0, to_ms: 9, reason: None } };
    let blind = Day { unseen: vec![unseen], ..ours(10) };
    assert_eq!(causes(&here, "a", &blind, Some(Value::Full)), [Cause::Unseen]);
    let slots = (0..10).map(|_| Slot { at_ms: 0, seen: vec![(0, 1)] }).collect();
    let by_box = Day { slots, ..ours(10) };
    assert_eq!(causes(&here, "a", &by_box, Some(Value::Full)), [Cause::OtherProbe]);
    assert_eq!(causes(&[], "a", &ours(0), Some(Value::Full)), [Cause::NothingSent, Cause::OtherProbe]);
}

#[test]
fn what_is_no_defect_of_counting_is_named_too() {
    let stray = [member("a", vec![ticks([54, 72, 105])])];
    let glimpsed = Day { value: Value::Zero, ..ours(3) };
    assert_eq!(causes(&stray, "a", &glimpsed, Some(Value::Half)), [Cause::StraySights]);
    let left = Day { flags: vec![Flag::LeftDevice { device: 0, since_ms: 0 }], ..ours(0) };
    assert_eq!(causes(&[member("a", vec![ticks(48..132)])], "a", &left, Some(Value::Full)), [Cause::LeftDevice]);
    let members = [member("a", vec![ticks(50..60)])];
    let day = ours(10);
    let decided = Pair { person: "a", ours: &day, told: Value::Full, theirs: Some(Value::Half) };
    assert_eq!(differences(&members, &[decided])[0].causes, [Cause::Decided]);
    let nobody = Pair { person: "a", ours: &day, told: Value::Half, theirs: None };
    assert_eq!(differences(&members, &[nobody])[0].causes, [Cause::NoRun]);
    assert_eq!(causes(&members, "a", &day, Some(Value::Full)), [Cause::Unexplained]);
}

fn ticks_of_a_day() -> impl Strategy<Value = BTreeSet<Tick>> {
    let tick = (48..100_u16, proptest::bool::weighted(0.9))
        .prop_map(|(slot, is_summer)| Tick { offset_s: if is_summer { 7200 } else { 3600 }, slot });
    proptest::collection::btree_set(tick, 0..40)
}

fn devices() -> impl Strategy<Value = Vec<BTreeSet<Tick>>> {
    proptest::collection::vec(ticks_of_a_day(), 1..3)
}

proptest! {
    #[test]
    fn whatever_the_old_scripts_send_has_a_cause(
        all in proptest::collection::vec((devices(), ticks_of_a_day()), 1..6),
        has_zeros in proptest::bool::ANY,
    ) {
        let names: Vec<String> = (0..all.len())
            .map(|at| if has_zeros && at == 0 { "m0@0".to_owned() } else { format!("m{at}@example.org") })
            .collect();
        let members = names.iter().zip(all);
        let members: Vec<Member<'_>> =
            members.map(|(name, (devices, misspelt))| Member { misspelt, ..member(name, devices) }).collect();
        let seen = |member: &Member<'_>| slots(member.devices.iter().chain([&member.misspelt]));
        let days: Vec<Day> = members.iter().map(|member| ours(seen(member))).collect();
        let theirs = sent(&members);
        let pairs: Vec<Pair<'_>> = members
            .iter()
            .zip(&days)
            .map(|(member, day)| Pair {
                person: member.person,
                ours: day,
                told: day.value,
                theirs: theirs.get(member.person).copied(),
            })
            .collect();
        for difference in differences(&members, &pairs) {
            prop_assert!(!difference.causes.contains(&Cause::Unexplained), "{difference:?}");
        }
    }
}
