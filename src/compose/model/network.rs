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
    /// All attributes but these.
    pub settings: Settings,
}

/// A service's place in a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkAttachment {
    /// Where the service names the network.
    pub span: Span,
    /// `aliases`: further names of the service there.
    pub aliases: Vec<Located<String>>,
}
