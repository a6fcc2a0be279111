//! `decklift init`: a pipeline.

use std::fs;

use insta::assert_snapshot;

use crate::support::Project;

const WORKFLOW: &str = ".github/workflows/decklift.yml";

#[test]
fn a_workflow_for_github() {
    assert_snapshot!(Project::web("").run("init --ci github -o -"));
}

#[test]
fn what_is_given_stands_in_the_commands() {
    let project = Project::web("");
    let options = "-f deploy/compose.yaml -p shop --environment prod --region eu-west-1";
    let transcript = project.run(&format!("init --ci github -o - {options}"));
    assert_eq!(transcript.code, Some(0), "{transcript}");
    let given =
        "--file deploy/compose.yaml --project-name shop --environment prod --region eu-west-1";
    for command in ["check", "plan --exit-code", "deploy --yes"] {
        assert!(transcript.text.contains(&format!("decklift {command} {given}")), "{transcript}");
    }
    assert!(transcript.text.contains("aws-region: eu-west-1"), "{transcript}");
    assert!(transcript.text.contains("group: decklift-prod"), "{transcript}");
    assert!(!transcript.text.contains("vars.AWS_REGION"), "{transcript}");
}

#[test]
fn what_is_there_is_kept_unless_forced() {
    let project = Project::web("");
    assert_snapshot!(project.run("init --ci github"), @r"
    $ decklift init --ci github
    --- stderr
    wrote .github/workflows/decklift.yml; its head says what to set up on GitHub
    ---
    exit code 0
    ");
    let written = fs::read_to_string(project.path(WORKFLOW)).expect("a workflow");
    fs::write(project.path(WORKFLOW), "mine").expect("written");
    assert_snapshot!(project.run("init --ci github"), @r"
    $ decklift init --ci github
    --- stderr
    error: .github/workflows/decklift.yml exists already
     help: overwrite it with --force, or print the new one with `-o -`
    ---
    exit code 64
    ");
    assert_eq!(fs::read_to_string(project.path(WORKFLOW)).expect("a workflow"), "mine");
    assert_eq!(project.run("init --ci github --force").code, Some(0));
    assert_eq!(fs::read_to_string(project.path(WORKFLOW)).expect("a workflow"), written);
}

#[test]
fn a_file_outside_the_repository_is_refused() {
    for file in ["/etc/compose.yaml", "../compose.yaml", "-"] {
        let transcript = Project::web("").run(&format!("init --ci github -f {file}"));
        assert_eq!(transcript.code, Some(64), "{transcript}");
        assert!(transcript.text.contains("a pipeline does not have"), "{transcript}");
    }
}
