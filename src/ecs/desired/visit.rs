use super::{Body, ResourceId, Value};

/// Makes a visitor of every [`Value`] of a body, in order: one that reads, or one that changes.
macro_rules! visitor {
    ($(#[doc = $doc:literal])+ $name:ident, $iter:ident, $option:ident $(, $mutable:ident)?) => {
        $(#[doc = $doc])+
        pub fn $name(& $($mutable)? self, f: &mut dyn FnMut(& $($mutable)? Value)) {
            match self {
                Self::Cluster(_)
                | Self::Namespace(_)
                | Self::Address(_)
                | Self::LogGroup(_)
                | Self::Secret(_)
                | Self::Role(_)
                | Self::Repository(_)
                | Self::Image(_)
                | Self::ScalableTarget(_)
                | Self::ScheduledAction(_)
                | Self::ScheduleGroup(_)
                | Self::FileSystem(_) => {}
                Self::Vpc(vpc) => vpc.attributes.$iter().for_each(|a| f(& $($mutable)? a.vpc_id)),
                Self::Subnet(subnet) => f(& $($mutable)? subnet.vpc_id),
                Self::InternetGateway(gateway) => {
                    f(& $($mutable)? gateway.attach.internet_gateway_id);
                    f(& $($mutable)? gateway.attach.vpc_id);
                }
                Self::NatGateway(gateway) => {
                    f(& $($mutable)? gateway.subnet_id);
                    f(& $($mutable)? gateway.allocation_id);
                }
                Self::RouteTable(table) => {
                    f(& $($mutable)? table.create.vpc_id);
                    for route in & $($mutable)? table.routes {
                        f(& $($mutable)? route.route_table_id);
                        route.gateway_id.$iter().for_each(&mut *f);
                        route.nat_gateway_id.$iter().for_each(&mut *f);
                    }
                    for association in & $($mutable)? table.associations {
                        f(& $($mutable)? association.route_table_id);
                        f(& $($mutable)? association.subnet_id);
                    }
                }
                Self::VpcEndpoint(endpoint) => {
                    f(& $($mutable)? endpoint.vpc_id);
                    endpoint.route_table_ids.$iter().for_each(&mut *f);
                    endpoint.subnet_ids.$iter().for_each(&mut *f);
                    endpoint.security_group_ids.$iter().for_each(&mut *f);
                }
                Self::SecurityGroup(group) => f(& $($mutable)? group.vpc_id),
                Self::PrivateNamespace(namespace) => f(& $($mutable)? namespace.vpc),
                Self::DnsName(name) => f(& $($mutable)? name.namespace_id),
                Self::IngressRule(rule) => {
                    f(& $($mutable)? rule.group_id);
                    for permission in & $($mutable)? rule.ip_permissions {
                        permission.user_id_group_pairs.$iter().for_each(|p| f(& $($mutable)? p.group_id));
                    }
                }
                Self::MountTarget(target) => {
                    f(& $($mutable)? target.file_system_id);
                    f(& $($mutable)? target.subnet_id);
                    target.security_groups.$iter().for_each(&mut *f);
                }
                Self::AccessPoint(point) => f(& $($mutable)? point.file_system_id),
                Self::LoadBalancer(balancer) => {
                    balancer.subnets.$iter().for_each(&mut *f);
                    balancer.security_groups.$iter().for_each(&mut *f);
                }
                Self::TargetGroup(group) => {
                    f(& $($mutable)? group.create.vpc_id);
                    f(& $($mutable)? group.attributes.target_group_arn);
                }
                Self::Listener(listener) => {
                    f(& $($mutable)? listener.load_balancer_arn);
                    for action in & $($mutable)? listener.default_actions {
                        action.target_group_arn.$iter().for_each(&mut *f);
                        for config in action.forward_config.$iter() {
                            config.target_groups.$iter().for_each(|t| f(& $($mutable)? t.target_group_arn));
                        }
                    }
                }
                Self::ListenerRule(rule) => {
                    f(& $($mutable)? rule.listener_arn);
                    for action in & $($mutable)? rule.actions {
                        action.target_group_arn.$iter().for_each(&mut *f);
                        for config in action.forward_config.$iter() {
                            config.target_groups.$iter().for_each(|t| f(& $($mutable)? t.target_group_arn));
                        }
                    }
                }
                Self::AliasRecord(record) => {
                    let arns = record.note.$iter().flat_map(|note| & $($mutable)? note.resource_arns);
                    arns.for_each(&mut *f);
                    for change in & $($mutable)? record.change.change_batch.changes {
                        let target = & $($mutable)? change.resource_record_set.alias_target;
                        f(& $($mutable)? target.hosted_zone_id);
                        f(& $($mutable)? target.dns_name);
                    }
                }
                Self::TaskDefinition(task) => {
                    task.task_role_arn.$iter().for_each(&mut *f);
                    task.execution_role_arn.$iter().for_each(&mut *f);
                    for efs in
                        task.volumes.$iter().filter_map(|v| v.efs_volume_configuration.$option())
                    {
                        f(& $($mutable)? efs.file_system_id);
                        efs.authorization_config.$iter().flat_map(|a| a.access_point_id.$iter()).for_each(&mut *f);
                    }
                    for container in & $($mutable)? task.container_definitions {
                        f(& $($mutable)? container.image);
                        container.secrets.$iter().for_each(|s| f(& $($mutable)? s.value_from));
                    }
                }
                Self::Job(job) => {
                    f(& $($mutable)? job.task_definition);
                    let network = & $($mutable)? job.network_configuration.awsvpc_configuration;
                    network.subnets.$iter().for_each(&mut *f);
                    network.security_groups.$iter().for_each(&mut *f);
                    for volume in & $($mutable)? job.volume_configurations {
                        f(& $($mutable)? volume.managed_ebs_volume.role_arn);
                    }
                }
                Self::ScalingPolicy(policy) => {
                    let tracking =
                        policy.target_tracking_scaling_policy_configuration.$option();
                    let metric =
                        tracking.and_then(|t| t.predefined_metric_specification.$option());
                    if let Some(label) = metric.and_then(|m| m.resource_label.$option()) {
                        f(& $($mutable)? label.load_balancer);
                        f(& $($mutable)? label.target_group);
                    }
                }
                Self::Alarm(alarm) => alarm.alarm_actions.$iter().for_each(&mut *f),
                Self::Schedule(schedule) => {
                    let target = & $($mutable)? schedule.target;
                    f(& $($mutable)? target.arn);
                    f(& $($mutable)? target.role_arn);
                    f(& $($mutable)? target.ecs_parameters.task_definition_arn);
                    let network = target.ecs_parameters.network_configuration.$option();
                    if let Some(network) = network {
                        network.awsvpc.subnets.$iter().for_each(&mut *f);
                        network.awsvpc.security_groups.$iter().for_each(&mut *f);
                    }
                }
                Self::Service(service) => {
                    f(& $($mutable)? service.task_definition);
                    let network = & $($mutable)? service.network_configuration.awsvpc_configuration;
                    network.subnets.$iter().for_each(&mut *f);
                    network.security_groups.$iter().for_each(&mut *f);
                    for balancer in & $($mutable)? service.load_balancers {
                        f(& $($mutable)? balancer.target_group_arn);
                        for advanced in balancer.advanced_configuration.$iter() {
                            f(& $($mutable)? advanced.alternate_target_group_arn);
                            f(& $($mutable)? advanced.production_listener_rule);
                            f(& $($mutable)? advanced.role_arn);
                        }
                    }
                    for volume in & $($mutable)? service.volume_configurations {
                        f(& $($mutable)? volume.managed_ebs_volume.role_arn);
                    }
                    service.service_registries.$iter().for_each(|r| f(& $($mutable)? r.registry_arn));
                    if let Some(connect) = & $($mutable)? service.service_connect_configuration {
                        f(& $($mutable)? connect.namespace);
                    }
                }
            }
        }
    };
}

impl Body {
    visitor! {
        /// Calls `f` on every [`Value`] of this body, in order, which may change it.
        visit_values, iter_mut, as_mut, mut
    }

    visitor! {
        /// Calls `f` on every [`Value`] of this body, in order.
        each_value, iter, as_ref
    }

    /// The resources whose attributes stand in this body, each once, in order.
    #[must_use]
    pub fn references(&self) -> Vec<ResourceId> {
        let mut found = Vec::new();
        self.each_value(&mut |value| {
            if let Some((id, _)) = value.reference()
                && !found.contains(id)
            {
                found.push(id.clone());
            }
        });
        found
    }

    /// This body with every reference filled in that `look_up` knows.
    #[must_use]
    pub fn resolve(
        &self,
        look_up: &dyn Fn(&ResourceId, super::Attribute) -> Option<String>,
    ) -> Self {
        let mut body = self.clone();
        body.visit_values(&mut |value| {
            if let Some((id, attribute)) = value.reference()
                && let Some(text) = look_up(id, attribute)
            {
                *value = Value::Known(text);
            }
        });
        body
    }
}
