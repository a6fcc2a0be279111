//! `ec2` ingress rules. A rule stands in a group that is ours, so whatever stands there and is not
//! desired was opened by hand, and goes.

use aws_sdk_ec2::types as sdk;

use super::{SETTLE, filter};
use crate::apply::cloud::{Changed, CloudError, CloudErrorKind};
use crate::aws::Aws;
use crate::aws::error::OrFail;
use crate::aws::observe::{Found, key};
use crate::aws::tags::Owner;
use crate::aws::values::text;
use crate::ecs::desired::{
    Attribute, Body, GroupPair, IngressRule, IpPermission, IpRange, Kind, Value,
};
use crate::plan::Change;

/// What a filter takes at once.
const FILTER: usize = 200;

impl Aws {
    pub(in crate::aws) async fn create_rule(
        &self,
        body: &IngressRule,
    ) -> Result<Changed, CloudError> {
        let group = text(&body.group_id)?;
        let permissions =
            body.ip_permissions.iter().map(permission).collect::<Result<Vec<_>, _>>()?;
        let call = || async {
            self.ec2()
                .authorize_security_group_ingress()
                .group_id(group)
                .set_ip_permissions(Some(permissions.clone()))
                .set_tag_specifications(super::specifications(&body.tag_specifications))
                .send()
                .await
                .or_fail("ec2:AuthorizeSecurityGroupIngress")
        };
        let passes =
            |error: &CloudError| error.is(&["InvalidGroup.NotFound", "InvalidGroupId.NotFound"]);
        match self.pace.persist(SETTLE, passes, call).await {
            Ok(answer) => {
                let id = answer.security_group_rules().first();
                match id.and_then(|rule| rule.security_group_rule_id()) {
                    Some(id) => Ok(changed(id)),
                    None => self.find_rule(body).await,
                }
            }
            Err(error) if error.is(&["InvalidPermission.Duplicate"]) => self.find_rule(body).await,
            Err(error) => Err(error),
        }
    }

    /// Only the description and the tags can differ: everything else is what a rule is found by.
    pub(in crate::aws) async fn update_rule(
        &self,
        body: &IngressRule,
        changes: &[Change],
    ) -> Result<Changed, CloudError> {
        let group = text(&body.group_id)?;
        let found = self.find_rule(body).await?;
        let Some(id) = found.attributes.get(&Attribute::Id) else { return Ok(found) };
        let (tags, others): (Vec<_>, Vec<_>) =
            changes.iter().partition(|change| change.path.starts_with("TagSpecifications"));
        if !tags.is_empty() {
            let tags = body.tag_specifications.iter().flat_map(|s| super::to_sdk_tags(&s.tags));
            let call = self.ec2().create_tags().resources(id).set_tags(Some(tags.collect()));
            call.send().await.or_fail("ec2:CreateTags")?;
        }
        if others.is_empty() {
            return Ok(found);
        }
        let Some(wanted) = body.ip_permissions.first() else { return Ok(found) };
        let (range, pair) = (wanted.ip_ranges.first(), wanted.user_id_group_pairs.first());
        let description = range
            .and_then(|range| range.description.clone())
            .or_else(|| pair.and_then(|pair| pair.description.clone()));
        let request = sdk::SecurityGroupRuleRequest::builder()
            .ip_protocol(&wanted.ip_protocol)
            .set_from_port(wanted.from_port)
            .set_to_port(wanted.to_port)
            .set_cidr_ipv4(range.map(|range| range.cidr_ip.clone()))
            .set_referenced_group_id(
                pair.map(|pair| text(&pair.group_id).map(str::to_owned)).transpose()?,
            )
            .set_description(description)
            .build();
        let update = sdk::SecurityGroupRuleUpdate::builder()
            .security_group_rule_id(id)
            .security_group_rule(request)
            .build();
        let call =
            self.ec2().modify_security_group_rules().group_id(group).security_group_rules(update);
        call.send().await.or_fail("ec2:ModifySecurityGroupRules")?;
        Ok(found)
    }

    pub(in crate::aws) async fn delete_rule(
        &self,
        body: &IngressRule,
        id: &str,
    ) -> Result<(), CloudError> {
        let call = self.ec2().revoke_security_group_ingress();
        let call = call.group_id(text(&body.group_id)?).security_group_rule_ids(id);
        match call.send().await.or_fail("ec2:RevokeSecurityGroupIngress") {
            Err(error)
                if !error.is(&[
                    "InvalidSecurityGroupRuleId.NotFound",
                    "InvalidPermission.NotFound",
                    "InvalidGroup.NotFound",
                    "InvalidGroupId.NotFound",
                ]) =>
            {
                Err(error)
            }
            _ => Ok(()),
        }
    }

    /// A rule that exists, by what it allows.
    async fn find_rule(&self, body: &IngressRule) -> Result<Changed, CloudError> {
        let wanted = key(&Body::IngressRule(body.clone()));
        let group = text(&body.group_id)?.to_owned();
        let all = self.read_rules(&[group]).await?;
        let found = all.into_iter().find(|found| key(&found.observed.body) == wanted);
        found
            .map(|found| Changed { attributes: found.observed.attributes, ..Changed::default() })
            .ok_or_else(|| {
                CloudError::new(
                    CloudErrorKind::NotFound,
                    "ec2:DescribeSecurityGroupRules",
                    "the rule that was just made is not there yet",
                )
                .help("run the same command again")
            })
    }

