//! Every command of the pipeline that `init` writes is run.

use serde_yaml::Value;

use crate::support::{Project, Sandbox};

/// The lines of all `run` steps that call decklift, as a shell would: without what follows `||`.
fn commands(workflow: &Value) -> Vec<String> {
    let jobs = workflow["jobs"].as_mapping().expect("jobs");
    let steps = jobs.iter().flat_map(|(_, job)| job["steps"].as_sequence().expect("steps"));
    let scripts = steps.filter_map(|step| step["run"].as_str());
    let lines = scripts.flat_map(str::lines).filter(|line| line.starts_with("decklift "));
    lines.map(|line| line.split("||").next().expect("a command").trim().to_owned()).collect()
}

#[test]
fn its_commands_do_what_they_should() {
    let sandbox = Sandbox::new("pipeline").variable("DECKLIFT_SANDBOX_ENGINE", "none");
    let project = Project::example("shop");
    let folder = project.path("");
    let file = folder.join("workflow.yml");
    let init = format!("init --ci github -o {} -p pipe -E prod", file.display());
    sandbox.run_in(&folder, &init).exits(0);
    let workflow: Value = serde_yaml::from_str(&project.read("workflow.yml")).expect("YAML");
    assert_eq!(workflow["permissions"]["id-token"], "write");
    assert!(workflow["on"].get("pull_request").is_some(), "{workflow:?}");
    assert_eq!(workflow["on"]["push"]["branches"][0], "main");
    assert_eq!(workflow["jobs"]["deploy"]["concurrency"]["cancel-in-progress"], false);

    let all = commands(&workflow);
    let given = "--project-name pipe --environment prod";
    let expected = ["check", "plan --exit-code", "deploy --yes"];
    assert_eq!(all, expected.map(|command| format!("decklift {command} {given}")));
    let run = |command: &str| {
        let arguments = command.strip_prefix("decklift ").expect("decklift");
        sandbox.run_in(&folder, &format!("{arguments} --sandbox"))
    };
    run(&all[0]).exits(0).prints("can go to ECS");
    run(&all[1]).exits(2);
    run(&all[2]).exits(0);
    run(&all[1]).exits(0);
}
