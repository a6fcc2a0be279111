//! A sandbox of the test's own, and projects to deploy into it.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command as Program, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use assert_cmd::Command;
use tempfile::TempDir;

/// Only against hanging: the first of all runs installs the emulator.
const PATIENCE: Duration = Duration::from_secs(900);

/// Whether a Docker engine answers. Says so where a test is skipped for it, or fails where one must.
pub(crate) fn engine(test: &str) -> bool {
    let version = Program::new("docker").args(["version", "--format", "{{.Server}}"]).output();
    let answers = version.is_ok_and(|output| output.status.success());
    let required = std::env::var("DECKLIFT_TEST_REQUIRE_ENGINE").is_ok_and(|value| value == "1");
    assert!(answers || !required, "DECKLIFT_TEST_REQUIRE_ENGINE=1, but no Docker engine answers");
    if !answers {
        let _ = writeln!(std::io::stderr(), "skipped: {test}: no Docker engine answers");
    }
    answers
}

/// A sandbox under a name of its own, in the user's cache folder, so that what is installed there
/// once serves all. Ended and cleared away when dropped, also by a test that fails.
pub(crate) struct Sandbox {
    pub(crate) name: String,
    variables: Vec<(&'static str, String)>,
    images: BTreeSet<String>,
}

impl Sandbox {
    pub(crate) fn new(purpose: &str) -> Self {
        let name = format!("test-{purpose}-{}", std::process::id());
        Self { name, variables: Vec::new(), images: images() }
    }

    pub(crate) fn variable(mut self, name: &'static str, value: &str) -> Self {
        self.variables.push((name, value.to_owned()));
        self
    }

    pub(crate) fn program(&self) -> Program {
        let mut command = Program::new(assert_cmd::cargo::cargo_bin!("decklift"));
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            let scrubbed = ["AWS_", "DECKLIFT_", "COMPOSE_"].iter().any(|p| text.starts_with(p));
            if scrubbed || matches!(&*text, "CI" | "NO_COLOR" | "GITHUB_ACTIONS") {
                command.env_remove(name);
            }
        }
        command.env("DECKLIFT_SANDBOX_INSTANCE", &self.name);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        if let Some(cache) = std::env::var_os("DECKLIFT_TEST_CACHE") {
            command.env("DECKLIFT_CACHE_DIR", cache);
        }
        command
    }

    fn command(&self) -> Command {
        let mut command = Command::from_std(self.program());
        command.timeout(PATIENCE);
        command
    }

    /// Starts `decklift` with these arguments, separated by blanks.
    pub(crate) fn spawn(&self, arguments: &str) -> Running {
        Running::new(self.program(), arguments)
    }

    /// Runs `decklift` with these arguments, separated by blanks.
    pub(crate) fn run(&self, arguments: &str) -> Ran {
        let output = self.command().args(arguments.split_whitespace()).output();
        Ran::new(arguments, &output.expect("the program runs"))
    }

    /// The same, in this folder.
    pub(crate) fn run_in(&self, folder: &Path, arguments: &str) -> Ran {
        let mut command = self.command();
        let output = command.current_dir(folder).args(arguments.split_whitespace()).output();
        Ran::new(arguments, &output.expect("the program runs"))
    }

    /// Starts `decklift` with these arguments; what it writes to stdout can be read as it comes.
    pub(crate) fn start(&self, arguments: &str) -> Child {
        let mut command = self.program();
        command.args(arguments.split_whitespace()).stdout(Stdio::piped());
        command.spawn().expect("the program starts")
    }

    /// What `sandbox status` says, as JSON.
    pub(crate) fn status(&self) -> serde_json::Value {
        let ran = self.run("sandbox status --output json").exits(0);
        serde_json::from_str(&ran.stdout).expect("JSON")
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let run = |arguments: &[&str]| self.command().args(arguments).output();
        let port = self.command().args(["sandbox", "status", "--output", "json"]).output().ok();
        let port = port.and_then(|output| {
            let status: serde_json::Value = serde_json::from_slice(&output.stdout).ok()?;
            Some(status.get("endpoint")?.as_str()?.strip_prefix("http://")?.to_owned())
        });
        let _ = run(&["sandbox", "stop"]);
        // What is left of one that does not run is its folder.
        let _ = run(&["sandbox", "reset"]);
        // What was built and pushed here; what others built before stays.
        for image in images().difference(&self.images) {
            let pushed = port.as_ref().is_some_and(|port| image.starts_with(&**port));
            if pushed || image.starts_with("decklift/") {
                let _ = docker(&["image", "rm", image]);
            }
        }
    }
}

