//! The command line itself.

use decklift::diagnostic::Code;
use insta::assert_snapshot;

use crate::support::Project;

#[test]
fn nothing_given() {
    let transcript = Project::empty().run("");
    assert_eq!(transcript.code, Some(64), "{transcript}");
    assert!(transcript.text.contains("Usage: decklift [OPTIONS] <COMMAND>"), "{transcript}");
}

#[test]
fn help() {
    assert_snapshot!(Project::empty().run("-h"));
    let long = Project::empty().run("--help");
    assert_eq!(long.code, Some(0), "{long}");
    for command in
        ["explain", "plan", "deploy", "ps", "logs", "init", "down", "sandbox", "sandbox logs"]
    {
        let transcript = Project::empty().run(&format!("{command} --help"));
        assert_eq!(transcript.code, Some(0), "{transcript}");
        assert!(transcript.text.contains("Usage: decklift"), "{transcript}");
    }
}

#[test]
fn deploy_help() {
    assert_snapshot!(Project::empty().run("up -h"));
}

#[test]
fn version() {
    assert_snapshot!(Project::empty().run("--version"), @r"
    $ decklift --version
    --- stdout
    decklift 0.1.0
    ---
    exit code 0
    ");
}

#[test]
fn unknown_command() {
    assert_snapshot!(Project::empty().run("deplyo"));
}

#[test]
fn unknown_option() {
    assert_snapshot!(Project::empty().run("deploy --yess"));
}

#[test]
fn bad_time() {
    assert_snapshot!(Project::empty().run("deploy --timeout 5parsecs"));
}

#[test]
fn bad_choice() {
    assert_snapshot!(Project::empty().run("plan --output yaml"));
}

#[test]
fn option_without_its_value() {
    assert_snapshot!(Project::empty().run("plan -f"));
}

#[test]
fn explanations() {
    assert_snapshot!(Project::empty().run("explain several-files"));
    assert_snapshot!(Project::empty().run("explain yaml-sintax"));
    let list = Project::empty().run("explain");
    assert_eq!(list.code, Some(0), "{list}");
    for code in Code::ALL {
        let line = format!("{code} ");
        assert!(list.text.lines().any(|found| found.starts_with(&line)), "{code}: {list}");
    }
}
