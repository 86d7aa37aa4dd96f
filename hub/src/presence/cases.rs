//! The cases of the field, under the numbers that their list gives them. P20 and P21 are the box's, P27 is the import's.

use std::time::Duration;

use jiff::civil::{Date, date};

use super::Counts;
use super::coverage::Coverage;
use super::day::{Answer, Day, Flag, LEFT_MS};
use super::online::{Limits, Standing, standing};
use super::policy::Policy;
use super::revise::{Kept, Mark, Step, revise};
use super::scene::{LATER_MS, MINUTE_MS, Scene, clear, local, paris, policy, site, strips, utc, whole_day};
use super::session::ARRIVAL_MS;
use super::stretch::Stretch;
use super::value::Value;

/// A Monday.
const MONDAY: Date = date(2026, 6, 1);

/// What a Monday was on which a phone was seen by the minute in these stretches.
fn monday(policy_name: &str, stretches: &[(&str, &str)]) -> Day {
    let dated: Vec<(String, String)> =
        stretches.iter().map(|(from, to)| (format!("2026-06-01 {from}"), format!("2026-06-01 {to}"))).collect();
    let dated: Vec<(&str, &str)> = dated.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect();
    Scene::phone(&dated).day(&policy(policy_name), MONDAY)
}

/// The sessions of a day as local times.
fn sessions(day: &Day) -> Vec<String> {
    let shown = |at_ms: i64| {
        let moment = jiff::Timestamp::from_millisecond(at_ms).unwrap().to_zoned(paris());
        moment.strftime("%H:%M%:z").to_string()
    };
    let sessions = day.sites.iter().flat_map(|site| &site.sessions);
    sessions.map(|one| format!("{}-{}", shown(one.from_ms), shown(one.to_ms))).collect()
}

/// What is kept after a day was computed for the first time.
fn kept(day: &Day, decided: Option<Value>) -> Kept {
    match revise(None, day, decided) {
        Step::Keep(kept) | Step::Tell(kept) => kept,
        Step::Nothing => panic!("a first day is always kept"),
    }
}

#[test]
fn p01_two_slots_are_nothing_and_a_value_that_was_told_is_taken_back() {
    let day = monday("slots10", &[("08:00", "08:19")]);
    assert_eq!((day.slots.len(), day.value, day.answer), (2, Value::Zero, Answer::Present));
    assert_eq!(kept(&day, None).revision, 0);
    let former = monday("slots10", &[("08:00", "08:20")]);
    let Step::Tell(told) = revise(Some((kept(&former, None), &former)), &day, None) else { panic!("not told") };
    assert_eq!((told.told, told.revision), (Value::Zero, 2));
}

#[test]
fn p02_three_slots_are_half_a_day() {
    let day = monday("slots10", &[("08:00", "08:20")]);
    assert_eq!((day.slots.len(), day.value), (3, Value::Half));
}

#[test]
fn p03_thirty_slots_are_a_day_and_one_less_is_half() {
    let day = monday("slots10", &[("08:00", "12:49")]);
    assert_eq!((day.slots.len(), day.value), (29, Value::Half));
    let day = monday("slots10", &[("08:00", "12:50")]);
    assert_eq!((day.slots.len(), day.value), (30, Value::Full));
}

#[test]
fn p04_what_lies_outside_the_window_counts_for_nothing() {
    let day = monday("slots10", &[("06:00", "07:59"), ("22:00", "23:00")]);
    assert_eq!((day.slots.len(), day.value, day.answer), (0, Value::Zero, Answer::Absent));
}

#[test]
fn p05_three_stray_sights_are_half_a_day_by_slots_and_nothing_by_minutes() {
    let stray = [("09:09", "09:09"), ("12:00", "12:00"), ("17:30", "17:30")];
    let day = monday("slots10", &stray);
    assert_eq!((day.slots.len(), day.value), (3, Value::Half));
    let day = monday("minutes", &stray);
    assert_eq!((day.minutes, day.value, sessions(&day).len()), (0, Value::Zero, 0));
    assert_eq!(day.flags, [Flag::Glimpsed]);
}

