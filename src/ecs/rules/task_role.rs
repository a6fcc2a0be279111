//! The task role: what the application itself may do. It exists only where something needs it.

mod file_systems;

use serde_json::{Value as Json, json};

use super::agent_files;
use super::agreed::agreed;
use super::grants;
use super::outcome::Outcomes;
use super::role::{create, role_arn};
use crate::compose::model::{Policy, Service};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{
    AttachRolePolicy, Attribute, Body, Kind, LinuxParameters, PutRolePolicy, ResourceId, Role,
    TaskDefinition, Value,
};
use crate::ecs::translate::context::{Context, Output};
use crate::ecs::translate::names::Grammar;
use crate::ecs::translate::unit::Unit;
use crate::source::Located;

/// What the agent of ECS Exec does (ECS developer guide, "Monitor Amazon ECS containers with ECS
/// Exec"); these actions take no resource.
const EXEC: [&str; 4] = [
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
];

/// The task role's id. No Compose service has a `+` in its name.
pub(crate) fn task_role(unit: &str) -> ResourceId {
    ResourceId::new(Kind::Role, format!("{unit}+task"))
}

/// Whether a shell can be opened in the containers of a unit: none in those of a job, which nobody
/// could know when to open.
pub(crate) fn exec(unit: &Unit<'_>) -> bool {
    unit.leader().job.is_none() && unit.members.iter().any(|member| asks(member.service).is_some())
}

/// Where a service asks for a shell.
fn asks(service: &Service) -> Option<&Located<bool>> {
    service.extension.exec.as_ref().filter(|on| on.value)
}

/// The task role of a unit, made where it names none and needs one.
pub(crate) fn add(cx: &Context<'_>, unit: &Unit<'_>, out: &mut Output) -> Option<Value> {
    let services = || unit.members.iter().map(|member| member.service);
    if let Some(role) = agreed(unit, "role", |x| x.role.as_ref(), String::eq, out) {
        if let Some(policy) = services().find_map(|s| s.extension.policies.first()) {
            out.say(
                Diagnostic::error(Code::Conflict, "an existing role is used as it is")
                    .at(policy.span, "this policy would not be added")
                    .at(role.span, "to this role")
                    .help("add the policies to the role yourself, or take `role` away")
                    .service(unit.name()),
            );
        }
        file_systems::say_needs(cx, unit, role, out);
        if exec(unit) {
            let needs = format!("the role must allow `{}`", EXEC.join("`, `"));
            out.say(
                Diagnostic::note(Code::Approximated, "exec works as far as the role lets it")
                    .at(role.span, "")
                    .help(needs)
                    .service(unit.name()),
            );
        }
        return Some(Value::Known(role_arn(cx, &role.value)));
    }
    let id = task_role(unit.name());
    let role_name = cx.name(&format!("{}-task", unit.name()), Grammar::Role);
    let (attached, statements) = policies(cx, unit, &role_name);
    same_sid(unit, out);
    many(unit, attached.len(), out);
    if attached.is_empty() && statements.is_empty() {
        return None;
    }
    let description = format!("What {} may do in {}", unit.name(), cx.stack);
    let policy = grants::document(statements).map(|policy_document| PutRolePolicy {
        role_name: role_name.clone(),
        policy_name: "task".to_owned(),
        policy_document,
    });
    let create = create(cx, role_name, description, &id);
    let body = Role { create, policy, attached: Some(attached) };
    out.add(id.clone(), Body::Role(Box::new(body)), Some(unit.name()), Some(unit.span()));
    Some(Value::From(id, Attribute::Arn))
}

