//! Which permissions each operation takes that `aws` calls, in one table.
//!
//! Source of the actions, and of what each takes as a resource: the Service Authorization Reference,
//! "Actions, resources, and condition keys for" each service. What an operation needs beyond its own
//! action is said where it stands.

mod network;

use super::grant::Grant::{self, *};
pub(super) use network::NETWORK;

/// An operation by the name that `aws` reports it under, and the actions that its caller needs, each
/// with the things that it is for. None: no permission is needed, or it is never called on AWS.
pub(super) type Operation = (&'static str, &'static [(&'static str, Grant)]);

/// All but those of the network; sorted by operation.
pub(super) const OPERATIONS: &[Operation] = &[
    (
        "application-autoscaling:DeleteScalingPolicy",
        &[("application-autoscaling:DeleteScalingPolicy", Scaling)],
    ),
    (
        "application-autoscaling:DeleteScheduledAction",
        &[("application-autoscaling:DeleteScheduledAction", Scaling)],
    ),
    (
        "application-autoscaling:DeregisterScalableTarget",
        &[("application-autoscaling:DeregisterScalableTarget", Scaling)],
    ),
    (
        "application-autoscaling:DescribeScalableTargets",
        &[("application-autoscaling:DescribeScalableTargets", ScalingLists)],
    ),
    (
        "application-autoscaling:DescribeScalingPolicies",
        &[("application-autoscaling:DescribeScalingPolicies", ScalingLists)],
    ),
    (
        "application-autoscaling:DescribeScheduledActions",
        &[("application-autoscaling:DescribeScheduledActions", ScalingLists)],
    ),
    (
        "application-autoscaling:ListTagsForResource",
        &[("application-autoscaling:ListTagsForResource", Scaling)],
    ),
    // The alarms of a target tracking policy are the service-linked role's business.
    (
        "application-autoscaling:PutScalingPolicy",
        &[("application-autoscaling:PutScalingPolicy", Scaling)],
    ),
    (
        "application-autoscaling:PutScheduledAction",
        &[("application-autoscaling:PutScheduledAction", Scaling)],
    ),
    (
        "application-autoscaling:RegisterScalableTarget",
        &[
            ("application-autoscaling:RegisterScalableTarget", Scaling),
            ("application-autoscaling:TagResource", Scaling),
            ("iam:CreateServiceLinkedRole", ScalingRole),
        ],
    ),
    ("application-autoscaling:TagResource", &[("application-autoscaling:TagResource", Scaling)]),
    ("cloudwatch:DeleteAlarms", &[("cloudwatch:DeleteAlarms", Alarms)]),
    ("cloudwatch:DescribeAlarms", &[("cloudwatch:DescribeAlarms", AlarmLists)]),
    ("cloudwatch:ListTagsForResource", &[("cloudwatch:ListTagsForResource", Alarms)]),
    (
        "cloudwatch:PutMetricAlarm",
        &[("cloudwatch:PutMetricAlarm", Alarms), ("cloudwatch:TagResource", Alarms)],
    ),
    ("cloudwatch:TagResource", &[("cloudwatch:TagResource", Alarms)]),
    ("ecr:BatchDeleteImage", &[("ecr:BatchDeleteImage", Images)]),
    (
        "ecr:CreateRepository",
        &[
            ("ecr:CreateRepository", Repositories),
            ("ecr:TagResource", Repositories),
            // Amazon ECR user guide, "Encryption at rest": the grants on a key of one's own.
            ("kms:CreateGrant", RepositoryKeys),
            ("kms:DescribeKey", RepositoryKeys),
            ("kms:RetireGrant", RepositoryKeys),
        ],
    ),
    ("ecr:DeleteLifecyclePolicy", &[("ecr:DeleteLifecyclePolicy", Repositories)]),
    ("ecr:DeleteRepository", &[("ecr:DeleteRepository", Repositories)]),
    // A gate asks for it alone.
    ("ecr:DescribeImageScanFindings", &[("ecr:DescribeImageScanFindings", Images)]),
    ("ecr:DescribeImages", &[("ecr:DescribeImages", Images)]),
    ("ecr:DescribePullThroughCacheRules", &[("ecr:DescribePullThroughCacheRules", CacheRules)]),
    // All of them are listed.
    ("ecr:DescribeRepositories", &[("ecr:DescribeRepositories", RepositoryLists)]),
    ("ecr:GetAuthorizationToken", &[("ecr:GetAuthorizationToken", RegistryTokens)]),
    ("ecr:GetLifecyclePolicy", &[("ecr:GetLifecyclePolicy", Repositories)]),
    ("ecr:ListTagsForResource", &[("ecr:ListTagsForResource", Repositories)]),
    ("ecr:PutImageScanningConfiguration", &[("ecr:PutImageScanningConfiguration", Repositories)]),
    ("ecr:PutImageTagMutability", &[("ecr:PutImageTagMutability", Repositories)]),
    ("ecr:PutLifecyclePolicy", &[("ecr:PutLifecyclePolicy", Repositories)]),
    ("ecr:StartImageScan", &[("ecr:StartImageScan", Images)]),
    (
        "ecs:CreateCluster",
        &[
            ("ecs:CreateCluster", Cluster),
            ("ecs:TagResource", Cluster),
            ("iam:CreateServiceLinkedRole", EcsRole),
        ],
    ),
    (
        "ecs:CreateService",
        &[
            ("ecs:CreateService", Services),
            ("ecs:TagResource", Services),
            ("iam:CreateServiceLinkedRole", EcsRole),
            ("iam:PassRole", RolesForEcs),
        ],
    ),
    ("ecs:DeleteCluster", &[("ecs:DeleteCluster", Cluster)]),
    ("ecs:DeleteService", &[("ecs:DeleteService", Services)]),
    ("ecs:DeleteTaskDefinitions", &[("ecs:DeleteTaskDefinitions", TaskDefinitions)]),
    ("ecs:DeregisterTaskDefinition", &[("ecs:DeregisterTaskDefinition", Revisions)]),
    ("ecs:DescribeClusters", &[("ecs:DescribeClusters", ClusterLook)]),
    ("ecs:DescribeServices", &[("ecs:DescribeServices", ServicesLook)]),
    ("ecs:DescribeTaskDefinition", &[("ecs:DescribeTaskDefinition", Lists)]),
    ("ecs:DescribeTasks", &[("ecs:DescribeTasks", TasksLook)]),
    ("ecs:ListServices", &[("ecs:ListServices", ClusterLists)]),
    ("ecs:ListTaskDefinitionFamilies", &[("ecs:ListTaskDefinitionFamilies", Lists)]),
    ("ecs:ListTaskDefinitions", &[("ecs:ListTaskDefinitions", Lists)]),
    ("ecs:ListTasks", &[("ecs:ListTasks", ClusterLists)]),
    ("ecs:PutClusterCapacityProviders", &[("ecs:PutClusterCapacityProviders", Cluster)]),
    (
        "ecs:RegisterTaskDefinition",
        &[
            ("ecs:RegisterTaskDefinition", TaskDefinitions),
            ("ecs:TagResource", TaskDefinitions),
            ("iam:PassRole", RolesForTasks),
        ],
    ),
    (
        "ecs:RunTask",
        &[
            ("ecs:RunTask", Jobs),
            ("ecs:TagResource", JobTasks),
            ("iam:PassRole", RolesForTasks),
            ("iam:PassRole", RolesForJobs),
        ],
    ),
    ("ecs:StopTask", &[("ecs:StopTask", JobTasks)]),
    ("ecs:TagResource", &[("ecs:TagResource", Cluster), ("ecs:TagResource", Services)]),
    ("ecs:UpdateService", &[("ecs:UpdateService", Services), ("iam:PassRole", RolesForEcs)]),
    (
        "efs:CreateAccessPoint",
        &[
            ("elasticfilesystem:CreateAccessPoint", FileSystems),
            ("elasticfilesystem:CreateAccessPoint", FileSystemsOfOthers),
            ("elasticfilesystem:TagResource", FileSystemTags),
        ],
    ),
    (
        "efs:CreateFileSystem",
        &[
            ("elasticfilesystem:CreateFileSystem", NewFileSystems),
            ("elasticfilesystem:TagResource", FileSystemTags),
            ("iam:CreateServiceLinkedRole", FileSystemRole),
        ],
    ),
    // EFS API reference, CreateMountTarget: what it does to interfaces is the caller's business.
    (
        "efs:CreateMountTarget",
        &[
            ("elasticfilesystem:CreateMountTarget", FileSystems),
            ("ec2:CreateNetworkInterface", MountTargets),
            ("ec2:DescribeNetworkInterfaces", MountTargetLists),
            ("ec2:DescribeSubnets", Lists),
        ],
    ),
    ("efs:DeleteAccessPoint", &[("elasticfilesystem:DeleteAccessPoint", FileSystems)]),
    ("efs:DeleteFileSystem", &[("elasticfilesystem:DeleteFileSystem", FileSystems)]),
    (
        "efs:DeleteMountTarget",
        &[
            ("elasticfilesystem:DeleteMountTarget", FileSystems),
            ("ec2:DeleteNetworkInterface", MountTargets),
        ],
    ),
    ("efs:DescribeAccessPoints", &[("elasticfilesystem:DescribeAccessPoints", Lists)]),
    ("efs:DescribeFileSystems", &[("elasticfilesystem:DescribeFileSystems", Lists)]),
    // EFS API reference, DescribeMountTargetSecurityGroups.
    (
        "efs:DescribeMountTargetSecurityGroups",
        &[
            ("elasticfilesystem:DescribeMountTargetSecurityGroups", FileSystems),
            ("ec2:DescribeNetworkInterfaceAttribute", MountTargetLists),
        ],
    ),
    ("efs:DescribeMountTargets", &[("elasticfilesystem:DescribeMountTargets", FileSystems)]),
    // EFS API reference, ModifyMountTargetSecurityGroups.
    (
        "efs:ModifyMountTargetSecurityGroups",
        &[
            ("elasticfilesystem:ModifyMountTargetSecurityGroups", FileSystems),
            ("ec2:ModifyNetworkInterfaceAttribute", MountTargets),
        ],
    ),
    ("efs:TagResource", &[("elasticfilesystem:TagResource", FileSystemTags)]),
    ("efs:UpdateFileSystem", &[("elasticfilesystem:UpdateFileSystem", FileSystems)]),
    ("iam:AttachRolePolicy", &[("iam:AttachRolePolicy", ManagedPolicies)]),
    // The boundary of a role is asked for where it may be given more.
    ("iam:CreateRole", &[("iam:CreateRole", NewRoles), ("iam:TagRole", Roles)]),
    // Where AWS has not made it with the first cluster.
    ("iam:CreateServiceLinkedRole", &[("iam:CreateServiceLinkedRole", EcsRole)]),
    ("iam:DeleteRole", &[("iam:DeleteRole", Roles)]),
    // Whoever may take a boundary away is not held by it: that is left to whoever set it.
    ("iam:DeleteRolePermissionsBoundary", &[]),
    ("iam:DeleteRolePolicy", &[("iam:DeleteRolePolicy", Roles)]),
    ("iam:DetachRolePolicy", &[("iam:DetachRolePolicy", Roles)]),
    // It saves whoever may ask it a few calls; it tells more than a deploy needs.
    ("iam:GetAccountAuthorizationDetails", &[]),
    ("iam:GetRole", &[("iam:GetRole", Roles)]),
    ("iam:GetRolePolicy", &[("iam:GetRolePolicy", Roles)]),
    ("iam:ListAttachedRolePolicies", &[("iam:ListAttachedRolePolicies", Roles)]),
    ("iam:ListRolePolicies", &[("iam:ListRolePolicies", Roles)]),
    ("iam:ListRoles", &[("iam:ListRoles", Lists)]),
    ("iam:PutRolePermissionsBoundary", &[("iam:PutRolePermissionsBoundary", BoundRoles)]),
    ("iam:PutRolePolicy", &[("iam:PutRolePolicy", NewRoles)]),
    ("iam:TagRole", &[("iam:TagRole", Roles)]),
    ("iam:UpdateAssumeRolePolicy", &[("iam:UpdateAssumeRolePolicy", Roles)]),
    ("logs:CreateLogGroup", &[("logs:CreateLogGroup", LogGroups), ("logs:TagResource", LogGroups)]),
    ("logs:DeleteLogGroup", &[("logs:DeleteLogGroup", LogGroups)]),
    ("logs:DescribeLogGroups", &[("logs:DescribeLogGroups", Lists)]),
    ("logs:FilterLogEvents", &[("logs:FilterLogEvents", LogsLook)]),
    ("logs:GetLogEvents", &[("logs:GetLogEvents", LogsLook)]),
    ("logs:PutRetentionPolicy", &[("logs:PutRetentionPolicy", LogGroups)]),
    (
        "scheduler:CreateSchedule",
        &[("scheduler:CreateSchedule", Schedules), ("iam:PassRole", RolesForSchedules)],
    ),
    (
        "scheduler:CreateScheduleGroup",
        &[
            ("scheduler:CreateScheduleGroup", ScheduleGroups),
            ("scheduler:TagResource", ScheduleGroups),
        ],
    ),
    ("scheduler:DeleteSchedule", &[("scheduler:DeleteSchedule", Schedules)]),
    (
        "scheduler:DeleteScheduleGroup",
        &[
            ("scheduler:DeleteScheduleGroup", ScheduleGroups),
            ("scheduler:DeleteSchedule", Schedules),
        ],
    ),
    ("scheduler:GetSchedule", &[("scheduler:GetSchedule", Schedules)]),
    ("scheduler:GetScheduleGroup", &[("scheduler:GetScheduleGroup", ScheduleGroupLook)]),
    ("scheduler:ListSchedules", &[("scheduler:ListSchedules", ScheduleLists)]),
    ("scheduler:ListTagsForResource", &[("scheduler:ListTagsForResource", ScheduleGroups)]),
    ("scheduler:TagResource", &[("scheduler:TagResource", ScheduleGroups)]),
    (
        "scheduler:UpdateSchedule",
        &[("scheduler:UpdateSchedule", Schedules), ("iam:PassRole", RolesForSchedules)],
    ),
    (
        "secretsmanager:CreateSecret",
        &[("secretsmanager:CreateSecret", Secrets), ("secretsmanager:TagResource", Secrets)],
    ),
    ("secretsmanager:DeleteSecret", &[("secretsmanager:DeleteSecret", Secrets)]),
    (
        "secretsmanager:DescribeSecret",
        &[
            ("secretsmanager:DescribeSecret", Secrets),
            ("secretsmanager:DescribeSecret", SecretsOfOthers),
        ],
    ),
    // The value that is there is compared with this machine's; what is copied from a private registry is
    // read with its login.
    (
        "secretsmanager:GetSecretValue",
        &[
            ("secretsmanager:GetSecretValue", Secrets),
            ("secretsmanager:GetSecretValue", PullCredentials),
        ],
    ),
    ("secretsmanager:ListSecrets", &[("secretsmanager:ListSecrets", SecretLists)]),
    ("secretsmanager:PutSecretValue", &[("secretsmanager:PutSecretValue", Secrets)]),
    ("secretsmanager:RestoreSecret", &[("secretsmanager:RestoreSecret", Secrets)]),
    ("secretsmanager:TagResource", &[("secretsmanager:TagResource", Secrets)]),
    ("ssm:DeleteParameters", &[("ssm:DeleteParameters", Releases)]),
    ("ssm:GetParameters", &[("ssm:GetParameters", Releases)]),
    ("ssm:GetParametersByPath", &[("ssm:GetParametersByPath", Releases)]),
    // With tags it takes the right to tag, too (Systems Manager API reference, `PutParameter`).
    ("ssm:PutParameter", &[("ssm:PutParameter", Releases), ("ssm:AddTagsToResource", Releases)]),
    // "No permissions are required to perform this operation" (STS API reference).
    ("sts:GetCallerIdentity", &[]),
    ("tag:GetResources", &[("tag:GetResources", Lists)]),
];

/// What pushing to a registry takes, which speaks the OCI protocol and not the SDK's (Amazon ECR user
/// guide, "IAM permissions for pushing an image"; the last two are for layers and images that it has
/// already).
pub(super) const PUSH: &[&str] = &[
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:CompleteLayerUpload",
    "ecr:GetDownloadUrlForLayer",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
];
