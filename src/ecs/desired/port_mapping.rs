use serde::{Deserialize, Serialize};

/// `ecs PortMapping`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Form", into = "Form")]
pub struct PortMapping {
    /// The name that Service Connect refers to.
    pub name: Option<String>,
    /// The container's port; 0 where it is a range.
    pub container_port: i32,
    /// The same as `container_port` on awsvpc; 0 for any on bridge, and for those of a range.
    pub host_port: i32,
    /// `tcp` or `udp`
    pub protocol: String,
    /// `http`, `http2` or `grpc`, of which Service Connect measures more; overrides alone set it.
    pub app_protocol: Option<String>,
    /// `FIRST-LAST` in the place of both ports; overrides alone set it.
    pub container_port_range: Option<String>,
}

impl PortMapping {
    /// The first and the last port of the container; nothing for a range that is none.
    #[must_use]
    pub fn ports(&self) -> Option<(u16, u16)> {
        let Some(range) = &self.container_port_range else {
            let port = u16::try_from(self.container_port).ok().filter(|port| *port > 0)?;
            return Some((port, port));
        };
        let (first, last) = range.split_once('-')?;
        let (first, last) = (first.parse().ok()?, last.parse().ok()?);
        (0 < first && first < last).then_some((first, last))
    }
}

/// How it is written: with a range there are no ports.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Form {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    container_port: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    host_port: Option<i32>,
    protocol: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    app_protocol: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    container_port_range: Option<String>,
}

impl From<PortMapping> for Form {
    fn from(mapping: PortMapping) -> Self {
        let PortMapping {
            name,
            container_port,
            host_port,
            protocol,
            app_protocol,
            container_port_range,
        } = mapping;
        let port = |port| container_port_range.is_none().then_some(port);
        let (container_port, host_port) = (port(container_port), port(host_port));
        Self { name, container_port, host_port, protocol, app_protocol, container_port_range }
    }
}

impl TryFrom<Form> for PortMapping {
    type Error = &'static str;

    fn try_from(form: Form) -> Result<Self, Self::Error> {
        let Form { name, container_port, host_port, protocol, app_protocol, container_port_range } =
            form;
        let (container_port, host_port) = match (&container_port_range, container_port) {
            (None, None) => return Err("missing field `containerPort`"),
            (None, Some(port)) => (port, host_port.unwrap_or(0)),
            (Some(_), None) if host_port.is_none() => (0, 0),
            (Some(_), _) => return Err("a port and a range of ports"),
        };
        Ok(Self { name, container_port, host_port, protocol, app_protocol, container_port_range })
    }
}
