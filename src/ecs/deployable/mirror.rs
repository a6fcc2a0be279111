//! Images that would have to be copied into the project's registry as they are: `x-ecs.mirror`.

use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{Body, Desired, Image};

pub(super) fn undeployable(desired: &Desired) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for resource in desired.resources.values() {
        // What decklift adds itself is copied by its tag.
        let (Body::Image(image), Some(service)) = (&resource.body, &resource.service) else {
            continue;
        };
        let Image { base: Some(base), .. } = image else { continue };
        if !image.is_extended() {
            let message = format!("{base} is not copied into the project's registry yet");
            let mut fault = Diagnostic::error(Code::NotSupportedYet, message)
                .help("take `mirror` away: ECS pulls the image from where it is")
                .service(service);
            if let Some(origin) = resource.origin {
                fault = fault.at(origin, "");
            }
            found.push(fault);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ecs::testing::{at, object, project, reference, service};
    use crate::ecs::{testing::facts, translate};

    #[test]
    fn the_image_of_a_service_is_not_copied_and_that_of_helpers_is() {
        let mut web = service("web", "acme/web:1");
        web.written.secrets.push(reference("db", &[]));
        let found = |web: &crate::compose::model::Service| {
            let mut project = project(vec![web.clone()]);
            project.secrets.insert("db".to_owned(), object(&[("file", "/app/db.txt")]));
            undeployable(&translate(&project, None, &facts()).desired).len()
        };
        assert_eq!(found(&web), 0);
        web.extension.mirror = Some(at(true));
        assert_eq!(found(&web), 1);
    }
}
