//! Brings what was read into the form in which it was wanted, where both mean the same.
//!
//! The difference between Desired and Actual is strict. AWS is not: it keeps lists in an order of
//! its own, writes defaults out, and encodes policies anew.

use serde_json::{Map, Value as Json, json};

use crate::ecs::desired::{Body, LifecycleHook, VolumeConfiguration};

/// Lists whose order means nothing to AWS.
const SETS: [&str; 27] = [
    "associations",
    "SubnetIds",
    "SecurityGroupIds",
    "RouteTableIds",
    "capacityProviders",
    "capacityProviderStrategy",
    "containerDefinitions",
    "dependsOn",
    "environment",
    "loadBalancers",
    "mountPoints",
    "portMappings",
    "requiresCompatibilities",
    "secrets",
    "securityGroups",
    "services",
    "CapacityProviderStrategy",
    "DnsRecords",
    "subnets",
    "tmpfs",
    "volumes",
    "vpcLatticeConfigurations",
    "SecurityGroups",
    "Subnets",
    "Attributes",
    "Conditions",
    "Values",
];

/// Seconds between two changes of an ECS service's number of tasks, unless it is said otherwise
/// (Application Auto Scaling user guide, "Define cooldown periods").
const COOLDOWN: i32 = 300;

/// Fields that hold a JSON document.
const DOCUMENTS: [&str; 3] = ["AssumeRolePolicyDocument", "PolicyDocument", "lifecyclePolicyText"];

/// Makes `have` say what it says in the words of `want`.
pub(super) fn align(want: &Body, have: &mut Body) {
    if let Some((want, have)) = want.clone().tag_specifications().zip(have.tag_specifications()) {
        // Tags that others add are nobody's fault.
        for (want, have) in want.iter().zip(have) {
            have.tags.retain(|tag| want.tags.iter().any(|wanted| wanted.key == tag.key));
        }
    }
    if let (Body::ScalableTarget(want), Body::ScalableTarget(have)) = (want, &mut *have) {
        have.tags.retain(|key, _| want.tags.contains_key(key));
    }
    // Cloud Map does not tell the VPC of a namespace.
    if let (Body::PrivateNamespace(want), Body::PrivateNamespace(have)) = (want, &mut *have) {
        have.vpc.clone_from(&want.vpc);
    }
    if let (Body::ScalingPolicy(want), Body::ScalingPolicy(have)) = (want, &mut *have) {
        let default = |want: Option<i32>, have: &mut Option<i32>| {
            if want.is_none() && *have == Some(COOLDOWN) {
                *have = None;
            }
        };
        let tracking = &want.target_tracking_scaling_policy_configuration;
        let tracks = &mut have.target_tracking_scaling_policy_configuration;
        if let (Some(want), Some(have)) = (tracking, tracks) {
            default(want.scale_out_cooldown, &mut have.scale_out_cooldown);
            default(want.scale_in_cooldown, &mut have.scale_in_cooldown);
        }
        let (steps, have) =
            (&want.step_scaling_policy_configuration, &mut have.step_scaling_policy_configuration);
        if let (Some(want), Some(have)) = (steps, have) {
            default(want.cooldown, &mut have.cooldown);
        }
    }
    if let (Body::Service(want), Body::Service(have)) = (want, &mut *have) {
        volumes(&want.volume_configurations, &mut have.volume_configurations);
        let (want, have) = (&want.deployment_configuration, &mut have.deployment_configuration);
        hooks(&want.lifecycle_hooks, &mut have.lifecycle_hooks);
    }
    if let (Body::TargetGroup(want), Body::TargetGroup(have)) = (want, &mut *have) {
        let wanted = &want.attributes.attributes;
        have.attributes.attributes.retain(|attribute| {
            wanted.iter().any(|w| w.key == attribute.key)
                || super::elb::differs_from_default(attribute)
        });
    }
    let (Ok(want), Ok(mut json)) = (serde_json::to_value(want), serde_json::to_value(&*have))
    else {
        return;
    };
    walk(&want, &mut json);
    if let Ok(aligned) = serde_json::from_value(json) {
        *have = aligned;
    }
}

/// What EBS gives a volume of the type `gp3` of which it is not said (EBS user guide, "General Purpose
/// SSD volumes"), and what a snapshot says for itself, is no difference.
fn volumes(want: &[VolumeConfiguration], have: &mut [VolumeConfiguration]) {
    for (want, have) in want.iter().zip(have) {
        let (want, have) = (&want.managed_ebs_volume, &mut have.managed_ebs_volume);
        if want.iops.is_none() && have.iops == Some(3000) {
            have.iops = None;
        }
        if want.throughput.is_none() && have.throughput == Some(125) {
            have.throughput = None;
        }
        if want.size_in_gib.is_none() && want.snapshot_id.is_some() {
            have.size_in_gib = None;
        }
    }
}

/// Functions that somebody else lets ECS call are nobody's fault, nor how long ECS waits for one by
/// itself.
fn hooks(want: &[LifecycleHook], have: &mut Vec<LifecycleHook>) {
    let calls = |hook: &LifecycleHook| hook.target_type == LifecycleHook::FUNCTION;
    if !want.iter().any(calls) {
        have.retain(|hook| !calls(hook));
    }
    for (want, have) in want.iter().zip(have) {
        if calls(have) && want.timeout_configuration.is_none() {
            have.timeout_configuration = None;
        }
    }
}

/// What a field means when it is absent.
fn default_of(key: &str) -> Option<Json> {
    Some(match key {
        "readonlyRootFilesystem" | "interactive" | "pseudoTerminal" | "initProcessEnabled" => {
            json!(false)
        }
        "entryPoint" | "command" => json!([]),
        "linuxParameters" => json!({}),
        _ => return None,
    })
}

