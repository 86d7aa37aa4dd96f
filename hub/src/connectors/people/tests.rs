//! People from lists: what is read, and who may go because of one.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn mapping() -> PeopleMapping {
    let raw: RawPeople = toml::from_str(
        "request = { method = 'GET', path = '/people' }\nitems = ''\nlink = 'badge'\n\
         map = { enrollid = '{badge|int}', name = '{who.name|opt}', is_enabled = '{status|map(Active=true)|default(false)}', group = '{group|opt}' }",
    )
    .unwrap();
    let mut wrongs = Vec::new();
    let mapping = PeopleMapping::read(&raw, &mut Vec::new(), &mut wrongs);
    assert_eq!(wrongs, []);
    mapping
}

fn read(items: &Value) -> (BTreeMap<u64, Person>, Vec<String>) {
    let listing = Listing { items: items.as_array().unwrap().clone(), doubt: None };
    mapping().people(&listing, &["id".to_owned()], &Values::new(jiff::tz::TimeZone::UTC))
}

fn known(numbers: impl IntoIterator<Item = u64>) -> BTreeMap<u64, Person> {
    let person = |enrol_id| Person {
        enrol_id,
        name: None,
        is_enabled: true,
        admin: None,
        weekzone: None,
        group: None,
        remote: Value::Null,
    };
    numbers.into_iter().map(|number| (number, person(number))).collect()
}

#[test]
fn only_what_requests_need_is_kept_of_a_person() {
    let (people, oddities) = read(&json!([
        { "badge": "7", "id": 42, "who": { "name": "Ama\u{0} <b>" }, "status": "Active", "group": 3, "salary": 9000 },
        { "badge": 8, "status": "Left" },
    ]));

    assert_eq!(oddities, Vec::<String>::new());
    assert_eq!((people[&7].name.as_deref(), people[&7].is_enabled, people[&7].group), (Some("Ama <b>"), true, Some(3)));
    assert_eq!(people[&7].remote, json!({ "id": 42 }));
    assert!(!people[&8].is_enabled);
}

#[test]
fn people_without_a_badge_are_left_out_and_wrong_ones_are_said() {
    let (people, oddities) = read(&json!([
        { "badge": null }, { "badge": false }, { "badge": "" }, {}, 5, { "badge": "x" }, { "badge": 1 }, { "badge": "1" },
    ]));

    assert_eq!(people.len(), 1);
    assert_eq!(oddities.len(), 2, "{oddities:?}");
    assert!(oddities[0].starts_with("item 6") && oddities[1].contains("two people"));
}

#[test]
fn nobody_goes_because_of_a_short_or_doubtful_list() {
    let all = known(1..=10);

    let emptied = compare(&all, &BTreeMap::new(), None, false);
    assert!(emptied.held.is_some() && emptied.to_mark().is_empty() && emptied.gone.len() == 10);
    assert_eq!(compare(&all, &BTreeMap::new(), None, true).to_mark().len(), 10, "a person said so");
    assert_eq!(compare(&all, &known(1..=8), None, false).to_mark(), [9, 10]);
    assert!(compare(&all, &known(1..=7), None, false).held.is_some());
    assert!(compare(&all, &known(1..=9), Some("a page came twice"), false).to_mark().is_empty());
}

#[test]
fn disabling_too_many_at_once_is_held_but_their_names_are_taken() {
    let mut listed = known(1..=10);
    for person in listed.values_mut().take(5) {
        (person.is_enabled, person.name) = (false, Some("changed".to_owned()));
    }

    let changes = compare(&known(1..=10), &listed, None, false);

    assert!(changes.held.is_some());
    assert!(changes.to_write().iter().all(|person| person.is_enabled && person.name.as_deref() == Some("changed")));
    let confirmed = compare(&known(1..=10), &listed, None, true);
    assert!(confirmed.to_write().iter().all(|person| !person.is_enabled));
}

proptest! {
    #[test]
    fn without_a_person_a_list_never_takes_more_than_its_share(before in prop::collection::btree_set(1u64..60, 1..50), after in prop::collection::btree_set(1u64..60, 0..50)) {
        let (before, after) = (known(before), known(after));
        let changes = compare(&before, &after, None, false);
        prop_assert!(changes.to_mark().len() * 100 <= before.len() * SHRINK_PERCENT_MAX);
        prop_assert_eq!(changes.added.len() + before.len() - changes.gone.len(), after.len());
    }

    #[test]
    fn the_same_list_again_changes_nothing(people in prop::collection::btree_set(1u64..60, 0..50)) {
        let people = known(people);
        prop_assert_eq!(compare(&people, &people, None, false), Changes::default());
    }
}
