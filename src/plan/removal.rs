//! What goes when a project goes, and in which order.

use std::collections::BTreeSet;

use super::{Action, Actual, Observed, Plan, Step, StepId, effect};
use crate::ecs::desired::{Kind, ResourceId};

/// What `down` takes along beyond services and what they need.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removal {
    /// Volumes with their content.
    pub volumes: bool,
    /// Repositories with their images.
    pub images: bool,
    /// Secrets that decklift made; Secrets Manager gives them back for 30 days.
    pub secrets: bool,
}

impl Removal {
    /// Whether a resource goes. What holds data stays unless it was asked for.
    pub(super) fn takes(self, id: &ResourceId, actual: &Actual) -> bool {
        match id.kind {
            // A file system that stays keeps the group that its mount targets stand in.
            Kind::SecurityGroup if id.name == "efs" => self.volumes || !has_volumes(actual),
            // Mount targets stand in subnets.
            Kind::Vpc | Kind::Subnet => self.volumes || !has_volumes(actual),
            Kind::FileSystem | Kind::AccessPoint | Kind::MountTarget => self.volumes,
            Kind::Repository => self.images,
            Kind::Secret => self.secrets,
            // Images go with their repository.
            Kind::Image => false,
            _ => true,
        }
    }
}

/// Plans the removal of everything that a stack has.
#[must_use]
pub fn plan_removal(stack: &str, actual: &Actual, removal: Removal) -> Plan {
    let all: Vec<_> = actual
        .resources
        .iter()
        .chain(actual.orphans.iter().chain(&actual.retired).map(|(id, observed)| (id, observed)))
        .filter(|(id, _)| removal.takes(id, actual))
        .collect();
    let steps = removal_steps(all.into_iter(), 0, &BTreeSet::new());
    Plan { version: Plan::VERSION, stack: stack.to_owned(), steps, ..Plan::default() }
}

/// Whether a resource of this kind holds what nobody could make again, or leads to it.
pub(super) fn holds_data(kind: Kind) -> bool {
    matches!(kind, Kind::FileSystem | Kind::AccessPoint | Kind::Repository | Kind::Secret)
}

fn has_volumes(actual: &Actual) -> bool {
    let orphans = actual.orphans.iter().map(|(id, _)| id);
    actual.resources.keys().chain(orphans).any(|id| id.kind == Kind::MountTarget)
}

/// Steps that delete resources, each after those that may still use it. Their ids start at `first`;
/// all come after the steps in `before`.
pub(super) fn removal_steps<'a>(
    resources: impl Iterator<Item = (&'a ResourceId, &'a Observed)>,
    first: StepId,
    before: &BTreeSet<StepId>,
) -> Vec<Step> {
    let mut list: Vec<_> = resources.filter(|(id, _)| id.kind != Kind::Image).collect();
    // Users before what they use: the reverse of the order in which things are made.
    list.sort_by(|(a, _), (b, _)| b.kind.cmp(&a.kind).then_with(|| a.name.cmp(&b.name)));
    let kinds: Vec<Kind> = list.iter().map(|(id, _)| id.kind).collect();
    list.into_iter()
        .map(|(id, observed)| {
            let mut after = before.clone();
            after.extend(
                kinds
                    .iter()
                    .enumerate()
                    .filter(|(_, kind)| must_go_before(**kind, id.kind))
                    .map(|(index, _)| first + index),
            );
            let observed = Some(Box::new(observed.clone()));
            let effect = effect::of_removal(id.kind);
            Step { after, observed, effect, ..Step::new(id, Action::Delete) }
        })
        .collect()
}

/// Whether AWS refuses to delete the one while the other exists.
fn must_go_before(user: Kind, used: Kind) -> bool {
    in_the_network(user, used)
        || matches!(
            (user, used),
            (
            Kind::Service | Kind::Job,
            Kind::Cluster
                | Kind::Namespace
                | Kind::PrivateNamespace
                | Kind::DnsName
                | Kind::TaskDefinition
                | Kind::TargetGroup
                | Kind::Listener
                | Kind::ListenerRule
                | Kind::LoadBalancer
                | Kind::SecurityGroup
                | Kind::IngressRule
                | Kind::Role
                | Kind::LogGroup
                | Kind::MountTarget
                | Kind::AccessPoint
                | Kind::FileSystem
                | Kind::Repository
        ) | (Kind::DnsName, Kind::PrivateNamespace)
            // Nothing starts tasks that are about to lose what they need, and nothing scales a service
            // that is being emptied.
            | (
                Kind::Schedule,
                Kind::ScheduleGroup
                    | Kind::Cluster
                    | Kind::TaskDefinition
                    | Kind::SecurityGroup
                    | Kind::Role
                    | Kind::LogGroup
                    | Kind::MountTarget
                    | Kind::AccessPoint
                    | Kind::FileSystem
                    | Kind::Repository
            )
            | (
                Kind::Alarm | Kind::ScalingPolicy | Kind::ScheduledAction,
                Kind::ScalableTarget | Kind::Service
            )
            // An alarm is found by its policy, so it does not outlive it.
            | (Kind::Alarm, Kind::ScalingPolicy)
            | (Kind::ScalableTarget, Kind::Service)
            | (Kind::Listener, Kind::TargetGroup | Kind::LoadBalancer)
            | (Kind::ListenerRule, Kind::TargetGroup | Kind::Listener | Kind::LoadBalancer)
            // A name must not lead to what is no longer there.
            | (Kind::AliasRecord, Kind::LoadBalancer | Kind::Listener | Kind::ListenerRule)
            | (Kind::LoadBalancer, Kind::TargetGroup | Kind::SecurityGroup)
            | (Kind::AccessPoint | Kind::MountTarget, Kind::FileSystem)
            | (Kind::MountTarget | Kind::IngressRule, Kind::SecurityGroup)
            | (Kind::TaskDefinition, Kind::Role)
        )
}

/// The same, of what a VPC is made of. The VPC goes last of all that has to do with the network: as
/// long as it is there, the rest is looked for.
fn in_the_network(user: Kind, used: Kind) -> bool {
    use Kind::{
        Address, AliasRecord, IngressRule, InternetGateway, Job, LoadBalancer, MountTarget,
        NatGateway, PrivateNamespace, RouteTable, Schedule, SecurityGroup, Service, Subnet,
        TargetGroup, Vpc, VpcEndpoint,
    };
    match used {
        Vpc => matches!(
            user,
            Address
                | InternetGateway
                | Job
                | LoadBalancer
                | MountTarget
                | NatGateway
                | PrivateNamespace
                | RouteTable
                | Schedule
                | SecurityGroup
                | IngressRule
                | Service
                | Subnet
                | TargetGroup
                | VpcEndpoint
                | AliasRecord
        ),
        // Whatever stands in a subnet, and whatever needs a way out until it ends.
        Subnet | RouteTable | InternetGateway => {
            matches!(
                user,
                Service | Job | Schedule | LoadBalancer | MountTarget | NatGateway | VpcEndpoint
            ) || matches!((user, used), (RouteTable, Subnet) | (Address, InternetGateway))
        }
        NatGateway | VpcEndpoint => matches!(user, Service | Job | Schedule),
        Address => user == NatGateway,
        SecurityGroup => user == VpcEndpoint,
        _ => false,
    }
}
