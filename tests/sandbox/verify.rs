//! What stands in the way of a deploy, said before it, and gone once it is put right.

use serde_json::json;

use crate::emulator::Emulator;
use crate::support::{Project, Sandbox};

const APP: &str = r#"name: checked
services:
  web:
    image: busybox:1.37
    command: httpd -f -p 80
    ports: ["8080:80"]
    x-ecs:
      secret_env:
        TOKEN: token
        KEY: /checked/key
secrets:
  token: {external: true, name: outside/token}
"#;

#[test]
fn what_is_missing_is_found_and_then_it_is_not() {
    let sandbox = Sandbox::new("verify").variable("DECKLIFT_SANDBOX_ENGINE", "none");
    let project = Project::of(APP);
    let first = sandbox.run(&project.arguments("verify")).exits(3);
    let first = first.prints("there is no secret outside/token");
    first.prints("there is no parameter /checked/key").prints("2 failures");
    let aws = Emulator::of(&sandbox);
    aws.json(
        "secretsmanager",
        "secretsmanager.CreateSecret",
        &json!({"Name": "outside/token", "SecretString": "s3cret-of-others"}),
    );
    let parameter = json!({"Name": "/checked/key", "Value": "v4lue", "Type": "SecureString"});
    aws.json("ssm", "AmazonSSM.PutParameter", &parameter);
    let second = sandbox.run(&project.arguments("verify")).exits(0).prints("0 failures");
    for told in [&second.stdout, &second.stderr] {
        assert!(!told.contains("s3cret") && !told.contains("v4lue"), "{told}");
    }
}
