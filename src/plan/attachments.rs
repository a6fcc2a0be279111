//! What AWS demands without a reference: a target group must hang off a listener before a service may
//! use it, an EFS volume needs a mount target, and tasks need the ways to each other.

use std::collections::{BTreeSet, HashMap};

use super::StepId;
use super::order::{Index, Shared};
use crate::ecs::desired::{Body, Desired, Resource, ResourceId};

/// The first steps on what services and jobs need in this way.
pub(super) struct Attachments<'a> {
    desired: &'a Desired,
    /// Listeners and rules by the resources that they refer to.
    ways: HashMap<ResourceId, Vec<StepId>>,
    /// What everybody with a volume waits for: mount targets and access points.
    volumes: Shared,
    /// What everybody waits for: ingress rules, and the ways out of the VPC.
    ingress: Shared,
}

impl<'a> Attachments<'a> {
    pub(super) fn new(desired: &'a Desired, index: &Index<'_>) -> Self {
        let mut ways: HashMap<ResourceId, Vec<StepId>> = HashMap::new();
        let (mut volumes, mut ingress) = (Shared::default(), Shared::default());
        for (place, resource) in desired.resources.values().enumerate() {
            let Some(&first) = index.at(place).first() else { continue };
            match &resource.body {
                Body::Listener(_) | Body::ListenerRule(_) => {
                    for id in resource.body.references() {
                        ways.entry(id).or_default().push(first);
                    }
                }
                Body::MountTarget(_) | Body::AccessPoint(_) => volumes.after.push(first),
                // A task that cannot pull its image fails, and so may its service's first deployment.
                Body::IngressRule(_) | Body::RouteTable(_) | Body::VpcEndpoint(_) => {
                    ingress.after.push(first)
                }
                _ => {}
            }
        }
        Self { desired, ways, volumes, ingress }
    }

    /// Adds what a step on a service or a job waits for.
    pub(super) fn add(&mut self, resource: &Resource, id: StepId, after: &mut BTreeSet<StepId>) {
        let (task_definition, balancers) = match &resource.body {
            Body::Service(service) => (&service.task_definition, &*service.load_balancers),
            Body::Job(job) => (&job.task_definition, &[][..]),
            _ => return,
        };
        let targets = balancers.iter().filter_map(|b| b.target_group_arn.reference());
        after.extend(targets.filter_map(|(target, _)| self.ways.get(target)).flatten());
        let task = task_definition.reference().and_then(|(id, _)| self.desired.resources.get(id));
        if let Some(Body::TaskDefinition(task)) = task.map(|task| &task.body)
            && task.volumes.iter().any(|volume| volume.efs_volume_configuration.is_some())
        {
            self.volumes.waiting.push(id);
        }
        self.ingress.waiting.push(id);
    }

    /// What steps wait for together.
    pub(super) fn shared(self) -> Vec<Shared> {
        vec![self.volumes, self.ingress]
    }
}
