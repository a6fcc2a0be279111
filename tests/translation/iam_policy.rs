//! `iam-policy`: no more than the file needs.

use decklift::compose::{LoadOptions, load};
use decklift::ecs::facts::Facts;
use decklift::ecs::translate;
use decklift::export::{Deployer, iam_policy};
use serde_json::Value as Json;

fn policy(compose: &str) -> String {
    let options = LoadOptions {
        files: vec!["-".into()],
        stdin: Some(compose.to_owned()),
        cwd: "/".into(),
        project_name: Some("shop".to_owned()),
        ..LoadOptions::default()
    };
    let project = load(&options).project.expect("a project");
    let facts = Facts::offline(Some("eu-west-1"));
    let deployer = Deployer {
        project: "shop".to_owned(),
        environment: "default".to_owned(),
        partition: facts.partition.clone(),
        region: facts.region.clone(),
        account: "123456789012".to_owned(),
        releases: "/decklift/shop/default/releases".to_owned(),
        finds_certificate: false,
        pull_credentials: Vec::new(),
        verifies: false,
        secrets: Vec::new(),
    };
    iam_policy(&translate(&project, None, &facts).desired, &deployer)
}

fn statements(policy: &str) -> Vec<Json> {
    let document: Json = serde_json::from_str(policy).expect("JSON");
    document["Statement"].as_array().expect("statements").clone()
}

/// The statement that allows an action; where several do, all.
fn allowing(policy: &str, action: &str) -> Vec<Json> {
    let allows = |statement: &Json| {
        statement["Action"].as_array().is_some_and(|all| all.iter().any(|one| one == action))
    };
    statements(policy).into_iter().filter(allows).collect()
}

const WEB: &str = "services: {web: {image: 'acme/web:1', ports: ['80:80']}}\n";

#[test]
fn names_of_statements_are_unique_letters_and_in_order() {
    let policy = policy(WEB);
    let sids: Vec<String> =
        statements(&policy).iter().map(|s| s["Sid"].as_str().expect("a name").to_owned()).collect();
    assert!(sids.windows(2).all(|pair| pair[0] < pair[1]), "{sids:?}");
    assert!(sids.iter().all(|sid| sid.chars().all(|c| c.is_ascii_alphanumeric())));
    assert_eq!(policy, self::policy(WEB));
}

#[test]
fn what_the_file_needs_not_is_not_allowed() {
    let small = policy("services: {web: {image: 'acme/web:1'}}\n");
    for action in [
        "elasticloadbalancing:CreateLoadBalancer",
        "elasticfilesystem:CreateFileSystem",
        "secretsmanager:GetSecretValue",
        "ecr:PutImage",
        "ecs:RunTask",
        "scheduler:CreateSchedule",
        "iam:AttachRolePolicy",
        "iam:PutRolePermissionsBoundary",
        "application-autoscaling:RegisterScalableTarget",
    ] {
        assert_eq!(allowing(&small, action), [] as [Json; 0], "{action}");
    }
    assert_eq!(allowing(&policy(WEB), "elasticloadbalancing:CreateLoadBalancer").len(), 1);
}

#[test]
fn everything_is_allowed_only_where_no_resource_can_be_named() {
    for statement in statements(&policy(WEB)) {
        let everywhere = statement["Resource"] == serde_json::json!(["*"]);
        let unbound = statement.get("Condition").is_none();
        assert_eq!(everywhere && unbound, statement["Sid"] == "Everywhere", "{statement}");
    }
}

#[test]
fn a_role_is_passed_to_its_service_alone() {
    let passed = allowing(&policy(WEB), "iam:PassRole");
    assert_eq!(passed.len(), 1);
    assert_eq!(
        passed[0]["Resource"],
        serde_json::json!(["arn:aws:iam::123456789012:role/decklift/shop/shop-web-execution"])
    );
    let to = &passed[0]["Condition"]["StringEquals"]["iam:PassedToService"];
    assert_eq!(*to, serde_json::json!(["ecs-tasks.amazonaws.com"]));
}

#[test]
fn roles_that_have_a_boundary_are_made_with_it_alone() {
    let arn = "arn:aws:iam::123456789012:policy/limit";
    let text = format!("x-ecs: {{permissions_boundary: '{arn}'}}\n{WEB}");
    for action in ["iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"] {
        let allowed = allowing(&policy(&text), action);
        assert_eq!(allowed.len(), 1, "{action}");
        let boundary = &allowed[0]["Condition"]["StringEquals"]["iam:PermissionsBoundary"];
        assert_eq!(*boundary, serde_json::json!([arn]), "{action}");
    }
}

#[test]
fn in_a_cluster_of_others_only_the_own_services_are_changed() {
    let text = format!("x-ecs: {{cluster: theirs}}\n{WEB}");
    let change = allowing(&policy(&text), "ecs:UpdateService");
    assert_eq!(
        change[0]["Resource"],
        serde_json::json!(["arn:aws:ecs:eu-west-1:123456789012:service/theirs/shop-web"])
    );
    assert_eq!(allowing(&policy(&text), "ecs:CreateCluster"), [] as [Json; 0]);
}

#[test]
fn a_load_balancer_of_others_gets_listeners_and_nothing_else() {
    let arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/theirs/50dc6c495c0c9188";
    let text = format!("x-ecs: {{load_balancer: '{arn}'}}\n{WEB}");
    let listen = allowing(&policy(&text), "elasticloadbalancing:CreateListener");
    assert!(listen[0]["Resource"].as_array().expect("ARNs").contains(&Json::from(arn)));
    let tags = allowing(&policy(&text), "elasticloadbalancing:AddTags");
    assert!(tags.iter().all(|s| s["Action"].to_string().find("SetSubnets").is_none()));
    assert_eq!(
        allowing(&policy(&text), "elasticloadbalancing:DeleteLoadBalancer"),
        [] as [Json; 0]
    );
}

#[test]
fn the_role_that_makes_volumes_is_passed_to_ecs() {
    for (kind, role) in [("job: true", "job"), ("job: false", "service")] {
        let text = format!(
            "services: {{{role}: {{image: 'acme/a:1', x-ecs: {{{kind}}}, volumes: ['data:/data']}}}}\n\
             volumes: {{data: {{x-ecs: {{ebs: {{size: 10}}, ephemeral: true}}}}}}\n"
        );
        let passed = allowing(&policy(&text), "iam:PassRole");
        let to_ecs: Vec<_> = passed
            .iter()
            .filter(|statement| {
                let to = &statement["Condition"]["StringEquals"]["iam:PassedToService"];
                *to == serde_json::json!(["ecs.amazonaws.com"])
            })
            .map(|statement| statement["Resource"].clone())
            .collect();
        let arn = format!("arn:aws:iam::123456789012:role/decklift/shop/shop-{role}-volumes");
        assert_eq!(to_ecs, [serde_json::json!([arn])], "{kind}");
    }
}
