//! The emulator that the tests talk to: the one that `DECKLIFT_TEST_ENDPOINT` names, else a sandbox
//! of the test's own, without an engine, because no container is looked at here.

use std::ffi::OsString;
use std::io::Write as _;
use std::time::Duration;

use assert_cmd::Command;
use decklift::sandbox::{Instance, Paths};

/// Where the emulator answers. A sandbox of the test's own ends when this is dropped.
pub(crate) struct Emulator {
    pub(crate) endpoint: String,
    instance: Option<String>,
}

impl Emulator {
    /// Nothing, with a message, where no sandbox can be started; a failure where one must be.
    pub(crate) fn start(purpose: &str) -> Option<Self> {
        if let Ok(endpoint) = std::env::var("DECKLIFT_TEST_ENDPOINT") {
            return Some(Self { endpoint, instance: None });
        }
        let mut emulator = Self {
            endpoint: String::new(),
            instance: Some(format!("test-aws-{purpose}-{}", std::process::id())),
        };
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("compose.yaml");
        std::fs::write(&file, "name: probe\nservices: {a: {image: 'x:1'}}\n").expect("written");
        let output = emulator.command().args(["plan", "--sandbox", "-f"]).arg(&file).output();
        let output = output.expect("decklift runs");
        if !output.status.success() {
            let why = String::from_utf8_lossy(&output.stderr).into_owned();
            let required = std::env::var_os("DECKLIFT_TEST_REQUIRE_ENGINE").is_some();
            assert!(!required, "no sandbox: {why}");
            let _ = writeln!(std::io::stderr(), "skipped: no sandbox can be started: {why}");
            return None;
        }
        let paths = Paths::from_env(|name| emulator.variable(name)).expect("paths");
        let record = std::fs::read(paths.record()).expect("a record");
        let instance: Instance = serde_json::from_slice(&record).expect("an instance");
        emulator.endpoint = instance.endpoint();
        Some(emulator)
    }

    fn variable(&self, name: &str) -> Option<OsString> {
        match name {
            "DECKLIFT_SANDBOX_INSTANCE" => self.instance.clone().map(OsString::from),
            "DECKLIFT_CACHE_DIR" => std::env::var_os("DECKLIFT_TEST_CACHE"),
            _ => std::env::var_os(name),
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("decklift"));
        for name in ["DECKLIFT_SANDBOX_INSTANCE", "DECKLIFT_CACHE_DIR"] {
            match self.variable(name) {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        // The first of all runs installs the emulator.
        command.env("DECKLIFT_SANDBOX_ENGINE", "none").timeout(Duration::from_secs(900));
        command
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        if self.instance.is_some() {
            for word in ["stop", "reset"] {
                let _ = self.command().args(["sandbox", word]).output();
            }
        }
    }
}
