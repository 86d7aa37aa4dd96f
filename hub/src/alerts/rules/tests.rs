//! Each rule at and around its limits; and its words.

use std::time::Duration;

use proptest::prelude::*;
use vigie_shared::wire::reading::BatteryState;

use super::*;
use crate::alerts::facts::{
    Alarm, BatteryFacts, ConnectorFacts, DiskHour, MachineFacts, MemoryFacts, NetworkFacts, TerminalFacts, UndoneUpdate,
};
use crate::alerts::news::Severity;
use crate::http::testing::{NOW, heartbeat};

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

pub(in crate::alerts) fn rennes() -> SiteId {
    "rennes01".parse().unwrap()
}

/// A site at which all is well.
pub(in crate::alerts) fn site() -> SiteFacts {
    let mut pulse = heartbeat();
    pulse.stamp.wall_ms = NOW;
    SiteFacts {
        name: "Rennes Club".to_owned(),
        has_delivered: true,
        heard_ms: Some(NOW),
        complete_ms: Some(NOW),
        pulse: Some(pulse),
        certificate_ends_ms: Some(NOW + 300 * DAY_MS),
        ..SiteFacts::default()
    }
}

pub(in crate::alerts) fn facts(site: SiteFacts) -> Facts {
    Facts { now_ms: NOW, listening_since_ms: 0, sites: [(rennes(), site)].into(), ..Facts::default() }
}

/// What the rule of that name sees of a site that was changed so.
fn seen(rule: &str, change: impl FnOnce(&mut SiteFacts)) -> Option<Seen> {
    let mut changed = site();
    change(&mut changed);
    look(rule, &facts(changed))
}

fn look(rule: &str, facts: &Facts) -> Option<Seen> {
    let armed = AlertsConfig::default().armed().into_iter().find(|armed| armed.name == rule).unwrap();
    let mut all = armed.rule.look(facts);
    assert!(all.len() < 4, "{all:?}");
    // Of several parts the one that is wrong, or nearly.
    all.sort_by_key(|seen| std::cmp::Reverse((seen.reached, seen.holds)));
    all.into_iter().next()
}

const FINE: (Option<Grade>, Option<Grade>) = (None, None);
const EASED: (Option<Grade>, Option<Grade>) = (None, Some(Grade::WARNING));
const WARNING: (Option<Grade>, Option<Grade>) = (Some(Grade::WARNING), Some(Grade::WARNING));
const NEARLY_CRITICAL: (Option<Grade>, Option<Grade>) = (Some(Grade::WARNING), Some(Grade::CRITICAL));
const CRITICAL: (Option<Grade>, Option<Grade>) = (Some(Grade::CRITICAL), Some(Grade::CRITICAL));

type Grades = (Option<Grade>, Option<Grade>);

fn grades(seen: &Seen) -> Grades {
    (seen.reached, seen.holds)
}

#[track_caller]
fn check<T: std::fmt::Debug + Copy>(rule: &str, cases: &[(T, Grades)], change: impl Fn(&mut SiteFacts, T)) {
    for (value, expected) in cases {
        let seen = seen(rule, |site| change(site, *value)).unwrap();
        assert_eq!(grades(&seen), *expected, "{rule} at {value:?}");
        assert_eq!(seen.site, Some(rennes()), "{rule}");
        if expected.0.is_some() {
            assert!(!seen.text.en.is_empty() && !seen.text.fr.is_empty() && seen.text.en != seen.text.fr, "{rule}");
            assert!(seen.name.starts_with("Rennes Club"), "{}", seen.name);
        }
    }
}

#[test]
fn temperature_above_75_is_a_warning_and_above_80_critical() {
    let cases = [
        (72_000, FINE),
        (72_001, EASED),
        (75_000, EASED),
        (75_001, WARNING),
        (77_001, NEARLY_CRITICAL),
        (80_000, NEARLY_CRITICAL),
        (80_001, CRITICAL),
    ];
    check("temperature", &cases, |site, heat| {
        site.pulse.as_mut().unwrap().host.temperature_milli_c = Some(heat);
    });
    let without_sensor = seen("temperature", |site| site.pulse.as_mut().unwrap().host.temperature_milli_c = None);
    assert_eq!(without_sensor, None);
}

