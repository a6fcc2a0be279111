//! `elbv2` target groups and their attributes.

use aws_sdk_elasticloadbalancingv2::types as sdk;

use super::{SETTLE, label};
use crate::apply::cloud::{Changed, CloudError};
use crate::aws::Aws;
use crate::aws::error::OrFail;
use crate::aws::observe::Found;
use crate::aws::tags::{self, Tags};
use crate::ecs::desired::{
    Attribute, Body, CreateTargetGroup, Matcher, ModifyTargetGroupAttributes, TargetGroup,
    UpperTag, Value,
};

/// The attributes that decklift may set, with what they are when nobody has set them (Elastic Load
/// Balancing API reference, `TargetGroupAttribute`).
const DEFAULTS: [(&str, &str); 5] = [
    ("deregistration_delay.timeout_seconds", "300"),
    ("load_balancing.algorithm.type", "round_robin"),
    ("slow_start.duration_seconds", "0"),
    ("stickiness.enabled", "false"),
    ("stickiness.lb_cookie.duration_seconds", "86400"),
];

/// Whether somebody has set an attribute that decklift may set.
pub(in crate::aws) fn differs_from_default(attribute: &UpperTag) -> bool {
    DEFAULTS.iter().any(|(key, value)| attribute.key == *key && attribute.value != *value)
}

impl Aws {
    pub(in crate::aws) async fn create_target_group(
        &self,
        body: &TargetGroup,
    ) -> Result<Changed, CloudError> {
        let CreateTargetGroup {
            name,
            protocol,
            protocol_version,
            port,
            vpc_id,
            target_type,
            health_check_protocol,
            health_check_path,
            health_check_port,
            health_check_interval_seconds,
            health_check_timeout_seconds,
            healthy_threshold_count,
            unhealthy_threshold_count,
            matcher,
            tags: list,
        } = &body.create;
        let answer = self
            .elb()
            .create_target_group()
            .name(name)
            .protocol(protocol.as_str().into())
            .set_protocol_version(protocol_version.clone())
            .port(*port)
            .vpc_id(crate::aws::values::text(vpc_id)?)
            .target_type(target_type.as_str().into())
            .health_check_protocol(health_check_protocol.as_str().into())
            .set_health_check_path(health_check_path.clone())
            .health_check_port(health_check_port)
            .health_check_interval_seconds(*health_check_interval_seconds)
            .health_check_timeout_seconds(*health_check_timeout_seconds)
            .healthy_threshold_count(*healthy_threshold_count)
            .unhealthy_threshold_count(*unhealthy_threshold_count)
            .set_matcher(matcher.as_ref().map(to_sdk))
            .set_tags(super::to_sdk_tags(list)?)
            .send()
            .await
            .or_fail("elbv2:CreateTargetGroup");
        let found = match answer {
            Ok(answer) => answer.target_groups.unwrap_or_default().into_iter().next(),
            Err(error) if error.is(&["DuplicateTargetGroupName"]) => {
                let found = self.find_target_group(name).await?;
                let arn = found.as_ref().and_then(|f| f.target_group_arn()).unwrap_or_default();
                let have = self.tags_of_one(arn).await?;
                let wanted = Body::TargetGroup(Box::new(body.clone()));
                tags::check("elbv2:CreateTargetGroup", &wanted, name, &have)?;
                self.put_health_check(body, arn).await?;
                found
            }
            Err(error) => return Err(error),
        };
        let arn = found.as_ref().and_then(|found| found.target_group_arn()).unwrap_or_default();
        self.put_attributes(body, arn).await?;
        Ok(changed(arn))
    }

    pub(in crate::aws) async fn update_target_group(
        &self,
        body: &TargetGroup,
    ) -> Result<Changed, CloudError> {
        let Some(found) = self.find_target_group(&body.create.name).await? else {
            return self.create_target_group(body).await;
        };
        let arn = found.target_group_arn().unwrap_or_default();
        self.put_health_check(body, arn).await?;
        self.put_attributes(body, arn).await?;
        self.add_tags(arn, &body.create.tags).await?;
        Ok(changed(arn))
    }

    /// Nothing but the health check can be changed in place.
    async fn put_health_check(&self, body: &TargetGroup, arn: &str) -> Result<(), CloudError> {
        let create = &body.create;
        let call = self
            .elb()
            .modify_target_group()
            .target_group_arn(arn)
            .health_check_protocol(create.health_check_protocol.as_str().into())
            .set_health_check_path(create.health_check_path.clone())
            .health_check_port(&create.health_check_port)
            .health_check_interval_seconds(create.health_check_interval_seconds)
            .health_check_timeout_seconds(create.health_check_timeout_seconds)
            .healthy_threshold_count(create.healthy_threshold_count)
            .unhealthy_threshold_count(create.unhealthy_threshold_count)
            .set_matcher(create.matcher.as_ref().map(to_sdk));
        call.send().await.or_fail("elbv2:ModifyTargetGroup").map(|_| ())
    }

