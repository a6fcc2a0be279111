use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Makes the enum and its names from one list.
macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal, $label:literal;)+) => {
        /// What kind of thing a resource is. The order is the order in which a plan lists them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Kind { $($(#[doc = $doc])+ $variant,)+ }

        impl Kind {
            /// Every kind, in the order of the list.
            pub const ALL: &'static [Kind] = &[$(Kind::$variant,)+];

            /// The kebab-case name.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The words for people.
            #[must_use]
            pub fn label(self) -> &'static str {
                match self { $(Self::$variant => $label,)+ }
            }
        }
    };
}

kinds! {
    /// A VPC of the project's own.
    Vpc = "vpc", "VPC";
    /// A subnet of it.
    Subnet = "subnet", "subnet";
    /// Its way to the Internet.
    InternetGateway = "internet-gateway", "internet gateway";
    /// An address on the Internet, of a NAT gateway.
    Address = "address", "elastic IP address";
    /// The way to the Internet of what has no address there.
    NatGateway = "nat-gateway", "NAT gateway";
    /// Where subnets send what leaves them.
    RouteTable = "route-table", "route table";
    /// An ECS cluster.
    Cluster = "cluster", "cluster";
    /// A Cloud Map HTTP namespace, which Service Connect keeps its names in.
    Namespace = "namespace", "namespace";
    /// A Cloud Map namespace with a private DNS zone.
    PrivateNamespace = "private-namespace", "private DNS namespace";
    /// A Cloud Map service: one name in a private DNS namespace.
    DnsName = "dns-name", "DNS name";
    /// A CloudWatch log group.
    LogGroup = "log-group", "log group";
    /// A secret in Secrets Manager.
    Secret = "secret", "secret";
    /// An IAM role with its inline policy.
    Role = "role", "role";
    /// An ECR repository.
    Repository = "repository", "repository";
    /// An image in an ECR repository.
    Image = "image", "image";
    /// An EC2 security group.
    SecurityGroup = "security-group", "security group";
    /// One ingress rule of a security group.
    IngressRule = "ingress-rule", "ingress rule";
    /// The way to a service of AWS that does not leave the VPC.
    VpcEndpoint = "vpc-endpoint", "VPC endpoint";
    /// An EFS file system.
    FileSystem = "file-system", "file system";
    /// An EFS mount target: the file system's address in one zone.
    MountTarget = "mount-target", "mount target";
    /// An EFS access point: one volume.
    AccessPoint = "access-point", "access point";
    /// A load balancer.
    LoadBalancer = "load-balancer", "load balancer";
    /// A target group of a load balancer.
    TargetGroup = "target-group", "target group";
    /// A listener of a load balancer.
    Listener = "listener", "listener";
    /// A rule of a listener.
    ListenerRule = "listener-rule", "listener rule";
    /// The records in the DNS of one name of a load balancer.
    AliasRecord = "alias-record", "alias record";
    /// An ECS task definition.
    TaskDefinition = "task-definition", "task definition";
    /// An ECS service.
    Service = "service", "service";
    /// A task that runs once, to completion, in a deployment.
    Job = "job", "job";
    /// A service whose number of tasks Application Auto Scaling sets.
    ScalableTarget = "scalable-target", "scalable target";
    /// What the number of tasks follows.
    ScalingPolicy = "scaling-policy", "scaling policy";
    /// What starts a scaling policy.
    Alarm = "alarm", "alarm";
    /// Other limits of a scalable target, from a time on.
    ScheduledAction = "scheduled-action", "scheduled action";
    /// The EventBridge Scheduler schedules of a project.
    ScheduleGroup = "schedule-group", "schedule group";
    /// An EventBridge Scheduler schedule that runs a task.
    Schedule = "schedule", "schedule";
}

/// The name of a resource inside one project and environment. It is not the name in AWS.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceId {
    /// What it is.
    pub kind: Kind,
    /// Its logical name, made of Compose's names: `web`, `web-80`, `data`.
    pub name: String,
}

impl ResourceId {
    /// The id of a resource.
    pub fn new(kind: Kind, name: impl Into<String>) -> Self {
        Self { kind, name: name.into() }
    }

    /// Reads `kind/name`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, name) = text.split_once('/')?;
        let kind = Kind::ALL.iter().copied().find(|k| k.as_str() == kind)?;
        Some(Self::new(kind, name))
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.as_str())?;
        f.write_str("/")?;
        f.write_str(&self.name)
    }
}

impl Serialize for ResourceId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&[self.kind.as_str(), "/", &self.name].concat())
    }
}

impl<'de> Deserialize<'de> for ResourceId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| serde::de::Error::custom(format!("no resource id: {text:?}")))
    }
}