/// Refuses two statements of one Sid: they are unique within a policy (IAM user guide, "IAM JSON
/// policy elements: Sid").
fn same_sid(unit: &Unit<'_>, out: &mut Output) {
    let mut seen: Vec<(&str, &Located<Policy>)> = Vec::new();
    for policy in unit.members.iter().flat_map(|member| &member.service.extension.policies) {
        let Policy::Statement(statement) = &policy.value else { continue };
        let Some(sid) = statement.get("Sid").and_then(Json::as_str) else { continue };
        match seen.iter().find(|(known, _)| *known == sid) {
            // Of equal statements one is sent.
            Some((_, other)) if other.value == policy.value => {}
            Some((_, other)) => out.say(
                Diagnostic::error(Code::Conflict, format!("two statements have the Sid {sid:?}"))
                    .at(policy.span, "")
                    .at(other.span, "")
                    .help("give each another one, or none: IAM takes a Sid once in a policy")
                    .service(unit.name()),
            ),
            None => seen.push((sid, policy)),
        }
    }
}

/// Warns of more managed policies than a role takes unless its account's quota was raised (IAM user
/// guide, "IAM and AWS STS quotas").
fn many(unit: &Unit<'_>, count: usize, out: &mut Output) {
    const USUAL: usize = 10;
    let last =
        unit.members.iter().flat_map(|member| &member.service.extension.policies).next_back();
    let Some(last) = last.filter(|_| count > USUAL) else { return };
    out.say(
        Diagnostic::warning(Code::Approximated, format!("{count} managed policies on one role"))
            .at(last.span, "")
            .help(format!(
                "a role takes {USUAL} unless the account's quota was raised: write statements, or ask \
                 for more"
            ))
            .service(unit.name()),
    );
}

/// The managed policies, sorted, and the statements in the order of the files.
fn policies(
    cx: &Context<'_>,
    unit: &Unit<'_>,
    role_name: &str,
) -> (Vec<AttachRolePolicy>, Vec<Json>) {
    let (mut attached, mut statements) = (Vec::new(), Vec::new());
    for policy in unit.members.iter().flat_map(|member| &member.service.extension.policies) {
        match &policy.value {
            Policy::Managed(arn) => attached.push(AttachRolePolicy {
                role_name: role_name.to_owned(),
                policy_arn: arn.clone(),
            }),
            Policy::Statement(statement) => {
                let statement = Json::Object(statement.clone());
                if !statements.contains(&statement) {
                    statements.push(statement);
                }
            }
        }
    }
    attached.sort();
    attached.dedup();
    statements.extend(file_systems::grants(cx, unit));
    if exec(unit) {
        statements.push(json!({"Action": EXEC, "Effect": "Allow", "Resource": "*"}));
    }
    (attached, statements)
}

