//! A sandbox whose AWS is reached through the proxy.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::emulator::{Emulator, http};
use crate::proxy::{Plan, Proxy};
use crate::support::{Project, Ran, Sandbox};

/// How long a service may take to lose the tasks that it no longer wants.
const SETTLE: Duration = Duration::from_secs(30);

/// A sandbox with simulated tasks, a proxy in front of it, and a way past that.
pub(crate) struct Rig {
    pub(crate) sandbox: Sandbox,
    pub(crate) proxy: Proxy,
    pub(crate) aws: Emulator,
    record: PathBuf,
    direct: String,
}

impl Rig {
    pub(crate) fn new(purpose: &str) -> Self {
        let sandbox = Sandbox::new(purpose)
            .variable("DECKLIFT_SANDBOX_ENGINE", "none")
            .variable("DECKLIFT_SANDBOX_DRAIN_SECONDS", "0.2");
        let probe = Project::of("name: probe\nservices: {a: {image: 'busybox:1.37'}}\n");
        sandbox.run(&probe.arguments("plan")).exits(0);
        let aws = Emulator::of(&sandbox);
        let proxy = Proxy::start(&aws.host);
        // The record of where the sandbox answers stands beside its log.
        let status = sandbox.run("sandbox status").exits(0);
        let log = status.stdout.lines().find_map(|line| line.strip_prefix("log "));
        let log = Path::new(log.expect("a log").trim());
        let record = log.parent().expect("a folder").join("instance.json");
        let direct = fs::read_to_string(&record).expect("a record");
        let mut json: Value = serde_json::from_str(&direct).expect("JSON");
        json["port"] = proxy.port.into();
        fs::write(&record, json.to_string()).expect("written");
        Self { sandbox, proxy, aws, record, direct }
    }

    /// Empties the sandbox.
    pub(crate) fn reset(&self) {
        let host = &self.aws.host;
        let request =
            format!("POST /_decklift/reset HTTP/1.0\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n");
        let (status, answer) = http(host, &request).expect("the sandbox answers");
        assert_eq!(status, 200, "{answer}");
    }

    /// Runs decklift, with this going wrong.
    pub(crate) fn run(&self, project: &Project, command: &str, plan: Plan) -> Ran {
        self.proxy.now(plan);
        let arguments = project.arguments(command);
        let mut program = self.sandbox.program();
        program.args(arguments.split_whitespace()).stdin(Stdio::null());
        let program = program.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = program.spawn().expect("the program starts");
        let stdout = drain(child.stdout.take().expect("its stdout"));
        let stderr = drain(child.stderr.take().expect("its stderr"));
        let status = loop {
            if let Ok(done) = self.proxy.kills.recv_timeout(Duration::from_millis(5)) {
                child.kill().expect("killed");
                child.wait().expect("dead");
                let _ = done.send(());
            }
            if let Some(status) = child.try_wait().expect("a status") {
                break status;
            }
        };
        let text = |reader: std::thread::JoinHandle<Vec<u8>>| reader.join().expect("read");
        let (stdout, stderr) = (text(stdout), text(stderr));
        // What was on its way when the program died still arrives.
        self.proxy.idle();
        Ran::new(&arguments, &Output { status, stdout, stderr })
    }

    /// The same, undisturbed.
    pub(crate) fn calmly(&self, project: &Project, command: &str) -> Ran {
        self.run(project, command, Plan::default())
    }

    /// What there is, once it has come to rest.
    pub(crate) fn listing(&self) -> Vec<String> {
        let deadline = Instant::now() + SETTLE;
        loop {
            let lines = crate::listing::of(&self.aws);
            let rests = |line: &String| match line.rsplit_once(": ") {
                Some((start, counts)) if start.starts_with("service ") => {
                    counts.split_once(" of ").is_some_and(|(running, wanted)| running == wanted)
                }
                _ => true,
            };
            if lines.iter().all(rests) || Instant::now() >= deadline {
                return lines;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// A number that the environment may say.
pub(crate) fn number_of(variable: &str, default: usize) -> usize {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn drain(mut from: impl Read + Send + 'static) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = from.read_to_end(&mut bytes);
        bytes
    })
}

impl Drop for Rig {
    fn drop(&mut self) {
        // The sandbox is ended past the proxy.
        let _ = fs::write(&self.record, &self.direct);
    }
}
