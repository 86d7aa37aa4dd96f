//! Laws of what people set for attendance.

use jiff::civil::date;

use super::attendance::{MORNING, told};
use super::*;
use crate::attendance::{Holiday, Person, Schedule};
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
