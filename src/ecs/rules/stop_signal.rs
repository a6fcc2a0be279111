//! `stop_signal`: ECS sends the signal that the image names, else SIGTERM.

use super::outcome::Outcomes;
use crate::compose::model::Service;
use crate::ecs::translate::context::Output;

/// Says that the signal does not carry over (ECS developer guide, "Graceful shutdowns with ECS":
/// the `STOPSIGNAL` of the image, SIGTERM without one).
pub(crate) fn check(service: &Service, out: &mut Output) {
    let Some(signal) = &service.stop_signal else { return };
    let mut outcomes = Outcomes::new(service, out);
    let usual = matches!(signal.value.to_ascii_uppercase().as_str(), "SIGTERM" | "TERM" | "15");
    if usual {
        let help = "SIGTERM is what ECS sends where the image does not say otherwise";
        outcomes.near(signal.span, "ECS sends the signal that the image names", help);
        return;
    }
    let message =
        format!("`stop_signal` does not carry over: ECS sends the image's, not {}", signal.value);
    let help = if service.build.is_some() {
        format!(
            "write `STOPSIGNAL {}` into the Dockerfile, which goes with the image",
            signal.value
        )
    } else {
        format!("build an image that names it: `FROM …` and `STOPSIGNAL {}`", signal.value)
    };
    outcomes.differs(signal.span, message, &help);
}

#[cfg(test)]
mod tests {
    use crate::diagnostic::{Code, Severity};
    use crate::ecs::testing::{at, built, find, loud, run, service};

    #[test]
    fn the_image_says_which_signal() {
        for is_built in [false, true] {
            let mut web = if is_built { built("web") } else { service("web", "acme/web:1") };
            web.stop_signal = Some(at("SIGQUIT".to_owned()));
            let done = run(vec![web]).diagnostics;
            assert_eq!(loud(&done), [(Severity::Warning, Code::Approximated)]);
            let help = find(&done, Code::Approximated).and_then(|found| found.help.clone());
            assert!(help.is_some_and(|help| help.contains("Dockerfile") == is_built));
        }
        let mut web = service("web", "acme/web:1");
        web.stop_signal = Some(at("SIGTERM".to_owned()));
        assert_eq!(loud(&run(vec![web]).diagnostics), []);
    }
}
