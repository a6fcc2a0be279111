use super::{
    BALANCERS, BASE, BOUNDARY, CERTIFICATE, CLUSTER, DISCOVERY, ENDPOINTS, FLAG, GROUP, GROUP_ID,
    KMS_KEY, Key, LAUNCH, NAMES, NETWORK_MODE, ONE_OR_MORE, REGION, SUBNETS, TEXT, VPC, VPC_ID,
    WEIGHT, WEIGHTS,
};

/// The keys at the top level.
pub(super) const PROJECT: &[Key] = &[
    ("capacity", GROUP, "the capacity of services that name none of their own"),
    ("capacity.base", BASE, "how many tasks run on the first provider before weights count"),
    ("capacity.fargate", WEIGHT, "weight of Fargate"),
    ("capacity.fargate_spot", WEIGHT, "weight of Fargate Spot"),
    ("capacity.providers", WEIGHTS, "weights of other capacity providers of the cluster, by name"),
    (
        "certificate",
        CERTIFICATE,
        "ARN of a certificate in ACM, or its domain: listeners speak HTTPS, and 80 leads to 443",
    ),
    ("cluster", CLUSTER, "name or ARN of an existing cluster"),
    (
        "discovery",
        DISCOVERY,
        "how services find each other: by Service Connect unless given, or as `NAME.PROJECT.internal`",
    ),
    (
        "domain",
        ONE_OR_MORE,
        "names of the load balancer: alias records in the hosted zone of Route 53 that fits best",
    ),
    ("instances", GROUP, "the EC2 instances of the cluster"),
    ("instances.security_group", GROUP_ID, "id of the security group that they carry"),
    ("launch", LAUNCH, "what tasks run on, where a service says nothing else"),
    (
        "load_balancer",
        BALANCERS,
        "ARN of an existing load balancer, or of a listener of it, which then gets rules alone; or a \
         list of an Application and a Network Load Balancer; or the keys below",
    ),
    ("load_balancer.arn", TEXT, "the ARN"),
    (
        "load_balancer.security_group",
        GROUP_ID,
        "id of the group of it that the tasks let in, its first unless given",
    ),
    (
        "log_retention",
        r#"{"type": "integer", "minimum": 1, "maximum": 3653}"#,
        "days that CloudWatch Logs keeps events, 30 unless given",
    ),
    ("network_mode", NETWORK_MODE, "the network of tasks on instances, `awsvpc` unless given"),
    ("permissions_boundary", BOUNDARY, "name or ARN of a managed policy that bounds every role"),
    ("region", REGION, "the AWS region"),
    ("repositories", GROUP, "the ECR repositories of the images that are pushed"),
    (
        "repositories.existing",
        TEXT,
        "name or URI of a repository that is there already, for all images; it stays as it is",
    ),
    ("repositories.immutable", FLAG, "whether a tag can never be pushed again"),
    (
        "repositories.keep",
        r#"{"type": "integer", "minimum": 1, "maximum": 100000}"#,
        "how many images a repository keeps, the newest",
    ),
    ("repositories.kms_key", KMS_KEY, "key of KMS that encrypts the images"),
    ("repositories.prefix", TEXT, "what stands before the names of the repositories"),
    ("repositories.scan", FLAG, "whether a push starts a scan, true unless given"),
    ("required_version", TEXT, "the versions of decklift that the file is for: `>=0.3, <1.0`"),
    ("subnets", SUBNETS, "ids of existing subnets for the tasks"),
    ("tags", NAMES, "tags of everything that takes tags"),
    (
        "vpc",
        VPC,
        "id of an existing VPC, or `default`, or `create` for one of the project's own, or the keys below",
    ),
    (
        "vpc.cidr",
        r#"{"type": "string", "pattern": "^[0-9.]+/(1[6-9]|2[0-4])$"}"#,
        "the addresses of the new VPC, `10.0.0.0/16` unless given",
    ),
    ("vpc.create", FLAG, "whether a VPC is made: two zones, public and private subnets"),
    (
        "vpc.endpoints",
        ENDPOINTS,
        "the services of AWS that tasks reach inside the new VPC: `true` for what they need to start and \
         to log, or a list; tasks then stand in private subnets",
    ),
    ("vpc.id", VPC_ID, "id of an existing VPC"),
    (
        "vpc.nat",
        r#"{"enum": ["none", "one", "each-zone"]}"#,
        "NAT gateways of the new VPC, `none` unless given; with any, tasks stand in private subnets",
    ),
    ("vpc.tags", NAMES, "tags of an existing VPC, which no other has all of"),
];
