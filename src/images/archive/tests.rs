use std::io::Write;
use std::os::unix::fs::PermissionsExt;

use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::images::tar::{Header, Kind, finish, pad};

/// A server that gives the answers of a list, one to a connection, and what it was asked.
async fn server(answers: Vec<Vec<u8>>) -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let host = listener.local_addr().expect("address").to_string();
    let (send, asked) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        for answer in answers {
            let (mut stream, _) = listener.accept().await.expect("accept");
            let (mut head, mut buffer) = (Vec::new(), [0; 4096]);
            while !head.ends_with(b"\r\n\r\n") {
                let count = stream.read(&mut buffer).await.expect("read");
                head.extend_from_slice(&buffer[..count]);
            }
            let _ = send.send(String::from_utf8_lossy(&head).to_lowercase());
            // Whoever has seen enough may be gone.
            let _ = stream.write_all(&answer).await;
            let _ = stream.shutdown().await;
        }
    });
    (host, asked)
}

fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
    );
    [head.as_bytes(), body].concat()
}

fn tar(entries: &[(&str, u32, Kind<'_>, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (path, mode, kind, content) in entries {
        let kind = match kind {
            Kind::File(_) => Kind::File(content.len() as u64),
            Kind::Symlink(target) => Kind::Symlink(target),
            Kind::Directory => Kind::Directory,
            Kind::Fifo => Kind::Fifo,
        };
        Header { path: path.as_bytes(), kind, mode: *mode, mtime: 0 }.write(&mut out);
        out.extend_from_slice(content);
        pad(&mut out, content.len() as u64);
    }
    finish(&mut out);
    out
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).expect("write");
    encoder.finish().expect("finish")
}

fn context() -> Vec<u8> {
    tar(&[
        ("./", 0o755, Kind::Directory, b""),
        ("./Dockerfile", 0o644, Kind::File(0), b"FROM scratch\n"),
        ("bin/run", 0o755, Kind::File(0), b"#!/bin/sh\n"),
        ("bin/go", 0o777, Kind::Symlink(b"run"), b""),
    ])
}

const QUICK: Retry = Retry {
    attempts: 3,
    first_pause: Duration::from_millis(1),
    longest_pause: Duration::from_millis(1),
};

async fn fetch(address: &str, cache: &Path) -> Result<Fetched, String> {
    let context = ArchiveContext::parse(address).expect("an address of the web");
    context.fetch(cache, QUICK).await.map_err(|error| error.to_string())
}

#[test]
fn addresses_of_archives() {
    for good in ["https://example.com/web.tar.gz", "HTTP://h:80/x?y=1#z", "https://h"] {
        assert!(ArchiveContext::parse(good).is_some(), "{good}");
    }
    for other in ["ftp://h/web.tar", "service:web", "./web.tar", "https://", "git@h:web.git"] {
        assert!(ArchiveContext::parse(other).is_none(), "{other}");
    }
}

#[tokio::test]
async fn an_archive_is_unpacked_once() {
    let cache = tempfile::tempdir().expect("directory");
    let (host, mut asked) = server(vec![
        answer("503 Service Unavailable", "", b""),
        answer("302 Found", "Location: /there.tgz\r\n", b""),
        answer("200 OK", "ETag: \"one\"\r\n", &gzip(&context())),
        answer("304 Not Modified", "", b""),
    ])
    .await;
    let address = format!("http://anna:s%40nary@{host}/here?key=hidden");
    let fetched = fetch(&address, cache.path()).await.expect("an archive");
    assert!(!fetched.is_dockerfile);
    let at = |path: &str| fetched.directory.join(path);
    assert_eq!(std::fs::read(at("Dockerfile")).expect("a file"), b"FROM scratch\n");
    let mode = |path: &str| std::fs::metadata(at(path)).expect("a file").permissions().mode();
    assert_eq!((mode("bin/run") & 0o100, mode("Dockerfile") & 0o100), (0o100, 0));
    assert_eq!(std::fs::read_link(at("bin/go")).expect("a link"), Path::new("run"));
    // The second time nothing comes.
    assert_eq!(fetch(&address, cache.path()).await.expect("an archive"), fetched);
    let mut all = Vec::new();
    while let Ok(one) = asked.try_recv() {
        all.push(one);
    }
    assert_eq!(all.len(), 4);
    assert!(all[0].starts_with("get /here?key=hidden ") && all[2].starts_with("get /there.tgz "));
    assert!(all.iter().all(|one| one.contains("authorization: basic yw5uytpzqg5hcnk=")), "{all:?}");
    assert!(all[3].contains("if-none-match: \"one\"") && !all[0].contains("if-none-match"));
}

