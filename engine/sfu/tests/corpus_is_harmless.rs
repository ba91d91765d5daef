//! Replays the fuzz corpus, and every input that ever failed, through the fuzz targets.

mod fuzzed;
mod simulated;

use std::fs;
use std::path::Path;

#[test]
fn every_input_of_the_corpus_passes_its_target() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    for (name, body) in fuzzed::TARGETS {
        let folder = fs::read_dir(corpus.join(name)).unwrap();
        let inputs: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
        assert!(!inputs.is_empty(), "{name} has no corpus");
        for input in inputs {
            body(&fs::read(input).unwrap());
        }
    }
}

#[test]
fn every_folder_of_the_corpus_has_a_target() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    for entry in fs::read_dir(corpus).unwrap() {
        let name = entry.unwrap().file_name();
        assert!(
            fuzzed::TARGETS.iter().any(|target| name == target.0),
            "{name:?}"
        );
    }
}
