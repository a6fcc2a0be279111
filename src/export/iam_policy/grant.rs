use std::collections::{BTreeMap, BTreeSet};

use super::Deployer;
use crate::ecs::desired::{Body, Desired, Kind, Value};
use crate::ecs::translate::schedule_group;

/// Operators, keys and values of a condition.
pub(super) type Conditions = BTreeMap<&'static str, BTreeMap<String, BTreeSet<String>>>;

/// What a permission is for: each becomes a statement of this name. What each covers, `scope` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Grant {
    BoundRoles,
    CertificateLists,
    Certificates,
    Cluster,
    ClusterLists,
    ClusterLook,
    DnsNames,
    EcsRole,
    FileSystemRole,
    FileSystemTags,
    FileSystems,
    FileSystemsOfOthers,
    HostedZones,
    JobTasks,
    Jobs,
    Listeners,
    Lists,
    LoadBalancerRole,
    LoadBalancers,
    LogGroups,
    LogsLook,
    ManagedPolicies,
    MountTargetLists,
    MountTargets,
    NamespaceLists,
    Namespaces,
    NewFileSystems,
    NewNamespaces,
    NewRoles,
    NewSecurityGroupTags,
    NewSecurityGroups,
    NewZones,
    RegistryTokens,
    Releases,
    Repositories,
    RepositoryKeys,
    RepositoryLists,
    Revisions,
    Roles,
    RolesForEcs,
    RolesForSchedules,
    RolesForTasks,
    Scaling,
    ScalingLists,
    ScalingRole,
    ScheduleGroupLook,
    ScheduleGroups,
    ScheduleLists,
    Schedules,
    SecretLists,
    Secrets,
    SecretsOfOthers,
    SecurityGroupRules,
    SecurityGroupVpc,
    SecurityGroups,
    SecurityGroupsOfOthers,
    Services,
    ServicesLook,
    TargetGroups,
    TaskDefinitions,
    TasksLook,
    Zones,
}

/// What a statement covers.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Scope {
    pub(super) resources: BTreeSet<String>,
    pub(super) conditions: Conditions,
}

impl Scope {
    fn of(resources: impl IntoIterator<Item = String>) -> Self {
        Self { resources: resources.into_iter().collect(), conditions: Conditions::new() }
    }

    /// Actions that take no resource, by the Service Authorization Reference.
    pub(super) fn all() -> Self {
        Self::of(["*".to_owned()])
    }

    fn when<I, V>(mut self, operator: &'static str, key: impl Into<String>, values: I) -> Self
    where
        I: IntoIterator<Item = V>,
        V: Into<String>,
    {
        let values = values.into_iter().map(Into::into).collect();
        self.conditions.entry(operator).or_default().insert(key.into(), values);
        self
    }
}

/// The file's resources, and who deploys them.
pub(super) struct Ground<'a> {
    desired: &'a Desired,
    deployer: &'a Deployer,
}

impl<'a> Ground<'a> {
    pub(super) fn new(desired: &'a Desired, deployer: &'a Deployer) -> Self {
        Self { desired, deployer }
    }

