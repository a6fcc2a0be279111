use std::fs;
use std::io::Write;

use tempfile::TempDir;

use super::*;
use crate::images::{BuildSpec, ImageEvent};

/// A docker command that is a shell script. Another process writes it: a file that is open for
/// writing here would be so in every child that some other test's thread forks just then, and
/// could not be run ("text file busy").
pub(in crate::images) fn fake(script: &str) -> (TempDir, OsString) {
    let directory = tempfile::tempdir().expect("directory");
    let path = directory.path().join("docker");
    let mut writer = std::process::Command::new("sh")
        .args(["-c", "cat >\"$0\" && chmod 755 \"$0\""])
        .arg(&path)
        .stdin(Stdio::piped())
        .spawn()
        .expect("sh");
    let mut input = writer.stdin.take().expect("input");
    input.write_all(format!("#!/bin/sh\n{script}\n").as_bytes()).expect("write");
    drop(input);
    assert!(writer.wait().expect("sh").success());
    (directory, path.into_os_string())
}

impl Engine {
    /// Asks a command for exports, whatever `DOCKER_HOST` says.
    pub(in crate::images) async fn piped(program: OsString) -> Self {
        let engine = Self::detect_program(program).await.expect("engine");
        let _ = engine.place.set(place::Place::default());
        engine
    }
}

async fn detected(script: &str) -> Result<Engine, ImageError> {
    let (_directory, program) = fake(script);
    Engine::detect_program(program).await
}

const SERVER: &str = r#"{"Client":{},"Server":{"Version":"27.1","Os":"linux","Arch":"arm64"}}"#;

#[tokio::test]
async fn what_is_found() {
    let with = format!("case $1 in version) echo '{SERVER}';; buildx) exit 0;; esac");
    let info = detected(&with).await.expect("engine").info;
    assert_eq!((info.version.as_str(), info.platform.as_str()), ("27.1", "linux/arm64"));
    assert_eq!(info.builder, Builder::Buildx);
    let without = format!("case $1 in version) echo '{SERVER}';; *) exit 1;; esac");
    assert_eq!(detected(&without).await.expect("engine").info.builder, Builder::Legacy);
}

#[tokio::test]
async fn what_is_missing() {
    let missing = Engine::detect_program("/no/such/docker".into()).await;
    assert!(
        matches!(missing, Err(ImageError::CliMissing(program)) if program == "/no/such/docker")
    );

    let script = "echo '{\"Client\":{},\"Server\":null}'; \
        echo 'Cannot connect to the Docker daemon at unix:///x. Is it running?' >&2; exit 1";
    let error = detected(script).await.expect_err("no engine");
    assert!(matches!(&error, ImageError::EngineNotAnswering(_)));
    assert!(error.to_string().contains("unix:///x"), "{error}");

    let script = "echo 'Got permission denied while trying to connect to the socket' >&2; exit 1";
    assert!(matches!(detected(script).await, Err(ImageError::PermissionDenied)));

    assert!(matches!(detected("exit 0").await, Err(ImageError::EngineNotAnswering(_))));
}

#[tokio::test]
async fn values_of_arguments_stay_off_the_command_line() {
    let place = tempfile::tempdir().expect("directory");
    let log = place.path().join("log");
    let script = format!(
        "case $1 in version) echo '{SERVER}';; \
         image) echo '{{\"Id\":\"sha256:1\",\"Os\":\"linux\",\"Architecture\":\"amd64\"}}';; \
         buildx) [ $2 = version ] || {{ printf '%s\\n' \"$@\" >{log}; \
         echo \"A=$A platform=$DOCKER_DEFAULT_PLATFORM\"; }};; esac",
        log = log.display()
    );
    let (_directory, program) = fake(&script);
    let engine = Engine::detect_program(program).await.expect("engine");
    let mut spec = BuildSpec::new("web", "/context", "linux/amd64");
    let arg = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    spec.args = vec![arg("A", "canary"), arg("PATH", "/opt"), arg("https_proxy", "http://p")];
    let mut events = Vec::new();
    engine.build(&spec, "t:1", &mut |event| events.push(event)).await.expect("build");
    let line = "A=canary platform=".to_owned();
    assert_eq!(events, [ImageEvent::BuildStarted, ImageEvent::BuildLine(line), ImageEvent::Built]);
    let arguments = fs::read_to_string(&log).expect("log");
    assert_eq!(
        arguments.lines().collect::<Vec<_>>(),
        [
            "buildx",
            "build",
            "--load",
            "--progress=plain",
            "--file",
            "/context/Dockerfile",
            "--tag=t:1",
            "--platform=linux/amd64",
            "--build-arg=A",
            "--build-arg=PATH=/opt",
            "--build-arg=https_proxy=http://p",
            "--",
            "/context"
        ]
    );
    spec.args = vec![arg("A=B", "x")];
    let refused = engine.build(&spec, "t:1", &mut |_| {}).await;
    assert!(matches!(refused, Err(ImageError::BadArgument(name)) if name == "A=B"));
}

