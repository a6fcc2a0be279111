//! Named volumes on EFS: one file system a project, one access point a volume, one mount target a
//! zone.

use std::collections::BTreeMap;

use super::mounts::{OtherVolume, OwnVolume, Place};
use super::security_groups::{add_group, add_rule, file_system_group, id_of};
use super::{bridge, tags, volume_owners};
use crate::compose::model::Volume;
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{
    AccessPoint, Attribute, Body, CreationInfo, EfsAuthorizationConfig, EfsVolumeConfiguration,
    FileSystem, Kind, MountTarget, ResourceId, RootDirectory, TaskVolume, Value,
};
use crate::ecs::translate::context::{Context, Output, file_system_id, upper};
use crate::ecs::translate::names::{Grammar, fit, short_hash, with_hash};
use crate::ecs::translate::survey::Member;
use crate::source::Span;

/// The port of NFS, which EFS speaks (EFS user guide, "Using VPC security groups").
const NFS: u16 = 2049;

fn access_point_id(volume: &str) -> ResourceId {
    ResourceId::new(Kind::AccessPoint, volume)
}

/// The volume of a task behind an access point of the project's.
pub(crate) fn task_volume(name: &str, access_point: &str) -> TaskVolume {
    TaskVolume {
        name: name.to_owned(),
        host: None,
        docker_volume_configuration: None,
        configured_at_launch: None,
        s3_files_volume_configuration: None,
        efs_volume_configuration: Some(EfsVolumeConfiguration {
            file_system_id: Value::From(file_system_id(), Attribute::Id),
            root_directory: None,
            // ECS API reference, EFSAuthorizationConfig: an access point needs it.
            transit_encryption: "ENABLED".to_owned(),
            transit_encryption_port: None,
            authorization_config: Some(EfsAuthorizationConfig {
                access_point_id: Some(Value::From(access_point_id(access_point), Attribute::Id)),
                iam: "DISABLED".to_owned(),
            }),
        }),
    }
}

/// The volume of a task on a file system that somebody else made.
pub(crate) fn other_volume(name: &str, other: &OtherVolume) -> TaskVolume {
    let OtherVolume { file_system, access_point, iam, root } = other;
    let authorization = || EfsAuthorizationConfig {
        access_point_id: access_point.clone().map(Value::Known),
        iam: if *iam { "ENABLED" } else { "DISABLED" }.to_owned(),
    };
    TaskVolume {
        name: name.to_owned(),
        host: None,
        docker_volume_configuration: None,
        configured_at_launch: None,
        s3_files_volume_configuration: None,
        efs_volume_configuration: Some(EfsVolumeConfiguration {
            file_system_id: Value::Known(file_system.clone()),
            root_directory: root.clone(),
            transit_encryption: "ENABLED".to_owned(),
            transit_encryption_port: None,
            authorization_config: (*iam || access_point.is_some()).then(authorization),
        }),
    }
}

/// Adds the file system and what leads to it, where any service mounts a named volume.
pub(crate) fn add(cx: &Context<'_>, members: &[Member<'_>], out: &mut Output) {
    let mut used: BTreeMap<&str, (&OwnVolume<'_>, Span)> = BTreeMap::new();
    let mut users: Vec<&Member<'_>> = Vec::new();
    for member in members {
        let mut mounts_any = false;
        for stored in &member.stored {
            if let Place::Own(volume) = &stored.place {
                used.entry(&volume.id).or_insert((volume, stored.mount.span));
                mounts_any = true;
            }
        }
        if mounts_any {
            users.push(member);
        }
    }
    let Some(&(_, origin)) = used.values().next() else { return };
    let id = file_system_id();
    let name = fit(&cx.stack, Grammar::Token);
    let body = FileSystem {
        creation_token: cx.name("data", Grammar::Token),
        encrypted: true,
        performance_mode: "generalPurpose".to_owned(),
        throughput_mode: "elastic".to_owned(),
        tags: cx.named_tags(&id, &name),
    };
    out.add(id, Body::FileSystem(Box::new(body)), None, Some(origin));
    add_mount_targets(cx, &users, origin, out);
    // Several access points may be of one volume, which is looked at once.
    let owners = volume_owners::owners(cx, members, out);
    let mut creations: BTreeMap<&str, CreationInfo> = BTreeMap::new();
    for (own, span) in used.into_values() {
        let mut creation = match own.volume {
            None => default_creation(),
            Some((name, volume)) => {
                creations.entry(name).or_insert_with(|| creation(name, volume, out)).clone()
            }
        };
        let says = |key: &str| own.volume.is_some_and(|(_, v)| v.driver_opts.contains_key(key));
        if let Some((uid, gid)) =
            owners.get(&*own.id).copied().filter(|_| !says("uid") && !says("gid"))
        {
            (creation.owner_uid, creation.owner_gid) = (uid, gid);
        }
        add_access_point(cx, own, creation, span, out);
    }
}

fn add_mount_targets(cx: &Context<'_>, users: &[&Member<'_>], origin: Span, out: &mut Output) {
    let group = file_system_group();
    let description = "Lets tasks reach the file system".to_owned();
    add_group(cx, group.clone(), description, None, Some(origin), out);
    for (name, from) in bridge::nfs_sources(cx, users) {
        let place = (None, Some(origin));
        add_rule(format!("efs-{name}"), group.clone(), Some(NFS), from, place, out);
    }
    for (zone, subnet) in &cx.facts.network.zone_subnets {
        let body = MountTarget {
            file_system_id: Value::From(file_system_id(), Attribute::Id),
            subnet_id: subnet.clone(),
            security_groups: vec![id_of(group.clone())],
        };
        let id = ResourceId::new(Kind::MountTarget, format!("data-{zone}"));
        out.add(id, Body::MountTarget(Box::new(body)), None, Some(origin));
    }
}

