//! Which changes of a service start a deployment.

/// The fields of a service whose change starts a deployment by itself (ECS API reference,
/// `UpdateService`); others are taken over by the deployment that runs.
pub const STARTS_DEPLOYMENT: [&str; 8] = [
    "taskDefinition",
    "networkConfiguration",
    "platformVersion",
    "loadBalancers",
    "serviceConnectConfiguration",
    "serviceRegistries",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
];

/// Whether a change of this field of a service replaces its tasks. A strategy changes where tasks run,
/// and only a forced deployment moves them there.
pub(super) fn starts_deployment(path: &str) -> bool {
    let fields = STARTS_DEPLOYMENT.iter().chain(&["capacityProviderStrategy"]);
    fields.into_iter().any(|field| path.starts_with(field))
}
