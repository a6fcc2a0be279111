//! `stop_signal`: ECS sends the signal that the image names, else SIGTERM.

use super::image::is_pushed;
use super::outcome::Outcomes;
use crate::ecs::translate::context::Output;
use crate::ecs::translate::survey::Member;

/// Says what becomes of the signal (ECS developer guide, "Graceful shutdowns with ECS": the
/// `STOPSIGNAL` of the image, SIGTERM without one). An image that is pushed gets it written into it.
pub(crate) fn check(member: &Member<'_>, out: &mut Output) {
    let service = member.service;
    let Some(signal) = &service.stop_signal else { return };
    let mut outcomes = Outcomes::new(service, out);
    if is_pushed(member) {
        let help = "ECS sends the signal that the image names";
        return outcomes.near(signal.span, "the signal becomes a part of the image", help);
    }
    let usual = matches!(signal.value.to_ascii_uppercase().as_str(), "SIGTERM" | "TERM" | "15");
    if usual {
        let help = "SIGTERM is what ECS sends where the image does not say otherwise";
        outcomes.near(signal.span, "ECS sends the signal that the image names", help);
        return;
    }
    let message =
        format!("`stop_signal` does not carry over: ECS sends the image's, not {}", signal.value);
    let help = format!(
        "build an image that names it: `FROM …` and `STOPSIGNAL {}`; or let the image go through \
         ECR: `x-ecs: {{mirror: true}}` at the service",
        signal.value
    );
    outcomes.differs(signal.span, message, &help);
}

#[cfg(test)]
mod tests {
    use crate::diagnostic::{Code, Severity};
    use crate::ecs::desired::{Body, Kind};
    use crate::ecs::testing::{at, built, loud, resource, run, service};

    #[test]
    fn the_image_says_which_signal() {
        let mut web = service("web", "acme/web:1");
        web.stop_signal = Some(at("SIGQUIT".to_owned()));
        let done = run(vec![web]).diagnostics;
        assert_eq!(loud(&done), [(Severity::Warning, Code::Approximated)]);
        // An image that is pushed has it written into it.
        let mut web = built("web");
        web.stop_signal = Some(at("SIGQUIT".to_owned()));
        let done = run(vec![web]);
        assert_eq!(loud(&done.diagnostics), []);
        let Body::Image(image) = &resource(&done, Kind::Image, "web").body else {
            panic!("no image")
        };
        assert_eq!(image.stop_signal.as_deref(), Some("SIGQUIT"));
        let mut web = service("web", "acme/web:1");
        web.stop_signal = Some(at("SIGTERM".to_owned()));
        assert_eq!(loud(&run(vec![web]).diagnostics), []);
    }
}
