//! The numbered cases of presence, and of the parsers and scans beneath it, wherever their tests stand.

use std::collections::BTreeSet;

use super::tree::files;

/// The cases by their letter, and how many there are: P of presence, S of parsers and scanning.
const CASES: [(char, u8); 2] = [('p', 27), ('s', 22)];

/// The case that a line's test is named after, as `fn p07_…`.
fn case(line: &str) -> Option<(char, u8)> {
    let name = line.trim_start().strip_prefix("async ").unwrap_or(line.trim_start()).strip_prefix("fn ")?;
    let (number, _) = name.split_once('_')?;
    let letter = number.chars().next().filter(|letter| CASES.iter().any(|(known, _)| known == letter))?;
    let digits = number.get(1..).filter(|digits| digits.len() == 2)?;
    Some((letter, digits.parse().ok()?))
}

#[test]
fn every_case_of_presence_has_a_test_that_is_named_after_it() {
    let sources = files().into_iter().filter(|file| file.path.ends_with(".rs"));
    let named: BTreeSet<(char, u8)> =
        sources.flat_map(|file| file.text.lines().filter_map(case).collect::<Vec<_>>()).collect();
    let all: BTreeSet<(char, u8)> =
        CASES.into_iter().flat_map(|(letter, count)| (1..=count).map(move |number| (letter, number))).collect();

    println!("{} of {} cases of presence are named tests", named.len(), all.len());
    assert_eq!(&all - &named, BTreeSet::new(), "these have no test");
    assert_eq!(&named - &all, BTreeSet::new(), "there are no such cases");
}

#[test]
fn a_case_is_told_by_the_name_of_its_test() {
    assert_eq!(case("    async fn p07_an_address_with_zeros_is_an_address() {"), Some(('p', 7)));
    assert_eq!(case("fn s21_refused_questions_are_all_asked_again() {"), Some(('s', 21)));
    assert_eq!(case("fn s2_x() {").or(case("fn place_of() {")).or(case("let p07_a = 1;")), None);
}
