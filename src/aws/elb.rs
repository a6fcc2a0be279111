//! Elastic Load Balancing (v2): load balancers, target groups, listeners.

mod existing;
mod health;
mod listener;
mod listener_rule;
mod load_balancer;
mod target_group;

pub use existing::BalancerRequest;
pub(super) use target_group::differs_from_default;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_sdk_elasticloadbalancingv2::types as sdk;
use futures_util::future::{try_join, try_join_all};
use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::Aws;
use super::error::OrFail;
use super::observe::{Found, IN_FLIGHT, Orphans};
use super::tags::{Owner, Tags};
use crate::apply::cloud::CloudError;
use crate::ecs::desired::{Body, Desired, UpperTag};

/// What `DescribeTags` takes at once.
const TAGS: usize = 20;
/// The largest page of the lists.
const PAGE: i32 = 400;
/// How long a load balancer may take to go, and what used a target group to let go of it.
const SETTLE: Duration = Duration::from_secs(5 * 60);

impl Aws {
    /// The stack's load balancers, their listeners, and its target groups.
    ///
    /// Names say which may be ours, tags say which are: asking for every tag of an account would
    /// take a call for every twenty resources of other people. Listeners and rules of ours may also be on
    /// load balancers of others, which the file names or our target groups hang off.
    pub(super) async fn read_balancers(
        &self,
        desired: &Desired,
        owner: Option<&Owner>,
        orphans: Orphans,
    ) -> Result<Vec<Found>, CloudError> {
        if owner.is_none() {
            return Ok(Vec::new());
        }
        let names = Names::new(desired);
        let (mut balancers, groups) =
            try_join(self.list_balancers(), self.list_target_groups(&names)).await?;
        let named = existing::named(desired);
        let used = existing::behind(&groups);
        balancers.retain(|balancer| {
            let is = |all: &BTreeSet<String>| {
                balancer.load_balancer_arn().is_some_and(|arn| all.contains(arn))
            };
            names.may_be(balancer.load_balancer_name()) || is(&named) || is(&used)
        });
        let (listeners, attributes) = try_join(
            self.list_listeners(&balancers),
            self.read_attributes(
                groups.iter().filter(|group| names.is_wanted(group.target_group_name())),
            ),
        )
        .await?;
        let listener_arns: Vec<_> =
            listeners.iter().filter_map(|l| l.listener_arn().map(str::to_owned)).collect();
        let arns: Vec<_> = balancers
            .iter()
            .filter_map(|b| b.load_balancer_arn())
            .chain(groups.iter().filter_map(|g| g.target_group_arn()))
            .map(str::to_owned)
            .chain(listener_arns)
            .collect();
        let with_rules: Vec<_> = listeners
            .iter()
            .filter(|listener| listener_rule::may_have(desired, listener, orphans))
            .filter_map(|listener| listener.listener_arn().map(str::to_owned))
            .collect();
        let (tags, rules) =
            try_join(self.describe_tags(&arns), self.list_rules(&with_rules)).await?;
        let arns: Vec<_> =
            rules.iter().filter_map(|(_, r)| r.rule_arn().map(str::to_owned)).collect();
        let rule_tags = self.describe_tags(&arns).await?;
        let of = |tags: &BTreeMap<String, Tags>, arn: Option<&str>| {
            arn.and_then(|arn| tags.get(arn)).cloned().unwrap_or_default()
        };
        let mut found = Vec::new();
        for balancer in &balancers {
            let tags = of(&tags, balancer.load_balancer_arn());
            let is_named = balancer.load_balancer_arn().is_some_and(|arn| named.contains(arn));
            if is_named && owner.is_some_and(|owner| owner.owns(&tags)) {
                let name = balancer.load_balancer_name().unwrap_or_default();
                return Err(existing::is_own(name));
            }
            found.push(load_balancer::observed(balancer, tags));
        }
        for group in &groups {
            let arn = group.target_group_arn().unwrap_or_default();
            let attributes = attributes.get(arn).cloned().unwrap_or_default();
            found.push(target_group::observed(group, attributes, of(&tags, Some(arn))));
        }
        for listener in &listeners {
            let tags = of(&tags, listener.listener_arn());
            found.push(listener::observed(listener, tags));
        }
        for (listener, rule) in &rules {
            let tags = of(&rule_tags, rule.rule_arn());
            found.push(listener_rule::observed(listener, rule, tags));
        }
        Ok(found)
    }

    async fn list_balancers(&self) -> Result<Vec<sdk::LoadBalancer>, CloudError> {
        let pages = self.elb().describe_load_balancers().page_size(PAGE).into_paginator();
        let all: Result<Vec<sdk::LoadBalancer>, _> = pages.items().send().collect().await;
        all.or_fail("elbv2:DescribeLoadBalancers")
    }

    async fn list_target_groups(&self, names: &Names) -> Result<Vec<sdk::TargetGroup>, CloudError> {
        let pages = self.elb().describe_target_groups().page_size(PAGE).into_paginator();
        let all: Result<Vec<sdk::TargetGroup>, _> = pages.items().send().collect().await;
        let mut all = all.or_fail("elbv2:DescribeTargetGroups")?;
        all.retain(|group| names.may_be(group.target_group_name()));
        Ok(all)
    }

    async fn list_listeners(
        &self,
        balancers: &[sdk::LoadBalancer],
    ) -> Result<Vec<sdk::Listener>, CloudError> {
        let arns = balancers.iter().filter_map(|balancer| balancer.load_balancer_arn());
        let all = try_join_all(arns.map(|arn| self.listeners_of(arn))).await?;
        Ok(all.into_iter().flatten().collect())
    }

