//! `x-ecs.capacity`: Fargate and Fargate Spot, or providers of instances (ECS API reference,
//! `CapacityProviderStrategyItem`).

use indexmap::IndexMap;

use super::agreed::{agreed, told_of};
use super::daemon;
use crate::compose::model::{Capacity, Launch};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::CapacityProviderStrategyItem;
use crate::ecs::translate::context::{Context, Output};
use crate::ecs::translate::survey::Member;
use crate::ecs::translate::unit::Unit;
use crate::source::Located;

/// On-demand capacity.
const ON_DEMAND: &str = "FARGATE";
/// Spare capacity, which AWS takes back with two minutes' notice.
const SPOT: &str = "FARGATE_SPOT";

/// Capacity of the project that is none of its services'.
pub(crate) fn check(cx: &Context<'_>, members: &[Member<'_>], out: &mut Output) {
    let Some(given) = &cx.project.extension.capacity else { return };
    let weight = given.value.providers.values().next();
    let on_instances = weight.is_some();
    if members.is_empty() || members.iter().any(|m| m.service.on_instances() == on_instances) {
        return;
    }
    out.say(match weight {
        Some(weight) => {
            Diagnostic::error(Code::Conflict, "other capacity providers are for instances")
                .at(weight.span, "and every service is on Fargate")
                .help(
                    "write `x-ecs: {launch: ec2}` at the top level, too; or weights of `fargate`, \
                     `fargate_spot`",
                )
        }
        None => Diagnostic::warning(Code::Ignored, "every service is on instances")
            .at(given.span, "Fargate's capacity has no effect")
            .help("name the cluster's providers: `x-ecs: {capacity: {providers: {NAME: 1}}}`"),
    });
}

/// Where the tasks of a unit run: as the service says, else the project, else on Fargate.
pub(crate) fn strategy(
    cx: &Context<'_>,
    unit: &Unit<'_>,
    out: &mut Output,
) -> Vec<CapacityProviderStrategyItem> {
    let own = agreed(unit, "capacity", |x| x.capacity.as_ref(), same, out);
    let on_instances = unit.leader().service.on_instances();
    // What the project says is for those whom it fits.
    let fits = |given: &&Located<Capacity>| given.value.providers.is_empty() != on_instances;
    let own_or_all = own.or(cx.project.extension.capacity.as_ref().filter(fits));
    if on_instances {
        return instances(unit, own_or_all, out);
    }
    let item = |capacity_provider: &str, weight: u32, base: u32| CapacityProviderStrategyItem {
        capacity_provider: capacity_provider.to_owned(),
        weight: i32::try_from(weight).unwrap_or(i32::MAX),
        base: i32::try_from(base).unwrap_or(i32::MAX),
    };
    let Some(given) = own_or_all else { return vec![item(ON_DEMAND, 1, 0)] };
    let Capacity { fargate, fargate_spot, base, providers } = &given.value;
    if let Some(weight) = providers.values().next() {
        let fault = Diagnostic::error(Code::Conflict, "other capacity providers are for instances")
            .at(weight.span, "")
            .help("write `x-ecs: {launch: ec2}`, too; or weights of `fargate`, `fargate_spot`");
        out.say(told_of(unit, given.span, fault));
    }
    let number = |n: &Option<Located<u32>>| n.as_ref().map_or(0, |n| n.value);
    let (on_demand, spot, least) = (number(fargate), number(fargate_spot), number(base));
    if on_demand == 0 && (spot == 0 || least > 0) {
        let (message, help) = if spot == 0 {
            ("no capacity has a weight", "give `fargate` or `fargate_spot` a number from 1 to 1000")
        } else {
            // A provider of weight 0 places no tasks.
            ("`base` counts on demand, and `fargate` has no weight", "write `fargate: 1`, too")
        };
        let fault = Diagnostic::error(Code::InvalidValue, message)
            .at(base.as_ref().filter(|_| spot > 0).map_or(given.span, |base| base.span), "")
            .help(help);
        out.say(told_of(unit, given.span, fault));
        return vec![item(ON_DEMAND, 1, 0)];
    }
    if spot > 0 && unit.stateful() {
        let fault =
            Diagnostic::warning(Code::Approximated, "AWS may stop this database at any time")
                .at(given.span, "on spare capacity")
                .help("give it on-demand capacity: `x-ecs: {capacity: {fargate: 1}}`");
        out.say(told_of(unit, given.span, fault));
    }
    let mut items = Vec::new();
    if on_demand > 0 {
        items.push(item(ON_DEMAND, on_demand, least));
    }
    if spot > 0 {
        items.push(item(SPOT, spot, 0));
    }
    items
}

