//! `decklift iam-policy`: what whoever deploys may do.

use insta::assert_snapshot;

use crate::support::Project;

const SHOP: &str = "\
name: shop
x-ecs: {permissions_boundary: limit, certificate: shop.example.com}
services:
  web:
    build: .
    ports: ['80:8080', '443:8080']
    volumes: ['data:/data']
    secrets: [token, theirs]
    depends_on: {migrate: {condition: service_completed_successfully}}
    x-ecs: {autoscaling: {min: 1, max: 3, cpu: 60}}
  migrate: {image: 'busybox:1.37', command: 'true'}
  report: {image: 'busybox:1.37', command: 'true', x-ecs: {schedule: rate(1 day)}}
volumes: {data: {}}
secrets:
  token: {environment: TOKEN}
  theirs: {external: true, name: theirs}
";

#[test]
fn of_one_service() {
    let project = Project::web("");
    assert_snapshot!(project.run("iam-policy --region eu-west-1 --account 123456789012"));
}

#[test]
fn of_everything() {
    let project = Project::of(SHOP).file("Dockerfile", "FROM busybox:1.37\n");
    let line = "iam-policy -E prod --region cn-north-1 --account 123456789012";
    let policy = project.run(line);
    assert_eq!(policy.code, Some(0), "{policy}");
    assert!(!policy.text.contains("${"), "{policy}");
    assert_snapshot!(policy);
    assert_eq!(project.run(line).text, policy.text);
}

#[test]
fn placeholders_are_to_be_filled_in() {
    let transcript = Project::web("").run("iam-policy");
    assert_eq!(transcript.code, Some(0), "{transcript}");
    assert!(transcript.text.contains("arn:aws:ecs:${aws.region}:${aws.account}:cluster/shop"));
    assert!(transcript.text.contains("--account ID --region REGION"), "{transcript}");
}

#[test]
fn an_account_has_twelve_digits() {
    let transcript = Project::web("").run("iam-policy --account 1234");
    assert_eq!(transcript.code, Some(64), "{transcript}");
}

#[test]
fn a_repository_of_somebody_else_is_used_and_never_changed() {
    let uri = "999999999999.dkr.ecr.us-east-1.amazonaws.com/team/images";
    let extension = format!("x-ecs: {{repositories: {{existing: {uri}}}}}\n");
    let project = Project::of(&format!("name: shop\n{extension}services: {{web: {{build: .}}}}\n"))
        .file("Dockerfile", "FROM busybox:1.37\n");
    let policy = project.run("iam-policy --region eu-west-1 --account 123456789012");
    assert_eq!(policy.code, Some(0), "{policy}");
    let arn = "arn:aws:ecr:us-east-1:999999999999:repository/team/images";
    assert!(policy.text.contains(arn) && policy.text.contains("ecr:PutImage\""), "{policy}");
    for denied in ["ecr:CreateRepository", "ecr:DeleteRepository", "ecr:PutLifecyclePolicy"] {
        assert!(!policy.text.contains(denied), "{policy}");
    }
}
