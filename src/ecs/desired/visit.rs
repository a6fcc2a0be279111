use super::{Body, ResourceId, Value};

impl Body {
    /// Calls `f` on every [`Value`] of this body, in order.
    pub fn visit_values(&mut self, f: &mut dyn FnMut(&mut Value)) {
        match self {
            Self::Cluster(_)
            | Self::Namespace(_)
            | Self::PrivateNamespace(_)
            | Self::LogGroup(_)
            | Self::Secret(_)
            | Self::Role(_)
            | Self::Repository(_)
            | Self::Image(_)
            | Self::SecurityGroup(_)
            | Self::ScalableTarget(_)
            | Self::ScheduleGroup(_)
            | Self::FileSystem(_) => {}
            Self::DnsName(name) => f(&mut name.namespace_id),
            Self::IngressRule(rule) => {
                f(&mut rule.group_id);
                for permission in &mut rule.ip_permissions {
                    permission.user_id_group_pairs.iter_mut().for_each(|p| f(&mut p.group_id));
                }
            }
            Self::MountTarget(target) => {
                f(&mut target.file_system_id);
                target.security_groups.iter_mut().for_each(&mut *f);
            }
            Self::AccessPoint(point) => f(&mut point.file_system_id),
            Self::LoadBalancer(balancer) => {
                balancer.security_groups.iter_mut().for_each(&mut *f);
            }
            Self::TargetGroup(group) => f(&mut group.attributes.target_group_arn),
            Self::Listener(listener) => {
                f(&mut listener.load_balancer_arn);
                let targets = listener.default_actions.iter_mut();
                targets.filter_map(|a| a.target_group_arn.as_mut()).for_each(f);
            }
            Self::ListenerRule(rule) => {
                f(&mut rule.listener_arn);
                let targets = rule.actions.iter_mut();
                targets.filter_map(|a| a.target_group_arn.as_mut()).for_each(f);
            }
            Self::TaskDefinition(task) => {
                task.task_role_arn.iter_mut().for_each(&mut *f);
                task.execution_role_arn.iter_mut().for_each(&mut *f);
                for efs in
                    task.volumes.iter_mut().filter_map(|v| v.efs_volume_configuration.as_mut())
                {
                    f(&mut efs.file_system_id);
                    efs.authorization_config.iter_mut().for_each(|a| f(&mut a.access_point_id));
                }
                for container in &mut task.container_definitions {
                    f(&mut container.image);
                    container.secrets.iter_mut().for_each(|s| f(&mut s.value_from));
                }
            }
            Self::Job(job) => {
                f(&mut job.task_definition);
                let network = &mut job.network_configuration.awsvpc_configuration;
                network.security_groups.iter_mut().for_each(&mut *f);
            }
            Self::ScalingPolicy(policy) => {
                let metric = &mut policy
                    .target_tracking_scaling_policy_configuration
                    .predefined_metric_specification;
                if let Some(label) = &mut metric.resource_label {
                    f(&mut label.load_balancer);
                    f(&mut label.target_group);
                }
            }
            Self::Schedule(schedule) => {
                let target = &mut schedule.target;
                f(&mut target.arn);
                f(&mut target.role_arn);
                f(&mut target.ecs_parameters.task_definition_arn);
                let network = &mut target.ecs_parameters.network_configuration.awsvpc;
                network.security_groups.iter_mut().for_each(&mut *f);
            }
            Self::Service(service) => {
                f(&mut service.task_definition);
                service
                    .network_configuration
                    .awsvpc_configuration
                    .security_groups
                    .iter_mut()
                    .for_each(&mut *f);
                service.load_balancers.iter_mut().for_each(|b| f(&mut b.target_group_arn));
                service.service_registries.iter_mut().for_each(|r| f(&mut r.registry_arn));
                if let Some(connect) = &mut service.service_connect_configuration {
                    f(&mut connect.namespace);
                }
            }
        }
    }

    /// The resources whose attributes stand in this body, each once, in order.
    #[must_use]
    pub fn references(&self) -> Vec<ResourceId> {
        let mut found = Vec::new();
        self.clone().visit_values(&mut |value| {
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
