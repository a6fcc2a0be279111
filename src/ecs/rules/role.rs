//! The execution role of a task: what ECS itself may do for it, and nothing more.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::agreed::agreed;
use super::firelens::{self, Router};
use super::grants::{self, allow};
use super::helper_image;
use super::image::{is_pushed, private_ecr, repository_name};
use super::overrides;
use super::repository;
use crate::ecs::desired::{
    Attribute, Body, CreateRole, Kind, PutRolePolicy, ResourceId, Role, Value,
};
use crate::ecs::facts::Facts;
use crate::ecs::translate::context::{Context, Output};
use crate::ecs::translate::names::{Grammar, fit};
use crate::ecs::translate::survey::Member;
use crate::ecs::translate::unit::Unit;

/// The execution role's id.
pub(crate) fn execution_role(service: &str) -> ResourceId {
    ResourceId::new(Kind::Role, service)
}

/// Adds the execution role of a unit, unless it names one; the role's ARN.
pub(crate) fn add(cx: &Context<'_>, unit: &Unit<'_>, out: &mut Output) -> Value {
    let read = |x| -> Option<_> { execution_of(x) };
    if let Some(role) = agreed(unit, "execution_role", read, String::eq, out) {
        return Value::Known(role_arn(cx, &role.value));
    }
    let name = unit.name();
    let id = execution_role(name);
    let role_name = cx.name(&format!("{name}-execution"), Grammar::Role);
    let policy = grants::document(policy(cx, unit)).map(|policy_document| PutRolePolicy {
        role_name: role_name.clone(),
        policy_name: "execution".to_owned(),
        policy_document,
    });
    let description = format!("Lets ECS start the tasks of {name} in {}", cx.stack);
    let create = create(cx, role_name, description, &id);
    let body = Role { create, policy, attached: None };
    out.add(id.clone(), Body::Role(Box::new(body)), Some(name), Some(unit.span()));
    Value::From(id, Attribute::Arn)
}

fn execution_of(
    extension: &crate::compose::model::ServiceExtension,
) -> Option<&crate::source::Located<String>> {
    extension.execution_role.as_ref()
}

/// A role under the path of the project and environment, which tasks may take.
pub(super) fn create(
    cx: &Context<'_>,
    role_name: String,
    description: String,
    id: &ResourceId,
) -> CreateRole {
    let boundary = cx.project.extension.permissions_boundary.as_ref();
    CreateRole {
        path: format!("/decklift/{}/", fit(&cx.stack, Grammar::Segment)),
        role_name,
        assume_role_policy_document: cx.trust.clone(),
        description,
        permissions_boundary: boundary.map(|policy| iam_arn(cx, "policy", &policy.value)),
        tags: cx.upper_tags(id),
    }
}

/// The ARN of a role that is given by ARN or by name.
pub(super) fn role_arn(cx: &Context<'_>, given: &str) -> String {
    iam_arn(cx, "role", given)
}

fn iam_arn(cx: &Context<'_>, kind: &str, given: &str) -> String {
    if given.starts_with("arn:") {
        return given.to_owned();
    }
    // IAM has no regions.
    let (partition, account) = (&cx.facts.partition, &cx.facts.account);
    format!("arn:{partition}:iam::{account}:{kind}/{}", given.trim_start_matches('/'))
}

// The keys below stand in order, so that the documents are the same bytes whether or not serde_json
// keeps the order of insertion.

/// Only ECS tasks of this account may take the role (IAM user guide, "The confused deputy problem").
pub(crate) fn trust(facts: &Facts) -> String {
    let document = json!({
        "Statement": [{
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": facts.account}},
            "Effect": "Allow",
            "Principal": {"Service": "ecs-tasks.amazonaws.com"},
        }],
        "Version": "2012-10-17",
    });
    document.to_string()
}

/// Pull exactly its repositories, write exactly its log groups, read exactly its secrets.
fn policy(cx: &Context<'_>, unit: &Unit<'_>) -> Vec<Json> {
    let mut statements = Vec::new();
    let mut repositories: Vec<_> =
        unit.members.iter().filter_map(|m| repository_arn(cx, m)).collect();
    if firelens::router(unit) == Some(Router::Sidecar) {
        repositories.extend(foreign_repository_arn(cx, firelens::image(unit)));
    }
    if helper_image::is_used_by(unit) {
        let repository = helper_image::repository_name(cx);
        repositories.push(repository::arn(cx, &repository));
    }
    let named = overrides::images(unit);
    repositories.extend(named.filter_map(|image| foreign_repository_arn(cx, image)));
    if !repositories.is_empty() {
        // The token is not bound to a repository (IAM service authorization reference, ECR).
        statements.push(allow(&["ecr:GetAuthorizationToken"], vec!["*".to_owned()]));
        let pull =
            ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];
        statements.push(allow(&pull, repositories));
    }
    let cached: Vec<String> = unit.members.iter().filter_map(|m| cached_arn(cx, m)).collect();
    if !cached.is_empty() {
        // The first pull makes the repository, and each may fetch what is newer (ECR user guide, "IAM
        // permissions required to sync an upstream registry with an Amazon ECR private registry").
        statements.push(allow(&["ecr:BatchImportUpstreamImage", "ecr:CreateRepository"], cached));
    }
    statements.extend(grants::logs(cx, unit));
    let given = unit.members.iter().flat_map(|member| grants::secrets_of(member));
    let mut reads: BTreeSet<_> = given.map(|name| grants::named(cx, &name)).collect();
    reads.extend(overrides::reads(cx, unit));
    reads.extend(unit.members.iter().flat_map(|member| member.supply.grants.iter().cloned()));
    statements.extend(grants::reads(reads));
    statements
}

