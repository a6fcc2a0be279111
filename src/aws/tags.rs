//! The tags by which decklift knows what it made.

use std::collections::BTreeMap;

use crate::apply::cloud::{CloudError, CloudErrorKind};
use crate::ecs::desired::{Body, Desired, ResourceId, Tag, UpperTag};

/// The Compose project.
pub(super) const PROJECT: &str = "decklift:project";
/// The environment.
pub(super) const ENVIRONMENT: &str = "decklift:environment";
/// The resource's id, `kind/name`.
pub(super) const RESOURCE: &str = "decklift:resource";

/// Tags by key.
pub(super) type Tags = BTreeMap<String, String>;

/// Whose resources are looked for: one project in one environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The value of [`PROJECT`].
    pub project: String,
    /// The value of [`ENVIRONMENT`].
    pub environment: String,
}

impl Owner {
    /// The owner that these tags name.
    pub(super) fn of(tags: &Tags) -> Option<Self> {
        let project = tags.get(PROJECT)?.clone();
        Some(Self { project, environment: tags.get(ENVIRONMENT).cloned().unwrap_or_default() })
    }

    /// The owner that the desired resources name.
    pub(super) fn wanted(desired: &Desired) -> Option<Self> {
        desired.resources.values().find_map(|resource| Self::of(&of_body(&resource.body)))
    }

    /// Whether a resource with these tags is this owner's.
    pub(super) fn owns(&self, tags: &Tags) -> bool {
        Self::of(tags).as_ref() == Some(self)
    }
}

/// Refuses what exists under a wanted name and was made by somebody else.
///
/// `body` is what was wanted: its tags say who wants it.
pub(super) fn check(
    operation: &str,
    body: &Body,
    name: &str,
    tags: &Tags,
) -> Result<(), CloudError> {
    match Owner::of(&of_body(body)) {
        Some(owner) if !owner.owns(tags) => {
            let error = not_ours(operation, name, tags);
            Err(if Owner::of(tags).is_none() { error.help(lost(&owner)) } else { error })
        }
        _ => Ok(()),
    }
}

/// The way out where a thing of the wanted name says nobody's: also where somebody took the tags away.
fn lost(owner: &Owner) -> String {
    let Owner { project, environment } = owner;
    format!(
        "choose another project name (-p) or environment (-E), or remove it by hand if nothing uses it; \
         if decklift made it and somebody took its tags away, put {PROJECT}={project} and \
         {ENVIRONMENT}={environment} back"
    )
}

/// The error of [`check`].
pub(super) fn not_ours(operation: &str, name: &str, tags: &Tags) -> CloudError {
    let whose = match Owner::of(tags) {
        Some(Owner { project, environment }) if environment.is_empty() => {
            format!("belongs to project {project}")
        }
        Some(Owner { project, environment }) => {
            format!("belongs to project {project}, environment {environment}")
        }
        None => "was not made by decklift".to_owned(),
    };
    CloudError::new(CloudErrorKind::NotOurs, operation, format!("{name} exists and {whose}")).help(
        "choose another project name (-p) or environment (-E), or remove it by hand if nothing uses it",
    )
}

/// The resource that these tags name.
pub(super) fn resource(tags: &Tags) -> Option<ResourceId> {
    ResourceId::parse(tags.get(RESOURCE)?)
}

/// The tags of a body, whichever way its service spells them.
pub(super) fn of_body(body: &Body) -> Tags {
    body.tags()
}

/// Tags as ECS spells them. What AWS itself adds is left out.
pub(super) fn to_lower(tags: &Tags) -> Vec<Tag> {
    own(tags).map(|(key, value)| Tag { key: key.into(), value }).collect()
}

/// Tags as most services spell them. What AWS itself adds is left out.
pub(super) fn to_upper(tags: &Tags) -> Vec<UpperTag> {
    own(tags).map(|(key, value)| UpperTag { key: key.into(), value }).collect()
}

fn own(tags: &Tags) -> impl Iterator<Item = (String, String)> {
    tags.iter()
        .filter(|(key, _)| !key.starts_with("aws:"))
        .map(|(key, value)| (key.clone(), value.clone()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::ecs::testing::{at, facts, project, service};
    use crate::ecs::translate;

    /// Kinds that AWS takes no tags for, or whose requests have none.
    const UNTAGGED: [&str; 3] = ["image", "ingress-rule", "mount-target"];

    #[test]
    fn what_the_project_demands_is_on_everything_as_it_is_made() {
        let mut web = service("web", "nginx");
        web.ports = vec![crate::ecs::testing::port(80, 80)];
        web.extension.exec = Some(at(true));
        let mut file = project(vec![web, crate::ecs::testing::built("api")]);
        file.extension.tags.insert("cost-center".to_owned(), at("7".to_owned()));
        let desired = translate(&file, None, &facts()).desired;
        let mut bare = BTreeSet::new();
        for (id, resource) in &desired.resources {
            match of_body(&resource.body).get("cost-center").map(String::as_str) {
                Some(value) => assert_eq!(value, "7", "{id}"),
                None => {
                    bare.insert(id.to_string().split('/').next().unwrap_or_default().to_owned());
                }
            }
        }
        assert!(desired.resources.len() > 12, "{}", desired.resources.len());
        assert!(bare.iter().all(|kind| UNTAGGED.contains(&kind.as_str())), "{bare:?}");
    }
}
