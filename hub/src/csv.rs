//! Rows as CSV for spreadsheets: what would be a formula there stays text.

use serde_json::Value;

/// What begins a formula in a spreadsheet.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A head and rows, with the separator and line ends that spreadsheets expect.
pub(crate) fn csv(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let head = head.iter().map(|cell| (*cell).to_owned()).collect();
    let lines: Vec<String> = std::iter::once(head).chain(rows).map(|row| line(&row)).collect();
    lines.join("\r\n")
}

fn line(cells: &[String]) -> String {
    cells.iter().map(|text| cell(text)).collect::<Vec<_>>().join(",")
}

/// One cell. Numbers stay numbers; text that a spreadsheet would compute is preceded by an apostrophe.
fn cell(text: &str) -> String {
    let is_formula = text.starts_with(FORMULA) && text.parse::<f64>().is_err();
    let text = if is_formula { format!("'{text}") } else { text.to_owned() };
    if text.contains(['"', ',', '\n', '\r', ';']) || text.starts_with(char::is_whitespace) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text
}

/// A value of the API as a cell: nothing if there is none.
pub(crate) fn of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_that_is_a_formula_stays_a_name() {
        let cells = ["=HYPERLINK(\"http://x\")", "+1+1", "@SUM(A1)", "-5", "Ama", "a,b", "\tx"].map(str::to_owned);
        let text = csv(&["one", "two"], std::iter::once(cells.to_vec()));
        assert_eq!(text, "one,two\r\n\"'=HYPERLINK(\"\"http://x\"\")\",'+1+1,'@SUM(A1),-5,Ama,\"a,b\",'\tx");
    }

    proptest! {
        #[test]
        fn no_cell_begins_a_formula_or_breaks_its_line(text: String) {
            let cell = cell(&text);
            let read = cell.strip_prefix('"').map_or(cell.clone(), |inner| inner.replace("\"\"", "\""));
            prop_assert!(!read.starts_with(FORMULA) || text.parse::<f64>().is_ok());
            prop_assert!(cell.starts_with('"') || !cell.contains(['\n', '\r', ',']));
        }
    }
}
