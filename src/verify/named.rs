//! What a file names that others made.

use std::collections::BTreeSet;

use super::finding::Named;
use crate::compose::Project;
use crate::compose::model::{MountKind, Policy, Service, Storage};
use crate::ecs::desired::{Body, Desired, ImageRegistry};
use crate::source::{Located, Span};

/// Who takes the roles of tasks (Amazon ECS developer guide, "Task IAM role", "Task execution role").
const TASKS: &str = "ecs-tasks.amazonaws.com";

/// A role that is given.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RoleUse {
    /// The role, by name or ARN.
    pub named: Named,
    /// The key that names it.
    pub key: &'static str,
    /// The service that takes it.
    pub principal: &'static str,
}

impl RoleUse {
    /// The role's name: the end of its ARN, without the path.
    #[must_use]
    pub fn name(&self) -> &str {
        self.named.text.rsplit('/').next().unwrap_or(&self.named.text)
    }

    /// The account in its ARN.
    #[must_use]
    pub fn account(&self) -> Option<&str> {
        self.named.text.strip_prefix("arn:")?.split(':').nth(3).filter(|id| !id.is_empty())
    }
}

/// Everything of others that a file names, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Roles.
    pub roles: Vec<RoleUse>,
    /// Secrets, by ARN (with a key, a stage and a version behind it, or without) or name.
    pub secrets: Vec<Named>,
    /// Parameters, by ARN or name.
    pub parameters: Vec<Named>,
    /// Security groups.
    pub groups: Vec<Named>,
    /// File systems of EFS.
    pub file_systems: Vec<Named>,
    /// Managed policies, by ARN.
    pub policies: Vec<Named>,
    /// Subnets.
    pub subnets: Vec<Named>,
    /// Images in repositories of ECR that are run as they are.
    pub images: Vec<Named>,
    /// The cluster.
    pub cluster: Option<Named>,
    /// The repository.
    pub repository: Option<Named>,
    /// The certificate.
    pub certificate: Option<Named>,
}

/// Reads a project for what others made.
#[must_use]
pub fn named(project: &Project, desired: &Desired) -> Names {
    let extension = &project.extension;
    let mut names = Names {
        cluster: extension.cluster.as_ref().map(|cluster| of(cluster, None)),
        certificate: extension.certificate.as_ref().map(|given| of(given, None)),
        subnets: extension.subnets.iter().map(|subnet| of(subnet, None)).collect(),
        repository: extension.repositories.existing.as_ref().map(|given| Named {
            text: given.value.name.clone(),
            place: Some(given.span),
            service: None,
        }),
        ..Names::default()
    };
    names.groups.extend(extension.instances.security_group.iter().map(|group| of(group, None)));
    let balancers = extension.load_balancers.iter();
    let groups = balancers.filter_map(|balancer| balancer.value.security_group.as_ref());
    names.groups.extend(groups.map(|group| of(group, None)));
    let boundary = extension.permissions_boundary.iter().filter(|b| b.value.starts_with("arn:"));
    names.policies.extend(boundary.map(|policy| of(policy, None)));
    for network in project.networks.values() {
        names.groups.extend(network.security_group.iter().map(|group| of(group, None)));
    }
    of_secrets(project, &mut names);
    for (name, service) in &project.services {
        of_service(project, name, service, &mut names);
    }
    of_file_systems(project, desired, &mut names);
    names.images = images(project, desired);
    for list in [
        &mut names.secrets,
        &mut names.parameters,
        &mut names.groups,
        &mut names.file_systems,
        &mut names.policies,
        &mut names.images,
    ] {
        once(list);
    }
    names
}

fn of(given: &Located<String>, service: Option<&str>) -> Named {
    named_at(&given.value, given.span, service)
}

fn named_at(text: &str, place: Span, service: Option<&str>) -> Named {
    Named { text: text.to_owned(), place: Some(place), service: service.map(str::to_owned) }
}

/// Keeps the first mention of each.
fn once(list: &mut Vec<Named>) {
    let mut seen = BTreeSet::new();
    list.retain(|named| seen.insert(named.text.clone()));
}

fn of_secrets(project: &Project, names: &mut Names) {
    let used = project.delivered_secrets();
    for (name, object) in &project.secrets {
        let given = match (&object.extension.arn, &object.name) {
            (Some(arn), _) => named_at(&arn.value, arn.span, None),
            (None, Some(outside)) if object.external && outside.starts_with("arn:") => {
                named_at(outside, object.span, None)
            }
            // What has a name alone is looked up for the translation.
            _ => continue,
        };
        if used.contains(name.as_str()) {
            sort_in(given, names);
        }
    }
}

/// A reference of a container's `secrets`: a parameter, or a secret.
fn sort_in(named: Named, names: &mut Names) {
    let is_parameter = named.text.starts_with('/') || named.text.contains(":ssm:");
    if is_parameter { &mut names.parameters } else { &mut names.secrets }.push(named);
}

