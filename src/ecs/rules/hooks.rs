//! `post_start` and `pre_stop`: ECS runs nothing in a container beside its own process.

use super::outcome::Outcomes;
use crate::compose::model::{Hooks, Service};
use crate::ecs::translate::context::Output;

/// Refuses hooks.
pub(crate) fn check(service: &Service, out: &mut Output) {
    let Some(hooks) = &service.hooks else { return };
    let Hooks { post_start, pre_stop } = &**hooks;
    let mut outcomes = Outcomes::new(service, out);
    for hook in post_start {
        let help = "call it from the entrypoint before or beside the app, or make it a service \
            that runs once and that others wait for with `service_completed_successfully`";
        outcomes.refused(hook.span, "ECS runs no `post_start` in a container", help);
    }
    for hook in pre_stop {
        let help = "let the entrypoint catch SIGTERM, and call it there: it has \
            `stop_grace_period` to end";
        outcomes.refused(hook.span, "ECS runs no `pre_stop` in a container", help);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::model::Hook;
    use crate::diagnostic::{Code, Severity};
    use crate::ecs::testing::{at, loud, run, service};

    #[test]
    fn hooks_are_refused() {
        for hooks in [
            Hooks { post_start: vec![at(Hook::default())], ..Hooks::default() },
            Hooks { pre_stop: vec![at(Hook::default())], ..Hooks::default() },
        ] {
            let mut web = service("web", "acme/web:1");
            web.hooks = Some(Box::new(hooks));
            assert_eq!(loud(&run(vec![web]).diagnostics), [(Severity::Error, Code::Refused)]);
        }
    }
}
