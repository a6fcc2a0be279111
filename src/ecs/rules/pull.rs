//! `pull_policy` and `pull_refresh_after`: images are deployed by digest, and pulled by each task.

use super::outcome::Outcomes;
use crate::compose::model::Service;
use crate::ecs::translate::context::Output;

/// Says what becomes of the policy.
pub(crate) fn check(service: &Service, out: &mut Output) {
    let is_built = service.build.is_some();
    let mut outcomes = Outcomes::new(service, out);
    if let Some(policy) = &service.pull_policy {
        match policy.value.as_str() {
            // What is built is pushed, and pulled from there: as it should be.
            "build" if is_built => {}
            "never" if !is_built => {
                let help = "take it away, and push the image to a registry; or let decklift build \
                    it: `build`";
                let message = "ECS pulls every image from a registry";
                outcomes.refused(policy.span, message, help);
            }
            _ => {
                let help = "images are deployed by digest, and every task pulls its own";
                outcomes.ignored(policy.span, "`pull_policy` has no effect on ECS", help);
            }
        }
    }
    if let Some(after) = &service.pull_refresh_after {
        let help = "images are deployed by digest: deploy again to have newer ones";
        outcomes.ignored(after.span, "`pull_refresh_after` has no effect on ECS", help);
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnostic::{Code, Severity};
    use crate::ecs::testing::{at, built, loud, run, service};

    #[test]
    fn policies() {
        let refused = vec![(Severity::Error, Code::Refused)];
        for (policy, is_built, wanted, count) in [
            ("never", false, refused, 1),
            ("never", true, vec![], 1),
            ("build", true, vec![], 0),
            ("build", false, vec![], 1),
            ("always", false, vec![], 1),
            ("missing", true, vec![], 1),
            ("every_12h", false, vec![], 1),
        ] {
            let mut web = if is_built { built("web") } else { service("web", "acme/web:1") };
            web.pull_policy = Some(at(policy.to_owned()));
            let done = run(vec![web]).diagnostics;
            assert_eq!((loud(&done), done.len()), (wanted, count), "{policy} {is_built}");
        }
        let mut web = service("web", "acme/web:1");
        web.pull_refresh_after = Some(at("1h".to_owned()));
        let done = run(vec![web]).diagnostics;
        assert_eq!((loud(&done), done.len()), (vec![], 1));
    }
}
