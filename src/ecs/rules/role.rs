//! The execution role of a task: what ECS itself may do for it, and nothing more.

use serde_json::{Value as Json, json};

use super::helper_image;
use super::image::{is_pushed, private_ecr, repository_name};
use super::log_group::log_group_name;
use super::secrets::Grant;
use crate::compose::model::Service;
use crate::ecs::desired::{Body, CreateRole, Kind, PutRolePolicy, ResourceId, Role};
use crate::ecs::translate::context::{Context, Output};
use crate::ecs::translate::names::{Grammar, fit};
use crate::ecs::translate::survey::Member;
use crate::ecs::translate::unit::Unit;

/// The execution role's id.
pub(crate) fn execution_role(service: &str) -> ResourceId {
    ResourceId::new(Kind::Role, service)
}

/// Adds the execution role of a unit.
pub(crate) fn add(cx: &Context<'_>, unit: &Unit<'_>, out: &mut Output) {
    let name = unit.name();
    let id = execution_role(name);
    let role_name = cx.name(&format!("{name}-execution"), Grammar::Role);
    let body = Role {
        create: CreateRole {
            path: format!("/decklift/{}/", fit(&cx.stack, Grammar::Segment)),
            role_name: role_name.clone(),
            assume_role_policy_document: trust(cx).to_string(),
            description: format!("Lets ECS start the tasks of {name} in {}", cx.stack),
            tags: cx.upper_tags(&id),
        },
        policy: PutRolePolicy {
            role_name,
            policy_name: "execution".to_owned(),
            policy_document: policy(cx, unit).to_string(),
        },
    };
    out.add(id, Body::Role(body), Some(name), Some(unit.span()));
}

// The keys below stand in order, so that the documents are the same bytes whether or not serde_json
// keeps the order of insertion.

/// Only ECS tasks of this account may take the role (IAM user guide, "The confused deputy problem").
fn trust(cx: &Context<'_>) -> Json {
    json!({
        "Statement": [{
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": cx.facts.account}},
            "Effect": "Allow",
            "Principal": {"Service": "ecs-tasks.amazonaws.com"},
        }],
        "Version": "2012-10-17",
    })
}

/// Pull exactly its repositories, write exactly its log groups.
fn policy(cx: &Context<'_>, unit: &Unit<'_>) -> Json {
    let mut statements = Vec::new();
    let services = || unit.members.iter().map(|member| member.service);
    let mut repositories: Vec<_> =
        unit.members.iter().filter_map(|member| repository_arn(cx, member)).collect();
    if unit.members.iter().any(|member| !member.supply.files.is_empty()) {
        let repository = helper_image::repository_name(cx);
        repositories.push(cx.arn("ecr", &format!("repository/{repository}")));
    }
    if !repositories.is_empty() {
        // The token is not bound to a repository (IAM service authorization reference, ECR).
        statements.push(allow(&["ecr:GetAuthorizationToken"], vec!["*".to_owned()]));
        let pull =
            ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];
        statements.push(allow(&pull, repositories));
    }
    let group = |service: &Service| {
        cx.arn("logs", &format!("log-group:{}:*", log_group_name(cx, &service.name.value)))
    };
    let groups = services().map(group).collect();
    statements.push(allow(&["logs:CreateLogStream", "logs:PutLogEvents"], groups));
    statements.extend(reads(unit));
    json!({"Statement": statements, "Version": "2012-10-17"})
}

/// Read exactly its secrets, its parameters and its files of variables (ECS developer guide, "Task
/// execution IAM role"). A key of KMS other than AWS's own would need `kms:Decrypt`; none is named.
fn reads(unit: &Unit<'_>) -> Vec<Json> {
    let (mut secrets, mut parameters) = (Vec::new(), Vec::new());
    let (mut objects, mut buckets) = (Vec::new(), Vec::new());
    for grant in unit.members.iter().flat_map(|member| &member.supply.grants) {
        match grant {
            Grant::Secret(arn) => secrets.push(arn.clone()),
            Grant::Parameter(arn) => parameters.push(arn.clone()),
            Grant::Object(object, bucket) => {
                objects.push(object.clone());
                buckets.push(bucket.clone());
            }
        }
    }
    let all = [
        ("secretsmanager:GetSecretValue", secrets),
        ("ssm:GetParameters", parameters),
        ("s3:GetObject", objects),
        ("s3:GetBucketLocation", buckets),
    ];
    let some = all.into_iter().filter(|(_, resources)| !resources.is_empty());
    some.map(|(action, resources)| allow(&[action], resources)).collect()
}

/// A statement; one resource stands in it without a list.
fn allow(actions: &[&str], mut resources: Vec<String>) -> Json {
    resources.sort_unstable();
    resources.dedup();
    let resources = match resources.as_slice() {
        [one] => json!(one),
        many => json!(many),
    };
    json!({"Action": actions, "Effect": "Allow", "Resource": resources})
}

/// The ECR repository that the service's image is pulled from, if it is in ECR.
fn repository_arn(cx: &Context<'_>, member: &Member<'_>) -> Option<String> {
    if is_pushed(member) {
        let repository = repository_name(cx, member.name());
        return Some(cx.arn("ecr", &format!("repository/{repository}")));
    }
    let (region, account, repository) = private_ecr(&member.service.image.as_ref()?.value)?;
    let partition = &cx.facts.partition;
    Some(format!("arn:{partition}:ecr:{region}:{account}:repository/{repository}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ecs::testing::{built, resource, run, service};

    fn role(service: Service) -> Role {
        let name = service.name.value.clone();
        match &resource(&run(vec![service]), Kind::Role, &name).body {
            Body::Role(role) => role.clone(),
            body => panic!("{body:?}"),
        }
    }

    #[test]
    fn only_tasks_of_the_account_may_take_it() {
        let create = role(built("web")).create;
        assert_eq!((&*create.path, &*create.role_name), ("/decklift/shop/", "shop-web-execution"));
        assert_eq!(
            create.assume_role_policy_document,
            r#"{"Statement":[{"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:SourceAccount":"123456789012"}},"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"}}],"Version":"2012-10-17"}"#
        );
    }

    #[test]
    fn what_is_built_may_be_pulled() {
        assert_eq!(
            role(built("web")).policy.policy_document,
            concat!(
                r#"{"Statement":[{"Action":["ecr:GetAuthorizationToken"],"Effect":"Allow","Resource":"*"},"#,
                r#"{"Action":["ecr:BatchCheckLayerAvailability","ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"],"#,
                r#""Effect":"Allow","Resource":"arn:aws:ecr:eu-west-1:123456789012:repository/shop/web"},"#,
                r#"{"Action":["logs:CreateLogStream","logs:PutLogEvents"],"Effect":"Allow","#,
                r#""Resource":"arn:aws:logs:eu-west-1:123456789012:log-group:/decklift/shop/web:*"}],"#,
                r#""Version":"2012-10-17"}"#,
            )
        );
    }

    #[test]
    fn a_public_image_needs_nothing_of_ecr() {
        assert!(!role(service("web", "nginx")).policy.policy_document.contains("ecr:"));
    }

    #[test]
    fn an_image_in_ecr_may_be_pulled() {
        let image = "210987654321.dkr.ecr.us-east-1.amazonaws.com/team/api:1";
        let document = role(service("web", image)).policy.policy_document;
        assert!(document.contains("arn:aws:ecr:us-east-1:210987654321:repository/team/api"));
    }

    #[test]
    fn long_names_fit() {
        let name = "x".repeat(80);
        assert_eq!(role(built(&name)).create.role_name.len(), 64);
    }
}
