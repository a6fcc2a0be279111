//! Whether a role lets a service take it.

use serde_json::Value as Json;

/// What a trust policy says of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// It may take the role.
    Yes,
    /// It may, where these conditions hold, which cannot be judged from here.
    Perhaps(Vec<String>),
    /// It may not: nothing lets it.
    No,
    /// It may not: a statement says so.
    Denied,
    /// It may not: this account is not the one that is let in.
    OtherAccount(String),
}

/// The action that a service takes a role with.
const ASSUME: &str = "sts:AssumeRole";

/// Reads a trust policy (IAM user guide, "IAM JSON policy elements reference").
#[must_use]
pub fn trusts(document: &str, service: &str, account: &str) -> Trust {
    let document: Json = serde_json::from_str(document).unwrap_or_default();
    let statements = match &document["Statement"] {
        Json::Array(list) => list.iter().collect(),
        Json::Object(_) => vec![&document["Statement"]],
        _ => Vec::new(),
    };
    let mut best = Trust::No;
    for statement in statements.into_iter().filter(|s| speaks_of(s, service)) {
        let found = conditions(&statement["Condition"], account);
        match (statement["Effect"].as_str(), found) {
            (Some("Deny"), Trust::Yes) => return Trust::Denied,
            (Some("Allow"), Trust::Yes) => best = Trust::Yes,
            (Some("Allow"), found) if best != Trust::Yes => best = found,
            _ => {}
        }
    }
    best
}

/// Whether a statement is about a service's taking the role.
fn speaks_of(statement: &Json, service: &str) -> bool {
    let principal = &statement["Principal"];
    let principals = texts(&principal["Service"]);
    let named = principal.as_str() == Some("*") || principals.contains(&service);
    let action = |action: &&str| {
        let action = action.to_ascii_lowercase();
        action == "*" || action == "sts:*" || action == ASSUME.to_ascii_lowercase()
    };
    named && texts(&statement["Action"]).iter().any(action)
}

/// What conditions come to: ECS gives the account and the ARN of the task (Amazon ECS developer guide,
/// "Task IAM role": `aws:SourceAccount`, `aws:SourceArn`).
fn conditions(condition: &Json, account: &str) -> Trust {
    let Some(operators) = condition.as_object() else { return Trust::Yes };
    let mut open = Vec::new();
    for (operator, keys) in operators {
        for (key, values) in keys.as_object().into_iter().flatten() {
            let equals = matches!(operator.as_str(), "StringEquals" | "StringLike");
            match key.to_ascii_lowercase().as_str() {
                "aws:sourceaccount" if equals => {
                    let values = texts(values);
                    if !values.iter().any(|value| *value == account || *value == "*") {
                        return Trust::OtherAccount(values.join(", "));
                    }
                }
                "aws:sourcearn" => {
                    let of = |arn: &&str| matches!(arn.split(':').nth(4), Some(a) if a == account || a == "*");
                    let values = texts(values);
                    if !values.iter().any(|arn| *arn == "*" || of(arn)) {
                        return Trust::OtherAccount(values.join(", "));
                    }
                    if !values.iter().all(|arn| arn.ends_with('*')) {
                        open.push(format!("{operator} {key}"));
                    }
                }
                _ => open.push(format!("{operator} {key}")),
            }
        }
    }
    if open.is_empty() { Trust::Yes } else { Trust::Perhaps(open) }
}

/// A text, or several.
fn texts(value: &Json) -> Vec<&str> {
    match value {
        Json::Array(list) => list.iter().filter_map(Json::as_str).collect(),
        other => other.as_str().into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TASKS: &str = "ecs-tasks.amazonaws.com";

    fn of(statement: &str) -> Trust {
        let document = format!(r#"{{"Version":"2012-10-17","Statement":{statement}}}"#);
        trusts(&document, TASKS, "123456789012")
    }

    #[test]
    fn services_that_are_let_in() {
        let one = r#"{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}"#;
        assert_eq!(of(one), Trust::Yes);
        let many = r#"[{"Effect":"Allow","Principal":{"Service":["ec2.amazonaws.com","ecs-tasks.amazonaws.com"]},"Action":["sts:TagSession","sts:AssumeRole"]}]"#;
        assert_eq!(of(many), Trust::Yes);
        let account = r#"[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:SourceAccount":"123456789012"},"ArnLike":{"aws:SourceArn":"arn:aws:ecs:eu-west-1:123456789012:*"}}}]"#;
        assert_eq!(of(account), Trust::Yes);
    }

    #[test]
    fn services_that_are_not() {
        let other = r#"{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}"#;
        assert_eq!(of(other), Trust::No);
        let web = r#"{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRoleWithWebIdentity"}"#;
        assert_eq!(of(web), Trust::No);
        assert_eq!(of("[]"), Trust::No);
        assert_eq!(trusts("no document", TASKS, "1"), Trust::No);
        let denied = r#"[{"Effect":"Allow","Principal":"*","Action":"sts:*"},{"Effect":"Deny","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]"#;
        assert_eq!(of(denied), Trust::Denied);
        let elsewhere = r#"{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:SourceAccount":"210987654321"}}}"#;
        assert_eq!(of(elsewhere), Trust::OtherAccount("210987654321".to_owned()));
    }

    #[test]
    fn conditions_that_nobody_can_judge_from_here() {
        let tagged = r#"{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:PrincipalTag/team":"a"}}}"#;
        assert_eq!(
            of(tagged),
            Trust::Perhaps(vec!["StringEquals aws:PrincipalTag/team".to_owned()])
        );
    }
}
