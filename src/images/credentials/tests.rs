use std::io::Write;

use super::*;

fn credentials(json: &str) -> Credentials {
    serde_json::from_str(json).expect("a configuration")
}

fn basic(user: &str, password: &str) -> Auth {
    Auth::Basic { user: user.to_owned(), password: password.to_owned() }
}

/// A helper that is a shell script; another process writes it, see `engine/tests.rs`.
fn helper(script: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("directory");
    let mut writer = std::process::Command::new("sh")
        .args(["-c", "cat >\"$0\" && chmod 755 \"$0\""])
        .arg(directory.path().join("docker-credential-test"))
        .stdin(Stdio::piped())
        .spawn()
        .expect("sh");
    let mut input = writer.stdin.take().expect("input");
    input.write_all(format!("#!/bin/sh\n{script}\n").as_bytes()).expect("write");
    drop(input);
    assert!(writer.wait().expect("sh").success());
    directory
}

#[tokio::test]
async fn logins_that_stand_in_the_file() {
    let found = credentials(
        r#"{"auths": {
            "https://index.docker.io/v1/": {"auth": "dTpwOng="},
            "r.io": {"username": "a", "password": "b"},
            "https://t.io/v2/": {"auth": "eDp5", "identitytoken": "token"},
            "broken.io": {"auth": "%%%"},
            "empty.io": {}
        }, "HttpHeaders": {"X": "y"}}"#,
    );
    let find = async |registry: &str| found.find(registry).await.expect("an answer");
    assert_eq!(find("registry-1.docker.io").await, basic("u", "p:x"));
    assert_eq!(find("r.io").await, basic("a", "b"));
    assert_eq!(find("t.io").await, Auth::Identity { token: "token".to_owned() });
    for nobody in ["broken.io", "empty.io", "other.io", "io", ""] {
        assert_eq!(find(nobody).await, Auth::Anonymous, "{nobody}");
    }
}

#[tokio::test]
async fn helpers_are_asked() {
    // The address comes in on the input; nothing but `get` is an argument.
    let directory = helper(
        "[ \"$*\" = get ] || exit 9\nread -r address\ncase $address in\n\
         r.io) echo '{\"ServerURL\":\"r.io\",\"Username\":\"u\",\"Secret\":\"s3cret\"}';;\n\
         t.io) echo '{\"Username\":\"<token>\",\"Secret\":\"s3cret\"}';;\n\
         none.io) echo 'credentials not found in native keychain'; exit 1;;\n\
         odd.io) echo 's3cret and no JSON';;\n*) echo 's3cret'; exit 1;; esac",
    );
    let mut found = credentials(
        r#"{"credHelpers": {"r.io": "test", "odd.io": "test", "bad.io": "test", "gone.io": "gone",
            "evil.io": "../../bin/sh"},
            "credsStore": "test", "auths": {"https://t.io/v1/": {}, "t.io": {}, "broken.io": {}}}"#,
    );
    found.helpers = Some(directory.path().to_owned());
    let find = async |registry: &str| found.find(registry).await;
    assert_eq!(find("r.io").await.expect("a login"), basic("u", "s3cret"));
    assert_eq!(find("none.io").await.expect("none"), Auth::Anonymous);
    assert_eq!(find("stranger.io").await.expect("none"), Auth::Anonymous);
    for (registry, words) in [
        ("odd.io", "cannot be read"),
        ("bad.io", "it failed"),
        ("broken.io", "it failed"),
        ("gone.io", "no such program"),
        ("evil.io", "no name of a helper"),
    ] {
        let error = find(registry).await.expect_err(registry);
        assert!(error.to_string().contains(words), "{error}");
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
        assert!(error.help().is_some_and(|help| help.contains("docker login")));
    }
}

#[tokio::test]
async fn what_docker_has_no_login_for_podman_may_have() {
    let mut found = credentials(
        r#"{"auths": {"https://r.io/v1/": {"username": "a", "password": "b"}, "kept.io": {}},
            "credHelpers": {"helped.io": "x"}}"#,
    );
    found.add(credentials(
        r#"{"auths": {"r.io": {"auth": "eDp5"}, "helped.io": {"auth": "eDp5"},
            "kept.io": {"auth": "eDp5"}, "p.io/team": {"auth": "eDp5"}}}"#,
    ));
    let find = async |registry: &str| found.find(registry).await;
    assert_eq!(find("r.io").await.expect("docker's"), basic("a", "b"));
    assert_eq!(find("p.io").await.expect("podman's"), basic("x", "y"));
    assert_eq!(find("kept.io").await.expect("nothing"), Auth::Anonymous);
    assert!(matches!(find("helped.io").await, Err(ImageError::CredentialHelper { .. })));
}

#[test]
fn where_podman_keeps_logins() {
    let files = |variables: &[(&str, &str)]| {
        let variable = |name: &str| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| PathBuf::from(value))
        };
        containers_files(variable, Some(Path::new("/home/u")))
    };
    assert_eq!(files(&[("REGISTRY_AUTH_FILE", "/a.json")]), [Path::new("/a.json")]);
    let run = Path::new("/run/user/7/containers/auth.json");
    let session = ("XDG_RUNTIME_DIR", "/run/user/7");
    assert_eq!(files(&[session]), [run, Path::new("/home/u/.config/containers/auth.json")]);
    let moved = Path::new("/etc/u/containers/auth.json");
    assert_eq!(files(&[session, ("XDG_CONFIG_HOME", "/etc/u")]), [run, moved]);
    assert!(files(&[])[0].starts_with("/run/containers"));
}
