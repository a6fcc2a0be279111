//! A server on the loopback interface, whose certificate an authority of the test's own has signed.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{ClientConnection, ServerConfig, ServerConnection, StreamOwned};

use super::*;

/// The authority, in PEM, and a server's configuration that it vouches for.
fn authority() -> (String, ServerConfig) {
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
    (issuer.pem(), config)
}

/// What a client with this configuration hears from a server that says `hello`.
fn hear(client: ClientConfig, server: ServerConfig) -> std::io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let thread = std::thread::spawn(move || {
        let (socket, _) = listener.accept().expect("a client");
        let connection = ServerConnection::new(Arc::new(server)).expect("a connection");
        let mut stream = StreamOwned::new(connection, socket);
        // A client that does not trust breaks off here.
        if stream.write_all(b"hello").is_ok() {
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    });
    let name = ServerName::try_from("localhost").expect("a name");
    let connection = ClientConnection::new(Arc::new(client), name).expect("a connection");
    let socket = TcpStream::connect(address).expect("the server");
    let mut stream = StreamOwned::new(connection, socket);
    let mut text = String::new();
    let heard = stream.read_to_string(&mut text).map(|_| text);
    drop(stream);
    thread.join().expect("the server ends");
    heard
}

fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ca.pem");
    std::fs::write(&path, text).expect("a file");
    (folder, path)
}

#[test]
fn a_server_that_the_bundle_vouches_for_is_trusted_and_no_other() {
    let (pem, server) = authority();
    let (_folder, path) = file(&pem);
    let variable = |name: &str| (name == "AWS_CA_BUNDLE").then(|| path.clone().into_os_string());
    let bundle = Bundle::find(None, variable).expect("a bundle");
    let client = client_config(bundle.as_ref()).expect("a configuration");
    assert_eq!(hear(client, server.clone()).expect("an answer"), "hello");
    let (other, _) = authority();
    let (_folder, path) = file(&other);
    let bundle = Bundle::read(&path, "AWS_CA_BUNDLE").expect("a bundle");
    let error = hear(client_config(Some(&bundle)).expect("a configuration"), server);
    let error = error.expect_err("distrust").to_string();
    assert!(error.contains("invalid peer certificate"), "{error}");
}

#[test]
fn a_profile_names_a_bundle_too() {
    let (pem, _) = authority();
    let (folder, path) = file(&pem);
    let config = folder.path().join("config");
    std::fs::write(&config, format!("[profile corp]\nca_bundle = {}\n", path.display()))
        .expect("a file");
    let variable =
        |name: &str| (name == "AWS_CONFIG_FILE").then(|| config.clone().into_os_string());
    let found = Bundle::find(Some("corp"), variable).expect("a bundle");
    assert_eq!(found.map(|bundle| bundle.path), Some(path));
    assert_eq!(Bundle::find(None, variable).expect("nothing"), None);
}

#[test]
fn a_bundle_that_is_none_is_said() {
    let (_folder, path) = file("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let error = Bundle::read(&path, "AWS_CA_BUNDLE").expect_err("no certificate");
    assert!(error.help().contains("correct AWS_CA_BUNDLE"), "{}", error.help());
    let (_folder, path) = file("nothing");
    assert_eq!(Bundle::read(&path, "x").expect_err("nothing").message, "it has none");
    let error = Bundle::read(Path::new("/nonexistent/ca.pem"), "x").expect_err("no file");
    assert!(error.to_string().contains("/nonexistent/ca.pem"), "{error}");
}
