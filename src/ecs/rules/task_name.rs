//! `x-ecs.task`: a name that nobody else writes joins nobody.

use crate::compose::model::Service;
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::{Context, Output};
use crate::ecs::translate::unit::{FAMILY_LABEL, Sharing};
use crate::source::Located;

/// Says which names of tasks join nobody, and which services are said to be part of two tasks.
pub(crate) fn check(cx: &Context<'_>, sharing: &Sharing<'_>, out: &mut Output) {
    let services = &cx.project.services;
    let all: Vec<(&Service, &Located<String>)> =
        services.values().filter_map(|service| Some((&**service, task_of(service)?))).collect();
    let mut clashes = Vec::new();
    for (service, task) in &all {
        let name = service.name.value.as_str();
        let unit = sharing.unit(name);
        let is_alone = sharing.members(unit).is_empty();
        let others = || all.iter().filter(|(other, _)| other.name.value != name);
        let clash = others().find(|(other, theirs)| {
            !is_alone && sharing.unit(&other.name.value) == unit && theirs.value != task.value
        });
        if let Some((other, theirs)) = clash {
            if clashes.contains(&unit) {
                continue;
            }
            clashes.push(unit);
            let message =
                format!("{} and {name} share a task that has two names", other.name.value);
            out.say(
                Diagnostic::error(Code::Conflict, message)
                    .at(task.span, "")
                    .at(theirs.span, "")
                    .help(
                        "write one name at both, or let them share nothing else: `network_mode`, \
                           `ipc`, `pid` and `volumes_from`",
                    )
                    .service(name),
            );
            continue;
        }
        let is_theirs = sharing.members(unit).contains(&task.value.as_str());
        if is_theirs || others().any(|(_, theirs)| theirs.value == task.value) {
            continue;
        }
        let near = others().find(|(_, theirs)| theirs.value.eq_ignore_ascii_case(&task.value));
        let help = match near {
            Some((other, theirs)) => {
                format!("{} writes `{}`: the case counts", other.name.value, theirs.value)
            }
            None => match services.get(&task.value).filter(|_| is_alone) {
                Some(other) if other.name.value != name => {
                    format!("write `x-ecs: {{task: {}}}` at {0}, too", task.value)
                }
                _ => "write the same name at each service of the task, or take it away".to_owned(),
            },
        };
        let message = match is_alone {
            true => format!("no other service is in the task {:?}", task.value),
            false => {
                let unit = sharing.members(unit).join(" and ");
                format!(
                    "no other service writes the task {:?}: {unit} share one anyway",
                    task.value
                )
            }
        };
        let help = match is_alone {
            true => help,
            false => "it changes nothing: take it away, or write it at each of them".to_owned(),
        };
        let warning = Diagnostic::warning(Code::Ignored, message).at(task.span, "");
        out.say(warning.help(help).service(name));
    }
}

/// The task that a service asks for by name.
fn task_of(service: &Service) -> Option<&Located<String>> {
    service.extension.task.as_ref().or_else(|| service.deploy.labels.get(FAMILY_LABEL))
}

#[cfg(test)]
mod tests {
    use crate::compose::model::Namespaces;
    use crate::diagnostic::{Code, Severity};
    use crate::ecs::testing::{at, find, loud, run, service};

    fn of(tasks: &[(&str, &str)]) -> Vec<(Severity, Code)> {
        let named = |(name, task): &(&str, &str)| {
            let mut service = service(name, "acme/web:1");
            service.extension.task = (!task.is_empty()).then(|| at((*task).to_owned()));
            service
        };
        loud(&run(tasks.iter().map(named).collect()).diagnostics)
    }

    #[test]
    fn a_name_of_ones_own_joins_nobody() {
        let warning = (Severity::Warning, Code::Ignored);
        assert_eq!(of(&[("a", "x"), ("b", "x")]), []);
        assert_eq!(of(&[("a", "b"), ("b", "")]), [warning]);
        assert_eq!(of(&[("a", "T"), ("b", "t")]), [warning, warning]);
    }

    #[test]
    fn who_shares_a_task_anyway_is_named() {
        let mut a = service("a", "acme/web:1");
        a.extension.task = Some(at("p".to_owned()));
        let mut b = service("b", "acme/web:1");
        b.volumes_from = vec![at("a".to_owned())];
        let done = run(vec![a, b]);
        let said = find(&done.diagnostics, Code::Ignored).map(|d| d.message.clone());
        assert!(said.is_some_and(|said| said.contains("a and b share one anyway")));
    }

    #[test]
    fn the_way_out_names_the_other_one() {
        let help = |tasks: &[(&str, &str)]| {
            let named = |(name, task): &(&str, &str)| {
                let mut service = service(name, "acme/web:1");
                service.extension.task = (!task.is_empty()).then(|| at((*task).to_owned()));
                service
            };
            let done = run(tasks.iter().map(named).collect());
            find(&done.diagnostics, Code::Ignored).and_then(|d| d.help.clone()).unwrap_or_default()
        };
        assert!(help(&[("a", "b"), ("b", "")]).contains("at b, too"));
        assert!(help(&[("a", "T"), ("b", "t")]).contains("the case counts"));
    }

    #[test]
    fn two_names_of_one_task_exclude_each_other() {
        let (mut a, mut b, mut c) =
            (service("a", "acme/a:1"), service("b", "acme/b:1"), service("c", "acme/c:1"));
        a.extension.task = Some(at("x".to_owned()));
        b.extension.task = Some(at("y".to_owned()));
        c.extension.task = Some(at("y".to_owned()));
        let network_mode = Some(at("service:b".to_owned()));
        a.namespaces = Some(Box::new(Namespaces { network_mode, ..Namespaces::default() }));
        a.networks.clear();
        let done = run(vec![a, b, c]);
        assert_eq!(loud(&done.diagnostics), [(Severity::Error, Code::Conflict)]);
    }
}