/// Gives each container an init process, which reaps what a shell leaves behind, and says where
/// none can be opened (ECS developer guide, "ECS Exec", considerations).
pub(crate) fn prepare(unit: &Unit<'_>, task: &mut TaskDefinition, out: &mut Output) {
    if unit.leader().job.is_some() {
        for member in &unit.members {
            if let Some(exec) = asks(member.service) {
                let help = "a job ends by itself; give `exec` to services that run on";
                Outcomes::new(member.service, out).ignored(
                    exec.span,
                    "no shell can be opened in a job",
                    help,
                );
            }
        }
        return;
    }
    if !exec(unit) {
        return;
    }
    for container in &mut task.container_definitions {
        let linux = container.linux_parameters.get_or_insert_with(LinuxParameters::default);
        linux.init_process_enabled = Some(true);
    }
    if unit.leader().job.is_none() {
        agent_files::add(unit, task, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Severity;
    use crate::ecs::testing::{
        at, container, ecs_service, has, loud, resource, run, service, task,
    };

    const READ: &str = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";

    fn statement() -> Policy {
        let json = json!({"Action": "s3:PutObject", "Effect": "Allow", "Resource": "*"});
        Policy::Statement(json.as_object().expect("an object").clone())
    }

    #[test]
    fn nothing_asked_nothing_made() {
        let done = run(vec![service("web", "nginx")]);
        assert_eq!(task(&done, "web").task_role_arn, None);
        assert!(!has(&done, Kind::Role, "web+task"));
    }

    #[test]
    fn policies_make_a_role() {
        let mut web = service("web", "nginx");
        web.extension.policies =
            vec![at(Policy::Managed(READ.to_owned())), at(statement()), at(statement())];
        let done = run(vec![web]);
        let arn = task(&done, "web").task_role_arn.as_ref().map(ToString::to_string);
        assert_eq!(arn.as_deref(), Some("${role/web+task/arn}"));
        assert_eq!(
            Value::parse("${role/web+task/arn}"),
            Value::From(task_role("web"), Attribute::Arn)
        );
        let found = resource(&done, Kind::Role, "web+task");
        let operations: Vec<_> = found.requests().iter().map(|r| r.operation).collect();
        assert_eq!(operations, ["create-role", "put-role-policy", "attach-role-policy"]);
        let Body::Role(role) = &found.body else { panic!("no role") };
        assert_eq!(role.create.role_name, "shop-web-task");
        assert_eq!(
            role.policy.as_ref().expect("a policy").policy_document,
            r#"{"Statement":[{"Action":"s3:PutObject","Effect":"Allow","Resource":"*"}],"Version":"2012-10-17"}"#
        );
    }

    #[test]
    fn managed_policies_alone_need_no_inline_one() {
        let mut web = service("web", "nginx");
        web.extension.policies = vec![at(Policy::Managed(READ.to_owned()))];
        let done = run(vec![web]);
        let Body::Role(role) = &resource(&done, Kind::Role, "web+task").body else {
            panic!("no role")
        };
        assert_eq!(role.policy, None);
        assert_eq!(role.attached.as_ref().expect("a list")[0].policy_arn, READ);
    }

    #[test]
    fn exec_opens_a_channel() {
        let mut web = service("web", "nginx");
        web.extension.exec = Some(at(true));
        let done = run(vec![web.clone()]);
        assert!(ecs_service(&done, "web").enable_execute_command);
        let linux = container(&done, "web").linux_parameters.clone().expect("linux");
        assert_eq!(linux.init_process_enabled, Some(true));
        let Body::Role(role) = &resource(&done, Kind::Role, "web+task").body else {
            panic!("no role")
        };
        let document = &role.policy.as_ref().expect("a policy").policy_document;
        assert!(EXEC.iter().all(|action| document.contains(action)));
        web.read_only = Some(at(true));
        let done = run(vec![web.clone()]);
        assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Approximated)]);
        web.extension.exec = Some(at(false));
        web.read_only = None;
        let done = run(vec![web]);
        assert!(!ecs_service(&done, "web").enable_execute_command);
        assert!(!has(&done, Kind::Role, "web+task"));
    }

    #[test]
    fn an_existing_role_is_not_changed() {
        let mut web = service("web", "nginx");
        web.extension.role = Some(at("app".to_owned()));
        let done = run(vec![web.clone()]);
        let arn = task(&done, "web").task_role_arn.as_ref().map(ToString::to_string);
        assert_eq!(arn.as_deref(), Some("arn:aws:iam::123456789012:role/app"));
        assert!(!has(&done, Kind::Role, "web+task"));
        web.extension.policies = vec![at(statement())];
        assert_eq!(loud(&run(vec![web]).diagnostics), [(Severity::Error, Code::Conflict)]);
    }

    #[test]
    fn the_services_of_a_task_have_one_role() {
        let (mut web, mut side) = (service("web", "nginx"), service("side", "acme/side"));
        for (service, role) in [(&mut web, "one"), (&mut side, "two")] {
            service.extension.task = Some(at("web".to_owned()));
            service.extension.role = Some(at(role.to_owned()));
        }
        let done = run(vec![web, side]);
        assert_eq!(loud(&done.diagnostics), [(Severity::Error, Code::Conflict)]);
    }
}
