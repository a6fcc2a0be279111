//! What runs, and as whom.

use std::collections::BTreeSet;

use super::super::grant::{Grant, Scope};
use super::Ground;
use crate::ecs::desired::{Body, Kind, Value};
use crate::ecs::translate::schedule_group;

impl Ground<'_> {
    pub(super) fn ecs(&self, grant: Grant) -> Option<Scope> {
        let cluster = self.desired.cluster_name();
        let everything_in =
            |kind: &str| Scope::of([self.arn("ecs", &format!("{kind}/{cluster}/*"))]);
        match grant {
            Grant::Cluster => self.with(Kind::Cluster, || Scope::of([self.cluster()])),
            Grant::ClusterLook => Some(Scope::of([self.cluster()])),
            Grant::ClusterLists => {
                Some(Scope::all().when("ArnEquals", "ecs:cluster", [self.cluster()]))
            }
            // A cluster of the project has no others' services in it.
            Grant::Services if self.has(Kind::Cluster) => {
                self.with(Kind::Service, || everything_in("service"))
            }
            Grant::Services => self.with(Kind::Service, || {
                Scope::of(
                    self.named("ecs", service_name, |name| format!("service/{cluster}/{name}")),
                )
            }),
            Grant::ServicesLook => Some(everything_in("service")),
            Grant::TasksLook => Some(everything_in("task")),
            Grant::JobTasks => self.with(Kind::Job, || everything_in("task")),
            Grant::Jobs => self.with(Kind::Job, || {
                let jobs = self.desired.resources.keys().filter(|id| id.kind == Kind::Job);
                let families = jobs.filter_map(|id| self.desired.job_family(id));
                Scope::of(families.map(|f| self.arn("ecs", &format!("task-definition/{f}:*"))))
            }),
            Grant::Revisions => self.with(Kind::TaskDefinition, Scope::all),
            _ => self.with(Kind::TaskDefinition, || {
                Scope::of(self.named("ecs", family, |name| format!("task-definition/{name}:*")))
            }),
        }
    }

    pub(super) fn iam(&self, grant: Grant) -> Option<Scope> {
        const BOUNDARY: &str = "iam:PermissionsBoundary";
        let tasks = self.bodies().filter_map(|body| match body {
            Body::TaskDefinition(task) => Some(task),
            _ => None,
        });
        match grant {
            Grant::NewRoles => Some(match (self.roles()?, self.boundary()) {
                (roles, Some(arn)) => roles.when("StringEquals", BOUNDARY, [arn]),
                (roles, None) => roles,
            }),
            Grant::BoundRoles => {
                let arn = self.boundary()?;
                Some(self.roles()?.when("StringEquals", BOUNDARY, [arn]))
            }
            Grant::ManagedPolicies => {
                let attached = self.bodies().filter_map(|body| match body {
                    Body::Role(role) => role.attached.as_ref(),
                    _ => None,
                });
                let arns: BTreeSet<&str> =
                    attached.flatten().map(|attached| attached.policy_arn.as_str()).collect();
                if arns.is_empty() {
                    return None;
                }
                Some(self.roles()?.when("ArnEquals", "iam:PolicyARN", arns))
            }
            Grant::RolesForTasks => self.passed(
                "ecs-tasks.amazonaws.com",
                tasks.flat_map(|t| t.execution_role_arn.iter().chain(&t.task_role_arn)).collect(),
            ),
            Grant::RolesForSchedules => {
                let roles = self.bodies().filter_map(|body| match body {
                    Body::Schedule(schedule) => Some(&schedule.target.role_arn),
                    _ => None,
                });
                self.passed("scheduler.amazonaws.com", roles.collect())
            }
            Grant::RolesForEcs => {
                let services = self.bodies().filter_map(|body| match body {
                    Body::Service(service) => Some(&service.load_balancers),
                    _ => None,
                });
                let roles = services.flatten().filter_map(|balancer| {
                    balancer.advanced_configuration.as_ref().map(|advanced| &advanced.role_arn)
                });
                let volumes = volumes(self.bodies(), Kind::Service);
                let told: Vec<Value> =
                    self.bodies().flat_map(overridden).map(Value::from).collect();
                let all = roles.chain(volumes).chain(&told);
                self.passed("ecs.amazonaws.com", all.collect())
            }
            Grant::RolesForJobs => {
                self.passed("ecs.amazonaws.com", volumes(self.bodies(), Kind::Job).collect())
            }
            _ => self.roles(),
        }
    }

    pub(super) fn scaling(&self, grant: Grant) -> Option<Scope> {
        self.with(Kind::ScalableTarget, || match grant {
            // A target's name is made up when it is registered.
            Grant::Scaling => Scope::of([self.arn("application-autoscaling", "scalable-target/*")]),
            _ => Scope::all(),
        })
    }

    pub(super) fn alarms(&self, grant: Grant) -> Option<Scope> {
        self.with(Kind::Alarm, || match grant {
            Grant::Alarms => {
                Scope::of([self.arn("cloudwatch", &format!("alarm:{}-*", self.stack()))])
            }
            _ => Scope::all(),
        })
    }

    pub(super) fn schedules(&self, grant: Grant) -> Option<Scope> {
        let name = schedule_group(self.stack());
        let group = || Scope::of([self.arn("scheduler", &format!("schedule-group/{name}"))]);
        match grant {
            Grant::ScheduleGroupLook => Some(group()),
            Grant::ScheduleGroups => self.with(Kind::ScheduleGroup, group),
            Grant::ScheduleLists => self.with(Kind::ScheduleGroup, Scope::all),
            _ => self.with(Kind::ScheduleGroup, || {
                Scope::of([self.arn("scheduler", &format!("schedule/{name}/*"))])
            }),
        }
    }
}

/// The roles with which ECS makes volumes.
fn volumes<'a>(
    bodies: impl Iterator<Item = &'a Body>,
    kind: Kind,
) -> impl Iterator<Item = &'a Value> {
    let made = bodies.filter_map(move |body| match body {
        Body::Service(service) if kind == Kind::Service => Some(&service.volume_configurations),
        Body::Job(job) if kind == Kind::Job => Some(&job.volume_configurations),
        _ => None,
    });
    made.flatten().map(|volume| &volume.managed_ebs_volume.role_arn)
}

/// The roles that overrides give ECS: for VPC Lattice, certificates and hooks.
fn overridden(body: &Body) -> Vec<&str> {
    let Body::Service(service) = body else { return Vec::new() };
    let hooks = service.deployment_configuration.lifecycle_hooks.iter();
    let connect = service.service_connect_configuration.iter().flat_map(|c| &c.services);
    let lattice =
        service.vpc_lattice_configurations.iter().map(|lattice| lattice.role_arn.as_str());
    lattice
        .chain(hooks.filter_map(|hook| hook.role_arn.as_deref()))
        .chain(connect.filter_map(|offer| offer.tls.as_ref()?.role_arn.as_deref()))
        .collect()
}

fn service_name(body: &Body) -> Option<&str> {
    match body {
        Body::Service(service) => Some(&service.service_name),
        _ => None,
    }
}

fn family(body: &Body) -> Option<&str> {
    match body {
        Body::TaskDefinition(task) => Some(&task.family),
        _ => None,
    }
}
