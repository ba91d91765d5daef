//! Lets libFuzzer drive the target that `FUZZ_TARGET` names; the targets themselves are ordinary functions of the library.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use huisclos_fuzz::{Target, target};

static CHOSEN: LazyLock<Target> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    target(&name).unwrap_or_else(|| panic!("FUZZ_TARGET names no target: {name:?}"))
});

/// Runs before the corpus is read: seeds go where `FUZZ_SEEDS` says.
fn write_seeds() {
    let Some(folder) = std::env::var_os("FUZZ_SEEDS").map(PathBuf::from) else {
        return;
    };
    for (number, seed) in (CHOSEN.seeds)().into_iter().enumerate() {
        std::fs::write(folder.join(format!("seed-{number}")), seed)
            .expect("the folder of FUZZ_SEEDS can be written");
    }
}

libfuzzer_sys::fuzz_target!(init: write_seeds(), |bytes: &[u8]| (CHOSEN.run)(bytes));
