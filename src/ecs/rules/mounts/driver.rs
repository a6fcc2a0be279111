//! `driver` and `driver_opts` of a named volume.

use super::{OtherVolume, Owner, Place, own, subpath, tmpfs};
use crate::compose::model::{Launch, Mount, Volume};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::DockerVolume;
use crate::ecs::translate::context::Output;
use crate::source::Located;

/// A volume of which only its driver says where it lives.
pub(super) fn by_options<'a>(
    owner: &Owner<'a, '_>,
    mount: &'a Located<Mount>,
    name: &'a str,
    volume: Option<&'a Volume>,
    out: &mut Output,
) -> Place<'a> {
    let option = |key: &str| volume?.driver_opts.get(key).map(|value| value.value.as_str());
    let driver = volume.and_then(|volume| volume.driver.as_ref()).map_or("", |d| d.value.as_str());
    if owner.service.launch() == Launch::Ec2
        && let Some(volume) = volume.filter(|volume| !volume.external)
        && let Some(place) = on_the_instance(volume, driver)
    {
        if matches!(driver, "" | "local") && !owner.is_job {
            out.say(of_each_instance(owner, mount, name));
        }
        return place;
    }
    let own_volume = volume.map(|volume| (name, volume));
    if !matches!(driver, "" | "local") {
        return own(owner, mount, name, own_volume, out);
    }
    match option("type") {
        Some("tmpfs") => tmpfs::place(owner, mount, name, option("o").unwrap_or_default(), out),
        Some("nfs" | "nfs4") => {
            let (device_host, directory) = device(option("device").unwrap_or_default());
            let host =
                option("o").unwrap_or_default().split(',').find_map(|o| o.strip_prefix("addr="));
            match host.and_then(file_system_of).or_else(|| file_system_of(device_host)) {
                Some(_) if subpath::split(directory).contains(&"..") => {
                    let place = volume.and_then(|volume| volume.driver_opts.get("device"));
                    let message = format!("{directory:?} is no path of a file system");
                    let fault = Diagnostic::error(Code::InvalidValue, message)
                        .at(mount.span, "")
                        .at(place.map_or(mount.span, |device| device.span), "its `device`")
                        .help("name the directory without `..`: ECS takes no path that leads out of another");
                    out.say(fault.service(owner.name()));
                    Place::Nowhere
                }
                Some(file_system) => {
                    on_efs(owner, mount, file_system, &subpath::split(directory), out)
                }
                None => own(owner, mount, name, own_volume, out),
            }
        }
        _ => own(owner, mount, name, own_volume, out),
    }
}

/// The directory of a file system of EFS's that is mounted over NFS.
fn on_efs<'a>(
    owner: &Owner<'a, '_>,
    mount: &Located<Mount>,
    file_system: &str,
    directory: &[&str],
    out: &mut Output,
) -> Place<'a> {
    let Some(parts) = subpath::parts(owner, mount, out) else { return Place::Nowhere };
    Place::Other(OtherVolume {
        file_system: file_system.to_owned(),
        access_point: None,
        iam: false,
        root: subpath::root(&[directory, &parts].concat()),
    })
}

/// What NFS mounts, `HOST:/DIRECTORY`: the host may be left out, where `addr` names it (nfs(5)).
fn device(device: &str) -> (&str, &str) {
    match device.find(":/") {
        Some(colon) => (&device[..colon], &device[colon + 1..]),
        None => device.split_once(':').unwrap_or(("", device)),
    }
}

/// A volume on instances: a directory of the instance, or one of the engine's where a driver is named
/// (ECS API reference, `DockerVolumeConfiguration`).
fn on_the_instance<'a>(volume: &Volume, driver: &str) -> Option<Place<'a>> {
    let option = |key: &str| volume.driver_opts.get(key).map(|value| value.value.as_str());
    let local = matches!(driver, "" | "local");
    let binds = option("o").is_some_and(|o| o.split(',').any(|o| matches!(o, "bind" | "rbind")));
    if let Some(device) =
        option("device").filter(|device| local && binds && device.starts_with('/'))
    {
        return Some(Place::Host(device.to_owned()));
    }
    // What decklift knows better than the engine: file systems in memory, and on the network.
    let known = matches!(option("type"), Some("tmpfs" | "nfs" | "nfs4"));
    if driver.is_empty() || driver == "efs" || known {
        return None;
    }
    let texts = |map: &indexmap::IndexMap<String, Located<String>>| {
        map.iter().map(|(key, value)| (key.clone(), value.value.clone())).collect()
    };
    Some(Place::Docker(DockerVolume {
        scope: "shared".to_owned(),
        autoprovision: Some(true),
        driver: driver.to_owned(),
        driver_opts: texts(&volume.driver_opts),
        labels: texts(&volume.labels),
    }))
}

/// Says that a volume of the engine's own is one for each instance: ECS starts the next task wherever
/// there is room, and finds another volume there, or makes one (ECS developer guide, "Use Docker
/// volumes with Amazon ECS": those of the `local` driver are the instance's).
fn of_each_instance(owner: &Owner<'_, '_>, mount: &Located<Mount>, name: &str) -> Diagnostic {
    let message = format!("each instance has a volume {name} of its own");
    Diagnostic::warning(Code::Approximated, message)
        .at(mount.span, "a task on another instance finds another one, or an empty one")
        .help(
            "`x-ecs: efs` at the volume is one for all instances; or keep the tasks on one with \
             `deploy.placement.constraints`",
        )
        .service(owner.name())
}

/// The file system behind a host name of EFS: `fs-….efs.eu-west-1.amazonaws.com` (EFS user guide,
/// "Mounting on Amazon EC2 with a DNS name").
fn file_system_of(host: &str) -> Option<&str> {
    let (first, rest) = host.split_once(".efs.")?;
    // A mount target's name has its zone in front.
    let id = first.rsplit('.').next().unwrap_or(first);
    (id.starts_with("fs-") && rest.contains(".amazonaws.com")).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_file_systems() {
        for (host, found) in [
            ("eu-west-1a.fs-1.efs.eu-west-1.amazonaws.com", Some("fs-1")),
            ("nas.local", None),
            ("fs-1.efs.example.com", None),
        ] {
            assert_eq!(file_system_of(host), found, "{host}");
        }
        for (text, found) in [
            (":/", ("", "/")),
            (":base", ("", "base")),
            ("/base", ("", "/base")),
            ("nas.local:/a:/b", ("nas.local", "/a:/b")),
            ("[fd00::1]:/a", ("[fd00::1]", "/a")),
        ] {
            assert_eq!(device(text), found, "{text}");
        }
    }
}