fn add_access_point(
    cx: &Context<'_>,
    own: &OwnVolume<'_>,
    creation_info: CreationInfo,
    mount: Span,
    out: &mut Output,
) {
    let id = access_point_id(&own.id);
    let path = own.directory.clone();
    let origin = own.volume.map_or(mount, |(_, volume)| volume.span);
    let CreationInfo { owner_uid, owner_gid, permissions } = &creation_info;
    let name = format!("{}-{}", cx.stack, own.id);
    // Nothing of an access point can be changed, and a token with other parameters is refused: the
    // token carries them.
    let parameters = format!("{name}:{path}:{owner_uid}:{owner_gid}:{permissions}");
    let readable = fit(&name, Grammar::Token);
    let readable = readable.strip_suffix(&format!("-{}", short_hash(&name))).unwrap_or(&readable);
    let mut tags = cx.tags(&id);
    if !tags.contains_key("Name") {
        tags.insert("Name", fit(&name, Grammar::SecurityGroup));
    }
    if let Some((_, volume)) = own.volume {
        tags::add_volume_labels(volume, &mut tags, out);
    }
    let body = AccessPoint {
        client_token: with_hash(readable, &parameters, Grammar::Token.max()),
        file_system_id: Value::From(file_system_id(), Attribute::Id),
        tags: upper(tags),
        root_directory: RootDirectory { path, creation_info },
    };
    out.add(id, Body::AccessPoint(Box::new(body)), None, Some(origin));
}

/// Root, as in a volume that Docker makes; without a POSIX user, so that entrypoints may `chown`.
fn default_creation() -> CreationInfo {
    CreationInfo { owner_uid: 0, owner_gid: 0, permissions: "0755".to_owned() }
}

/// The options of a volume: `uid`, `gid` and `permissions` are the directory's.
fn creation(name: &str, volume: &Volume, out: &mut Output) -> CreationInfo {
    // mounts.rs: where it lives; tags.rs: the labels.
    let Volume {
        span,
        name: outside,
        external,
        driver,
        driver_opts,
        labels: _,
        storage: _,
        settings: _,
    } = volume;
    if *external {
        let message = format!("nobody says where the external volume {name} is on AWS");
        let help = "name its file system: `x-ecs: {efs: fs-…}` at the volume, or `name: fs-…`; or take `external` \
            away, for an empty one";
        out.say(Diagnostic::error(Code::Refused, message).at(*span, "").help(help));
    } else if let Some(outside) = outside {
        let diagnostic = Diagnostic::note(Code::Ignored, "a volume's `name` has no effect on ECS");
        let help = "the volume becomes an EFS access point that is named after its key";
        out.say(diagnostic.at(outside.span, "").help(help));
    }
    if let Some(driver) = driver.as_ref().filter(|d| !matches!(d.value.as_str(), "" | "local")) {
        let message =
            format!("the volume {name} lives on EFS, not where {:?} would put it", driver.value);
        let help =
            "it starts empty; `x-ecs: {efs: fs-…}` at the volume names a file system that is there";
        out.say(Diagnostic::warning(Code::Approximated, message).at(driver.span, "").help(help));
        return default_creation();
    }
    let mut creation = default_creation();
    if let Some(device) = driver_opts.get("device") {
        let message = format!("the volume {name} lives on EFS, not at {:?}", device.value);
        let help =
            "it starts empty; `x-ecs: {efs: fs-…}` at the volume names a file system that is there";
        out.say(Diagnostic::warning(Code::Approximated, message).at(device.span, "").help(help));
    }
    let has_device = driver_opts.contains_key("device");
    for (key, value) in driver_opts {
        if has_device && matches!(key.as_str(), "device" | "type" | "o") {
            continue;
        }
        let id = value.value.parse::<i64>().ok().filter(|id| (0..=4_294_967_295).contains(id));
        let good = match (key.as_str(), id) {
            ("uid", Some(id)) => {
                creation.owner_uid = id;
                true
            }
            ("gid", Some(id)) => {
                creation.owner_gid = id;
                true
            }
            ("permissions", _) => {
                let text = &value.value;
                let good =
                    matches!(text.len(), 3 | 4) && text.bytes().all(|b| matches!(b, b'0'..=b'7'));
                if good {
                    creation.permissions.clone_from(text);
                }
                good
            }
            ("uid" | "gid", None) => false,
            _ => {
                let message = format!("the volume option {key:?} has no effect on EFS");
                let help = "the volume lives on EFS, which is NFS already; `uid`, `gid` and `permissions` are taken";
                out.say(
                    Diagnostic::warning(Code::Approximated, message).at(value.span, "").help(help),
                );
                true
            }
        };
        if !good {
            let message = format!("{:?} is no value of {key}", value.value);
            let help = "write a number such as 1000, or permissions such as 0755";
            out.say(Diagnostic::error(Code::InvalidValue, message).at(value.span, "").help(help));
        }
    }
    creation
}
