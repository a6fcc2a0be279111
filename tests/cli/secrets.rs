//! Secrets: what becomes of them, what is missing at home, and that nothing ever prints one.

use decklift::compose::{LoadOptions, load};
use decklift::ecs::facts::Facts;
use decklift::ecs::{translate, validate};
use insta::assert_snapshot;

use crate::support::Project;

const CANARY: &str = "c4n4ry-v4lu3";

/// A value in every place that a secret can come from.
const EVERYWHERE: &str = r#"
name: shop
services:
  web:
    image: busybox:1.37
    environment: {DB_PASSWORD: "${FROM_SHELL}"}
    secrets:
      - file
      - {source: shell, target: /etc/shell, mode: 0400, uid: "10"}
      - dotenv
      - {source: both, target: b}
    configs:
      - {source: variable, target: /etc/variable}
      - {source: path, target: /etc/path}
      - {source: text, target: /etc/text}
    x-ecs: {secret_env: {DB_PASSWORD: file, TOKEN: shell}}
secrets:
  file: {file: ./file.txt}
  shell: {environment: FROM_SHELL}
  dotenv: {environment: FROM_DOTENV}
  both:
    file: ./file.txt
    x-ecs: {arn: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf", key: password}
configs:
  variable: {environment: FROM_SHELL}
  path: {file: ./file.txt}
  text: {content: "password=${FROM_SHELL}"}
"#;

fn everywhere() -> Project {
    Project::of(EVERYWHERE)
        .file("file.txt", CANARY)
        .file(".env", format!("FROM_DOTENV={CANARY}\n"))
        .variable("FROM_SHELL", CANARY)
}

#[test]
fn no_value_is_ever_printed() {
    let project = everywhere();
    for (command, code) in [
        ("check --verbose", 0),
        ("check --verbose --output json", 0),
        ("convert", 0),
        ("convert --verbose -o out", 0),
        // Nobody says a region.
        ("plan --verbose", 1),
        ("deploy --yes --output json", 1),
    ] {
        let transcript = project.run(command);
        assert_eq!(transcript.code, Some(code), "{transcript}");
        assert!(!transcript.text.contains(CANARY), "{transcript}");
    }
    let mut folders = vec![project.path("out")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = std::fs::read_to_string(&path).expect("text");
                assert!(!text.contains(CANARY), "{}", path.display());
                files += 1;
            }
        }
    }
    assert!(files > 10);
}

#[test]
fn no_value_is_in_what_is_derived() {
    let project = everywhere();
    let variables = [("FROM_SHELL".to_owned(), CANARY.to_owned())].into_iter().collect();
    let options = LoadOptions { cwd: project.path(""), variables, ..LoadOptions::default() };
    let loaded = load(&options);
    let model = loaded.project.expect("a project");
    // These come from elsewhere; what the file itself says in clear, `environment` and `content`, the
    // model has to hold.
    assert!(!format!("{:?}", model.secrets).contains(CANARY));
    let done = translate(&model, None, &Facts::offline(Some("eu-west-1")));
    let faults = validate(&done.desired);
    let all = (&done.desired, &done.diagnostics, &loaded.diagnostics, &loaded.outcomes, &faults);
    assert!(!format!("{all:?}").contains(CANARY));
    assert!(faults.is_empty() && !done.diagnostics.has_errors(), "{faults:?}");
}

#[test]
fn a_secret_as_a_file() {
    let project = Project::web(
        "    secrets: [{source: db, uid: \"103\", mode: 0440}]\nsecrets: {db: {file: db.txt}}\n",
    )
    .file("db.txt", CANARY);
    let transcript = project.run("convert");
    let all: serde_json::Value = serde_json::from_str(transcript.stdout()).expect("JSON");
    let task = &all["ecs/register-task-definition/web.json"];
    assert_snapshot!(serde_json::to_string_pretty(&task["containerDefinitions"]).expect("JSON"));
    assert!(all.get("secretsmanager/create-secret/db.json").is_some(), "{transcript}");
}

#[test]
fn what_is_missing_at_home() {
    let project = Project::web(
        "    secrets: [file, variable, folder]\n    configs: [conf]\n\
         secrets:\n  file: {file: no.txt}\n  variable: {environment: NOT_SET}\n  folder: {file: .}\n\
         configs: {conf: {file: no.conf}}\n",
    );
    assert_snapshot!(project.run("check"));
    assert_snapshot!(project.refused());
}
