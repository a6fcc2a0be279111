//! Ports of containers, to the SDK and back.

use aws_sdk_ecs::types as sdk;

use crate::ecs::desired::PortMapping;

pub(super) fn to_sdk(mapping: &PortMapping) -> sdk::PortMapping {
    let PortMapping {
        name,
        container_port,
        host_port,
        protocol,
        app_protocol,
        container_port_range,
    } = mapping;
    let port = |port: i32| container_port_range.is_none().then_some(port);
    sdk::PortMapping::builder()
        .set_name(name.clone())
        .set_container_port(port(*container_port))
        .set_host_port(port(*host_port))
        .protocol(protocol.as_str().into())
        .set_app_protocol(app_protocol.as_deref().map(Into::into))
        .set_container_port_range(container_port_range.clone())
        .build()
}

pub(super) fn from_sdk(list: &[sdk::PortMapping], bridge: bool) -> Vec<PortMapping> {
    let mut ports: Vec<_> = list
        .iter()
        .map(|port| {
            let container_port = port.container_port().unwrap_or_default();
            PortMapping {
                name: port.name().map(str::to_owned),
                container_port,
                // A host port that is left out is the container's, on bridge any.
                host_port: port.host_port().filter(|p| *p != 0).unwrap_or(if bridge {
                    0
                } else {
                    container_port
                }),
                protocol: port.protocol().map_or("tcp", |p| p.as_str()).to_owned(),
                app_protocol: port.app_protocol().map(|p| p.as_str().to_owned()),
                container_port_range: port
                    .container_port_range()
                    .filter(|range| !range.is_empty())
                    .map(str::to_owned),
            }
        })
        .collect();
    ports.sort_by(|a, b| {
        (a.container_port, &a.container_port_range, &a.protocol, &a.name).cmp(&(
            b.container_port,
            &b.container_port_range,
            &b.protocol,
            &b.name,
        ))
    });
    ports
}