    /// The ingress rules of groups.
    pub(super) async fn read_rules(&self, groups: &[String]) -> Result<Vec<Found>, CloudError> {
        let mut found = Vec::new();
        for batch in groups.chunks(FILTER) {
            let rules: Vec<sdk::SecurityGroupRule> = self
                .ec2()
                .describe_security_group_rules()
                .filters(filter("group-id", batch.iter().cloned()))
                .into_paginator()
                .items()
                .send()
                .collect::<Result<_, _>>()
                .await
                .or_fail("ec2:DescribeSecurityGroupRules")?;
            found.extend(rules.iter().filter_map(observed));
        }
        Ok(found)
    }
}

fn permission(permission: &IpPermission) -> Result<sdk::IpPermission, CloudError> {
    let IpPermission { ip_protocol, from_port, to_port, ip_ranges, user_id_group_pairs } =
        permission;
    let ranges: Vec<_> = ip_ranges
        .iter()
        .map(|IpRange { cidr_ip, description }| {
            sdk::IpRange::builder().cidr_ip(cidr_ip).set_description(description.clone()).build()
        })
        .collect();
    let pairs = user_id_group_pairs
        .iter()
        .map(|GroupPair { group_id, description }| {
            Ok(sdk::UserIdGroupPair::builder()
                .group_id(text(group_id)?)
                .set_description(description.clone())
                .build())
        })
        .collect::<Result<Vec<_>, CloudError>>()?;
    Ok(sdk::IpPermission::builder()
        .ip_protocol(ip_protocol)
        .set_from_port(*from_port)
        .set_to_port(*to_port)
        .set_ip_ranges((!ranges.is_empty()).then_some(ranges))
        .set_user_id_group_pairs((!pairs.is_empty()).then_some(pairs))
        .build())
}

/// A rule as it was read, in the words of Desired. One that admits an IPv6 range or a prefix list
/// was not made by decklift; it is told as the range that it is, and equals nothing that is desired.
fn observed(rule: &sdk::SecurityGroupRule) -> Option<Found> {
    if rule.is_egress() == Some(true) {
        return None;
    }
    let id = rule.security_group_rule_id()?;
    let group = rule.group_id()?;
    let description = rule.description().filter(|text| !text.is_empty()).map(str::to_owned);
    let source = rule.referenced_group_info().and_then(|group| group.group_id());
    let range = rule.cidr_ipv4().or_else(|| rule.cidr_ipv6()).or_else(|| rule.prefix_list_id());
    let protocol = rule.ip_protocol().unwrap_or("-1");
    // For every protocol AWS says -1 where ports would stand.
    let port = |port: Option<i32>| port.filter(|_| protocol != "-1");
    let permission = IpPermission {
        ip_protocol: protocol.to_owned(),
        from_port: port(rule.from_port()),
        to_port: port(rule.to_port()),
        ip_ranges: range
            .map(|range| IpRange { cidr_ip: range.to_owned(), description: description.clone() })
            .into_iter()
            .collect(),
        user_id_group_pairs: source
            .map(|source| GroupPair {
                group_id: Value::from(source),
                description: description.clone(),
            })
            .into_iter()
            .collect(),
    };
    let body = IngressRule {
        group_id: Value::from(group),
        ip_permissions: vec![permission],
        tag_specifications: super::retag("security-group-rule", rule.tags()),
    };
    let mut found = Found::new(Body::IngressRule(body)).with(Attribute::Id, Some(id));
    // Rules that an older version made have none, and stay as they are.
    found.observed.tags_known = Owner::of(&super::tags(rule.tags())).is_some();
    Some(found.placed(Kind::IngressRule, id))
}

fn changed(id: &str) -> Changed {
    let attributes = [(Attribute::Id, id.to_owned())].into_iter().collect();
    Changed { attributes, deployment: None, detail: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ecs::desired::{TagSpecification, UpperTag};
    use crate::plan::changes;

    /// What differs between a rule that carries the project's tags, `team` among them, and one that was
    /// read with these.
    fn differs(have: &[(&str, &str)]) -> Vec<String> {
        let tags = have.iter().map(|(key, value)| sdk::Tag::builder().key(*key).value(*value));
        let rule = sdk::SecurityGroupRule::builder()
            .security_group_rule_id("sgr-1")
            .group_id("sg-1")
            .ip_protocol("-1")
            .cidr_ipv4("0.0.0.0/0")
            .set_tags(Some(tags.map(|tag| tag.build()).collect()))
            .build();
        let found = observed(&rule).expect("a rule");
        let Body::IngressRule(mut want) = found.observed.body.clone() else { panic!("no rule") };
        let tags =
            [("decklift:environment", "default"), ("decklift:project", "shop"), ("team", "a")];
        let tag = |(key, value): (&str, &str)| UpperTag {
            key: key.to_owned().into(),
            value: value.to_owned(),
        };
        want.tag_specifications = vec![TagSpecification {
            resource_type: "security-group-rule".to_owned(),
            tags: tags.map(tag).into(),
        }];
        let found = changes(&Body::IngressRule(want), &found.observed);
        found.into_iter().map(|change| change.path).collect()
    }

    #[test]
    fn a_rule_that_an_older_version_made_has_no_tags_and_that_is_no_change() {
        assert_eq!(differs(&[]), [] as [String; 0]);
        let own = [("decklift:environment", "default"), ("decklift:project", "shop")];
        assert_eq!(differs(&[own[0], own[1], ("team", "a")]), [] as [String; 0]);
        let other = differs(&[own[0], own[1], ("team", "b")]);
        assert!(other.iter().all(|path| path.starts_with("TagSpecifications")), "{other:?}");
        assert_eq!(other.len(), 1);
    }
}
