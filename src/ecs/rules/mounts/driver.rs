//! `driver` and `driver_opts` of a named volume.

use super::{OtherVolume, Owner, Place, own, tmpfs};
use crate::compose::model::{Mount, Volume};
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
    if owner.service.on_instances()
        && let Some(volume) = volume.filter(|volume| !volume.external)
        && let Some(place) = on_the_instance(volume, driver)
    {
        return place;
    }
    if !matches!(driver, "" | "local") {
        return own(owner, mount, name, volume, out);
    }
    match option("type") {
        Some("tmpfs") => tmpfs::place(owner, mount, name, option("o").unwrap_or_default(), out),
        Some("nfs" | "nfs4") => {
            let host =
                option("o").unwrap_or_default().split(',').find_map(|o| o.strip_prefix("addr="));
            match host.and_then(file_system_of) {
                Some(file_system) => {
                    let device = option("device").unwrap_or_default().trim_start_matches(':');
                    let whole = device.trim_matches('/').is_empty();
                    let parts = (!whole).then_some(device).into_iter();
                    let path: Vec<_> = parts.chain(mount.value.subpath.as_deref()).collect();
                    let root = path
                        .iter()
                        .map(|p| format!("/{}", p.trim_matches('/')))
                        .collect::<String>();
                    Place::Other(OtherVolume {
                        file_system: file_system.to_owned(),
                        access_point: None,
                        root: (!root.is_empty()).then_some(root),
                    })
                }
                None => own(owner, mount, name, volume, out),
            }
        }
        _ => own(owner, mount, name, volume, out),
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
    }
}
