//! Roles that ECS itself takes for what it makes and changes on a service's or a task's behalf (ECS
//! developer guide, "Amazon ECS infrastructure IAM role").

use serde_json::json;

use super::role;
use crate::ecs::desired::{AttachRolePolicy, CreateRole, ResourceId, Role};
use crate::ecs::translate::context::Context;
use crate::ecs::translate::names::Grammar;

/// A role with one of AWS's managed policies for it, which is named without its ARN.
pub(super) fn infrastructure_role(
    cx: &Context<'_>,
    name: &str,
    id: &ResourceId,
    description: String,
    policy: &str,
) -> Role {
    let role_name = cx.name(name, Grammar::Role);
    let trust = json!({
        "Statement": [{
            "Action": "sts:AssumeRole",
            "Effect": "Allow",
            "Principal": {"Service": "ecs.amazonaws.com"},
        }],
        "Version": "2012-10-17",
    });
    let create = CreateRole {
        assume_role_policy_document: trust.to_string(),
        ..role::create(cx, role_name.clone(), description, id)
    };
    let policy_arn = format!("arn:{}:iam::aws:policy/{policy}", cx.facts.partition);
    Role { create, policy: None, attached: Some(vec![AttachRolePolicy { role_name, policy_arn }]) }
}
