//! Volumes in which a database keeps its files, and which others mount, too.

use std::collections::BTreeMap;

use super::data_directories;
use super::known_images::Class;
use super::mounts::{Place, Stored};
use super::writers::may_share;
use crate::compose::model::Restart;
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::Output;
use crate::ecs::translate::survey::Member;

/// Where images of databases have their files, and many others have theirs.
const USUAL: [&str; 2] = ["/bitnami", "/data"];

/// A mount that may be written to, and who has it.
type Use<'a> = (&'a Member<'a>, &'a Stored<'a>);

/// Says which tasks write where a database of another task has its files.
pub(crate) fn check<'a>(members: &'a [Member<'a>], out: &mut Output) {
    let mut homes: BTreeMap<String, Vec<Use<'a>>> = BTreeMap::new();
    for member in members.iter().filter(|member| !may_share(member.service)) {
        for stored in member.stored.iter().filter(|stored| stored.is_kept()) {
            if let Some(home) = home(stored) {
                homes.entry(home).or_default().push((member, stored));
            }
        }
    }
    for uses in homes.values() {
        let databases = || uses.iter().filter(|one| is_database(one));
        // Rather one that runs on than one that prepares things for it.
        let lasting = databases().find(|one| !seems_to_end(one.0));
        let Some(database) = lasting.or_else(|| databases().next()) else { continue };
        for other in uses.iter().filter(|other| other.0.unit != database.0.unit) {
            out.say(together(other, database));
        }
    }
}

/// The directory of a file system that a mount is; nothing for what instances have, each by itself.
fn home(stored: &Stored<'_>) -> Option<String> {
    Some(match &stored.place {
        Place::Own(own) => format!("own {}", own.directory),
        Place::Other(other) => {
            format!("{} {:?} {:?}", other.file_system, other.access_point, other.root)
        }
        Place::S3(s3) => {
            format!("{} {:?} {:?}", s3.file_system_arn, s3.access_point_arn, s3.root_directory)
        }
        _ => return None,
    })
}

fn is_database((member, stored): &Use<'_>) -> bool {
    let is_known = member.known.is_some_and(|image| image.class == Class::Database);
    let target = stored.mount.value.target.as_str();
    let is_home = data_directories::is_one(target) || is_known && USUAL.contains(&target);
    member.stateful && is_home
}

/// Whether a service would not be started again after its work.
fn seems_to_end(member: &Member<'_>) -> bool {
    let restart = member.service.restart.as_ref().map(|restart| &restart.value);
    matches!(restart, Some(Restart::No | Restart::OnFailure))
}

fn together(other: &Use<'_>, database: &Use<'_>) -> Diagnostic {
    let (name, first) = (other.0.name(), database.0.name());
    let (path, of_the_first) = (&other.1.mount.value.target, &database.1.mount.value.target);
    let (diagnostic, help) = if is_database(other) && !seems_to_end(other.0) {
        let message = format!("{name} and {first} are two databases with one volume");
        let help = "give each a volume of its own: neither sees that the other has the files open";
        (Diagnostic::warning(Code::Conflict, message), help)
    } else {
        let message = format!("{name} may write to the files of {first}");
        let help =
            "mount it `:ro` where it only reads; what it keeps itself needs a volume of its own";
        (Diagnostic::note(Code::Conflict, message), help)
    };
    let place = |here: &str| match path == of_the_first {
        true => String::new(),
        false => format!("at {here}"),
    };
    diagnostic
        .at(other.1.mount.span, place(path))
        .at(database.1.mount.span, place(of_the_first))
        .help(format!(
            "{help}; `x-ecs: {{allow_shared_volume: true}}` at {name} says that it is meant"
        ))
        .service(name)
}
