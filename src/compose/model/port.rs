/// The transport protocol of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    /// `tcp`
    Tcp,
    /// `udp`
    Udp,
}

impl Protocol {
    /// The name that Compose and AWS share.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}

/// One container port, published or only exposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// `name`
    pub name: Option<String>,
    /// `target`: the container's port, 1 to 65535.
    pub target: u16,
    /// `published`: the port outside; absent when Docker would pick one, and for `expose`.
    pub published: Option<u16>,
    /// `protocol`
    pub protocol: Protocol,
    /// `host_ip`
    pub host_ip: Option<String>,
    /// `app_protocol`: `http`, `https`, `http2`, `grpc` …
    pub app_protocol: Option<String>,
    /// `mode: host`
    pub host_mode: bool,
    /// Nobody wrote it: its image exposes it.
    pub assumed: bool,
}
