use crate::ecs::desired::RuleCondition;

/// A load balancer that is there already, as AWS describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BalancerFacts {
    /// Its ARN.
    pub arn: String,
    /// The VPC that it stands in.
    pub vpc_id: String,
    /// The names of the zones that it is in.
    pub zones: Vec<String>,
    /// Whether only the VPC, and what is connected to it, reaches it.
    pub internal: bool,
    /// `active`, `provisioning`, `active_impaired` or `failed`
    pub state: String,
    /// The name that it answers to.
    pub dns_name: String,
    /// The zone of that name.
    pub zone_id: String,
    /// `ipv4`, `dualstack` or `dualstack-without-public-ipv4`
    pub ip_address_type: String,
    /// Its security groups, sorted; a Network Load Balancer may have none.
    pub security_groups: Vec<String>,
    /// What its groups let in, from wherever.
    pub open: Vec<OpenPorts>,
    /// The listener that was named instead of it.
    pub listener: Option<ListenerFacts>,
}

/// Ports that a security group lets somebody in to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenPorts {
    /// `tcp`, `udp`, or `-1` for every protocol.
    pub protocol: String,
    /// The first and the last; nothing for all.
    pub ports: Option<(i32, i32)>,
}

/// A listener that is there already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListenerFacts {
    /// `HTTP` or `HTTPS`
    pub protocol: String,
    /// Its port.
    pub port: u16,
    /// Its rules, whoever made them, without the default one: what they ask for, and their priority.
    pub rules: Vec<(Vec<RuleCondition>, i32)>,
}

impl BalancerFacts {
    /// Whether its groups let anybody in to a port; `protocol` is `tcp` or `udp`.
    #[must_use]
    pub fn admits(&self, protocol: &str, port: u16) -> bool {
        let port = i32::from(port);
        self.open.iter().any(|open| {
            (open.protocol == "-1" || open.protocol == protocol)
                && open.ports.is_none_or(|(first, last)| (first..=last).contains(&port))
        })
    }
}
