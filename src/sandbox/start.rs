//! Starts, joins, stops.

use std::fs::{File, OpenOptions};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::control::{self, Status};
use super::provision::{self, last_lines, provision};
use super::{Instance, Paths, SandboxError};

/// A sandbox that runs.
#[derive(Clone, Debug)]
pub struct Sandbox {
    /// Where it answers.
    pub instance: Instance,
    /// What it said when it was asked.
    pub status: Status,
    /// Whether this call started it.
    pub started: bool,
}

impl Sandbox {
    /// Asks it again.
    ///
    /// # Errors
    ///
    /// When it does not answer.
    pub async fn refresh(&self) -> Result<Status, SandboxError> {
        control::status(self.instance.port, Duration::from_secs(10)).await
    }

    /// Whether containers are real.
    #[must_use]
    pub fn has_engine(&self) -> bool {
        self.status.engine.kind != "none"
    }
}

const REGION: &str = "us-east-1";

/// How long a sandbox may take to come up. It has to clear away what a dead one left behind.
const START_PATIENCE: Duration = Duration::from_secs(60);

/// How many ports are tried. A port that was free may be another program's when the sandbox, which
/// takes seconds to come up, listens on it.
const PORTS: usize = 8;

/// What the adapter ends with where its port is another program's.
const PORT_TAKEN: i32 = 75;

/// The sandbox that is running, if one is.
///
/// # Errors
///
/// When its record cannot be read.
pub async fn find(paths: &Paths) -> Result<Option<Sandbox>, SandboxError> {
    let Some(instance) = read_record(paths)? else { return Ok(None) };
    match control::status(instance.port, Duration::from_secs(5)).await {
        // The port may belong to somebody else by now.
        Ok(status) if status.instance == paths.instance() => {
            Ok(Some(Sandbox { instance, status, started: false }))
        }
        Ok(_) | Err(_) => Ok(None),
    }
}

/// Joins the sandbox that is running, or starts one. `notify` hears of what takes time.
///
/// # Errors
///
/// When there is no Python, nothing can be installed, or it does not come up.
pub async fn ensure(paths: &Paths, notify: &dyn Fn(&str)) -> Result<Sandbox, SandboxError> {
    let version = provision::version();
    if let Some(sandbox) = find(paths).await?
        && sandbox.instance.version == version
    {
        return Ok(sandbox);
    }
    let _lock = lock(paths, notify).await?;
    // Another command may have started it while this one waited.
    if let Some(sandbox) = find(paths).await? {
        if sandbox.instance.version == version {
            return Ok(sandbox);
        }
        notify("replacing a sandbox of another version of decklift");
    }
    end_process(paths).await?;
    let provisioned = provision(paths, notify).await?;
    notify("starting the sandbox");
    start(paths, &provisioned, version).await
}

/// Ends the sandbox and clears away its containers. Whether one was running.
///
/// # Errors
///
/// When its record cannot be read or removed.
pub async fn stop(paths: &Paths) -> Result<bool, SandboxError> {
    let _lock = lock(paths, &|_| {}).await?;
    end_process(paths).await
}

/// Empties the running sandbox, or clears away what a dead one left in its folder.
///
/// # Errors
///
/// When it does not answer in time.
pub async fn reset(paths: &Paths) -> Result<bool, SandboxError> {
    let Some(sandbox) = find(paths).await? else {
        let _lock = lock(paths, &|_| {}).await?;
        end_process(paths).await?;
        let home = paths.home();
        if home.exists() {
            std::fs::remove_dir_all(&home).map_err(SandboxError::file("remove", &home))?;
        }
        return Ok(false);
    };
    control::reset(sandbox.instance.port).await?;
    Ok(true)
}

fn read_record(paths: &Paths) -> Result<Option<Instance>, SandboxError> {
    let path = paths.record();
    match std::fs::read(&path) {
        // A record that cannot be understood is as good as none: a new one replaces it.
        Ok(text) => Ok(serde_json::from_slice(&text).ok()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(SandboxError::file("read", path)(error)),
    }
}

/// One command at a time installs and starts.
async fn lock(paths: &Paths, notify: &dyn Fn(&str)) -> Result<File, SandboxError> {
    let root = paths.root();
    std::fs::create_dir_all(root).map_err(SandboxError::file("make", root))?;
    let path = root.join("lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(SandboxError::file("open", &path))?;
    let mut told = false;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(std::fs::TryLockError::WouldBlock) => {
                if !told {
                    notify("waiting for another decklift that is starting the sandbox");
                    told = true;
                }
                sleep(Duration::from_millis(200)).await;
            }
            Err(std::fs::TryLockError::Error(error)) => {
                return Err(SandboxError::file("lock", &path)(error));
            }
        }
    }
}

