//! What load balancers think of targets.

use aws_sdk_elasticloadbalancingv2::types as sdk;
use futures_util::future::try_join_all;

use crate::apply::cloud::CloudError;
use crate::aws::Aws;
use crate::aws::error::OrFail;
use crate::ecs::desired::Service;
use crate::event::TargetHealth;

impl Aws {
    /// `DescribeTargetHealth` takes one target group.
    pub(in crate::aws) async fn health_of_targets(
        &self,
        body: &Service,
    ) -> Result<Vec<TargetHealth>, CloudError> {
        let groups = body.load_balancers.iter().filter_map(|b| b.target_group_arn.known());
        let calls = groups.map(|arn| async move {
            let call = self.elb().describe_target_health().target_group_arn(arn);
            let answer = call.send().await.or_fail("elbv2:DescribeTargetHealth")?;
            Ok::<_, CloudError>(answer.target_health_descriptions.unwrap_or_default())
        });
        let all = try_join_all(calls).await?;
        Ok(all.iter().flatten().map(health).collect())
    }
}

fn health(found: &sdk::TargetHealthDescription) -> TargetHealth {
    let target = found.target();
    let id = target.and_then(|target| target.id()).unwrap_or_default();
    let name = match target.and_then(|target| target.port()) {
        Some(port) => format!("{id}:{port}"),
        None => id.to_owned(),
    };
    let health = found.target_health();
    let full = |text: &&str| !text.is_empty();
    TargetHealth {
        target: name,
        state: health.and_then(|h| h.state()).map_or("unknown", |state| state.as_str()).to_owned(),
        reason: health.and_then(|h| h.reason()).map(|reason| reason.as_str().to_owned()),
        description: health.and_then(|h| h.description()).filter(full).map(str::to_owned),
    }
}
