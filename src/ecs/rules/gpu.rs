//! GPUs of instances: `gpus`, `deploy.resources.reservations.devices`, `generic_resources` and
//! `runtime: nvidia` become resource requirements.

use super::outcome::Outcomes;
use crate::compose::model::{DeviceRequest, Service};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{ContainerDefinition, ResourceRequirement};
use crate::ecs::translate::context::Output;
use crate::ecs::translate::unit::Unit;
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
    let mut wanted: Vec<(Count, Span)> = Vec::new();
    let requests =
        service.deploy.limits.requests.iter().chain(&service.deploy.reservations.requests);
    for request in requests {
        wanted.extend(of_request(request, &mut outcomes).map(|count| (count, request.span)));
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
            made_by(&gpu.value.driver, gpu.span, &mut outcomes);
            wanted.extend(counted(count, gpu.span, &mut outcomes).map(|count| (count, gpu.span)));
        }
        let runtime = privileges.runtime.as_ref().filter(|runtime| runtime.value == "nvidia");
        if let Some(runtime) = runtime.filter(|_| wanted.is_empty()) {
            let devices = service.environment.get("NVIDIA_VISIBLE_DEVICES");
            let none = devices.is_some_and(|d| matches!(d.value.as_str(), "" | "none" | "void"));
            if !none {
                wanted.push((None, runtime.span));
            }
        }
    }
    if let Some((_, place)) = wanted.iter().find(|(count, _)| count.is_none()) {
        let help =
            "say how many: `gpus: [{count: 1}]`; each further task needs an instance of its own";
        outcomes.differs(*place, "all GPUs of an instance are kept for it", help);
    }
    let wanted = wanted.into_iter().map(|(count, _)| count);
    let Some(most) = wanted.reduce(larger) else { return Vec::new() };
    let value = most.map_or_else(|| ALL.to_owned(), |count| count.to_string());
    vec![ResourceRequirement { kind: "GPU".to_owned(), value, sharing_strategy: None }]
}

fn larger(one: Count, other: Count) -> Count {
    Some(one?.max(other?))
}

