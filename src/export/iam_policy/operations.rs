//! Which permissions each operation takes that `aws` calls, in one table.
//!
//! Source of the actions, and of what each takes as a resource: the Service Authorization Reference,
//! "Actions, resources, and condition keys for" each service. What an operation needs beyond its own
//! action is said where it stands.

use super::grant::Grant::{self, *};

/// An operation by the name that `aws` reports it under, and the actions that its caller needs, each
/// with the things that it is for. None: no permission is needed, or it is never called on AWS.
pub(super) type Operation = (&'static str, &'static [(&'static str, Grant)]);

/// Sorted by operation.
pub(super) const OPERATIONS: &[Operation] = &[
    ("acm:DescribeCertificate", &[("acm:DescribeCertificate", Certificates)]),
    ("acm:ListCertificates", &[("acm:ListCertificates", CertificateLists)]),
    // The sandbox's emulator alone is asked for certificates.
    ("acm:RequestCertificate", &[]),
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
    (
        "ec2:AllocateAddress",
        &[
            ("ec2:AllocateAddress", NewNetworks),
            ("ec2:AllocateAddress", Networks),
            ("ec2:CreateTags", NewNetworkTags),
        ],
    ),
    ("ec2:AssociateRouteTable", &[("ec2:AssociateRouteTable", Networks)]),
    ("ec2:AttachInternetGateway", &[("ec2:AttachInternetGateway", Networks)]),
    (
        "ec2:AuthorizeSecurityGroupIngress",
        &[
            ("ec2:AuthorizeSecurityGroupIngress", SecurityGroups),
            ("ec2:AuthorizeSecurityGroupIngress", SecurityGroupsOfOthers),
            ("ec2:AuthorizeSecurityGroupIngress", SecurityGroupRules),
        ],
    ),
    (
        "ec2:CreateInternetGateway",
        &[
            ("ec2:CreateInternetGateway", NewNetworks),
            ("ec2:CreateInternetGateway", Networks),
            ("ec2:CreateTags", NewNetworkTags),
        ],
    ),
    (
        "ec2:CreateNatGateway",
        &[
            ("ec2:CreateNatGateway", NewNetworks),
            ("ec2:CreateNatGateway", Networks),
            ("ec2:CreateTags", NewNetworkTags),
        ],
    ),
    ("ec2:CreateRoute", &[("ec2:CreateRoute", Networks)]),
    (
        "ec2:CreateRouteTable",
        &[
            ("ec2:CreateRouteTable", NewNetworks),
            ("ec2:CreateRouteTable", Networks),
            ("ec2:CreateTags", NewNetworkTags),
        ],
    ),
    (
        "ec2:CreateSecurityGroup",
        &[
            ("ec2:CreateSecurityGroup", NewSecurityGroups),
            ("ec2:CreateSecurityGroup", SecurityGroupVpc),
            ("ec2:CreateTags", NewSecurityGroupTags),
        ],
    ),
    (
        "ec2:CreateSubnet",
        &[
            ("ec2:CreateSubnet", NewNetworks),
            ("ec2:CreateSubnet", Networks),
            ("ec2:CreateTags", NewNetworkTags),
        ],
    ),
    ("ec2:CreateTags", &[("ec2:CreateTags", SecurityGroups), ("ec2:CreateTags", Networks)]),
    (
        "ec2:CreateVpc",
        &[
            ("ec2:CreateVpc", NewNetworks),
            ("ec2:CreateVpc", Networks),
            ("ec2:CreateTags", NewNetworkTags),
        ],
    ),
    (
        "ec2:CreateVpcEndpoint",
        &[
            ("ec2:CreateVpcEndpoint", NewNetworks),
            ("ec2:CreateVpcEndpoint", Networks),
            ("ec2:CreateVpcEndpoint", SecurityGroups),
            ("ec2:CreateTags", NewNetworkTags),
            ("route53:AssociateVPCWithHostedZone", EndpointZones),
        ],
    ),
    ("ec2:DeleteInternetGateway", &[("ec2:DeleteInternetGateway", Networks)]),
    ("ec2:DeleteNatGateway", &[("ec2:DeleteNatGateway", Networks)]),
    ("ec2:DeleteRoute", &[("ec2:DeleteRoute", Networks)]),
    ("ec2:DeleteRouteTable", &[("ec2:DeleteRouteTable", Networks)]),
    ("ec2:DeleteSecurityGroup", &[("ec2:DeleteSecurityGroup", SecurityGroups)]),
    ("ec2:DeleteSubnet", &[("ec2:DeleteSubnet", Networks)]),
    ("ec2:DeleteVpc", &[("ec2:DeleteVpc", Networks)]),
    ("ec2:DeleteVpcEndpoints", &[("ec2:DeleteVpcEndpoints", Networks)]),
    ("ec2:DescribeAddresses", &[("ec2:DescribeAddresses", NetworkLists)]),
    ("ec2:DescribeAvailabilityZones", &[("ec2:DescribeAvailabilityZones", NetworkLists)]),
    ("ec2:DescribeInternetGateways", &[("ec2:DescribeInternetGateways", NetworkLists)]),
    ("ec2:DescribeNatGateways", &[("ec2:DescribeNatGateways", NetworkLists)]),
    ("ec2:DescribeRouteTables", &[("ec2:DescribeRouteTables", Lists)]),
    ("ec2:DescribeSecurityGroupRules", &[("ec2:DescribeSecurityGroupRules", Lists)]),
    ("ec2:DescribeSecurityGroups", &[("ec2:DescribeSecurityGroups", Lists)]),
    ("ec2:DescribeSubnets", &[("ec2:DescribeSubnets", Lists)]),
    ("ec2:DescribeVpcAttribute", &[("ec2:DescribeVpcAttribute", NetworkLists)]),
    ("ec2:DescribeVpcEndpoints", &[("ec2:DescribeVpcEndpoints", NetworkLists)]),
    ("ec2:DescribeVpcs", &[("ec2:DescribeVpcs", Lists)]),
    ("ec2:DetachInternetGateway", &[("ec2:DetachInternetGateway", Networks)]),
    ("ec2:DisassociateRouteTable", &[("ec2:DisassociateRouteTable", Networks)]),
    (
        "ec2:ModifySecurityGroupRules",
        &[
            ("ec2:ModifySecurityGroupRules", SecurityGroups),
            ("ec2:ModifySecurityGroupRules", SecurityGroupsOfOthers),
            ("ec2:ModifySecurityGroupRules", SecurityGroupRules),
        ],
    ),
    ("ec2:ModifyVpcAttribute", &[("ec2:ModifyVpcAttribute", Networks)]),
    (
        "ec2:ModifyVpcEndpoint",
        &[("ec2:ModifyVpcEndpoint", Networks), ("ec2:ModifyVpcEndpoint", SecurityGroups)],
    ),
    ("ec2:ReleaseAddress", &[("ec2:ReleaseAddress", Networks)]),
    ("ec2:ReplaceRoute", &[("ec2:ReplaceRoute", Networks)]),
    ("ec2:ReplaceRouteTableAssociation", &[("ec2:ReplaceRouteTableAssociation", Networks)]),
    (
        "ec2:RevokeSecurityGroupIngress",
        &[
            ("ec2:RevokeSecurityGroupIngress", SecurityGroups),
            ("ec2:RevokeSecurityGroupIngress", SecurityGroupsOfOthers),
        ],
    ),
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
        &[("ecs:RunTask", Jobs), ("ecs:TagResource", JobTasks), ("iam:PassRole", RolesForTasks)],
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
    (
        "elbv2:AddTags",
        &[
            ("elasticloadbalancing:AddTags", LoadBalancers),
            ("elasticloadbalancing:AddTags", Listeners),
            ("elasticloadbalancing:AddTags", TargetGroups),
        ],
    ),
    (
        "elbv2:CreateListener",
        &[
            ("elasticloadbalancing:CreateListener", Listeners),
            ("elasticloadbalancing:AddTags", Listeners),
        ],
    ),
    (
        "elbv2:CreateLoadBalancer",
        &[
            ("elasticloadbalancing:CreateLoadBalancer", LoadBalancers),
            ("elasticloadbalancing:AddTags", LoadBalancers),
            ("iam:CreateServiceLinkedRole", LoadBalancerRole),
        ],
    ),
    (
        "elbv2:CreateRule",
        &[
            ("elasticloadbalancing:CreateRule", Listeners),
            ("elasticloadbalancing:AddTags", Listeners),
        ],
    ),
    (
        "elbv2:CreateTargetGroup",
        &[
            ("elasticloadbalancing:CreateTargetGroup", TargetGroups),
            ("elasticloadbalancing:AddTags", TargetGroups),
        ],
    ),
    ("elbv2:DeleteListener", &[("elasticloadbalancing:DeleteListener", Listeners)]),
    ("elbv2:DeleteLoadBalancer", &[("elasticloadbalancing:DeleteLoadBalancer", LoadBalancers)]),
    ("elbv2:DeleteRule", &[("elasticloadbalancing:DeleteRule", Listeners)]),
    ("elbv2:DeleteTargetGroup", &[("elasticloadbalancing:DeleteTargetGroup", TargetGroups)]),
    ("elbv2:DescribeListeners", &[("elasticloadbalancing:DescribeListeners", Lists)]),
    ("elbv2:DescribeLoadBalancers", &[("elasticloadbalancing:DescribeLoadBalancers", Lists)]),
    ("elbv2:DescribeRules", &[("elasticloadbalancing:DescribeRules", Lists)]),
    ("elbv2:DescribeTags", &[("elasticloadbalancing:DescribeTags", Lists)]),
    (
        "elbv2:DescribeTargetGroupAttributes",
        &[("elasticloadbalancing:DescribeTargetGroupAttributes", Lists)],
    ),
    ("elbv2:DescribeTargetGroups", &[("elasticloadbalancing:DescribeTargetGroups", Lists)]),
    ("elbv2:DescribeTargetHealth", &[("elasticloadbalancing:DescribeTargetHealth", Lists)]),
    ("elbv2:ModifyListener", &[("elasticloadbalancing:ModifyListener", Listeners)]),
    ("elbv2:ModifyRule", &[("elasticloadbalancing:ModifyRule", Listeners)]),
    ("elbv2:ModifyTargetGroup", &[("elasticloadbalancing:ModifyTargetGroup", TargetGroups)]),
    (
        "elbv2:ModifyTargetGroupAttributes",
        &[("elasticloadbalancing:ModifyTargetGroupAttributes", TargetGroups)],
    ),
    ("elbv2:RemoveTags", &[("elasticloadbalancing:RemoveTags", NotedBalancers)]),
    ("elbv2:SetIpAddressType", &[("elasticloadbalancing:SetIpAddressType", LoadBalancers)]),
    ("elbv2:SetRulePriorities", &[("elasticloadbalancing:SetRulePriorities", Listeners)]),
    ("elbv2:SetSecurityGroups", &[("elasticloadbalancing:SetSecurityGroups", LoadBalancers)]),
    ("elbv2:SetSubnets", &[("elasticloadbalancing:SetSubnets", LoadBalancers)]),
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
    ("route53:ChangeResourceRecordSets", &[("route53:ChangeResourceRecordSets", Records)]),
    // The sandbox's emulator alone is asked for zones.
    ("route53:CreateHostedZone", &[]),
    ("route53:ListHostedZones", &[("route53:ListHostedZones", PublicZoneLists)]),
    (
        "route53:ListHostedZonesByVPC",
        &[
            ("route53:ListHostedZonesByVPC", PrivateZoneLists),
            ("ec2:DescribeVpcs", PrivateZoneLists),
        ],
    ),
    ("route53:ListResourceRecordSets", &[("route53:ListResourceRecordSets", RecordLook)]),
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
    (
        "servicediscovery:CreateHttpNamespace",
        &[
            ("servicediscovery:CreateHttpNamespace", NewNamespaces),
            ("servicediscovery:TagResource", NewNamespaces),
        ],
    ),
    // AWS Cloud Map developer guide, "Identity-based policies": the hosted zone is the caller's.
    (
        "servicediscovery:CreatePrivateDnsNamespace",
        &[
            ("servicediscovery:CreatePrivateDnsNamespace", NewZones),
            ("servicediscovery:TagResource", NewZones),
            ("ec2:DescribeVpcs", Lists),
            ("ec2:DescribeRegions", Zones),
            ("route53:CreateHostedZone", Zones),
            ("route53:GetHostedZone", HostedZones),
            ("route53:ListHostedZonesByName", Zones),
        ],
    ),
    (
        "servicediscovery:CreateService",
        &[("servicediscovery:CreateService", DnsNames), ("servicediscovery:TagResource", NewZones)],
    ),
    (
        "servicediscovery:DeleteNamespace",
        &[
            ("servicediscovery:DeleteNamespace", Namespaces),
            ("route53:DeleteHostedZone", HostedZones),
        ],
    ),
    ("servicediscovery:DeleteService", &[("servicediscovery:DeleteService", Namespaces)]),
    ("servicediscovery:GetNamespace", &[("servicediscovery:GetNamespace", Namespaces)]),
    ("servicediscovery:GetOperation", &[("servicediscovery:GetOperation", NamespaceLists)]),
    ("servicediscovery:ListNamespaces", &[("servicediscovery:ListNamespaces", Lists)]),
    ("servicediscovery:ListServices", &[("servicediscovery:ListServices", NamespaceLists)]),
    (
        "servicediscovery:ListTagsForResource",
        &[("servicediscovery:ListTagsForResource", NamespaceLists)],
    ),
    (
        "servicediscovery:TagResource",
        &[
            ("servicediscovery:TagResource", NewNamespaces),
            ("servicediscovery:TagResource", NewZones),
        ],
    ),
    ("servicediscovery:UpdateService", &[("servicediscovery:UpdateService", DnsNames)]),
    ("ssm:DeleteParameters", &[("ssm:DeleteParameters", Releases)]),
    ("ssm:GetParameters", &[("ssm:GetParameters", Releases)]),
    ("ssm:GetParametersByPath", &[("ssm:GetParametersByPath", Releases)]),
    ("ssm:PutParameter", &[("ssm:PutParameter", Releases)]),
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
