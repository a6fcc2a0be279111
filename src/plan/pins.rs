//! Images whose registry did not say today what is under their tags.

use super::Actual;
use crate::ecs::desired::{Body, Desired, IMAGE_LABEL, Value};

/// Leaves containers with the digests that they run, where nobody could say what their tags mean now: a
/// registry in trouble is no reason to roll a service.
pub fn keep_pins(desired: &mut Desired, actual: &Actual) {
    for (id, resource) in &mut desired.resources {
        let Body::TaskDefinition(task) = &mut resource.body else { continue };
        let Some(Body::TaskDefinition(there)) = actual.resources.get(id).map(|found| &found.body)
        else {
            continue;
        };
        for container in &mut task.container_definitions {
            let Some(tagged) = container.image.known() else { continue };
            let same = there.container_definitions.iter().find(|other| {
                other.name == container.name
                    && other.docker_labels.get(IMAGE_LABEL).is_some_and(|label| label == tagged)
            });
            let Some(pinned) = same.and_then(|other| other.image.known()) else { continue };
            // What is pinned today carries the label itself.
            if pinned.contains('@') && !container.docker_labels.contains_key(IMAGE_LABEL) {
                container.docker_labels.insert(IMAGE_LABEL.to_owned(), tagged.to_owned());
                container.image = Value::Known(pinned.to_owned());
            }
        }
    }
}
