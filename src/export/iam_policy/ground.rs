//! The file's resources, as what statements cover.

mod compute;
mod data;
mod network;

use std::collections::BTreeSet;

use super::Deployer;
use super::grant::{Grant, Scope};
use crate::ecs::desired::{Body, Desired, Kind, Value};

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
            // What is looked at is somebody else's, wherever it is.
            Grant::Checks => self.deployer.verifies.then(Scope::all),
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
            | Grant::RolesForJobs
            | Grant::RolesForSchedules
            | Grant::RolesForTasks => self.iam(grant),
            Grant::SecurityGroups
            | Grant::NewSecurityGroups
            | Grant::NewSecurityGroupTags
            | Grant::NewSecurityGroupRuleTags
            | Grant::OwnSecurityGroupRules
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
            Grant::Networks
            | Grant::NetworkLists
            | Grant::NewNetworks
            | Grant::NewNetworkTags
            | Grant::EndpointZones => self.networks(grant),
            Grant::EndpointGroups => self
                .with(Kind::VpcEndpoint, || self.ec2(Grant::SecurityGroups).unwrap_or_default())
                .filter(|scope| !scope.resources.is_empty()),
            Grant::NotedBalancers => self
                .with(Kind::AliasRecord, || self.elb(Grant::LoadBalancers).unwrap_or_default())
                .filter(|scope| !scope.resources.is_empty()),
            Grant::PrivateZoneLists
            | Grant::PublicZoneLists
            | Grant::RecordLook
            | Grant::Records => self.records(grant),
            Grant::LogGroups | Grant::LogsLook => self.logs(grant),
            Grant::Repositories
            | Grant::CacheRules
            | Grant::Images
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
            Grant::Alarms | Grant::AlarmLists => self.alarms(grant),
            Grant::ScheduleGroups
            | Grant::ScheduleGroupLook
            | Grant::ScheduleLists
            | Grant::Schedules => self.schedules(grant),
            Grant::Secrets
            | Grant::SecretsOfOthers
            | Grant::SecretLists
            | Grant::PullCredentials => self.secrets(grant),
        }
    }
}

fn role_path(body: &Body) -> Option<&str> {
    match body {
        Body::Role(role) => Some(&role.create.path),
        _ => None,
    }
}
