//! `x-ecs`: what tasks may do.

use serde_json::{Map, Value};

use super::super::Decoder;
use crate::compose::canonical::extension_value;
use crate::compose::model::Policy;
use crate::compose::suggest::did_you_mean;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Located;
use crate::yaml::{Entry, Kind, Node};

/// The keys of a statement (IAM user guide, "IAM JSON policy elements reference"), but for
/// `Principal`, which a role's policy does not take.
const STATEMENT: [&str; 7] =
    ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"];

impl Decoder<'_> {
    /// `x-ecs.policies`: managed ARNs and inline statements.
    pub(in crate::compose::decode) fn policies(&mut self, node: &Node) -> Vec<Located<Policy>> {
        let one = std::slice::from_ref(node);
        let items = node.as_sequence().unwrap_or(one);
        items.iter().filter_map(|item| self.policy(item)).collect()
    }

    fn policy(&mut self, node: &Node) -> Option<Located<Policy>> {
        let policy = match &node.kind {
            Kind::Scalar(_) => {
                let arn = self.filled("x-ecs.policies", node)?;
                if !(arn.value.starts_with("arn:") && arn.value.contains(":policy/")) {
                    let help = "write the ARN of a managed policy, such as \
                        `arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess`, or a statement";
                    self.invalid("x-ecs.policies", node, "is no ARN of a policy", help);
                    return None;
                }
                Policy::Managed(arn.value)
            }
            Kind::Mapping(mapping) => {
                let mut statement = Map::new();
                for entry in &mapping.entries {
                    if let Some(key) = self.statement_key(entry) {
                        self.element(key, &entry.value);
                        statement.insert(key.to_owned(), extension_value(&entry.value));
                    }
                }
                Policy::Statement(self.statement(node, statement)?)
            }
            Kind::Sequence(_) => {
                self.wrong_type("x-ecs.policies", node, "an ARN or a statement");
                return None;
            }
        };
        Some(Located::new(policy, node.span))
    }

    /// A key as IAM spells it; `effect` and `Effect` are one.
    fn statement_key(&mut self, entry: &Entry) -> Option<&'static str> {
        let text = &*entry.key.text;
        let bare = text.replace('_', "");
        let found = STATEMENT.into_iter().find(|key| key.eq_ignore_ascii_case(&bare));
        if found.is_none() {
            let help = did_you_mean(text, STATEMENT);
            let help = help.unwrap_or_else(|| format!("it takes `{}`", STATEMENT.join("`, `")));
            let message = format!("a statement has no element `{text}`");
            let fault = Diagnostic::error(Code::UnknownAttribute, message).at(entry.key.span, "");
            self.report(self.used_at(fault, &entry.value).help(help));
        }
        found
    }

    /// A statement says what is allowed, or denied, on what.
    fn statement(
        &mut self,
        node: &Node,
        mut statement: Map<String, Value>,
    ) -> Option<Map<String, Value>> {
        statement.entry("Effect").or_insert_with(|| Value::from("Allow"));
        let effect = statement.get("Effect").and_then(Value::as_str);
        let good = matches!(effect, Some("Allow" | "Deny"));
        let one_of = |a: &str, b: &str| statement.contains_key(a) != statement.contains_key(b);
        if good && one_of("Action", "NotAction") && one_of("Resource", "NotResource") {
            // In the order of their names, so that the document is the same bytes everywhere.
            let mut entries: Vec<_> = statement.into_iter().collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            return Some(entries.into_iter().collect());
        }
        let message = "this is no statement that IAM takes";
        let fault = Diagnostic::error(Code::InvalidValue, message).help(
            "write `Effect: Allow` or `Deny`, with one of `Action` and `NotAction`, and one of \
            `Resource` and `NotResource`",
        );
        self.report_at(fault, node, "");
        None
    }

    /// The ARN or the name of a role.
    pub(in crate::compose::decode) fn role(
        &mut self,
        field: &str,
        node: &Node,
    ) -> Option<Located<String>> {
        let role = self.filled(field, node)?;
        let is_arn = role.value.starts_with("arn:") && role.value.contains(":role/");
        let in_name = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-/".contains(c);
        if is_arn || (!role.value.starts_with("arn:") && role.value.chars().all(in_name)) {
            return Some(role);
        }
        let help = "write the ARN of a role, or its name";
        self.invalid(field, node, "names no role", help);
        None
    }
}
