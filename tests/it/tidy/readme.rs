//! The README says of collectors what the code says: one row per file, with the file's own first sentence.

use super::tree::{File, files};
use super::{Violation, assert_none};

const README: &str = "README.md";

/// The folder whose every file is a collector.
const COLLECTORS: &str = "agent/src/collectors/";

/// The rows that the table must have, made from the headings of the files.
fn rows(files: &[File]) -> Vec<String> {
    let mut rows = Vec::new();
    for file in files {
        let Some(name) = file.path.strip_prefix(COLLECTORS).and_then(|rest| rest.strip_suffix(".rs")) else { continue };
        if !name.contains('/') {
            let heading: Vec<&str> = file.text.lines().map_while(|line| line.strip_prefix("//! ")).collect();
            let heading = heading.join(" ");
            let sentence = heading.split_once(". ").map_or(heading.as_str(), |(first, _)| first);
            rows.push(format!("| `{name}` | {} |", sentence.trim_end_matches('.')));
        }
    }
    rows
}

fn violations(files: &[File]) -> Vec<Violation> {
    let readme = files.iter().find(|file| file.path == README).expect("there is a README");
    let table: Vec<(usize, &str)> =
        readme.text.lines().enumerate().filter(|(_, line)| line.starts_with("| `")).collect();
    let wanted = rows(files);
    let violation = |line: usize, rule: String| Violation { path: README.to_owned(), line, rule };
    let missing = wanted.iter().filter(|row| !table.iter().any(|(_, line)| line == row));
    let foreign = table.iter().filter(|(_, line)| !wanted.iter().any(|row| row == line));
    missing
        .map(|row| violation(1, format!("the table of collectors lacks this row: {row}")))
        .chain(foreign.map(|(at, _)| violation(at + 1, "this row is not what a collector's file says".to_owned())))
        .collect()
}

#[test]
fn the_table_of_collectors_says_what_the_code_says() {
    assert_none(violations(&files()));
}

#[test]
fn a_missing_row_and_a_foreign_one_are_found() {
    let file = |path: &str, text: &str| File { path: path.to_owned(), text: text.to_owned() };
    let check = |readme: &str| {
        let host = file("agent/src/collectors/host.rs", "//! The pulse of\n//! the box. More.\n\nfn a() {}\n");
        let part = file("agent/src/collectors/host/disk.rs", "//! Disks.\n");
        violations(&[host, part, file(README, readme)]).len()
    };
    assert_eq!(check("| `host` | The pulse of the box |\n"), 0);
    assert_eq!(check("nothing\n"), 1);
    assert_eq!(check("| `host` | The pulse of the box |\n| `magic` | Sees all |\n"), 1);
}