#[test]
fn disk_above_90_percent_is_a_warning_and_above_95_critical() {
    let cases = [
        (880, FINE),
        (881, EASED),
        (900, EASED),
        (901, WARNING),
        (931, NEARLY_CRITICAL),
        (950, NEARLY_CRITICAL),
        (951, CRITICAL),
        (1000, CRITICAL),
    ];
    check("disk", &cases, |site, used: u64| {
        let disk = &mut site.pulse.as_mut().unwrap().host.disks[0];
        (disk.total_bytes, disk.available_bytes) = (1_000_000, (1000 - used) * 1000);
    });
}

#[test]
fn memory_above_90_percent_is_a_warning() {
    check("memory", &[(870, FINE), (900, EASED), (901, WARNING), (1000, WARNING)], |site, used: u64| {
        let host = &mut site.pulse.as_mut().unwrap().host;
        (host.memory_total_bytes, host.memory_available_bytes) = (1_000_000, (1000 - used) * 1000);
    });
}

#[test]
fn a_site_is_offline_after_more_than_five_minutes() {
    let cases = [
        (0, FINE),
        (90_000, FINE),
        (90_001, (None, Some(Grade::CRITICAL))),
        (5 * MINUTE_MS, (None, Some(Grade::CRITICAL))),
        (5 * MINUTE_MS + 1, CRITICAL),
    ];
    check("site_offline", &cases, |site, silence_ms| site.heard_ms = Some(NOW - silence_ms));
}

#[test]
fn after_the_hubs_start_nobody_is_offline_who_could_not_be_heard_yet() {
    let unheard = |has_delivered, since_ms| {
        let site = SiteFacts { heard_ms: None, has_delivered, newest_ms: Some(NOW - DAY_MS), ..site() };
        look("site_offline", &Facts { listening_since_ms: NOW - since_ms, ..facts(site) })
    };
    assert_eq!(unheard(true, 5 * MINUTE_MS), None);
    let seen = unheard(true, 5 * MINUTE_MS + 1).unwrap();
    assert_eq!((grades(&seen), seen.since_ms), (CRITICAL, Some(NOW - DAY_MS)));
    assert_eq!(unheard(false, DAY_MS), None, "a box that never delivered is not set up yet");
}

#[test]
fn a_mac_with_15_gb_is_critical_and_with_less_than_30_a_warning() {
    // Case S16 of the machines: what `df` says in KiB.
    let of_df = |kib: u64| kib * 1024;
    let cases = [
        (31_000_000_000, FINE),
        (30_000_000_000, EASED),
        (29_999_999_999, WARNING),
        (of_df(14_648_438), NEARLY_CRITICAL),
        (15_000_000_001, NEARLY_CRITICAL),
        (15_000_000_000, CRITICAL),
        (of_df(14_648_437), CRITICAL),
        (67_000_000_000, FINE),
    ];
    check("machine_disk", &cases, |site, free| {
        site.machines = vec![MachineFacts { free_bytes: Some(free), ..machine() }];
    });
}

fn machine() -> MachineFacts {
    let name = "Mac de Marie".to_owned();
    MachineFacts { id: "C02XL".to_owned(), name, read_ms: NOW - MINUTE_MS, free_bytes: None, battery: None }
}

fn with_battery(site: &mut SiteFacts, percent: u8, is_plugged: bool, state: BatteryState) {
    let battery = Some(BatteryFacts { percent, is_plugged, state });
    site.machines = vec![MachineFacts { battery, ..machine() }];
}