#[tokio::test]
async fn a_password_goes_to_its_own_host_alone() {
    let cache = tempfile::tempdir().expect("directory");
    let (far, mut asked_far) = server(vec![answer("200 OK", "", &context())]).await;
    let location = format!("Location: http://{far}/x.tar\r\n");
    let (near, mut asked) = server(vec![answer("301 Moved", &location, b"")]).await;
    fetch(&format!("http://a:b@{near}/x.tar"), cache.path()).await.expect("an archive");
    assert!(asked.recv().await.expect("a request").contains("authorization"));
    assert!(!asked_far.recv().await.expect("a request").contains("authorization"));
}

#[tokio::test]
async fn a_text_is_a_dockerfile() {
    let cache = tempfile::tempdir().expect("directory");
    let (host, _asked) = server(vec![answer("200 OK", "", b"FROM scratch\n")]).await;
    let fetched = fetch(&format!("http://{host}/Dockerfile.web"), cache.path()).await;
    let fetched = fetched.expect("a Dockerfile");
    assert!(fetched.is_dockerfile);
    let text = std::fs::read(fetched.directory.join("Dockerfile")).expect("a file");
    assert_eq!(text, b"FROM scratch\n");
}

#[tokio::test]
async fn what_cannot_be_used_is_said_and_leaves_nothing() {
    let outside = tempfile::tempdir().expect("directory");
    let target = outside.path().display().to_string();
    let climbs = tar(&[("../evil", 0o644, Kind::File(0), b"x")]);
    let through = tar(&[
        ("a", 0o777, Kind::Symlink(target.as_bytes()), b""),
        ("a/evil", 0o644, Kind::File(0), b"x"),
    ]);
    let pipe = tar(&[("p", 0o644, Kind::Fifo, b"")]);
    let whole = gzip(&context());
    for (status, body, why) in [
        ("404 Not Found", &b""[..], "has nothing there (status 404)"),
        ("403 Forbidden", b"", "wants a login (status 403)"),
        ("200 OK", b"<html>Log in</html>", "nor a Dockerfile"),
        ("200 OK", b"BZh91AY&SY", "neither gzip nor zstd"),
        ("200 OK", &climbs, "../evil leads out of it"),
        ("200 OK", &through, "a/evil leads out of it"),
        ("200 OK", &pipe, "p is a device or a pipe"),
        ("200 OK", &tar(&[]), "nor a Dockerfile"),
        ("200 OK", &whole[..whole.len() - 20], ""),
    ] {
        let cache = tempfile::tempdir().expect("directory");
        let (host, _asked) = server(vec![answer(status, "", body)]).await;
        let address = format!("http://me:canary@{host}/web.tar?sig=canary");
        let message = fetch(&address, cache.path()).await.expect_err("a fault");
        let start = format!("fetch the build context http://{host}/web.tar: ");
        assert!(message.starts_with(&start) && message.contains(why), "{message}");
        assert!(!message.contains("canary"), "{message}");
        let left = walk(cache.path());
        assert!(
            left.iter().all(|path| path.is_dir() && !path.join("latest.json").exists()),
            "{left:?}"
        );
        assert_eq!(std::fs::read_dir(outside.path()).expect("list").count(), 0);
    }
}

fn walk(path: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(path).expect("list").flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[test]
fn nothing_grows_without_an_end() {
    let many =
        tar(&[("a", 0o644, Kind::File(0), &[0; 4000]), ("b", 0o644, Kind::File(0), &[0; 4000])]);
    let limits = Limits { packed: 1 << 20, unpacked: 1 << 20, entries: 2, dockerfile: 20 };
    let store = |input: &[u8], limits| {
        let place = tempfile::tempdir().expect("directory");
        files::store(input, place.path(), limits).map_err(|error| error.to_string())
    };
    assert_eq!(store(&many, limits), Ok(Contents::Archive));
    let message = store(&many, Limits { entries: 1, ..limits }).expect_err("a fault");
    assert!(message.contains("more files"), "{message}");
    // Little that comes may be much that is unpacked.
    let message = store(&gzip(&many), Limits { unpacked: 5000, ..limits }).expect_err("a fault");
    assert!(message.contains("larger"), "{message}");
    assert_eq!(store(b"FROM scratch\n", limits), Ok(Contents::Dockerfile));
    assert!(store(&[b'#'; 21], limits).is_err());
}
