//! A service that listens, and that nobody can reach.

use std::collections::HashMap;

use super::security_groups::existing_group;
use crate::compose::model::TaskNetwork;
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::{Context, Output};
use crate::ecs::translate::survey::Member;

/// Says which services have ports, but neither a network with another service on it nor a port that is
/// published.
pub(crate) fn check(cx: &Context<'_>, members: &[Member<'_>], out: &mut Output) {
    // Of each network one unit that is on it, or nothing where there are more.
    let mut only: HashMap<&str, Option<&str>> = HashMap::new();
    let mut sizes: HashMap<&str, usize> = HashMap::new();
    for member in members {
        *sizes.entry(member.unit).or_default() += 1;
        for network in &member.networks {
            let one = only.entry(network).or_insert(Some(member.unit));
            *one = one.filter(|one| *one == member.unit);
        }
    }
    let has_others = |network: &&str| {
        let theirs = cx.project.networks.get(*network).and_then(existing_group);
        theirs.is_some() || only.get(network).is_some_and(Option::is_none)
    };
    for member in members {
        let service = member.service;
        // What is published, and by whom it is reached, is said there.
        if service.expose.is_empty()
            || !member.public.is_empty()
            || member.job.is_some()
            || !service.ports.is_empty()
            || member.network != TaskNetwork::AwsVpc
            || member.networks.iter().any(has_others)
            || sizes.get(member.unit).is_some_and(|size| *size > 1)
        {
            continue;
        }
        let message =
            format!("nobody can reach {}: no other service is on its networks", member.name());
        let place = service.expose.first().map(|port| port.span);
        out.say(
            Diagnostic::warning(Code::PortNotPublic, message)
                .at(place.unwrap_or(service.span()), "")
                .help(
                    "publish a port under `ports`, or put it on a network with those that call it",
                )
                .service(member.name()),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnostic::{Code, Severity};
    use crate::ecs::testing::{exposed, loud, networks, port, run, service};

    #[test]
    fn a_service_by_itself_is_reached_by_nobody() {
        let warned = [(Severity::Warning, Code::PortNotPublic)];
        let mut api = service("api", "acme/api:1");
        assert_eq!(loud(&run(vec![api.clone()]).diagnostics), []);
        api.expose = vec![exposed(8000)];
        assert_eq!(loud(&run(vec![api.clone()]).diagnostics), warned);
        let mut web = service("web", "acme/web:1");
        assert_eq!(loud(&run(vec![api.clone(), web.clone()]).diagnostics), []);
        web.networks = networks(&["back"]);
        assert_eq!(loud(&run(vec![api.clone(), web]).diagnostics), warned);
        api.ports = vec![port(80, 8000)];
        assert_eq!(loud(&run(vec![api]).diagnostics), []);
    }
}
