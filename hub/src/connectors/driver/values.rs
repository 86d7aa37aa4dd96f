//! What a mapping's names stand for in the requests about a row.

use serde_json::{Value, json};

use super::talk::Talk;
use crate::connectors::job::Job;
use crate::connectors::mapping::{PushMapping, Unit};
use crate::connectors::template::Values;

impl Talk<'_> {
    /// The values of a row.
    pub(super) fn row_values(&self, job: &Job, person: &Value) -> Values {
        of_row(self.values(), job, (self.connector.number_there(job.enrol_id), person))
    }

    /// One row of a batch, or the list of the spans of a day.
    pub(super) fn row(&self, push: &PushMapping, job: &Job, person: &Value) -> Result<Value, String> {
        rendered(push, job, &self.row_values(job, person))
    }
}

/// The values of a row, beside those that are the same for all: whose it is by the number there, and their record there.
pub(super) fn of_row(values: Values, job: &Job, (number, person): (u64, &Value)) -> Values {
    let row = &job.row;
    let seconds = row.end_ms.map(|end_ms| (end_ms - row.at_ms).div_euclid(1000));
    values
        .with("key", job.key.to_string())
        .with("terminal_sn", row.terminal.clone())
        .with("enrollid", number)
        .with("user_name", row.name.clone())
        .with("dir", row.dir.clone())
        .with("mode", row.mode)
        .with("inout", row.in_out)
        .with("event", row.event)
        .with("granted", row.granted)
        .with("temperature", row.temperature_centi_c.map(|centi| f64::from(centi) / 100.0))
        .with("log_id", job.no)
        .with("day", row.day.clone())
        .with("amount", row.presence.as_ref().map(|presence| amount(presence.halves)))
        .with("minutes", row.presence.as_ref().map(|presence| presence.minutes))
        .with("revision", row.presence.as_ref().map(|presence| presence.revision))
        .with("seconds", seconds)
        .with_moment("time", Some(row.at_ms))
        .with_moment("start", Some(row.at_ms))
        .with_moment("end", row.end_ms)
        .with_root("person", person.clone())
        .with_root("remote", json!({ "id": job.remote_id }))
}

/// What the mapping makes of a row's values.
pub(super) fn rendered(push: &PushMapping, job: &Job, values: &Values) -> Result<Value, String> {
    let Some(tree) = &push.row else { return Ok(Value::Null) };
    let render =
        |values: &Values| tree.render(values).map(Option::unwrap_or_default).map_err(|unfit| unfit.to_string());
    if push.unit != Unit::Day {
        return render(values);
    }
    let span = |(from_ms, to_ms): &(i64, i64)| {
        let seconds = (to_ms - from_ms).div_euclid(1000);
        let values = values.clone().with_moment("start", Some(*from_ms)).with_moment("end", Some(*to_ms));
        render(&values.with("seconds", seconds))
    };
    job.row.spans.iter().map(span).collect::<Result<Vec<_>, _>>().map(Value::Array)
}

/// Half days as a number of days; whole ones without a fraction, also where it is written as text.
fn amount(halves: u8) -> Value {
    if halves.is_multiple_of(2) { json!(halves / 2) } else { json!(f64::from(halves) / 2.0) }
}
