//! Who may name what: each rule is a sentence, the words it is about, where it holds and where it does not.
//! Tests may name what they need.

mod table;

use self::table::RULES;
use super::modules::test_only;
use super::source::{lines_with, tokens, without_tests};
use super::tree::{File, files, fits};
use super::{Violation, assert_none};

/// Words that only some files may use in code.
struct Rule {
    /// The rule as a sentence, and the reason.
    says: &'static str,
    /// What to do instead.
    cure: &'static str,
    /// Words of code, see [`lines_with`].
    words: &'static [&'static str],
    /// Patterns of the paths where it holds.
    holds_in: &'static [&'static str],
    /// Patterns of the paths that may all the same.
    but_not_in: &'static [&'static str],
}

fn violations(rules: &[Rule], files: &[File]) -> Vec<Violation> {
    let mut found = Vec::new();
    let tests = test_only(files);
    for file in files.iter().filter(|file| file.path.ends_with(".rs") && !tests.contains(&file.path)) {
        let tokens = without_tests(&tokens(&file.text));
        let is_in = |patterns: &[&str]| patterns.iter().any(|pattern| fits(&file.path, pattern));
        for rule in rules.iter().filter(|rule| is_in(rule.holds_in) && !is_in(rule.but_not_in)) {
            for word in rule.words {
                found.extend(lines_with(&tokens, word).into_iter().map(|line| Violation {
                    path: file.path.clone(),
                    line,
                    rule: format!("`{}`: {}; {}", word.replace(' ', ""), rule.says, rule.cure),
                }));
            }
        }
    }
    found
}

#[test]
fn every_name_stays_where_it_belongs() {
    assert_none(violations(RULES, &files()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        let file = File { path: path.to_owned(), text: text.to_owned() };
        violations(RULES, &[file]).into_iter().map(|violation| violation.line).collect()
    }

    #[test]
    fn a_planted_name_is_found_where_it_is_foreign_and_only_there() {
        for (word, foreign, home) in [
            ("sled::Db", "agent/src/journal.rs", "agent/src/queue/disk.rs"),
            ("rumqttc::Event", "agent/src/outbox.rs", "agent/src/uplink.rs"),
            ("rumqttd::Router", "hub/src/gateway.rs", "hub/src/broker/link.rs"),
            ("rusqlite::Row", "hub/src/fleet.rs", "hub/src/store/sqlite/facts.rs"),
            ("axum::Router", "hub/src/ingest.rs", "hub/src/http/sites.rs"),
            ("rcgen::KeyPair", "hub/src/gateway.rs", "hub/src/pki.rs"),
            ("vigie_agent::run", "hub/src/main.rs", "hub/src/up.rs"),
            ("vigie_hub::run", "agent/src/main.rs", "hub/src/main.rs"),
            ("tokio::time::Instant", "shared/src/wire/live.rs", "shared/src/lifecycle.rs"),
        ] {
            let text = format!("//! A file.\n\nuse {word};\n");
            assert_eq!(lines(foreign, &text), [3], "{word} in {foreign}");
            assert!(lines(home, &text).is_empty(), "{word} in {home}");
            let in_test = format!("//! A file.\n\n#[cfg(test)]\nmod tests {{\n    use {word};\n}}\n");
            assert!(lines(foreign, &in_test).is_empty(), "{word} in a test of {foreign}");
        }
    }

    #[test]
    fn reading_the_environment_is_found() {
        let text = "//! A file.\nfn a() {\n    std::env::var(\"X\");\n    env!(\"X\");\n}\n";
        assert_eq!(lines("hub/src/jobs.rs", text), [3]);
        assert!(lines("agent/src/config.rs", text).is_empty());
    }

    #[test]
    fn a_message_names_place_rule_and_cure() {
        let file = File { path: "agent/src/journal.rs".to_owned(), text: "use sled::Db;".to_owned() };
        let message = violations(RULES, &[file])[0].to_string();
        assert_eq!(
            message,
            "agent/src/journal.rs:1: `sled`: only the disk queue knows which database it uses; \
             go through the port in agent/src/queue.rs"
        );
    }
}
