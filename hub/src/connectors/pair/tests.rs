//! Laws of pairing, and the days on which clocks change.

use proptest::prelude::*;

use super::*;

const HOUR: i64 = 3_600_000;

fn event(at_hours: i64, direction: Option<Direction>) -> Event {
    Event { at_ms: at_hours * HOUR, key: [u8::try_from(at_hours.rem_euclid(200)).unwrap(); 16], direction }
}

#[test]
fn an_in_and_the_next_out_are_a_span_and_nothing_is_invented() {
    let (way_in, way_out) = (Some(Direction::In), Some(Direction::Out));
    let events = [
        event(8, way_in),
        event(12, way_out),
        event(13, way_in),
        event(32, way_in),
        event(40, way_out),
        event(41, way_out),
    ];

    let paired = pair(&events, 16 * HOUR, 50 * HOUR);

    assert_eq!(paired.spans, [(events[0], events[1]), (events[3], events[4])]);
    assert_eq!((paired.forgotten, paired.lone, paired.open), (vec![events[2]], vec![events[5]], None));
}

#[test]
fn the_last_in_is_open_until_the_longest_span_has_passed() {
    let events = [event(8, None)];
    assert_eq!(pair(&events, 16 * HOUR, 20 * HOUR).open, Some(events[0]));
    assert_eq!(pair(&events, 16 * HOUR, 25 * HOUR).forgotten, events);
}

#[test]
fn without_directions_punches_alternate_and_a_forgotten_out_does_not_turn_the_next_day_round() {
    let events = [8, 12, 13, 17, 32, 56, 60].map(|hour| event(hour, None));
    let paired = pair(&events, 16 * HOUR, 61 * HOUR);
    let spans = [(8, 12), (13, 17), (56, 60)].map(|(from, to)| (event(from, None), event(to, None)));
    assert_eq!((paired.spans.as_slice(), paired.forgotten), (spans.as_slice(), vec![event(32, None)]));
}

#[test]
fn a_span_over_midnight_is_cut_where_the_local_day_ends() {
    let zone = TimeZone::get("Europe/Paris").unwrap();
    // 2031-10-25 22:00 to 2031-10-26 06:00 in Paris, over the hour that comes twice: nine hours.
    let (start, end) = (1_950_724_800_000, 1_950_757_200_000);
    let pieces = split_at_midnight(start, end, &zone);
    assert_eq!(pieces, [(start, start + 2 * HOUR), (start + 2 * HOUR, end)]);
    assert_eq!(end - start, 9 * HOUR);
    assert_eq!(local_day(start, &zone), "2031-10-25");
    assert_eq!(local_day(end, &zone), "2031-10-26");
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let direction = prop_oneof![Just(None), Just(Some(Direction::In)), Just(Some(Direction::Out))];
    let event = (0i64..300, 0u8..4, direction).prop_map(|(hour, key, direction)| Event {
        at_ms: hour * HOUR,
        key: [key; 16],
        direction,
    });
    prop::collection::vec(event, 0..30)
}

proptest! {
    #[test]
    fn order_and_repetition_change_nothing(events in events(), turn in 0usize..30) {
        let mut unique = events;
        unique.sort_unstable();
        unique.dedup_by_key(|event| (event.at_ms, event.key));
        let mut shuffled = unique.clone();
        let turn = turn.min(unique.len());
        shuffled.rotate_left(turn);
        shuffled.extend(unique.clone());
        prop_assert_eq!(pair(&shuffled, 16 * HOUR, 400 * HOUR), pair(&unique, 16 * HOUR, 400 * HOUR));
    }

    #[test]
    fn every_punch_ends_in_exactly_one_place_and_no_span_is_negative_or_too_long(events in events()) {
        let paired = pair(&events, 16 * HOUR, 200 * HOUR);
        for (start, end) in &paired.spans {
            prop_assert!(start.at_ms <= end.at_ms && end.at_ms - start.at_ms <= 16 * HOUR);
        }
        let placed = paired.spans.len() * 2 + paired.forgotten.len() + paired.lone.len() + usize::from(paired.open.is_some());
        prop_assert_eq!(placed, directed(&events, 16 * HOUR).len());
    }

    #[test]
    fn pieces_join_to_the_whole_and_none_crosses_midnight(start_ms in 1_700_000_000_000i64..1_900_000_000_000, hours in 0i64..80) {
        let zone = TimeZone::get("Europe/Paris").unwrap();
        let end_ms = start_ms + hours * HOUR;
        let pieces = split_at_midnight(start_ms, end_ms, &zone);
        prop_assert_eq!(pieces.first().unwrap().0, start_ms);
        prop_assert_eq!(pieces.last().unwrap().1, end_ms);
        prop_assert!(pieces.windows(2).all(|pair| pair[0].1 == pair[1].0));
        for (from, to) in pieces {
            prop_assert!(to == from || local_day(from, &zone) == local_day(to - 1, &zone));
        }
    }
}

#[test]
fn only_a_span_over_the_hour_that_happens_twice_runs_backwards() {
    let paris = TimeZone::get("Europe/Paris").unwrap();
    let ms = |text: &str| text.parse::<Timestamp>().unwrap().as_millisecond();
    let night = |from: &str, to: &str| runs_backwards(ms(from), ms(to), &paris);
    assert!(night("2031-10-26T00:45:00Z", "2031-10-26T01:15:00Z"));
    assert!(!night("2031-10-26T00:15:00Z", "2031-10-26T01:15:00Z"));
    assert!(!night("2031-10-26T00:45:00Z", "2031-10-26T07:00:00Z"));
    assert!(!runs_backwards(ms("2031-10-26T00:45:00Z"), ms("2031-10-26T01:15:00Z"), &TimeZone::UTC));
}
