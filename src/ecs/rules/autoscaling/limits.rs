//! What no service can be scaled by.

use super::{range, steps as by_steps, times};
use crate::compose::model::{Autoscaling, QueueScaling};
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::ecs::rules::agreed::told_of;
use crate::ecs::rules::writers::writer;
use crate::ecs::rules::{daemon, load_balancer};
use crate::ecs::translate::context::Output;
use crate::ecs::translate::unit::Unit;
use crate::source::Located;

/// The longest name of a queue of SQS, which has letters, digits, `-` and `_`, and `.fifo` at the end
/// of some (SQS API reference, `CreateQueue.QueueName`).
const LONGEST_NAME: usize = 80;

/// Whether it can be done; reported otherwise.
pub(super) fn is_possible(
    unit: &Unit<'_>,
    scaling: &Located<Autoscaling>,
    out: &mut Output,
) -> bool {
    let Autoscaling { min, max, cpu, memory, requests, cooldown: _, schedule, queue, steps } =
        &scaling.value;
    let (least, most) = range(&scaling.value);
    let mut found = Vec::new();
    if least > most {
        let span = max.as_ref().map_or(scaling.span, |max| max.span);
        found.push(
            Diagnostic::error(
                Code::InvalidValue,
                format!("at most {most} tasks, at least {least}"),
            )
            .at(span, "")
            .at(min.as_ref().map_or(scaling.span, |min| min.span), "")
            .help("`max` is no less than `min`, which is 1 unless given"),
        );
    }
    let follows = [cpu, memory, requests].iter().any(|metric| metric.is_some());
    if !follows && queue.is_none() && schedule.is_empty() && steps.is_empty() {
        found.push(
            Diagnostic::error(Code::MissingAttribute, "nothing says when tasks are added")
                .at(scaling.span, "")
                .help(
                    "write `cpu: 70`, `memory: 70` or `requests: 1000`, or what `queue`, \
                        `steps` or `schedule` it follows",
                ),
        );
    }
    for (name, share) in [("cpu", cpu), ("memory", memory)] {
        let Some(share) = share.as_ref().filter(|n| n.value <= 0.0 || n.value > 100.0) else {
            continue;
        };
        found.push(
            Diagnostic::error(Code::InvalidValue, format!("`{name}` is no share"))
                .at(share.span, "")
                .help("write a number from 1 to 100: percent of what the tasks have"),
        );
    }
    found.extend(requests.as_ref().and_then(|requests| counted(unit, requests)));
    if let Some(queue) = queue {
        backlog(&queue.value, &mut found);
    }
    times::check_all(&scaling.value, &mut found);
    by_steps::check_all(&scaling.value, &mut found);
    found.extend(database(unit, scaling));
    // ECS API reference, `CreateService.schedulingStrategy`
    if daemon::is_daemon(unit) {
        let message = "a service with a task on each instance has no number of its own";
        let fault = Diagnostic::error(Code::Refused, message).at(scaling.span, "");
        found.push(fault.help("take `autoscaling` away, or `deploy: {mode: global}`"));
    }
    // What is only said to have no effect is no fault.
    let good = found.iter().all(|fault| fault.severity != Severity::Error);
    for fault in found {
        out.say(told_of(unit, scaling.span, fault));
    }
    good
}

fn counted(unit: &Unit<'_>, requests: &Located<f64>) -> Option<Diagnostic> {
    if requests.value <= 0.0 {
        let message = "`requests` is no number of requests";
        let fault = Diagnostic::error(Code::InvalidValue, message).at(requests.span, "");
        return Some(fault.help("write how many a task shall get in a minute"));
    }
    load_balancer::counted(unit).is_none().then(|| {
        Diagnostic::error(Code::Refused, "no load balancer counts the requests")
            .at(requests.span, "")
            .help("scale by `cpu` or `memory`, or publish a port that speaks HTTP")
    })
}

/// A queue that may be; where it is, elsewhere.rs says.
fn backlog(queue: &QueueScaling, found: &mut Vec<Diagnostic>) {
    let QueueScaling { name, arn: _, messages } = queue;
    if messages.value <= 0.0 {
        found.push(
            Diagnostic::error(Code::InvalidValue, "`messages` is no number of messages")
                .at(messages.span, "")
                .help(
                    "write how many may wait for each task: what it handles in the time that \
                    a message may wait",
                ),
        );
    }
    let bare = name.value.strip_suffix(".fifo").unwrap_or(&name.value);
    let takes = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if bare.is_empty() || name.value.len() > LONGEST_NAME || !bare.chars().all(takes) {
        found.push(
            Diagnostic::error(
                Code::InvalidValue,
                format!("{:?} is no name of an SQS queue", name.value),
            )
            .at(name.span, "")
            .help("it has up to 80 letters, digits, `-` and `_`, and may end in `.fifo`"),
        );
    }
}

/// Copies of a database, at whatever time.
fn database(unit: &Unit<'_>, scaling: &Located<Autoscaling>) -> Option<Diagnostic> {
    let places = scaling.value.schedule.iter().flat_map(|entry| entry.value.max.as_ref());
    let mut limits = scaling.value.max.iter().chain(places);
    let several = limits.find(|max| max.value > 1).filter(|_| unit.stateful())?;
    Some(
        Diagnostic::error(
            Code::Refused,
            format!("several copies of {} would write to one volume", writer(unit)),
        )
        .at(several.span, "")
        .help("take `autoscaling` away, or write `x-ecs: {allow_shared_volume: true}`"),
    )
}
