//! A VPC of the project's own, and names in the DNS: made, found again, and gone without a trace.

use crate::support::{Project, Sandbox};

const APP: &str = r#"name: owned
x-ecs:
  domain: shop.example.com
  vpc: {create: true, nat: one, endpoints: true}
services:
  web:
    image: busybox:1.37
    command: httpd -f -p 80
    ports: ["8080:80"]
    volumes: ["data:/data"]
volumes: {data: {}}
"#;

/// What EC2 and Route 53 tell of parts of networks and of records, as one text.
fn told(sandbox: &Sandbox) -> String {
    let endpoint = sandbox.status()["endpoint"].as_str().expect("an endpoint").to_owned();
    let address = endpoint.trim_start_matches("http://");
    let mut all = String::new();
    for call in [
        "DescribeVpcs",
        "DescribeSubnets",
        "DescribeInternetGateways",
        "DescribeAddresses",
        "DescribeRouteTables",
        "DescribeVpcEndpoints",
        "DescribeSecurityGroups",
    ] {
        let body = format!("Action={call}&Version=2016-11-15");
        let kind = "application/x-www-form-urlencoded";
        let request = format!(
            "POST / HTTP/1.0\r\nHost: {address}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/ec2/aws4_request\r\n\r\n{body}",
            body.len()
        );
        let (status, answer) = crate::emulator::http(address, &request).expect("an answer");
        assert_eq!(status, 200, "{call}: {answer}");
        all.push_str(&answer);
    }
    all
}

#[test]
fn a_network_of_its_own_is_found_again_and_goes_without_a_trace() {
    let sandbox = Sandbox::new("network").variable("DECKLIFT_SANDBOX_ENGINE", "none");
    let project = Project::of(APP);
    let made = sandbox.run(&project.arguments("deploy --yes")).exits(0);
    let made =
        made.says("a VPC of the project's own, 10.0.0.0/16").says("private subnets behind NAT");
    made.says("create alias-record/shop.example.com").says("create nat-gateway/1");
    assert!(told(&sandbox).contains("vpc/main"), "the parts carry tags");
    sandbox.run(&project.arguments("plan")).exits(0).prints("No changes");

    // What left the file is kept until another network is asked for; a name is not.
    project.edit("compose.yaml", "  vpc: {create: true, nat: one, endpoints: true}\n", "");
    sandbox.run(&project.arguments("plan")).exits(0).prints("No changes");
    project.edit("compose.yaml", "shop.example.com", "new.example.com");
    let moved = sandbox.run(&project.arguments("deploy --yes")).exits(0);
    moved.says("create alias-record/new.example.com").says("delete alias-record/shop.example.com");
    sandbox.run(&project.arguments("plan")).exits(0).prints("No changes");

    sandbox.run(&project.arguments("down --yes")).exits(0).says("delete vpc/main");
    let left = told(&sandbox);
    assert!(!left.contains("decklift:project"), "{left}");
}

#[test]
fn a_vpc_is_made_where_it_is_asked_for_at_the_prompt() {
    let sandbox = Sandbox::new("prompt").variable("DECKLIFT_SANDBOX_ENGINE", "none");
    let project = Project::of("name: plain\nservices: {web: {image: 'busybox:1.37'}}\n");
    let plan = sandbox.run(&project.arguments("plan --create-vpc")).exits(0).prints("+ VPC");
    plan.says("public subnets with a public address each, as neither NAT nor endpoints");
    project.edit("compose.yaml", "name: plain\n", "name: plain\nx-ecs: {vpc: default}\n");
    sandbox.run(&project.arguments("plan --create-vpc")).exits(64).says("leave out --create-vpc");
    let tags = "x-ecs: {vpc: {tags: {Name: nobody}}}";
    project.edit("compose.yaml", "x-ecs: {vpc: default}", tags);
    sandbox
        .run(&project.arguments("plan"))
        .exits(1)
        .says("no VPC of us-east-1 has the tags Name=nobody");
}

#[test]
fn a_stack_is_not_moved_to_another_vpc() {
    let sandbox = Sandbox::new("moved").variable("DECKLIFT_SANDBOX_ENGINE", "none");
    let project = Project::of(
        "name: moved\nx-ecs: {vpc: default}\nservices: {web: {image: 'busybox:1.37', volumes: ['data:/data']}}\n\
         volumes: {data: {}}\n",
    );
    sandbox.run(&project.arguments("deploy --yes")).exits(0);
    project.edit("compose.yaml", "x-ecs: {vpc: default}", "x-ecs: {vpc: {create: true}}");
    let refused = sandbox.run(&project.arguments("plan")).exits(3);
    let refused = refused.says("moved stands in the VPC vpc-").says("x-ecs: {vpc: vpc-");
    refused.says("compose.yaml:2:").says("does not move the mount targets of its volumes");
    // Nothing was made before that was said.
    sandbox.run(&project.arguments("deploy --yes")).exits(3);
    assert!(!told(&sandbox).contains("vpc/main"));

    // Tasks alone can move.
    sandbox.run(&project.arguments("down --yes")).exits(0);
    project.edit("compose.yaml", ", volumes: ['data:/data']", "");
    project.edit("compose.yaml", "volumes: {data: {}}\n", "");
    project.edit("compose.yaml", "{create: true}", "default");
    sandbox.run(&project.arguments("deploy --yes")).exits(0);
    project.edit("compose.yaml", "x-ecs: {vpc: default}", "x-ecs: {vpc: {create: true}}");
    let moved = sandbox.run(&project.arguments("deploy --yes")).exits(0);
    moved.says("create security-group/net-default").says("delete security-group/net-default");
    sandbox.run(&project.arguments("plan")).exits(0).prints("No changes");
}
