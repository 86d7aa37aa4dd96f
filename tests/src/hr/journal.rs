//! The HR server's disk: each stored row a line, written before the answer, so that a killed server knows what it held.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::books::Record;

/// One line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    /// A row as it is from here on.
    Row(Record),
    /// A row that was taken out.
    Gone(u64),
    /// Rows whose answer left whole.
    Answered(Vec<u64>),
}

/// The open file.
#[derive(Debug)]
pub(super) struct Journal {
    file: File,
}

impl Journal {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { file: File::options().create(true).append(true).open(path)? })
    }

    pub(super) fn row(&mut self, record: &Record) -> io::Result<()> {
        self.write(&Line::Row(record.clone()))
    }

    pub(super) fn gone(&mut self, id: u64) -> io::Result<()> {
        self.write(&Line::Gone(id))
    }

    pub(super) fn answered(&mut self, ids: &[u64]) -> io::Result<()> {
        self.write(&Line::Answered(ids.to_vec()))
    }

    fn write(&mut self, line: &Line) -> io::Result<()> {
        let mut text = serde_json::to_string(line)?;
        text.push('\n');
        // One write: a kill leaves a whole line or half of the last one.
        self.file.write_all(text.as_bytes())
    }
}

/// The rows that a server with this journal holds, oldest first; none if there is no such file. Half a last line
/// counts for nothing.
///
/// # Errors
///
/// If the file cannot be read.
pub fn read(path: &Path) -> io::Result<Vec<Record>> {
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        text => text?,
    };
    let mut records: BTreeMap<u64, Record> = BTreeMap::new();
    for line in text.lines().filter_map(|line| serde_json::from_str(line).ok()) {
        match line {
            Line::Row(record) => drop(records.insert(record.id, record)),
            Line::Gone(id) => drop(records.remove(&id)),
            Line::Answered(ids) => {
                for id in ids {
                    if let Some(record) = records.get_mut(&id) {
                        record.was_answered = true;
                    }
                }
            }
        }
    }
    Ok(records.into_values().collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_stored_is_read_again_and_half_a_line_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows");
        let row = |id| {
            let from = "2031-05-06 08:00:00".to_owned();
            Record { id, ..Record::new(7, from, json!({})) }
        };
        let mut journal = Journal::open(&path).unwrap();
        for id in 1..=3 {
            journal.row(&row(id)).unwrap();
        }
        journal.gone(2).unwrap();
        journal.answered(&[1]).unwrap();
        journal.file.write_all(br#"{"row":{"id":4"#).unwrap();

        let read = read(&path).unwrap();

        let told: Vec<(u64, bool)> = read.iter().map(|record| (record.id, record.was_answered)).collect();
        assert_eq!(told, [(1, true), (3, false)]);
    }

    #[test]
    fn no_journal_is_an_empty_one() {
        assert_eq!(read(Path::new("/nonexistent/rows")).unwrap(), []);
    }
}
