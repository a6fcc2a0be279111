//! Tasks on instances, which decklift does not make yet: they need a cluster that has some.

use crate::compose::Project;
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{Body, Desired};

/// What is missing for tasks on instances.
pub(super) fn undeployable(desired: &Desired, project: &Project) -> Vec<Diagnostic> {
    let services = || project.services.values().filter(|service| service.on_instances());
    let Some(first) = services().next() else { return Vec::new() };
    let name = &first.name.value;
    let mut found = Vec::new();
    let place = first.extension.launch.as_ref().map_or(first.span(), |launch| launch.span);
    if project.extension.cluster.is_none() {
        let message = "making instances for a cluster is not supported yet";
        let help = "name a cluster that has instances: `x-ecs: {cluster: NAME}` at the top level";
        let fault = Diagnostic::error(Code::NotSupportedYet, message).at(place, "");
        found.push(fault.help(help).service(name));
    }
    // The group of the project's own is carried by the instances that decklift makes.
    let is_balanced = desired.resources.values().any(|resource| {
        matches!(&resource.body, Body::TargetGroup(group) if group.create.target_type == "instance")
    });
    if is_balanced && project.extension.instances.security_group.is_none() {
        let message =
            "the load balancer has to be let in to the instances, whose group is not known";
        let help = "name it: `x-ecs: {instances: {security_group: sg-…}}` at the top level";
        let fault = Diagnostic::error(Code::MissingAttribute, message).at(place, "");
        found.push(fault.help(help).service(name));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::model::{Launch, TaskNetwork};
    use crate::ecs::testing::{at, facts, port, project, service};
    use crate::ecs::{translate, undeployable};

    fn codes(edit: impl FnOnce(&mut Project)) -> Vec<Code> {
        let mut web = service("web", "acme/web:1");
        web.ports = vec![port(80, 8000)];
        web.extension.launch = Some(at(Launch::Ec2));
        web.extension.network_mode = Some(at(TaskNetwork::Bridge));
        let mut project = project(vec![web]);
        edit(&mut project);
        let desired = translate(&project, None, &facts()).desired;
        undeployable(&desired, &project, &facts()).into_iter().map(|found| found.code).collect()
    }

    #[test]
    fn instances_are_those_of_a_cluster_that_exists() {
        assert_eq!(codes(|_| {}), [Code::NotSupportedYet, Code::MissingAttribute]);
        let cluster = |project: &mut Project| {
            project.extension.cluster = Some(at("prod".to_owned()));
        };
        assert_eq!(codes(cluster), [Code::MissingAttribute]);
        let all = |project: &mut Project| {
            cluster(project);
            project.extension.instances.security_group = Some(at("sg-0a1b".to_owned()));
        };
        assert_eq!(codes(all), []);
        let fargate = |project: &mut Project| {
            project.services["web"].extension.launch = None;
            project.services["web"].extension.network_mode = None;
        };
        assert_eq!(codes(fargate), []);
    }
}
