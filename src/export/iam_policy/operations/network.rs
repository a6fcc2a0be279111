//! What the network and names take: addresses, load balancers, certificates.

use super::Operation;
use crate::export::iam_policy::grant::Grant::*;

/// Sorted by operation.
pub(in crate::export::iam_policy) const NETWORK: &[Operation] = &[
    ("acm:DescribeCertificate", &[("acm:DescribeCertificate", Certificates)]),
    ("acm:ListCertificates", &[("acm:ListCertificates", CertificateLists)]),
    // The sandbox's emulator alone is asked for certificates.
    ("acm:RequestCertificate", &[]),
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
            ("ec2:CreateTags", NewSecurityGroupRuleTags),
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
    (
        "ec2:CreateTags",
        &[
            ("ec2:CreateTags", SecurityGroups),
            ("ec2:CreateTags", OwnSecurityGroupRules),
            ("ec2:CreateTags", Networks),
        ],
    ),
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
            ("ec2:CreateVpcEndpoint", EndpointGroups),
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
        &[("ec2:ModifyVpcEndpoint", Networks), ("ec2:ModifyVpcEndpoint", EndpointGroups)],
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
];