#[test]
fn p06_neighbours_in_a_list_share_no_slot() {
    let d = monday("slots10", &[("11:30", "12:00")]);
    let e = monday("slots10", &[("12:00", "12:20")]);
    assert_eq!((d.slots.len(), d.value), (4, Value::Half));
    assert_eq!((e.slots.len(), e.value), (3, Value::Half));
}

#[test]
fn p07_an_address_with_zeros_is_an_address() {
    let mut scene = Scene::phone(&[("2026-06-01 09:00", "2026-06-01 15:39")]);
    scene.ownerships[0].person = "c1000@example.org".to_owned();
    let day = scene.day(&policy("slots10"), MONDAY);
    assert_eq!((day.slots.len(), day.value), (40, Value::Full));
}

#[test]
fn p08_a_silence_within_the_grace_belongs_to_the_session() {
    let day = monday("minutes", &[("09:00", "09:30"), ("09:44", "09:44"), ("10:01", "10:01"), ("10:02", "10:19")]);
    assert_eq!(sessions(&day), ["09:00+02:00-09:44+02:00", "10:01+02:00-10:19+02:00"]);
}

#[test]
fn p09_one_sight_or_two_minutes_are_no_session() {
    assert!(sessions(&monday("minutes", &[("12:00", "12:00")])).is_empty());
    assert!(sessions(&monday("minutes", &[("12:00", "12:00"), ("12:02", "12:02")])).is_empty());
}

#[test]
fn a_policy_may_ask_for_an_arrival_and_slots_are_counted_as_ever() {
    let three_minutes = Duration::from_millis(ARRIVAL_MS.unsigned_abs());
    let arriving = |name: &str| Policy { version: 2, arrival: three_minutes, ..policy(name) };
    let scene = Scene::phone(&[("2026-06-01 08:48", "2026-06-01 08:48"), ("2026-06-01 09:00", "2026-06-01 09:31")]);
    let (any, arrived) = (scene.day(&policy("minutes"), MONDAY), scene.day(&arriving("minutes"), MONDAY));
    assert_eq!((any.minutes, arrived.minutes, arrived.version), (43, 31, 2));
    assert_eq!(sessions(&arrived), ["09:00+02:00-09:31+02:00"]);
    let (any, arrived) = (scene.day(&policy("slots10"), MONDAY), scene.day(&arriving("slots10"), MONDAY));
    assert_eq!((any.slots.len(), any.value), (5, Value::Half));
    assert_eq!((arrived.slots, arrived.value), (any.slots, any.value));
}

#[test]
fn p10_two_devices_at_once_are_one_person() {
    let mut scene = Scene::phone(&[("2026-06-01 09:00", "2026-06-01 09:40")]);
    scene.own("metz", "laptop");
    scene.minutes("metz", "laptop", (local("2026-06-01 09:30"), local("2026-06-01 12:00")));
    let day = scene.day(&policy("minutes"), MONDAY);
    assert_eq!((day.minutes, day.value), (180, Value::Half));
}

/// A laptop at one site and a phone at another, both in Paris.
fn two_sites(laptop: (&str, &str), phone: (&str, &str)) -> Day {
    let mut scene = Scene::new();
    scene.place("b", scene.places[&site("metz")].coverage.clone());
    scene.own("metz", "laptop");
    scene.own("b", "phone");
    scene.minutes("metz", "laptop", (local(laptop.0), local(laptop.1)));
    scene.minutes("b", "phone", (local(phone.0), local(phone.1)));
    scene.day(&policy("minutes"), MONDAY)
}

#[test]
fn p11_a_day_at_two_sites_is_one_day() {
    let day = two_sites(("2026-06-01 09:00", "2026-06-01 12:00"), ("2026-06-01 13:00", "2026-06-01 16:10"));
    assert_eq!((day.minutes, day.value), (370, Value::Full));
    let detail: Vec<_> = day.sites.iter().map(|site| (site.site.as_str(), site.minutes)).collect();
    assert_eq!(detail, [("b", 190), ("metz", 180)], "the site of the longest time comes first");
    assert_eq!(day.flags, []);
}

