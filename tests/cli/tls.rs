//! An endpoint that speaks TLS, whose certificate an authority has signed that no system knows.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::support::Project;

/// The authority, in PEM, and the URL of a server that it vouches for. Its thread ends with the
/// process.
fn server() -> (String, String) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key"));
    let issuer = issuer.expect("an authority");
    let key = KeyPair::generate().expect("a key");
    let names = CertificateParams::new(vec!["localhost".to_owned()]).expect("names");
    let signed = names.signed_by(&key, &issuer).expect("a certificate");
    let private = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![signed.der().clone()], private)
        .expect("a configuration");
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("https://localhost:{}", listener.local_addr().expect("an address").port());
    std::thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            let connection = ServerConnection::new(config.clone()).expect("a connection");
            let _ = refuse(StreamOwned::new(connection, socket));
        }
    });
    (issuer.pem(), url)
}

/// Says that the token has run out, which only who trusts the server hears.
fn refuse(mut stream: impl Read + Write) -> std::io::Result<()> {
    let mut buffer = [0; 4096];
    let _ = stream.read(&mut buffer)?;
    let body = "<ErrorResponse><Error><Code>ExpiredToken</Code><Message>run out</Message></Error>\
        </ErrorResponse>";
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 403 Whatever\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )?;
    stream.flush()
}

#[test]
fn a_bundle_makes_an_endpoint_trusted() {
    let (pem, url) = server();
    let project = Project::web("").endpoint(&url).file("ca.pem", pem);
    let stranger = project.run("plan");
    assert_eq!(stranger.code, Some(1), "{stranger}");
    assert!(stranger.text.contains("UnknownIssuer"), "{stranger}");
    let path = project.path("ca.pem");
    for name in ["AWS_CA_BUNDLE", "SSL_CERT_FILE"] {
        let project = Project::web("").endpoint(&url).variable(name, path.clone());
        let trusted = project.run("plan");
        assert!(trusted.text.contains("run out"), "{name}: {trusted}");
    }
    let config = format!("[profile corp]\nca_bundle = {}\n", path.display());
    let project = Project::web("").file("config", config).endpoint(&url);
    let config = project.path("config");
    let project = project.variable("AWS_CONFIG_FILE", config).variable("AWS_PROFILE", "corp");
    let trusted = project.run("plan");
    assert!(trusted.text.contains("run out"), "{trusted}");
}

#[test]
fn a_bundle_that_cannot_be_read_is_said() {
    let project = Project::web("").endpoint("https://localhost:9");
    let project = project.variable("AWS_CA_BUNDLE", "/nonexistent/ca.pem");
    let transcript = project.run("plan");
    assert_eq!(transcript.code, Some(1), "{transcript}");
    assert!(transcript.text.contains("/nonexistent/ca.pem"), "{transcript}");
    assert!(transcript.text.contains("correct AWS_CA_BUNDLE"), "{transcript}");
}
