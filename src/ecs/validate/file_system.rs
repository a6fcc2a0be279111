use super::text::{is, is_placeholder};
use super::{Report, Unique, tags};
use crate::ecs::desired::{AccessPoint, FileSystem, Kind, MountTarget};

fn token(token: &str, report: &mut Report<'_>) {
    if !is(token, 1, 64, |c| c.is_ascii_graphic()) {
        report.fault(format!("{token:?} is no token"), "EFS takes 1 to 64 ASCII characters");
    }
}

/// `efs CreateFileSystem`
pub(super) fn file_system(system: &FileSystem, report: &mut Report<'_>) {
    token(&system.creation_token, report);
    tags::upper(&system.tags, report);
}

/// `efs CreateMountTarget`: one a zone, so never two in one subnet.
pub(super) fn mount_target(target: &MountTarget, unique: &mut Unique, report: &mut Report<'_>) {
    let subnet = target.subnet_id.to_string();
    if target.subnet_id.reference().is_some() || !is_placeholder(&subnet) {
        unique.take(Kind::MountTarget, &subnet, report);
    }
    if target.security_groups.len() > 5 {
        report.fault("more than five security groups", "a mount target takes five");
    }
}

/// `efs CreateAccessPoint`
pub(super) fn access_point(point: &AccessPoint, unique: &mut Unique, report: &mut Report<'_>) {
    token(&point.client_token, report);
    unique.take(Kind::AccessPoint, &point.client_token, report);
    let path = &point.root_directory.path;
    if !is_path(path) {
        report.fault(
            format!("{path:?} is no path of an access point"),
            "EFS takes up to 100 characters in up to four directories that do not start with \
                a dot, without `$#<>;`|&?{}^*`",
        );
    }
    let info = &point.root_directory.creation_info;
    let permissions = &info.permissions;
    let octal = permissions.bytes().all(|b| (b'0'..=b'7').contains(&b));
    if !(octal && (3..=4).contains(&permissions.len())) {
        report.fault(format!("{permissions:?} are no permissions"), "write 0755, say");
    }
    for id in [info.owner_uid, info.owner_gid] {
        if !(0..=4_294_967_295).contains(&id) {
            report.fault(format!("{id} is no user or group id"), "EFS takes 0 to 4294967295");
        }
    }
    tags::upper(&point.tags, report);
}

fn is_path(path: &str) -> bool {
    let Some(rest) = path.strip_prefix('/') else { return false };
    let directories: Vec<_> = rest.split('/').collect();
    path.len() <= 100
        && (rest.is_empty()
            || (directories.len() <= 4
                && directories.iter().all(|directory| {
                    !directory.is_empty()
                        && !directory.starts_with('.')
                        && !directory.contains(|c| "$#<>;`|&?{}^*\n".contains(c))
                })))
}
