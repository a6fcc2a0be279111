//! Plans in files, parts of a project, and what holds data, in the sandbox without containers.

use std::fs;

use crate::support::{Project, Ran, Sandbox};

const APP: &str = r#"name: plans
services:
  web:
    image: busybox:1.37
    ports: ["8080:80"]
    environment: {GREETING: "${GREETING:-hello}"}
    depends_on: [api]
  api:
    image: busybox:1.37
    expose: ["9000"]
    volumes: ["data:/data"]
  other: {image: busybox:1.37}
volumes: {data: {}}
"#;

#[test]
fn a_plan_is_applied_as_it_was_read_or_not_at_all() {
    let sandbox = Sandbox::new("plans").variable("DECKLIFT_SANDBOX_ENGINE", "none");
    let project = Project::of(APP);
    let folder = project.path("");
    let run = |arguments: &str| sandbox.run_in(&folder, arguments);
    run("plan --sandbox -o p.json").exits(0).prints("(compose.yaml:3:3)").says("p.json");
    private(&project);

    // Somebody edits the file meanwhile: nothing is done.
    project.edit("compose.yaml", "-hello", "-hi there");
    let refused = run("deploy p.json").exits(1).says("the world has moved");
    refused.says("task-definition/web: something else would be sent").says("plan -o p.json");
    run("plan --sandbox").exits(0).prints("+ cluster");
    run("plan --sandbox -o p.json").exits(0);
    assert!(!project.read("p.json").contains("hi there"));
    run("deploy p.json").exits(0).says("rollout service/web");
    run("deploy p.json").exits(1).says("service/web: rollout is not due any more");
    run("plan --sandbox --exit-code").exits(0).prints("No changes");

    a_part(&project, &run);
    data(&project, &run);
}

#[cfg(unix)]
fn private(project: &Project) {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(project.path("p.json")).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[cfg(not(unix))]
fn private(project: &Project) {
    assert!(fs::metadata(project.path("p.json")).is_ok());
}

/// What is not named stays, whatever the file says.
fn a_part(project: &Project, run: &dyn Fn(&str) -> Ran) {
    project.edit("compose.yaml", "busybox:1.37", "busybox:1.36");
    let plan = run("plan --sandbox web --no-deps").exits(0).prints("new deployment").stdout;
    assert!(
        plan.contains(" web ") && !plan.contains(" api ") && !plan.contains(" other "),
        "{plan}"
    );
    // The line of the attribute, not of the service.
    assert!(plan.contains("(compose.yaml:4:12)"), "{plan}");
    run("deploy --sandbox --yes web --scale web=2").exits(0).says("rollout service/api");
    let left = run("plan --sandbox --exit-code").exits(2).stdout;
    assert!(left.contains("desiredCount: 2 -> 1") && left.contains(" other "), "{left}");
    assert!(left.contains("changed in the Compose file"), "{left}");
    run("deploy --sandbox --yes").exits(0);
    run("plan --sandbox --exit-code").exits(0);
}

/// What holds data stays until somebody says otherwise.
fn data(project: &Project, run: &dyn Fn(&str) -> Ran) {
    project.edit("compose.yaml", "    volumes: [\"data:/data\"]\n", "");
    let kept = "kept: no longer in the Compose file";
    run("deploy --sandbox --yes").exits(0).says(kept).says("--allow-destroy=file-system/data");
    run("plan --sandbox --exit-code").exits(0).prints(kept).prints("No changes");
    let plan = "plan --sandbox --exit-code --allow-destroy=file-system/data";
    run(plan).exits(2).prints("with all data in it");
    run("plan --sandbox --allow-destroy=nothing").exits(0).says("nothing of that name left");
    run("deploy --sandbox --yes --allow-destroy=file-system/data").exits(0);
    let left = run("plan --sandbox").exits(0).prints("No changes").stdout;
    assert!(!left.contains("file system"), "{left}");
}