    /// The rules of listeners, each with its listener's ARN; without the default ones, which are the
    /// listeners' own.
    async fn list_rules(
        &self,
        listeners: &[String],
    ) -> Result<Vec<(String, sdk::Rule)>, CloudError> {
        let all: Vec<Vec<_>> = stream::iter(listeners)
            .map(|arn| async move {
                let rules = self.rules_of(arn).await?.into_iter();
                Ok::<_, CloudError>(rules.map(|rule| (arn.clone(), rule)).collect())
            })
            .buffered(IN_FLIGHT)
            .try_collect()
            .await?;
        Ok(all.into_iter().flatten().collect())
    }

    /// By ARN of the target group.
    async fn read_attributes<'a>(
        &self,
        groups: impl Iterator<Item = &'a sdk::TargetGroup>,
    ) -> Result<BTreeMap<String, Vec<UpperTag>>, CloudError> {
        let arns: Vec<_> = groups.filter_map(|group| group.target_group_arn()).collect();
        stream::iter(arns)
            .map(
                |arn| async move { Ok((arn.to_owned(), self.target_group_attributes(arn).await?)) },
            )
            .buffered(IN_FLIGHT)
            .try_collect()
            .await
    }

    /// By ARN. A resource that has just gone would make the whole batch fail, so each of its batch
    /// is then asked alone.
    async fn describe_tags(&self, arns: &[String]) -> Result<BTreeMap<String, Tags>, CloudError> {
        let batches = try_join_all(arns.chunks(TAGS).map(|batch| async move {
            match self.tags_of(batch).await {
                Err(error) if error.code.as_deref().is_some_and(|c| c.ends_with("NotFound")) => {
                    let single = batch.iter().map(|arn| self.tags_of(std::slice::from_ref(arn)));
                    let answers = futures_util::future::join_all(single).await;
                    Ok(answers.into_iter().flatten().flatten().collect())
                }
                answer => answer,
            }
        }));
        Ok(batches.await?.into_iter().flatten().collect())
    }

    async fn tags_of(&self, arns: &[String]) -> Result<Vec<(String, Tags)>, CloudError> {
        let call = self.elb().describe_tags().set_resource_arns(Some(arns.to_vec()));
        let answer = call.send().await.or_fail("elbv2:DescribeTags")?;
        let described = answer.tag_descriptions().iter().filter_map(|description| {
            let tags = description.tags().iter();
            let tags = tags.map(|tag| {
                let value = tag.value().unwrap_or_default();
                (tag.key().unwrap_or_default().to_owned(), value.to_owned())
            });
            Some((description.resource_arn()?.to_owned(), tags.collect()))
        });
        Ok(described.collect())
    }

    async fn tags_of_one(&self, arn: &str) -> Result<Tags, CloudError> {
        let mut all = self.tags_of(&[arn.to_owned()]).await?;
        Ok(all.pop().map(|(_, tags)| tags).unwrap_or_default())
    }

    pub(super) async fn add_tags(&self, arn: &str, list: &[UpperTag]) -> Result<(), CloudError> {
        let Some(tags) = to_sdk_tags(list)? else { return Ok(()) };
        let call = self.elb().add_tags().resource_arns(arn).set_tags(Some(tags));
        call.send().await.or_fail("elbv2:AddTags").map(|_| ())
    }
}

/// Which names may be this stack's.
struct Names {
    wanted: Vec<String>,
    prefix: String,
}

impl Names {
    fn new(desired: &Desired) -> Self {
        let wanted = desired.resources.values().filter_map(|resource| match &resource.body {
            Body::LoadBalancer(balancer) => Some(balancer.name.clone()),
            Body::TargetGroup(group) => Some(group.create.name.clone()),
            _ => None,
        });
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let prefix: String = desired.stack.chars().map(plain).collect();
        // A longer name is cut there, to end with a hash.
        let mut prefix: String = prefix.trim_matches('-').chars().take(20).collect();
        // One that is whole is followed by what it is the name of.
        if prefix.len() < 20 {
            prefix.push('-');
        }
        Self { wanted: wanted.collect(), prefix }
    }

    fn is_wanted(&self, name: Option<&str>) -> bool {
        name.is_some_and(|name| self.wanted.iter().any(|wanted| wanted == name))
    }

    fn may_be(&self, name: Option<&str>) -> bool {
        self.is_wanted(name) || name.is_some_and(|name| name.starts_with(&self.prefix))
    }
}

fn to_sdk_tags(list: &[UpperTag]) -> Result<Option<Vec<sdk::Tag>>, CloudError> {
    let tags = list
        .iter()
        .map(|tag| Ok(sdk::Tag::builder().key(&*tag.key).value(&tag.value).build()))
        .collect::<Result<Vec<_>, CloudError>>()?;
    Ok((!tags.is_empty()).then_some(tags))
}

/// The end of an ARN by which Application Auto Scaling knows a load balancer (`app/NAME/ID`) or a
/// target group (`targetgroup/NAME/ID`; its API reference, `ResourceLabel`).
fn label(arn: &str) -> &str {
    let end = arn.rsplit(':').next().unwrap_or(arn);
    end.strip_prefix("loadbalancer/").unwrap_or(end)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_label_is_the_end_of_an_arn() {
        let arn = |end: &str| format!("arn:aws:elasticloadbalancing:eu-west-1:1:{end}");
        let label = |end: &str| super::label(&arn(end)).to_owned();
        assert_eq!(label("loadbalancer/app/shop/0123"), "app/shop/0123");
        assert_eq!(label("targetgroup/shop-web-80/4567"), "targetgroup/shop-web-80/4567");
    }
}