async fn start(
    paths: &Paths,
    provisioned: &provision::Provisioned,
    version: String,
) -> Result<Sandbox, SandboxError> {
    let mut tried = 1;
    loop {
        match start_once(paths, provisioned, version.clone()).await? {
            Outcome::Up(sandbox) => return Ok(*sandbox),
            Outcome::Ended { code: Some(PORT_TAKEN), .. } if tried < PORTS => tried += 1,
            Outcome::Ended { output, .. } => {
                return Err(SandboxError::Start { output, log: paths.log() });
            }
        }
    }
}

/// What became of a process that was started.
enum Outcome {
    /// It answers.
    Up(Box<Sandbox>),
    /// It ended, or was ended since it did not answer in time.
    Ended {
        /// Its exit code, unless a signal ended it.
        code: Option<i32>,
        /// The last lines of its log.
        output: String,
    },
}

async fn start_once(
    paths: &Paths,
    provisioned: &provision::Provisioned,
    version: String,
) -> Result<Outcome, SandboxError> {
    let port = free_port().map_err(SandboxError::file("listen on", "127.0.0.1"))?;
    let mut command = command(paths, provisioned, port)?;
    let mut child = command.spawn().map_err(SandboxError::file("run", &provisioned.python))?;
    let instance = Instance { pid: child.id(), port, region: REGION.to_owned(), version };
    let record = paths.record();
    let text = serde_json::to_vec_pretty(&instance).unwrap_or_default();
    std::fs::write(&record, text).map_err(SandboxError::file("write", &record))?;

    let deadline = Instant::now() + START_PATIENCE;
    loop {
        // Whoever has the port instead may be a sandbox, too.
        if let Ok(status) = control::status(port, Duration::from_secs(2)).await
            && status.instance == paths.instance()
        {
            return Ok(Outcome::Up(Box::new(Sandbox { instance, status, started: true })));
        }
        let ended = child.try_wait().ok().flatten();
        if ended.is_some() || Instant::now() >= deadline {
            // One that hangs must not live on unseen.
            let _ = child.kill();
            let _ = child.wait();
            let _ = std::fs::remove_file(&record);
            let text = std::fs::read(paths.log()).unwrap_or_default();
            let code = ended.and_then(|status| status.code());
            return Ok(Outcome::Ended { code, output: last_lines(&text, &[]) });
        }
        sleep(Duration::from_millis(50)).await;
    }
}