    fn bodies(&self) -> impl Iterator<Item = &'a Body> {
        self.desired.resources.values().map(|resource| &resource.body)
    }

    fn has(&self, kind: Kind) -> bool {
        self.desired.resources.keys().any(|id| id.kind == kind)
    }

    fn arn(&self, service: &str, resource: &str) -> String {
        let Deployer { partition, region, account, .. } = self.deployer;
        // What is IAM's stands in no region.
        let region = if service == "iam" { "" } else { region };
        format!("arn:{partition}:{service}:{region}:{account}:{resource}")
    }

    /// One ARN for each of the names that `name` finds.
    fn named<N: AsRef<str>>(
        &self,
        service: &str,
        name: impl Fn(&'a Body) -> Option<N>,
        resource: impl Fn(&str) -> String,
    ) -> BTreeSet<String> {
        let names = self.bodies().filter_map(name);
        names.map(|name| self.arn(service, &resource(name.as_ref()))).collect()
    }

    fn cluster(&self) -> String {
        self.arn("ecs", &format!("cluster/{}", self.desired.cluster_name()))
    }

    fn stack(&self) -> &'a str {
        &self.desired.stack
    }

    /// What bears the project's tags.
    fn tagged(&self, scope: Scope) -> Scope {
        self.tags(scope, "aws:ResourceTag")
    }

    /// What is given the project's tags.
    fn to_be_tagged(&self, scope: Scope) -> Scope {
        self.tags(scope, "aws:RequestTag")
    }

    fn tags(&self, scope: Scope, key: &str) -> Scope {
        let Deployer { project, environment, .. } = self.deployer;
        scope.when("StringEquals", format!("{key}/decklift:project"), [project]).when(
            "StringEquals",
            format!("{key}/decklift:environment"),
            [environment],
        )
    }

    /// The project's roles, which stand under its path.
    fn roles(&self) -> Option<Scope> {
        let arns = self.named("iam", role_path, |path| format!("role{path}*"));
        (!arns.is_empty()).then(|| Scope::of(arns))
    }

    fn boundary(&self) -> Option<&'a str> {
        self.bodies().find_map(|body| match body {
            Body::Role(role) => role.create.permissions_boundary.as_deref(),
            _ => None,
        })
    }

    /// The roles that are handed to a service, and to none but that.
    fn passed(&self, to: &str, values: Vec<&Value>) -> Option<Scope> {
        let arns: BTreeSet<String> = values.into_iter().filter_map(|v| self.role(v)).collect();
        (!arns.is_empty())
            .then(|| Scope::of(arns).when("StringEquals", "iam:PassedToService", [to]))
    }

    fn role(&self, value: &Value) -> Option<String> {
        match value {
            Value::Known(arn) => Some(arn.clone()),
            Value::From(id, _) => match &self.desired.resources.get(id)?.body {
                Body::Role(role) => {
                    let create = &role.create;
                    Some(self.arn("iam", &format!("role{}{}", create.path, create.role_name)))
                }
                _ => None,
            },
        }
    }

    /// A role that a service makes for itself with the caller's permission, once in an account.
    fn linked(&self, kind: Kind, service: &str, name: &str) -> Option<Scope> {
        let arn = self.arn("iam", &format!("role/aws-service-role/{service}/{name}"));
        self.has(kind)
            .then(|| Scope::of([arn]).when("StringEquals", "iam:AWSServiceName", [service]))
    }

    /// `scope`, where there is a resource of this kind.
    fn with(&self, kind: Kind, scope: impl FnOnce() -> Scope) -> Option<Scope> {
        self.has(kind).then(scope)
    }

    /// What a grant covers; nothing where the file needs it not.
    pub(super) fn scope(&self, grant: Grant) -> Option<Scope> {
        match grant {
            Grant::Lists => Some(Scope::all()),
            Grant::Releases => {
                let folder = &self.deployer.releases;
                let own = self.arn("ssm", &format!("parameter{folder}"));
                Some(Scope::of([format!("{own}/*"), own]))
            }
            Grant::Certificates | Grant::CertificateLists => self.certificates(grant),
            Grant::Cluster
            | Grant::ClusterLists
            | Grant::ClusterLook
            | Grant::Services
            | Grant::ServicesLook
            | Grant::TasksLook
            | Grant::TaskDefinitions
            | Grant::Revisions
            | Grant::Jobs
            | Grant::JobTasks => self.ecs(grant),
            Grant::EcsRole => {
                self.linked(Kind::Service, "ecs.amazonaws.com", "AWSServiceRoleForECS").or_else(
                    || self.linked(Kind::Cluster, "ecs.amazonaws.com", "AWSServiceRoleForECS"),
                )
            }
            Grant::LoadBalancerRole => self.linked(
                Kind::LoadBalancer,
                "elasticloadbalancing.amazonaws.com",
                "AWSServiceRoleForElasticLoadBalancing",
            ),
            Grant::FileSystemRole => self.linked(
                Kind::FileSystem,
                "elasticfilesystem.amazonaws.com",
                "AWSServiceRoleForAmazonElasticFileSystem",
            ),
            Grant::ScalingRole => self.linked(
                Kind::ScalableTarget,
                "ecs.application-autoscaling.amazonaws.com",
                "AWSServiceRoleForApplicationAutoScaling_ECSService",
            ),
            Grant::Roles
            | Grant::NewRoles
            | Grant::BoundRoles
            | Grant::ManagedPolicies
            | Grant::RolesForEcs
            | Grant::RolesForSchedules
            | Grant::RolesForTasks => self.iam(grant),
            Grant::SecurityGroups
            | Grant::NewSecurityGroups
            | Grant::NewSecurityGroupTags
            | Grant::SecurityGroupVpc
            | Grant::SecurityGroupRules
            | Grant::SecurityGroupsOfOthers => self.ec2(grant),
            Grant::FileSystems
            | Grant::NewFileSystems
            | Grant::FileSystemTags
            | Grant::FileSystemsOfOthers
            | Grant::MountTargets
            | Grant::MountTargetLists => self.efs(grant),
            Grant::LoadBalancers | Grant::Listeners | Grant::TargetGroups => self.elb(grant),
            Grant::LogGroups | Grant::LogsLook => self.logs(grant),
            Grant::Repositories
            | Grant::RepositoryKeys
            | Grant::RepositoryLists
            | Grant::RegistryTokens => self.ecr(grant),
            Grant::Namespaces
            | Grant::NamespaceLists
            | Grant::NewNamespaces
            | Grant::NewZones
            | Grant::DnsNames
            | Grant::HostedZones
            | Grant::Zones => self.names(grant),
            Grant::Scaling | Grant::ScalingLists => self.scaling(grant),
            Grant::ScheduleGroups
            | Grant::ScheduleGroupLook
            | Grant::ScheduleLists
            | Grant::Schedules => self.schedules(grant),
            Grant::Secrets | Grant::SecretsOfOthers | Grant::SecretLists => self.secrets(grant),
        }
    }

    /// The one certificate is found by its domain among all.
    fn certificates(&self, grant: Grant) -> Option<Scope> {
        self.deployer.finds_certificate.then(|| match grant {
            Grant::Certificates => Scope::of([self.arn("acm", "certificate/*")]),
            _ => Scope::all(),
        })
    }

    fn ecs(&self, grant: Grant) -> Option<Scope> {
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

    fn iam(&self, grant: Grant) -> Option<Scope> {
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
                self.passed("ecs.amazonaws.com", roles.collect())
            }
            _ => self.roles(),
        }
    }

    /// A group's id is made up when the group is made, so its tags say whose it is.
    fn ec2(&self, grant: Grant) -> Option<Scope> {
        let any = || Scope::of([self.arn("ec2", "security-group/*")]);
        match grant {
            Grant::SecurityGroupsOfOthers => {
                let arns = self.named("ec2", foreign_group, |id| format!("security-group/{id}"));
                (!arns.is_empty()).then(|| Scope::of(arns))
            }
            Grant::SecurityGroups => self.with(Kind::SecurityGroup, || self.tagged(any())),
            Grant::NewSecurityGroups => self.with(Kind::SecurityGroup, || self.to_be_tagged(any())),
            Grant::NewSecurityGroupTags => self.with(Kind::SecurityGroup, || {
                self.to_be_tagged(any()).when(
                    "StringEquals",
                    "ec2:CreateAction",
                    ["CreateSecurityGroup"],
                )
            }),
            Grant::SecurityGroupRules => self
                .with(Kind::IngressRule, || Scope::of([self.arn("ec2", "security-group-rule/*")])),
            _ => self.with(Kind::SecurityGroup, || {
                Scope::of(self.named("ec2", vpc, |id| {
                    let id = if id.contains("${") { "*" } else { id };
                    format!("vpc/{id}")
                }))
            }),
        }
    }

    fn efs(&self, grant: Grant) -> Option<Scope> {
        let any =
            || ["file-system/*", "access-point/*"].map(|any| self.arn("elasticfilesystem", any));
        match grant {
            Grant::FileSystemsOfOthers => {
                let arns = self.named("elasticfilesystem", foreign_file_system, |id| {
                    format!("file-system/{id}")
                });
                (!arns.is_empty()).then(|| Scope::of(arns))
            }
            Grant::NewFileSystems => {
                self.with(Kind::FileSystem, || self.to_be_tagged(Scope::all()))
            }
            Grant::FileSystemTags if self.has(Kind::FileSystem) || self.has(Kind::AccessPoint) => {
                Some(self.to_be_tagged(Scope::of(any())))
            }
            Grant::FileSystems if self.has(Kind::FileSystem) || self.has(Kind::AccessPoint) => {
                Some(self.tagged(Scope::of(any())))
            }
            Grant::MountTargets => self.with(Kind::MountTarget, || {
                let kinds = ["network-interface/*", "security-group/*", "subnet/*"];
                Scope::of(kinds.map(|kind| self.arn("ec2", kind)))
            }),
            Grant::MountTargetLists => self.with(Kind::MountTarget, Scope::all),
            _ => None,
        }
    }

    fn elb(&self, grant: Grant) -> Option<Scope> {
        const SERVICE: &str = "elasticloadbalancing";
        let mut scope = Scope::default();
        for body in self.bodies() {
            match (grant, body) {
                (Grant::LoadBalancers, Body::LoadBalancer(balancer)) => {
                    let place = balancer_place(&balancer.kind, &balancer.name);
                    scope.resources.insert(self.arn(SERVICE, &format!("loadbalancer/{place}/*")));
                }
                (Grant::Listeners, Body::LoadBalancer(balancer)) => {
                    let place = balancer_place(&balancer.kind, &balancer.name);
                    for kind in ["loadbalancer", "listener", "listener-rule"] {
                        let arn = self.arn(SERVICE, &format!("{kind}/{place}/*"));
                        scope.resources.insert(arn);
                    }
                }
                (Grant::Listeners, Body::Listener(listener)) => {
                    if let Some(arn) = listener.load_balancer_arn.known() {
                        let part = |kind| arn.replacen(":loadbalancer/", kind, 1) + "/*";
                        scope.resources.extend([
                            arn.to_owned(),
                            part(":listener/"),
                            part(":listener-rule/"),
                        ]);
                    }
                }
                (Grant::Listeners, Body::ListenerRule(rule)) => {
                    if let Some(arn) = rule.listener_arn.known() {
                        let rules = arn.replacen(":listener/", ":listener-rule/", 1) + "/*";
                        scope.resources.extend([arn.to_owned(), rules]);
                    }
                }
                // The name ends with a hash that only AWS's answers make whole.
                (Grant::TargetGroups, Body::TargetGroup(group)) => {
                    let stem = group.create.name.rsplit_once('-').map_or("", |(stem, _)| stem);
                    let hyphen = if stem.is_empty() { "" } else { "-" };
                    let resource = format!("targetgroup/{stem}{hyphen}*/*");
                    scope.resources.insert(self.arn(SERVICE, &resource));
                }
                _ => {}
            }
        }
        (!scope.resources.is_empty()).then_some(scope)
    }

    /// Below the project's prefix stand its groups alone.
    fn logs(&self, grant: Grant) -> Option<Scope> {
        let own = || format!("log-group:/decklift/{}/*", self.stack());
        match grant {
            Grant::LogGroups => self.with(Kind::LogGroup, || Scope::of([self.arn("logs", &own())])),
            _ => {
                let prefix = format!("/decklift/{}/", self.stack());
                let named = self.bodies().filter_map(|body| match body {
                    Body::TaskDefinition(task) => Some(&task.container_definitions),
                    _ => None,
                });
                let groups = named.flatten().filter_map(|container| {
                    let log = container.log_configuration.as_ref()?;
                    log.options.get("awslogs-group").filter(|group| !group.starts_with(&prefix))
                });
                let groups = groups.map(|group| format!("log-group:{group}:*"));
                Some(Scope::of(groups.chain([own()]).map(|group| self.arn("logs", &group))))
            }
        }
    }

    fn ecr(&self, grant: Grant) -> Option<Scope> {
        match grant {
            Grant::RepositoryLists => Some(Scope::of([self.arn("ecr", "repository/*")])),
            Grant::RegistryTokens => self.with(Kind::Repository, Scope::all),
            Grant::RepositoryKeys => {
                let keys = self.bodies().filter_map(|body| match body {
                    Body::Repository(repository) => {
                        Some(repository.encryption_configuration.as_ref()?.kms_key.as_str())
                    }
                    _ => None,
                });
                let arn = |key: &str| match key {
                    arn if arn.starts_with("arn:") && !arn.contains(":alias/") => arn.to_owned(),
                    // An alias is no key's name for IAM (AWS KMS developer guide, "Aliases").
                    alias if alias.contains("alias/") => self.arn("kms", "key/*"),
                    id => self.arn("kms", &format!("key/{id}")),
                };
                let arns: BTreeSet<String> = keys.map(arn).collect();
                (!arns.is_empty()).then(|| Scope::of(arns))
            }
            _ => self.with(Kind::Repository, || {
                Scope::of(self.named("ecr", repository, |name| format!("repository/{name}")))
            }),
        }
    }

    fn names(&self, grant: Grant) -> Option<Scope> {
        let has = self.has(Kind::Namespace) || self.has(Kind::PrivateNamespace);
        let any =
            |kinds: &[&str]| Scope::of(kinds.iter().map(|kind| self.arn("servicediscovery", kind)));
        match grant {
            Grant::NewNamespaces => self.with(Kind::Namespace, || self.to_be_tagged(Scope::all())),
            Grant::NewZones => {
                self.with(Kind::PrivateNamespace, || self.to_be_tagged(Scope::all()))
            }
            Grant::HostedZones => self.with(Kind::PrivateNamespace, || {
                let Deployer { partition, .. } = self.deployer;
                Scope::of([format!("arn:{partition}:route53:::hostedzone/*")])
            }),
            Grant::Zones => self.with(Kind::PrivateNamespace, Scope::all),
            Grant::DnsNames => self.with(Kind::DnsName, || any(&["namespace/*", "service/*"])),
            Grant::NamespaceLists => Some(Scope::all()),
            _ => has.then(|| any(&["namespace/*", "service/*"])),
        }
    }

    fn scaling(&self, grant: Grant) -> Option<Scope> {
        self.with(Kind::ScalableTarget, || match grant {
            // A target's name is made up when it is registered.
            Grant::Scaling => Scope::of([self.arn("application-autoscaling", "scalable-target/*")]),
            _ => Scope::all(),
        })
    }

    fn schedules(&self, grant: Grant) -> Option<Scope> {
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

    /// Secrets Manager puts a hyphen and six characters behind a name.
    fn secrets(&self, grant: Grant) -> Option<Scope> {
        let arn = |name: &str| self.arn("secretsmanager", &format!("secret:{name}-??????"));
        let others = &self.deployer.secrets;
        match grant {
            Grant::Secrets => self.with(Kind::Secret, || {
                Scope::of(
                    self.named("secretsmanager", secret, |name| format!("secret:{name}-??????")),
                )
            }),
            Grant::SecretsOfOthers => {
                (!others.is_empty()).then(|| Scope::of(others.iter().map(|name| arn(name))))
            }
            _ => self.with(Kind::Secret, Scope::all),
        }
    }
}

fn role_path(body: &Body) -> Option<&str> {
    match body {
        Body::Role(role) => Some(&role.create.path),
        _ => None,
    }
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

fn repository(body: &Body) -> Option<&str> {
    match body {
        Body::Repository(repository) => Some(&repository.repository_name),
        _ => None,
    }
}

fn secret(body: &Body) -> Option<&str> {
    match body {
        Body::Secret(secret) => Some(&secret.name),
        _ => None,
    }
}

fn vpc(body: &Body) -> Option<&str> {
    match body {
        Body::SecurityGroup(group) => Some(&group.vpc_id),
        _ => None,
    }
}

/// The group of a rule that stands in a group of others.
fn foreign_group(body: &Body) -> Option<&str> {
    match body {
        Body::IngressRule(rule) => rule.group_id.known(),
        _ => None,
    }
}

/// The file system of an access point that stands on a file system of others.
fn foreign_file_system(body: &Body) -> Option<&str> {
    match body {
        Body::AccessPoint(point) => point.file_system_id.known(),
        _ => None,
    }
}

/// `app/NAME` or `net/NAME`
fn balancer_place(kind: &str, name: &str) -> String {
    let short = if kind == "network" { "net" } else { "app" };
    format!("{short}/{name}")
}
