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
async fn a_program_is_what_it_says_and_not_what_it_is_called() {
    let info = r#"{"host":{"os":"linux","arch":"amd64"},"version":{"Version":"5.4.2"}}"#;
    let says = |version: &str| {
        format!("case $1 in --version) echo '{version}';; info) echo '{info}';; *) exit 1;; esac")
    };
    for (version, builder, number) in [
        ("podman version 5.4.2", Builder::Podman, "5.4.2"),
        (
            "buildah version 1.39.3 (image-spec 1.1.0, runtime-spec 1.2.0)",
            Builder::Buildah,
            "1.39.3",
        ),
    ] {
        let found = detected(&says(version)).await.expect("an engine").info;
        let platform = "linux/amd64".to_owned();
        assert_eq!(found, EngineInfo { version: number.to_owned(), platform, builder });
    }
    let broken = "case $1 in --version) echo podman version 5;; *) echo 'Error: no room' >&2; exit 125;; esac";
    let error = detected(broken).await.expect_err("broken");
    assert!(
        matches!(&error, ImageError::ContainersFailed { program: "podman", message } if message == "Error: no room")
    );
}

#[tokio::test]
async fn the_first_that_works_is_taken() {
    let (_docker, docker) =
        fake("[ $1 = version ] && echo 'Cannot connect to unix:///x' >&2; exit 1");
    let info = r#"{"host":{"os":"linux","arch":"amd64"}}"#;
    let script =
        format!("case $1 in --version) echo podman version 5;; info) echo '{info}';; esac");
    let (_podman, podman) = fake(&script);
    let (_buildah, buildah) = fake("[ $1 = --version ] && echo buildah version 1; exit 1");
    let missing = || OsString::from("/no/such/program");
    let first =
        async |programs: [&OsString; 3]| Engine::detect_first(programs.into_iter().cloned()).await;
    let found = first([&docker, &podman, &buildah]).await.expect("podman works");
    assert_eq!(found.info.builder, Builder::Podman);
    let found = first([&missing(), &missing(), &podman]).await.expect("podman works");
    assert_eq!(found.info.builder, Builder::Podman);
    // Of those that do not work, the first that is there is the one to put right.
    let error = first([&docker, &missing(), &buildah]).await.expect_err("none");
    assert!(matches!(error, ImageError::EngineNotAnswering(_)), "{error}");
    let error = first([&missing(), &missing(), &buildah]).await.expect_err("none");
    assert!(matches!(error, ImageError::ContainersFailed { program: "buildah", .. }), "{error}");
    let error = first([&missing(), &buildah, &missing()]).await.expect_err("none");
    assert!(matches!(error, ImageError::ContainersFailed { .. }), "{error}");
    let error = first([&missing(), &missing(), &missing()]).await.expect_err("none");
    assert!(error.to_string().contains("podman or buildah"), "{error}");
}

