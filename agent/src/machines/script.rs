//! Pure: what a machine is asked, as one constant script on its shell's standard input, and how its answers are told apart.
//!
//! A login shell may print what it likes before and after: an answer counts only between two lines that begin with a
//! number drawn for this contact. What changes from contact to contact stands before the script as variables whose
//! values are digits, so that nothing said by a person is ever read as a program.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use vigie_shared::id::to_hex;

/// Reads how the machine is: macOS and Linux.
pub const FACTS: &str = include_str!("script/facts.sh");

/// Shows a message on its screen.
pub const MESSAGE: &str = include_str!("script/message.sh");

/// What runs either: in whatever login shell, these are two plain words.
pub const SHELL: &str = "/bin/sh -s";

/// Largest answer, as the script cuts it; what comes with all of them together is bounded by the connection.
const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// Most answers of one contact; the script asks some twenty things.
const ANSWERS_MAX: usize = 64;

/// The number that marks one contact's answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark(String);

impl Mark {
    /// Draws one.
    ///
    /// # Errors
    ///
    /// If the system has no random numbers.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        Ok(bytes.into())
    }
}

impl From<[u8; 16]> for Mark {
    fn from(bytes: [u8; 16]) -> Self {
        Self(to_hex(&bytes))
    }
}

/// The shell's input that reads how the machine is.
#[must_use]
pub fn facts(mark: &Mark) -> Vec<u8> {
    format!("n={}\n{FACTS}", mark.0).into_bytes()
}

/// The shell's input that shows a message for at most so many seconds.
#[must_use]
pub fn message(mark: &Mark, title: &str, text: &str, give_up_s: u32) -> Vec<u8> {
    let (title, text) = (octal(title), octal(text));
    format!("n={}\nt='{title}'\nb='{text}'\ng={give_up_s}\n{MESSAGE}", mark.0).into_bytes()
}

/// Text as `printf %b` reads it: only backslashes and digits, whatever it says.
fn octal(text: &str) -> String {
    let mut digits = String::with_capacity(text.len() * 5);
    for byte in text.bytes() {
        // Writing to a string cannot fail.
        let _is_written = write!(digits, "\\0{byte:03o}").is_ok();
    }
    digits
}

/// The answers of one contact, by their names.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Answers {
    answers: BTreeMap<String, String>,
    is_whole: bool,
}

impl Answers {
    /// Finds the answers in everything that came. Those whose command failed, or that were not ended, are left out.
    #[must_use]
    pub fn read(mark: &Mark, output: &[u8]) -> Self {
        let mut found = Self::default();
        let mut open: Option<(String, Vec<u8>)> = None;
        for line in output.split(|byte| *byte == b'\n') {
            match marked(mark, line) {
                Some(Marked::Begins(name)) => open = Some((name, Vec::new())),
                Some(Marked::Ends(is_done)) => {
                    if let Some((name, content)) = open.take()
                        && is_done
                        && found.answers.len() < ANSWERS_MAX
                    {
                        found.answers.insert(name, text(&content));
                    }
                }
                Some(Marked::Whole) => found.is_whole = true,
                None => {
                    if let Some((_, content)) = &mut open
                        && content.len() + line.len() < ANSWER_BYTES_MAX
                    {
                        content.extend_from_slice(line);
                        content.push(b'\n');
                    }
                }
            }
        }
        found
    }

    /// Whether the script came to its end.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// An answer; empty if there is none.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        self.answers.get(name).map_or("", String::as_str)
    }

    /// An answer's first line, fit to be shown.
    #[must_use]
    pub fn line(&self, name: &str) -> Option<String> {
        self.get(name).lines().next().and_then(super::clean)
    }

    /// Answers as a test has them.
    #[cfg(test)]
    pub(crate) fn of(answers: &[(&str, &str)]) -> Self {
        let answers = answers.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        Self { answers, is_whole: true }
    }
}

enum Marked {
    Begins(String),
    Ends(bool),
    Whole,
}

fn marked(mark: &Mark, line: &[u8]) -> Option<Marked> {
    let rest = line.strip_prefix(mark.0.as_bytes())?.strip_prefix(b" ")?;
    let (sign, word) = rest.split_first()?;
    let word = std::str::from_utf8(word).ok()?.trim_ascii();
    match sign {
        b'<' => Some(Marked::Begins(word.to_owned())),
        b'>' => Some(Marked::Ends(word == "0")),
        b'.' => Some(Marked::Whole),
        _ => None,
    }
}

/// The script puts one line feed before each mark.
fn text(content: &[u8]) -> String {
    let text = String::from_utf8_lossy(content);
    text.strip_suffix('\n').unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mark() -> Mark {
        Mark("00ff".to_owned())
    }

    fn read(output: &str) -> Answers {
        Answers::read(&mark(), output.as_bytes())
    }

    #[test]
    fn banners_and_foreign_marks_are_no_answers() {
        let answers = read(
            "Bienvenue !\n00fe <os\nfake\n00fe >0\n\n00ff <os\n26.1\n\n00ff >0\n\n00ff <bad\nusage\n\n00ff >1\n00ff .\nbye",
        );
        assert_eq!(answers.get("os"), "26.1\n");
        assert_eq!(answers.get("bad"), "", "its command failed");
        assert!(answers.is_whole());
        assert_eq!(answers.answers.len(), 1);
    }

    #[test]
    fn an_answer_that_was_cut_off_does_not_count() {
        let answers = read("\n00ff <os\n26.1\n\n00ff >0\n\n00ff <battery\n<plist>");
        assert_eq!((answers.get("os"), answers.get("battery"), answers.is_whole()), ("26.1\n", "", false));
    }

    #[test]
    fn an_endless_answer_is_cut() {
        let output = format!("\n00ff <os\n{}\n00ff >0\n", "x\n".repeat(ANSWER_BYTES_MAX));
        assert!(read(&output).get("os").len() <= ANSWER_BYTES_MAX);
    }

    #[test]
    fn s20_whatever_a_message_says_it_stands_in_the_input_as_digits() {
        let hostile = "'\"; $(touch /tmp/x) `id`\n-n \\0101 🎉";
        let input = String::from_utf8(message(&mark(), hostile, hostile, 60)).unwrap();
        let variables: Vec<&str> = input.lines().take(4).collect();
        let [_, title, text, wait] = variables.as_slice() else { panic!("{variables:?}") };
        for (name, line) in [("t", title), ("b", text)] {
            let value = line.strip_prefix(name).unwrap().strip_prefix("='").unwrap().strip_suffix('\'').unwrap();
            assert!(value.bytes().all(|byte| byte == b'\\' || byte.is_ascii_digit()), "{value}");
        }
        assert_eq!(*wait, "g=60");
    }

    #[test]
    fn two_contacts_have_two_marks() {
        assert_ne!(Mark::random().unwrap(), Mark::random().unwrap());
    }

    proptest! {
        #[test]
        fn reading_never_panics(output: Vec<u8>) {
            drop(Answers::read(&mark(), &output));
        }

        #[test]
        fn whatever_an_answer_says_it_comes_back_as_it_was(content in "[^\0]{0,200}") {
            prop_assume!(!content.contains("00ff "));
            let answers = read(&format!("noise\n00ff <name\n{content}\n00ff >0\n"));
            prop_assert_eq!(answers.get("name"), content);
        }
    }
}
