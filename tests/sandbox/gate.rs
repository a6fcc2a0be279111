//! `--scan-gate`: what ECR's scans find keeps images from being used.

use serde_json::{Value, json};

use crate::emulator::Emulator;
use crate::support::{Project, Ran, Sandbox};

const APP: &str = "name: app\nservices:\n  web: {image: acme/web:1, x-ecs: {mirror: true}}\n  \
                   api: {image: acme/api:1, x-ecs: {mirror: true}}\n";

fn events(ran: &Ran, name: &str) -> Vec<Value> {
    let events = ran.stdout.lines().map(|line| serde_json::from_str(line).expect("an event"));
    events.filter(|event: &Value| event["event"] == name).collect()
}

#[test]
fn what_scans_find_keeps_images_from_being_used() {
    let sandbox = Sandbox::new("gate").variable("DECKLIFT_SANDBOX_ENGINE", "none");
    let project = Project::of(APP);
    let folder = project.path("");
    let run = |arguments: &str| sandbox.run_in(&folder, &format!("{arguments} --sandbox"));

    // The sandbox scans nothing, which is no verdict, and says so.
    let ran = run("push --scan-gate low").exits(0).says("nothing is scanned in the sandbox");
    assert!(ran.stdout.contains("app/web@sha256:"), "{}", ran.stdout);
    run("push --scan-gate low --strict").exits(1).says("refuses the images of web, api");
    run("push --scan-gate awful").exits(64).says("critical, high, medium, low or informational");

    // Findings of the gate's severity refuse one image; the others are named, too.
    let found = |repository: &str, findings: Value| {
        let body = json!({"repository": repository, "findings": findings});
        Emulator::of(&sandbox).scan(&body);
    };
    found("app/web", json!({"HIGH": 2, "LOW": 3}));
    found("app/api", json!({"LOW": 1}));
    run("push --scan-gate critical").exits(0);
    let refused = run("push --scan-gate high --tag good");
    let refused = refused.exits(1).says("web: refused by the gate `high`: 2 high findings");
    let refused = refused.says("SANDBOX-HIGH-1  high  sandbox 1.0  https://example.com/");
    assert!(refused.says("refuses the images of web").stdout.is_empty());
    let ran = run("push --scan-gate high --output json").exits(1);
    let mut scans = events(&ran, "scanned");
    // They come as they end.
    scans.sort_by_key(|scan| scan["service"].to_string());
    let [api, web] = &scans[..] else { panic!("{}", ran.stdout) };
    assert_eq!((&web["service"], &web["passed"]), (&json!("web"), &json!(false)));
    assert_eq!(web["counts"], json!({"high": 2, "low": 3}));
    assert_eq!(web["findings"][0]["package"], "sandbox 1.0");
    assert_eq!((&api["service"], &api["passed"]), (&json!("api"), &json!(true)));
    assert_eq!(events(&ran, "finished")[0]["outcome"], "failed");
    assert!(events(&ran, "image-ready").is_empty());
    let images = run("images web --output json").exits(0).stdout;
    assert!(!images.contains("\"good\""), "{images}");

    // No service is changed by a deploy whose images stand there already and are refused...
    run("deploy --yes --scan-gate high").exits(1).says("refuses the images of web");
    run("plan").exits(0).prints("cluster");
    // ...nor by one that pushes them first: nothing but images and their repositories is made.
    project.edit("compose.yaml", "acme/web:1", "acme/web:2");
    let ran = run("deploy --yes --scan-gate high --output json").exits(1);
    let done: Vec<String> = events(&ran, "step-done")
        .iter()
        .map(|step| step["resource"].as_str().expect("a resource").to_owned())
        .collect();
    assert_eq!(done, Vec::<String>::new(), "{}", ran.stdout);
    let failed = events(&ran, "step-failed");
    assert_eq!(failed[0]["resource"], "image/web", "{}", ran.stdout);
    assert_eq!(failed.len(), 1);

    found("app/web", json!({"LOW": 3}));
    run("deploy --yes --scan-gate high").exits(0).says("nothing of severity high or above");
    run("deploy --yes --scan-gate low").exits(0);
}
