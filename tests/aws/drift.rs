//! What somebody changes in AWS is read back, seen, and changed back: attribute by attribute.

use decklift::apply::cloud::Cloud;
use decklift::aws::Aws;
use decklift::ecs::desired::{Attribute, Body, Desired, Kind, PutRolePolicy, ResourceId};
use decklift::plan::{Action, Actual, Change, Plan, plan, sign};
use serde_json::{Value as Json, json};

use crate::app::App;
use crate::emulator::Emulator;
use crate::{carry_out, changes, connect, list, network, observe, stack};

/// A resource, a place in its body, and what somebody else would have there.
fn table() -> Vec<(Kind, &'static str, &'static str, Json)> {
    use Kind::*;
    vec![
        (LogGroup, "web", "/log-group/retention/retentionInDays", json!(3)),
        (Role, "web", "/role/create/AssumeRolePolicyDocument", json!(trust("ec2"))),
        (Role, "web", "/role/policy/PolicyDocument", json!(policy("s3:*"))),
        (Repository, "web", "/repository/imageTagMutability", json!("MUTABLE")),
        (Repository, "web", "/repository/imageScanningConfiguration/scanOnPush", json!(false)),
        (Repository, "web", "/repository/lifecyclePolicyText", json!(lifecycle())),
        (DnsName, "web", "/dns-name/DnsConfig/DnsRecords/0/TTL", json!(60)),
        (FileSystem, "data", "/file-system/ThroughputMode", json!("bursting")),
        (TargetGroup, "web-80", "/target-group/create/HealthCheckPath", json!("/other")),
        (TargetGroup, "web-80", "/target-group/create/HealthCheckIntervalSeconds", json!(30)),
        (TargetGroup, "web-80", "/target-group/create/HealthCheckTimeoutSeconds", json!(9)),
        (TargetGroup, "web-80", "/target-group/create/HealthyThresholdCount", json!(5)),
        (TargetGroup, "web-80", "/target-group/create/UnhealthyThresholdCount", json!(9)),
        (TargetGroup, "web-80", "/target-group/create/HealthCheckPort", json!("81")),
        (TargetGroup, "web-80", "/target-group/create/Matcher/HttpCode", json!("200")),
        (TargetGroup, "web-80", "/target-group/attributes/Attributes/0/Value", json!("7")),
        (
            Listener,
            "8080",
            "/listener/DefaultActions/0/FixedResponseConfig/StatusCode",
            json!("503"),
        ),
        (
            Listener,
            "8080",
            "/listener/DefaultActions/0/FixedResponseConfig/MessageBody",
            json!("x"),
        ),
        (ListenerRule, "8080-web", "/listener-rule/Priority", json!(9)),
        (Service, "web", "/service/desiredCount", json!(5)),
        (Service, "web", "/service/enableExecuteCommand", json!(true)),
        (Service, "web", "/service/healthCheckGracePeriodSeconds", json!(5)),
        (Service, "web", "/service/deploymentConfiguration/maximumPercent", json!(150)),
        (Service, "web", "/service/deploymentConfiguration/minimumHealthyPercent", json!(50)),
        (
            Service,
            "web",
            "/service/deploymentConfiguration/deploymentCircuitBreaker/rollback",
            json!(false),
        ),
        (
            Service,
            "web",
            "/service/networkConfiguration/awsvpcConfiguration/assignPublicIp",
            json!("DISABLED"),
        ),
        (
            Service,
            "web",
            "/service/capacityProviderStrategy/0/capacityProvider",
            json!("FARGATE_SPOT"),
        ),
    ]
}

fn trust(service: &str) -> String {
    let document = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Action": "sts:AssumeRole", "Principal": {"Service": format!("{service}.amazonaws.com")}}]});
    document.to_string()
}

