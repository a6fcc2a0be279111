//! What somebody may do, as IAM's simulation of their policies says.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::finding::Finding;

/// Actions on resources, and what is known of the requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permission {
    /// Such as `ecs:CreateService`.
    pub actions: Vec<String>,
    /// ARNs without wildcards, or `*` alone.
    pub resources: Vec<String>,
    /// Keys of the request's context, with their values.
    pub context: BTreeMap<String, Vec<String>>,
}

/// An action that is not allowed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Denied {
    /// The resource.
    pub resource: String,
    /// Why.
    pub why: Why,
    /// The action.
    pub action: String,
    /// Keys of the context that some policy asks for and nobody knew.
    pub unknown: Vec<String>,
}

/// Why something is not allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// No policy allows it.
    Nothing,
    /// A policy forbids it.
    Forbidden,
    /// A service control policy of the organisation does not allow it.
    Organization,
    /// The permissions boundary does not allow it.
    Boundary,
}

impl Why {
    fn says(self) -> &'static str {
        match self {
            Self::Nothing => "no policy allows it",
            Self::Forbidden => "a policy denies it",
            Self::Organization => "the organisation's service control policies do not allow it",
            Self::Boundary => "the permissions boundary does not allow it",
        }
    }
}

/// An ARN that a pattern stands for: IAM simulates for resources, and not for patterns, nor for the
/// placeholders of what is not known.
#[must_use]
pub fn sample(pattern: &str) -> String {
    if pattern == "*" {
        return pattern.to_owned();
    }
    let mut known = String::new();
    let mut rest = pattern;
    while let Some((before, (_, after))) =
        rest.split_once("${").and_then(|(before, tail)| Some((before, tail.split_once('}')?)))
    {
        known.push_str(before);
        known.push('x');
        rest = after;
    }
    known.push_str(rest);
    known.replace("??????", "AbCdEf").replace(['*', '?'], "x")
}

/// What the statements of a policy document allow.
#[must_use]
pub fn permissions_of(document: &str) -> Vec<Permission> {
    let document: Json = serde_json::from_str(document).unwrap_or_default();
    let statements = document["Statement"].as_array().cloned().unwrap_or_default();
    let permission = |statement: &Json| Permission {
        actions: texts(&statement["Action"]),
        resources: texts(&statement["Resource"]).iter().map(|text| sample(text)).collect(),
        context: context(&statement["Condition"]),
    };
    let allows = |statement: &&Json| statement["Effect"].as_str() == Some("Allow");
    statements.iter().filter(allows).map(permission).collect()
}

/// Requests that meet these conditions.
fn context(condition: &Json) -> BTreeMap<String, Vec<String>> {
    let operators = condition.as_object().into_iter().flatten();
    let meets = operators.filter(|(operator, _)| {
        ["String", "Arn"].iter().any(|kind| operator.contains(kind)) && !operator.contains("Not")
    });
    let keys = meets.flat_map(|(_, keys)| keys.as_object().into_iter().flatten());
    keys.map(|(key, values)| (key.clone(), texts(values).iter().map(|v| sample(v)).collect()))
        .collect()
}

fn texts(value: &Json) -> Vec<String> {
    match value {
        Json::Array(list) => list.iter().filter_map(Json::as_str).map(str::to_owned).collect(),
        other => other.as_str().map(str::to_owned).into_iter().collect(),
    }
}

/// Says what `who` may not do: one finding for each resource and reason.
#[must_use]
pub fn denied(check: &'static str, who: &str, denied: &[Denied], help: &str) -> Vec<Finding> {
    let mut groups: BTreeMap<(&str, Why, &[String]), Vec<&str>> = BTreeMap::new();
    for one in denied {
        let actions = groups.entry((&one.resource, one.why, &one.unknown)).or_default();
        if !actions.contains(&one.action.as_str()) {
            actions.push(&one.action);
        }
    }
    let say = |((resource, why, unknown), actions): ((&str, Why, &[String]), Vec<&str>)| {
        let on = if resource == "*" { String::new() } else { format!(" on {resource}") };
        let message = format!("{who} may not {}{on}: {}", actions.join(", "), why.says());
        match unknown {
            [] => Finding::failure(check, message).help(help),
            keys => Finding::warning(
                check,
                format!("{message}, as far as is known without {}", keys.join(", ")),
            )
            .help(help),
        }
    };
    groups.into_iter().map(say).collect()
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    #[test]
    fn statements_become_what_is_simulated() {
        let found = permissions_of(
            r#"{"Statement":[
                {"Effect":"Allow","Action":["ecr:*","logs:PutLogEvents"],"Resource":"arn:aws:logs:r:1:log-group:/a:*",
                 "Condition":{"StringEquals":{"aws:RequestTag/decklift:project":["shop"]},"Null":{"x":"true"}}},
                {"Effect":"Deny","Action":"iam:*","Resource":"*"},
                {"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":["arn:aws:secretsmanager:r:1:secret:db-??????"]}]}"#,
        );
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].resources, ["arn:aws:logs:r:1:log-group:/a:x"]);
        assert_eq!(found[0].context["aws:RequestTag/decklift:project"], ["shop"]);
        assert!(!found[0].context.contains_key("x"));
        assert_eq!(found[1].resources, ["arn:aws:secretsmanager:r:1:secret:db-AbCdEf"]);
        assert_eq!(sample("*"), "*");
        assert_eq!(sample("arn:aws:ec2:r:1:vpc/${vpc.id}/*"), "arn:aws:ec2:r:1:vpc/x/x");
    }

    #[test]
    fn what_is_not_allowed_is_said_once_a_resource() {
        let one = |action: &str, why, unknown: &[&str]| Denied {
            resource: "arn:1".to_owned(),
            why,
            action: action.to_owned(),
            unknown: unknown.iter().map(|&key| key.to_owned()).collect(),
        };
        let list = [
            one("a:One", Why::Nothing, &[]),
            one("a:Two", Why::Nothing, &[]),
            one("a:Two", Why::Nothing, &[]),
            one("a:Three", Why::Organization, &[]),
            one("a:Four", Why::Nothing, &["aws:PrincipalTag/team"]),
        ];
        let found = denied("permissions", "anna", &list, "see iam-policy");
        let said: Vec<_> = found.iter().map(|f| (f.level, f.message.as_str())).collect();
        assert_eq!(
            said,
            [
                (Level::Failure, "anna may not a:One, a:Two on arn:1: no policy allows it"),
                (
                    Level::Warning,
                    "anna may not a:Four on arn:1: no policy allows it, as far as is known without \
                     aws:PrincipalTag/team"
                ),
                (
                    Level::Failure,
                    "anna may not a:Three on arn:1: the organisation's service control policies do \
                     not allow it"
                ),
            ]
        );
    }
}