#[test]
fn p12_two_sites_at_once_are_flagged_and_not_added() {
    let day = two_sites(("2026-06-01 09:00", "2026-06-01 18:00"), ("2026-06-01 10:00", "2026-06-01 12:00"));
    assert_eq!((day.minutes, day.value), (540, Value::Full));
    let both = Stretch { from_ms: local("2026-06-01 10:00"), to_ms: local("2026-06-01 12:00") };
    assert_eq!(day.flags, [Flag::TwoSites(both)]);
}

#[test]
fn p13_a_day_is_always_that_of_all_devices() {
    let mut scene = Scene::phone(&[("2026-06-01 09:00", "2026-06-01 11:29")]);
    scene.own("metz", "laptop");
    scene.minutes("metz", "laptop", (local("2026-06-01 10:00"), local("2026-06-01 14:49")));
    let day = scene.day(&policy("slots10"), MONDAY);
    assert_eq!((day.slots.len(), day.value), (35, Value::Full));
    // Whoever asks for one device asks for the days of its person.
    let again = scene.day(&policy("slots10"), MONDAY);
    assert_eq!(revise(Some((kept(&day, None), &day)), &again, None), Step::Nothing);
}

#[test]
fn p14_a_value_that_vanished_is_taken_back_and_a_decision_stands() {
    let mut scene = Scene::phone(&[("2026-06-01 09:00", "2026-06-01 10:00")]);
    let former = scene.day(&policy("slots10"), MONDAY);
    scene.ownerships[0].to_ms = Some(local("2026-06-01 00:00"));
    let day = scene.day(&policy("slots10"), MONDAY);
    assert_eq!((former.value, day.value), (Value::Half, Value::Zero));
    let Step::Tell(told) = revise(Some((kept(&former, None), &former)), &day, None) else { panic!("not told") };
    assert_eq!((told.revision, told.told), (2, Value::Zero));
    let decided = Some(Value::Full);
    let Step::Tell(told) = revise(Some((kept(&former, decided), &former)), &day, decided) else { panic!("not kept") };
    assert_eq!((told.revision, told.value, told.told), (2, Value::Zero, Value::Full));
}

#[test]
fn p15_a_day_is_as_long_as_the_zone_makes_it() {
    for (on, from, to, minutes) in [
        (date(2026, 10, 25), "2026-10-25 00:00", "2026-10-26 00:00", 1500),
        (date(2026, 3, 29), "2026-03-29 00:00", "2026-03-30 00:00", 1380),
    ] {
        let scene = Scene::phone(&[(from, to)]);
        let days = scene.days(&whole_day("minutes"), on.yesterday().unwrap(), on.tomorrow().unwrap());
        let found: Vec<_> = days.iter().map(|day| (day.date, day.minutes, day.value)).filter(|day| day.1 > 0).collect();
        assert_eq!(found, [(on, minutes, Value::Full)]);
        assert_eq!(
            i64::try_from(days[1].slots.len()).unwrap(),
            minutes / 10,
            "no slot is counted twice in an hour that comes twice"
        );
    }
}

#[test]
fn p16_an_hour_that_comes_twice_has_two_sessions() {
    let mut scene = Scene::new();
    scene.own("metz", "phone");
    for moment in ["2026-10-25T00:30:00Z", "2026-10-25T00:36:00Z", "2026-10-25T01:30:00Z", "2026-10-25T01:36:00Z"] {
        scene.sight("metz", "phone", utc(moment));
    }
    let day = scene.day(&whole_day("minutes"), date(2026, 10, 25));
    assert_eq!(sessions(&day), ["02:30+02:00-02:36+02:00", "02:30+01:00-02:36+01:00"]);
}

