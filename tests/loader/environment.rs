use crate::support::{Case, messages, one};

fn environment(case: &Case) -> Vec<String> {
    let loaded = case.load();
    assert!(!loaded.diagnostics.has_errors(), "{}", case.drawn());
    let project = loaded.project.expect("a project");
    let web = &project.services["web"];
    web.environment.iter().map(|(name, value)| format!("{name}={}", value.value)).collect()
}

const WEB: &str = "services:\n  web:\n    image: a\n";

#[test]
fn env_files_come_first_and_the_environment_wins() {
    let text =
        format!("{WEB}    env_file: [one.env, {{path: two.env}}]\n    environment: {{C: own}}\n");
    let case = Case::new(&[
        ("compose.yaml", &text),
        ("one.env", "A=1\nB=1\nC=1\n"),
        ("two.env", "B=2\nFROM=${C}-${SHELL_ONLY}\nBARE\nGONE\n"),
    ])
    .variable("SHELL_ONLY", "shell")
    .variable("BARE", "bare");
    assert_eq!(environment(&case), ["A=1", "B=2", "C=own", "FROM=own-shell", "BARE=bare"]);
}

#[test]
fn raw_env_files_are_taken_as_they_stand() {
    let text = format!("{WEB}    env_file: [{{path: a.env, format: raw}}]\n");
    let case = Case::new(&[("compose.yaml", &text), ("a.env", "A=\"$X\" # no\n")]);
    assert_eq!(environment(&case), ["A=\"$X\" # no"]);
}

#[test]
fn the_dot_env_file_is_for_interpolation_and_the_shell_wins() {
    let text = format!("{WEB}    environment: {{A: \"${{A}}\", B: \"${{B}}\", C: , D: }}\n");
    let case = Case::new(&[("compose.yaml", &text), (".env", "A=file\nB=file\nC=file\n")])
        .variable("A", "shell");
    assert_eq!(environment(&case), ["A=shell", "B=file", "C=file"]);
}

#[test]
fn named_env_files_replace_dot_env_and_the_last_wins() {
    let text = format!("{WEB}    environment: {{A: \"${{A}}\", B: \"${{B:-no}}\"}}\n");
    let files = [
        ("compose.yaml", text.as_str()),
        (".env", "B=dot\n"),
        ("x/one.env", "A=one\n"),
        ("x/two.env", "A=two-$A\n"),
    ];
    let mut case = Case::new(&files);
    case.options.env_files = vec!["x/one.env".into(), "x/two.env".into()];
    assert_eq!(environment(&case), ["A=two-one", "B=no"]);
    let case = Case::new(&files).variable("COMPOSE_ENV_FILES", "x/one.env");
    assert_eq!(environment(&case), ["A=one", "B=no"]);
    let case = Case::new(&files).variable("COMPOSE_DISABLE_ENV_FILE", "true").variable("A", "a");
    assert_eq!(environment(&case), ["A=a", "B=no"]);
}

#[test]
fn an_env_file_of_an_inactive_service_is_not_read() {
    let text = format!("{WEB}  debug: {{image: b, profiles: [d], env_file: nope.env}}\n");
    let case = Case::new(&[("compose.yaml", &text)]);
    assert!(!case.load().diagnostics.has_errors());
    assert!(case.profile("d").load().diagnostics.has_errors());
}

/// A value that must never be shown.
const CANARY: &str = "c4n4ry-s3cr3t";

