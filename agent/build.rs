//! Tells the program when it was built: a box whose clock starts in 1970 judges certificates no earlier.
//!
//! `SOURCE_DATE_EPOCH`, where set, makes the build repeatable.

use std::time::{SystemTime, UNIX_EPOCH};

fn main() {
    println!("cargo:rerun-if-env-changed=SOURCE_DATE_EPOCH");
    println!("cargo:rerun-if-changed=build.rs");
    #[expect(clippy::disallowed_methods, reason = "a build script has no clock or configuration to ask")]
    let (given, now) = (std::env::var("SOURCE_DATE_EPOCH").ok(), SystemTime::now());
    let built_s = given
        .and_then(|text| text.parse::<u64>().ok())
        .unwrap_or_else(|| now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()));
    println!("cargo:rustc-env=VIGIE_BUILT_S={built_s}");
}
