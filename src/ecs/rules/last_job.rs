//! Jobs that share one task: a task ends with the first essential container that does, and whatever
//! still runs is stopped in the middle of its work (ECS API reference, `ContainerDefinition.essential`).
//! So one of them stays essential, and runs when the others have succeeded.

use std::collections::HashMap;

use super::job::Jobs;
use crate::compose::model::Service;
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::{Context, Output};
use crate::ecs::translate::unit::Sharing;

/// Lets one job of a task that is a job as a whole, and has several, run last. Of the others `jobs` learns
/// that they end before it.
pub(super) fn choose<'a>(
    cx: &Context<'a>,
    unit: &'a str,
    sharing: &Sharing<'a>,
    jobs: &mut Jobs<'a>,
    out: &mut Output,
) {
    let members = sharing.members(unit);
    let open = |name: &&str| !jobs.ends.contains(*name);
    // Nobody in the task waits for the end of these.
    let ends: Vec<&'a str> = members.iter().copied().filter(open).collect();
    if ends.len() < 2 {
        return;
    }
    let services = || members.iter().filter_map(|name| cx.project.services.get(*name));
    let is_awaited = |name: &str| services().any(|one| one.depends_on.contains_key(name));
    // `depends_on` makes no circle, and nor does it with an order that ends with what nobody needs.
    let last = ends.iter().rfind(|name| !is_awaited(name)).or(ends.last()).copied();
    let Some(last) = last.and_then(|name| cx.project.services.get(name)) else { return };
    let last_name = last.name.value.as_str();
    let before: Vec<&'a str> = ends.into_iter().filter(|name| *name != last_name).collect();
    out.say(in_turn(last, &before, cx));
    jobs.ends.extend(before.iter().copied());
    jobs.after.insert(last_name, before);
}

/// For each job that runs last in its task: whose end it waits for.
pub(crate) type After<'a> = HashMap<&'a str, Vec<&'a str>>;

fn in_turn(last: &Service, before: &[&str], cx: &Context<'_>) -> Diagnostic {
    let name = &last.name.value;
    let verb = if before.len() == 1 { "has" } else { "have" };
    let message = format!("{name} runs when {} {verb} succeeded, not beside", before.join(" and "));
    let mut diagnostic = Diagnostic::warning(Code::Approximated, message)
        .at(last.span(), "the last of the jobs in this task");
    if let Some(first) = before.first().and_then(|name| cx.project.services.get(*name)) {
        diagnostic = diagnostic.at(first.span(), "a job in the same task");
    }
    diagnostic
        .help(
            "the first essential container that ends would stop the others: give each job a task of its \
             own to let them run at once, or write the order with `condition: \
             service_completed_successfully`",
        )
        .service(name)
}

#[cfg(test)]
mod tests {
    use crate::compose::model::{Condition, Service};
    use crate::diagnostic::{Code, Severity};
    use crate::ecs::testing::{at, depends, loud, run, service, task};
    use crate::ecs::validate;

    const WARNING: (Severity, Code) = (Severity::Warning, Code::Approximated);

    fn jobs(names: &[&str]) -> Vec<Service> {
        let job = |name: &&str| {
            let mut job = service(name, "acme/job:1");
            job.extension.job = Some(at(true));
            job.extension.task = Some(at("setup".to_owned()));
            job
        };
        names.iter().map(job).collect()
    }

    /// The essential containers of the task, and what each container waits for.
    fn order(services: Vec<Service>, unit: &str) -> (Vec<String>, Vec<String>) {
        let done = run(services);
        assert_eq!(validate(&done.desired), []);
        let containers = &task(&done, unit).container_definitions;
        let essential = containers.iter().filter(|c| c.essential).map(|c| c.name.clone()).collect();
        let waits = containers.iter().flat_map(|container| {
            container.depends_on.iter().map(|wait| {
                format!("{} {} {}", container.name, wait.condition, wait.container_name)
            })
        });
        (essential, waits.collect())
    }

    #[test]
    fn only_the_last_of_several_jobs_is_essential() {
        let services = jobs(&["a", "b", "c"]);
        assert_eq!(loud(&run(services.clone()).diagnostics), [WARNING]);
        let (essential, waits) = order(services, "a");
        assert_eq!(essential, ["c"]);
        assert_eq!(waits, ["c SUCCESS a", "c SUCCESS b"]);
    }

    #[test]
    fn jobs_that_others_wait_for_end_before() {
        let mut web = service("web", "acme/web:1");
        depends(&mut web, "a", Condition::CompletedSuccessfully);
        depends(&mut web, "b", Condition::CompletedSuccessfully);
        let mut services = jobs(&["a", "b"]);
        for job in &mut services {
            job.extension.job = None;
        }
        services.push(web);
        assert_eq!(order(services, "a").0, ["b"]);
        // By the clock as well.
        let mut services = jobs(&["a", "b"]);
        for job in &mut services {
            job.extension.job = None;
            job.extension.schedule = Some(at("rate(1 day)".to_owned()));
        }
        assert_eq!(order(services, "a"), (vec!["b".to_owned()], vec!["b SUCCESS a".to_owned()]));
    }

    #[test]
    fn what_another_one_needs_is_not_the_last() {
        let mut services = jobs(&["a", "b"]);
        depends(&mut services[0], "b", Condition::Started);
        let (essential, waits) = order(services, "a");
        assert_eq!((essential, waits), (vec!["a".to_owned()], vec!["a SUCCESS b".to_owned()]));
    }

    #[test]
    fn an_order_that_is_written_stays() {
        let mut services = jobs(&["a", "b"]);
        depends(&mut services[0], "b", Condition::CompletedSuccessfully);
        assert_eq!(loud(&run(services.clone()).diagnostics), []);
        assert_eq!(order(services, "a").0, ["a"]);
    }
}
