use std::collections::BTreeSet;

use aws_sdk_elasticloadbalancingv2::types as sdk;
use futures_util::future::{join, try_join, try_join_all};

use crate::apply::cloud::CloudError;
use crate::aws::Aws;
use crate::aws::elb::BalancerRequest;
use crate::aws::error::OrFail;
use crate::ecs::facts::BalancerFacts;

impl Aws {
    /// What is known of each load balancer that a project names, or why it cannot be used.
    pub async fn look_at_balancers(
        &self,
        wanted: &[BalancerRequest],
    ) -> Vec<(String, Result<BalancerFacts, CloudError>)> {
        let each = wanted.iter().map(|request| async {
            let found = self.existing_balancers(std::slice::from_ref(request)).await;
            let found = found.map(|mut found| found.remove(&request.arn).unwrap_or_default());
            (request.arn.clone(), found)
        });
        futures_util::future::join_all(each).await
    }

    /// The certificate of a domain.
    ///
    /// # Errors
    ///
    /// When there is none that may be used, or AWS does not answer.
    pub async fn find_certificate(&self, domain: &str) -> Result<String, CloudError> {
        self.certificate_of(domain).await
    }

    /// How many load balancers the region has: Application and Network; and how many target groups.
    ///
    /// # Errors
    ///
    /// When AWS refuses, or does not answer.
    pub async fn count_balancers(&self) -> Result<((usize, usize), usize), CloudError> {
        let balancers = self.elb().describe_load_balancers().into_paginator().items();
        let groups = self.elb().describe_target_groups().into_paginator().items();
        let (balancers, groups) =
            join(balancers.send().collect::<Result<Vec<_>, _>>(), groups.send().collect()).await;
        let balancers = balancers.or_fail("elbv2:DescribeLoadBalancers")?;
        let groups: Vec<sdk::TargetGroup> =
            Result::<Vec<_>, _>::or_fail(groups, "elbv2:DescribeTargetGroups")?;
        let of = |kind: sdk::LoadBalancerTypeEnum| {
            balancers.iter().filter(|balancer| balancer.r#type() == Some(&kind)).count()
        };
        use sdk::LoadBalancerTypeEnum::{Application, Network};
        Ok(((of(Application), of(Network)), groups.len()))
    }

    /// How much is on a load balancer: target groups, listeners, and rules beside the default ones.
    ///
    /// # Errors
    ///
    /// When AWS refuses, or does not answer.
    pub async fn count_on_balancer(&self, arn: &str) -> Result<(usize, usize, usize), CloudError> {
        let groups = async {
            let pages = self.elb().describe_target_groups().load_balancer_arn(arn);
            let all: Result<Vec<_>, _> = pages.into_paginator().items().send().collect().await;
            all.or_fail("elbv2:DescribeTargetGroups")
        };
        let listeners = async {
            let pages = self.elb().describe_listeners().load_balancer_arn(arn);
            let all: Result<Vec<_>, _> = pages.into_paginator().items().send().collect().await;
            all.or_fail("elbv2:DescribeListeners")
        };
        let (groups, listeners) = try_join(groups, listeners).await?;
        let arns: BTreeSet<&str> = listeners.iter().filter_map(|l| l.listener_arn()).collect();
        let rules = try_join_all(arns.into_iter().map(|arn| self.rules_of(arn))).await?;
        // Elastic Load Balancing user guide, "Quotas": default rules are not counted.
        let own = |rule: &&sdk::Rule| rule.is_default() != Some(true);
        let rules = rules.iter().flatten().filter(own).count();
        Ok((groups.len(), listeners.len(), rules))
    }
}
