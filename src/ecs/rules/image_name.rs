//! `image`: what docker takes for no name of an image is pulled by nobody.

use crate::compose::model::{Service, fault_of_image_name};
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::ecs::translate::context::Output;

/// Refuses the name of an image that is pulled and cannot be. What is built has a name of decklift's.
/// That a variable is not set is missing here alone, and refused where it is deployed from.
pub(crate) fn check(service: &Service, out: &mut Output) {
    out.diagnostics.extend(fault(service).map(|fault| match lacks_a_part(service) {
        true => Diagnostic { severity: Severity::Warning, ..fault },
        false => fault,
    }));
}

/// What is wrong with the name of a service's image.
pub(in crate::ecs) fn fault(service: &Service) -> Option<Diagnostic> {
    let image = service.image.as_ref().filter(|_| service.build.is_none())?;
    let help = fault_of_image_name(&image.value)?;
    let message = format!("{:?} is no name of an image", image.value);
    let fault = Diagnostic::error(Code::InvalidValue, message).at(image.span, "");
    let help = match lacks_a_part(service) {
        true => "a part of it is empty: set the variable that stands there",
        false => help,
    };
    Some(fault.help(help).service(&service.name.value))
}

/// Whether it would be a name if something stood where nothing does, as where a variable is not set.
fn lacks_a_part(service: &Service) -> bool {
    let name = service.image.as_ref().map_or("", |image| image.value.as_str());
    let mut whole = String::new();
    let mut before = '/';
    for c in name.chars() {
        let opens = matches!(before, '/' | ':' | '@');
        let joins = matches!(before, '-' | '.' | '_');
        let ends = matches!(c, '/' | ':' | '@');
        if opens && (ends || matches!(c, '-' | '.' | '_')) || joins && ends {
            whole.push('x');
        }
        whole.push(c);
        before = c;
    }
    if matches!(before, '/' | ':' | '-' | '.' | '_') {
        whole.push('x');
    }
    whole != name && fault_of_image_name(&whole).is_none()
}

#[cfg(test)]
mod tests {
    use super::{Code, Severity};
    use crate::ecs::testing::{loud, run, service};

    #[test]
    fn what_nobody_could_pull_is_refused() {
        let done = run(vec![service("web", "UPPER/Case:1")]);
        assert_eq!(loud(&done.diagnostics), [(Severity::Error, Code::InvalidValue)]);
        assert_eq!(loud(&run(vec![service("web", "acme/web:1")]).diagnostics), []);
    }

    #[test]
    fn where_a_variable_is_not_set_is_a_warning() {
        for name in [
            "acme/web:",
            ":-ci-7",
            "/web:1",
            "acme/:1",
            "acme/web:-alpine",
            "acme/node-:",
            "acme/a-",
        ] {
            let done = run(vec![service("web", name)]);
            assert_eq!(
                loud(&done.diagnostics),
                [(Severity::Warning, Code::InvalidValue)],
                "{name}"
            );
        }
        for name in ["acme/Web:", "a b:", "a:b:"] {
            let done = run(vec![service("web", name)]);
            assert_eq!(loud(&done.diagnostics), [(Severity::Error, Code::InvalidValue)], "{name}");
        }
    }
}
