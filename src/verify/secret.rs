//! Secrets and parameters that others made: whether they are there. Their values are never read, so a
//! key of a secret's JSON cannot be checked.

use super::finding::{Finding, Named};

const CHECK: &str = "secrets";

/// A secret as Secrets Manager describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretLook {
    /// Its ARN.
    pub arn: String,
    /// Whether it is about to be deleted.
    pub is_leaving: bool,
    /// Whether a version of it holds a value.
    pub has_value: bool,
    /// The stages and the ids of its versions.
    pub versions: Vec<String>,
}

/// Judges a secret that is named.
#[must_use]
pub fn secret(named: &Named, look: Option<&SecretLook>, region: &str) -> Vec<Finding> {
    let fail = |message: String| Finding::failure(CHECK, message).of(named);
    let (id, rest) = split(&named.text);
    let Some(look) = look else {
        return vec![fail(format!("there is no secret {id} in {region}")).help(
            "correct the ARN or name, or make the secret with `aws secretsmanager create-secret`",
        )];
    };
    if look.is_leaving {
        return vec![fail(format!("the secret {id} is about to be deleted")).help(format!(
            "keep it with `aws secretsmanager restore-secret --secret-id {id}`, or name another"
        ))];
    }
    if !look.has_value {
        return vec![fail(format!("the secret {id} holds no value")).help(format!(
            "give it one with `aws secretsmanager put-secret-value --secret-id {id} --secret-string \
             file://FILE`"
        ))];
    }
    let mut found = Vec::new();
    let [key, stage, version] = rest;
    for wanted in [stage, version].into_iter().filter(|wanted| !wanted.is_empty()) {
        if !look.versions.iter().any(|there| there == wanted) {
            let help = "`aws secretsmanager list-secret-version-ids` says those that there are";
            found.push(fail(format!("the secret {id} has no version {wanted}")).help(help));
        }
    }
    if !key.is_empty() {
        let message = format!(
            "whether {id} has the key `{key}` is not checked: that would take reading its value"
        );
        found.push(Finding::note(CHECK, message).of(named));
    }
    if found.is_empty() {
        found.push(Finding::ok(CHECK, format!("{id} is there")).of(named));
    }
    found
}

/// Judges a parameter that is named.
#[must_use]
pub fn parameter(named: &Named, is_there: bool, region: &str) -> Finding {
    let name = parameter_name(&named.text);
    match is_there {
        true => Finding::ok(CHECK, format!("the parameter {name} is there")).of(named),
        false => Finding::failure(CHECK, format!("there is no parameter {name} in {region}"))
            .of(named)
            .help(format!(
                "make it with `aws ssm put-parameter --name {name} --type SecureString --value \
                 file://FILE`, or correct the name"
            )),
    }
}

/// A parameter's name: of an ARN, what stands behind `parameter`.
pub(super) fn parameter_name(text: &str) -> &str {
    let Some((_, name)) = text.split_once(":parameter") else { return text };
    // The ARN of a name without a slash has one all the same (Systems Manager user guide, "Parameter
    // names"): only a path keeps it.
    if name[1..].contains('/') { name } else { &name[1..] }
}

impl Named {
    /// Of a secret's reference, what identifies the secret.
    #[must_use]
    pub fn secret_id(&self) -> &str {
        split(&self.text).0
    }

    /// The name of the parameter.
    #[must_use]
    pub fn parameter_name(&self) -> &str {
        parameter_name(&self.text)
    }
}

/// A reference apart: the secret, and its key, stage and version, each of which may be empty (Amazon ECS
/// developer guide, "Pass Secrets Manager secrets through Amazon ECS environment variables").
fn split(text: &str) -> (&str, [&str; 3]) {
    let Some((at, _)) = text.match_indices(':').nth(6).filter(|_| text.starts_with("arn:")) else {
        return (text, [""; 3]);
    };
    let mut parts = text[at + 1..].split(':');
    (&text[..at], std::array::from_fn(|_| parts.next().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    const ARN: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf";

    fn named(text: &str) -> Named {
        Named { text: text.to_owned(), place: None, service: None }
    }

    fn look() -> SecretLook {
        SecretLook {
            arn: ARN.to_owned(),
            is_leaving: false,
            has_value: true,
            versions: vec!["AWSCURRENT".to_owned(), "v-1".to_owned()],
        }
    }

    fn levels(text: &str, look: Option<&SecretLook>) -> Vec<Level> {
        secret(&named(text), look, "eu-west-1").iter().map(|found| found.level).collect()
    }

    #[test]
    fn references_are_taken_apart() {
        assert_eq!(split(ARN), (ARN, ["", "", ""]));
        assert_eq!(split(&format!("{ARN}:password::")), (ARN, ["password", "", ""]));
        assert_eq!(split(&format!("{ARN}::OLD:v-2")), (ARN, ["", "OLD", "v-2"]));
        assert_eq!(split("registry"), ("registry", ["", "", ""]));
        assert_eq!(parameter_name("arn:aws:ssm:eu-west-1:1:parameter/shop/key"), "/shop/key");
        assert_eq!(parameter_name("arn:aws:ssm:eu-west-1:1:parameter/key"), "key");
        assert_eq!(parameter_name("/shop/key"), "/shop/key");
    }

    #[test]
    fn a_secret_must_be_there_to_stay_and_hold_something() {
        assert_eq!(levels(ARN, Some(&look())), [Level::Ok]);
        assert_eq!(levels(ARN, None), [Level::Failure]);
        assert_eq!(levels(ARN, Some(&SecretLook { is_leaving: true, ..look() })), [Level::Failure]);
        assert_eq!(levels(ARN, Some(&SecretLook { has_value: false, ..look() })), [Level::Failure]);
        let keyed = format!("{ARN}:password::");
        assert_eq!(levels(&keyed, Some(&look())), [Level::Note]);
        let old = format!("{ARN}::AWSPREVIOUS:");
        assert_eq!(levels(&old, Some(&look())), [Level::Failure]);
    }

    #[test]
    fn parameters() {
        assert_eq!(parameter(&named("/shop/key"), true, "eu-west-1").level, Level::Ok);
        let gone = parameter(&named("/shop/key"), false, "eu-west-1");
        assert_eq!(gone.level, Level::Failure);
        assert!(gone.help.is_some_and(|help| help.contains("put-parameter --name /shop/key")));
    }
}
