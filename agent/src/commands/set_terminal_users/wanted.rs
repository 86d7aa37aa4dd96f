//! What can be asked for one person, and how it is said to a terminal.
//!
//! Pure.

use std::time::Duration;

use serde_json::{Map, Value, json};
use vigie_shared::wire::command::WantedUser;

use crate::terminals::clock;
use crate::terminals::profile::{Dialect, is_credential};
use crate::terminals::reply::Order;

/// A photo or a template takes a terminal a while.
pub(super) const LONG_ANSWER: Duration = Duration::from_secs(20);

/// The longest name, characters: what the screens of terminals take.
const NAME_CHARS_MAX: usize = 64;

/// The longest number of a person that any terminal takes.
const ENROL_ID_MAX: u64 = 999_999_999_999_999_999;

/// Names in one message.
pub(super) const NAMES_AT_ONCE: usize = 50;

/// Access hours in one message.
pub(super) const LOCKS_AT_ONCE: usize = 40;

/// Says what is wrong with a wish.
pub(super) fn check(user: &WantedUser) -> Result<(), String> {
    if !(1..=ENROL_ID_MAX).contains(&user.enrol_id) {
        return Err("the number of a person is from 1 to 18 digits long".to_owned());
    }
    if user.name.as_ref().is_some_and(|name| name.chars().count() > NAME_CHARS_MAX || name.contains('\0')) {
        return Err(format!("the name is longer than {NAME_CHARS_MAX} characters or has a NUL in it"));
    }
    if user.admin.is_some_and(|admin| !(0..=2).contains(&admin)) {
        return Err("`admin` is 0, 1 or 2".to_owned());
    }
    if user.weekzone.is_some_and(|zone| !(1..=255).contains(&zone)) {
        return Err("`weekzone` counts from 1; what 0 means differs between terminals".to_owned());
    }
    if user.group.is_some_and(|group| !(0..=9).contains(&group)) {
        return Err("`group` is from 0 to 9".to_owned());
    }
    for (name, time) in [("starts", &user.starts), ("ends", &user.ends)] {
        if time.as_deref().is_some_and(|time| clock::local(time).is_none()) {
            return Err(format!("`{name}` is not a local time like 2031-05-01 00:00:00"));
        }
    }
    match (user.slot, &user.record) {
        (None, None) => Ok(()),
        (Some(slot), Some(_)) if is_credential(slot) => Ok(()),
        (Some(slot), Some(_)) => Err(format!("{slot} is no credential")),
        (_, _) => Err("`slot` and `record` belong together".to_owned()),
    }
}

/// What gets lost on the way.
pub(super) fn warning(user: &WantedUser) -> Option<String> {
    let is_number = user.slot.is_some_and(|slot| Dialect::Classic.is_number(slot));
    let has_zeros = user.record.as_ref().is_some_and(|record| record.len() > 1 && record.starts_with('0'));
    (is_number && has_zeros).then(|| {
        format!("zeros in front of the password or card of {} are lost on the way to the terminal", user.enrol_id)
    })
}

/// The message that sets names.
pub(super) fn names(users: &[&WantedUser]) -> Order {
    let row = |user: &&WantedUser| json!({ "enrollid": user.enrol_id, "name": user.name });
    let rows: Vec<Value> = users.iter().map(row).collect();
    Order::new("setusername").with("count", rows.len()).with("record", rows)
}

/// The message that sets hours of access.
pub(super) fn locks(users: &[&WantedUser]) -> Order {
    let row = |user: &&WantedUser| {
        let mut row = Map::from_iter([("enrollid".to_owned(), json!(user.enrol_id))]);
        let fields = [
            ("weekzone", user.weekzone.map(Value::from)),
            ("group", user.group.map(Value::from)),
            ("starttime", user.starts.clone().map(Value::from)),
            ("endtime", user.ends.clone().map(Value::from)),
        ];
        row.extend(fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        Value::Object(row)
    };
    let rows: Vec<Value> = users.iter().map(row).collect();
    Order::new("setuserlock").with("count", rows.len()).with("record", rows)
}

/// Whether a person's hours of access are to be set.
pub(super) fn has_lock(user: &WantedUser) -> bool {
    user.weekzone.is_some() || user.group.is_some() || user.starts.is_some() || user.ends.is_some()
}

/// The message that sets one credential.
pub(super) fn credential(user: &WantedUser, slot: i32, record: Value, name: Option<&str>) -> Order {
    Order::new("setuserinfo")
        .with("enrollid", user.enrol_id)
        .with("name", name.unwrap_or_default())
        .with("backupnum", slot)
        .with("admin", user.admin.unwrap_or(0))
        .with("record", record)
}

/// A credential as the terminal expects it: passwords and cards are numbers.
pub(super) fn record(dialect: Dialect, slot: i32, record: &str) -> Value {
    let number = dialect.is_number(slot).then(|| record.trim().parse::<u64>().ok()).flatten();
    number.map_or_else(|| Value::from(record), Value::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user() -> WantedUser {
        WantedUser { enrol_id: 12, ..WantedUser::default() }
    }

    #[test]
    fn a_wish_that_no_terminal_can_fulfil_is_named() {
        assert_eq!(check(&user()), Ok(()));
        let text = |text: &str| Some(text.to_owned());
        for (wrong, expected) in [
            (WantedUser { enrol_id: 0, ..user() }, "number of a person"),
            (WantedUser { name: text(&"x".repeat(65)), ..user() }, "the name"),
            (WantedUser { admin: Some(3), ..user() }, "`admin`"),
            (WantedUser { weekzone: Some(0), ..user() }, "`weekzone`"),
            (WantedUser { group: Some(10), ..user() }, "`group`"),
            (WantedUser { ends: text("tomorrow"), ..user() }, "`ends`"),
            (WantedUser { slot: Some(13), record: text("x"), ..user() }, "13 is no credential"),
            (WantedUser { slot: Some(11), ..user() }, "belong together"),
        ] {
            let reason = check(&wrong).unwrap_err();
            assert!(reason.contains(expected), "{reason}");
        }
    }

    #[test]
    fn a_password_with_zeros_in_front_is_warned_about() {
        let pin = WantedUser { slot: Some(10), record: Some("00123456".to_owned()), ..user() };
        assert!(warning(&pin).unwrap().contains("are lost"));
        assert_eq!(record(Dialect::Classic, 10, "00123456"), json!(123_456));
        assert_eq!(record(Dialect::Classic, 0, "00c5(200)"), json!("00c5(200)"));
        assert_eq!(warning(&WantedUser { slot: Some(0), record: Some("00".to_owned()), ..user() }), None);
    }

    #[test]
    fn messages_say_only_what_was_wished() {
        let wish = WantedUser { weekzone: Some(2), ends: Some("2032-04-30 23:59:59".to_owned()), ..user() };
        let text = locks(&[&wish]).text("Z");
        assert!(text.contains(r#""count":1,"record":[{"endtime":"2032-04-30 23:59:59","enrollid":12,"weekzone":2}]"#));
        assert!(has_lock(&wish) && !has_lock(&user()));
        let named = WantedUser { name: Some("Éloïse".to_owned()), ..user() };
        assert!(names(&[&named]).text("Z").contains(r#"{"enrollid":12,"name":"Éloïse"}"#));
    }
}