#[test]
fn p17_a_local_date_is_the_sites() {
    let mut scene = Scene::new();
    scene.own("metz", "phone");
    scene.sight("metz", "phone", utc("2026-06-30T22:30:00Z"));
    let days = scene.days(&whole_day("slots10"), date(2026, 6, 30), date(2026, 7, 1));
    assert_eq!(days.iter().map(|day| day.slots.len()).collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn p18_a_session_over_midnight_belongs_to_both_days() {
    let scene = Scene::phone(&[("2026-06-01 20:30", "2026-06-02 01:00")]);
    let minutes = |policy| {
        let days = scene.days(&policy, MONDAY, MONDAY.tomorrow().unwrap());
        days.into_iter().map(|day| day.minutes).collect::<Vec<_>>()
    };
    assert_eq!(minutes(policy("minutes")), [90, 0]);
    assert_eq!(minutes(whole_day("minutes")), [210, 60]);
}

#[test]
fn p19_a_silence_in_which_nobody_could_see_is_bridged_and_flagged() {
    let mut scene = Scene::phone(&[("2026-06-01 09:00", "2026-06-01 10:59"), ("2026-06-01 11:41", "2026-06-01 12:00")]);
    assert_eq!(sessions(&scene.day(&policy("minutes"), MONDAY)).len(), 2);
    scene.place("metz", clear(&[("2026-06-01 00:00", "2026-06-01 11:00"), ("2026-06-01 11:40", "2026-06-03 00:00")]));
    let day = scene.day(&policy("minutes"), MONDAY);
    assert_eq!(sessions(&day), ["09:00+02:00-12:00+02:00"]);
    let gap = Stretch { from_ms: local("2026-06-01 10:59"), to_ms: local("2026-06-01 11:41") };
    assert_eq!((gap.length_ms() / MINUTE_MS, day.flags), (42, vec![Flag::Bridged(gap)]));
}

fn standing_at(scene: &Scene, at: &str) -> Standing {
    let strips = strips(&scene.seen);
    standing(scene.facts(&strips), Limits::default(), local(at))
}

#[test]
fn p22_whoever_was_seen_ten_minutes_ago_is_here_and_a_second_later_left_then() {
    let scene = Scene::phone(&[("2026-06-01 13:00", "2026-06-01 14:00")]);
    let here = Standing::Here {
        site: Some(site("metz")),
        since_ms: local("2026-06-01 13:00"),
        seen_ms: local("2026-06-01 14:00"),
    };
    assert_eq!(standing_at(&scene, "2026-06-01 14:10:00"), here);
    assert_eq!(standing_at(&scene, "2026-06-01 14:10:01"), Standing::Gone { left_ms: local("2026-06-01 14:00") });
    assert_eq!(standing_at(&scene, "2026-06-01 12:00"), Standing::Never);
}

#[test]
fn nobody_comes_by_one_weak_sight_and_nobody_leaves_by_being_seen_seldom() {
    let mut scene = Scene::phone(&[("2026-06-01 13:00", "2026-06-01 13:00")]);
    assert_eq!(standing_at(&scene, "2026-06-01 13:01"), Standing::Never);
    scene.sight("metz", "phone", local("2026-06-01 13:03"));
    assert!(standing_at(&scene, "2026-06-01 13:03").is_here());
    for minute in ["13:12", "13:21", "13:30"] {
        scene.sight("metz", "phone", local(&format!("2026-06-01 {minute}")));
        assert!(standing_at(&scene, &format!("2026-06-01 {minute}")).is_here());
    }
    scene.sight("metz", "phone", local("2026-06-01 15:00"));
    let gone = Standing::Gone { left_ms: local("2026-06-01 13:30") };
    assert_eq!(standing_at(&scene, "2026-06-01 15:01"), gone, "a single sight later is no return");
}

#[test]
fn p23_a_laptop_that_is_left_behind_counts_for_the_first_day_only() {
    let scene = Scene::phone(&[("2026-06-01 10:00", "2026-06-03 18:00")]);
    let days = scene.days(&policy("minutes"), MONDAY, date(2026, 6, 3));
    let values: Vec<_> = days.iter().map(|day| (day.value, day.flags.as_slice())).collect();
    let left = [Flag::LeftDevice { device: 0, since_ms: local("2026-06-01 10:00") }];
    assert_eq!(
        values,
        [(Value::Full, [Flag::NoDeparture].as_slice()), (Value::Zero, left.as_slice()), (Value::Zero, left.as_slice()),]
    );
    assert!(local("2026-06-03 18:00") - local("2026-06-01 10:00") >= LEFT_MS);
    assert_eq!(standing_at(&scene, "2026-06-03 12:00"), Standing::Never, "a laptop alone is nobody");
}

#[test]
fn p23_whoever_comes_while_the_laptop_is_left_behind_counts_by_the_phone() {
    let mut scene = Scene::phone(&[("2026-06-02 09:00", "2026-06-02 12:00")]);
    scene.own("metz", "laptop");
    scene.minutes("metz", "laptop", (local("2026-06-01 10:00"), local("2026-06-03 18:00")));
    let day = scene.day(&policy("minutes"), date(2026, 6, 2));
    assert_eq!((day.minutes, day.value), (180, Value::Half));
    scene.ownerships[1].counts = Counts::Stationary;
    let day = scene.day(&policy("minutes"), date(2026, 6, 2));
    assert_eq!((day.minutes, day.flags), (180, vec![]), "whoever says that it stays is not asked");
}

#[test]
fn p24_a_device_is_its_owners_of_that_day() {
    let border = local("2026-04-01 00:00");
    let mut alice = Scene::phone(&[("2026-03-31 22:00", "2026-04-01 02:00")]);
    let mut bob = alice.clone();
    alice.ownerships[0].to_ms = Some(border);
    bob.ownerships[0].from_ms = border;
    let minutes = |scene: &Scene| {
        let days = scene.days(&whole_day("minutes"), date(2026, 3, 31), date(2026, 4, 1));
        days.iter().map(|day| (day.minutes, day.slots.len())).collect::<Vec<_>>()
    };
    assert_eq!(minutes(&alice), [(120, 12), (0, 0)]);
    assert_eq!(minutes(&bob), [(0, 0), (120, 13)]);
}

#[test]
fn p25_the_same_upload_twice_changes_nothing_and_a_late_one_is_one_revision() {
    let mut scene = Scene::phone(&[("2026-06-01 09:00", "2026-06-01 10:00")]);
    let day = scene.day(&policy("slots10"), MONDAY);
    let first = kept(&day, None);
    scene.seen.extend(scene.seen.clone());
    assert_eq!(revise(Some((first, &day)), &scene.day(&policy("slots10"), MONDAY), None), Step::Nothing);
    scene.minutes("metz", "phone", (local("2026-06-01 10:01"), local("2026-06-01 16:00")));
    let late = scene.day(&policy("slots10"), MONDAY);
    let Step::Tell(told) = revise(Some((first, &day)), &late, None) else { panic!("not told") };
    assert_eq!((told.revision, told.told, told.mark), (2, Value::Full, Mark::Amended));
    assert_eq!(revise(Some((told, &late)), &scene.day(&policy("slots10"), MONDAY), None), Step::Nothing);
}

#[test]
fn p26_when_nobody_can_see_nobody_has_left() {
    let mut scene = Scene::phone(&[("2026-06-01 09:00", "2026-06-01 11:00")]);
    scene.place("metz", clear(&[("2026-06-01 00:00", "2026-06-01 11:00")]));
    let unknown = Standing::Unknown {
        since_ms: Some(local("2026-06-01 11:00")),
        site: Some(site("metz")),
        seen_ms: Some(local("2026-06-01 11:00")),
    };
    assert_eq!(standing_at(&scene, "2026-06-01 11:30"), unknown);
    assert!(standing_at(&scene, "2026-06-01 11:05").is_here());
}

#[test]
fn a_day_on_which_nobody_could_see_is_not_an_absence() {
    let mut scene = Scene::phone(&[]);
    assert_eq!(scene.day(&policy("slots10"), MONDAY).answer, Answer::Absent);
    scene.place("metz", clear(&[("2026-06-01 00:00", "2026-06-01 11:00"), ("2026-06-01 11:40", "2026-06-03 00:00")]));
    let day = scene.day(&policy("slots10"), MONDAY);
    assert_eq!((day.answer, day.unseen.len()), (Answer::NotObserved, 1));
    scene.place("metz", Coverage::default());
    assert_eq!(scene.day(&policy("slots10"), MONDAY).answer, Answer::NotObserved);
    scene.ownerships.clear();
    assert_eq!(scene.day(&policy("slots10"), MONDAY).answer, Answer::NotObserved);
}

#[test]
fn whoever_is_active_in_an_application_is_here_for_half_an_hour() {
    let mut scene = Scene::phone(&[("2026-06-01 09:00", "2026-06-01 10:00")]);
    scene.sight("app", "ada", local("2026-06-01 12:00"));
    let app = Standing::Here { site: None, since_ms: local("2026-06-01 12:00"), seen_ms: local("2026-06-01 12:00") };
    assert_eq!(standing_at(&scene, "2026-06-01 12:30"), app);
    assert!(matches!(standing_at(&scene, "2026-06-01 12:30:01"), Standing::Gone { .. }));
    assert_eq!(scene.day(&policy("minutes"), MONDAY).minutes, 60, "nobody is at a desk in an application");
}

#[test]
fn whoever_was_closed_by_hand_is_gone_until_the_next_sight() {
    let mut scene = Scene::phone(&[("2026-06-01 09:00", "2026-06-01 11:00")]);
    scene.closings.push(local("2026-06-01 11:05"));
    assert_eq!(standing_at(&scene, "2026-06-01 11:06"), Standing::Gone { left_ms: local("2026-06-01 11:00") });
    scene.place("metz", clear(&[("2026-06-01 00:00", "2026-06-01 11:00")]));
    assert_eq!(standing_at(&scene, "2026-06-01 11:30"), Standing::Gone { left_ms: local("2026-06-01 11:00") });
    scene.minutes("metz", "phone", (local("2026-06-01 11:10"), local("2026-06-01 11:20")));
    assert!(standing_at(&scene, "2026-06-01 11:21").is_here());
}

#[test]
fn halves_and_blocks_value_the_same_day_otherwise() {
    let day = |name: &str| monday(name, &[("09:00", "12:30"), ("17:00", "18:00")]);
    assert_eq!(
        (day("halves").value, day("blocks").value, day("minutes").value),
        (Value::Half, Value::Full, Value::Half)
    );
    assert_eq!(monday("halves", &[("10:00", "16:00")]).value, Value::Full);
}

#[test]
fn a_day_is_complete_when_nothing_later_can_change_it() {
    let mut scene = Scene::phone(&[("2026-06-01 09:00", "2026-06-01 10:00")]);
    let place = scene.places.get_mut(&site("metz")).unwrap();
    let settles_ms = super::day::settles_ms(MONDAY, place);
    place.complete_ms = Some(settles_ms - 1);
    assert!(!scene.day(&policy("slots10"), MONDAY).is_complete);
    scene.places.get_mut(&site("metz")).unwrap().complete_ms = Some(settles_ms);
    assert!(scene.day(&policy("slots10"), MONDAY).is_complete);
    assert!(settles_ms < LATER_MS);
}

#[test]
fn a_strip_says_which_device_was_seen_where_and_how() {
    let day = monday("slots10", &[("09:00", "09:05")]);
    let [slot] = day.slots.as_slice() else { panic!("{:?}", day.slots) };
    assert_eq!((slot.at_ms, slot.seen.as_slice()), (local("2026-06-01 09:00"), [(0, 1)].as_slice()));
    assert_eq!((day.devices[0].site.as_str(), day.devices[0].device.as_str()), ("metz", "phone"));
    let json = serde_json::to_string(&day).unwrap();
    assert_eq!(serde_json::from_str::<Day>(&json).unwrap(), day);
}
