use super::Settings;
use crate::source::{Located, Span};

/// A network of the project.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// Where it is defined; the implicit `default` points at the project's `services`.
    pub span: Span,
    /// `name`: the name outside Compose.
    pub name: Option<Located<String>>,
    /// `internal`: no way in from the load balancer.
    pub internal: bool,
    /// `external`: made by somebody else.
    pub external: bool,
    /// `driver`
    pub driver: Option<Located<String>>,
    /// What else is said of it, each where it stands.
    pub options: Vec<Located<NetworkOption>>,
    /// `x-ecs.security_group`: an existing group that its members carry.
    pub security_group: Option<Located<String>>,
    /// All attributes but these.
    pub settings: Settings,
}

impl Network {
    /// A network of which nothing is said.
    #[must_use]
    pub fn new(span: Span) -> Self {
        Self {
            span,
            name: None,
            internal: false,
            external: false,
            driver: None,
            options: Vec::new(),
            security_group: None,
            settings: Settings::default(),
        }
    }
}

/// An attribute of a network that says how Docker makes it. Its value is in [`Network::settings`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkOption {
    /// `attachable`
    Attachable,
    /// `driver_opts`
    DriverOpts,
    /// `enable_ipv4`
    EnableIpv4,
    /// `enable_ipv6`
    EnableIpv6,
    /// `ipam`
    Ipam,
    /// `labels`
    Labels,
}

impl NetworkOption {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Attachable,
        Self::DriverOpts,
        Self::EnableIpv4,
        Self::EnableIpv6,
        Self::Ipam,
        Self::Labels,
    ];

    /// The attribute's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Attachable => "attachable",
            Self::DriverOpts => "driver_opts",
            Self::EnableIpv4 => "enable_ipv4",
            Self::EnableIpv6 => "enable_ipv6",
            Self::Ipam => "ipam",
            Self::Labels => "labels",
        }
    }
}

/// A service's place in a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkAttachment {
    /// Where the service names the network.
    pub span: Span,
    /// `aliases`: further names of the service there.
    pub aliases: Vec<Located<String>>,
    /// What else is said of it, each where it stands.
    pub options: Vec<Located<AttachmentOption>>,
}

impl NetworkAttachment {
    /// A place of which nothing is said.
    #[must_use]
    pub fn new(span: Span) -> Self {
        Self { span, aliases: Vec::new(), options: Vec::new() }
    }
}

/// An attribute of an attachment that fixes an address or an interface. Its value is in
/// [`super::Written::networks`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttachmentOption {
    /// `driver_opts`
    DriverOpts,
    /// `gw_priority`
    GwPriority,
    /// `interface_name`
    InterfaceName,
    /// `ipv4_address`
    Ipv4Address,
    /// `ipv6_address`
    Ipv6Address,
    /// `link_local_ips`
    LinkLocalIps,
    /// `mac_address`
    MacAddress,
    /// `priority`
    Priority,
}

impl AttachmentOption {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::DriverOpts,
        Self::GwPriority,
        Self::InterfaceName,
        Self::Ipv4Address,
        Self::Ipv6Address,
        Self::LinkLocalIps,
        Self::MacAddress,
        Self::Priority,
    ];

    /// The attribute's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DriverOpts => "driver_opts",
            Self::GwPriority => "gw_priority",
            Self::InterfaceName => "interface_name",
            Self::Ipv4Address => "ipv4_address",
            Self::Ipv6Address => "ipv6_address",
            Self::LinkLocalIps => "link_local_ips",
            Self::MacAddress => "mac_address",
            Self::Priority => "priority",
        }
    }
}

/// Whether a text is the id of a security group: `sg-` and 8 or 17 hexadecimal digits (EC2 user
/// guide, "Resource IDs").
#[must_use]
pub fn is_security_group_id(text: &str) -> bool {
    text.strip_prefix("sg-").is_some_and(|digits| {
        matches!(digits.len(), 8 | 17)
            && digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'))
    })
}
