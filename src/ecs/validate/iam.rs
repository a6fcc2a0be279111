use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value as Json;

use super::text::{is, is_placeholder};
use super::{Report, Unique, tags};
use crate::ecs::desired::{Kind, Role};

/// The version of the language of policies (IAM JSON policy elements, `Version`).
const VERSION: &str = "2012-10-17";
/// How long an inline policy of a role may be, without white space (IAM quotas).
const MOST_POLICY: usize = 10_240;
/// How many managed policies a role takes at most (IAM quotas: 10, which may be raised to 25).
const MOST_ATTACHED: usize = 25;

/// A role, its trust and its policy (IAM API reference, `CreateRole`, `PutRolePolicy`,
/// `AttachRolePolicy`).
pub(super) fn role<'a>(role: &'a Role, unique: &mut Unique, report: &mut Report<'a>) {
    let Role { create, policy, attached } = role;
    let is_name =
        |text: &str, max| is(text, 1, max, |c| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c));
    if !is_name(&create.role_name, 64) {
        report.fault(
            format!("{:?} is no role name", create.role_name),
            "IAM takes 1 to 64 letters, digits and `_+=,.@-`",
        );
    }
    let path = &create.path;
    let slashes = path == "/" || (path.len() > 2 && path.starts_with('/') && path.ends_with('/'));
    if !slashes || !is(path, 1, 512, |c| c.is_ascii_graphic()) {
        report.fault(format!("{path:?} is no path"), "a path starts and ends with `/`");
    }
    if !is(&create.description, 0, 1000, |c| c == ' ' || c.is_ascii_graphic()) {
        report.fault("the description is not taken", "IAM takes 1000 printable characters");
    }
    // Most roles say the same.
    let trust = create.assume_role_policy_document.as_str();
    if report.trusts == Some(trust) || trusts(trust) {
        report.trusts = Some(trust);
    } else {
        report.fault(
            "the trust policy lets nobody take the role",
            "it needs a statement with a principal and sts:AssumeRole",
        );
    }
    if let Some(policy) = policy {
        if !is_name(&policy.policy_name, 128) || policy.role_name != create.role_name {
            report.fault("the inline policy has no place", "this is a fault of decklift");
        }
        let document = &policy.policy_document;
        if !has_statements(document) || document.len() > MOST_POLICY {
            report.fault(
                "the inline policy is not taken",
                format!("it needs statements, and at most {MOST_POLICY} characters"),
            );
        }
    }
    let attached = attached.as_deref().unwrap_or_default();
    if attached.len() > MOST_ATTACHED {
        report.fault(
            format!("{} managed policies", attached.len()),
            format!("a role takes at most {MOST_ATTACHED}, and 10 unless the quota was raised"),
        );
    }
    for policy in attached {
        if policy.role_name != create.role_name || !is_policy(&policy.policy_arn) {
            report.fault(
                format!("{:?} is no managed policy of the role", policy.policy_arn),
                "IAM takes the ARN of a policy, 20 to 2048 characters",
            );
        }
    }
    if let Some(boundary) = create.permissions_boundary.as_ref().filter(|arn| !is_policy(arn)) {
        report.fault(
            format!("{boundary:?} is no permissions boundary"),
            "IAM takes the ARN of a managed policy",
        );
    }
    // IAM does not distinguish case.
    unique.take(Kind::Role, &create.role_name.to_ascii_lowercase(), report);
    tags::upper(&create.tags, report);
}

/// `arn:…:policy/…` (IAM API reference, `AttachRolePolicy`)
fn is_policy(arn: &str) -> bool {
    is(arn, 20, 2048, |c| c.is_ascii_graphic())
        && arn.starts_with("arn:")
        && arn.contains(":policy/")
}

fn has_statements(document: &str) -> bool {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Policy<'a> {
        #[serde(borrow)]
        version: Cow<'a, str>,
        statement: Vec<IgnoredAny>,
    }
    serde_json::from_str::<Policy<'_>>(document)
        .is_ok_and(|policy| policy.version == VERSION && !policy.statement.is_empty())
}

fn statements(document: &str) -> Option<Vec<Json>> {
    let mut json: Json = serde_json::from_str(document).ok()?;
    (json.get("Version")?.as_str()? == VERSION).then_some(())?;
    match json.get_mut("Statement")?.take() {
        Json::Array(list) => Some(list),
        _ => None,
    }
}

fn trusts(document: &str) -> bool {
    statements(document).is_some_and(|list| {
        list.iter().any(|statement| {
            statement.get("Effect").and_then(Json::as_str) == Some("Allow")
                && statement.get("Action").and_then(Json::as_str) == Some("sts:AssumeRole")
                && statement.get("Principal").is_some_and(Json::is_object)
        })
    }) || is_placeholder(document) && serde_json::from_str::<Json>(document).is_err()
}
