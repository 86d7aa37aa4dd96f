//! Rows as CSV for spreadsheets: what would be a formula there stays text.

use serde_json::Value;

use crate::text::Lang;

/// What begins a formula in a spreadsheet.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// What says before the text that it is UTF-8: without it, spreadsheets spoil accents.
const MARK: char = '\u{feff}';

/// A head and rows for programs, with the separator and line ends that spreadsheets expect.
pub(crate) fn csv(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    joined(head, rows, ",")
}

/// The same for people: a spreadsheet of this language opens it as a table. Numbers are given as that language writes
/// them.
pub(crate) fn csv_for(lang: Lang, head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let separator = match lang {
        Lang::Fr => ";",
        Lang::En => ",",
    };
    format!("{MARK}{}", joined(head, rows, separator))
}

fn joined(head: &[&str], rows: impl Iterator<Item = Vec<String>>, separator: &str) -> String {
    let head = head.iter().map(|cell| (*cell).to_owned()).collect();
    let lines: Vec<String> = std::iter::once(head).chain(rows).map(|row| line(&row, separator)).collect();
    lines.join("\r\n")
}

fn line(cells: &[String], separator: &str) -> String {
    cells.iter().map(|text| cell(text)).collect::<Vec<_>>().join(separator)
}

/// Whether a text is a number, with a point or a comma.
fn is_number(text: &str) -> bool {
    text.parse::<f64>().is_ok() || text.replacen(',', ".", 1).parse::<f64>().is_ok()
}

/// One cell. Numbers stay numbers; text that a spreadsheet would compute is preceded by an apostrophe.
fn cell(text: &str) -> String {
    let is_formula = text.starts_with(FORMULA) && !is_number(text);
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

    #[test]
    fn what_people_open_has_the_separator_of_their_language_and_the_same_care() {
        let cells = || std::iter::once(["=1+1", "-0,5", "Léa;x"].map(str::to_owned).to_vec());
        let read = |lang| csv_for(lang, &["Nom", "Jours", "Note"], cells());
        assert_eq!(read(Lang::Fr), "\u{feff}Nom;Jours;Note\r\n'=1+1;\"-0,5\";\"Léa;x\"");
        assert_eq!(read(Lang::En), "\u{feff}Nom,Jours,Note\r\n'=1+1,\"-0,5\",\"Léa;x\"");
    }

    proptest! {
        #[test]
        fn no_cell_begins_a_formula_or_breaks_its_line(text: String) {
            let cell = cell(&text);
            let read = cell.strip_prefix('"').map_or(cell.clone(), |inner| inner.replace("\"\"", "\""));
            prop_assert!(!read.starts_with(FORMULA) || is_number(&text));
            prop_assert!(cell.starts_with('"') || !cell.contains(['\n', '\r', ',']));
        }
    }
}
