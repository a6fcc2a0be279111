//! Services as they are, with other task definitions.

use std::collections::BTreeMap;

use super::{Actual, Observed};
use crate::ecs::desired::{Body, Desired, Kind, Resource, ResourceId, Value};

/// What it takes to go back to a release.
#[derive(Clone, Debug)]
pub struct Back {
    /// The services as they are, each with the release's task definition.
    pub desired: Desired,
    /// The services as they are.
    pub actual: Actual,
    /// The ARNs of the task definitions.
    pub definitions: BTreeMap<String, String>,
    /// Services of the release that do not exist any more.
    pub gone: Vec<String>,
    /// Services that the release did not have.
    pub younger: Vec<String>,
}

/// The revisions that services run, `family:revision` by Compose service.
#[must_use]
pub fn running(actual: &Actual) -> BTreeMap<String, String> {
    let services = services(actual);
    services
        .filter_map(|(id, observed)| {
            let (_, revision) = definition(observed)?.rsplit_once('/')?;
            Some((id.name.clone(), revision.to_owned()))
        })
        .collect()
}

/// Everything is left as it is, but the task definitions of services, which are those of a release:
/// `revisions` are `family:revision` by Compose service. What the file desires now says in which order
/// services are rolled out.
#[must_use]
pub fn back(desired: &Desired, actual: &Actual, revisions: &BTreeMap<String, String>) -> Back {
    let mut out = Back {
        desired: Desired {
            stack: desired.stack.clone(),
            cluster: desired.cluster.clone(),
            ..Desired::default()
        },
        actual: Actual::default(),
        definitions: BTreeMap::new(),
        gone: Vec::new(),
        younger: Vec::new(),
    };
    for (id, observed) in services(actual) {
        let Some(revision) = revisions.get(&id.name) else {
            out.younger.push(id.name.clone());
            continue;
        };
        let Body::Service(body) = &observed.body else { continue };
        let Some((place, _)) = definition(observed).and_then(|arn| arn.rsplit_once('/')) else {
            continue;
        };
        let arn = format!("{place}/{revision}");
        let mut wanted = body.clone();
        wanted.task_definition = Value::Known(arn.clone());
        out.definitions.insert(id.name.clone(), arn);
        let now = desired.resources.get(id);
        let resource = Resource {
            id: id.clone(),
            body: Body::Service(wanted),
            service: now.map_or_else(|| Some(id.name.clone()), |now| now.service.clone()),
            origin: now.and_then(|now| now.origin),
            waits: now.map(|now| now.waits.clone()).unwrap_or_default(),
            peers: Vec::new(),
            restarts: Vec::new(),
            stateful: now.is_some_and(|now| now.stateful),
        };
        out.desired.resources.insert(id.clone(), resource);
        out.actual.resources.insert(id.clone(), observed.clone());
    }
    let is_there = |name: &&String| out.definitions.contains_key(*name);
    out.gone = revisions.keys().filter(|name| !is_there(name)).cloned().collect();
    out
}

fn services(actual: &Actual) -> impl Iterator<Item = (&ResourceId, &Observed)> {
    let orphans = actual.orphans.iter().map(|(id, observed)| (id, observed));
    actual.resources.iter().chain(orphans).filter(|(id, _)| id.kind == Kind::Service)
}

fn definition(observed: &Observed) -> Option<&str> {
    match &observed.body {
        Body::Service(service) => service.task_definition.known(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ecs::testing::{run, service};
    use crate::plan::{Action, plan};

    const PLACE: &str = "arn:aws:ecs:eu-west-1:1:task-definition";

    fn actual(desired: &Desired, revision: &str) -> Actual {
        let mut actual = Actual::default();
        for (id, resource) in &desired.resources {
            let Body::Service(body) = &resource.body else { continue };
            let mut body = body.clone();
            body.task_definition = format!("{PLACE}/shop-{}:{revision}", id.name).into();
            let observed = Observed {
                body: Body::Service(body),
                attributes: BTreeMap::new(),
                tags_known: true,
                live: None,
            };
            actual.resources.insert(id.clone(), observed);
        }
        actual
    }

    fn revisions(list: &[(&str, &str)]) -> BTreeMap<String, String> {
        list.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn only_what_was_another_revision_is_rolled_out() {
        let desired = run(vec![service("web", "nginx"), service("api", "acme/api")]).desired;
        let actual = actual(&desired, "4");
        assert_eq!(running(&actual).get("web").map(String::as_str), Some("shop-web:4"));
        let back =
            back(&desired, &actual, &revisions(&[("web", "shop-web:2"), ("api", "shop-api:4")]));
        let plan = plan(&back.desired, &back.actual);
        let steps: Vec<_> =
            plan.steps.iter().map(|s| (s.action, s.resource.name.as_str())).collect();
        assert_eq!(steps, [(Action::NewDeployment, "web"), (Action::Rollout, "web")]);
        assert!(back.gone.is_empty() && back.younger.is_empty());
        let Body::Service(body) = &back.desired.resources[&plan.steps[0].resource].body else {
            panic!("no service")
        };
        assert_eq!(body.task_definition.known(), Some(&*format!("{PLACE}/shop-web:2")));
    }

    #[test]
    fn what_came_or_went_since_is_told() {
        let desired = run(vec![service("web", "nginx"), service("api", "acme/api")]).desired;
        let actual = actual(&desired, "4");
        let back =
            back(&desired, &actual, &revisions(&[("web", "shop-web:4"), ("old", "shop-old:1")]));
        assert_eq!((back.gone, back.younger), (vec!["old".to_owned()], vec!["api".to_owned()]));
        assert!(plan(&back.desired, &back.actual).is_empty());
    }
}
