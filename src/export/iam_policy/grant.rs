use std::collections::{BTreeMap, BTreeSet};

/// Operators, keys and values of a condition.
pub(super) type Conditions = BTreeMap<&'static str, BTreeMap<String, BTreeSet<String>>>;

/// What a permission is for: each becomes a statement of this name. What each covers, `scope` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Grant {
    AlarmLists,
    Alarms,
    BoundRoles,
    CacheRules,
    CertificateLists,
    Certificates,
    Checks,
    Cluster,
    ClusterLists,
    ClusterLook,
    DnsNames,
    EndpointGroups,
    EndpointZones,
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
    NetworkLists,
    Networks,
    NewFileSystems,
    NewNamespaces,
    NewNetworkTags,
    NewNetworks,
    NewRoles,
    NewSecurityGroupRuleTags,
    NewSecurityGroupTags,
    NewSecurityGroups,
    NewZones,
    NotedBalancers,
    OwnSecurityGroupRules,
    PrivateZoneLists,
    PublicZoneLists,
    RecordLook,
    Records,
    RegistryTokens,
    PullCredentials,
    Releases,
    Repositories,
    Images,
    RepositoryKeys,
    RepositoryLists,
    Revisions,
    Roles,
    RolesForEcs,
    RolesForJobs,
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
    pub(super) fn of(resources: impl IntoIterator<Item = String>) -> Self {
        Self { resources: resources.into_iter().collect(), conditions: Conditions::new() }
    }

    /// Actions that take no resource, by the Service Authorization Reference.
    pub(super) fn all() -> Self {
        Self::of(["*".to_owned()])
    }

    pub(super) fn when<I, V>(
        mut self,
        operator: &'static str,
        key: impl Into<String>,
        values: I,
    ) -> Self
    where
        I: IntoIterator<Item = V>,
        V: Into<String>,
    {
        let values = values.into_iter().map(Into::into).collect();
        self.conditions.entry(operator).or_default().insert(key.into(), values);
        self
    }
}
