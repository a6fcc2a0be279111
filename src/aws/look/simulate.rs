use aws_sdk_iam::types as sdk;
use futures_util::stream::{self, StreamExt, TryStreamExt};

use crate::apply::cloud::CloudError;
use crate::aws::Aws;
use crate::aws::error::OrFail;
use crate::verify::{Denied, Permission, Why};

/// IAM simulates slowly, and asks to go slower soon.
const AT_ONCE: usize = 4;

impl Aws {
    /// What of this a principal may not do, by its policies, its boundary, and those of its
    /// organisation.
    ///
    /// # Errors
    ///
    /// When AWS refuses, or does not answer.
    pub async fn simulate(
        &self,
        principal: &str,
        permissions: &[Permission],
    ) -> Result<Vec<Denied>, CloudError> {
        let all = permissions.iter().map(|permission| self.simulate_one(principal, permission));
        let mut denied: Vec<Denied> =
            stream::iter(all).buffered(AT_ONCE).try_collect::<Vec<_>>().await?.concat();
        denied.sort();
        denied.dedup();
        Ok(denied)
    }

    async fn simulate_one(
        &self,
        principal: &str,
        permission: &Permission,
    ) -> Result<Vec<Denied>, CloudError> {
        let entry = |(key, values): (&String, &Vec<String>)| {
            sdk::ContextEntry::builder()
                .context_key_name(key)
                .set_context_key_values(Some(values.clone()))
                .context_key_type(match values.len() {
                    1 => sdk::ContextKeyTypeEnum::String,
                    _ => sdk::ContextKeyTypeEnum::StringList,
                })
                .build()
        };
        let context: Vec<_> = permission.context.iter().map(entry).collect();
        let call = self
            .iam()
            .simulate_principal_policy()
            .policy_source_arn(principal)
            .set_action_names(Some(permission.actions.clone()))
            .set_resource_arns(Some(permission.resources.clone()))
            .set_context_entries((!context.is_empty()).then_some(context));
        let all: Result<Vec<_>, _> = call.into_paginator().items().send().collect().await;
        let results = all.or_fail("iam:SimulatePrincipalPolicy")?;
        Ok(results.iter().flat_map(denied).collect())
    }
}

/// What a result says is not allowed. The result for all resources is told apart for each where there
/// are several (IAM API reference, `EvaluationResult.ResourceSpecificResults`).
fn denied(result: &sdk::EvaluationResult) -> Vec<Denied> {
    use sdk::PolicyEvaluationDecisionType::{Allowed, ExplicitDeny};
    let organization =
        result.organizations_decision_detail().is_some_and(|o| !o.allowed_by_organizations());
    let why = |decision: &sdk::PolicyEvaluationDecisionType, in_bounds: bool| match decision {
        Allowed => None,
        _ if organization => Some(Why::Organization),
        _ if !in_bounds => Some(Why::Boundary),
        ExplicitDeny => Some(Why::Forbidden),
        _ => Some(Why::Nothing),
    };
    let of = |resource: &str, why: Why, unknown: &[String]| Denied {
        resource: resource.to_owned(),
        why,
        action: result.eval_action_name().to_owned(),
        unknown: unknown.to_vec(),
    };
    let specific = result.resource_specific_results();
    if specific.is_empty() {
        let bounds = result.permissions_boundary_decision_detail();
        let in_bounds = bounds.is_none_or(|bounds| bounds.allowed_by_permissions_boundary());
        let resource = result.eval_resource_name().unwrap_or("*");
        let why = why(result.eval_decision(), in_bounds);
        return why
            .map(|why| of(resource, why, result.missing_context_values()))
            .into_iter()
            .collect();
    }
    let each = specific.iter().filter_map(|one| {
        let bounds = one.permissions_boundary_decision_detail();
        let in_bounds = bounds.is_none_or(|bounds| bounds.allowed_by_permissions_boundary());
        let why = why(one.eval_resource_decision(), in_bounds)?;
        Some(of(one.eval_resource_name(), why, one.missing_context_values()))
    });
    each.collect()
}