/// A builder that writes down what it was told.
fn telling(version: &str, log: &std::path::Path) -> String {
    let host = r#"{"host":{"arch":"amd64"}}"#;
    let image = r#"[{"Id":"1","Os":"linux","Architecture":"amd64"}]"#;
    let config = r#"{\"os\":\"linux\",\"architecture\":\"amd64\"}"#;
    let inspected = format!(r#"{{"FromImageID":"1","Config":"{config}"}}"#);
    let said = [("--version", version), ("info", host), ("image", image), ("inspect", &inspected)];
    let said = said.map(|(word, answer)| format!("{word}) printf '%s\\n' '{answer}';;"));
    format!(
        "case $1 in {} build|bud) case $2 in --help) echo '--timestamp --ignorefile --secret';; \
         *) printf '%s\\n' \"$@\" >'{}'; echo \"A=$A epoch=$SOURCE_DATE_EPOCH\";; esac;; esac",
        said.join(" "),
        log.display()
    )
}

#[tokio::test]
async fn podman_and_buildah_are_told_in_their_words() {
    let place = tempfile::tempdir().expect("directory");
    let log = place.path().join("log");
    let context = tempfile::tempdir().expect("directory");
    let root = context.path().display().to_string();
    for (version, first) in [
        ("podman version 4.3.1", &["build", "--format=docker"][..]),
        ("buildah version 1.28.2", &["bud", "--format=docker", "--layers"][..]),
    ] {
        let (_directory, program) = fake(&telling(version, &log));
        let engine = Engine::detect_program(program).await.expect("engine");
        let mut spec = BuildSpec::new("web", context.path(), "linux/amd64");
        spec.args = vec![("A".to_owned(), "canary".to_owned())];
        spec.made_at = Some(5);
        let mut events = Vec::new();
        engine.build(&spec, "t:1", &mut |event| events.push(event)).await.expect("build");
        assert!(
            events.contains(&ImageEvent::BuildLine("A=canary epoch=".to_owned())),
            "{events:?}"
        );
        let told = fs::read_to_string(&log).expect("log");
        let told: Vec<_> = told.lines().collect();
        assert_eq!(&told[..first.len()], first);
        let end =
            ["--file", &format!("{root}/Dockerfile"), "--tag=t:1", "--build-arg=A", "--", &root];
        assert_eq!(&told[told.len() - end.len()..], end);
        assert!(told.contains(&"--timestamp=5") && told.contains(&"--ignorefile=/dev/null"));
        // An argument of the build says it before anything else does.
        spec.args = vec![("SOURCE_DATE_EPOCH".to_owned(), "7".to_owned())];
        engine.build(&spec, "t:1", &mut |_| {}).await.expect("build");
        assert!(fs::read_to_string(&log).expect("log").contains("--timestamp=7\n"));
        spec.args[0].1 = "soon".to_owned();
        let refused = engine.build(&spec, "t:1", &mut |_| {}).await;
        assert!(matches!(refused, Err(ImageError::BadEpoch(text)) if text == "soon"));

        spec.args.clear();
        spec.ssh = vec!["default".to_owned()];
        let error = engine.build(&spec, "t:1", &mut |_| {}).await.expect_err("refused");
        let ImageError::BuilderLacks { builder, needed, .. } = error else { panic!("{error}") };
        assert_eq!((builder, needed), (version.replace(" version", ""), vec!["ssh"]));
    }
}

#[tokio::test]
async fn times_are_rewritten_where_that_works() {
    let place = tempfile::tempdir().expect("directory");
    let log = place.path().join("log");
    let script = format!(
        "case $1 in version) echo '{SERVER}';; \
         image) echo '{{\"Id\":\"sha256:1\",\"Os\":\"linux\",\"Architecture\":\"amd64\"}}';; \
         buildx) [ $2 = version ] && exit 0; echo \"$3 $SOURCE_DATE_EPOCH\" >>{log}; case $3 in *rewrite*) \
         echo 'ERROR: exporter option \"rewrite-timestamp\" conflicts with \"unpack\"' >&2; exit 1;; \
         esac;; esac",
        log = log.display()
    );
    let (_directory, program) = fake(&script);
    let engine = Engine::detect_program(program).await.expect("engine");
    let mut spec = BuildSpec::new("web", "/context", "linux/amd64");
    spec.made_at = Some(5);
    for _ in 0..2 {
        engine.build(&spec, "t:1", &mut |_| {}).await.expect("build");
    }
    // What was found out is not found out again.
    let told = fs::read_to_string(&log).expect("log");
    assert_eq!(told, "--output=type=docker,rewrite-timestamp=true 5\n--load 5\n--load 5\n");
    spec.made_at = None;
    fs::remove_file(&log).expect("remove");
    engine.build(&spec, "t:1", &mut |_| {}).await.expect("build");
    assert_eq!(fs::read_to_string(&log).expect("log"), "--load \n");
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
