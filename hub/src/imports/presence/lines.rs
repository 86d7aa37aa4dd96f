//! Lines of a file that comes in pieces.

use super::report::Report;
use super::tally::Tally;

/// Longest line, bytes; no program writes longer ones.
pub(super) const LINE_BYTES_MAX: usize = 4096;

/// What a line is told to, and where what cannot be used is noted.
pub(super) type Ground<'g> = (&'g mut Tally, &'g mut Report);

/// Understands the lines of one format.
pub(super) trait Parser {
    /// Understands one line, without its end.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in words.
    fn line(&mut self, line: &[u8], ground: Ground<'_>) -> Result<(), &'static str>;

    /// Understands as many whole lines at the beginning of a text as it can at once; says how many bytes these were.
    fn run(&mut self, _text: &[u8], _ground: Ground<'_>) -> usize {
        0
    }
}

/// Finds lines in pieces.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// The beginning of a line whose end is in a later piece.
    begun: Vec<u8>,
    is_too_long: bool,
}

impl Lines {
    /// Tells every line that ends in this piece.
    pub(super) fn feed(&mut self, mut piece: &[u8], parser: &mut dyn Parser, (tally, report): Ground<'_>) {
        while !piece.is_empty() {
            if self.begun.is_empty() && !self.is_too_long {
                let understood = parser.run(piece, (&mut *tally, &mut *report));
                piece = piece.get(understood..).unwrap_or_default();
            }
            let Some(end) = piece.iter().position(|byte| *byte == b'\n') else {
                return self.begin(piece);
            };
            let (line, rest) = piece.split_at(end);
            piece = rest.get(1..).unwrap_or_default();
            if self.begun.is_empty() && !self.is_too_long && line.len() <= LINE_BYTES_MAX {
                tell(line, parser, (&mut *tally, &mut *report));
                continue;
            }
            self.begin(line);
            self.end(parser, (&mut *tally, &mut *report));
        }
    }

    /// Tells what stands behind the last end of a line: a whole line, or one that was cut.
    pub(super) fn finish(&mut self, parser: &mut dyn Parser, (tally, report): Ground<'_>) {
        if self.begun.is_empty() && !self.is_too_long {
            return;
        }
        let refused = report.refused;
        self.end(parser, (tally, &mut *report));
        if let Some(problem) = report.problems.last_mut().filter(|_| report.refused > refused) {
            problem.reason = "the file ends within this line: it was cut, fetch it again";
        }
    }

    fn begin(&mut self, part: &[u8]) {
        self.is_too_long |= self.begun.len().saturating_add(part.len()) > LINE_BYTES_MAX;
        if !self.is_too_long {
            self.begun.extend_from_slice(part);
        }
    }

    fn end(&mut self, parser: &mut dyn Parser, ground: Ground<'_>) {
        if std::mem::take(&mut self.is_too_long) {
            self.begun.clear();
            ground.1.lines += 1;
            return ground.1.refuse("it is longer than any program writes");
        }
        tell(&self.begun, parser, ground);
        self.begun.clear();
    }
}

fn tell(line: &[u8], parser: &mut dyn Parser, (tally, report): Ground<'_>) {
    report.lines += 1;
    if let Err(reason) = parser.line(line.trim_ascii_end(), (tally, &mut *report)) {
        report.refuse(reason);
    }
}
