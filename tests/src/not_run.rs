//! Skipping a test in the open: a test that lacks something says so, and `tests/run` lists it.
//!
//! A test runner hides what passing tests print. So the reason goes to a file as well, which `tests/run`
//! names in `VIGIE_NOT_RUN_FILE`; with `CI=true` it counts every line there as a failure.

use std::fs::OpenOptions;
use std::io::Write as _;

/// Says that the calling test cannot run here; the test then returns.
///
/// ```no_run
/// # let is_root = false;
/// if !is_root {
///     return vigie_tests::not_run("needs root to mount an image");
/// }
/// ```
///
/// # Panics
///
/// If the reason cannot be written: a skipped test must not look like a passed one.
#[expect(clippy::print_stderr, reason = "without tests/run, standard error is where a person looks")]
pub fn not_run(reason: &str) {
    let thread = std::thread::current();
    let line = format!("{}: {reason}", thread.name().unwrap_or("a test"));
    eprintln!("NOT RUN: {line}");
    let Some(path) = std::env::var_os("VIGIE_NOT_RUN_FILE") else { return };
    // One write in append mode, so that tests of several processes do not mix their lines.
    let written = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .and_then(|mut file| file.write_all(format!("{line}\n").as_bytes()));
    written.expect("VIGIE_NOT_RUN_FILE names a file that can be written");
}