fn of_service(project: &Project, name: &str, service: &Service, names: &mut Names) {
    let extension = &service.extension;
    let mut role = |given: &Option<Located<String>>, key| {
        if let Some(given) = given {
            let named = of(given, Some(name));
            names.roles.push(RoleUse { named, key, principal: TASKS });
        }
    };
    role(&extension.execution_role, "execution_role");
    role(&extension.role, "role");
    for policy in &extension.policies {
        if let Policy::Managed(arn) = &policy.value {
            names.policies.push(named_at(arn, policy.span, Some(name)));
        }
    }
    for given in extension.secret_env.values() {
        if !project.secrets.contains_key(&given.value) {
            sort_in(of(given, Some(name)), names);
        }
    }
    names.secrets.extend(extension.pull_credentials.iter().map(|given| of(given, Some(name))));
}

/// File systems that volumes or mounts name by id.
fn of_file_systems(project: &Project, desired: &Desired, names: &mut Names) {
    let given = |storage: &Option<Located<Storage>>, service: Option<&str>| match storage {
        Some(Located { value: Storage::Existing { file_system, .. }, span }) => {
            Some(named_at(file_system, *span, service))
        }
        _ => None,
    };
    names.file_systems.extend(project.volumes.values().filter_map(|v| given(&v.storage, None)));
    for (name, service) in &project.services {
        names.file_systems.extend(given(&service.extension.volume, Some(name)));
        for mount in &service.mounts {
            if matches!(mount.value.kind, MountKind::Volume(_)) {
                names.file_systems.extend(given(&mount.value.storage, Some(name)));
            }
        }
    }
    // What a driver's options name has no place of its own.
    for resource in desired.resources.values() {
        let Body::TaskDefinition(task) = &resource.body else { continue };
        let volumes = task.volumes.iter().filter_map(|v| v.efs_volume_configuration.as_ref());
        let ids = volumes.filter_map(|volume| volume.file_system_id.known());
        names.file_systems.extend(ids.map(|id| Named {
            text: id.to_owned(),
            place: resource.origin,
            service: resource.service.clone(),
        }));
    }
}

/// Images of private repositories that are not pushed by this project.
fn images(project: &Project, desired: &Desired) -> Vec<Named> {
    use crate::ecs::desired::{Kind, ResourceId};
    let is_pushed = |name: &String| {
        desired.resources.contains_key(&ResourceId::new(Kind::Image, name.as_str()))
    };
    let services = project.services.iter().filter(|(name, _)| !is_pushed(name));
    let images = services.filter_map(|(name, service)| {
        let image = service.image.as_ref().filter(|_| service.build.is_none())?;
        ImageRegistry::of_image(&image.value).is_some().then(|| of(image, Some(name)))
    });
    images.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ecs::testing::{at, facts, project, service};
    use crate::ecs::translate;

    fn texts(list: &[Named]) -> Vec<&str> {
        list.iter().map(|named| named.text.as_str()).collect()
    }

    #[test]
    fn everything_of_others_is_found_once() {
        let image = "210987654321.dkr.ecr.eu-west-1.amazonaws.com/team/api:1";
        let mut web = service("web", image);
        let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf";
        for (variable, text) in [("A", arn), ("B", arn), ("C", "/shop/key")] {
            web.extension.secret_env.insert(variable.to_owned(), at(text.to_owned()));
        }
        web.extension.execution_role = Some(at("ops/ecs".to_owned()));
        web.extension.policies = vec![at(Policy::Managed("arn:aws:iam::aws:policy/X".to_owned()))];
        let existing =
            Storage::Existing { file_system: "fs-1".to_owned(), access_point: None, iam: false };
        web.extension.volume = Some(at(existing));
        let mut file = project(vec![web]);
        file.extension.subnets = vec![at("subnet-1".to_owned())];
        file.extension.cluster = Some(at("shared".to_owned()));
        let desired = translate(&file, None, &facts()).desired;
        let found = named(&file, &desired);
        assert_eq!(texts(&found.secrets), [arn]);
        assert_eq!(texts(&found.parameters), ["/shop/key"]);
        assert_eq!(texts(&found.images), [image]);
        assert_eq!(texts(&found.file_systems), ["fs-1"]);
        assert_eq!(texts(&found.policies), ["arn:aws:iam::aws:policy/X"]);
        assert_eq!(texts(&found.subnets), ["subnet-1"]);
        assert_eq!(found.cluster.map(|named| named.text).as_deref(), Some("shared"));
        let role = &found.roles[0];
        assert_eq!((role.name(), role.account(), role.key), ("ecs", None, "execution_role"));
        assert_eq!(role.named.service.as_deref(), Some("web"));
    }
}
