//! Odoo's search language: conditions in prefix notation, joined by "and" where nothing else is said.

use std::cmp::Ordering;

use serde_json::Value;

/// Whether a row fits a domain. A condition that cannot be read fits nothing.
pub(super) fn fits(terms: &[Value], row: &Value) -> bool {
    let mut rest = terms;
    let mut all = true;
    while !rest.is_empty() {
        let (is_so, behind) = term(rest, row);
        all &= is_so;
        rest = behind;
    }
    all
}

/// The value of the first term, and what stands behind it.
fn term<'a>(terms: &'a [Value], row: &Value) -> (bool, &'a [Value]) {
    let Some((first, behind)) = terms.split_first() else { return (false, &[]) };
    match first.as_str() {
        Some("!") => {
            let (is_so, behind) = term(behind, row);
            (!is_so, behind)
        }
        Some(operator) => {
            let (left, behind) = term(behind, row);
            let (right, behind) = term(behind, row);
            (if operator == "|" { left || right } else { left && right }, behind)
        }
        None => (holds(first, row), behind),
    }
}

fn holds(condition: &Value, row: &Value) -> bool {
    let (Some(field), Some(operator)) = (condition[0].as_str(), condition[1].as_str()) else { return false };
    // A link is shown as its number and its name, and compared by its number.
    let held = match &row[field] {
        Value::Array(link) => link.first().unwrap_or(&Value::Null),
        plain => plain,
    };
    let wanted = &condition[2];
    match operator {
        "=" => held == wanted,
        "!=" => held != wanted,
        "in" => wanted.as_array().is_some_and(|all| all.contains(held)),
        ">=" => order(held, wanted).is_some_and(Ordering::is_ge),
        "<=" => order(held, wanted).is_some_and(Ordering::is_le),
        ">" => order(held, wanted).is_some_and(Ordering::is_gt),
        "<" => order(held, wanted).is_some_and(Ordering::is_lt),
        _ => false,
    }
}

fn order(held: &Value, wanted: &Value) -> Option<Ordering> {
    match (held, wanted) {
        (Value::String(held), Value::String(wanted)) => Some(held.cmp(wanted)),
        (Value::Number(held), Value::Number(wanted)) => held.as_i64().zip(wanted.as_i64()).map(|(a, b)| a.cmp(&b)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(domain: &Value, expected: bool) {
        let row = json!({ "id": 3, "employee_id": [7, "Ama"], "check_in": "2031-05-06 08:00:00", "check_out": false });
        assert_eq!(fits(domain.as_array().unwrap(), &row), expected, "{domain}");
    }

    #[test]
    fn conditions_are_joined_as_they_say() {
        check(&json!([]), true);
        check(&json!([["employee_id", "=", 7], ["check_out", "=", false]]), true);
        check(&json!([["employee_id", "=", 8], ["check_out", "=", false]]), false);
        let either = json!([["employee_id", "=", 7], "|", ["check_in", "=", "x"], ["check_out", "=", false]]);
        check(&either, true);
        check(&json!(["|", ["id", "=", 1], ["id", "=", 2]]), false);
        check(&json!(["!", ["id", "in", [1, 2]]]), true);
        check(&json!([["check_in", ">=", "2031-05-06 00:00:00"], ["check_in", "<", "2031-05-07 00:00:00"]]), true);
    }
}
