//! What the answer to a batch says of each of its rows; pure.

use serde::Deserialize;
use serde_json::Value;

use super::outcome::{Answer, json, says_same};
use super::request::check_pointer;
use super::tree::{Wrong, below};

/// `[push.results]` in a mapping file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawResults {
    pointer: String,
    #[serde(default = "index")]
    by: String,
    ok: String,
    #[serde(default)]
    ok_values: Vec<toml::Value>,
    #[serde(default)]
    duplicate_values: Vec<toml::Value>,
    #[serde(default)]
    park_values: Vec<toml::Value>,
    message: Option<String>,
    id: Option<String>,
}

fn index() -> String {
    "index".to_owned()
}

/// Where an answer tells of each row.
#[derive(Debug, Clone, PartialEq)]
pub struct Results {
    pointer: String,
    /// A field that row and result share; none if results come in the order of the rows.
    field: Option<String>,
    ok: String,
    ok_values: Vec<Value>,
    duplicate_values: Vec<Value>,
    park_values: Vec<Value>,
    message: Option<String>,
    id: Option<String>,
}

/// What became of one row.
#[derive(Debug, Clone, PartialEq)]
pub enum RowResult {
    /// It is there, under that id if it was said.
    Ok(Option<Value>),
    /// It was there already.
    Duplicate,
    /// Its person is unknown there.
    Park(String),
    /// It was refused.
    Reject(String),
    /// Nothing was said of it.
    Unsaid,
}

impl Results {
    /// Reads and checks the block; what is wrong goes to `wrongs`.
    #[must_use]
    pub fn read(raw: &RawResults, path: &mut Vec<String>, wrongs: &mut Vec<Wrong>) -> Self {
        let pointers = [
            ("pointer", Some(&raw.pointer)),
            ("ok", Some(&raw.ok)),
            ("message", raw.message.as_ref()),
            ("id", raw.id.as_ref()),
        ];
        for (key, pointer) in pointers {
            if let Some(pointer) = pointer {
                below(path, key, |path| check_pointer(pointer, path, wrongs));
            }
        }
        let values = |list: &[toml::Value]| list.iter().map(json).collect::<Vec<_>>();
        let mut ok_values = values(&raw.ok_values);
        if ok_values.is_empty() {
            ok_values = vec![Value::Bool(true)];
        }
        Self {
            pointer: raw.pointer.clone(),
            field: (raw.by != "index").then(|| raw.by.clone()),
            ok: raw.ok.clone(),
            ok_values,
            duplicate_values: values(&raw.duplicate_values),
            park_values: values(&raw.park_values),
            message: raw.message.clone(),
            id: raw.id.clone(),
        }
    }

    /// What the answer says of each row, in the order of the rows; none if it says nothing about rows.
    #[must_use]
    pub fn of(&self, answer: &Answer, rows: &[Value]) -> Option<Vec<RowResult>> {
        let list = answer.at(&self.pointer)?.as_array()?;
        let of_row = |(index, row): (usize, &Value)| {
            let result = match &self.field {
                Some(field) if list.iter().any(|one| one.get(field).is_some()) => list.iter().find(|one| {
                    one.get(field).is_some_and(|value| row.get(field).is_some_and(|wanted| says_same(value, wanted)))
                }),
                Some(_) | None => list.get(index),
            };
            result.map_or(RowResult::Unsaid, |result| self.judge(result))
        };
        Some(rows.iter().enumerate().map(of_row).collect())
    }

    fn judge(&self, result: &Value) -> RowResult {
        let Some(said) = result.pointer(&self.ok) else { return RowResult::Unsaid };
        let is_in = |values: &[Value]| values.iter().any(|value| says_same(said, value));
        let message = || {
            let message = self.message.as_ref().and_then(|pointer| result.pointer(pointer));
            super::outcome::cut(
                message.and_then(Value::as_str).unwrap_or("refused without a message"),
                super::outcome::SAID_BYTES_MAX,
            )
        };
        if is_in(&self.ok_values) {
            return RowResult::Ok(self.id.as_ref().and_then(|pointer| result.pointer(pointer)).cloned());
        }
        if is_in(&self.duplicate_values) {
            return RowResult::Duplicate;
        }
        if is_in(&self.park_values) { RowResult::Park(message()) } else { RowResult::Reject(message()) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn results(text: &str) -> Results {
        let mut wrongs = Vec::new();
        let results = Results::read(&toml::from_str(text).unwrap(), &mut Vec::new(), &mut wrongs);
        assert_eq!(wrongs, []);
        results
    }

    fn answer(body: &Value) -> Answer {
        Answer { status: 400, json: Some(body.clone()), ..Answer::default() }
    }

    const BY_STATUS: &str = "pointer = '/results'\nby = 'log_id'\nok = '/status'\nok_values = ['ok']\n\
                             duplicate_values = ['duplicate']\npark_values = ['unknown_user']\nmessage = '/message'";

    #[test]
    fn saved_rows_are_told_from_refused_ones_whatever_the_status() {
        let results =
            results("pointer = '/error/detailed_message'\nok = '/success'\nmessage = '/error_msg'\nid = '/id'");
        let body = json!({ "error": { "detailed_message": [
            { "success": true, "id": 5 }, { "success": false, "error_msg": "overlap" }, { "success": "true", "id": 6 },
        ] } });

        let said = results.of(&answer(&body), &[json!({}), json!({}), json!({}), json!({})]).unwrap();

        let expected = [
            RowResult::Ok(Some(json!(5))),
            RowResult::Reject("overlap".to_owned()),
            RowResult::Ok(Some(json!(6))),
            RowResult::Unsaid,
        ];
        assert_eq!(said, expected);
    }

    #[test]
    fn results_in_another_order_are_matched_by_what_they_share_with_the_rows() {
        let body = json!({ "results": [
            { "log_id": "3", "status": "duplicate" },
            { "log_id": 1, "status": "unknown_user", "message": "who?" },
        ] });
        let rows = [json!({ "log_id": 1 }), json!({ "log_id": 2 }), json!({ "log_id": 3 })];

        let said = results(BY_STATUS).of(&answer(&body), &rows).unwrap();

        assert_eq!(said, [RowResult::Park("who?".to_owned()), RowResult::Unsaid, RowResult::Duplicate]);
    }

    #[test]
    fn without_anything_shared_the_order_counts() {
        let body = json!({ "results": [{ "status": "ok" }, { "status": "rejected" }] });
        let said = results(BY_STATUS).of(&answer(&body), &[json!({ "log_id": 1 }), json!({ "log_id": 2 })]).unwrap();
        assert_eq!(said, [RowResult::Ok(None), RowResult::Reject("refused without a message".to_owned())]);
    }

    #[test]
    fn an_answer_that_says_nothing_of_rows_is_no_list_of_results() {
        assert_eq!(results(BY_STATUS).of(&answer(&json!({ "results": "none" })), &[json!({})]), None);
        assert_eq!(results(BY_STATUS).of(&answer(&json!({})), &[json!({})]), None);
    }
}
