use proptest::prelude::*;

use super::{environment, on, option, word};
use crate::ecs::desired::{
    ContainerExtras, PlacementConstraint, ProxyConfiguration, TaskExtras, VolumeFrom,
};

pub(super) fn task() -> impl Strategy<Value = TaskExtras> {
    let proxy = (option(Just("APPMESH".to_owned())), word(), environment()).prop_map(
        |(kind, container_name, properties)| ProxyConfiguration {
            kind,
            container_name,
            properties,
        },
    );
    let constraint = option(word())
        .prop_map(|expression| PlacementConstraint { kind: "memberOf".to_owned(), expression });
    (option(proxy), on(), prop::collection::vec(constraint, 0..3)).prop_map(
        |(proxy_configuration, enable_fault_injection, placement_constraints)| TaskExtras {
            proxy_configuration,
            enable_fault_injection,
            placement_constraints,
        },
    )
}

pub(super) fn container() -> impl Strategy<Value = ContainerExtras> {
    let from = (word(), prop::bool::ANY)
        .prop_map(|(source_container, read_only)| VolumeFrom { source_container, read_only });
    (
        option(2..120),
        option(Just("disabled".to_owned())),
        on(),
        prop::collection::vec(from, 0..3),
        prop::collection::vec(word(), 0..3),
    )
        .prop_map(
            |(start_timeout, version_consistency, disable_networking, volumes_from, specs)| {
                ContainerExtras {
                    start_timeout,
                    version_consistency,
                    disable_networking,
                    volumes_from,
                    credential_specs: specs,
                }
            },
        )
}
