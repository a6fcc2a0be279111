//! What emulators of AWS forget.

use aws_config::SdkConfig;

use super::observe::resolve;
use crate::ecs::desired::{Body, Desired};
use crate::plan::Actual;

/// Whether the endpoint is an emulator: AWS itself is never called without TLS.
pub(super) fn is_emulator(config: &SdkConfig) -> bool {
    config.endpoint_url().is_some_and(|url| url.starts_with("http://"))
}

/// Takes what emulators do not keep for what is desired: they would be told the same for ever.
///
/// `serviceConnectConfiguration` and `availabilityZoneRebalancing` are dropped by MiniStack and moto.
/// AWS always tells them of a service that has them.
pub(super) fn fill_in(desired: &Desired, actual: &mut Actual) {
    for resource in desired.resources.values() {
        let Body::Service(wanted) = resolve(resource, actual) else { continue };
        let Some(observed) = actual.resources.get_mut(&resource.id) else { continue };
        let Body::Service(have) = &mut observed.body else { continue };
        if have.service_connect_configuration.is_none() {
            have.service_connect_configuration.clone_from(&wanted.service_connect_configuration);
        }
        if have.availability_zone_rebalancing.is_empty() {
            have.availability_zone_rebalancing.clone_from(&wanted.availability_zone_rebalancing);
        }
    }
}
