//! `image`: what docker takes for no name of an image is pulled by nobody.

use crate::compose::model::{Service, fault_of_image_name};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::Output;

/// Refuses the name of an image that is pulled and cannot be. What is built has a name of decklift's.
pub(crate) fn check(service: &Service, out: &mut Output) {
    let Some(image) = service.image.as_ref().filter(|_| service.build.is_none()) else { return };
    if let Some(help) = fault_of_image_name(&image.value) {
        let message = format!("{:?} is no name of an image", image.value);
        let fault = Diagnostic::error(Code::InvalidValue, message).at(image.span, "");
        out.say(fault.help(help).service(&service.name.value));
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnostic::{Code, Severity};
    use crate::ecs::testing::{loud, run, service};

    #[test]
    fn what_nobody_could_pull_is_refused() {
        let done = run(vec![service("web", "UPPER/Case:1")]);
        assert_eq!(loud(&done.diagnostics), [(Severity::Error, Code::InvalidValue)]);
        assert_eq!(loud(&run(vec![service("web", "acme/web:1")]).diagnostics), []);
    }
}
