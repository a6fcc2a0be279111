//! The tests of the sandbox's adapter, which are written in Python: `tests/adapter`.

#[path = "sandbox/python.rs"]
mod python;

use std::io::Write;
use std::path::Path;
use std::process::Command;

#[test]
fn the_adapter_keeps_its_promises() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let python = runtime.expect("runtime").block_on(python::python()).expect("a Python");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/adapter");
    let output = Command::new(python)
        .args(["-m", "unittest", "discover", "--verbose", "--start-directory"])
        .arg(&folder)
        .env("DECKLIFT_TEST_BASE_IMAGE", python::BASE_IMAGE)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("the tests run");
    let text = String::from_utf8_lossy(&output.stderr);
    for line in text.lines().filter(|line| line.contains("... skipped")) {
        let _ = writeln!(std::io::stderr(), "skipped: {line}");
    }
    assert!(output.status.success(), "{}\n{text}", String::from_utf8_lossy(&output.stdout));
}
