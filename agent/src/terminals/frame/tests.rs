//! Every way of writing a message that must be understood, and those that cannot be.

use proptest::prelude::*;

use super::*;

fn decode(text: &str) -> Frame {
    Frame::decode(text.as_bytes()).unwrap()
}

#[test]
fn blanks_and_cases_around_keys_and_commands_do_not_matter() {
    let frame = decode("\u{feff}  {\"CMD \": \" SendLog \", \" Count\": \"2\", \"InputAlarm\": 1}\0\n");
    assert_eq!(frame.verb, Verb::Cmd("sendlog".to_owned()));
    assert_eq!((frame.int("count"), frame.int("inputalarm")), (Some(2), Some(1)));
    assert_eq!(decode(r#"{"ret":" sendlog "}"#).verb, Verb::Ret("sendlog".to_owned()));
}

#[test]
fn commas_before_brackets_are_forgiven_and_those_in_names_stay() {
    let frame = decode(r#"{"cmd":"sendlog","name":"a,] b,}","record":[{"enrollid":1,},],}"#);
    assert_eq!(frame.text("name"), Some("a,] b,}"));
    assert!(!frame.is_lossy);
    let record = frame.record.unwrap();
    assert_eq!(elements(&record).unwrap().len(), 1);
}

#[test]
fn what_is_both_is_a_command_and_the_last_of_two_keys_holds() {
    assert_eq!(decode(r#"{"ret":"a","cmd":"b","cmd":"c"}"#).verb, Verb::Cmd("c".to_owned()));
}

#[test]
fn texts_that_no_text_may_be_are_replaced_and_flagged() {
    let bytes = b"{\"cmd\":\"senduser\",\"name\":\"\xc4\xe3\"}";
    assert!(Frame::decode(bytes).unwrap().is_lossy);
    let frame = decode(r#"{"cmd":"senduser","name":"\ud800x"}"#);
    assert_eq!((frame.text("name"), frame.is_lossy), (Some("\u{fffd}x"), true));
}

#[test]
fn keys_that_other_languages_fear_are_plain() {
    let frame = decode(r#"{"cmd":"x","__proto__":{"a":1},"constructor":2,"$where":"3"}"#);
    assert_eq!(frame.fields.len(), 3);
}

#[test]
fn nonsense_is_said_to_be_nonsense() {
    let deep = format!("{{\"cmd\":\"x\",\"a\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let long = format!("{{\"cmd\":\"x\",\"a\":{}}}", "9".repeat(1_000));
    for text in ["", "[]", "\"x\"", "null", "1", "{\"cmd\":", "hello", &deep, &long, "{\"cmd\":\"x\",\"a\":NaN}"] {
        assert_eq!(Frame::decode(text.as_bytes()).unwrap_err(), Unreadable::NotAnObject, "{text:.40}");
    }
    for text in ["{}", r#"{"cmd":7}"#, r#"{"cmd":""}"#] {
        assert_eq!(Frame::decode(text.as_bytes()).unwrap_err(), Unreadable::NoVerb);
    }
}

#[test]
fn whole_numbers_are_read_in_every_spelling_and_nothing_else_is() {
    for (text, expected) in [
        ("12", Some(12)),
        ("12.0", Some(12)),
        ("\"0012\"", Some(12)),
        ("\" 7 \"", Some(7)),
        ("999999999999", Some(999_999_999_999)),
        ("-5", Some(-5)),
        ("1.5", None),
        ("true", None),
        ("\"12abc\"", None),
        ("1e30", None),
        ("null", None),
    ] {
        assert_eq!(int(&serde_json::from_str(text).unwrap()), expected, "{text}");
    }
}

#[test]
fn an_answer_that_does_not_say_was_done() {
    for (text, expected) in [
        (r#"{"ret":"gettime"}"#, true),
        (r#"{"ret":"x","result":1}"#, true),
        (r#"{"ret":"x","result":"true"}"#, true),
        (r#"{"ret":"x","result":0}"#, false),
        (r#"{"ret":"x","result":"False"}"#, false),
    ] {
        assert_eq!(decode(text).is_success(), expected, "{text}");
    }
}

#[test]
fn a_record_is_a_list_or_one_object() {
    let of = |text: &str| elements(&serde_json::from_str::<Box<RawValue>>(text).unwrap()).map(|rows| rows.len());
    assert_eq!((of("[]"), of("[{}, {}]"), of("{}")), (Some(0), Some(2), Some(1)));
    assert_eq!((of("null"), of("\"x\""), of("7")), (None, None, None));
}

proptest! {
    #[test]
    fn any_bytes_are_understood_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        drop(Frame::decode(&bytes));
    }

    #[test]
    fn any_text_in_a_message_is_understood_or_refused(text in "[\\[\\]{},:\"\\\\u0-9a-f ]{0,80}") {
        let message = format!("{{\"cmd\":\"x\",\"record\":[{text}");
        drop(Frame::decode(message.as_bytes()));
    }
}
