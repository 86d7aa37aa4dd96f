//! Conformance of the agent's terminal server: every numbered case of the protocol's reference, over real connections.
//!
//! [`scene`] is a server with a ledger in memory and a clock that stands at 08:00 in Paris. A case that also speaks of the
//! hub (what is shown, computed, exported) is tested here for what leaves the box.

mod attendance;
mod commands;
mod fleet;
mod hostile;
mod kills;
mod scene;
mod session;
mod users;

/// How many cases the reference has.
const CASES: u32 = 85;

/// The tests of the cases, as text.
const SOURCES: [&str; 13] = [
    include_str!("terminals/session.rs"),
    include_str!("terminals/attendance/durable.rs"),
    include_str!("terminals/attendance/times.rs"),
    include_str!("terminals/attendance/batches.rs"),
    include_str!("terminals/attendance/fields.rs"),
    include_str!("terminals/attendance/photos.rs"),
    include_str!("terminals/attendance/approval.rs"),
    include_str!("terminals/users.rs"),
    include_str!("terminals/commands.rs"),
    include_str!("terminals/commands/answers.rs"),
    include_str!("terminals/commands/lists.rs"),
    include_str!("terminals/commands/people.rs"),
    include_str!("terminals/hostile.rs"),
];

#[test]
fn every_case_of_the_protocols_reference_has_one_test_of_its_own() {
    let names = SOURCES.iter().flat_map(|source| source.lines()).filter_map(|line| line.split_once("fn case_"));
    let mut numbers: Vec<u32> =
        names.filter_map(|(_, name)| name.split('_').next().and_then(|number| number.parse().ok())).collect();
    numbers.sort_unstable();

    println!("{} of {CASES} cases of the terminals' protocol are named tests", numbers.len());
    assert_eq!(numbers, (1..=CASES).collect::<Vec<u32>>());
}
