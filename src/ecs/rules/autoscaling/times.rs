//! `x-ecs.autoscaling.schedule`: other limits from certain times on (Application Auto Scaling API
//! reference, `PutScheduledAction`; its user guide, "Schedule recurring scaling actions using cron
//! expressions").

use super::{DIMENSION, NAMESPACE, Place, number, range, time};
use crate::compose::model::{Autoscaling, ScheduledScaling};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{ScalableTargetAction, ScheduledAction};
use crate::ecs::rules::schedule;
use crate::ecs::translate::names::short_hash;
use crate::source::Located;

/// The most of one scalable target (Application Auto Scaling quotas, "Scheduled actions per scalable
/// target").
pub(crate) const MOST: usize = 200;

/// The action of an entry, and what stands for it in names: a hash of its time, so that it keeps its
/// name when others come and go.
pub(super) fn action(place: &Place<'_>, entry: &ScheduledScaling) -> (String, ScheduledAction) {
    let (expression, timezone, [min, max]) = time(entry);
    let timezone = timezone.filter(|_| takes_zone(expression));
    let key = short_hash(&format!("{expression} {}", timezone.unwrap_or_default()));
    let body = ScheduledAction {
        scheduled_action_name: format!("{}-{key}", place.service.service_name),
        service_namespace: NAMESPACE.to_owned(),
        resource_id: place.resource_id.clone(),
        scalable_dimension: DIMENSION.to_owned(),
        schedule: expression.to_owned(),
        timezone: timezone.map(str::to_owned),
        scalable_target_action: ScalableTargetAction {
            min_capacity: min.map(number),
            max_capacity: max.map(number),
        },
    };
    (key, body)
}

/// A rate has no time of the day (Application Auto Scaling API reference,
/// `PutScheduledAction.Timezone`).
fn takes_zone(expression: &str) -> bool {
    !expression.starts_with("rate(")
}

/// What is wrong with the entries, with each other and with the limits that they change.
pub(super) fn check_all(scaling: &Autoscaling, found: &mut Vec<Diagnostic>) {
    for (index, entry) in scaling.schedule.iter().enumerate() {
        check_one(scaling, &entry.value, found);
        let (expression, zone, _) = time(&entry.value);
        let mut before = scaling.schedule[..index].iter();
        let twin = before.find(|other| {
            let (other, other_zone, _) = time(&other.value);
            (other, other_zone) == (expression, zone)
        });
        if let Some(twin) = twin {
            found.push(
                Diagnostic::error(Code::Conflict, format!("{expression:?} stands here twice"))
                    .at(entry.value.expression.span, "")
                    .at(twin.value.expression.span, "")
                    .help("take one of the two away"),
            );
        }
    }
    if let Some(beyond) = scaling.schedule.get(MOST) {
        let message = format!("{} entries of `schedule`", scaling.schedule.len());
        let fault = Diagnostic::error(Code::InvalidValue, message).at(beyond.span, "");
        found.push(fault.help(format!("Application Auto Scaling takes {MOST} for a service")));
    }
}

fn check_one(scaling: &Autoscaling, entry: &ScheduledScaling, found: &mut Vec<Diagnostic>) {
    let ScheduledScaling { expression, timezone, min, max } = entry;
    if let Err((why, help)) = check(&expression.value) {
        let message = format!("{:?} {why}", expression.value);
        let fault = Diagnostic::error(Code::InvalidValue, message);
        found.push(fault.at(expression.span, "").help(help));
    } else if let Some(zone) = timezone {
        found.extend(zone_fault(&expression.value, zone));
    }
    let (_, most) = range(scaling);
    if let Some(min) = min
        && min.value > max.as_ref().map_or(most, |max| max.value)
    {
        let other = max.as_ref().or(scaling.max.as_ref());
        let most = other.map_or(most, |max| max.value);
        found.push(
            Diagnostic::error(
                Code::InvalidValue,
                format!("at most {most} tasks, at least {}", min.value),
            )
            .at(min.span, "")
            .at(other.map_or(min.span, |max| max.span), "")
            .help("write a `max` beside it that is no less"),
        );
    }
}

fn zone_fault(expression: &str, zone: &Located<String>) -> Option<Diagnostic> {
    if !takes_zone(expression) {
        let message = "`timezone` has no effect on a rate";
        let note = Diagnostic::warning(Code::Ignored, message).at(zone.span, "");
        return Some(note.help("write `cron(…)` for a time of the day"));
    }
    (!is_zone(&zone.value)).then(|| {
        Diagnostic::error(Code::InvalidValue, format!("{:?} is no time zone", zone.value))
            .at(zone.span, "")
            .help("write a name of the IANA's, such as `Europe/Berlin` or `UTC`")
    })
}

/// A name as the database of time zones has them: `Area/Location`, `UTC`, `Etc/GMT+9`.
pub(crate) fn is_zone(zone: &str) -> bool {
    zone.starts_with(|c: char| c.is_ascii_uppercase())
        && zone.len() <= 64
        && zone.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '+'))
}

/// What is wrong with an expression, and what to write.
pub(crate) fn check(expression: &str) -> Result<(), (&'static str, &'static str)> {
    if let Some(time) = expression.strip_prefix("at(").and_then(|text| text.strip_suffix(')')) {
        let help = "write `at(2027-01-31T08:00:00)`, in the `timezone` given, UTC without";
        return if is_time(time) { Ok(()) } else { Err(("is no time", help)) };
    }
    if !["rate(", "cron("].iter().any(|start| expression.starts_with(start)) {
        let help = "write `cron(0 8 ? * MON-FRI *)`, `rate(1 day)` or `at(2027-01-31T08:00:00)`";
        return Err(("is no schedule", help));
    }
    schedule::check(expression)
}

/// `yyyy-mm-ddThh:mm:ss`
fn is_time(text: &str) -> bool {
    let Some((date, clock)) = text.split_once('T') else { return false };
    let parts = |text: &str, by: char, widths: [usize; 3]| -> Option<[u32; 3]> {
        let parts: Vec<&str> = text.split(by).collect();
        let [a, b, c] = parts.as_slice() else { return None };
        let read = |text: &str, width: usize| {
            let good = text.len() == width && text.bytes().all(|b| b.is_ascii_digit());
            good.then(|| text.parse().ok()).flatten()
        };
        Some([read(a, widths[0])?, read(b, widths[1])?, read(c, widths[2])?])
    };
    let (Some([year, month, day]), Some([hour, minute, second])) =
        (parts(date, '-', [4, 2, 2]), parts(clock, ':', [2, 2, 2]))
    else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    };
    (1..=days).contains(&day) && hour < 24 && minute < 60 && second < 60
}
