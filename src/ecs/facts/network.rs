use super::placeholder;
use crate::compose::model::{Cidr, Nat};
use crate::ecs::desired::{Attribute, Kind, ResourceId, Value};

/// The VPC and the subnets that were chosen in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkFacts {
    /// The VPC.
    pub vpc_id: Value,
    /// Subnets for tasks.
    pub task_subnets: Vec<Value>,
    /// Whether tasks need a public address to pull images: they stand in public subnets.
    pub assign_public_ip: bool,
    /// One public subnet in each of at least two zones, for the load balancer.
    pub load_balancer_subnets: Vec<Value>,
    /// One subnet in each zone that tasks run in, for mount targets: zone and subnet.
    pub zone_subnets: Vec<(String, Value)>,
    /// Whether no route says that these subnets are public, and only what AWS makes by default does.
    pub assumed_public: bool,
    /// What EC2 says of the subnets for tasks; nothing of those that are made.
    pub subnets: Vec<SubnetFacts>,
    /// How the VPC came to be chosen.
    pub origin: Origin,
}

/// A subnet as EC2 has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubnetFacts {
    /// Its id.
    pub id: String,
    /// Its zone.
    pub zone: String,
    /// Whether a route leads out of it, and whether that is an internet gateway's.
    pub way_out: WayOut,
    /// Addresses that nobody has taken.
    pub free: i32,
}

/// How a subnet reaches the Internet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WayOut {
    /// Through an internet gateway.
    Public,
    /// Through a NAT or something else.
    Private,
    /// Not at all.
    None,
}

/// How a VPC came to be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody knows yet.
    Unknown,
    /// It is the default one.
    Default,
    /// The file names it, or subnets of it.
    Named,
    /// The file names its tags.
    Tagged,
    /// It is the project's own, made by it.
    Made(MadeNetwork),
}

/// What the VPC of a project's own is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeNetwork {
    /// Its addresses: 16 to 24 bits are given.
    pub cidr: Cidr,
    /// Two zones, sorted when they were chosen.
    pub zones: [String; 2],
    /// NAT gateways.
    pub nat: Nat,
    /// The services of AWS that endpoints lead to; none without endpoints.
    pub endpoints: Vec<String>,
}

/// The VPC of a project's own.
#[must_use]
pub fn vpc_id() -> ResourceId {
    ResourceId::new(Kind::Vpc, "main")
}

/// A subnet of it: `public` or `private`, in the first or the second zone.
#[must_use]
pub fn subnet_id(face: &str, zone: usize) -> ResourceId {
    ResourceId::new(Kind::Subnet, format!("{face}-{}", zone + 1))
}

impl MadeNetwork {
    /// The tag of the VPC that says what was asked for.
    pub const TAG: &str = "decklift:network";

    /// What was asked for beyond addresses and zones, as a tag says it.
    #[must_use]
    pub fn note(&self) -> String {
        format!("nat={} endpoints={}", self.nat.as_str(), self.endpoints.join("+"))
    }

    /// Reads what [`MadeNetwork::note`] says: NAT gateways and endpoints.
    #[must_use]
    pub fn noted(text: &str) -> (Nat, Vec<String>) {
        let part = |key: &str| text.split(' ').find_map(|part| part.strip_prefix(key));
        let nat = part("nat=").and_then(Nat::parse).unwrap_or_default();
        let names = part("endpoints=").unwrap_or_default().split('+');
        (nat, names.filter(|name| !name.is_empty()).map(str::to_owned).collect())
    }

    /// Whether tasks stand where nothing of the Internet reaches them: they need another way to what
    /// they pull.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.nat != Nat::None || !self.endpoints.is_empty()
    }
}

