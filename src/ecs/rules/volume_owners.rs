//! To whom a new volume belongs: whoever writes to it must be able to, and on EFS only root could let
//! them in later.

use std::collections::BTreeMap;

use super::known_images::Ids;
use super::mounts::{Place, Stored};
use super::runs_as::{RunsAs, runs_as};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::{Context, Output};
use crate::ecs::translate::survey::Member;

/// A service that writes to a volume.
struct Writer<'a> {
    member: &'a Member<'a>,
    stored: &'a Stored<'a>,
    runs_as: RunsAs,
}

/// Of each volume the user whom it is to belong to, by the id of its access point: the first who writes
/// to it and is not root. Root may write to what is another's.
pub(crate) fn owners<'a>(
    cx: &Context<'_>,
    members: &'a [Member<'a>],
    out: &mut Output,
) -> BTreeMap<&'a str, Ids> {
    let mut writers: BTreeMap<&str, Vec<Writer<'_>>> = BTreeMap::new();
    for member in members {
        let own = member.stored.iter().filter(|stored| !stored.mount.value.read_only);
        for stored in own {
            let Place::Own(volume) = &stored.place else { continue };
            let writer = Writer { member, stored, runs_as: runs_as(cx, member.service) };
            writers.entry(&volume.id).or_default().push(writer);
        }
    }
    let owner = |(id, writers): (&'a str, Vec<Writer<'_>>)| {
        let owner = writers.iter().find_map(|writer| match &writer.runs_as {
            RunsAs::User(ids) => Some((*ids, writer)),
            RunsAs::Root | RunsAs::Named(_) => None,
        });
        if !is_said(&writers) {
            complain(owner, &writers, out);
        }
        Some((id, owner?.0))
    };
    writers.into_iter().filter_map(owner).collect()
}

/// Whether the file says itself whose the volume is.
fn is_said(writers: &[Writer<'_>]) -> bool {
    let volumes = writers.iter().filter_map(|writer| match &writer.stored.place {
        Place::Own(own) => own.volume,
        _ => None,
    });
    let says = |key: &str| volumes.clone().any(|(_, volume)| volume.driver_opts.contains_key(key));
    says("uid") || says("permissions")
}

/// Says who is kept out: one whose number nobody knows here, or another than the first.
fn complain(owner: Option<(Ids, &Writer<'_>)>, writers: &[Writer<'_>], out: &mut Output) {
    for writer in writers {
        let seeds = writer.member.service.extension.seed.as_ref().is_some_and(|seed| seed.value);
        let target = &writer.stored.mount.value.target;
        let (message, help) = match (&writer.runs_as, owner) {
            (RunsAs::Named(name), _) if !seeds => (
                format!(
                    "the number of the user {name} is not known here, who may not write to the new \
                    volume at {target}"
                ),
                "write its number, `user: \"1000\"` or `driver_opts: {uid: \"1000\"}` at the volume; \
                `x-ecs: {seed: true}` at the service takes the image's directory with its owner"
                    .to_owned(),
            ),
            (RunsAs::User((uid, _)), Some(((first, _), of))) if *uid != first => (
                format!(
                    "the new volume at {target} belongs to the user {first} of {}, and {} runs as {uid}",
                    of.member.name(),
                    writer.member.name()
                ),
                "give both services one `user`, or the volume `driver_opts: {permissions: \"0777\"}`"
                    .to_owned(),
            ),
            _ => continue,
        };
        out.say(
            Diagnostic::warning(Code::Approximated, message)
                .at(writer.stored.mount.span, "")
                .help(help)
                .service(writer.member.name()),
        );
    }
}