fn policy(action: &str) -> String {
    let document = json!({"Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]});
    document.to_string()
}

fn lifecycle() -> String {
    let rule = json!({"rulePriority": 1, "selection": {"tagStatus": "any",
        "countType": "imageCountMoreThan", "countNumber": 9}, "action": {"type": "expire"}});
    json!({"rules": [rule]}).to_string()
}

/// Changes a resource as somebody else would.
async fn tamper(aws: &Aws, actual: &Actual, id: &ResourceId, change: impl FnOnce(&mut Json)) {
    let observed = &actual.resources[id];
    let mut json = serde_json::to_value(&observed.body).expect("JSON");
    change(&mut json);
    let body: Body = serde_json::from_value(json).unwrap_or_else(|e| panic!("{id}: {e}"));
    let changes = decklift::plan::changes(&body, observed);
    assert!(!changes.is_empty(), "{id}: it is so already");
    let deploys = changes
        .iter()
        .any(|change| ["network", "capacity"].iter().any(|field| change.path.starts_with(field)));
    let action = if deploys { Action::NewDeployment } else { Action::Update };
    aws.update(id, &body, action, &changes).await.unwrap_or_else(|e| panic!("{id}: {e:?}"));
}

async fn repaired(aws: &Aws, desired: &Desired, plan: &Plan, what: &str) {
    carry_out(aws, desired, plan).await;
    assert_eq!(list(&changes(aws, desired).await), Vec::<String>::new(), "{what}");
}

#[tokio::test(flavor = "current_thread")]
async fn every_attribute_is_read_back() {
    let Some(emulator) = Emulator::start("drift") else { return };
    let aws = connect(&emulator.endpoint).await;
    let facts = network(&aws, &emulator.endpoint).await;
    let mut desired = App::new(&stack("drift"), facts).desired();
    sign(&mut desired);
    carry_out(&aws, &desired, &plan(&desired, &Actual::default())).await;
    assert_eq!(list(&changes(&aws, &desired).await), Vec::<String>::new());
    for (kind, name, place, value) in table() {
        let id = ResourceId::new(kind, name);
        let actual = observe(&aws, &desired).await;
        tamper(&aws, &actual, &id, |json| {
            let (parent, key) = place.rsplit_once('/').expect("a place");
            let parent = json.pointer_mut(parent).unwrap_or_else(|| panic!("{id}: no {parent}"));
            parent[key] = value.clone();
        })
        .await;
        let plan = changes(&aws, &desired).await;
        let resources: Vec<&ResourceId> = plan.steps.iter().map(|step| &step.resource).collect();
        assert_eq!(resources, [&id], "{place}: {:?}", list(&plan));
        repaired(&aws, &desired, &plan, place).await;
    }
    a_policy_that_somebody_added(&aws, &desired).await;
    a_rule_that_somebody_added(&aws, &desired).await;
    a_group_that_somebody_added(&aws, &desired).await;
}

async fn a_policy_that_somebody_added(aws: &Aws, desired: &Desired) {
    let id = ResourceId::new(Kind::Role, "web");
    let mut body = observe(aws, desired).await.resources.remove(&id).expect("a role").body;
    let Body::Role(role) = &mut body else { panic!("{body:?}") };
    let role_name = role.create.role_name.clone();
    let policy_document = policy("iam:*");
    // To make it again puts its policy, and leaves what is there.
    let policy_name = "console".to_owned();
    role.policy = Some(PutRolePolicy { role_name, policy_name, policy_document });
    aws.create(&id, &body, false).await.expect("a policy");
    let plan = changes(aws, desired).await;
    let paths: Vec<&str> = plan.steps[0].changes.iter().map(|c| c.path.as_str()).collect();
    assert_eq!((plan.steps.len(), paths), (1, vec!["PolicyName"]), "{:?}", list(&plan));
    repaired(aws, desired, &plan, "an inline policy").await;
}

async fn a_rule_that_somebody_added(aws: &Aws, desired: &Desired) {
    let id = ResourceId::new(Kind::IngressRule, "world");
    let mut body = observe(aws, desired).await.resources.remove(&id).expect("a rule").body;
    let Body::IngressRule(rule) = &mut body else { panic!("{body:?}") };
    rule.ip_permissions[0].from_port = Some(22);
    rule.ip_permissions[0].to_port = Some(22);
    aws.create(&id, &body, false).await.expect("a rule");
    let plan = changes(aws, desired).await;
    let [step] = &plan.steps[..] else { panic!("{:?}", list(&plan)) };
    assert_eq!((step.action, step.resource.kind), (Action::Delete, Kind::IngressRule));
    repaired(aws, desired, &plan, "an ingress rule").await;
}

async fn a_group_that_somebody_added(aws: &Aws, desired: &Desired) {
    let actual = observe(aws, desired).await;
    let other = ResourceId::new(Kind::SecurityGroup, "net-default");
    let group = actual.attribute(&other, Attribute::Id).expect("a group").to_owned();
    let targets = actual.resources.keys().find(|id| id.kind == Kind::MountTarget);
    let target = targets.expect("a mount target").clone();
    let balancer = ResourceId::new(Kind::LoadBalancer, "alb");
    let places = [(target, "mount-target"), (balancer, "load-balancer")];
    for (id, kind) in places {
        let actual = observe(aws, desired).await;
        tamper(aws, &actual, &id, |json| {
            let body = &mut json[kind];
            body["SecurityGroups"].as_array_mut().expect("groups").push(json!(group));
        })
        .await;
        let plan = changes(aws, desired).await;
        let changed: Vec<&Change> = plan.steps.iter().flat_map(|step| &step.changes).collect();
        assert!(changed.iter().all(|c| c.path == "SecurityGroups"), "{:?}", list(&plan));
        assert_eq!(plan.steps.len(), 1, "{:?}", list(&plan));
        repaired(aws, desired, &plan, "a security group").await;
    }
}
