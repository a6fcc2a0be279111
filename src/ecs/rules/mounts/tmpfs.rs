//! A named volume in memory: `driver_opts: {type: tmpfs}`.

use super::{Owner, Place};
use crate::compose::model::{Mount, MountKind, Service};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::Output;
use crate::source::Located;

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

    #[test]
    fn amounts_of_memory() {
        assert_eq!(
            [bytes("64m"), bytes("1G"), bytes("5"), bytes("x")],
            [Some(64 << 20), Some(1 << 30), Some(5), None]
        );
    }
}
