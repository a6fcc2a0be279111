//! A project in a temporary directory, and what the program says about it.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use assert_cmd::Command;
use tempfile::TempDir;

/// Long enough for any machine; only there so that a hanging program fails its test.
const PATIENCE: Duration = Duration::from_secs(120);

/// A project: a folder of files, a home of its own, and an environment that has nothing else.
pub(crate) struct Project {
    root: TempDir,
    environment: Vec<(String, OsString)>,
    hidden: Vec<(String, &'static str)>,
}

impl Project {
    pub(crate) fn empty() -> Self {
        let root = tempfile::tempdir().expect("a temporary directory");
        for folder in ["shop", "home", "tmp"] {
            fs::create_dir(root.path().join(folder)).expect("a folder");
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let project = Self { root, environment: Vec::new(), hidden: Vec::new() };
        project.variable("PATH", path)
    }

    /// A project of one Compose file.
    pub(crate) fn of(compose: &str) -> Self {
        Self::empty().file("compose.yaml", compose)
    }

    /// One service `web`; its further attributes are indented by four blanks.
    pub(crate) fn web(attributes: &str) -> Self {
        Self::of(&format!("services:\n  web:\n    image: busybox:1.37\n{attributes}"))
    }

    pub(crate) fn file(self, path: &str, text: impl AsRef<[u8]>) -> Self {
        let place = self.path(path);
        fs::create_dir_all(place.parent().expect("a parent")).expect("folders");
        fs::write(place, text).expect("a file");
        self
    }

    pub(crate) fn variable(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    /// Text that differs from run to run, and what the transcript shows instead.
    pub(crate) fn hide(mut self, text: impl Into<String>, shown: &'static str) -> Self {
        self.hidden.push((text.into(), shown));
        self
    }

    /// Keys and a region, so that AWS is asked at this endpoint if it is asked at all.
    pub(crate) fn endpoint(self, url: &str) -> Self {
        self.variable("AWS_ACCESS_KEY_ID", "AKIATEST")
            .variable("AWS_SECRET_ACCESS_KEY", SECRET)
            .variable("AWS_REGION", "eu-west-1")
            .variable("AWS_ENDPOINT_URL", url)
            .hide(url, "[endpoint]")
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.path().join("shop").join(path)
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("decklift"));
        command
            .args(arguments.split_whitespace())
            .current_dir(self.path(""))
            .env_clear()
            .env("HOME", self.root.path().join("home"))
            .env("TMPDIR", self.root.path().join("tmp"))
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .timeout(PATIENCE);
        command
    }

    /// Starts `decklift` and does not wait for its end.
    #[cfg(unix)]
    pub(crate) fn start(&self, arguments: &str) -> std::process::Child {
        std::process::Command::new(assert_cmd::cargo::cargo_bin!("decklift"))
            .args(arguments.split_whitespace())
            .current_dir(self.path(""))
            .env_clear()
            .env("HOME", self.root.path().join("home"))
            .env("TMPDIR", self.root.path().join("tmp"))
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .expect("decklift starts")
    }

    /// Runs `decklift` with these arguments, which are separated by blanks.
    pub(crate) fn run(&self, arguments: &str) -> Transcript {
        self.transcript(arguments, &mut self.command(arguments))
    }

    /// The same, with something on stdin.
    pub(crate) fn run_with(&self, arguments: &str, stdin: &str) -> Transcript {
        self.transcript(arguments, self.command(arguments).write_stdin(stdin))
    }

    /// A file that is at fault: every command says so and ends with 3, whatever it would have gone on
    /// to do. Nothing is asked of AWS, nothing is written, nothing is started.
    pub(crate) fn refused(&self) -> String {
        self.refused_with("")
    }

    /// The same, with further arguments.
    pub(crate) fn refused_with(&self, arguments: &str) -> String {
        let before = files(self.root.path());
        let server = Server::new(|_| Answer { status: 500, ..Answer::default() });
        let run = |command: &str| {
            let line = format!("{command} {arguments}");
            let mut command = self.command(&line);
            command.env("AWS_ACCESS_KEY_ID", "AKIATEST").env("AWS_SECRET_ACCESS_KEY", SECRET);
            command.env("AWS_ENDPOINT_URL", &server.url);
            command.env("AWS_REGION", "eu-west-1");
            self.transcript(line.trim_end(), &mut command)
        };
        let transcript = run("plan");
        assert_eq!(transcript.code, Some(3), "{}", transcript.text);
        for command in ["deploy --yes", "deploy --sandbox --yes"] {
            let other = run(command);
            assert_eq!(other.said, transcript.said, "{command}");
            assert_eq!(other.code, Some(3), "{}", other.text);
        }
        assert_eq!(server.asked(), 0, "AWS was asked something");
        assert_eq!(files(self.root.path()), before, "something was written");
        transcript.text
    }

    fn transcript(&self, arguments: &str, command: &mut Command) -> Transcript {
        let output = command.output().expect("the program runs");
        let said = self.filter(&streams(&output));
        let code = output.status.code();
        let shown = code.map_or_else(|| "none".to_owned(), |code| code.to_string());
        let text = format!("$ decklift {arguments}\n{said}exit code {shown}\n");
        // Whatever happens, no one is shown the inside of the program, or a secret.
        for word in ["panicked at", "RUST_BACKTRACE", SECRET] {
            assert!(!text.contains(word), "{text}");
        }
        let out = self.filter(&String::from_utf8_lossy(&output.stdout));
        Transcript { text, said, out, code }
    }

    fn filter(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (hidden, shown) in &self.hidden {
            text = text.replace(hidden, shown);
        }
        let root = self.root.path().to_string_lossy();
        text.replace(&format!("{root}/shop"), "[shop]").replace(&*root, "[root]")
    }
}

/// What the tests give as a secret key.
const SECRET: &str = "wJalrXUtnFEMI";

/// What one run of the program came to.
pub(crate) struct Transcript {
    /// The command, what it said, and its exit code.
    pub(crate) text: String,
    /// What it said alone.
    said: String,
    out: String,
    pub(crate) code: Option<i32>,
}

impl Transcript {
    /// What went to stdout, to the letter.
    pub(crate) fn stdout(&self) -> &str {
        &self.out
    }
}

impl std::fmt::Display for Transcript {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// Both streams, each under its name unless it is empty.
fn streams(output: &Output) -> String {
    let mut said = String::new();
    for (name, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
        let text = String::from_utf8(bytes.clone()).expect("UTF-8");
        if !text.is_empty() {
            let _ = writeln!(said, "--- {name}\n{}", text.trim_end_matches('\n'));
        }
    }
    said.push_str("---\n");
    said
}

/// Everything below a folder.
fn files(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        if entry.file_type().expect("a type").is_dir() {
            found.extend(files(&entry.path()));
        }
        found.insert(entry.path());
    }
    found
}

/// An HTTP answer.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) kind: &'static str,
    pub(crate) body: String,
}

impl Default for Answer {
    fn default() -> Self {
        Self { status: 200, kind: "text/xml", body: String::new() }
    }
}

/// A server on the loopback interface that counts what it is asked. Its thread ends with the process.
pub(crate) struct Server {
    pub(crate) url: String,
    asked: Arc<AtomicUsize>,
}

impl Server {
    /// `answer` is given the request's head and body.
    pub(crate) fn new(answer: impl Fn(&str) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::SeqCst);
                let _ = serve(stream, &answer);
            }
        });
        Self { url, asked }
    }

    /// How many connections were made to it.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn serve(mut stream: TcpStream, answer: &impl Fn(&str) -> Answer) -> std::io::Result<()> {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
            });
            if body.len() >= length.unwrap_or(0) {
                let Answer { status, kind, body } = answer(&text);
                let length = body.len();
                return write!(
                    stream,
                    "HTTP/1.1 {status} Whatever\r\nContent-Type: {kind}\r\n\
                     Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
                );
            }
        }
        let read = stream.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        request.extend_from_slice(&buffer[..read]);
    }
}

/// The URL of a port of the loopback interface at which nobody listens.
pub(crate) fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    format!("http://{}", listener.local_addr().expect("an address"))
}
