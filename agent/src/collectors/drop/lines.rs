//! Lines of a file, a bounded chunk at a time: those that are JSON objects, and those that are not, with the reason.

use std::io::{self, BufRead, Read as _};

use vigie_shared::wire::Reading;
use vigie_shared::wire::reading::{LocalLine, LocalLines};

use super::folder::Taken;

/// Longest line, bytes.
pub(super) const LINE_BYTES_MAX: usize = 8 << 10;

/// Bytes of lines in one reading, at most: with room to spare in a message.
const CHUNK_BYTES_MAX: usize = 16 << 10;

/// Lines in one chunk, at most.
const CHUNK_LINES_MAX: u32 = 1_000;

/// Some lines of a file.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    pub good: Vec<LocalLine>,
    pub bad: Vec<BadLine>,
}

/// A line that is no JSON object.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadLine {
    pub number: u32,
    pub reason: &'static str,
    /// Its bytes, cut off at [`LINE_BYTES_MAX`].
    pub bytes: Vec<u8>,
}

impl Chunk {
    /// The good lines as a reading; none if there are none.
    pub(super) fn reading(&self, taken: &Taken) -> Option<Reading> {
        let lines = self.good.clone();
        let reading = LocalLines { file: taken.id, name: taken.name.clone(), lines };
        (!self.good.is_empty()).then_some(Reading::Local(reading))
    }
}

/// Reads the next chunk; `number` is the line before it and becomes its last. None at the end. The bytes read are
/// added to `offset`.
pub(super) fn chunk(source: &mut impl BufRead, number: &mut u32, offset: &mut u64) -> io::Result<Option<Chunk>> {
    let (mut chunk, mut bytes, mut count) = (Chunk::default(), 0, 0);
    // A chunk ends before a line could make it too large.
    while bytes + LINE_BYTES_MAX <= CHUNK_BYTES_MAX && count < CHUNK_LINES_MAX {
        let Some((line, read)) = line(source)? else {
            return Ok((count > 0).then_some(chunk));
        };
        *offset += read;
        *number = number.saturating_add(1);
        count += 1;
        bytes += line.len();
        match judge(&line) {
            Ok("") => {}
            Ok(json) => chunk.good.push(LocalLine { number: *number, json: json.to_owned() }),
            Err(reason) => chunk.bad.push(BadLine { number: *number, reason, bytes: line }),
        }
    }
    Ok(Some(chunk))
}

/// The next line without its end, one byte longer than allowed if it is too long, and how many bytes it took.
fn line(source: &mut impl BufRead) -> io::Result<Option<(Vec<u8>, u64)>> {
    let mut line = Vec::new();
    let mut read = source.by_ref().take(LINE_BYTES_MAX as u64 + 1).read_until(b'\n', &mut line)? as u64;
    if read == 0 {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    } else if line.len() > LINE_BYTES_MAX {
        read += source.skip_until(b'\n')? as u64;
    }
    Ok(Some((line, read)))
}

fn judge(line: &[u8]) -> Result<&str, &'static str> {
    if line.len() > LINE_BYTES_MAX {
        return Err("is longer than 8 KiB");
    }
    let text = std::str::from_utf8(line).map_err(|_not_utf8| "is not text (UTF-8)")?.trim();
    if text.is_empty() {
        return Ok("");
    }
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(value) if value.is_object() => Ok(text),
        Ok(_) => Err("is not a JSON object"),
        Err(_) => Err("is not JSON"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(bytes: &[u8]) -> (Vec<LocalLine>, Vec<(u32, &'static str)>, u64) {
        let (mut source, mut number, mut offset) = (bytes, 0, 0);
        let (mut good, mut bad) = (Vec::new(), Vec::new());
        while let Some(chunk) = chunk(&mut source, &mut number, &mut offset).unwrap() {
            assert!(chunk.good.iter().map(|line| line.json.len()).sum::<usize>() <= CHUNK_BYTES_MAX);
            good.extend(chunk.good);
            bad.extend(chunk.bad.into_iter().map(|line| (line.number, line.reason)));
        }
        (good, bad, offset)
    }

    #[test]
    fn good_lines_stay_as_written_and_bad_ones_say_why() {
        let long = format!("{{\"x\":\"{}\"}}", "y".repeat(20_000));
        let text = format!("{{\"a\": 1.50}}\r\n\n[1]\nnonsense\n{long}\n\u{fffd}{{}}\n{{\"last\":true}}");
        let mut bytes = text.into_bytes();
        bytes.extend(b"\n\xff\xfe\n");
        let (good, bad, offset) = all(&bytes);
        let good: Vec<(u32, &str)> = good.iter().map(|line| (line.number, line.json.as_str())).collect();
        assert_eq!(good, [(1, "{\"a\": 1.50}"), (7, "{\"last\":true}")]);
        assert_eq!(
            bad,
            [
                (3, "is not a JSON object"),
                (4, "is not JSON"),
                (5, "is longer than 8 KiB"),
                (6, "is not JSON"),
                (8, "is not text (UTF-8)")
            ]
        );
        assert_eq!(offset, bytes.len() as u64);
    }

    proptest! {
        #[test]
        fn every_line_is_good_or_bad_and_every_byte_is_read(
            lines in prop::collection::vec(prop_oneof!["\\{\"k\":[0-9]{1,9}\\}", "[ -~]{1,40}", Just("x".repeat(9_000))], 0..60)
        ) {
            let text = lines.join("\n");
            let (good, bad, offset) = all(text.as_bytes());
            prop_assert_eq!(offset, text.len() as u64);
            let said = lines.iter().filter(|line| !line.trim().is_empty()).count();
            prop_assert_eq!(good.len() + bad.len(), said);
        }
    }
}
