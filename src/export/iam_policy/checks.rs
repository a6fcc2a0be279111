//! What `decklift verify` reads beside what a deploy does: in the policy only when it was asked for. Who
//! may not read some of it is warned, and deploys as well.

use super::grant::Grant::Checks;
use super::operations::Operation;

/// Sorted by operation.
pub(super) const CHECKS: &[Operation] = &[
    ("acm:DescribeCertificate", &[("acm:DescribeCertificate", Checks)]),
    ("ec2:DescribeVpcEndpoints", &[("ec2:DescribeVpcEndpoints", Checks)]),
    ("ecr:DescribeImages", &[("ecr:DescribeImages", Checks)]),
    ("ecr:GetRepositoryPolicy", &[("ecr:GetRepositoryPolicy", Checks)]),
    ("efs:DescribeMountTargets", &[("elasticfilesystem:DescribeMountTargets", Checks)]),
    ("iam:GetPolicy", &[("iam:GetPolicy", Checks)]),
    ("iam:GetRole", &[("iam:GetRole", Checks)]),
    ("iam:SimulatePrincipalPolicy", &[("iam:SimulatePrincipalPolicy", Checks)]),
    ("secretsmanager:DescribeSecret", &[("secretsmanager:DescribeSecret", Checks)]),
    // IAM's name for it is the API's, with three capitals.
    (
        "servicequotas:GetAwsDefaultServiceQuota",
        &[("servicequotas:GetAWSDefaultServiceQuota", Checks)],
    ),
    ("servicequotas:GetServiceQuota", &[("servicequotas:GetServiceQuota", Checks)]),
    ("ssm:DescribeParameters", &[("ssm:DescribeParameters", Checks)]),
];