/// The providers of a unit on instances; none of them is a launch type, on EC2.
fn instances(
    unit: &Unit<'_>,
    given: Option<&Located<Capacity>>,
    out: &mut Output,
) -> Vec<CapacityProviderStrategyItem> {
    let service = unit.leader().service;
    let mut fault = |code, message: &str, span, help: &str| {
        let found = Diagnostic::error(code, message).at(span, "").help(help);
        out.say(found.service(unit.name()));
    };
    let chosen = service.extension.launch.as_ref().map_or(service.span(), |launch| launch.span);
    let Some(given) = given else {
        if service.launch() == Launch::ManagedInstances {
            // ECS API reference, `CreateService.launchType`
            let help = "name one of the cluster's: `x-ecs: {capacity: {providers: {NAME: 1}}}`";
            fault(
                Code::MissingAttribute,
                "managed instances are reached through a capacity provider",
                chosen,
                help,
            );
        }
        return Vec::new();
    };
    let Capacity { fargate, fargate_spot, base, providers } = &given.value;
    if let Some(weight) = fargate.as_ref().or(fargate_spot.as_ref()) {
        let help = "name the cluster's providers: `x-ecs: {capacity: {providers: {NAME: 1}}}`";
        fault(Code::Conflict, "Fargate is no capacity of instances", weight.span, help);
    }
    if providers.values().all(|weight| weight.value == 0) {
        let help = "give one of the providers a number from 1 to 1000";
        fault(Code::InvalidValue, "no capacity has a weight", given.span, help);
    }
    misnamed(unit, providers, out);
    if daemon::is_daemon(unit) && service.launch() == Launch::Ec2 {
        // AWS's answer to CreateService: "Specifying a capacity provider strategy is not supported when
        // you create a service using the DAEMON scheduling strategy".
        let message = "a daemon runs on every instance of the cluster, whatever its provider is";
        let found = Diagnostic::warning(Code::Approximated, message)
            .at(given.span, "")
            .help("`x-ecs: {placement: {constraints: …}}` chooses among the instances");
        out.say(told_of(unit, given.span, found));
        return Vec::new();
    }
    let int = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
    let least = base.as_ref().map_or(0, |base| int(base.value));
    providers
        .iter()
        .enumerate()
        .map(|(index, (name, weight))| CapacityProviderStrategyItem {
            capacity_provider: name.clone(),
            weight: int(weight.value),
            base: if index == 0 { least } else { 0 },
        })
        .collect()
}

/// Refuses providers that are Fargate's, and names that none can have.
fn misnamed(unit: &Unit<'_>, providers: &IndexMap<String, Located<u32>>, out: &mut Output) {
    let mut fault = |code, message: &str, span, help: &str| {
        let found = Diagnostic::error(code, message).at(span, "").help(help);
        out.say(found.service(unit.name()));
    };
    for (name, weight) in providers {
        if [ON_DEMAND, SPOT].contains(&name.as_str()) {
            let help =
                "name the cluster's providers of instances; or write `x-ecs: {launch: fargate}`";
            fault(
                Code::Conflict,
                &format!("{name} is no capacity of instances"),
                weight.span,
                help,
            );
        } else if !is_provider(name) {
            let help = "write up to 255 letters, digits, `-` and `_`, and neither `aws`, `ecs` nor \
                `fargate` at the start";
            fault(
                Code::InvalidValue,
                &format!("no provider is called {name:?}"),
                weight.span,
                help,
            );
        }
    }
}

/// Whether a provider of instances may have a name (ECS API reference, `CreateCapacityProvider.name`).
fn is_provider(name: &str) -> bool {
    let of_aws = ["aws", "ecs", "fargate"].iter().any(|prefix| name.starts_with(prefix));
    let takes = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    !of_aws && (1..=255).contains(&name.len()) && name.chars().all(takes)
}

