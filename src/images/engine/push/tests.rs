use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::images::engine::Engine;
use crate::images::engine::tests::fake;

#[test]
fn a_context_is_followed_to_its_engine() {
    let place = Place::read(
        br#"{"Name":"far","Endpoints":{"docker":{"Host":"tcp://far:2376","SkipTLSVerify":false}},
            "TLSMaterial":{"docker":["ca.pem","cert.pem","key.pem"]},
            "Storage":{"TLSPath":"/home/u/.docker/contexts/tls/ab"}}"#,
    );
    let certificates = Some(PathBuf::from("/home/u/.docker/contexts/tls/ab/docker"));
    assert_eq!(place, Place { host: Some("tcp://far:2376".into()), certificates, verifies: true });
    let place = Place::read(
        br#"{"Name":"default","Endpoints":{"docker":{"Host":"unix:///x.sock"}},"TLSMaterial":{},
            "Storage":{"TLSPath":"<IN MEMORY>"}}"#,
    );
    let host = Some("unix:///x.sock".into());
    assert_eq!(place, Place { host, certificates: None, verifies: false });
    assert_eq!(Place::read(b"no"), Place::default());
}

#[test]
fn layers_are_counted() {
    let mut layers = Layers::default();
    let progress = |done, total| Some(ImageEvent::PushProgress { done, total });
    assert_eq!(layers.read("The push refers to repository [r/a]"), None);
    assert_eq!(layers.read("aaaaaaaaaaaa: Preparing"), progress(0, 1));
    assert_eq!(layers.read("bbbbbbbbbbbb: Preparing"), progress(0, 2));
    assert_eq!(layers.read("aaaaaaaaaaaa: Waiting"), None);
    assert_eq!(layers.read("aaaaaaaaaaaa: Layer already exists"), progress(1, 2));
    assert_eq!(layers.read("bbbbbbbbbbbb: Pushed"), progress(2, 2));
    assert_eq!(layers.read("latest: digest: sha256:1 size: 2"), None);
}

#[test]
fn a_login_is_private_and_goes_away() {
    let auth = Auth::Basic { user: "AWS".to_owned(), password: "token".to_owned() };
    let directory = ConfigDirectory::new("r.io", &auth).expect("directory");
    let path = directory.path().to_owned();
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(&path.join("config.json"))), (0o700, 0o600));
    let text = fs::read_to_string(path.join("config.json")).expect("text");
    assert_eq!(text, r#"{"auths":{"r.io":{"auth":"QVdTOnRva2Vu"}}}"#);
    drop(directory);
    assert!(!path.exists());
}

/// Fails as often as it is told, and counts.
async fn pushed(failures: u32, words: &str) -> (Result<(), ImageError>, usize) {
    let place = tempfile::tempdir().expect("directory");
    let log = place.path().join("log");
    let (_directory, program) = fake(&format!(
        "case \"$1 $2\" in 'version --format') echo '{{\"Server\":{{\"Arch\":\"amd64\"}}}}';;\n\
         'image push') echo x >>{log}; [ -f $DOCKER_CONFIG/config.json ] || exit 9\n\
         [ $(wc -l <{log}) -gt {failures} ] || {{ echo '{words}' >&2; exit 1; }};; esac",
        log = log.display()
    ));
    let engine = Engine::detect_program(program).await.expect("engine");
    let result = engine.push("local", "127.0.0.1:1/a:b", &Auth::Anonymous, &mut |_| {}).await;
    let count = fs::read_to_string(log).map_or(0, |text| text.lines().count());
    (result, count)
}

#[tokio::test]
async fn tried_again_when_that_may_help() {
    let (result, attempts) = pushed(2, "connection reset by peer").await;
    assert!(result.is_ok(), "{result:?}");
    assert_eq!(attempts, 3);

    let (result, attempts) = pushed(9, "connection reset by peer").await;
    let error = result.expect_err("failed");
    assert_eq!(error.to_string(), "push to 127.0.0.1:1/a:b: connection reset by peer");
    assert_eq!(attempts, 3);

    let (result, attempts) = pushed(9, "denied: requested access denied").await;
    assert!(result.is_err());
    assert_eq!(attempts, 1);
}