/// The ECR repository that the service's image is pulled from, if it is in ECR.
fn repository_arn(cx: &Context<'_>, member: &Member<'_>) -> Option<String> {
    if is_pushed(member) {
        let repository = repository_name(cx, member.name());
        return Some(repository::arn(cx, &repository));
    }
    let image = &member.service.image.as_ref()?.value;
    cached_arn(cx, member).or_else(|| foreign_repository_arn(cx, image))
}

/// The repository that ECR fetches the service's image into by itself.
fn cached_arn(cx: &Context<'_>, member: &Member<'_>) -> Option<String> {
    let repository = member.cached.filter(|_| !is_pushed(member))?;
    Some(cx.arn("ecr", &format!("repository/{repository}")))
}

fn foreign_repository_arn(cx: &Context<'_>, image: &str) -> Option<String> {
    let (region, account, repository) = private_ecr(image)?;
    let partition = &cx.facts.partition;
    Some(format!("arn:{partition}:ecr:{region}:{account}:repository/{repository}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::compose::model::{Logging, Service};
    use crate::diagnostic::{Code, Severity};
    use crate::ecs::testing::{
        at, built, container, facts, has, loud, project, resource, run, service, task,
    };
    use crate::ecs::{facts::Facts, translate};

    fn role(service: Service) -> Role {
        let name = service.name.value.clone();
        match &resource(&run(vec![service]), Kind::Role, &name).body {
            Body::Role(role) => (**role).clone(),
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
            role(built("web")).policy.expect("a policy").policy_document,
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
        let policy = role(service("web", "nginx")).policy.expect("a policy");
        assert!(!policy.policy_document.contains("ecr:"));
    }

    #[test]
    fn what_ecr_fetches_by_itself_may_be_fetched() {
        let mut web = service("web", "nginx:1.27");
        web.extension.mirror = Some(at(true));
        let repository = "docker-hub/library/nginx".to_owned();
        let cached = BTreeMap::from([("nginx:1.27".to_owned(), repository)]);
        let done = translate(&project(vec![web]), None, &Facts { cached, ..facts() });
        let Body::Role(role) = &resource(&done, Kind::Role, "web").body else { panic!("no role") };
        let document = &role.policy.as_ref().expect("a policy").policy_document;
        let arn = "arn:aws:ecr:eu-west-1:123456789012:repository/docker-hub/library/nginx";
        let fetch = format!(
            r#"{{"Action":["ecr:BatchImportUpstreamImage","ecr:CreateRepository"],"Effect":"Allow","Resource":"{arn}"}}"#
        );
        assert!(document.contains(&fetch), "{document}");
        assert!(document.contains("ecr:GetAuthorizationToken"), "{document}");
        assert_eq!(document.matches(arn).count(), 2, "{document}");
    }

    #[test]
    fn an_image_in_ecr_may_be_pulled() {
        let image = "210987654321.dkr.ecr.us-east-1.amazonaws.com/team/api:1";
        let document = role(service("web", image)).policy.expect("a policy").policy_document;
        assert!(document.contains("arn:aws:ecr:us-east-1:210987654321:repository/team/api"));
    }

    #[test]
    fn a_task_that_asks_for_nothing_has_a_role_without_a_policy() {
        let mut web = service("web", "nginx");
        let logging = Logging { driver: Some(at("none".to_owned())), ..Logging::default() };
        web.logging = Some(Box::new(at(logging)));
        assert_eq!(role(web).policy, None);
    }

    #[test]
    fn an_existing_role_is_used_and_none_is_made() {
        for given in ["arn:aws:iam::123456789012:role/ops/ecs", "ops/ecs", "/ops/ecs"] {
            let mut web = built("web");
            web.extension.execution_role = Some(at(given.to_owned()));
            let done = run(vec![web]);
            let arn = task(&done, "web").execution_role_arn.clone().map(|arn| arn.to_string());
            assert_eq!(arn.as_deref(), Some("arn:aws:iam::123456789012:role/ops/ecs"));
            assert!(!has(&done, Kind::Role, "web"));
        }
    }

    #[test]
    fn roles_stay_within_their_boundary() {
        let mut project = project(vec![service("web", "nginx")]);
        project.extension.permissions_boundary = Some(at("limits".to_owned()));
        let done = translate(&project, None, &facts());
        let Body::Role(role) = &resource(&done, Kind::Role, "web").body else { panic!("no role") };
        let boundary = role.create.permissions_boundary.as_deref();
        assert_eq!(boundary, Some("arn:aws:iam::123456789012:policy/limits"));
    }

    #[test]
    fn a_private_registry_s_credentials_may_be_read() {
        let mut web = service("web", "registry.acme.com/web");
        web.extension.pull_credentials = Some(at("registry".to_owned()));
        let done = run(vec![web.clone()]);
        let credentials = container(&done, "web").repository_credentials.clone();
        assert_eq!(credentials.expect("credentials").credentials_parameter, "registry");
        let document = role(web).policy.expect("a policy").policy_document;
        let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:registry-??????";
        assert!(document.contains("secretsmanager:GetSecretValue") && document.contains(arn));
    }

    #[test]
    fn what_lies_in_ecr_needs_no_credentials() {
        let mut web = built("web");
        web.extension.pull_credentials = Some(at("registry".to_owned()));
        let done = run(vec![web]);
        assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Ignored)]);
        assert_eq!(container(&done, "web").repository_credentials, None);
    }

    #[test]
    fn long_names_fit() {
        let name = "x".repeat(80);
        assert_eq!(role(built(&name)).create.role_name.len(), 64);
    }
}
