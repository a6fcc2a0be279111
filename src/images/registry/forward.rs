//! Requests without TLS that a proxy forwards: it is told the whole address (RFC 9112, 3.2.2,
//! "absolute-form"), as there is no tunnel to hide it in.

use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderValue, PROXY_AUTHORIZATION};
use hyper::{Request, Response};
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::error::RegistryError;
use super::transport::{Body, CONNECT_TIMEOUT, root_cause};

/// A proxy that HTTP_PROXY or ALL_PROXY names.
pub(super) struct Forward {
    /// Host and port.
    address: String,
    login: Option<HeaderValue>,
}

impl Forward {
    /// Nothing where NO_PROXY exempts the host.
    pub(super) fn to(matcher: &Matcher, host: &str) -> Option<Self> {
        let found = matcher.intercept(&format!("http://{host}/").parse().ok()?)?;
        let proxy = found.uri();
        let port = proxy.port_u16().unwrap_or(80);
        let address = format!("{}:{port}", proxy.host()?);
        Some(Self { address, login: found.basic_auth().cloned() })
    }

    /// Sends a request, whose address is whole, over a connection of its own.
    pub(super) async fn send(
        &self,
        mut request: Request<Body>,
    ) -> Result<Response<Incoming>, RegistryError> {
        let unreachable = |message: String| RegistryError::Unreachable {
            host: format!("{} (the proxy)", self.address),
            message,
        };
        let connecting = TcpStream::connect(&self.address);
        let stream = match tokio::time::timeout(CONNECT_TIMEOUT, connecting).await {
            Ok(connected) => connected.map_err(|error| unreachable(error.to_string()))?,
            Err(_) => return Err(unreachable("it does not answer".to_owned())),
        };
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| unreachable(root_cause(&error)))?;
        // It ends with the answer's body, and tells its errors there.
        tokio::spawn(connection);
        let host = request.uri().authority().map(ToString::to_string).unwrap_or_default();
        let headers = request.headers_mut();
        if let Ok(host) = HeaderValue::from_str(&host) {
            headers.insert(HOST, host);
        }
        if let Some(login) = &self.login {
            let mut login = login.clone();
            login.set_sensitive(true);
            headers.insert(PROXY_AUTHORIZATION, login);
        }
        let answer = sender.send_request(request).await;
        answer.map_err(|error| RegistryError::BrokeOff { host, message: root_cause(&error) })
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::super::transport::empty;
    use super::*;

    #[tokio::test]
    async fn the_proxy_is_told_the_whole_address_and_its_login() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
        let proxy = format!("http://me:pw@{}", listener.local_addr().expect("address"));
        let answering = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("accept");
            let (mut head, mut buffer) = (Vec::new(), [0; 4096]);
            while !head.ends_with(b"\r\n\r\n") {
                let count = stream.read(&mut buffer).await.expect("read");
                head.extend_from_slice(&buffer[..count]);
            }
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
            stream.write_all(answer).await.expect("write");
            String::from_utf8_lossy(&head).to_lowercase()
        });
        let matcher = Matcher::builder().http(proxy).no("exempt.example").build();
        assert!(Forward::to(&matcher, "exempt.example").is_none());
        let forward = Forward::to(&matcher, "files.example:8000").expect("a proxy");
        let mut request = Request::new(empty());
        *request.uri_mut() = "http://files.example:8000/a.tar?x=1".parse().expect("an address");
        let answer = forward.send(request).await.expect("an answer");
        assert_eq!(answer.collect().await.expect("a body").to_bytes(), "ok");
        let head = answering.await.expect("a request");
        assert!(head.starts_with("get http://files.example:8000/a.tar?x=1 http/1.1\r\n"), "{head}");
        assert!(head.contains("host: files.example:8000\r\n"), "{head}");
        assert!(head.contains("proxy-authorization: basic bwu6chc=\r\n"), "{head}");
    }

    #[tokio::test]
    async fn a_proxy_that_is_not_there_is_named() {
        let matcher = Matcher::builder().http("http://127.0.0.1:1").build();
        let forward = Forward::to(&matcher, "files.example").expect("a proxy");
        let mut request = Request::new(empty());
        *request.uri_mut() = "http://files.example/".parse().expect("an address");
        let error = forward.send(request).await.expect_err("no proxy there").to_string();
        assert!(error.contains("127.0.0.1:1 (the proxy)"), "{error}");
    }
}
