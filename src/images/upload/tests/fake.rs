//! A registry in memory, with faults to order.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use base64::Engine as _;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// What goes wrong.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fault {
    /// So many bytes of the body are taken, then the connection is cut.
    ResetAfter(usize),
    /// All is done, and the answer is lost.
    ResetAfterwards,
    /// A status and headers, and nothing is done. `digest` stands for an error's code.
    Answer(&'static str, &'static str),
    /// From now on another password is right.
    Password(&'static str),
    /// All is done, and another digest is confirmed.
    OtherDigest,
}

/// A request that came.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) line: String,
    /// Of `Content-Range`.
    pub(super) from: Option<u64>,
}

#[derive(Default)]
struct State {
    /// By repository and digest.
    blobs: BTreeMap<(String, String), Vec<u8>>,
    uploads: BTreeMap<String, Vec<u8>>,
    manifests: BTreeMap<(String, String), (String, Vec<u8>)>,
    faults: Vec<(String, Fault)>,
    steps: Vec<Step>,
    password: Option<&'static str>,
}

#[derive(Clone)]
pub(super) struct Fake {
    pub(super) host: String,
    state: Arc<Mutex<State>>,
}

struct Request {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
}

impl Request {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    fn parameter(&self, name: &str) -> Option<String> {
        let pair = self.query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")));
        pair.map(str::to_owned)
    }
}

fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
    );
    [head.as_bytes(), body].concat()
}

impl Fake {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
        let host = listener.local_addr().expect("address").to_string();
        let fake = Self { host, state: Arc::default() };
        let own = fake.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let fake = own.clone();
                tokio::spawn(async move {
                    // A connection that is cut is what is wanted.
                    let _ = fake.serve(stream).await;
                });
            }
        });
        fake
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("state")
    }

    pub(super) fn registry(&self) -> Registry {
        Registry::new(&self.host, Auth::Anonymous).expect("client").with_retry(QUICK)
    }

    pub(super) fn fault(&self, request: &str, fault: Fault) {
        self.state().faults.push((request.to_owned(), fault));
    }

    pub(super) fn is_used_up(&self) -> bool {
        self.state().faults.is_empty()
    }

    pub(super) fn expect_password(&self, password: &'static str) {
        self.state().password = Some(password);
    }

    pub(super) fn blob(&self, repository: &str, content: &[u8]) -> Option<Vec<u8>> {
        let key = (repository.to_owned(), Digest::of(content).to_string());
        self.state().blobs.get(&key).cloned()
    }

    pub(super) fn blob_of(&self, repository: &str, digest: &Digest) -> Option<Vec<u8>> {
        self.state().blobs.get(&(repository.to_owned(), digest.to_string())).cloned()
    }

    pub(super) fn forget_blobs(&self) {
        self.state().blobs.clear();
    }

    pub(super) fn manifest(&self, repository: &str, tag: &str) -> Option<Vec<u8>> {
        let found = self.state().manifests.get(&(repository.to_owned(), tag.to_owned())).cloned();
        found.map(|(_, bytes)| bytes)
    }

    pub(super) fn put_manifest(&self, repository: &str, tag: &str, kind: &str, bytes: &[u8]) {
        let digest = Digest::of(bytes).to_string();
        for reference in [tag.to_owned(), digest] {
            let key = (repository.to_owned(), reference);
            self.state().manifests.insert(key, (kind.to_owned(), bytes.to_vec()));
        }
    }

    pub(super) fn steps(&self) -> Vec<Step> {
        self.state().steps.clone()
    }

    pub(super) fn requests(&self, method: &str) -> Vec<String> {
        let steps = self.steps().into_iter();
        steps.map(|step| step.line).filter(|line| line.starts_with(method)).collect()
    }

    pub(super) fn forget_requests(&self) {
        self.state().steps.clear();
    }

    async fn serve(&self, stream: TcpStream) -> io::Result<()> {
        let mut stream = BufReader::new(stream);
        let request = head(&mut stream).await?;
        let line = format!("{} {}", request.method, request.path);
        let from = request.header("content-range").and_then(|range| range.split('-').next());
        let from = from.and_then(|first| first.parse().ok());
        let fault = {
            let mut state = self.state();
            state.steps.push(Step { line: line.clone(), from });
            let place = state.faults.iter().position(|(request, _)| line.starts_with(request));
            place.map(|place| state.faults.remove(place).1)
        };
        let limit = match fault {
            Some(Fault::ResetAfter(limit)) => limit,
            _ => usize::MAX,
        };
        let body = body(&mut stream, &request, limit).await?;
        let mut reply = match &fault {
            Some(Fault::Answer(status, "digest")) => {
                answer(status, "", br#"{"errors":[{"code":"DIGEST_INVALID"}]}"#)
            }
            Some(Fault::Answer(status, headers)) => answer(status, headers, b""),
            Some(Fault::Password(password)) => {
                self.state().password = Some(password);
                self.reply(&request, body)
            }
            _ => self.reply(&request, body),
        };
        match fault {
            // Dropped with a part of the request unread, the connection is reset.
            Some(Fault::ResetAfter(_) | Fault::ResetAfterwards) => return Ok(()),
            Some(Fault::OtherDigest) => {
                let other = format!("Docker-Content-Digest: {}\r\n", Digest::of(b"other"));
                reply = answer("201 Created", &other, b"");
            }
            _ => {}
        }
        stream.write_all(&reply).await?;
        stream.shutdown().await
    }

    fn reply(&self, request: &Request, body: Vec<u8>) -> Vec<u8> {
        let mut state = self.state();
        if let Some(password) = state.password {
            let expected =
                base64::engine::general_purpose::STANDARD.encode(format!("AWS:{password}"));
            if request.header("authorization") != Some(&format!("Basic {expected}")) {
                return answer("401 Unauthorized", "WWW-Authenticate: Basic realm=\"x\"\r\n", b"");
            }
        }
        let path = request.path.strip_prefix("/v2/").expect("the registry's own paths");
        let place =
            ["/manifests/", "/blobs/"].iter().find_map(|kind| Some((path.find(kind)?, kind)));
        let (at, kind) = place.expect("a manifest or a blob");
        let repository = path[..at].to_owned();
        let rest = &path[at + kind.len()..];
        match (*kind, rest.strip_prefix("uploads/")) {
            ("/manifests/", _) => state.manifest(request, repository, rest, body),
            (_, Some(upload)) => state.upload(request, repository, upload, body),
            (_, None) => match state.blobs.get(&(repository, rest.to_owned())) {
                None => answer("404 Not Found", "", b""),
                Some(_) if request.method == "HEAD" => answer("200 OK", "", b""),
                Some(bytes) => match request.header("range") {
                    Some(range) => {
                        let from = range.trim_start_matches("bytes=").trim_end_matches('-');
                        let from: usize = from.parse().expect("a number");
                        let last = bytes.len() - 1;
                        let range =
                            format!("Content-Range: bytes {from}-{last}/{}\r\n", bytes.len());
                        answer("206 Partial Content", &range, &bytes[from..])
                    }
                    None => answer("200 OK", "", bytes),
                },
            },
        }
    }
}