impl NetworkFacts {
    /// Nothing is known.
    pub(crate) fn offline() -> Self {
        Self {
            vpc_id: placeholder("vpc.id").into(),
            task_subnets: vec![placeholder("vpc.task_subnets").into()],
            assign_public_ip: true,
            load_balancer_subnets: vec![placeholder("vpc.public_subnets").into()],
            zone_subnets: vec![("zone".to_owned(), placeholder("vpc.zone_subnets").into())],
            assumed_public: false,
            subnets: Vec::new(),
            origin: Origin::Unknown,
        }
    }

    /// The one that is made: everything that it has is known once it is there.
    #[must_use]
    pub fn of(made: MadeNetwork) -> Self {
        let id = |id: ResourceId| Value::From(id, Attribute::Id);
        let subnets = |face| [0, 1].map(|zone| id(subnet_id(face, zone)));
        let face = if made.is_private() { "private" } else { "public" };
        let zones = made.zones.iter().cloned();
        Self {
            vpc_id: id(vpc_id()),
            task_subnets: subnets(face).into(),
            assign_public_ip: !made.is_private(),
            load_balancer_subnets: subnets("public").into(),
            zone_subnets: zones.zip(subnets(face)).collect(),
            assumed_public: false,
            subnets: Vec::new(),
            origin: Origin::Made(made),
        }
    }

    /// What is made, where it is made.
    #[must_use]
    pub fn made(&self) -> Option<&MadeNetwork> {
        match &self.origin {
            Origin::Made(made) => Some(made),
            _ => None,
        }
    }

    /// Which VPC and which subnets are used, and why, in one line.
    #[must_use]
    pub fn words(&self) -> String {
        let which = match &self.origin {
            Origin::Unknown => return "nothing is known of it".to_owned(),
            Origin::Default => format!("{} (the default VPC)", self.vpc_id),
            Origin::Named => format!("{} (from the file)", self.vpc_id),
            Origin::Tagged => format!("{} (by its tags)", self.vpc_id),
            Origin::Made(made) => {
                format!("a VPC of the project's own, {} in {}", made.cidr, made.zones.join(" and "))
            }
        };
        let list = |subnets: &[Value]| {
            let known: Vec<_> = subnets.iter().filter_map(Value::known).collect();
            if known.is_empty() { String::new() } else { format!(" ({})", known.join(", ")) }
        };
        let tasks = match (self.made(), self.assign_public_ip) {
            (None, true) => {
                "public subnets with a public address each, as no private subnet has a way out"
            }
            (Some(_), true) => {
                "public subnets with a public address each, as neither NAT nor endpoints are asked for"
            }
            (None, false) => "private subnets",
            (Some(made), false) if made.nat == Nat::None => {
                "private subnets without a way to the Internet, and endpoints to AWS"
            }
            (Some(_), false) => "private subnets behind NAT",
        };
        let balancer = match self.load_balancer_subnets.as_slice() {
            [] => String::new(),
            subnets => format!("; load balancer in public subnets{}", list(subnets)),
        };
        format!("{which}; tasks in {tasks}{}{balancer}", list(&self.task_subnets))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_are_private_where_they_have_another_way() {
        let of = |nat, endpoints: &[&str]| {
            NetworkFacts::of(MadeNetwork {
                cidr: Cidr::DEFAULT,
                zones: ["a".to_owned(), "b".to_owned()],
                nat,
                endpoints: endpoints.iter().map(|&name| name.to_owned()).collect(),
            })
        };
        let first = |facts: &NetworkFacts| facts.task_subnets[0].to_string();
        let open = of(Nat::None, &[]);
        assert_eq!((first(&open), open.assign_public_ip), ("${subnet/public-1/id}".into(), true));
        for facts in [of(Nat::One, &[]), of(Nat::None, &["ecr.api"])] {
            assert_eq!(
                (first(&facts), facts.assign_public_ip),
                ("${subnet/private-1/id}".into(), false)
            );
            assert_eq!(facts.load_balancer_subnets[1].to_string(), "${subnet/public-2/id}");
        }
        assert!(open.words().contains("neither NAT nor endpoints"), "{}", open.words());
    }
}
