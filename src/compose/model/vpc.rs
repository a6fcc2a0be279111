use indexmap::IndexMap;

use crate::source::Located;

/// `x-ecs.vpc`
#[derive(Clone, Debug, PartialEq)]
pub enum Vpc {
    /// One that is there already, by its id.
    Id(String),
    /// `tags`: the one that has all of these.
    Tags(IndexMap<String, Located<String>>),
    /// `default`: the default one, whatever was used before.
    Default,
    /// `create`: one of the project's own.
    Create(NewVpc),
}

/// What a VPC of the project's own is like.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct NewVpc {
    /// `cidr`
    pub cidr: Option<Located<Cidr>>,
    /// `nat`
    pub nat: Nat,
    /// `endpoints`
    pub endpoints: Endpoints,
}

/// NAT gateways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Nat {
    /// None.
    #[default]
    None,
    /// One for both zones.
    One,
    /// One in each zone.
    EachZone,
}

/// VPC endpoints.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Endpoints {
    /// None.
    #[default]
    None,
    /// What tasks need to start and to log, and what else the file uses.
    Usual,
    /// These services.
    Of(Vec<String>),
}

impl Nat {
    /// As the file says it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::One => "one",
            Self::EachZone => "each-zone",
        }
    }

    /// Reads what [`Nat::as_str`] says.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::None, Self::One, Self::EachZone].into_iter().find(|nat| nat.as_str() == text)
    }
}

/// A block of IPv4 addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    /// The first address.
    base: u32,
    /// How many bits are given.
    bits: u8,
}

impl Cidr {
    /// What a VPC has unless the file says otherwise.
    pub const DEFAULT: Self = Self { base: 0x0a00_0000, bits: 16 };

    /// Reads `10.0.0.0/16`: 16 to 24 bits, so that its sixteen parts are subnets that EC2 takes (EC2
    /// API reference, `CreateVpc` and `CreateSubnet`: /16 to /28).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/')?;
        let base = u32::from(address.parse::<std::net::Ipv4Addr>().ok()?);
        let bits = bits.parse::<u8>().ok().filter(|bits| (16..=24).contains(bits))?;
        (base & (u32::MAX >> bits) == 0).then_some(Self { base, bits })
    }

    /// One of sixteen equal parts.
    #[must_use]
    pub fn part(self, index: u8) -> String {
        let bits = self.bits + 4;
        let base = self.base + (u32::from(index & 15) << (32 - bits));
        format!("{}/{bits}", std::net::Ipv4Addr::from(base))
    }
}

impl Default for Cidr {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl std::fmt::Display for Cidr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", std::net::Ipv4Addr::from(self.base), self.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_has_sixteen_parts() {
        let block = Cidr::parse("10.1.0.0/16").expect("a block");
        assert_eq!((block.part(0), block.part(9)), ("10.1.0.0/20".into(), "10.1.144.0/20".into()));
        let small = Cidr::parse("192.168.5.0/24").expect("a block");
        assert_eq!(
            (small.part(1), small.part(15)),
            ("192.168.5.16/28".into(), "192.168.5.240/28".into())
        );
        assert_eq!(small.to_string(), "192.168.5.0/24");
        assert_eq!(Cidr::DEFAULT.to_string(), "10.0.0.0/16");
        for wrong in ["10.0.0.0", "10.0.0.1/16", "10.0.0.0/8", "10.0.0.0/25", "10.0.0/16", "x/16"] {
            assert_eq!(Cidr::parse(wrong), None, "{wrong}");
        }
    }
}
