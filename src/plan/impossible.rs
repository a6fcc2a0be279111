//! What no call of AWS brings about: changes of a service that stands, and names that are taken.

use super::Actual;
use crate::ecs::desired::{Body, Desired, ResourceId, Service};

/// What cannot become what is desired where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Impossible {
    /// The resource.
    pub resource: ResourceId,
    /// What would have to change.
    pub message: String,
    /// The way out.
    pub help: String,
}

/// The services that cannot be changed in place, and what stands where somebody else's stands. A service of the same name can only be made once
/// the other is gone, with all its tasks (ECS API reference, `DeleteService`), so nothing replaces
/// them unasked.
#[must_use]
pub fn impossible(desired: &Desired, actual: &Actual) -> Vec<Impossible> {
    let taken = actual.taken.iter().filter(|(id, _)| desired.resources.contains_key(*id));
    let mut found: Vec<Impossible> = taken.map(|(id, what)| is_taken(id, what)).collect();
    for resource in desired.resources.values() {
        let Body::Service(want) = &resource.body else { continue };
        let observed = actual.resources.get(&resource.id).map(|observed| &observed.body);
        let Some(Body::Service(have)) = observed else { continue };
        let name = &resource.id.name;
        let mut refuse = |message, help| {
            found.push(Impossible { resource: resource.id.clone(), message, help });
        };
        let anew = format!(
            "take {name} out of the file, deploy, and put it back, which stops its tasks for that \
             time; or give it another name"
        );
        if want.scheduling_strategy != have.scheduling_strategy {
            let (want, have) = (kind(want), kind(have));
            refuse(format!("{name} runs {have}, and ECS cannot make it run {want}"), anew);
        } else if let Some(launch_type) = loses_strategy(want, have) {
            refuse(
                format!(
                    "{name} has capacity providers, and ECS cannot give it the launch type {launch_type}"
                ),
                format!(
                    "name the capacity provider of the instances: `x-ecs: {{capacity: {{providers: \
                     {{NAME: 1}}}}}}`; or {anew}"
                ),
            );
        }
    }
    found
}

/// A record that decklift did not make is never written over: somebody reaches something by it.
fn is_taken(id: &ResourceId, what: &str) -> Impossible {
    Impossible {
        resource: id.clone(),
        message: format!("the name is taken: {what}"),
        help: "point it at the load balancer by hand, or delete it, and deploy again; or choose another \
               name"
            .to_owned(),
    }
}

/// `UpdateService` has no scheduling strategy (ECS API reference).
fn kind(service: &Service) -> &'static str {
    match service.scheduling_strategy.as_str() {
        Service::DAEMON => "one task on each instance",
        _ => "a number of tasks",
    }
}

/// The launch type that a service would have to get for its strategy. A strategy may take the place
/// of another, or of a launch type; `UpdateService` has no launch type, and an empty strategy only
/// leads back to the one that a service was made with (ECS API reference,
/// `UpdateService.capacityProviderStrategy`).
fn loses_strategy<'a>(want: &'a Service, have: &Service) -> Option<&'a str> {
    let launch_type = want.launch_type.as_deref()?;
    let goes_back = have.launch_type.as_deref() == Some(launch_type);
    (!have.capacity_provider_strategy.is_empty() && !goes_back).then_some(launch_type)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::ecs::desired::{CapacityProviderStrategyItem, Kind};
    use crate::ecs::testing::{run, service};
    use crate::plan::Observed;

    /// What is said when a service of Fargate's was like this, and shall be like that.
    fn said(have: fn(&mut Service), want: fn(&mut Service)) -> Vec<String> {
        let id = ResourceId::new(Kind::Service, "web");
        let mut desired = run(vec![service("web", "acme/web:1")]).desired;
        let resource = desired.resources.get_mut(&id).expect("a service");
        let Body::Service(body) = &mut resource.body else { panic!("no service") };
        let mut observed: Box<Service> = body.clone();
        have(&mut observed);
        want(&mut *body);
        let observed = Observed {
            body: Body::Service(observed),
            attributes: BTreeMap::new(),
            tags_known: true,
            live: None,
        };
        let actual = Actual { resources: [(id, observed)].into(), ..Actual::default() };
        impossible(&desired, &actual).into_iter().map(|found| found.message).collect()
    }

    fn daemon(service: &mut Service) {
        service.scheduling_strategy = Service::DAEMON.to_owned();
    }

    fn launch_type(service: &mut Service) {
        service.capacity_provider_strategy.clear();
        service.launch_type = Some("EC2".to_owned());
    }

    fn provider(service: &mut Service) {
        service.capacity_provider_strategy = vec![CapacityProviderStrategyItem {
            capacity_provider: "instances".to_owned(),
            weight: 1,
            base: 0,
        }];
    }

    #[test]
    fn a_scheduling_strategy_is_for_good() {
        let to_daemon =
            ["web runs a number of tasks, and ECS cannot make it run one task on each instance"];
        assert_eq!(said(|_| {}, daemon), to_daemon);
        assert_eq!(said(daemon, |_| {}).len(), 1);
        assert!(said(daemon, daemon).is_empty());
    }

    #[test]
    fn a_strategy_takes_the_place_of_anything_and_a_launch_type_of_nothing() {
        assert!(said(|_| {}, provider).is_empty());
        assert!(said(provider, |_| {}).is_empty());
        assert!(said(launch_type, |_| {}).is_empty());
        assert!(said(launch_type, launch_type).is_empty());
        assert_eq!(
            said(|_| {}, launch_type),
            ["web has capacity providers, and ECS cannot give it the launch type EC2"]
        );
    }
}
