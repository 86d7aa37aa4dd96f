//! The shape of Rust files: heading, length, place, reasons.

use super::modules::test_only;
use super::source::{Token, attributes_without_reason, lines_with, lines_without_tests, tokens};
use super::tree::{File, files};
use super::{Violation, assert_none};

/// Longest file, in lines without its tests.
const LINES_MAX: usize = 300;

/// One rule about one file: the lines that break it.
struct Shape {
    rule: &'static str,
    broken_at: fn(&File, &[Token]) -> Vec<usize>,
}

const SHAPES: &[Shape] = &[
    Shape {
        rule: "begins without `//!`; say in one sentence what the file is for",
        broken_at: |file, _| if file.text.starts_with("//! ") { vec![] } else { vec![1] },
    },
    Shape {
        rule: "is called mod.rs; call it by its name, beside its folder",
        broken_at: |file, _| if file.path.ends_with("/mod.rs") { vec![1] } else { vec![] },
    },
    Shape {
        rule: "lies in no crate; only agent, hub, shared and tests are under the lint table",
        broken_at: |file, _| {
            let is_in_crate =
                ["agent/", "hub/", "shared/", "tests/"].iter().any(|folder| file.path.starts_with(folder));
            if is_in_crate { vec![] } else { vec![1] }
        },
    },
    Shape {
        rule: "#[expect] without a reason; say why with `reason = \"…\"`",
        broken_at: |_, tokens| attributes_without_reason(tokens, "expect"),
    },
    Shape {
        rule: "a lint switched off; expect it, so that it comes back when it is not needed: #[expect(lint, reason = \"…\")]",
        broken_at: |_, tokens| lines_of(tokens, &["# [ allow", "# ! [ allow"]),
    },
    Shape {
        rule: "unsafe code outside agent/src/sys.rs; use nix or socket2, or add one reviewed function there",
        broken_at: |file, tokens| {
            if file.path == "agent/src/sys.rs" { vec![] } else { lines_of(tokens, &["unsafe"]) }
        },
    },
    Shape {
        rule: "a hash map or set, whose order differs from run to run; use BTreeMap or BTreeSet",
        broken_at: |_, tokens| lines_of(tokens, &["HashMap", "HashSet"]),
    },
    Shape {
        rule: "an unfinished place; finish it or leave it out",
        broken_at: |_, tokens| lines_of(tokens, &["todo !", "unimplemented !", "dbg !"]),
    },
    Shape {
        rule: "an ignored test; a test runs, or says by vigie_tests::not_run why it cannot",
        broken_at: |_, tokens| lines_of(tokens, &["# [ ignore", "# [ should_panic"]),
    },
];

/// The lines on which one of the patterns begins.
fn lines_of(tokens: &[Token], patterns: &[&str]) -> Vec<usize> {
    patterns.iter().flat_map(|pattern| lines_with(tokens, pattern)).collect()
}

fn violations(files: &[File]) -> Vec<Violation> {
    let tests = test_only(files);
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.path.ends_with(".rs")) {
        let tokens = tokens(&file.text);
        let lines = lines_without_tests(&file.text, &tokens);
        if lines > LINES_MAX && !tests.contains(&file.path) {
            let rule =
                format!("{lines} lines without its tests, at most {LINES_MAX}; split it by what its parts are for");
            found.push(Violation { path: file.path.clone(), line: 1, rule });
        }
        for shape in SHAPES {
            found.extend((shape.broken_at)(file, &tokens).into_iter().map(|line| Violation {
                path: file.path.clone(),
                line,
                rule: shape.rule.to_owned(),
            }));
        }
    }
    found
}

#[test]
fn every_rust_file_has_the_shape_of_the_house() {
    assert_none(violations(&files()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, text: &str, expected: &[&str]) {
        let file = File { path: path.to_owned(), text: text.to_owned() };
        let rules: Vec<String> = violations(&[file]).iter().map(|violation| violation.rule.clone()).collect();
        assert_eq!(rules.len(), expected.len(), "{rules:?}");
        for (rule, start) in rules.iter().zip(expected) {
            assert!(rule.starts_with(start), "{rule:?} instead of {start:?}");
        }
    }

    #[test]
    fn a_file_of_the_house_breaks_nothing() {
        check("hub/src/jobs.rs", "//! Jobs.\n\n#[expect(dead_code, reason = \"b\")]\nfn a() {}\n", &[]);
        check("agent/src/sys.rs", "//! Calls.\nfn a() { unsafe { b() } }\n", &[]);
    }

    #[test]
    fn every_planted_fault_is_found() {
        check("hub/src/jobs.rs", "fn a() {}\n", &["begins without"]);
        check("hub/src/jobs/mod.rs", "//! Jobs.\n", &["is called mod.rs"]);
        check("packaging/jobs.rs", "//! Jobs.\n", &["lies in no crate"]);
        check("hub/src/jobs.rs", "//! Jobs.\n#[expect(dead_code)]\nfn a() {}\n", &["#[expect] without"]);
        check("hub/src/jobs.rs", "//! Jobs.\n#[allow(dead_code)]\nfn a() {}\n", &["a lint switched off"]);
        check("hub/src/jobs.rs", "//! Jobs.\nfn a() { unsafe { b() } }\n", &["unsafe code"]);
        check("hub/src/jobs.rs", "//! Jobs.\nuse std::collections::HashMap;\n", &["a hash map"]);
        check("hub/src/jobs.rs", "//! Jobs.\nfn a() { todo!() }\n", &["an unfinished"]);
        check("hub/src/jobs.rs", "//! Jobs.\n#[test]\n#[ignore]\nfn a() {}\n", &["an ignored test"]);
    }

    #[test]
    fn length_counts_without_tests() {
        let long = "fn a() {}\n".repeat(LINES_MAX);
        check("hub/src/jobs.rs", &format!("//! Jobs.\n{long}"), &["301 lines"]);
        check("hub/src/jobs.rs", &format!("//! Jobs.\n#[cfg(test)]\nmod tests {{\n{long}}}\n"), &[]);
    }
}