#[tokio::test]
async fn a_text_in_the_place_of_a_dockerfile_goes_to_standard_input() {
    let place = tempfile::tempdir().expect("directory");
    let log = place.path().join("log");
    let script = format!(
        "case $1 in version) echo '{SERVER}';; \
         image) echo '{{\"Id\":\"sha256:1\",\"Os\":\"linux\",\"Architecture\":\"amd64\"}}';; \
         buildx) [ $2 = version ] || {{ printf '%s\\n' \"$@\" >{log}; cat >>{log}; }};; esac",
        log = log.display()
    );
    let (_directory, program) = fake(&script);
    let engine = Engine::detect_program(program).await.expect("engine");
    let mut spec = BuildSpec::new("web", "/context", "linux/amd64");
    spec.dockerfile_inline = Some("FROM base\nRUN true\n".to_owned());
    spec.options.network = Some("none".to_owned());
    spec.options.no_cache = true;
    engine.build(&spec, "t:1", &mut |_| {}).await.expect("build");
    let text = fs::read_to_string(&log).expect("log");
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(&lines[..6], ["buildx", "build", "--load", "--progress=plain", "--file", "-"]);
    assert!(lines.contains(&"--network=none") && lines.contains(&"--no-cache"), "{text}");
    assert_eq!(&lines[lines.len() - 4..], ["--", "/context", "FROM base", "RUN true"]);
}

#[tokio::test]
async fn an_image_for_another_platform_is_not_taken() {
    let script = format!(
        "case $1 in version) echo '{SERVER}';; \
         image) echo '{{\"Id\":\"sha256:1\",\"Os\":\"linux\",\"Architecture\":\"arm64\"}}';; esac"
    );
    let (_directory, program) = fake(&script);
    let engine = Engine::detect_program(program).await.expect("engine");
    let spec = BuildSpec::new("web", "/context", "linux/amd64");
    let error = engine.build(&spec, "t:1", &mut |_| {}).await.expect_err("refused");
    assert!(matches!(error, ImageError::WrongPlatform { .. }), "{error}");
}

#[tokio::test]
async fn the_last_twenty_lines() {
    let script = format!(
        "case $1 in version) echo '{SERVER}';; buildx) [ $2 = version ] && exit 0; \
         for i in $(seq 30); do echo out$i; done; printf 'drawn\\rover\\n\\377\\n\\n'; exit 1;; esac"
    );
    let (_directory, program) = fake(&script);
    let engine = Engine::detect_program(program).await.expect("engine");
    let spec = BuildSpec::new("web", "/context", "linux/amd64");
    let error = engine.build(&spec, "t:1", &mut |_| {}).await.expect_err("failed");
    let ImageError::BuildFailed { lines, .. } = error else { panic!("{error}") };
    assert_eq!(lines.len(), 20);
    assert_eq!(lines[0], "out13");
    assert_eq!(&lines[18..], ["over", "\u{fffd}"]);
}

#[test]
fn platforms() {
    assert!(same_platform("linux/arm64", "linux/arm64/v8"));
    assert!(same_platform("linux/amd64", "linux/amd64"));
    assert!(!same_platform("linux/amd64", "linux/arm64"));
    assert!(!same_platform("linux/arm/v7", "linux/arm/v8"));
}

#[test]
fn images_without_digests() {
    let image = local_image(
        br#"{"Id":"sha256:1","RepoDigests":null,"Os":"linux","Architecture":"arm","Variant":"v7"}"#,
    );
    let image = image.expect("image");
    assert_eq!(image.platform, "linux/arm/v7");
    assert!(image.repo_digests.is_empty());
}
