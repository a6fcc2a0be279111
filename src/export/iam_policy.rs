//! The least policy of whoever deploys a project, as an IAM policy document.
//!
//! It is made of what the file becomes and of the operations that `aws` really calls: each resource
//! by its name, its place or its tags, `*` where the Service Authorization Reference knows no
//! resource for an action. A deploy looks at everything that may be left of an earlier file, so that
//! may always be listed; it is written to as the present file needs.

mod checks;
mod grant;
mod ground;
mod operations;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::ecs::desired::Desired;
use checks::CHECKS;
use grant::{Conditions, Grant, Scope};
use ground::Ground;
use operations::{NETWORK, OPERATIONS, Operation, PUSH};

/// The most characters of a managed policy (IAM user guide, "IAM and AWS STS quotas").
pub const MANAGED_POLICY: usize = 6_144;
/// The statement of what takes no resource, by the Service Authorization Reference.
const EVERYWHERE: &str = "Everywhere";

/// Whom the policy is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployer {
    /// The Compose project.
    pub project: String,
    /// The environment.
    pub environment: String,
    /// `aws`, `aws-cn`, `aws-us-gov`
    pub partition: String,
    /// Such as `eu-west-1`, or a placeholder.
    pub region: String,
    /// Twelve digits, or a placeholder.
    pub account: String,
    /// The folder of the releases in Parameter Store.
    pub releases: String,
    /// Whether a certificate is found by its domain.
    pub finds_certificate: bool,
    /// The names of secrets that others made.
    pub secrets: Vec<String>,
    /// The secrets with logins of registries that are read here, by ARN or name.
    pub pull_credentials: Vec<String>,
    /// Whether `verify` is to see everything.
    pub verifies: bool,
}

/// One statement of the policy.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    sid: String,
    effect: &'static str,
    action: BTreeSet<&'static str>,
    resource: BTreeSet<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    condition: Conditions,
}

/// The document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    version: &'static str,
    statement: Vec<Statement>,
}

/// The policy: statements sorted by name, each with its actions and resources sorted, so that the
/// same project gives the same bytes.
#[must_use]
pub fn iam_policy(desired: &Desired, deployer: &Deployer) -> String {
    let ground = Ground::new(desired, deployer);
    let mut actions: BTreeMap<Grant, BTreeSet<&'static str>> = BTreeMap::new();
    for (action, grant) in all().flat_map(|(_, actions)| *actions) {
        actions.entry(*grant).or_default().insert(action);
    }
    actions.entry(Grant::Images).or_default().extend(PUSH);
    // Policies are short of room: what covers the same is one statement, under the first name.
    let mut merged: BTreeMap<Scope, (Grant, BTreeSet<&'static str>)> = BTreeMap::new();
    for (grant, actions) in actions {
        let Some(scope) = ground.scope(grant) else { continue };
        merged.entry(scope).or_insert_with(|| (grant, BTreeSet::new())).1.extend(actions);
    }
    let statement = |(scope, (grant, action)): (Scope, (Grant, BTreeSet<&'static str>))| {
        let sid = if scope == Scope::all() { EVERYWHERE.to_owned() } else { format!("{grant:?}") };
        let Scope { resources: resource, conditions: condition } = scope;
        Statement { sid, effect: "Allow", action, resource, condition }
    };
    let mut statements: Vec<Statement> = merged.into_iter().map(statement).collect();
    statements.sort_by(|one, other| one.sid.cmp(&other.sid));
    let document = Document { version: "2012-10-17", statement: statements };
    // Strings, lists and maps always serialise.
    serde_json::to_string_pretty(&document).unwrap_or_default()
}

/// How many characters IAM counts in a policy: white space is none.
#[must_use]
pub fn policy_size(policy: &str) -> usize {
    policy.chars().filter(|c| !c.is_whitespace()).count()
}

fn all() -> impl Iterator<Item = &'static Operation> {
    OPERATIONS.iter().chain(NETWORK).chain(CHECKS)
}

/// The operations that the table knows.
pub fn operations() -> impl Iterator<Item = &'static str> {
    all().map(|(operation, _)| *operation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_table_is_sorted_and_names_operations_once() {
        for table in [OPERATIONS, NETWORK, CHECKS] {
            let names: Vec<&str> = table.iter().map(|(operation, _)| *operation).collect();
            assert!(names.windows(2).all(|pair| pair[0] < pair[1]), "{names:?}");
        }
        let deployed: BTreeSet<&str> =
            OPERATIONS.iter().chain(NETWORK).map(|(name, _)| *name).collect();
        assert_eq!(deployed.len(), OPERATIONS.len() + NETWORK.len());
    }
}
