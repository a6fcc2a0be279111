//! Values of secrets in a plan: that one changes, and never to what.

use super::diff::HIDDEN;
use super::{Change, Observed};
use crate::ecs::desired::{Attribute, Body};

/// The path under which a plan says that a secret gets another value (Secrets Manager API reference,
/// `PutSecretValue`).
pub const SECRET_VALUE: &str = "SecretString";

/// The change of a secret that holds no value, or another than the wanted one: whoever observes it
/// leaves the version out then, so that no plan ever holds a value, or what could be compared with one.
pub(super) fn value(body: &Body, observed: &Observed) -> Option<Change> {
    let lacks =
        matches!(body, Body::Secret(_)) && !observed.attributes.contains_key(&Attribute::ValueFrom);
    lacks.then(|| Change { path: SECRET_VALUE.to_owned(), from: None, to: Some(HIDDEN.to_owned()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ecs::desired::{Kind, ResourceId};
    use crate::ecs::testing::{facts, object, project, reference, service};
    use crate::ecs::translate;
    use crate::plan::{Action, Actual, plan};

    /// The project, as an account has it whose secret holds `version`.
    fn planned(version: Option<&str>) -> Vec<(String, Action)> {
        let mut web = service("web", "acme/web:1");
        web.written.secrets.push(reference("db", &[]));
        let mut project = project(vec![web]);
        project.secrets.insert("db".to_owned(), object(&[("file", "/app/db.txt")]));
        let desired = translate(&project, None, &facts()).desired;
        let secret = ResourceId::new(Kind::Secret, "db");
        let mut actual = Actual::default();
        for (id, resource) in &desired.resources {
            let mut attributes: std::collections::BTreeMap<_, _> = [
                (Attribute::Arn, format!("arn:{id}")),
                (Attribute::Id, format!("id:{id}")),
                (Attribute::Uri, format!("registry/{id}")),
            ]
            .into();
            if let (true, Some(version)) = (*id == secret, version) {
                attributes.insert(Attribute::ValueFrom, version.to_owned());
            }
            let known = |other: &ResourceId, attribute| match attribute {
                Attribute::ValueFrom => Some("arn:secret:::v-1".to_owned()),
                Attribute::Arn => Some(format!("arn:{other}")),
                Attribute::Id => Some(format!("id:{other}")),
                _ => Some(format!("registry/{other}")),
            };
            let observed = Observed {
                body: resource.body.resolve(&known),
                attributes,
                tags_known: true,
                live: None,
            };
            actual.resources.insert(id.clone(), observed);
        }
        let steps = plan(&desired, &actual).steps;
        let text = |step: &crate::plan::Step| step.resource.to_string();
        steps.iter().map(|step| (text(step), step.action)).collect()
    }

    #[test]
    fn another_value_is_another_version_and_another_revision() {
        assert_eq!(planned(Some("arn:secret:::v-1")), []);
        let steps = planned(None);
        assert_eq!(steps[0], ("secret/db".to_owned(), Action::Update));
        assert_eq!(steps[1], ("task-definition/web".to_owned(), Action::Create));
        assert_eq!(steps[2], ("service/web".to_owned(), Action::NewDeployment));
        // Somebody else put another value, or rolled it back.
        assert_eq!(planned(Some("arn:secret:::v-2"))[0].0, "task-definition/web");
    }
}