/// The adapter's process, with a log of its own.
fn command(
    paths: &Paths,
    provisioned: &provision::Provisioned,
    port: u16,
) -> Result<Command, SandboxError> {
    let state = paths.state();
    std::fs::create_dir_all(&state).map_err(SandboxError::file("make", &state))?;
    let log_path = paths.log();
    let log = File::create(&log_path).map_err(SandboxError::file("write", &log_path))?;
    let errors = log.try_clone().map_err(SandboxError::file("write", &log_path))?;
    let mut command = Command::new(&provisioned.python);
    command
        .args(["-m", "decklift_adapter"])
        .env("PYTHONPATH", &provisioned.adapter)
        .env("PYTHONUNBUFFERED", "1")
        .env("GATEWAY_PORT", port.to_string())
        .env("BIND_HOST", "127.0.0.1")
        .env("MINISTACK_ACCOUNT_ID", "000000000000")
        .env("MINISTACK_REGION", REGION)
        .env("MINISTACK_HOSTNAME", format!("decklift-{}", paths.instance()))
        .env("IOT_MTLS_ENABLED", "0")
        .env("DECKLIFT_SANDBOX_INSTANCE", paths.instance())
        .env("DECKLIFT_SANDBOX_STATE", &state)
        .current_dir(paths.home())
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(errors);
    if std::env::var_os("DECKLIFT_SANDBOX_ENGINE").is_none() {
        command.env("DECKLIFT_SANDBOX_ENGINE", "docker");
    }
    if let Some((name, value)) = engine_environment() {
        command.env(name, value);
    }
    // Settings of the caller's must not turn the emulator into something else.
    for name in ["EDGE_PORT", "USE_SSL", "AUTH", "PERSIST_STATE", "SERVICES", "AWS_ENDPOINT_URL"] {
        command.env_remove(name);
    }
    // A Ctrl-C at the prompt is for the command, not for the sandbox.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    Ok(command)
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// The engine that the docker command line talks to. The emulator's client does not know contexts.
fn engine_environment() -> Option<(&'static str, String)> {
    if std::env::var_os("DOCKER_HOST").is_some() {
        return None;
    }
    let output = Command::new("docker")
        .args(["context", "inspect", "--format", "{{.Endpoints.docker.Host}}"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let host = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (!host.is_empty()).then_some(("DOCKER_HOST", host))
}

/// Ends the recorded process, whether it still answers or not. Whether there was one.
async fn end_process(paths: &Paths) -> Result<bool, SandboxError> {
    let record = paths.record();
    let Some(instance) = read_record(paths)? else { return Ok(false) };
    let ended = end_pid(instance.pid).await;
    match std::fs::remove_file(&record) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(SandboxError::file("remove", &record)(error)),
    }
    Ok(ended)
}

/// Asks the process to end, waits, and ends it. A process that is not a sandbox is left alone: its
/// number may have been given to somebody else.
#[cfg(unix)]
async fn end_pid(pid: u32) -> bool {
    use rustix::process::{Pid, Signal, kill_process, test_kill_process};

    let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return false };
    if !is_adapter(pid.as_raw_nonzero().get()) || kill_process(pid, Signal::TERM).is_err() {
        return false;
    }
    let deadline = Instant::now() + Duration::from_secs(30);
    while test_kill_process(pid).is_ok() && is_adapter(pid.as_raw_nonzero().get()) {
        if Instant::now() >= deadline {
            let _ = kill_process(pid, Signal::KILL);
            break;
        }
        sleep(Duration::from_millis(50)).await;
    }
    true
}

#[cfg(not(unix))]
async fn end_pid(pid: u32) -> bool {
    Command::new("taskkill")
        .args(["/PID", &pid.to_string(), "/T", "/F"])
        .output()
        .is_ok_and(|output| output.status.success())
}

#[cfg(unix)]
fn is_adapter(pid: i32) -> bool {
    // A zombie has an empty command line, so that one that ended is not waited for.
    if Path::new("/proc/self").exists() {
        return std::fs::read(format!("/proc/{pid}/cmdline"))
            .is_ok_and(|line| String::from_utf8_lossy(&line).contains("decklift_adapter"));
    }
    Command::new("ps")
        .args(["-o", "command=", "-p", &pid.to_string()])
        .output()
        .is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("decklift_adapter"))
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// Starts a program in the adapter's place and says what came of it, and the ports that it got.
    async fn started(script: &str) -> (SandboxError, Vec<String>) {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = folder.path().as_os_str().to_owned();
        let paths = Paths::from_env(|name| (name == "DECKLIFT_CACHE_DIR").then(|| cache.clone()))
            .expect("paths");
        std::fs::create_dir_all(paths.home()).expect("a home");
        let python = folder.path().join("python");
        let ports = folder.path().join("ports");
        let text = format!("#!/bin/sh\necho $GATEWAY_PORT >> {}\n{script}\n", ports.display());
        std::fs::write(&python, text).expect("a program");
        std::fs::set_permissions(&python, std::fs::Permissions::from_mode(0o755))
            .expect("a program");
        let provisioned = provision::Provisioned { python, adapter: folder.path().to_owned() };
        let error = start(&paths, &provisioned, "1".into()).await.expect_err("it cannot answer");
        let ports = std::fs::read_to_string(ports).expect("ports");
        (error, ports.lines().map(ToOwned::to_owned).collect())
    }

    #[tokio::test]
    async fn a_port_that_was_taken_meanwhile_is_given_up_for_another() {
        let (error, ports) = started("echo the port is taken; exit 75").await;
        assert_eq!(ports.len(), PORTS);
        assert!(ports.iter().any(|port| port != &ports[0]), "{ports:?}");
        assert_eq!(error.to_string(), "start the sandbox: the port is taken");
    }

    #[tokio::test]
    async fn any_other_end_is_the_end() {
        let (error, ports) = started("echo out of order; exit 1").await;
        assert_eq!(ports.len(), 1);
        assert_eq!(error.to_string(), "start the sandbox: out of order");
    }
}
