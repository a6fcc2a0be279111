//! What a resource is, and the name under which AWS keeps it.

use crate::aws::tags;
use crate::ecs::desired::{Body, Kind};

/// The kind of a body.
pub(in crate::aws) fn kind(body: &Body) -> Kind {
    match body {
        Body::Vpc(_) => Kind::Vpc,
        Body::Subnet(_) => Kind::Subnet,
        Body::InternetGateway(_) => Kind::InternetGateway,
        Body::Address(_) => Kind::Address,
        Body::NatGateway(_) => Kind::NatGateway,
        Body::RouteTable(_) => Kind::RouteTable,
        Body::VpcEndpoint(_) => Kind::VpcEndpoint,
        Body::Cluster(_) => Kind::Cluster,
        Body::Namespace(_) => Kind::Namespace,
        Body::PrivateNamespace(_) => Kind::PrivateNamespace,
        Body::DnsName(_) => Kind::DnsName,
        Body::LogGroup(_) => Kind::LogGroup,
        Body::Secret(_) => Kind::Secret,
        Body::Role(_) => Kind::Role,
        Body::Repository(_) => Kind::Repository,
        Body::Image(_) => Kind::Image,
        Body::SecurityGroup(_) => Kind::SecurityGroup,
        Body::IngressRule(_) => Kind::IngressRule,
        Body::FileSystem(_) => Kind::FileSystem,
        Body::MountTarget(_) => Kind::MountTarget,
        Body::AccessPoint(_) => Kind::AccessPoint,
        Body::LoadBalancer(_) => Kind::LoadBalancer,
        Body::TargetGroup(_) => Kind::TargetGroup,
        Body::Listener(_) => Kind::Listener,
        Body::ListenerRule(_) => Kind::ListenerRule,
        Body::AliasRecord(_) => Kind::AliasRecord,
        Body::TaskDefinition(_) => Kind::TaskDefinition,
        Body::Service(_) => Kind::Service,
        Body::Job(_) => Kind::Job,
        Body::ScalableTarget(_) => Kind::ScalableTarget,
        Body::ScalingPolicy(_) => Kind::ScalingPolicy,
        Body::Alarm(_) => Kind::Alarm,
        Body::ScheduledAction(_) => Kind::ScheduledAction,
        Body::ScheduleGroup(_) => Kind::ScheduleGroup,
        Body::Schedule(_) => Kind::Schedule,
    }
}

/// The name under which AWS keeps a resource, unique among its kind; nothing while the resource that
/// it hangs off does not exist.
pub(in crate::aws) fn key(body: &Body) -> Option<String> {
    Some(match body {
        // EC2 has no names for these; tags say what each was made for.
        Body::Vpc(_)
        | Body::Subnet(_)
        | Body::InternetGateway(_)
        | Body::Address(_)
        | Body::NatGateway(_)
        | Body::RouteTable(_)
        | Body::VpcEndpoint(_) => tags::resource(&tags::of_body(body))?.to_string(),
        Body::Cluster(b) => b.cluster_name.clone(),
        Body::Namespace(b) => b.name.clone(),
        Body::PrivateNamespace(b) => b.name.clone(),
        Body::DnsName(b) => format!("{} in {}", b.name, b.namespace_id.known()?),
        Body::LogGroup(b) => b.create.log_group_name.clone(),
        Body::Secret(b) => b.name.clone(),
        // IAM does not tell names apart that differ in case.
        Body::Role(b) => b.create.role_name.to_ascii_lowercase(),
        Body::Repository(b) => b.repository_name.clone(),
        Body::Image(b) => format!("{}:{}", b.repository_name, b.image_tag),
        Body::SecurityGroup(b) => format!("{} in {}", b.group_name, b.vpc_id.known()?),
        Body::IngressRule(b) => {
            let permission = b.ip_permissions.first()?;
            let source = match permission.user_id_group_pairs.first() {
                Some(pair) => pair.group_id.known()?,
                None => permission.ip_ranges.first()?.cidr_ip.as_str(),
            };
            let ports = (permission.from_port, permission.to_port);
            format!("{} {} {ports:?} {source}", b.group_id.known()?, permission.ip_protocol)
        }
        Body::FileSystem(b) => b.creation_token.clone(),
        Body::MountTarget(b) => {
            format!("{} in {}", b.file_system_id.known()?, b.subnet_id.known()?)
        }
        Body::AccessPoint(b) => format!("{} of {}", b.client_token, b.file_system_id.known()?),
        Body::LoadBalancer(b) => b.name.clone(),
        Body::TargetGroup(b) => b.create.name.clone(),
        Body::Listener(b) => format!("port {} of {}", b.port, b.load_balancer_arn.known()?),
        // What a rule asks for says which it is: its priority may change.
        Body::ListenerRule(b) => {
            let mut values = Vec::new();
            for condition in &b.conditions {
                let lists =
                    condition.host_header_config.iter().chain(&condition.path_pattern_config);
                let before = values.len();
                values.extend(lists.flat_map(|list| &list.values).map(String::as_str));
                // Rules of others may ask for what ours never do.
                if values.len() == before {
                    values.push(condition.field.as_str());
                }
            }
            format!("rule for {} of {}", values.join(" "), b.listener_arn.known()?)
        }
        Body::AliasRecord(b) => format!("{} in {}", b.name(), b.change.hosted_zone_id),
        Body::TaskDefinition(b) => b.family.clone(),
        Body::Service(b) => format!("{}/{}", b.cluster, b.service_name),
        // What a job has done stands in the revision that it ran.
        Body::Job(_) => return None,
        Body::ScalableTarget(b) => b.resource_id.clone(),
        Body::ScalingPolicy(b) => format!("{} of {}", b.policy_name, b.resource_id),
        Body::Alarm(b) => b.alarm_name.clone(),
        Body::ScheduledAction(b) => format!("{} of {}", b.scheduled_action_name, b.resource_id),
        Body::ScheduleGroup(b) => b.name.clone(),
        Body::Schedule(b) => format!("{}/{}", b.group_name, b.name),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ecs::desired::{ConditionValues, ListenerRule, RuleCondition, Value};

    #[test]
    fn a_rule_of_others_that_asks_for_more_is_another_rule() {
        let condition = |field: &str, hosts: Option<&str>| RuleCondition {
            field: field.to_owned(),
            host_header_config: hosts.map(|host| ConditionValues { values: vec![host.to_owned()] }),
            path_pattern_config: None,
        };
        let key_of = |conditions: &[RuleCondition]| {
            key(&Body::ListenerRule(Box::new(ListenerRule {
                listener_arn: Value::from("arn"),
                priority: 1,
                conditions: conditions.to_vec(),
                actions: Vec::new(),
                tags: Vec::new(),
            })))
        };
        let host = condition("host-header", Some("a.example.com"));
        let ours = key_of(std::slice::from_ref(&host));
        assert!(ours.is_some());
        // The addresses stand in a part of the condition that is not read.
        assert_ne!(key_of(&[host, condition("source-ip", None)]), ours);
    }
}
