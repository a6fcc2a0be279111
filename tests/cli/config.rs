//! `decklift config`: what it lists, and what it leaves as it is written.

use insta::assert_snapshot;

use crate::support::Project;

const TEXT: &str = r#"name: demo
services:
  web:
    image: nginx:${TAG:-1.25}
    profiles: [p1, p2]
    ports: ["${PORT:?say which}:80"]
    volumes: [data:/data]
    depends_on: [db]
    environment: {A: "${A:-b}", B: $B, C: "${PORT+x}"}
  db:
    build: .
    networks: [back]
    secrets: [s]
  api:
    image: a
    networks: [back]
networks: {back: {}, unused: {}}
volumes: {data: {}, unused: {}}
secrets: {s: {environment: SECRET}}
"#;

fn demo() -> Project {
    Project::of(TEXT).file(".env", "PORT=80\nB='q r'\n").variable("SECRET", "hush")
}

#[test]
fn lists() {
    for (list, want) in [
        ("--services", "db\napi\n"),
        ("--profile p1 --services", "web\ndb\napi\n"),
        ("--images", "demo-db\na\n"),
        ("--volumes", ""),
        ("--profile * --volumes", "data\n"),
        ("--networks", "back\n"),
        ("--profiles", "p1\np2\n"),
    ] {
        let transcript = demo().run(&format!("config {list}"));
        assert_eq!((transcript.code, transcript.stdout()), (Some(0), want), "{transcript}");
    }
}

#[test]
fn only_some_services_and_what_they_depend_on() {
    // To name a service is to activate its profile.
    let transcript = demo().run("config web --services");
    assert_eq!(transcript.stdout(), "web\ndb\n", "{transcript}");
    assert_snapshot!(demo().run("config api"));
    assert_snapshot!(demo().run("config wbe"));
}

#[test]
fn variables() {
    assert_snapshot!(demo().run("config --variables"));
    assert_snapshot!(demo().run("config --variables --format json"));
}

#[test]
fn the_environment_that_the_files_are_read_with() {
    let transcript = demo().run("config --environment");
    let lines: Vec<&str> = transcript.stdout().lines().collect();
    for line in ["B=q r", "COMPOSE_PROJECT_NAME=demo", "PORT=80"] {
        assert!(lines.contains(&line), "{line}: {transcript}");
    }
    assert!(lines.is_sorted(), "{transcript}");
}

#[test]
fn as_it_is_written() {
    assert_snapshot!(demo().run("config --no-interpolate"));
    assert_eq!(demo().run("config --no-interpolate --images").code, Some(64));
}

#[test]
fn quietly_the_model_is_checked_and_lists_are_printed() {
    let project = demo();
    for options in ["-q", "-q --format json", "-q --no-interpolate", "-q -o out.yaml"] {
        let transcript = project.run(&format!("config {options}"));
        assert_eq!((transcript.code, transcript.stdout()), (Some(0), ""), "{transcript}");
    }
    assert!(!project.path("out.yaml").exists());
    let lists = [project.run("config --services"), project.run("config -q --services")];
    assert_eq!(lists[0].stdout(), lists[1].stdout());
    assert!(!lists[1].stdout().is_empty());
}

#[test]
fn env_files_are_read_whatever_is_asked_for() {
    let project = demo();
    let printed = project.run("config --no-env-resolution");
    assert_eq!(printed.stdout(), project.run("config").stdout());
    assert_eq!(printed.code, Some(0), "{printed}");
}

#[test]
fn flags_of_docker_compose_that_are_not_there_are_refused() {
    for flag in [
        "--hash *",
        "--lock-image-digests",
        "--resolve-image-digests",
        "--no-consistency",
        "--no-normalize",
        "--no-path-resolution",
    ] {
        let transcript = demo().run(&format!("config {flag}"));
        assert_eq!(transcript.code, Some(64), "{transcript}");
        let name = flag.trim_end_matches(" *");
        assert!(transcript.text.contains(&format!("unexpected argument '{name}'")), "{transcript}");
    }
}

#[test]
fn a_secret_is_not_printed() {
    for options in ["--profile *", "--profile * --format json", "--no-interpolate"] {
        let transcript = demo().run(&format!("config {options}"));
        assert_eq!(transcript.code, Some(0), "{transcript}");
        assert!(!transcript.text.contains("hush"), "{transcript}");
    }
}

#[test]
fn into_a_file() {
    let project = demo();
    let transcript = project.run("config api --format json -o out.json");
    assert_eq!((transcript.code, transcript.stdout()), (Some(0), ""), "{transcript}");
    let written = std::fs::read_to_string(project.path("out.json")).expect("a file");
    let printed = project.run("config api --format json");
    assert_eq!(written, printed.stdout());
    assert!(written.ends_with("}\n") && written.starts_with("{\n"), "{written}");
    assert_eq!(project.run("config -o nowhere/out.yaml").code, Some(1));
}
