//! What a connection does with every kind of message, and with none.

use proptest::prelude::*;

use super::*;
use crate::terminals::reply::Order;

fn message(text: &str) -> Result<Frame, Unreadable> {
    Frame::decode(text.as_bytes())
}

fn bound() -> Session {
    let mut session = Session::new(Limits::default(), 0);
    let meaning = session.on_message(&message(r#"{"cmd":"reg","sn":"ZX1"}"#), 0);
    let Meaning::Registers(serial) = meaning else { panic!("{meaning:?}") };
    session.bind(serial);
    session
}

fn request(id: u64, order: Order, repeats: u32) -> Request {
    Request { id, order, answer_ms: 10_000, repeats, expires_ms: u64::MAX }
}

fn info(id: u64, enrol_id: u64) -> Request {
    request(id, Order::new("getuserinfo").with("enrollid", enrol_id), 0)
}

fn sent(session: &mut Session, now_ms: u64) -> String {
    match session.poll(now_ms) {
        Some(Due::Send(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn nothing_is_heard_and_nothing_is_sent_before_a_terminal_is_registered() {
    let mut session = Session::new(Limits::default(), 0);
    session.ask(info(1, 7));
    assert_eq!(session.poll(0), None);
    assert_eq!(session.on_message(&message(r#"{"cmd":"sendlog","sn":"ZX1"}"#), 0), Meaning::Refused("register first"));
    session.bind("ZX1".parse().unwrap());
    assert_eq!(sent(&mut session, 0), r#"{"cmd":"getuserinfo","sn":"ZX1","enrollid":7}"#);
}

#[test]
fn a_number_that_is_no_serial_number_is_refused() {
    for sn in [r#""""#, r#""../../etc""#, r#""A\u0000B""#, r#""<b>""#, "12345", "null"] {
        let mut session = Session::new(Limits::default(), 0);
        let meaning = session.on_message(&message(&format!(r#"{{"cmd":"reg","sn":{sn}}}"#)), 0);
        assert_eq!(meaning, Meaning::Refused("no serial number"), "{sn}");
    }
}

#[test]
fn whoever_does_not_register_or_falls_silent_has_to_go() {
    let mut session = Session::new(Limits::default(), 0);
    assert_eq!(session.next_at_ms(), 30_000);
    assert_eq!(session.poll(29_999), None);
    assert_eq!(session.poll(30_000), Some(Due::End(Close::Unregistered)));

    let mut session = bound();
    assert_eq!(session.poll(30_000), Some(Due::Ping));
    assert!(!session.on_control(30_001));
    assert_eq!(session.poll(60_000), Some(Due::Ping));
    assert_eq!(session.poll(90_000), Some(Due::Ping), "the pong counts as life");
    assert_eq!(session.poll(120_001), Some(Due::End(Close::Silent)));
}

#[test]
fn registering_twice_disturbs_nothing() {
    let mut session = bound();
    session.ask(info(1, 7));
    sent(&mut session, 0);
    let again = session.on_message(&message(r#"{"cmd":"reg","sn":"ZX1"}"#), 5);
    assert!(matches!(again, Meaning::Registers(_)));
    session.bind("ZX1".parse().unwrap());
    assert!(matches!(session.on_message(&message(r#"{"ret":"getuserinfo"}"#), 6), Meaning::Answers(1, _)));
}

#[test]
fn whoever_speaks_for_another_terminal_is_cut_off() {
    for text in [r#"{"cmd":"sendlog","sn":"ZX2"}"#, r#"{"cmd":"reg","sn":"ZX2"}"#, r#"{"ret":"x","sn":7}"#] {
        assert_eq!(bound().on_message(&message(text), 0), Meaning::Ends(Close::OtherSerial), "{text}");
    }
    assert_eq!(bound().on_message(&message(r#"{"cmd":"sendlog"}"#), 0), Meaning::Says, "old programs do not say it");
}

#[test]
fn nonsense_ends_the_connection_after_a_while() {
    let mut session = bound();
    let max = Limits::default().violations_max;
    for _ in 0..max {
        assert_eq!(session.on_message(&message("[]"), 0), Meaning::Nothing);
    }
    assert_eq!(session.on_message(&message(r#"{"ret":"nobody asked"}"#), 0), Meaning::Ends(Close::Unruly));
    assert_eq!(session.violations(), max + 1);
}

#[test]
fn a_flood_of_pings_is_noticed_and_a_few_are_not() {
    let mut session = bound();
    let max = Limits::default().controls_max;
    assert!((0..max).all(|_| !session.on_control(0)));
    assert!(session.on_control(0));
    assert!(!session.on_control(CONTROLS_MS + 1), "later again");
}

#[test]
fn commands_go_one_after_the_other() {
    let mut session = bound();
    session.ask(info(1, 7));
    session.ask(info(2, 8));
    assert!(sent(&mut session, 0).contains("\"enrollid\":7"));
    assert_eq!(session.poll(0), None);
    let answered = session.on_message(&message(r#"{"ret":"getuserinfo","result":true}"#), 1);
    assert!(matches!(answered, Meaning::Answers(1, Answered { is_done: true, .. })));
    assert!(sent(&mut session, 1).contains("\"enrollid\":8"));
}

#[test]
fn a_command_without_an_answer_is_repeated_if_it_may_be_and_then_given_up() {
    let mut session = bound();
    session.ask(request(1, Order::new("settime"), 2));
    session.ask(request(2, Order::new("opendoor"), 0));
    let mut sendings = 0;
    for now_ms in [0, 10_000, 20_000] {
        session.on_control(now_ms);
        sendings += u32::from(sent(&mut session, now_ms).contains("settime"));
    }
    assert_eq!(sendings, 3);
    assert_eq!(session.poll(30_000), Some(Due::Unanswered(1)));
    assert!(sent(&mut session, 30_000).contains("opendoor"), "the next one proceeds");
    assert_eq!(session.next_at_ms(), 30_000, "a ping is due");
    session.on_control(40_000);
    assert_eq!(session.poll(40_000), Some(Due::Unanswered(2)));
}

#[test]
fn an_answer_that_comes_too_late_is_not_the_next_commands() {
    let mut session = bound();
    session.ask(info(1, 7));
    session.ask(info(2, 8));
    sent(&mut session, 0);
    assert_eq!(session.poll(10_000), Some(Due::Unanswered(1)));
    sent(&mut session, 10_000);
    let late = session.on_message(&message(r#"{"ret":"getuserinfo","enrollid":7,"name":"Seven"}"#), 10_001);
    assert_eq!(late, Meaning::Nothing);
    let own = session.on_message(&message(r#"{"ret":"getuserinfo","enrollid":8}"#), 10_002);
    assert!(matches!(own, Meaning::Answers(2, _)));
}

#[test]
fn one_answer_that_was_lost_delays_one_command_and_no_more() {
    let mut session = bound();
    for id in 1..=3 {
        session.ask(request(id, Order::new("getusername"), 2));
    }
    let answer = || message(r#"{"ret":"getusername","record":"Ama"}"#);
    sent(&mut session, 0);
    sent(&mut session, 10_000);
    assert!(matches!(session.on_message(&answer(), 10_001), Meaning::Answers(1, _)));
    sent(&mut session, 10_002);
    assert_eq!(session.on_message(&answer(), 10_003), Meaning::Nothing, "it may be the first one's second answer");
    sent(&mut session, 20_002);
    assert!(matches!(session.on_message(&answer(), 20_003), Meaning::Answers(2, _)));
    sent(&mut session, 20_004);
    assert!(matches!(session.on_message(&answer(), 20_005), Meaning::Answers(3, _)));
}

#[test]
fn an_answer_that_names_its_person_finds_its_command_though_another_is_late() {
    let mut session = bound();
    session.ask(info(1, 7));
    session.ask(info(2, 8));
    sent(&mut session, 0);
    session.poll(10_000);
    sent(&mut session, 10_000);
    let own = session.on_message(&message(r#"{"ret":"getuserinfo","enrollid":8}"#), 10_002);
    assert!(matches!(own, Meaning::Answers(2, _)));
}

#[test]
fn a_failure_under_the_wrong_name_is_the_commands_own() {
    let mut session = bound();
    session.ask(request(1, Order::new("getdevlock"), 0));
    sent(&mut session, 0);
    let failed = session.on_message(&message(r#"{"ret":"setdevlock","result":false,"reason":1}"#), 1);
    assert!(matches!(failed, Meaning::Answers(1, Answered { is_done: false, .. })));
}

#[test]
fn a_command_that_waited_too_long_is_not_sent() {
    let mut session = bound();
    session.ask(Request { expires_ms: 5, ..info(1, 7) });
    assert_eq!(session.poll(5), Some(Due::Unanswered(1)));
}

#[test]
fn what_is_open_ends_with_the_connection_and_too_much_is_refused() {
    let mut session = bound();
    session.ask(info(0, 7));
    sent(&mut session, 0);
    let taken = (1..=100).filter(|id| session.ask(info(*id, 7))).count();
    assert_eq!(taken, WAITING_MAX);
    assert_eq!(session.abandon().len(), WAITING_MAX + 1);
}

proptest! {
    #[test]
    fn no_order_of_events_breaks_a_session(
        events in proptest::collection::vec((0_u8..6, 0_u64..40_000), 0..120),
    ) {
        let (mut session, mut now_ms) = (bound(), 0);
        let mut answered = std::collections::BTreeSet::new();
        for (number, (event, passed_ms)) in events.into_iter().enumerate() {
            now_ms += passed_ms;
            match event {
                0 => drop(session.ask(info(number as u64, 1))),
                1 => drop(session.ask(request(number as u64, Order::new("settime"), 3))),
                2 | 3 => {
                    let ret = if event == 2 { "getuserinfo" } else { "settime" };
                    let meaning = session.on_message(&message(&format!(r#"{{"ret":"{ret}"}}"#)), now_ms);
                    if let Meaning::Answers(id, _) = meaning {
                        prop_assert!(answered.insert(id), "a request is answered once");
                    }
                }
                4 => drop(session.on_control(now_ms)),
                _ => {
                    while let Some(due) = session.poll(now_ms) {
                        if let Due::End(_) = due { return Ok(()); }
                    }
                    prop_assert!(session.next_at_ms() > now_ms);
                }
            }
        }
    }
}
