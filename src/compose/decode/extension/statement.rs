//! `x-ecs.policies`: what the elements of a statement take (IAM user guide, "IAM JSON policy elements
//! reference").

use super::super::Decoder;
use super::super::stage::Stage;
use crate::yaml::Node;

impl Decoder<'_> {
    /// Reports what IAM would not take as the value of an element. `Effect` is the statement's.
    pub(super) fn element(&mut self, key: &'static str, node: &Node) {
        match key {
            "Action" | "NotAction" => {
                let help = "write `SERVICE:ACTION`, such as `s3:GetObject` or `s3:*`, or `*`";
                self.each_of(key, node, is_action, ("is no action", help));
            }
            "Resource" | "NotResource" => {
                let help = "write ARNs, such as `arn:aws:s3:::BUCKET/*`, or `*`";
                self.each_of(key, node, is_resource, ("is no resource", help));
            }
            "Sid" => {
                let help = "a Sid has letters and digits alone: `ReadBucket`";
                let is = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
                self.each_of(key, node, is, ("is no Sid", help));
            }
            "Condition" => self.condition(node),
            _ => {}
        }
    }

    /// Reports the texts of a value, one or a list, that are not what `is` says.
    fn each_of(
        &mut self,
        key: &'static str,
        node: &Node,
        is: impl Fn(&str) -> bool,
        (why, help): (&str, &str),
    ) {
        let items = match node.as_sequence() {
            Some([]) => {
                self.invalid(key, node, "names nothing", help);
                return;
            }
            Some(_) if key == "Sid" => {
                self.wrong_type(key, node, "text");
                return;
            }
            items => items.unwrap_or(std::slice::from_ref(node)),
        };
        for item in items {
            let Some(text) = self.string(key, item) else { continue };
            if !is(&text.value) {
                self.values_at(Stage::Whole, |d| d.invalid(key, item, why, help));
            }
        }
    }

    /// `OPERATOR: {KEY: VALUE}`
    fn condition(&mut self, node: &Node) {
        let Some(operators) = node.as_mapping() else {
            self.wrong_type("Condition", node, "a mapping");
            return;
        };
        for operator in &operators.entries {
            if operator.value.as_mapping().is_none() {
                let field = format!("Condition.{}", operator.key.text);
                self.wrong_type(&field, &operator.value, "a mapping");
            }
        }
    }
}

/// `SERVICE:ACTION`, with wildcards, or `*`.
fn is_action(text: &str) -> bool {
    let plain = |text: &str, more: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
    };
    text == "*"
        || text
            .split_once(':')
            .is_some_and(|(service, action)| plain(service, "-") && plain(action, "*?"))
}

/// An ARN, with wildcards and variables of IAM's, or `*`.
fn is_resource(text: &str) -> bool {
    text == "*" || text.starts_with("arn:") && text.splitn(6, ':').count() == 6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_and_resources() {
        for text in ["*", "s3:*", "s3:Get*", "execute-api:Invoke", "s3:GetObjec?"] {
            assert!(is_action(text), "{text}");
        }
        for text in ["", "s3GetObject", "s3:", ":Get", "s3:Get Object", "s*:Get", "s3:a:b"] {
            assert!(!is_action(text), "{text}");
        }
        for text in ["*", "arn:aws:s3:::b/${aws:username}/*", "arn:*:sqs:*:*:q"] {
            assert!(is_resource(text), "{text}");
        }
        for text in ["", "bucket", "arn:aws:s3", "**"] {
            assert!(!is_resource(text), "{text}");
        }
    }
}
