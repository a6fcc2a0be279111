//! What no call of AWS brings about: changes of a service that stands, another network under what
//! stands, and names that are taken.

use std::collections::BTreeSet;

use super::{Actual, names};
use crate::ecs::desired::{Body, Desired, Kind, ResourceId, Service};

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

/// The services that cannot be changed in place, the network that cannot be left, and what stands where
/// somebody else's stands. A service of the same name can only be made once the other is gone, with all
/// its tasks (ECS API reference, `DeleteService`), so nothing replaces them unasked.
#[must_use]
pub fn impossible(desired: &Desired, actual: &Actual) -> Vec<Impossible> {
    let taken = actual.taken.iter().filter(|(id, _)| desired.resources.contains_key(*id));
    let mut found: Vec<Impossible> = taken.map(|(id, what)| is_taken(id, what)).collect();
    found.extend(leaves_vpc(desired, actual));
    found.extend(names::traded(desired, actual).into_iter().map(trades));
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

/// What stands in a VPC and cannot leave it, while the file puts the tasks into another one. Tasks and
/// security groups are replaced. A load balancer's subnets are of one VPC (Elastic Load Balancing API
/// reference, `SetSubnets`), and another one cannot have its name while it is there; a file system has
/// mount targets in one VPC at a time (EFS API reference, `CreateMountTarget`: `MountTargetConflict`);
/// what Cloud Map answers in a VPC it answers nowhere else.
fn leaves_vpc(desired: &Desired, actual: &Actual) -> Option<Impossible> {
    let wanted = desired.resources.values().find_map(|resource| match &resource.body {
        Body::SecurityGroup(group) => Some((&resource.id, &group.vpc_id)),
        _ => None,
    });
    let (resource, wanted) = wanted?;
    let to = match wanted.reference() {
        None => wanted.known()?.to_owned(),
        Some((id, attribute)) => {
            let made = actual.resources.get(id).and_then(|vpc| vpc.attributes.get(&attribute));
            made.cloned().unwrap_or_else(|| "one of its own, which is to be made".to_owned())
        }
    };
    let all = || actual.resources.iter().chain(actual.orphans.iter().map(|(id, have)| (id, have)));
    let is_wanted = |id: &ResourceId| desired.resources.contains_key(id);
    let groups = all().filter_map(|(id, observed)| match &observed.body {
        Body::SecurityGroup(group) if is_wanted(id) => {
            Some((group.vpc_id.known()?, group.group_name.as_str()))
        }
        _ => None,
    });
    let left: BTreeSet<(&str, &str)> = groups.filter(|(vpc, _)| *vpc != to).collect();
    let (from, _) = left.first()?;
    let has = |kind: Kind| all().any(|(id, _)| id.kind == kind);
    let keeps = |kind: Kind| all().any(|(id, _)| id.kind == kind && is_wanted(id));
    let has_files = desired.resources.keys().any(|id| id.kind == Kind::FileSystem);
    let bound: Vec<&str> = [
        (keeps(Kind::LoadBalancer), "its load balancer"),
        (has_files && has(Kind::MountTarget), "the mount targets of its volumes"),
        (keeps(Kind::PrivateNamespace), "its names in the DNS of the VPC"),
    ]
    .into_iter()
    .filter_map(|(is_bound, what)| is_bound.then_some(what))
    .collect();
    if bound.is_empty() {
        return None;
    }
    let help = match has(Kind::Service) || has(Kind::LoadBalancer) {
        true => format!(
            "let it stay: `x-ecs: {{vpc: {from}}}`; or deploy the file as another stack (`--environment \
             NAME`), move the data and the names there, and take this one down"
        ),
        // What `down` leaves: a file system, with a group and mount targets in the old network.
        false => {
            let names: Vec<&str> = left.iter().map(|(_, name)| *name).collect();
            format!(
                "let it stay: `x-ecs: {{vpc: {from}}}`; or delete the mount targets of its file system, \
                 and then the security group {}, by hand, which keeps the data, and deploy again",
                names.join(", ")
            )
        }
    };
    Some(Impossible {
        resource: resource.clone(),
        message: format!(
            "{} stands in the VPC {from}, and would have to move to {to}, where AWS does not move {}",
            desired.stack,
            bound.join(" and ")
        ),
        help,
    })
}

/// Two services of which neither lets go of a name before it has the other's.
fn trades((taker, holder, name): (ResourceId, ResourceId, String)) -> Impossible {
    Impossible {
        message: format!(
            "{} takes over {name} from {}, which takes over one of its names, and only one service may \
             offer a name at a time",
            taker.name, holder.name
        ),
        help: format!(
            "take {name} away from {}, deploy, and give it to {} then",
            holder.name, taker.name
        ),
        resource: taker,
    }
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
    use crate::ecs::desired::{Attribute, CapacityProviderStrategyItem, Value};
    use crate::ecs::testing::{port, run, service};
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

    /// What is said of a stack whose parts, those of some kinds, stand in a VPC.
    fn moved(from: &str, to: &Value, kinds: &[Kind]) -> Vec<Impossible> {
        let mut web = service("web", "acme/web:1");
        web.ports = vec![port(8080, 80)];
        let mut desired = run(vec![web]).desired;
        let mut actual = Actual::default();
        for (id, resource) in &mut desired.resources {
            let mut body = resource.body.clone();
            match (&mut body, &mut resource.body) {
                (Body::SecurityGroup(have), Body::SecurityGroup(want)) => {
                    (have.vpc_id, want.vpc_id) = (from.into(), to.clone());
                    let observed = observed(body);
                    // One in another VPC is nothing that is desired.
                    match &Value::from(from) == to {
                        true => drop(actual.resources.insert(id.clone(), observed)),
                        false => actual.orphans.push((id.clone(), observed)),
                    }
                }
                _ if kinds.contains(&id.kind) => {
                    actual.resources.insert(id.clone(), observed(body));
                }
                _ => {}
            }
        }
        impossible(&desired, &actual)
    }

    fn observed(body: Body) -> Observed {
        Observed { body, attributes: BTreeMap::new(), tags_known: true, live: None }
    }

    #[test]
    fn what_stands_in_a_vpc_stays_there_and_tasks_do_not() {
        let own = Value::From(ResourceId::new(Kind::Vpc, "main"), Attribute::Id);
        let all = [Kind::Service, Kind::LoadBalancer];
        assert!(moved("vpc-a", &"vpc-a".into(), &all).is_empty());
        assert!(moved("vpc-a", &"vpc-b".into(), &[Kind::Service]).is_empty());
        let [to_another] = &moved("vpc-a", &"vpc-b".into(), &all)[..] else { panic!("one fault") };
        assert_eq!(to_another.resource.kind, Kind::SecurityGroup);
        let said = "stands in the VPC vpc-a, and would have to move to vpc-b, where AWS does not move \
                    its load balancer";
        assert!(to_another.message.ends_with(said), "{}", to_another.message);
        assert!(to_another.help.contains("x-ecs: {vpc: vpc-a}"), "{}", to_another.help);
        let [to_own] = &moved("vpc-a", &own, &all)[..] else { panic!("one fault") };
        assert!(to_own.message.contains("one of its own, which is to be made"));
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