#[test]
fn a_battery_that_is_full_and_plugged_in_is_a_warning_and_one_that_is_spared_is_not() {
    let cases = [
        ((100, true, BatteryState::Full), WARNING),
        ((100, true, BatteryState::Held), FINE),
        ((100, false, BatteryState::Discharging), FINE),
        ((99, true, BatteryState::Charging), FINE),
    ];
    check("battery_full", &cases, |site, (percent, is_plugged, state)| with_battery(site, percent, is_plugged, state));
}

#[test]
fn a_battery_below_30_percent_is_a_warning_unless_it_is_being_charged() {
    let cases = [
        ((29, BatteryState::Discharging), WARNING),
        ((30, BatteryState::Discharging), EASED),
        ((34, BatteryState::Discharging), EASED),
        ((35, BatteryState::Discharging), FINE),
        ((5, BatteryState::Charging), FINE),
    ];
    check("battery_low", &cases, |site, (percent, state)| with_battery(site, percent, false, state));
}

#[test]
fn of_a_machine_that_sleeps_nobody_knows_the_battery_but_its_disk_is_as_full_as_it_was() {
    let asleep = |rule| {
        seen(rule, |site| {
            with_battery(site, 5, false, BatteryState::Discharging);
            site.machines[0].read_ms = NOW - DAY_MS;
            site.machines[0].free_bytes = Some(1);
        })
    };
    assert_eq!(asleep("battery_low"), None);
    assert_eq!(grades(&asleep("machine_disk").unwrap()), CRITICAL);
}

#[test]
fn a_clock_two_minutes_off_is_wrong_in_either_direction() {
    let cases = [(60_000, FINE), (60_001, EASED), (120_000, EASED), (120_001, WARNING), (-120_001, WARNING)];
    check("clock_wrong", &cases, |site, ahead_ms| site.pulse.as_mut().unwrap().stamp.wall_ms = NOW + ahead_ms);
    check("clock_wrong", &cases, |site, ahead_ms| {
        let terminal = TerminalFacts { is_connected: true, clock_ahead_ms: Some(ahead_ms), ..TerminalFacts::default() };
        site.terminals = vec![terminal];
    });
}

#[test]
fn records_that_wait_for_half_an_hour_are_a_warning_and_for_six_hours_critical() {
    let cases =
        [(900, FINE), (901, EASED), (1_800, EASED), (1_801, WARNING), (21_600, NEARLY_CRITICAL), (21_601, CRITICAL)];
    check("queue_growing", &cases, |site, oldest_s| site.pulse.as_mut().unwrap().lanes[0].oldest_s = oldest_s);
}

#[test]
fn a_loss_is_a_warning_for_a_day() {
    check("queue_loss", &[(0, WARNING), (DAY_MS - 1, WARNING), (DAY_MS, FINE)], |site, ago_ms| {
        let text = "The lane dropped 12 records.".to_owned();
        site.alarms = vec![Alarm { kind: "lane_dropped".to_owned(), at_ms: NOW - ago_ms, text }];
    });
}

#[test]
fn a_certificate_is_told_of_30_14_and_7_days_before_its_end() {
    let step = Grade { severity: Severity::Warning, step: 1 };
    let cases = [
        (30 * DAY_MS, FINE),
        (30 * DAY_MS - 1, WARNING),
        (14 * DAY_MS, WARNING),
        (14 * DAY_MS - 1, (Some(step), Some(step))),
        (7 * DAY_MS, (Some(step), Some(step))),
        (7 * DAY_MS - 1, CRITICAL),
        (-1, CRITICAL),
    ];
    check("certificate_ending", &cases, |site, left_ms| site.certificate_ends_ms = Some(NOW + left_ms));
}

#[test]
fn an_update_that_was_undone_is_a_warning_for_a_day() {
    check("update_undone", &[(0, WARNING), (DAY_MS, FINE)], |site, ago_ms| {
        let undone = UndoneUpdate { kind: "update_agent".into(), at_ms: NOW - ago_ms, detail: "no receipt.".into() };
        site.undone = vec![undone];
    });
}