#[test]
fn secrets_of_env_files_are_never_shown() {
    let cases = [
        // Broken env files: the fault stands in a line with a secret, or right after one.
        (format!("{WEB}    env_file: a.env\n"), format!("A={CANARY}\nB=\"{CANARY}\n")),
        (format!("{WEB}    env_file: a.env\n"), format!("{CANARY} {CANARY}\n")),
        (format!("{WEB}    env_file: a.env\n"), format!("A=${{{CANARY}!\n")),
        // Values of variables in places that do not take them.
        (format!("{WEB}    cpus: ${{SECRET}}\n    mem_limit: a${{SECRET}}\n"), String::new()),
        (
            format!("{WEB}    ports: [\"${{SECRET}}:80\"]\n    restart: ${{SECRET}}\n"),
            String::new(),
        ),
        (
            format!("{WEB}    init: ${{SECRET}}\n    deploy: {{mode: \"x${{SECRET}}\"}}\n"),
            String::new(),
        ),
        (
            format!(
                "{WEB}    healthcheck: {{test: [\"${{SECRET}}\"], interval: \"${{SECRET}}\"}}\n"
            ),
            String::new(),
        ),
        (
            format!("{WEB}    volumes: [\"a:b:c:${{SECRET}}\"]\n    pull_policy: ${{SECRET}}\n"),
            String::new(),
        ),
        (
            format!("{WEB}    tmpfs: \"/a:${{SECRET}}\"\n    volumes: [\"a:/b:${{SECRET}}\"]\n"),
            String::new(),
        ),
        (
            format!("{WEB}    depends_on: [\"${{SECRET}}\"]\n    networks: [\"${{SECRET}}\"]\n"),
            String::new(),
        ),
        (
            format!(
                "{WEB}    volumes: [\"${{SECRET}}:/a\", \"b:/${{SECRET}}\"]\n    tmpfs: \"/${{SECRET}}\"\n"
            ),
            String::new(),
        ),
        (
            format!(
                "{WEB}    env_file: [\"${{SECRET}}\"]\n    environment: [\"${{SECRET}} =1\"]\n"
            ),
            String::new(),
        ),
        (
            format!(
                "{WEB}    command: \"\\\"${{SECRET}}\"\n    platform: ${{SECRET}}\n    build: {{platforms: [x]}}\n"
            ),
            String::new(),
        ),
        (format!("{WEB}    profiles: [\"${{SECRET}}\"]\n"), String::new()),
        (format!("{WEB}    depends_on: {{b: {{condition: \"${{SECRET}}\"}}}}\n"), String::new()),
        (
            format!("{WEB}    user: ${{X:?${{SECRET}}}}\n    hostname: ${{SECRET:+${{Y:?no}}}}\n"),
            String::new(),
        ),
        (
            format!(
                "name: ${{SECRET}}\n{WEB}    networks: {{n: {{aliases: a}}}}\nnetworks: {{n: {{driver: \"${{SECRET}}\"}}}}\n"
            ),
            String::new(),
        ),
    ];
    for (text, env_file) in cases {
        let dot = format!("SECRET={CANARY}\n");
        let case = Case::new(&[("compose.yaml", &text), ("a.env", &env_file), (".env", &dot)]);
        let drawn = case.drawn();
        assert!(!drawn.contains(CANARY), "{text}\n{drawn}");
        let loaded = case.load();
        let all = format!("{:?}", loaded.diagnostics);
        assert!(!all.contains(CANARY), "{text}\n{all}");
    }
    let broken = format!("OK=1\nB='{CANARY}\n");
    let drawn = Case::new(&[("compose.yaml", WEB), (".env", &broken)]).drawn();
    assert!(drawn.contains("`B`") && !drawn.contains(CANARY), "{drawn}");
}

#[test]
fn a_broken_env_file_shows_its_place() {
    let text = format!("{WEB}    env_file: a.env\n");
    let case = Case::new(&[("compose.yaml", &text), ("a.env", "GOOD=1\nBAD=\"never closed\n")]);
    insta::assert_snapshot!(case.drawn());
    assert_eq!(messages(&case.load()).len(), 1);
}

#[test]
fn a_variable_behind_an_anchor_is_missed_once() {
    let text = "x-all: &all {environment: {A: \"${A:?set A}\"}}\nservices:\n  \
                a: {<<: *all, image: a}\n  b: {<<: *all, image: b}\n";
    let loaded = one(text).load();
    let missed: Vec<_> = loaded.diagnostics.iter().filter(|d| d.message.contains("`A`")).collect();
    assert_eq!(missed.len(), 1, "{missed:?}");
    let places: Vec<_> =
        missed[0].labels.iter().map(|label| loaded.sources.slice(label.span)).collect();
    assert_eq!(places, ["${A:?set A}", "*all", "*all"]);
}
