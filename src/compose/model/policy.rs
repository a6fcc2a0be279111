use serde_json::{Map, Value};

/// An entry of `x-ecs.policies`: what the application in a task may do.
#[derive(Clone, Debug, PartialEq)]
pub enum Policy {
    /// The ARN of a managed policy.
    Managed(String),
    /// A statement of an inline policy, its keys as IAM spells them.
    Statement(Map<String, Value>),
}
