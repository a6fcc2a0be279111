//! The inputs that the fuzzers start from, and those that once broke something, on every run.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use crate::any_input;

/// Runs every file of some folders below `tests/`, and says all that fail.
fn run_all(folders: &[&str], check: fn(&[u8])) {
    // Absolute where the tests are compiled from elsewhere.
    let tests = Path::new(file!()).parent().and_then(Path::parent).expect("tests/");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(tests);
    let mut failed = Vec::new();
    for folder in folders {
        let entries = fs::read_dir(root.join(folder)).expect("a folder of inputs").flatten();
        let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
        assert!(!paths.is_empty(), "{folder} is empty");
        paths.sort();
        for path in paths {
            let bytes = fs::read(&path).expect("an input");
            if catch_unwind(AssertUnwindSafe(|| check(&bytes))).is_err() {
                failed.push(path);
            }
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn what_the_yaml_fuzzer_found_is_read() {
    run_all(&["fuzz/seeds/yaml", "loader/kept/yaml"], any_input::read);
}

#[test]
fn what_the_loader_fuzzer_found_is_loaded() {
    run_all(&["fuzz/seeds/loader", "loader/kept/loader"], any_input::load_project);
}
