//! What `plan` and `deploy` check by themselves before anything is changed: whole commands, told to
//! take the emulator for AWS.

use std::path::Path;
use std::process::Command;

use decklift::apply::cloud::Cloud;
use decklift::ecs::desired::{Body, CreateRole, Kind, ResourceId, Role};

use crate::emulator::Emulator;
use crate::{http, stack};

/// An image of ECR, so that no other registry is asked; nothing of what is named is there.
fn compose(name: &str) -> String {
    format!(
        "name: {name}\n\
         services:\n\
         \x20 web:\n\
         \x20   image: 000000000000.dkr.ecr.us-east-1.amazonaws.com/nothing:1\n\
         \x20   environment: {{MODE: one}}\n\
         \x20   x-ecs:\n\
         \x20     execution_role: {name}-ops\n\
         \x20     secret_env: {{KEY: /{name}/key}}\n"
    )
}

struct Ran {
    code: Option<i32>,
    text: String,
}

fn run(folder: &Path, endpoint: &str, arguments: &str) -> Ran {
    let output = Command::new(assert_cmd::cargo::cargo_bin!("decklift"))
        .args(arguments.split_whitespace())
        .current_dir(folder)
        .env("AWS_ENDPOINT_URL", endpoint)
        .envs([("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test")])
        .envs([("AWS_REGION", "us-east-1"), ("AWS_EC2_METADATA_DISABLED", "true")])
        .envs([("DOCKER", "/nonexistent/docker"), ("NO_COLOR", "1")])
        .env_remove("GITHUB_ACTIONS")
        .output()
        .expect("decklift runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ran { code: output.status.code(), text: text(&output.stdout) + &text(&output.stderr) }
}

/// The releases that there are, and clusters: a deploy that was stopped has made neither.
fn traces(endpoint: &str, name: &str) -> String {
    let address = endpoint.trim_start_matches("http://");
    let json = |target: &str, body: &str| {
        let kind = format!("application/x-amz-json-1.1\r\nX-Amz-Target: {target}");
        http(address, "POST", "/", &kind, body)
    };
    let releases = json(
        "AmazonSSM.GetParametersByPath",
        &format!(r#"{{"Path":"/decklift/{name}/default/releases"}}"#),
    );
    let clusters = json("AmazonEC2ContainerServiceV20141113.ListClusters", "{}");
    let lines = releases.lines().chain(clusters.lines());
    lines.filter(|line| line.contains(name)).collect()
}

#[test]
fn what_the_file_names_is_looked_at_before_a_deploy_and_not_again() {
    let Some(emulator) = Emulator::start("first") else { return };
    crate::route_out(&emulator.endpoint);
    let folder = tempfile::tempdir().expect("a folder");
    let name = stack("first");
    let write =
        |text: &str| std::fs::write(folder.path().join("compose.yaml"), text).expect("written");
    let text = compose(&name);
    write(&text);
    let run = |arguments: &str| run(folder.path(), &emulator.endpoint, arguments);
    for command in ["plan", "deploy --yes"] {
        let ran = run(command);
        assert_eq!(ran.code, Some(3), "{}", ran.text);
        for told in [
            format!("there is no role {name}-ops"),
            format!("there is no parameter /{name}/key in us-east-1"),
            "there is no repository for the image".to_owned(),
            "compose.yaml:7:".to_owned(),
            "--no-verify".to_owned(),
        ] {
            assert!(ran.text.contains(&told), "{command}: no `{told}` in {}", ran.text);
        }
    }
    assert_eq!(traces(&emulator.endpoint, &name), "");

    let ran = run("plan --no-verify");
    assert_eq!(ran.code, Some(0), "{}", ran.text);
    // A simulated task asks for no role, and for every secret.
    let line = text.lines().find(|line| line.contains("secret_env")).expect("a line");
    let text = text.replace(&format!("{line}\n"), "");
    write(&text);
    let ran = run("deploy --yes --no-verify");
    assert_eq!(ran.code, Some(0), "{}", ran.text);
    assert!(traces(&emulator.endpoint, &name).contains("releases"), "a release");

    // What the last release reached is not looked at again, and neither is it for code alone.
    let ran = run("deploy --yes");
    assert_eq!(ran.code, Some(0), "{}", ran.text);
    write(&text.replace("MODE: one", "MODE: two"));
    let ran = run("deploy --yes");
    assert_eq!(ran.code, Some(0), "{}", ran.text);
    // Something else changes, and it is.
    write(
        &text
            .replace("MODE: one", "MODE: two")
            .replace("services:", "x-ecs: {tags: {team: a}}\nservices:"),
    );
    let ran = run("deploy --yes");
    assert_eq!(ran.code, Some(3), "{}", ran.text);
}

#[tokio::test(flavor = "current_thread")]
async fn a_role_that_trusts_somebody_else_and_subnets_without_a_way_out_stop_a_deploy() {
    let Some(emulator) = Emulator::start("trust") else { return };
    crate::route_out(&emulator.endpoint);
    let address = emulator.endpoint.trim_start_matches("http://");
    let name = stack("trust");
    let form = |body: &str| http(address, "POST", "/", "application/x-www-form-urlencoded", body);
    let create = CreateRole {
        path: "/".to_owned(),
        role_name: format!("{name}-ops"),
        assume_role_policy_document: r#"{"Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"}}],"Version":"2012-10-17"}"#.to_owned(),
        description: "theirs".to_owned(),
        permissions_boundary: None,
        tags: Vec::new(),
    };
    let role = Body::Role(Box::new(Role { create, policy: None, attached: None }));
    let aws = crate::connect(&emulator.endpoint).await;
    aws.create(&ResourceId::new(Kind::Role, "ops"), &role, false).await.expect("a role");
    let made = form("Action=CreateVpc&Version=2016-11-15&CidrBlock=10.9.0.0/16");
    let vpc = between(&made, "<vpcId>");
    let made =
        form(&format!("Action=CreateSubnet&Version=2016-11-15&VpcId={vpc}&CidrBlock=10.9.1.0/28"));
    let subnet = between(&made, "<subnetId>");
    let folder = tempfile::tempdir().expect("a folder");
    let text = format!(
        "name: {name}\nx-ecs: {{subnets: [{subnet}]}}\nservices:\n  web: {{image: \
         000000000000.dkr.ecr.us-east-1.amazonaws.com/nothing:1, x-ecs: {{execution_role: {name}-ops}}, scale: 999}}\n"
    );
    std::fs::write(folder.path().join("compose.yaml"), text).expect("written");
    let ran = run(folder.path(), &emulator.endpoint, "deploy --yes");
    assert_eq!(ran.code, Some(3), "{}", ran.text);
    for told in [
        format!("{name}-ops does not let ecs-tasks.amazonaws.com take it"),
        format!("{subnet} has no route to the Internet, and the VPC lacks endpoints"),
        "free addresses, and a rollout needs 999".to_owned(),
    ] {
        assert!(ran.text.contains(&told), "no `{told}` in {}", ran.text);
    }
    assert_eq!(traces(&emulator.endpoint, &name), "");
}

/// What stands behind a tag of XML.
fn between<'a>(xml: &'a str, tag: &str) -> &'a str {
    let rest = xml.split_once(tag).map_or("", |(_, rest)| rest);
    let found = rest.split('<').next().unwrap_or_default();
    assert!(!found.is_empty(), "no {tag} in {xml}");
    found
}