#[test]
fn a_blind_observer_is_a_warning_and_one_that_sees_is_none() {
    check("blind_observer", &[(Some(NOW - DAY_MS), WARNING), (None, FINE)], |site, blind_since_ms| {
        site.networks = vec![NetworkFacts { name: "lan".into(), blind_since_ms, reason: "no cable".into() }];
    });
}

#[test]
fn two_boxes_with_one_identity_are_critical() {
    check("box_cloned", &[(true, CRITICAL), (false, FINE)], |site, is_cloned| site.is_cloned = is_cloned);
}

#[test]
fn a_terminal_that_is_not_connected_is_a_warning() {
    check("terminal_silent", &[(false, WARNING), (true, FINE)], |site, is_connected| {
        let terminal =
            TerminalFacts { serial: "ZX1".into(), is_connected, unsent: Some(3), ..TerminalFacts::default() };
        site.terminals = vec![terminal];
    });
}

#[test]
fn a_terminals_memory_is_told_of_a_month_and_a_week_before_it_is_full() {
    let cases = [
        (None, FINE),
        (Some(32 * DAY_MS), FINE),
        (Some(30 * DAY_MS), EASED),
        (Some(30 * DAY_MS - 1), WARNING),
        (Some(7 * DAY_MS), NEARLY_CRITICAL),
        (Some(7 * DAY_MS - 1), CRITICAL),
        (Some(-DAY_MS), CRITICAL),
    ];
    check("terminal_memory", &cases, |site, left_ms: Option<i64>| {
        let full_ms = left_ms.map(|left_ms| NOW + left_ms);
        let memories = vec![MemoryFacts { what: "log".into(), used: 900, capacity: 1000, full_ms }];
        site.terminals = vec![TerminalFacts { serial: "ZX1".into(), memories, ..TerminalFacts::default() }];
    });
}

#[test]
fn a_disk_that_fills_is_told_of_a_week_and_a_day_before_it_is_full() {
    // Full in so many hours, after two days of history.
    let cases = [(9 * 24, FINE), (7 * 24 + 12, EASED), (6 * 24, WARNING), (30, NEARLY_CRITICAL), (12, CRITICAL)];
    check("disk_filling", &cases, |site, left: i64| {
        let hour = |ago: i64| DiskHour {
            at_ms: NOW - ago * 60 * MINUTE_MS,
            free_bytes: (left + ago).unsigned_abs() * 1_000_000,
        };
        site.disk_hours = (0..48).rev().map(hour).collect();
    });
}

#[test]
fn a_third_party_that_stopped_is_critical_and_one_that_takes_nothing_for_an_hour_a_warning() {
    let grade = |stopped: bool, failed: u64, passed_ago_ms: Option<i64>| {
        let connector = ConnectorFacts {
            name: "hr".to_owned(),
            stopped: stopped.then(|| ("the token ended".to_owned(), NOW - 5)),
            failed,
            passed_ms: passed_ago_ms.map(|ago_ms| NOW - ago_ms),
        };
        let seen = look("connector_stopped", &Facts { connectors: vec![connector], ..facts(site()) }).unwrap();
        assert_eq!((seen.site, seen.name.as_str()), (None, "hr"));
        seen.reached
    };
    assert_eq!(grade(true, 0, Some(0)), Some(Grade::CRITICAL));
    assert_eq!(grade(false, 3, Some(60 * MINUTE_MS)), None);
    assert_eq!(grade(false, 3, Some(60 * MINUTE_MS + 1)), Some(Grade::WARNING));
    assert_eq!(grade(false, 3, None), Some(Grade::WARNING));
    assert_eq!(grade(false, 0, None), None);
}

#[test]
fn at_a_site_where_all_is_well_no_rule_sees_anything_wrong() {
    let facts = facts(site());
    for armed in AlertsConfig::default().armed() {
        for seen in armed.rule.look(&facts) {
            assert_eq!(grades(&seen), FINE, "{}: {seen:?}", armed.name);
        }
    }
}

