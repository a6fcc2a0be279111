//! The adapter's files, carried in the program.

macro_rules! files {
    ($($name:literal,)+) => {
        &[$(($name, include_str!(concat!("adapter/decklift_adapter/", $name))),)+]
    };
}

/// Name and text of each file of the package.
pub(super) const FILES: &[(&str, &str)] = files![
    "__init__.py",
    "__main__.py",
    "api_definitions.py",
    "api_deployments.py",
    "api_services.py",
    "api_tasks.py",
    "awslogs.py",
    "containers.py",
    "control.py",
    "engine.py",
    "forwarder.py",
    "images.py",
    "names.py",
    "patch_elb.py",
    "patch_logs.py",
    "patch_network.py",
    "patch_rest.py",
    "patching.py",
    "pause.py",
    "promises.py",
    "proxy.py",
    "rollouts.py",
    "runner.py",
    "scans.py",
    "scheduler.py",
    "settings.py",
    "simulated.py",
    "state.py",
    "streams.py",
    "targets.py",
    "taskrecord.py",
    "volumes.py",
];