fn walk(want: &Json, have: &mut Json) {
    match (want, have) {
        (Json::Object(want), Json::Object(have)) => {
            defaults(want, have);
            for (key, have) in have.iter_mut() {
                let Some(want) = want.get(key) else { continue };
                if DOCUMENTS.contains(&key.as_str()) {
                    document(want, have);
                } else if SETS.contains(&key.as_str()) {
                    set(want, have);
                } else {
                    walk(want, have);
                }
            }
        }
        (Json::Array(want), Json::Array(have)) => {
            for (want, have) in want.iter().zip(have) {
                walk(want, have);
            }
        }
        _ => {}
    }
}

/// A default that is written on one side only is written, or left out, as it is wanted.
fn defaults(want: &Map<String, Json>, have: &mut Map<String, Json>) {
    for key in want.keys() {
        if let Some(default) = default_of(key)
            && want.get(key) == Some(&default)
            && !have.contains_key(key)
        {
            have.insert(key.clone(), default);
        }
    }
    have.retain(|key, value| want.contains_key(key) || default_of(key).as_ref() != Some(value));
}

/// Documents that say the same are the same.
fn document(want: &Json, have: &mut Json) {
    let parse = |json: &Json| serde_json::from_str::<Json>(json.as_str()?).ok();
    if let (Some(wanted), Some(read)) = (parse(want), parse(have))
        && wanted == read
    {
        *have = want.clone();
    }
}

/// Items that have a counterpart take its place in the list; the others follow.
fn set(want: &Json, have: &mut Json) {
    let (Json::Array(want), Json::Array(have)) = (want, have) else { return };
    let mut rest = std::mem::take(have);
    for wanted in want {
        if let Some(place) = rest.iter().position(|item| counterpart(wanted, item)) {
            let mut item = rest.remove(place);
            walk(wanted, &mut item);
            have.push(item);
        }
    }
    have.append(&mut rest);
}

fn counterpart(want: &Json, have: &Json) -> bool {
    let (Json::Object(wanted), Json::Object(read)) = (want, have) else { return want == have };
    const NAMES: [&str; 11] = [
        "SubnetId",
        "name",
        "Type",
        "containerPath",
        "discoveryName",
        "capacityProvider",
        "containerName",
        "containerPort",
        "protocol",
        "Key",
        "Field",
    ];
    let mut named = NAMES.iter().filter(|name| wanted.contains_key(**name)).peekable();
    named.peek().is_some() && named.all(|name| wanted.get(*name) == read.get(*name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ecs::desired::ManagedEbsVolume;

    fn aligned(want: Json, mut have: Json) -> Json {
        walk(&want, &mut have);
        have
    }

    #[test]
    fn sets_take_the_order_in_which_they_are_wanted() {
        let want = json!({"subnets": ["b", "a"], "dependsOn": [{"containerName": "x"}, {"containerName": "y"}]});
        let have = json!({"subnets": ["a", "b"], "dependsOn": [{"containerName": "y"}, {"containerName": "x"}]});
        assert_eq!(aligned(want.clone(), have), want);
    }

    #[test]
    fn what_ebs_takes_for_granted_is_no_difference() {
        let volume = |iops: Option<i32>, throughput: Option<i32>| VolumeConfiguration {
            name: "data".to_owned(),
            managed_ebs_volume: ManagedEbsVolume {
                encrypted: true,
                kms_key_id: None,
                volume_type: "gp3".to_owned(),
                size_in_gib: Some(20),
                snapshot_id: None,
                volume_initialization_rate: None,
                iops,
                throughput,
                tag_specifications: Vec::new(),
                role_arn: "arn:aws:iam::1:role/r".into(),
                termination_policy: None,
                filesystem_type: "xfs".to_owned(),
            },
        };
        let mut have = [volume(Some(3000), Some(125))];
        volumes(&[volume(None, None)], &mut have);
        assert_eq!(have, [volume(None, None)]);
        let mut have = [volume(Some(6000), Some(125))];
        volumes(&[volume(None, Some(125))], &mut have);
        assert_eq!(have, [volume(Some(6000), Some(125))]);
    }

    #[test]
    fn what_differs_stays_different() {
        let want = json!({"subnets": ["b", "a"], "command": ["a", "b"]});
        let have = json!({"subnets": ["c", "a"], "command": ["b", "a"]});
        let aligned = aligned(want, have);
        assert_eq!(aligned, json!({"subnets": ["a", "c"], "command": ["b", "a"]}));
    }

    #[test]
    fn defaults_are_written_as_they_are_wanted() {
        let want = json!({"c": {"readonlyRootFilesystem": false}, "d": {"command": ["x"]}});
        let have = json!({"c": {"initProcessEnabled": false}, "d": {"command": ["x"], "entryPoint": [], "interactive": true}});
        assert_eq!(
            aligned(want, have),
            json!({"c": {"readonlyRootFilesystem": false}, "d": {"command": ["x"], "interactive": true}})
        );
    }

    #[test]
    fn documents_are_compared_by_what_they_say() {
        let want = json!({"PolicyDocument": "{\"a\": 1,\"b\":2}"});
        let have = json!({"PolicyDocument": "{\"b\":2,\"a\":1}"});
        assert_eq!(aligned(want.clone(), have), want);
        let other = json!({"PolicyDocument": "{\"b\":3,\"a\":1}"});
        assert_eq!(aligned(want, other.clone()), other);
    }
}
