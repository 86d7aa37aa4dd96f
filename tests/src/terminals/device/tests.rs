//! The terminal's habits, as they were measured on real ones.

use super::*;

const NOON_MS: i64 = 1_935_835_200_000;

fn device(faults: &[Fault]) -> Device {
    let make = Make { faults: faults.iter().copied().collect(), ..Make::honest("ZXTEST000417") };
    Device::new(make, NOON_MS, 0)
}

/// Connects and is accepted.
fn registered(faults: &[Fault]) -> Device {
    let mut device = device(faults);
    device.on_connected(0);
    assert_eq!(device.on_message(br#"{"ret":"reg","result":true,"nosenduser":true}"#, 0), []);
    device
}

#[track_caller]
fn said(acts: &[Act]) -> Vec<Value> {
    let texts = acts.iter().map(|act| match act {
        Act::Say(text) => serde_json::from_slice(text).unwrap(),
        Act::HangUp => json!("hang up"),
    });
    texts.collect()
}

fn acknowledgement(count: u64, index: i64) -> Vec<u8> {
    json!({ "ret": "sendlog", "result": true, "count": count, "logindex": index }).to_string().into_bytes()
}

#[test]
fn it_registers_first_and_again_until_it_is_answered() {
    let mut device = device(&[]);

    let first = said(&device.on_connected(0));
    assert_eq!((&first[0]["cmd"], &first[0]["sn"]), (&json!("reg"), &json!("ZXTEST000417")));
    assert_eq!(device.poll(19_999), []);
    assert_eq!(said(&device.poll(20_000))[0]["cmd"], "reg");

    device.on_message(br#"{"ret":"reg","result":true}"#, 20_001);
    assert_eq!(device.poll(60_000), []);
}

#[test]
fn a_punch_goes_at_once_and_counts_as_unread_until_it_is_acknowledged() {
    let mut device = registered(&[]);

    let batch = said(&device.punch(7, 10));
    assert_eq!((&batch[0]["count"], &batch[0]["record"][0]["enrollid"]), (&json!(1), &json!(7)));
    assert_eq!(device.memory.unread(), 1);
    device.on_message(&acknowledgement(1, 1), 35);

    assert_eq!((device.memory.unread(), device.acknowledged), (0, 1));
}

#[test]
fn one_message_is_in_flight_and_the_next_one_takes_all_that_waits() {
    let mut device = registered(&[]);
    device.punch(1, 0);
    assert_eq!(device.punch(2, 1), []);
    assert_eq!(device.punch(3, 2), []);

    let next = said(&device.on_message(&acknowledgement(1, 1), 3));

    assert_eq!((&next[0]["count"], &next[0]["logindex"]), (&json!(2), &json!(2)));
}

#[test]
fn unacknowledged_rows_end_the_connection_after_20_s_and_are_said_again_on_the_next() {
    let mut device = registered(&[]);
    device.punch(7, 0);

    assert_eq!(device.poll(19_999), []);
    assert_eq!(device.poll(20_000), [Act::HangUp]);
    device.on_disconnected(20_000);
    device.on_connected(21_000);
    let again = said(&device.on_message(br#"{"ret":"reg","result":true}"#, 21_001));

    assert_eq!(again[0]["record"][0]["enrollid"], 7);
}

#[test]
fn a_refusal_leaves_the_rows_unread() {
    let mut device = registered(&[]);
    device.punch(7, 0);

    let acts = device.on_message(br#"{"ret":"sendlog","result":false,"reason":1}"#, 1);

    assert_eq!((acts, device.memory.unread()), (vec![], 1));
    assert_eq!(device.due_ms(), Some(20_000));
}

#[test]
fn a_face_reader_repeats_a_batch_whose_number_is_not_echoed() {
    let make = Make { dialect: Dialect::Aiface, ..Make::honest("AITEST00077") };
    let mut device = Device::new(make, NOON_MS, 0);
    device.on_connected(0);
    device.on_message(br#"{"ret":"reg","result":true}"#, 0);
    device.punch(7, 0);

    device.on_message(br#"{"ret":"sendlog","result":true,"count":1}"#, 1);
    assert_eq!(device.memory.unread(), 1);
    device.on_message(&acknowledgement(1, 1), 2);

    assert_eq!(device.memory.unread(), 0);
}

#[test]
fn the_clock_is_set_from_any_answer_with_a_time() {
    let mut device = registered(&[]);

    device.on_message(br#"{"ret":"sendlog","result":true,"cloudtime":"2031-01-01 00:00:00"}"#, 5);

    assert_eq!(device.clock.read(1_005), "2031-01-01 00:00:01");
}

#[test]
fn who_asks_first_opens_only_on_the_servers_word() {
    let mut device = registered(&[]);
    device.make.asks_first = true;
    device.punch(7, 0);
    device.on_message(br#"{"ret":"sendlog","result":true,"count":1,"logindex":1,"access":1}"#, 40);
    device.punch(8, 100);
    device.on_disconnected(150);
    device.punch(9, 200);

    let decisions: Vec<_> = device.decisions.iter().map(|d| (d.enrol_id, d.is_let_in, d.after_ms)).collect();

    assert_eq!(decisions, [(7, true, 40), (8, false, 50), (9, false, 0)]);
}

#[test]
fn an_enrolled_user_is_said_until_it_is_acknowledged() {
    let mut device = device(&[Fault::AdminAsText]);
    device.on_connected(0);
    device.memory.enrol(7, "Ama", 11, json!(3_390_021));
    let user = said(&device.on_message(br#"{"ret":"reg","result":true}"#, 0));
    assert_eq!((&user[0]["cmd"], &user[0]["admin"]), (&json!("senduser"), &json!("0")));

    assert_eq!(said(&device.poll(5_000))[0]["cmd"], "senduser");
    device.on_message(br#"{"ret":"senduser","result":true}"#, 5_001);

    assert!(device.memory.unsent_users.is_empty());
}

#[test]
fn faulty_batches_come_twice_or_overlap_or_hold_everything() {
    let mut twice = registered(&[Fault::DuplicateBatch]);
    assert_eq!(twice.punch(7, 0).len(), 2);
    twice.on_message(&acknowledgement(1, 1), 1);
    assert_eq!(twice.memory.unread(), 1);
    twice.on_message(&acknowledgement(1, 1), 2);
    assert_eq!(twice.memory.unread(), 0);

    let mut overlapping = registered(&[Fault::OverlappingBatch]);
    overlapping.punch(7, 0);
    overlapping.on_message(&acknowledgement(1, 1), 1);
    assert_eq!(said(&overlapping.punch(8, 2))[0]["count"], 2);

    let mut huge = device(&[Fault::HugeBatch]);
    (0..9_000).for_each(|_| drop(huge.punch(7, 0)));
    huge.on_connected(0);
    assert_eq!(said(&huge.on_message(br#"{"ret":"reg","result":true}"#, 0))[0]["count"], 9_000);
}

#[test]
fn replies_are_on_time_late_or_lost() {
    let ask = br#"{"cmd":"gettime"}"#;
    assert_eq!(said(&registered(&[]).on_message(ask, 0))[0]["time"], "2031-05-06 12:00:00");
    assert_eq!(registered(&[Fault::LostReplies]).on_message(ask, 0), []);

    let mut late = registered(&[Fault::LateReplies]);
    assert_eq!(late.on_message(ask, 0), []);
    assert_eq!(late.due_ms(), Some(25_000));
    assert_eq!(said(&late.poll(25_000))[0]["ret"], "gettime");
}

#[test]
fn a_reboot_is_not_answered_and_a_stopped_reader_takes_no_finger() {
    let mut device = registered(&[]);
    device.on_message(br#"{"cmd":"disabledevice"}"#, 0);
    assert_eq!(device.punch(7, 0), []);
    assert_eq!(device.memory.rows.len(), 0);
    assert_eq!(device.on_message(br#"{"cmd":"reboot"}"#, 0), [Act::HangUp]);
    assert_eq!(device.commands.len(), 2);
}
