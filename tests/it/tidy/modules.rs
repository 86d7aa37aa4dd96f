//! Which file is a module of which, and whether it is there for tests only.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{TEST_MODULE, Token, lines_with, tokens};
use super::tree::{File, files, fits};
use super::{Violation, assert_none};

/// Files that cargo compiles by themselves.
const ROOTS: &[&str] = &[
    "*/src/lib.rs",
    "*/src/main.rs",
    "*/src/bin/*.rs",
    "*/examples/*.rs",
    "*/build.rs",
    "tests/browser/main.rs",
    "tests/it/main.rs",
    "tests/fuzz/main.rs",
];

/// Tokens of every Rust file, by path.
type Sources<'a> = BTreeMap<&'a str, Vec<Token>>;

fn sources(files: &[File]) -> Sources<'_> {
    let rust = files.iter().filter(|file| file.path.ends_with(".rs"));
    rust.map(|file| (file.path.as_str(), tokens(&file.text))).collect()
}

/// The file that must declare the module in `path`, and the module's name.
fn parent<'a>(path: &'a str, sources: &Sources<'_>) -> Option<(String, &'a str)> {
    let (folder, name) = path.strip_suffix(".rs")?.rsplit_once('/')?;
    let candidates = [format!("{folder}.rs"), format!("{folder}/lib.rs"), format!("{folder}/main.rs")];
    candidates.into_iter().find(|candidate| sources.contains_key(candidate.as_str())).map(|found| (found, name))
}

/// The files that are compiled for tests only: `tests.rs`, `#[cfg(test)] mod name;`, and everything below.
pub(super) fn test_only(files: &[File]) -> BTreeSet<String> {
    let sources = sources(files);
    let is_test = |path: &str| {
        path.ends_with("/tests.rs")
            || parent(path, &sources).is_some_and(|(parent, name)| {
                TEST_MODULE.iter().any(|begins| {
                    let pattern = format!("{begins} {name} ;");
                    !lines_with(&sources[parent.as_str()], &pattern).is_empty()
                })
            })
    };
    let roots: Vec<&str> = sources.keys().copied().filter(|path| is_test(path)).collect();
    let is_below = |path: &str| {
        let folders = roots.iter().filter_map(|root| root.strip_suffix(".rs"));
        folders.into_iter().any(|folder| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with(['/', '.'])))
    };
    sources.keys().filter(|path| is_below(path)).map(|path| (*path).to_owned()).collect()
}

/// Files that no other file declares: they look like code and are never compiled.
fn undeclared(files: &[File]) -> Vec<Violation> {
    let sources = sources(files);
    let is_root = |path: &str| ROOTS.iter().any(|pattern| fits(path, pattern));
    let is_declared = |path: &str| {
        parent(path, &sources)
            .is_some_and(|(parent, name)| sources[parent.as_str()].iter().any(|token| token.text == name))
    };
    let lost = sources.keys().filter(|path| !is_root(path) && !is_declared(path));
    let rule = "no file declares this module, so it is never compiled; declare it in its parent";
    lost.map(|path| Violation { path: (*path).to_owned(), line: 1, rule: rule.to_owned() }).collect()
}

#[test]
fn every_file_is_a_module_of_its_parent() {
    assert_none(undeclared(&files()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Vec<File> {
        let file = |path: &str, text: &str| File { path: path.to_owned(), text: text.to_owned() };
        vec![
            file("hub/src/lib.rs", "mod queue;\n"),
            file("hub/src/queue.rs", "mod disk;\n#[cfg(test)]\nmod laws;\n"),
            file("hub/src/queue/disk.rs", ""),
            file("hub/src/queue/laws.rs", "mod deep;\n"),
            file("hub/src/queue/laws/deep.rs", ""),
        ]
    }

    #[test]
    fn a_module_for_tests_makes_all_below_it_tests() {
        let expected = ["hub/src/queue/laws.rs", "hub/src/queue/laws/deep.rs"];
        assert_eq!(test_only(&sample()).into_iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_file_that_nobody_declares_is_found() {
        let mut files = sample();
        assert_eq!(undeclared(&files), []);
        files.push(File { path: "hub/src/queue/lost.rs".to_owned(), text: String::new() });
        assert_eq!(undeclared(&files)[0].path, "hub/src/queue/lost.rs");
    }
}
