//! libFuzzer's program for every target of `vigie_tests::fuzz`; `VIGIE_FUZZ_TARGET` names the one to drive.

#![no_main]

use std::sync::OnceLock;

use vigie_tests::fuzz::{Target, target};

static TARGET: OnceLock<&'static Target> = OnceLock::new();

libfuzzer_sys::fuzz_target!(
    init: {
        let name = std::env::var_os("VIGIE_FUZZ_TARGET").expect("VIGIE_FUZZ_TARGET names a target");
        let known = name.to_str().and_then(target).expect("the target is one of vigie_tests::fuzz::TARGETS");
        TARGET.get_or_init(|| known);
    },
    |bytes: &[u8]| {
        if let Some(target) = TARGET.get() {
            (target.run)(bytes);
        }
    }
);
