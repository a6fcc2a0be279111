//! Secrets with real containers: from this machine to a file and a variable, and nowhere else; and a
//! job that calls a service by its name.

use serde_json::json;

use crate::emulator::{Emulator, get};
use crate::support::{Project, Sandbox, engine};

/// `web` shows its secrets to whoever asks; `ask` asks by the name that Compose gives it.
const APP: &str = r#"name: vault
services:
  web:
    image: busybox:1.37
    command: sh -c 'echo "$$TOKEN" > /tmp/token; ln -s /run/secrets/db /tmp/db; ls -ln /run/secrets > /tmp/list; echo ok > /tmp/index.html; exec httpd -f -p 80 -h /tmp'
    ports: ["8080:80"]
    stop_grace_period: 2s
    healthcheck: {test: [CMD, "true"], interval: 5s}
    secrets:
      - {source: db, mode: 0440, uid: "103"}
    x-ecs: {secret_env: {TOKEN: token}}
  ask:
    image: busybox:1.37
    command: wget -qO- http://web/list
    depends_on: {web: {condition: service_healthy}}
    x-ecs: {job: true}
secrets:
  db: {file: db.txt}
  token: {environment: VAULT_TOKEN}
"#;

#[test]
fn a_value_reaches_its_container_and_nobody_else() {
    if !engine("a_value_reaches_its_container_and_nobody_else") {
        return;
    }
    let sandbox = Sandbox::new("secrets").variable("VAULT_TOKEN", "t0k3n-of-the-vault");
    let project = Project::of(APP);
    project.write("db.txt", "pa$$ \"w0rd\"\n");
    let secret = ["w0rd", "t0k3n"];
    let plan = sandbox.run(&project.arguments("plan --output json")).exits(0);
    let first = sandbox.run(&project.arguments("deploy --yes")).exits(0);
    let first = first.says("ask | -r--r-----    1 103");
    let url = first.url("web");
    assert_eq!(get(&format!("{url}/db")).expect("a file").1, "pa$$ \"w0rd\"\n");
    assert_eq!(get(&format!("{url}/token")).expect("a file").1.trim(), "t0k3n-of-the-vault");
    let nothing = sandbox.run(&project.arguments("plan")).exits(0).prints("No changes");

    // Another value is another version, and the old revision keeps the old one.
    let aws = Emulator::of(&sandbox);
    let before = aws.task_definitions();
    project.write("db.txt", "n3xt");
    let changed =
        sandbox.run(&project.arguments("plan --exit-code")).exits(2).prints("SecretString");
    let second = sandbox.run(&project.arguments("deploy --yes")).exits(0);
    assert_eq!(get(&format!("{url}/db")).expect("a file").1, "n3xt");
    assert_eq!(aws.task_definitions().difference(&before).count(), 1);
    let written = |revision: u32| {
        let wanted = json!({"taskDefinition": format!("vault-web:{revision}")});
        aws.ecs("DescribeTaskDefinition", &wanted).to_string()
    };
    for told in [&plan, &first, &nothing, &changed, &second] {
        for secret in secret.iter().chain(&["n3xt"]) {
            assert!(!told.stdout.contains(secret) && !told.stderr.contains(secret), "{secret}");
        }
    }
    for revision in [1, 2] {
        for secret in secret.iter().chain(&["n3xt"]) {
            assert!(!written(revision).contains(secret), "{secret}");
        }
    }
    sandbox.run(&project.arguments("down --yes")).exits(0);
}
