//! GPUs of instances: `gpus`, `deploy.resources.reservations.devices`, `generic_resources` and
//! `runtime: nvidia` become resource requirements.

use super::outcome::Outcomes;
use crate::compose::model::{DeviceRequest, Service};
use crate::ecs::desired::ResourceRequirement;
use crate::ecs::translate::context::Output;
use crate::source::{Located, Span};

/// ECS API reference, `ResourceRequirement.value`
const ALL: &str = "ALL";

/// What becomes of a driver's options (ECS API reference, `ResourceRequirement`: a type and a number), and
/// what to do.
const NO_OPTIONS: (&str, &str) = (
    "ECS hands no `options` to the driver of a device",
    "configure the driver on the instances, in their AMI or user data",
);

/// How many GPUs; nothing for all.
type Count = Option<i64>;

/// The GPUs of a service's container. Of several requests the larger one counts: they are two ways
/// to say one thing.
pub(crate) fn requirements(service: &Service, out: &mut Output) -> Vec<ResourceRequirement> {
    let mut outcomes = Outcomes::new(service, out);
    let mut wanted: Vec<Count> = Vec::new();
    let requests =
        service.deploy.limits.requests.iter().chain(&service.deploy.reservations.requests);
    for request in requests {
        wanted.extend(of_request(request, &mut outcomes));
    }
    if let Some(privileges) = &service.privileges {
        for gpu in &privileges.gpus {
            let named = i64::try_from(gpu.value.device_ids.len()).unwrap_or(i64::MAX);
            if named > 0 {
                any(gpu.span, &mut outcomes);
            }
            if !gpu.value.options.is_empty() {
                outcomes.differs(gpu.span, NO_OPTIONS.0, NO_OPTIONS.1);
            }
            let count = if named > 0 { named } else { gpu.value.count };
            wanted.extend(counted(count, gpu.span, &mut outcomes));
        }
        let runtime = privileges.runtime.as_ref().filter(|runtime| runtime.value == "nvidia");
        if let Some(runtime) = runtime.filter(|_| wanted.is_empty()) {
            let devices = service.environment.get("NVIDIA_VISIBLE_DEVICES");
            let none = devices.is_some_and(|d| matches!(d.value.as_str(), "" | "none" | "void"));
            if !none {
                let help = "say how many: `gpus: [{count: 1}]`";
                outcomes.differs(runtime.span, "all GPUs of an instance are kept for it", help);
                wanted.push(None);
            }
        }
    }
    let Some(most) = wanted.into_iter().reduce(larger) else { return Vec::new() };
    let value = most.map_or_else(|| ALL.to_owned(), |count| count.to_string());
    vec![ResourceRequirement { kind: "GPU".to_owned(), value }]
}

fn larger(one: Count, other: Count) -> Count {
    Some(one?.max(other?))
}

fn of_request(request: &Located<DeviceRequest>, outcomes: &mut Outcomes<'_>) -> Option<Count> {
    let DeviceRequest { kinds, count, is_named, options } = &request.value;
    let is_gpu = |kind: &String| {
        let kind = kind.to_ascii_lowercase();
        kind.contains("gpu") || matches!(kind.as_str(), "nvidia" | "cuda" | "compute" | "utility")
    };
    if kinds.is_empty() {
        let help = "write what it must be able to do: `capabilities: [gpu]`";
        outcomes.refused(request.span, "a device without capabilities could be any", help);
        return None;
    }
    if !kinds.iter().any(is_gpu) {
        let help = "ECS counts GPUs of instances, and nothing else: take it away, or choose the \
            instances with `deploy.placement.constraints`";
        let message = format!("ECS knows no resource {:?}", kinds.join(", "));
        outcomes.refused(request.span, message, help);
        return None;
    }
    if *is_named {
        any(request.span, outcomes);
    }
    if let Some(options) = options {
        outcomes.missed(*options, NO_OPTIONS.0, NO_OPTIONS.1);
    }
    counted(*count, request.span, outcomes)
}

fn counted(count: i64, place: Span, outcomes: &mut Outcomes<'_>) -> Option<Count> {
    match count {
        ..=-1 => Some(None),
        0 => {
            outcomes.ignored(place, "no GPU is asked for", "write a number, or `all`");
            None
        }
        count => Some(Some(count)),
    }
}

fn any(place: Span, outcomes: &mut Outcomes<'_>) {
    let help = "write `count`: ECS keeps so many GPUs for the container, and chooses them";
    outcomes.differs(place, "which GPUs it gets is for ECS to choose", help);
}