#[test]
fn each_rule_can_be_switched_off_and_its_limits_set() {
    let config: AlertsConfig = toml::from_str(
        "telling.quiet = \"22:00-07:00\"\n[temperature]\nenabled = false\n[disk]\nwarning_percent = 50\nafter = \"1h\"",
    )
    .unwrap();
    let armed = config.armed();
    assert_eq!(armed.len(), CATALOGUE.len() - 1);
    assert!(armed.iter().all(|armed| armed.name != "temperature"));
    let disk = armed.iter().find(|armed| armed.name == "disk").unwrap();
    assert_eq!(disk.rule.after_ms(), 60 * MINUTE_MS);
    let mut half = site();
    half.pulse.as_mut().unwrap().host.disks[0].available_bytes = 15_000_000_000;
    assert_eq!(disk.rule.look(&facts(half))[0].reached, Some(Grade::WARNING));
    assert!(toml::from_str::<AlertsConfig>("[disk]\nwarning = 3").is_err(), "unknown keys are refused");
    assert_eq!(config.described().len(), CATALOGUE.len());
    assert_eq!(config.described()[2].settings["enabled"], false);
}

#[test]
fn how_a_site_came_back_says_what_was_received_and_what_was_lost() {
    let armed = AlertsConfig::default().armed().into_iter().find(|armed| armed.name == "site_offline").unwrap();
    let key = crate::alerts::alert::Key { rule: "site_offline".into(), site: Some(rennes()), subject: String::new() };
    let mark = crate::alerts::alert::Mark { through: 1_000, missing: 2 };
    let alert = Alert { ended_ms: Some(NOW - MINUTE_MS), mark: Some(mark), ..Alert::pending(1, key, String::new(), 0) };
    let ending = |complete_ago_ms: i64, through, missing, now_ms| {
        let mark = crate::alerts::alert::Mark { through, missing };
        let site = SiteFacts { complete_ms: Some(NOW - complete_ago_ms), mark, ..site() };
        armed.rule.ending(&alert, &Facts { now_ms, ..facts(site) }).unwrap()
    };
    let whole = ending(0, 1_212, 2, NOW);
    assert!(!whole.is_open && whole.words.en == "All 212 records that waited on the box were received by today 14:05.");
    let half = ending(2 * MINUTE_MS, 1_057, 2, NOW);
    assert!(half.is_open && half.words.en.starts_with("57 of the records"), "{half:?}");
    assert!(!ending(2 * MINUTE_MS, 1_057, 2, NOW + 10 * MINUTE_MS).is_open, "nobody waits for ever");
    let lossy = ending(0, 1_212, 14, NOW).words;
    assert!(lossy.en.contains("All 200") && lossy.en.contains("12 records were lost"), "{lossy:?}");
    assert!(lossy.fr.contains("12 enregistrements sont perdus"), "{lossy:?}");
}

proptest! {
    #[test]
    fn no_rule_panics_whatever_a_box_says(
        heat: i32, total: u64, available: u64, wall_ms: i64, oldest_s: u64, ends_ms: i64, percent: u8, after_s: u32,
    ) {
        let mut wild = site();
        let pulse = wild.pulse.as_mut().unwrap();
        pulse.host.temperature_milli_c = Some(heat);
        (pulse.host.disks[0].total_bytes, pulse.host.disks[0].available_bytes) = (total, available);
        (pulse.stamp.wall_ms, pulse.lanes[0].oldest_s) = (wall_ms, oldest_s);
        (wild.heard_ms, wild.certificate_ends_ms) = (Some(wall_ms), Some(ends_ms));
        with_battery(&mut wild, percent, true, BatteryState::Full);
        let mut config = AlertsConfig::default();
        config.site_offline.after = Duration::from_secs(after_s.into());
        for armed in config.armed() {
            for seen in armed.rule.look(&facts(wild.clone())) {
                prop_assert!(seen.holds >= seen.reached, "{}: what is reached holds", armed.name);
            }
        }
    }
}
