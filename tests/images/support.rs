//! What the tests stand on: an engine, registries, contexts.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use decklift::images::{Auth, Destination, Engine};
use tempfile::TempDir;

/// Runs a test's future as decklift's own main does: on one thread.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("runtime").block_on(future)
}

/// Says that a test did not run, where not even CI can ask for what it needs.
#[cfg(target_os = "linux")]
pub(crate) fn unneeded(why: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}

/// Says that a test did not run, or fails where it had to.
pub(crate) fn skip(why: &str) {
    let required = std::env::var("DECKLIFT_TEST_REQUIRE_ENGINE").is_ok_and(|value| value == "1");
    assert!(!required, "DECKLIFT_TEST_REQUIRE_ENGINE=1, but {why}");
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}

/// The engine, if there is one.
pub(crate) async fn engine() -> Option<Engine> {
    match Engine::detect().await {
        Ok(engine) => Some(engine),
        Err(error) => {
            skip(&format!("failed to {error}"));
            None
        }
    }
}

pub(crate) fn docker(arguments: &[&str]) -> Output {
    let program = std::env::var_os("DOCKER").unwrap_or_else(|| "docker".into());
    Command::new(program).args(arguments).output().expect("docker")
}

/// Text that no other test, and no other run, uses.
pub(crate) fn unique(what: &str) -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    format!("{what}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Files by path; a path that ends in a slash is a directory.
pub(crate) fn context(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().expect("directory");
    for (path, text) in files {
        write(directory.path(), path, text);
    }
    directory
}

/// A context that no other test has: of two that are the same the engine makes one image, and a test
/// that clears its own away takes the other's, too.
pub(crate) fn own_context() -> TempDir {
    context(&[("Dockerfile", "FROM scratch\nCOPY . /\n"), ("whose", &unique("context"))])
}

pub(crate) fn write(root: &Path, path: &str, text: &str) {
    let place = root.join(path);
    if path.ends_with('/') {
        return fs::create_dir_all(place).expect("create");
    }
    fs::create_dir_all(place.parent().expect("parent")).expect("create");
    fs::write(place, text).expect("write");
}

/// Removes images of a name, whatever their tags, when a test is over.
pub(crate) struct Cleanup(pub(crate) String);

impl Drop for Cleanup {
    fn drop(&mut self) {
        let listed = docker(&["image", "ls", "--quiet", "--no-trunc", &self.0]);
        for id in String::from_utf8_lossy(&listed.stdout).lines() {
            let _ = docker(&["image", "rm", "--force", id]);
        }
    }
}

/// A registry on a free port of the loopback interface, stopped when dropped.
pub(crate) struct TestRegistry {
    pub(crate) name: &'static str,
    pub(crate) host: String,
    child: Child,
    _files: TempDir,
}

impl TestRegistry {
    /// All kinds that this machine has.
    pub(crate) async fn all() -> Vec<Self> {
        let mut found = Vec::new();
        if let Some(program) = ministack().await {
            let command = |port: u16, _: &Path| {
                let mut command = Command::new(&program);
                command
                    .env("GATEWAY_PORT", port.to_string())
                    .env("BIND_HOST", "127.0.0.1")
                    .env("IOT_MTLS_ENABLED", "0")
                    // Told apart from every other instance, whose containers it would remove.
                    .env("MINISTACK_HOSTNAME", unique("images-test"));
                command
            };
            found.push(Self::start("ministack", command).await);
        }
        if let Some(program) = installed("docker-registry") {
            let command = |port: u16, files: &Path| {
                let configuration = format!(
                    "version: 0.1\nlog: {{level: error}}\nhttp: {{addr: '127.0.0.1:{port}'}}\n\
                     storage: {{filesystem: {{rootdirectory: '{}'}}}}\n",
                    files.join("data").display()
                );
                fs::write(files.join("registry.yml"), configuration).expect("write");
                let mut command = Command::new(&program);
                command.arg("serve").arg(files.join("registry.yml"));
                command
            };
            found.push(Self::start("docker-registry", command).await);
        }
        if found.is_empty() {
            skip("there is no registry: neither the sandbox's MiniStack nor docker-registry");
        }
        found
    }

    /// A port that was free may be another program's by the time the registry listens: one that
    /// ended is started again on another one.
    async fn start(name: &'static str, command: impl Fn(u16, &Path) -> Command) -> Self {
        let files = tempfile::tempdir().expect("directory");
        let spawn = |port: u16| {
            let mut command = command(port, files.path());
            command.stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null());
            (format!("127.0.0.1:{port}"), command.spawn().expect(name))
        };
        let (mut host, mut child) = spawn(free_port());
        let mut again = 8;
        for _ in 0..600 {
            if http(&host, "GET /v2/ HTTP/1.1\r\n", "").await.contains("HTTP/1.1 ") {
                return Self { name, host, child, _files: files };
            }
            if again > 0 && matches!(child.try_wait(), Ok(Some(_))) {
                (host, child) = spawn(free_port());
                again -= 1;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("{name} does not answer");
    }

    /// A new repository.
    pub(crate) async fn repository(&self) -> Destination {
        let repository = unique("decklift-test/web");
        if self.name == "ministack" {
            let head = "POST / HTTP/1.1\r\nContent-Type: application/x-amz-json-1.1\r\n\
                X-Amz-Target: AmazonEC2ContainerRegistry_V20150921.CreateRepository\r\n\
                Authorization: AWS4-HMAC-SHA256 Credential=test/20250101/us-east-1/ecr/aws4_request, \
                SignedHeaders=host, Signature=0\r\n";
            let body = format!(r#"{{"repositoryName":"{repository}"}}"#);
            let answer = http(&self.host, head, &body).await;
            assert!(answer.contains(" 200 "), "{answer}");
        }
        let auth = Auth::Basic { user: "AWS".to_owned(), password: "sandbox".to_owned() };
        Destination { address: format!("{}/{repository}", self.host), auth }
    }
}

impl Drop for TestRegistry {
    fn drop(&mut self) {
        // Asked politely first: MiniStack takes its own things with it.
        let id = self.child.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &id]).status();
        for _ in 0..100 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The plainest HTTP there is; an empty answer when nobody listens.
async fn http(host: &str, head: &str, body: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let Ok(mut stream) = tokio::net::TcpStream::connect(host).await else { return String::new() };
    let length = body.len();
    let request = format!(
        "{head}Host: {host}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let mut answer = Vec::new();
    if stream.write_all(request.as_bytes()).await.is_ok() {
        let _ = stream.read_to_end(&mut answer).await;
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// The emulator of the sandbox, installed where it is missing. Looked for once.
async fn ministack() -> Option<std::path::PathBuf> {
    static FOUND: tokio::sync::OnceCell<Option<std::path::PathBuf>> =
        tokio::sync::OnceCell::const_new();
    let find = || async {
        match crate::python::python().await {
            Ok(python) => Some(python.with_file_name("ministack")),
            Err(why) => {
                skip(&format!("there is no MiniStack: failed to {why}"));
                None
            }
        }
    };
    FOUND.get_or_init(find).await.clone()
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("port");
    listener.local_addr().expect("address").port()
}

fn installed(program: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|place| place.join(program)).find(|place| place.is_file())
}
