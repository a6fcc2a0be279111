//! Plans in files, and parts of a project: what is refused before anybody is asked anything.

use crate::support::{Project, nobody};

/// A plan that does nothing, with these options.
fn plan(options: &str) -> String {
    format!(
        r#"{{"kind": "decklift-plan", "version": 1, "program": "0.1.0",
        "target": {{"project": "shop", "account": "111122223333", "region": "eu-west-1"}},
        "options": {{{options}}}, "salt": "00", "seals": [],
        "plan": {{"version": 2, "stack": "shop", "known": {{}}, "steps": [], "public": []}}}}"#
    )
}

fn project() -> Project {
    let text = "services:\n  web: {image: 'busybox:1.37', depends_on: [api]}\n  \
                api: {image: 'busybox:1.37'}\n  \
                many: {image: 'busybox:1.37', x-ecs: {autoscaling: {min: 1, max: 3, cpu: 50}}}\n";
    Project::of(text).endpoint(&nobody())
}

fn refused(project: &Project, arguments: &str, says: &str) {
    let transcript = project.run(arguments);
    assert_eq!(transcript.code, Some(64), "{transcript}");
    assert!(transcript.text.contains(says), "no `{says}` in {transcript}");
}

/// It was read, and the network is asked.
fn taken(project: &Project, arguments: &str) {
    let transcript = project.run(arguments);
    assert_eq!(transcript.code, Some(1), "{transcript}");
    assert!(transcript.text.contains("sts:GetCallerIdentity"), "{transcript}");
}

#[test]
fn services_are_named() {
    let project = project();
    for command in ["plan", "deploy --yes"] {
        refused(&project, &format!("{command} wbe"), "did you mean `web`");
        refused(&project, &format!("{command} --no-deps"), "leaves nothing out");
        refused(&project, &format!("{command} --scale wbe=2"), "there is no service `wbe`");
        refused(&project, &format!("{command} --scale web"), "SERVICE=N");
        refused(&project, &format!("{command} --scale many=2"), "Application Auto Scaling");
        taken(&project, &format!("{command} web --no-deps --scale web=2"));
    }
}

#[test]
fn a_file_is_a_plan_or_it_is_refused() {
    let project = project().file("p.json", plan("")).file("notes.txt", "not a plan");
    taken(&project, "deploy p.json");
    taken(&project, "deploy ./p.json --timeout 1h --yes --region eu-west-1");
    refused(&project, "deploy notes.txt", "holds no plan");
    refused(&project, "deploy gone.json", "there is no service `gone.json`");
    refused(&project, "deploy p.json web", "name the file alone");
    let newer = plan("").replace("\"version\": 1", "\"version\": 7");
    refused(&project.file("p.json", newer), "deploy p.json", "format 7");
}

#[test]
fn what_was_asked_for_then_holds() {
    let project = project().file("p.json", plan(r#""force": true, "services": ["api"]"#));
    taken(&project, "deploy p.json --force");
    for option in [
        "--build",
        "--no-rollback",
        "--scale web=2",
        "--allow-destroy",
        "--region us-east-1",
        "--environment prod",
        "-p other",
        "--profile x",
    ] {
        refused(&project, &format!("deploy p.json {option}"), "was written without this");
    }
    let unknown = project.file("p.json", plan(r#""sudo": true"#));
    refused(&unknown, "deploy p.json", "unknown field `sudo`");
}

#[test]
fn a_service_of_that_name_goes_first() {
    let text = "services:\n  p.json: {image: 'busybox:1.37'}\n";
    let project = Project::of(text).endpoint(&nobody()).file("p.json", plan(r#""force": true"#));
    let transcript = project.run("deploy p.json --build");
    assert!(transcript.text.contains("p.json is a service and the file of a plan"), "{transcript}");
    assert_eq!(transcript.code, Some(1), "{transcript}");
    refused(&project, "deploy ./p.json --build", "was written without this");
}

#[test]
fn a_plan_needs_its_files_again() {
    let transcript = project().run_with("plan -f - -o p.json", "services: {a: {image: x}}\n");
    assert_eq!(transcript.code, Some(64), "{transcript}");
    assert!(transcript.text.contains("standard input"), "{transcript}");
}
