//! What no tracked file may say, whatever its language.

use super::tree::{File, files, fits};
use super::{Violation, assert_none};

/// Words that must not be in a file.
struct Absence {
    rule: &'static str,
    words: &'static [&'static str],
    /// Patterns of the paths that may all the same.
    but_not_in: &'static [&'static str],
}

// The words are put together from halves, so that this file does not say them.
const ABSENCES: &[Absence] = &[
    Absence {
        rule: "a mark of unfinished work; finish it, or open an issue",
        words: &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:")],
        but_not_in: &[],
    },
    Absence {
        rule: "an absolute path of somebody's machine; use a path relative to the repository",
        words: &[concat!("/ro", "ot/"), concat!("/wo", "rk/"), concat!("/ho", "me/"), concat!("/Use", "rs/")],
        but_not_in: &[],
    },
    Absence {
        rule: "the host name of a package registry; the tools know their registries",
        words: &[
            concat!("crates", ".io"),
            concat!("pypi", ".org"),
            concat!("deb.debian", ".org"),
            concat!("ghcr", ".io"),
            concat!("docker", ".io"),
        ],
        // Cargo writes it.
        but_not_in: &["Cargo.lock"],
    },
    Absence {
        rule: "a conflict left by a merge",
        words: &[concat!("<<<", "<<<< "), concat!(">>>", ">>>> ")],
        but_not_in: &[],
    },
];

fn violations(files: &[File]) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in files {
        let is_free = |absence: &&Absence| !absence.but_not_in.iter().any(|pattern| fits(&file.path, pattern));
        for absence in ABSENCES.iter().filter(is_free) {
            for (index, line) in file.text.lines().enumerate() {
                if let Some(word) = absence.words.iter().find(|word| line.contains(**word)) {
                    let rule = format!("`{}`: {}", word.trim(), absence.rule);
                    found.push(Violation { path: file.path.clone(), line: index + 1, rule });
                }
            }
        }
    }
    found
}

#[test]
fn no_file_says_what_none_may_say() {
    assert_none(violations(&files()));
}

#[test]
fn every_planted_word_is_found() {
    for absence in ABSENCES {
        for word in absence.words {
            let file = File { path: "README.md".to_owned(), text: format!("one\ntwo {word}three\n") };
            let found = violations(&[file]);
            assert_eq!(found.len(), 1, "{word}");
            assert_eq!(found[0].line, 2, "{word}");
        }
    }
}
