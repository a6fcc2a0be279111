use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::*;

/// A registry that gives the answers of a list, one to a connection, and tells what it was asked.
/// `{host}` in an answer is its own address.
async fn scripted(answers: Vec<String>) -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let host = listener.local_addr().expect("address").to_string();
    let (send, asked) = mpsc::unbounded_channel();
    let own = host.clone();
    tokio::spawn(async move {
        for answer in answers {
            let (mut stream, _) = listener.accept().await.expect("accept");
            let request = read_request(&mut stream).await;
            send.send(request).expect("listened to");
            let answer = answer.replace("{host}", &own);
            stream.write_all(answer.as_bytes()).await.expect("write");
            stream.shutdown().await.expect("close");
        }
    });
    (host, asked)
}

async fn read_request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).await.expect("read");
        bytes.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
            if body.len() >= length.map_or(0, |length| length.parse().expect("number")) {
                return text;
            }
        }
        assert!(read > 0, "the request broke off: {text}");
    }
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    )
}

fn basic() -> Auth {
    Auth::Basic { user: "AWS".to_owned(), password: "secret".to_owned() }
}

#[tokio::test]
async fn a_bearer_token_is_asked_for_once() {
    let challenge = "WWW-Authenticate: Bearer realm=\"http://{host}/token\",service=\"s\"\r\n";
    let digest = "Docker-Content-Digest: sha256:1\r\n";
    let (host, mut asked) = scripted(vec![
        answer("401 Unauthorized", challenge, ""),
        answer("200 OK", "", r#"{"token":"abc"}"#),
        answer("200 OK", digest, ""),
        answer("200 OK", digest, ""),
    ])
    .await;
    let registry = Registry::new(&host, Auth::Anonymous).expect("client");
    for _ in 0..2 {
        let found = registry.manifest_digest("a/b", "v1").await.expect("answer");
        assert_eq!(found.as_deref(), Some("sha256:1"));
    }
    let mut next = || asked.try_recv().expect("a request");
    assert!(!next().contains("authorization"));
    assert!(next().starts_with("get /token?scope=repository%3aa%2fb%3apull&service=s "));
    assert!(next().contains("authorization: bearer abc"));
    let last = next();
    assert!(last.starts_with("head /v2/a/b/manifests/v1 "));
    assert!(last.contains("authorization: bearer abc") && last.contains("oci.image.index"));
}

#[tokio::test]
async fn a_wrong_password_is_said_once() {
    let challenge = "WWW-Authenticate: Basic realm=\"x\"\r\n";
    let body = r#"{"errors":[{"code":"UNAUTHORIZED","message":"expired\u001b[31m"}]}"#;
    let (host, mut asked) = scripted(vec![answer("401 Unauthorized", challenge, body)]).await;
    let registry = Registry::new(&host, basic()).expect("client");
    let error = registry.manifest("a", "v1").await.expect_err("refused");
    let expected = format!(
        "get /v2/a/manifests/v1 at the registry {host}: not logged in, or no longer: expired[31m"
    );
    assert_eq!(error.to_string(), expected);
    assert!(!error.is_transient());
    // The password went along unasked: an upload should not be sent twice.
    assert!(asked.try_recv().expect("a request").contains("authorization: basic qvdtonnly3jlda=="));
    assert!(!format!("{:?}", basic()).contains("secret"));
}

#[tokio::test]
async fn a_password_is_not_sent_in_the_clear_to_strangers() {
    let challenge = "WWW-Authenticate: Bearer realm=\"http://tokens.example.org/token\"\r\n";
    let (host, _asked) = scripted(vec![answer("401 Unauthorized", challenge, "")]).await;
    let registry = Registry::new(&host, basic()).expect("client");
    let error = registry.has_blob("a", "sha256:1").await.expect_err("refused");
    assert!(error.to_string().contains("does not use TLS"), "{error}");
}

#[tokio::test]
async fn bytes_are_held_against_their_name() {
    let lies = "Docker-Content-Digest: sha256:0\r\n";
    let (host, _asked) =
        scripted(vec![answer("200 OK", lies, "{}"), answer("200 OK", "", "{}")]).await;
    let registry = Registry::new(&host, Auth::Anonymous).expect("client");
    for reference in ["v1", "sha256:1"] {
        let error = registry.manifest("a", reference).await.expect_err("refused");
        assert!(matches!(error, RegistryError::DigestMismatch { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_registry_in_trouble() {
    let (host, _asked) = scripted(vec![
        answer("503 Service Unavailable", "", "<html>"),
        answer("429 Too Many Requests", "", r#"{"errors":[{"code":"TOOMANYREQUESTS"}]}"#),
        answer("404 Not Found", "", ""),
        answer("202 Accepted", "", ""),
    ])
    .await;
    let once = Retry { attempts: 1, ..Retry::default() };
    let registry = Registry::new(&host, Auth::Anonymous).expect("client").with_retry(once);
    let error = registry.manifest("a", "v1").await.expect_err("refused");
    assert!(error.is_transient() && error.to_string().contains("it answered 503"), "{error}");
    let error = registry.manifest("a", "v1").await.expect_err("refused");
    assert!(error.is_transient() && error.to_string().contains("too many requests"), "{error}");
    let error = registry.upload("a", "sha256:1", &BlobSource::Bytes(Bytes::new())).await;
    let error = error.expect_err("no place to go to");
    assert!(error.to_string().contains("an upload has no location"), "{error}");
}

#[tokio::test]
async fn uploads_follow_their_location() {
    let location = |path: &str| format!("Location: {path}\r\n");
    let (host, mut asked) = scripted(vec![
        answer("404 Not Found", "", ""),
        answer("202 Accepted", &location("/v2/a/blobs/uploads/1?state=x"), ""),
        answer("202 Accepted", &location("http://{host}/v2/a/blobs/uploads/2?state=y"), ""),
        answer("201 Created", "", ""),
    ])
    .await;
    let registry = Registry::new(&host, basic()).expect("client");
    let content = BlobSource::Bytes(Bytes::from_static(b"content"));
    assert!(registry.upload("a", "sha256:1", &content).await.expect("upload"));
    let mut next = || asked.try_recv().expect("a request");
    assert!(next().starts_with("head /v2/a/blobs/sha256:1 "));
    assert!(next().starts_with("post /v2/a/blobs/uploads/ "));
    let patch = next();
    assert!(
        patch.starts_with("patch /v2/a/blobs/uploads/1?state=x ") && patch.ends_with("content")
    );
    let put = next();
    assert!(put.starts_with("put /v2/a/blobs/uploads/2?state=y&digest=sha256:1 "), "{put}");
    assert!(put.contains("content-length: 0") && put.contains("authorization: basic"));
}

#[tokio::test]
async fn silence_ends_in_an_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let host = listener.local_addr().expect("address").to_string();
    let registry = Registry::new(&host, Auth::Anonymous).expect("client");
    let registry = registry.with_timeout(Duration::from_millis(50));
    let error = registry.manifest("a", "v1").await.expect_err("silence");
    assert!(matches!(error, RegistryError::Timeout { .. }), "{error}");
}

#[test]
fn scopes() {
    let scope = |method, target: &str| Request::new(method, target).scope();
    let read = scope(Method::GET, "/v2/a/b/manifests/v1");
    assert_eq!((read.repository.as_str(), read.writes), ("a/b", false));
    let write = scope(Method::PATCH, "https://r/v2/a/b/blobs/uploads/1");
    assert_eq!((write.repository.as_str(), write.writes), ("a/b", true));
    assert_eq!(scope(Method::GET, "/other").repository, "");
}