fn images() -> BTreeSet<String> {
    let format = "{{.Repository}}:{{.Tag}}\n{{.Repository}}@{{.Digest}}";
    let listed = docker(&["image", "ls", "--digests", "--format", format]);
    listed.lines().filter(|name| !name.ends_with("<none>")).map(str::to_owned).collect()
}

/// What the docker command line prints; nothing where there is none.
pub(crate) fn docker(arguments: &[&str]) -> String {
    let output = Program::new("docker").args(arguments).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default()
}

/// A run of the program that is not over. Killed when dropped.
pub(crate) struct Running {
    arguments: String,
    child: Child,
    lines: Receiver<String>,
    stderr: String,
}

impl Running {
    fn new(mut program: Program, arguments: &str) -> Self {
        let program = program.args(arguments.split_whitespace()).stdin(Stdio::null());
        let mut child = program
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let stderr = child.stderr.take().expect("its stderr");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Self { arguments: arguments.to_owned(), child, lines, stderr: String::new() }
    }

    /// Waits until it says something.
    #[track_caller]
    pub(crate) fn until(&mut self, text: &str) {
        loop {
            let Ok(line) = self.lines.recv_timeout(PATIENCE) else {
                panic!("no `{text}` in:\n{}", self.stderr);
            };
            self.stderr.push_str(&format!("{line}\n"));
            if line.contains(text) {
                return;
            }
        }
    }

    /// Sends it a signal: `STOP`, `CONT`, `KILL` …
    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let sent = Program::new("kill").args([&format!("-{signal}"), &*pid]).status();
        assert!(sent.expect("kill").success());
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Ran {
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            self.stderr.push_str(&format!("{line}\n"));
        }
        let status = self.child.wait().expect("it ends");
        let stderr = std::mem::take(&mut self.stderr).into_bytes();
        Ran::new(&self.arguments, &Output { status, stdout: Vec::new(), stderr })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What one run of the program came to.
#[derive(Debug)]
pub(crate) struct Ran {
    arguments: String,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: Option<i32>,
}

impl Ran {
    pub(crate) fn new(arguments: &str, output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        let ran =
            Self { arguments: arguments.to_owned(), stdout, stderr, code: output.status.code() };
        assert!(!ran.stderr.contains("panicked at"), "{ran}");
        ran
    }

    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "no `{text}` in:\n{self}");
        self
    }

    #[track_caller]
    pub(crate) fn does_not_say(self, text: &str) -> Self {
        assert!(!self.stderr.contains(text), "`{text}` in:\n{self}");
        self
    }

    #[track_caller]
    pub(crate) fn prints(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "no `{text}` in:\n{self}");
        self
    }

    /// The URL of a service.
    #[track_caller]
    pub(crate) fn url(&self, service: &str) -> String {
        let line = self.stdout.lines().find_map(|line| line.strip_prefix(service));
        line.unwrap_or_else(|| panic!("no URL of {service} in:\n{self}")).trim().to_owned()
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { arguments, stdout, stderr, code } = self;
        write!(f, "$ decklift {arguments}\n{stdout}---\n{stderr}---\nexit code {code:?}")
    }
}

/// A Compose project in a temporary folder.
pub(crate) struct Project {
    folder: TempDir,
}

impl Project {
    pub(crate) fn of(compose: &str) -> Self {
        let project = Self { folder: tempfile::tempdir().expect("a folder") };
        project.write("compose.yaml", compose);
        project
    }

    /// A copy of an example.
    pub(crate) fn example(name: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
        copy(&examples.join(name), folder.path());
        Self { folder }
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("its folder");
        fs::write(path, text).expect("a file");
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).expect("a file")
    }

    /// Replaces a part of a file, which must be there.
    #[track_caller]
    pub(crate) fn edit(&self, path: &str, old: &str, new: &str) {
        let text = self.read(path);
        assert!(text.contains(old), "no `{old}` in {path}");
        self.write(path, &text.replace(old, new));
    }

    /// The arguments that name it, and the sandbox.
    pub(crate) fn arguments(&self, command: &str) -> String {
        format!("{command} --sandbox -f {}", self.path("compose.yaml").display())
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder").flatten() {
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}