    /// Sets what is wanted. What was wanted once and is no longer goes back to its default.
    async fn put_attributes(&self, body: &TargetGroup, arn: &str) -> Result<(), CloudError> {
        let ModifyTargetGroupAttributes { target_group_arn: _, attributes: wanted } =
            &body.attributes;
        let have = self.target_group_attributes(arn).await?;
        let undone = DEFAULTS.iter().filter(|(key, value)| {
            !wanted.iter().any(|w| w.key == *key)
                && have.iter().any(|h| h.key == *key && h.value != *value)
        });
        let attribute = |key: &str, value: &str| {
            sdk::TargetGroupAttribute::builder().key(key).value(value).build()
        };
        let all: Vec<_> = wanted
            .iter()
            .map(|w| attribute(&w.key, &w.value))
            .chain(undone.map(|(key, value)| attribute(key, value)))
            .collect();
        if all.is_empty() {
            return Ok(());
        }
        let call = self.elb().modify_target_group_attributes().target_group_arn(arn);
        let call = call.set_attributes(Some(all));
        call.send().await.or_fail("elbv2:ModifyTargetGroupAttributes").map(|_| ())
    }

    /// What used it, a listener or a service, lets go of it some time after it is gone.
    pub(in crate::aws) async fn delete_target_group(&self, arn: &str) -> Result<(), CloudError> {
        let call = || async {
            self.elb()
                .delete_target_group()
                .target_group_arn(arn)
                .send()
                .await
                .or_fail("elbv2:DeleteTargetGroup")
        };
        match self.pace.persist(SETTLE, |error| error.is(&["ResourceInUse"]), call).await {
            Err(error) if !error.is(&["TargetGroupNotFound"]) => Err(error),
            _ => Ok(()),
        }
    }

    async fn find_target_group(&self, name: &str) -> Result<Option<sdk::TargetGroup>, CloudError> {
        let call = self.elb().describe_target_groups().names(name);
        match call.send().await.or_fail("elbv2:DescribeTargetGroups") {
            Ok(answer) => Ok(answer.target_groups.unwrap_or_default().into_iter().next()),
            Err(error) if error.is(&["TargetGroupNotFound"]) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn target_group_attributes(
        &self,
        arn: &str,
    ) -> Result<Vec<UpperTag>, CloudError> {
        let call = self.elb().describe_target_group_attributes().target_group_arn(arn);
        let answer = match call.send().await.or_fail("elbv2:DescribeTargetGroupAttributes") {
            Err(error) if error.is(&["TargetGroupNotFound"]) => return Ok(Vec::new()),
            answer => answer?,
        };
        let mut all: Vec<_> = answer
            .attributes()
            .iter()
            .filter_map(|attribute| {
                let value = attribute.value().unwrap_or_default().to_owned();
                Some(UpperTag { key: attribute.key()?.to_owned().into(), value })
            })
            .collect();
        all.sort();
        Ok(all)
    }
}

fn to_sdk(matcher: &Matcher) -> sdk::Matcher {
    let Matcher { http_code, grpc_code } = matcher;
    let builder = sdk::Matcher::builder().set_http_code(http_code.clone());
    builder.set_grpc_code(grpc_code.clone()).build()
}

/// A target group as it was read, in the words of Desired.
pub(super) fn observed(group: &sdk::TargetGroup, attributes: Vec<UpperTag>, tags: Tags) -> Found {
    let arn = group.target_group_arn().unwrap_or_default();
    let text = |text: Option<&str>, default: &str| text.unwrap_or(default).to_owned();
    let protocol = group.protocol().map(|p| p.as_str());
    let http = !matches!(protocol, Some("TCP" | "UDP" | "TCP_UDP" | "TLS"));
    let asks = group.health_check_protocol().is_none_or(|protocol| protocol.as_str() != "TCP");
    let body = TargetGroup {
        create: CreateTargetGroup {
            name: text(group.target_group_name(), ""),
            protocol: text(protocol, ""),
            protocol_version: http.then(|| text(group.protocol_version(), "HTTP1")),
            port: group.port().unwrap_or_default(),
            vpc_id: text(group.vpc_id(), "").into(),
            target_type: text(group.target_type().map(|t| t.as_str()), "instance"),
            health_check_protocol: text(group.health_check_protocol().map(|p| p.as_str()), "HTTP"),
            health_check_path: asks.then(|| text(group.health_check_path(), "/")),
            health_check_port: text(group.health_check_port(), "traffic-port"),
            health_check_interval_seconds: group.health_check_interval_seconds().unwrap_or(30),
            health_check_timeout_seconds: group.health_check_timeout_seconds().unwrap_or(5),
            healthy_threshold_count: group.healthy_threshold_count().unwrap_or(5),
            unhealthy_threshold_count: group.unhealthy_threshold_count().unwrap_or(2),
            matcher: group.matcher().filter(|_| asks).map(|matcher| Matcher {
                http_code: matcher.http_code().map(str::to_owned),
                grpc_code: matcher.grpc_code().map(str::to_owned),
            }),
            tags: tags::to_upper(&tags),
        },
        attributes: ModifyTargetGroupAttributes { target_group_arn: Value::from(arn), attributes },
    };
    Found::new(Body::TargetGroup(Box::new(body)))
        .with(Attribute::Arn, Some(arn))
        .with(Attribute::Label, Some(label(arn)))
        .tagged(tags)
}

fn changed(arn: &str) -> Changed {
    let pair = |attribute, text: &str| (attribute, text.to_owned());
    let given = [pair(Attribute::Arn, arn), pair(Attribute::Label, label(arn))];
    Changed { attributes: given.into_iter().collect(), ..Changed::default() }
}
