//! What ECS takes and decklift does not: what it does in another way, or could not see again.

use serde_json::{Map, Value as Json};

/// What is patched, by the request that it becomes a part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// `RegisterTaskDefinition`
    Task,
    /// One of its container definitions.
    Container,
    /// `CreateService`
    Service,
}

/// A member that is not taken.
struct Refused {
    part: Part,
    /// Its path; `[]` stands for any item of a list.
    path: &'static str,
    why: &'static str,
    way: &'static str,
}

/// `DescribeServices` does not give these back (ECS API reference, `Service` and `Deployment`).
const UNSEEN: &str = "ECS does not say it of a service again, so no plan could show it";

const REFUSED: [Refused; 9] = [
    Refused {
        part: Part::Service,
        path: "clientToken",
        why: "decklift makes one, by which a request that is sent again makes nothing twice",
        way: "leave it out",
    },
    Refused {
        part: Part::Service,
        path: "role",
        why: "it is of Classic Load Balancers, and ECS has a role of its own for others",
        way: "leave it out: ECS takes its service-linked role",
    },
    Refused {
        part: Part::Service,
        path: "loadBalancers[].loadBalancerName",
        why: "it names a Classic Load Balancer, which knows no target groups",
        way: "name an Application or a Network Load Balancer with `x-ecs.load_balancer`",
    },
    Refused {
        part: Part::Service,
        path: "deploymentController.type",
        why: "decklift rolls out with ECS itself, and neither CodeDeploy nor others would let it",
        way: "leave it out; `x-ecs.rollout.strategy: blue-green` does what CodeDeploy did",
    },
    Refused {
        part: Part::Service,
        path: "monitoring",
        why: UNSEEN,
        way: "set it with `aws ecs update-service --monitoring`, which decklift leaves as it is",
    },
    Refused {
        part: Part::Service,
        path: "gatewayConnectors",
        why: UNSEEN,
        way: "`x-ecs.http` leads requests to it; or set them with `aws ecs update-service`, which \
            decklift leaves as it is",
    },
    Refused {
        part: Part::Task,
        path: "inferenceAccelerators",
        why: "AWS ended Elastic Inference",
        way: "ask for GPUs with `deploy.resources.reservations.devices`",
    },
    Refused {
        part: Part::Task,
        path: "trustedExecutionConfiguration",
        why: "the SDK that decklift is built with cannot send it",
        way: "leave it out",
    },
    Refused {
        part: Part::Task,
        path: "volumes[].fsxWindowsFileServerVolumeConfiguration",
        why: "containers of Windows alone mount it",
        way: "decklift runs Linux: mount a named volume, which is on EFS",
    },
];

/// A key of a patch that is not taken: its path, why, and what to do.
pub(super) struct Key {
    pub(super) path: Vec<String>,
    pub(super) why: &'static str,
    pub(super) way: &'static str,
}

/// Takes the keys out of a patch that are not taken.
pub(super) fn take_out(part: Part, values: &mut Map<String, Json>) -> Vec<Key> {
    let mut found = Vec::new();
    below(part, "", &[], values, &mut found);
    found
}

fn below(
    part: Part,
    pattern: &str,
    path: &[String],
    values: &mut Map<String, Json>,
    found: &mut Vec<Key>,
) {
    values.retain(|key, value| {
        let pattern = if pattern.is_empty() { key.clone() } else { format!("{pattern}.{key}") };
        let here = [path, std::slice::from_ref(key)].concat();
        if let Some(refused) = refused(part, &pattern).filter(|_| !is_usual(&pattern, value)) {
            found.push(Key { path: here, why: refused.why, way: refused.way });
            return false;
        }
        match value {
            Json::Object(inner) => below(part, &pattern, &here, inner, found),
            Json::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    let here = [here.as_slice(), &[index.to_string()]].concat();
                    if let Json::Object(inner) = item {
                        below(part, &format!("{pattern}[]"), &here, inner, found);
                    }
                }
            }
            _ => {}
        }
        true
    });
}

fn refused(part: Part, pattern: &str) -> Option<&'static Refused> {
    REFUSED.iter().find(|refused| refused.part == part && refused.path == pattern)
}

/// What is there already, or takes it away.
fn is_usual(pattern: &str, value: &Json) -> bool {
    value.is_null() || pattern == "deploymentController.type" && value == "ECS"
}

/// The paths of a part that are not taken.
#[cfg(test)]
pub(super) fn paths(part: Part) -> impl Iterator<Item = &'static str> {
    REFUSED.iter().filter(move |refused| refused.part == part).map(|refused| refused.path)
}

/// Whether this member of a request, or one that it is a part of, is not taken.
#[cfg(test)]
pub(super) fn covers(part: Part, member: &str) -> bool {
    let mut ends: Vec<_> = member.match_indices(['.', '[']).map(|(at, _)| at).collect();
    ends.push(member.len());
    ends.into_iter().any(|end| refused(part, &member[..end]).is_some())
}