impl State {
    fn manifest(
        &mut self,
        request: &Request,
        repository: String,
        reference: &str,
        body: Vec<u8>,
    ) -> Vec<u8> {
        let key = |reference: &str| (repository.clone(), reference.to_owned());
        if request.method == "PUT" {
            let kind = request.header("content-type").unwrap_or_default().to_owned();
            let digest = Digest::of(&body).to_string();
            self.manifests.insert(key(&digest), (kind.clone(), body.clone()));
            self.manifests.insert(key(reference), (kind, body));
            return answer("201 Created", &format!("Docker-Content-Digest: {digest}\r\n"), b"");
        }
        match self.manifests.get(&key(reference)) {
            Some((kind, bytes)) => answer("200 OK", &format!("Content-Type: {kind}\r\n"), bytes),
            None => answer("404 Not Found", "", b""),
        }
    }

    fn upload(
        &mut self,
        request: &Request,
        repository: String,
        upload: &str,
        body: Vec<u8>,
    ) -> Vec<u8> {
        let location =
            |id: &str| format!("Location: /v2/{repository}/blobs/uploads/{id}?key=1\r\n");
        if request.method == "POST" {
            if let (Some(digest), Some(from)) =
                (request.parameter("mount"), request.parameter("from"))
                && let Some(blob) = self.blobs.get(&(from, digest.clone())).cloned()
            {
                self.blobs.insert((repository, digest), blob);
                return answer("201 Created", "", b"");
            }
            let id = format!("id{}", self.uploads.len());
            self.uploads.insert(id.clone(), Vec::new());
            return answer("202 Accepted", &location(&id), b"");
        }
        let Some(known) = self.uploads.get_mut(upload) else {
            return answer("404 Not Found", "", br#"{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}"#);
        };
        match request.method.as_str() {
            "PATCH" => {
                known.extend(body);
                answer("202 Accepted", &location(upload), b"")
            }
            "GET" => {
                let range = format!("Range: 0-{}\r\n", known.len().saturating_sub(1));
                answer("204 No Content", &format!("{}{range}", location(upload)), b"")
            }
            "PUT" => {
                let bytes = known.clone();
                let digest = request.parameter("digest").expect("a digest");
                if Digest::of(&bytes).as_str() != digest {
                    let code = br#"{"errors":[{"code":"DIGEST_INVALID"}]}"#;
                    return answer("400 Bad Request", "", code);
                }
                self.blobs.insert((repository, digest), bytes);
                answer("201 Created", "", b"")
            }
            _ => answer("204 No Content", "", b""),
        }
    }
}

async fn head(stream: &mut BufReader<TcpStream>) -> io::Result<Request> {
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let mut words = line.split(' ');
    let method = words.next().unwrap_or_default().to_owned();
    let target = words.next().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut request =
        Request { method, path: path.to_owned(), query: query.to_owned(), headers: Vec::new() };
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) => {
                request.headers.push((name.to_ascii_lowercase(), value.to_owned()));
            }
            None => return Ok(request),
        }
    }
}

/// The body, whether its length is known or not; at most `limit` bytes of it.
async fn body(
    stream: &mut BufReader<TcpStream>,
    request: &Request,
    limit: usize,
) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    if request.header("transfer-encoding") == Some("chunked") {
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await?;
            let length = usize::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
            let mut chunk = vec![0; length + 2];
            stream.read_exact(&mut chunk).await?;
            body.extend(&chunk[..length]);
            if length == 0 || body.len() >= limit {
                break;
            }
        }
    } else {
        let length = request.header("content-length").map_or(0, |text| text.parse().unwrap_or(0));
        body.resize(std::cmp::min(length, limit), 0);
        stream.read_exact(&mut body).await?;
    }
    body.truncate(limit);
    Ok(body)
}