fn of_request(request: &Located<DeviceRequest>, outcomes: &mut Outcomes<'_>) -> Option<Count> {
    let DeviceRequest { kinds, count, driver, is_named, options } = &request.value;
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
    made_by(driver, request.span, outcomes);
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

/// ECS developer guide, "Amazon ECS task definitions for GPU workloads": those of NVIDIA's.
fn made_by(driver: &str, place: Span, outcomes: &mut Outcomes<'_>) {
    if !matches!(driver, "" | "nvidia" | "cdi") {
        let message = format!("`driver: {driver}` has no effect: ECS keeps GPUs of NVIDIA's");
        let help = "use an image for NVIDIA's, or map the device itself: `devices: [/dev/dri]`";
        outcomes.differs(place, message, help);
    }
}

/// Refuses a container that wants all GPUs of its instance beside another one of its task that wants any:
/// no instance has so many (ECS API reference, `ResourceRequirement.value`).
pub(crate) fn check(unit: &Unit<'_>, containers: &[ContainerDefinition], out: &mut Output) {
    let wants = |container: &ContainerDefinition| {
        let mut gpus = container.instance.resource_requirements.iter().filter(|r| r.kind == "GPU");
        gpus.next().map(|requirement| requirement.value == ALL)
    };
    let users = unit.members.iter().zip(containers);
    let users: Vec<_> = users.filter_map(|(member, c)| Some((member.service, wants(c)?))).collect();
    let Some((all, _)) = users.iter().find(|(_, all)| *all) else { return };
    for (other, _) in users.iter().filter(|(other, _)| other.name.value != all.name.value) {
        let (all_name, name) = (&all.name.value, &other.name.value);
        let message = format!(
            "{all_name} wants all GPUs of an instance, and {name} of its task wants some, too"
        );
        out.say(
            Diagnostic::error(Code::Conflict, message)
                .at(place(other), "")
                .at(place(all), "all of them")
                .help("say how many each of them gets: `gpus: [{count: 1}]`")
                .service(name),
        );
    }
}

/// Where a service asks for GPUs.
pub(super) fn place(service: &Service) -> Span {
    let privileges = service.privileges.as_deref();
    let gpus = privileges.and_then(|privileges| privileges.gpus.first()).map(|gpu| gpu.span);
    let requests =
        service.deploy.reservations.requests.iter().chain(&service.deploy.limits.requests);
    let runtime = privileges.and_then(|p| p.runtime.as_ref()).map(|runtime| runtime.span);
    gpus.or(requests.map(|request| request.span).next()).or(runtime).unwrap_or(service.span())
}

fn any(place: Span, outcomes: &mut Outcomes<'_>) {
    let help = "write `count`: ECS keeps so many GPUs for the container, and chooses them";
    outcomes.differs(place, "which GPUs it gets is for ECS to choose", help);
}

#[cfg(test)]
mod tests {
    use crate::diagnostic::Severity;
    use crate::ecs::rules::launch::tests::{all, task};

    /// With which an old task leaves its GPU to the new one.
    const ORDER: &str = "deploy: {update_config: {order: stop-first}}";

    fn said(a: &str, b: &str) -> (usize, usize) {
        let done = all(&format!(
            "name: app\nx-ecs: {{launch: ec2, cluster: m}}\nservices:\n  \
             a: {{image: \"acme/a:1\", {a}, x-ecs: {{task: t}}}}\n  \
             b: {{image: \"acme/b:1\", {b}, x-ecs: {{task: t}}}}\n"
        ));
        let count = |severity| done.diagnostics.iter().filter(|d| d.severity == severity).count();
        assert!(task(&done, "a")["containerDefinitions"][0].get("resourceRequirements").is_some());
        (count(Severity::Error), count(Severity::Warning))
    }

    #[test]
    fn all_gpus_of_an_instance_are_one_container_s() {
        assert_eq!(said(&format!("gpus: all, {ORDER}"), "tty: true"), (0, 1));
        let one = format!("gpus: [{{count: 1}}], {ORDER}");
        assert_eq!(said(&one, "gpus: [{count: 1}]"), (0, 0));
        assert_eq!(said(&format!("gpus: all, {ORDER}"), "gpus: all"), (1, 2));
        assert_eq!(said(&one, "gpus: all"), (1, 1));
    }

    #[test]
    fn a_new_task_needs_a_gpu_beside_the_one_of_the_old() {
        let told = |a: &str, x: &str| {
            let done = all(&format!(
                "name: app\nx-ecs: {x}\nservices:\n  a: {{image: \"acme/a:1\", {a}}}\n"
            ));
            let message = "a new task of a starts where a GPU of an instance is free";
            let found = done.diagnostics.iter().filter(|said| said.message == message);
            found.map(|said| said.severity).collect::<Vec<_>>()
        };
        let (ec2, gpu) = ("{launch: ec2, cluster: m}", "gpus: [{count: 1}]");
        assert_eq!(told(gpu, ec2), [Severity::Warning]);
        assert_eq!(told(&format!("{gpu}, {ORDER}"), ec2), []);
        assert_eq!(told("tty: true", ec2), []);
        let managed = "{launch: managed-instances, cluster: m, capacity: {providers: {mi: 1}}}";
        assert_eq!(told(gpu, managed), []);
    }

    #[test]
    fn gpus_are_nvidia_s() {
        let by = |driver: &str| {
            format!(
                "deploy: {{update_config: {{order: stop-first}}, resources: {{reservations: {{devices: \
                 [{{driver: {driver}, count: 1, capabilities: [gpu]}}]}}}}}}"
            )
        };
        assert_eq!(said(&by("nvidia"), "tty: true"), (0, 0));
        assert_eq!(said(&by("amd"), "tty: true"), (0, 1));
        let amd = format!("gpus: [{{driver: amd, count: 1}}], {ORDER}");
        assert_eq!(said(&amd, "tty: true"), (0, 1));
    }
}