fn same(one: &Capacity, other: &Capacity) -> bool {
    let numbers = |capacity: &Capacity| {
        let Capacity { fargate, fargate_spot, base, providers } = capacity;
        let others = providers.iter().map(|(name, weight)| (name.clone(), weight.value));
        let own = [fargate, fargate_spot, base].map(|n| n.as_ref().map(|n| n.value));
        (own, others.collect::<Vec<_>>())
    };
    numbers(one) == numbers(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::model::Mode;
    use crate::diagnostic::Severity;
    use crate::ecs::desired::{Body, Kind};
    use crate::ecs::testing::{
        at, ecs_service, facts, loud, project, resource, run, service, volume_mount,
    };
    use crate::ecs::translate;

    fn capacity(fargate: Option<u32>, spot: Option<u32>, base: Option<u32>) -> Capacity {
        Capacity {
            fargate: fargate.map(at),
            fargate_spot: spot.map(at),
            base: base.map(at),
            ..Capacity::default()
        }
    }

    type Items = Vec<(String, i32, i32)>;

    fn of(capacity: Capacity) -> (Items, Vec<(Severity, Code)>) {
        let mut web = service("web", "acme/web");
        web.extension.capacity = Some(at(capacity));
        let done = run(vec![web]);
        let items = ecs_service(&done, "web").capacity_provider_strategy.iter();
        let items = items.map(|i| (i.capacity_provider.clone(), i.weight, i.base)).collect();
        (items, loud(&done.diagnostics))
    }

    fn items(list: &[(&str, i32, i32)]) -> Items {
        list.iter().map(|(name, weight, base)| ((*name).to_owned(), *weight, *base)).collect()
    }

    #[test]
    fn shares_of_fargate_and_spot() {
        let mixed = of(capacity(Some(1), Some(3), Some(2)));
        assert_eq!(mixed, (items(&[(ON_DEMAND, 1, 2), (SPOT, 3, 0)]), vec![]));
        assert_eq!(of(capacity(None, Some(1), None)).0, items(&[(SPOT, 1, 0)]));
        assert_eq!(of(capacity(Some(2), Some(0), None)).0, items(&[(ON_DEMAND, 2, 0)]));
    }

    #[test]
    fn what_places_no_task_is_refused() {
        let error = vec![(Severity::Error, Code::InvalidValue)];
        assert_eq!(of(capacity(None, None, None)).1, error);
        assert_eq!(of(capacity(Some(0), Some(0), Some(1))).1, error);
        assert_eq!(of(capacity(None, Some(1), Some(1))).1, error);
    }

    #[test]
    fn the_project_s_holds_where_a_service_says_nothing() {
        let mut own = service("own", "acme/own");
        own.extension.capacity = Some(at(capacity(Some(1), None, None)));
        let mut job = service("job", "acme/job");
        job.extension.job = Some(at(true));
        let mut project = project(vec![service("web", "acme/web"), own, job]);
        project.extension.capacity = Some(at(capacity(None, Some(1), None)));
        let done = translate(&project, None, &facts());
        let first = |name| ecs_service(&done, name).capacity_provider_strategy[0].clone();
        assert_eq!(first("web").capacity_provider, SPOT);
        assert_eq!(first("own").capacity_provider, ON_DEMAND);
        let Body::Job(job) = &resource(&done, Kind::Job, "job").body else { panic!("no job") };
        assert_eq!(job.capacity_provider_strategy[0].capacity_provider, SPOT);
    }

    #[test]
    fn a_database_on_spare_capacity_deserves_a_warning() {
        let mut db = service("db", "postgres:16");
        db.mounts = vec![volume_mount("data", "/var/lib/postgresql/data")];
        let quiet = loud(&run(vec![db.clone()]).diagnostics).len();
        db.extension.capacity = Some(at(capacity(None, Some(1), None)));
        assert_eq!(loud(&run(vec![db]).diagnostics).len(), quiet + 1);
    }

    #[test]
    fn the_project_s_that_is_for_none_of_the_services() {
        let of = |launch, given: Capacity| {
            let mut web = service("web", "acme/web");
            web.extension.launch = Some(at(launch));
            let mut project = project(vec![web]);
            project.extension.capacity = Some(at(given));
            let said = loud(&translate(&project, None, &facts()).diagnostics);
            said.into_iter().find(|(_, code)| [Code::Conflict, Code::Ignored].contains(code))
        };
        let providers = || {
            let providers = [("mine".to_owned(), at(1))].into_iter().collect();
            Capacity { providers, ..Capacity::default() }
        };
        assert_eq!(of(Launch::Fargate, providers()), Some((Severity::Error, Code::Conflict)));
        assert_eq!(of(Launch::Ec2, providers()), None);
        let spot = || capacity(None, Some(1), None);
        assert_eq!(of(Launch::Ec2, spot()), Some((Severity::Warning, Code::Ignored)));
        assert_eq!(of(Launch::Fargate, spot()), None);
    }

    #[test]
    fn a_daemon_runs_on_the_launch_type() {
        let mut agent = service("agent", "acme/agent");
        agent.extension.launch = Some(at(Launch::Ec2));
        agent.deploy.mode = Some(at(Mode::Global));
        let providers = [("mine".to_owned(), at(1))].into_iter().collect();
        agent.extension.capacity = Some(at(Capacity { providers, ..Capacity::default() }));
        let done = run(vec![agent]);
        assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Approximated)]);
        let made = ecs_service(&done, "agent");
        assert_eq!(made.launch_type.as_deref(), Some("EC2"));
        assert!(made.capacity_provider_strategy.is_empty());
    }

    #[test]
    fn providers_of_instances_have_names_of_their_own() {
        for (name, found) in [
            ("mine", None),
            ("FARGATE", Some(Code::Conflict)),
            ("FARGATE_SPOT", Some(Code::Conflict)),
            ("a b!", Some(Code::InvalidValue)),
            ("aws-mine", Some(Code::InvalidValue)),
        ] {
            for launch in [Launch::Ec2, Launch::ManagedInstances] {
                let mut web = service("web", "acme/web");
                web.extension.launch = Some(at(launch));
                let providers = [(name.to_owned(), at(1))].into_iter().collect();
                web.extension.capacity = Some(at(Capacity { providers, ..Capacity::default() }));
                let done = run(vec![web]);
                let errors = done.diagnostics.iter().filter(|d| d.severity == Severity::Error);
                let errors: Vec<_> = errors.map(|d| d.code).collect();
                assert_eq!(errors, Vec::from_iter(found), "{name}");
            }
        }
    }
}
