//! Who writes to a volume, and how many of them.

use std::collections::{HashMap, HashSet};

use super::data_directories;
use super::known_images::Class;
use super::mounts::{Place, Stored};
use super::volumes::{Given, given, is_stateful, lent};
use crate::compose::model::Service;
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::Output;
use crate::ecs::translate::survey::{Member, by_name};
use crate::ecs::translate::unit::Unit;
use crate::source::Span;

/// How many tasks of a unit there are at once.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tasks {
    /// This many, wherever.
    Count(u32),
    /// One on each instance.
    OnEachInstance,
}

impl Tasks {
    /// Whether several of them can write to the volume of a mount.
    fn share(self, stored: &Stored<'_>) -> bool {
        match self {
            Self::Count(tasks) => tasks > 1,
            // What is on an instance is that of its one task.
            Self::OnEachInstance => match &stored.place {
                Place::Host(_) => false,
                Place::Docker(volume) => volume.driver != "local" || !volume.driver_opts.is_empty(),
                _ => true,
            },
        }
    }
}

/// Whether somebody said that several tasks of the service may write to one volume.
pub(crate) fn may_share(service: &Service) -> bool {
    service.extension.allow_shared_volume.as_ref().is_some_and(|yes| yes.value)
}

/// What a service may write to and outlives its tasks: of its own, and of others through
/// `volumes_from`.
fn kept<'a>(
    find: &dyn Fn(&str) -> Option<&'a Member<'a>>,
    member: &'a Member<'a>,
) -> Vec<&'a Stored<'a>> {
    kept_of(given(find, member))
}

fn kept_of<'a>(mut kept: Vec<Given<'a>>) -> Vec<&'a Stored<'a>> {
    let mut seen = HashSet::new();
    // A mount goes over what an earlier one has at the same place.
    kept.reverse();
    kept.retain(|given| seen.insert(given.stored.mount.value.target.as_str()));
    kept.reverse();
    kept.retain(|given| !given.read_only && given.stored.is_kept());
    kept.into_iter().map(|given| given.stored).collect()
}

/// What services that say so, or that have it from them or they from those, may write to at once:
/// whoever has a volume says it for all.
fn allowed<'a>(
    find: &dyn Fn(&str) -> Option<&'a Member<'a>>,
    members: impl Iterator<Item = &'a Member<'a>>,
) -> HashSet<*const Stored<'a>> {
    let say = members.filter(|member| may_share(member.service));
    say.flat_map(|member| kept(find, member)).map(std::ptr::from_ref).collect()
}

/// Of each service, whether two of its tasks must never run at once. A job has none that is replaced.
pub(crate) fn stateful<'a>(members: &'a [Member<'a>]) -> Vec<bool> {
    let by_name = by_name(members);
    let find = |name: &str| by_name.get(name).copied();
    let allowed = allowed(&find, members.iter());
    let mut known = HashMap::new();
    let is_stateful = |member: &'a Member<'a>| {
        let mounts = !member.stored.is_empty() || !member.service.volumes_from.is_empty();
        mounts && member.job.is_none() && {
            let mut kept = kept_of(lent(&find, member, &mut known));
            kept.retain(|kept| !allowed.contains(&std::ptr::from_ref(*kept)));
            // What ends before its task runs leaves the volumes of others to them.
            if member.ends {
                kept.retain(|kept| member.stored.iter().any(|own| std::ptr::eq(own, *kept)));
            }
            is_stateful(member.service, member.known, &kept)
        }
    };
    members.iter().map(is_stateful).collect()
}

/// What writes to a volume that two tasks of a unit must not have at once, in words. Many programs hold a
/// database, or files that they have open, without being one.
pub(crate) fn writer(unit: &Unit<'_>) -> &'static str {
    let is_database = |member: &Member<'_>| {
        let is_known = member.known.is_some_and(|image| image.class == Class::Database);
        is_known || data_directories::kept(&member.stored).next().is_some()
    };
    match unit.members.iter().any(|member| is_database(member)) {
        true => "a database",
        false => "a program that keeps its data in files",
    }
}

/// Refuses copies of a database on one volume, and warns of those of other programs, unless somebody
/// said that they may be. `place` is where their number stands.
pub(crate) fn check(unit: &Unit<'_>, tasks: Tasks, (by, place): (&str, Span), out: &mut Output) {
    let by_name = by_name(unit.members.iter().copied());
    let find = |name: &str| by_name.get(name).copied();
    let allowed = allowed(&find, unit.members.iter().copied());
    let mut is_refused = false;
    for member in &unit.members {
        let mut kept = kept(&find, member);
        kept.retain(|kept| !allowed.contains(&std::ptr::from_ref(*kept)));
        let is_database = is_stateful(member.service, member.known, &kept);
        is_refused |= is_database && kept.iter().any(|stored| tasks.share(stored));
    }
    if is_refused {
        let (message, help) = match tasks {
            Tasks::Count(tasks) => (
                format!("{tasks} copies of {} would write to one volume", writer(unit)),
                "run one replica, or one service with a volume of its own for each copy",
            ),
            Tasks::OnEachInstance => (
                format!("a copy of {} on each instance would write to one volume", writer(unit)),
                "write `mode: replicated`, or have one service with a volume of its own for each \
                copy",
            ),
        };
        out.say(Diagnostic::error(Code::Refused, message).at(place, "").help(help).service(by));
        return;
    }
    for member in &unit.members {
        shared(member, tasks, &allowed, out);
    }
}

/// Says that several tasks write to the volumes of a service.
fn shared<'a>(
    owner: &'a Member<'a>,
    tasks: Tasks,
    allowed: &HashSet<*const Stored<'a>>,
    out: &mut Output,
) {
    let is_shared = |stored: &&Stored<'a>| {
        stored.is_kept() && tasks.share(stored) && !allowed.contains(&std::ptr::from_ref(*stored))
    };
    let all: Vec<_> = owner.stored.iter().filter(is_shared).map(|stored| stored.mount).collect();
    let targets: Vec<&str> = all.iter().map(|mount| mount.value.target.as_str()).collect();
    let volumes = match targets.split_last() {
        None => return,
        Some((only, [])) => format!("the one volume at {only}"),
        Some((last, others)) => format!("the volumes at {} and {last}", others.join(", ")),
    };
    let (message, otherwise) = match tasks {
        Tasks::Count(tasks) => (format!("{tasks} tasks write to {volumes}"), "run one replica"),
        Tasks::OnEachInstance => {
            (format!("a task on each instance writes to {volumes}"), "write `mode: replicated`")
        }
    };
    let said = Diagnostic::warning(Code::Approximated, message);
    out.say(
        all.iter()
            .fold(said, |said, mount| said.at(mount.span, ""))
            .help(format!(
                "where the program can bear it, `x-ecs: {{allow_shared_volume: true}}` at the \
                service says so; where it cannot, {otherwise}"
            ))
            .service(owner.name()),
    );
}

#[cfg(test)]
#[path = "writers_tests.rs"]
mod tests;
