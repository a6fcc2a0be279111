use super::Report;
use crate::ecs::rules::tags::{MOST, fault};

/// Tags of any resource: at most 50, in AWS's characters, each key once.
pub(super) fn check<'t>(tags: impl Iterator<Item = (&'t str, &'t str)>, report: &mut Report<'_>) {
    let mut seen: Vec<&str> = Vec::new();
    for (key, value) in tags {
        if let Some(why) = fault(key, value)
            && !super::text::is_placeholder(key)
            && !super::text::is_placeholder(value)
        {
            report.fault(format!("the tag {key:?} is not taken"), why);
        }
        // Most come in order.
        if seen.last().is_some_and(|last| *last >= key) && seen.contains(&key) {
            report.fault(format!("the tag {key:?} stands twice"), "a key stands once");
        }
        seen.push(key);
    }
    let count = seen.len();
    if count > MOST {
        report.fault(format!("{count} tags"), format!("a resource takes at most {MOST} tags"));
    }
}

/// Tags as ECS spells them.
pub(super) fn lower(tags: &[crate::ecs::desired::Tag], report: &mut Report<'_>) {
    check(tags.iter().map(|tag| (&*tag.key, tag.value.as_str())), report);
}

/// Tags as the other services spell them.
pub(super) fn upper(tags: &[crate::ecs::desired::UpperTag], report: &mut Report<'_>) {
    check(tags.iter().map(|tag| (&*tag.key, tag.value.as_str())), report);
}
