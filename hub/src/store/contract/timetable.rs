//! Laws of what people set for attendance.

use jiff::civil::date;

use super::attendance::{MORNING, told};
use super::*;
use crate::attendance::profile::{Means, Way};
use crate::attendance::{Holiday, Person, Profile, Schedule};
use crate::store::attendance::{Direction, Punch, PunchFilter, Told};
use crate::store::timetable::Closing;

pub(super) async fn schedules_and_holidays_are_kept_replaced_and_removed(subject: &impl Subject) {
    let store = subject.open();
    let office = Schedule { terminals: vec!["ZX1".to_owned()], ..Schedule::empty("office") };
    for schedule in [&Schedule::empty("night"), &Schedule::empty("office"), &office] {
        store.put_schedule(schedule).await.unwrap();
    }
    let named = |name: &str, schedule: Option<&str>| Holiday {
        date: date(2031, 5, 1),
        schedule: schedule.map(str::to_owned),
        name: name.to_owned(),
    };
    for holiday in [named("1 mai", None), named("Bridge", Some("office")), named("May Day", None)] {
        store.put_holiday(&holiday).await.unwrap();
    }
    let store = subject.reopen(store).await;
    store.forget_projections().await.unwrap();
    assert_eq!(store.schedules().await.unwrap(), [Schedule::empty("night"), office]);
    assert_eq!(store.holidays().await.unwrap(), [named("May Day", None), named("Bridge", Some("office"))]);
    assert!(store.remove_schedule("night").await.unwrap() && !store.remove_schedule("night").await.unwrap());
    assert!(store.remove_holiday(date(2031, 5, 1), None).await.unwrap());
    assert!(!store.remove_holiday(date(2031, 5, 1), None).await.unwrap());
    assert_eq!(store.holidays().await.unwrap().len(), 1);
}

pub(super) async fn a_number_belongs_to_one_person_and_names_the_punches(subject: &impl Subject) {
    let store = subject.open();
    let person = |id: &str, name: &str, numbers: &[(&str, u64)]| Person {
        id: id.to_owned(),
        name: name.to_owned(),
        numbers: numbers.iter().map(|(terminal, number)| ((*terminal).to_owned(), *number)).collect(),
    };
    store.put_person(&person("e1", "Ama", &[("ZX1", 7), ("ZX2", 7)])).await.unwrap();
    store.put_person(&person("e2", "Bo", &[("ZX2", 7)])).await.unwrap();
    assert_eq!(store.people().await.unwrap(), [person("e1", "Ama", &[("ZX1", 7)]), person("e2", "Bo", &[("ZX2", 7)])]);
    let value = told("ZX1", 7, "2031-05-06 08:00:00", MORNING);
    let step = Step { punches: vec![Derived { value, undated: None }], ..Step::default() };
    store.apply(step).await.unwrap();
    let name = async || store.punches_after(0, 1).await.unwrap()[0].name.clone();
    assert_eq!(name().await.as_deref(), Some("Ama"));
    assert!(store.remove_person("e1").await.unwrap() && !store.remove_person("e1").await.unwrap());
    assert_eq!(name().await, None);
}

pub(super) async fn a_day_is_closed_once(subject: &impl Subject) {
    let store = subject.open();
    let closing = |day, closed_ms| Closing { plan: "office".to_owned(), date: date(2031, 5, day), closed_ms };
    store.close(&[closing(1, 10), closing(2, 20)]).await.unwrap();
    store.close(&[closing(1, 99), closing(3, 30)]).await.unwrap();
    let closed = store.closings(date(2031, 5, 1), date(2031, 5, 2)).await.unwrap();
    assert_eq!(closed, [closing(1, 10), closing(2, 20)]);
    assert_eq!(store.closings(date(2031, 5, 2), date(2031, 5, 1)).await.unwrap(), []);
}

/// A punch with those numbers for in or out and for how its person was recognised.
fn numbered(terminal: &str, second: i64, (in_out, mode): (i32, i32)) -> Derived<Told> {
    let told = told(terminal, 7, &format!("2031-05-06 08:00:{second:02}"), MORNING + 60_000);
    let punch = Profile::default().applied(Punch { in_out: Some(in_out), mode: Some(mode), ..told.punch });
    Derived { value: Told { punch, ..told }, undated: None }
}

pub(super) async fn a_profile_reads_the_punches_of_its_terminal_anew_and_outlives_a_rebuild(subject: &impl Subject) {
    let store = subject.open();
    let told = [("ZX1", 1, (0, 1)), ("ZX1", 2, (5, 1)), ("ZX1", 3, (7, 1)), ("ZX2", 4, (7, 1))];
    let punches = told.map(|(terminal, second, numbers)| numbered(terminal, second, numbers)).to_vec();
    store.apply(Step { punches: punches.clone(), ..Step::default() }).await.unwrap();
    let last = store.punches_after(0, 9).await.unwrap().last().unwrap().order;
    assert_eq!(counting(&store).await, [("ZX1".to_owned(), 5, None), ("ZX1".to_owned(), 0, Some(Direction::In))]);

    let mut profile = Profile::default();
    profile.inout.extend([(5, Way::In), (7, Way::Out)]);
    profile.mode.insert(9, Means::Face);
    store.put_terminal_profile("ZX1", &profile).await.unwrap();

    let (into, out) = (Some(Direction::In), Some(Direction::Out));
    let read = [("ZX1".to_owned(), 7, out), ("ZX1".to_owned(), 5, into), ("ZX1".to_owned(), 0, into)];
    assert_eq!(counting(&store).await, read);
    let moved: Vec<_> = store.punches_after(last, 9).await.unwrap().iter().map(|punch| punch.in_out).collect();
    assert_eq!(moved, [Some(5), Some(7)], "what is read as before keeps its place");
    let store = subject.reopen(store).await;
    assert_eq!(store.terminal_profiles().await.unwrap(), [("ZX1".to_owned(), profile)].into());
    store.forget_projections().await.unwrap();
    store.apply(Step { punches, ..Step::default() }).await.unwrap();
    assert_eq!(counting(&store).await, read);

    store.put_terminal_profile("ZX1", &Profile::default()).await.unwrap();
    assert_eq!(store.terminal_profiles().await.unwrap(), [].into());
    assert_eq!(counting(&store).await.len(), 2);
}

/// Terminal, number for in or out, and direction of what counts, newest first.
async fn counting(store: &impl Store) -> Vec<(String, i32, Option<Direction>)> {
    let filter = PunchFilter { only_counting: true, ..PunchFilter::default() };
    let punches = store.punches(&filter, None, 9).await.unwrap();
    punches.into_iter().map(|punch| (punch.terminal, punch.in_out.unwrap(), punch.direction)).collect()
}
