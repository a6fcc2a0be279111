//! Memory that is mounted: named volumes with `driver_opts: {type: tmpfs}`, and sizes that nobody named.

use super::{Owner, Place};
use crate::compose::model::{Mount, MountKind, Service};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::rules::data_directories;
use crate::ecs::rules::known_images::Class;
use crate::ecs::translate::context::Output;
use crate::ecs::translate::survey::Member;
use crate::source::Located;

/// The size of a `tmpfs` that names none, MiB: ECS wants one (ECS API reference, `Tmpfs.size`).
pub(in crate::ecs::rules) const DEFAULT: u64 = 64;

/// Says what size a tmpfs has that names none. Docker gives it half of the machine's memory (Docker's
/// manual, "tmpfs mounts", `tmpfs-size`), and a database does not start in as little as it has here.
pub(in crate::ecs::rules) fn unsized_one(
    member: &Member<'_>,
    mount: &Located<Mount>,
    size: Option<u64>,
    out: &mut Output,
) {
    if size.is_some_and(|size| size > 0) {
        return;
    }
    let target = &mount.value.target;
    let message = format!("the tmpfs at {target} has {DEFAULT} MiB, since it names no size");
    let is_home = data_directories::is_one(target)
        || member.known.is_some_and(|image| image.class == Class::Database) && target == "/data";
    let said = match is_home {
        true => Diagnostic::warning(Code::Approximated, message),
        false => Diagnostic::note(Code::Approximated, message),
    };
    let write = match &mount.value.kind {
        MountKind::Volume(_) => "`o: size=512m` among the volume's `driver_opts`".to_owned(),
        _ => format!("`tmpfs: {target}:size=512m`"),
    };
    out.say(
        said.at(mount.span, "Docker would give it half of the machine's memory")
            .help(format!(
                "write the size that it needs, {write}: what is in it counts as memory of the \
                 container, so leave room for it in `mem_limit`"
            ))
            .service(member.name()),
    );
}

/// Memory of the container, or the task's disk where other containers of the task have the volume, too:
/// containers share no tmpfs (ECS API reference, `Tmpfs`: a path of one container, without a source).
pub(super) fn place<'a>(
    owner: &Owner<'a, '_>,
    mount: &'a Located<Mount>,
    name: &str,
    options: &str,
    out: &mut Output,
) -> Place<'a> {
    let own = owner.sharing.unit(owner.name());
    let mut first = None;
    let mut of_the_task = Vec::new();
    for service in owner.sharing.users_of(name) {
        let unit = owner.sharing.unit(&service.name.value);
        first = first.or(Some((service, unit)));
        if unit == own {
            of_the_task.push(service);
        }
    }
    if let Some((other, _)) = first.filter(|(_, unit)| *unit != own) {
        out.say(apart(owner, mount, name, other));
    }
    if of_the_task.len() > 1 {
        // It is one volume, and told of once.
        let tells = of_the_task.iter().find(|service| mounts(service, name));
        if tells.is_some_and(|service| service.name.value == owner.name()) {
            out.say(on_disk(owner, mount, name));
        }
        return Place::Task;
    }
    let options = options.split(',').filter(|option| !option.is_empty());
    let (sizes, rest): (Vec<_>, Vec<_>) = options.partition(|option| option.starts_with("size="));
    let size = sizes.first().and_then(|size| bytes(size.strip_prefix("size=")?));
    let known =
        |o: &&str| o.split_once('=').is_some_and(|(k, _)| matches!(k, "mode" | "uid" | "gid"));
    Place::Memory(size, rest.into_iter().filter(known).map(str::to_owned).collect())
}

fn mounts(service: &Service, volume: &str) -> bool {
    let is_it = |mount: &Located<Mount>| matches!(&mount.value.kind, MountKind::Volume(name) if name == volume);
    service.mounts.iter().any(is_it)
}

fn apart(owner: &Owner<'_, '_>, mount: &Located<Mount>, name: &str, other: &Service) -> Diagnostic {
    let message =
        format!("{} and {} each have a {name} of their own", other.name.value, owner.name());
    Diagnostic::warning(Code::Approximated, message)
        .at(mount.span, "in memory, which tasks do not share")
        .help("take `driver_opts` away to share files, or let the services share one task")
        .service(owner.name())
}

fn on_disk(owner: &Owner<'_, '_>, mount: &Located<Mount>, name: &str) -> Diagnostic {
    let message = format!("{name} is on the task's disk, and not in memory");
    Diagnostic::warning(Code::Approximated, message)
        .at(mount.span, "")
        .help(
            "containers of a task share no tmpfs: `x-ecs: ephemeral` at the volume, in place of \
            `driver_opts`, says so",
        )
        .service(owner.name())
}

/// An amount of memory as mount(8) takes it.
fn bytes(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let shift = match text.get(digits.len()..)?.to_ascii_lowercase().as_str() {
        "" => 0,
        "k" => 10,
        "m" => 20,
        "g" => 30,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(1 << shift)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Severity;
    use crate::ecs::testing::{loud, mount, run, service};

    #[test]
    fn who_names_no_size_is_told_which_it_is() {
        let said = |image: &str, target: &str, size: Option<u64>| {
            let mut web = service("web", image);
            web.mounts = vec![mount(MountKind::Tmpfs { size, options: Vec::new() }, target)];
            let done = run(vec![web]);
            let found = done.diagnostics.iter().find(|said| said.message.contains("names no size"));
            assert!(loud(&done.diagnostics).len() < 2);
            found.map(|said| said.severity)
        };
        let home = "/var/lib/postgresql/data";
        assert_eq!(said("postgres:16", home, None), Some(Severity::Warning));
        assert_eq!(said("postgres:16", home, Some(0)), Some(Severity::Warning));
        assert_eq!(said("redis:7", "/data", None), Some(Severity::Warning));
        assert_eq!(said("acme/web:1", "/data", None), Some(Severity::Note));
        assert_eq!(said("postgres:16", "/tmp", None), Some(Severity::Note));
        assert_eq!(said("postgres:16", home, Some(1 << 29)), None);
    }

    #[test]
    fn amounts_of_memory() {
        assert_eq!(
            [bytes("64m"), bytes("1G"), bytes("5"), bytes("x")],
            [Some(64 << 20), Some(1 << 30), Some(5), None]
        );
    }
}
