//! What load balancers think of targets.

use futures_util::future::try_join_all;

use crate::apply::cloud::CloudError;
use crate::aws::Aws;
use crate::aws::error::OrFail;
use crate::ecs::desired::Service;
use crate::event::TargetHealth;

impl Aws {
    /// The targets of every group of a service: `DescribeTargetHealth` takes one group.
    pub(in crate::aws) async fn health_of_targets(
        &self,
        body: &Service,
    ) -> Result<Vec<TargetHealth>, CloudError> {
        let groups = body.load_balancers.iter().filter_map(|b| b.target_group_arn.known());
        let all = try_join_all(groups.map(|group| self.targets_of_group(group))).await?;
        Ok(all.into_iter().flatten().collect())
    }

    /// The targets of a group, by address. A group that does not exist has none.
    pub(in crate::aws) async fn targets_of_group(
        &self,
        group: &str,
    ) -> Result<Vec<TargetHealth>, CloudError> {
        let call = self.elb().describe_target_health().target_group_arn(group).send().await;
        let answer = match call.or_fail("elbv2:DescribeTargetHealth") {
            Err(error) if error.is(&["TargetGroupNotFound"]) => return Ok(Vec::new()),
            answer => answer?,
        };
        let mut targets: Vec<_> = answer
            .target_health_descriptions()
            .iter()
            .map(|found| {
                let target = found.target();
                let address = target.and_then(|target| target.id()).unwrap_or_default();
                let port = target.and_then(|target| target.port());
                let health = found.target_health();
                let state = health.and_then(|health| health.state());
                TargetHealth {
                    target: port.map_or_else(|| address.to_owned(), |p| format!("{address}:{p}")),
                    state: state.map_or("unknown", |state| state.as_str()).to_owned(),
                    reason: health.and_then(|h| h.reason()).map(|r| r.as_str().to_owned()),
                    description: health.and_then(|h| h.description()).map(str::to_owned),
                }
            })
            .collect();
        targets.sort_by(|a, b| a.target.cmp(&b.target));
        Ok(targets)
    }
}
