//! One libFuzzer program for all targets; `FUZZ_TARGET` names the one to run. The bodies lie with the sfu's tests, which replay
//! the corpus without libFuzzer.

#![no_main]

#[path = "../../sfu/tests/fuzzed/mod.rs"]
mod fuzzed;
#[path = "../../sfu/tests/simulated/mod.rs"]
mod simulated;

use std::sync::LazyLock;

static BODY: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let target = fuzzed::TARGETS.iter().find(|target| target.0 == name);
    target
        .unwrap_or_else(|| panic!("FUZZ_TARGET names no target: {name:?}"))
        .1
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| BODY(bytes));
