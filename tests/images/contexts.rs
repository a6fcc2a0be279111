//! Contexts that are git repositories.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use decklift::images::{BuildSpec, ImageError, Images};
use tempfile::TempDir;

use crate::support::{run, write};

/// A repository that git serves on the loopback interface.
struct Served {
    files: TempDir,
    port: u16,
    daemon: Child,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

impl Served {
    fn start() -> Self {
        let files = tempfile::tempdir().expect("directory");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("address").port();
        drop(listener);
        // Not `git daemon`, which would only start it.
        let programs = git(files.path(), &["--exec-path"]);
        let daemon = Command::new(Path::new(programs.trim()).join("git-daemon"))
            .args(["--export-all", "--reuseaddr", "--listen=127.0.0.1"])
            .arg(format!("--port={port}"))
            .arg(format!("--base-path={}", files.path().display()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("git daemon");
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(start.elapsed() < Duration::from_secs(20), "git daemon does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { files, port, daemon }
    }

    fn git(&self, arguments: &[&str]) -> String {
        let place = self.files.path().join("app");
        git(&place, arguments)
    }

    fn commit(&self, files: &[(&str, &str)]) -> String {
        let place = self.files.path().join("app");
        if !place.join(".git").exists() {
            std::fs::create_dir_all(&place).expect("create");
            self.git(&["init", "--quiet", "--initial-branch=main"]);
        }
        files.iter().for_each(|(path, text)| write(&place, path, text));
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message=one"]);
        self.git(&["rev-parse", "HEAD"]).trim().to_owned()
    }

    fn spec(&self, place: &str) -> BuildSpec {
        let mut spec = BuildSpec::new("web", "", "linux/amd64");
        spec.address = Some(format!("git://127.0.0.1:{}/app{place}", self.port));
        spec
    }
}

fn git(place: &Path, arguments: &[&str]) -> String {
    let done = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"])
        .args(arguments)
        .current_dir(place)
        .output()
        .expect("git");
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("text")
}

/// The name of what is there now, each time in a run of its own.
async fn name(cache: &Path, spec: &BuildSpec) -> Result<String, ImageError> {
    let images = Images::new(None).with_cache(cache);
    let spec = images.local(spec).await?;
    Ok(images.name(&spec).await?.tag())
}

#[test]
fn a_repository_is_built_as_a_directory_is() {
    run(async {
        let served = Served::start();
        let files = [("Dockerfile", "FROM scratch\nCOPY . /\n"), ("page", "one\n")];
        let first = served.commit(&files);
        served.git(&["tag", "--annotate", "--message=v1", "v1"]);
        let cache = tempfile::tempdir().expect("directory");

        // As a clone has it, whatever git turns line ends into.
        let clone = tempfile::tempdir().expect("directory");
        let from = served.files.path().join("app").display().to_string();
        git(clone.path(), &["clone", "--quiet", &from, "c"]);
        let here = BuildSpec::new("web", clone.path().join("c"), "linux/amd64");
        let here = Images::new(None).name(&here).await.expect("name").tag();
        for place in ["", "#main", "#v1", "#refs/heads/main", &format!("#{first}")] {
            let there = name(cache.path(), &served.spec(place)).await;
            assert_eq!(there.expect(place), here, "{place}");
        }
        let images = Images::new(None).with_cache(cache.path());
        let local = images.local(&served.spec("")).await.expect("checked out");
        assert!(local.address.is_none() && local.context.join("page").is_file());
        assert!(!local.context.join(".git").exists());

        // The branch moves on, the tag does not.
        served.commit(&[("page", "two\n")]);
        let moved = name(cache.path(), &served.spec("#main")).await.expect("name");
        assert_ne!(moved, here);
        assert_eq!(name(cache.path(), &served.spec("#v1")).await.expect("name"), here);
        // What is checked out already needs nobody to answer.
        let pinned = served.spec(&format!("#{first}"));
        drop(served);
        assert_eq!(name(cache.path(), &pinned).await.expect("name"), here);
    });
}

#[test]
fn a_directory_of_a_repository() {
    run(async {
        let served = Served::start();
        served.commit(&[("api/Dockerfile", "FROM scratch\n"), ("README.md", "one")]);
        let place = served.files.path().join("app");
        std::os::unix::fs::symlink("/etc", place.join("out")).expect("link");
        served.commit(&[]);
        let cache = tempfile::tempdir().expect("directory");
        let before = name(cache.path(), &served.spec("#:api")).await.expect("name");
        served.commit(&[("README.md", "two")]);
        // What changes elsewhere in the repository is nothing to it.
        assert_eq!(name(cache.path(), &served.spec("#:api")).await.expect("name"), before);
        assert_eq!(name(cache.path(), &served.spec("#main:/api")).await.expect("name"), before);
        for (wrong, why) in [
            ("#:web", "it has no directory `web`"),
            ("#:out", "`out` leads out of the repository"),
            ("#:../..", "`../..` leads out of the repository"),
            ("#:README.md", "`README.md` is no directory in it"),
        ] {
            let error = name(cache.path(), &served.spec(wrong)).await.expect_err(wrong);
            assert!(error.to_string().ends_with(why), "{wrong}: {error}");
        }
    });
}

#[test]
fn submodules_come_too() {
    run(async {
        let served = Served::start();
        let library = served.files.path().join("library");
        std::fs::create_dir_all(&library).expect("create");
        git(&library, &["init", "--quiet", "--initial-branch=main"]);
        write(&library, "code", "one");
        git(&library, &["add", "--all"]);
        git(&library, &["commit", "--quiet", "--message=one"]);
        served.commit(&[("Dockerfile", "FROM scratch\nCOPY . /\n")]);
        let address = format!("git://127.0.0.1:{}/library", served.port);
        served.git(&["submodule", "--quiet", "add", &address, "vendor/library"]);
        served.commit(&[]);
        let cache = tempfile::tempdir().expect("directory");
        let images = Images::new(None).with_cache(cache.path());
        let local = images.local(&served.spec("")).await.expect("checked out");
        assert!(local.context.join("vendor/library/code").is_file());
    });
}

#[test]
fn what_cannot_be_fetched() {
    run(async {
        let served = Served::start();
        served.commit(&[("Dockerfile", "FROM scratch\n")]);
        let cache = tempfile::tempdir().expect("directory");
        for (place, why) in [
            ("#nowhere", "it has no branch, tag or whole commit `nowhere`"),
            ("#--upload-pack=x", "it has no branch, tag or whole commit `--upload-pack=x`"),
            ("-gone", ""),
        ] {
            let error = name(cache.path(), &served.spec(place)).await.expect_err(place);
            assert!(error.to_string().ends_with(why), "{place}: {error}");
            assert!(error.help().is_some(), "{place}");
        }
        let missing = "#0123456789012345678901234567890123456789";
        let error = name(cache.path(), &served.spec(missing)).await.expect_err("no such commit");
        assert!(matches!(error, ImageError::GitFailed { .. }), "{error}");
        // Nothing half-done is left for the next time.
        let left: Vec<_> = walk(cache.path());
        assert_eq!(left, Vec::<String>::new());

        let mut archive = BuildSpec::new("web", "", "linux/amd64");
        archive.address = Some("https://me:canary@127.0.0.1:1/web.tar.gz".to_owned());
        let error = name(cache.path(), &archive).await.expect_err("an archive").to_string();
        assert!(error.contains("127.0.0.1:1/web.tar.gz") && !error.contains("canary"), "{error}");
        archive.address = Some("http://me:canary@127.0.0.1:1/web.git".to_owned());
        let error = name(cache.path(), &archive).await.expect_err("nobody there").to_string();
        assert!(error.contains("127.0.0.1:1/web.git") && !error.contains("canary"), "{error}");
    });
}

fn walk(root: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(root.join("git")) else { return Vec::new() };
    let inner = entries.flatten().filter_map(|entry| std::fs::read_dir(entry.path()).ok());
    inner.flat_map(|list| list.flatten()).map(|e| e.path().display().to_string()).collect()
}
