//! `x-ecs: {s3files: …}`: a file system of S3 Files, which somebody made over a bucket.

use super::{Owner, Place, TWO_DIRECTORIES, refused, subpath};
use crate::compose::model::{Launch, Mount, Storage};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::S3FilesVolume;
use crate::ecs::translate::context::{Context, Output};
use crate::source::Located;

/// What the file says.
pub(super) struct Chosen<'a> {
    /// `fs-…`, or the ARN
    pub(super) file_system: &'a str,
    /// `fsap-…`, or the ARN
    pub(super) access_point: Option<&'a str>,
    /// Where it stands.
    pub(super) chosen: &'a Located<Storage>,
}

/// A volume on S3 Files (ECS developer guide, "Configuring S3 Files for Amazon ECS").
pub(super) fn place<'a>(
    owner: &Owner<'a, '_>,
    mount: &Located<Mount>,
    given: &Chosen<'_>,
    out: &mut Output,
) -> Place<'a> {
    let Chosen { file_system, access_point, chosen } = given;
    if owner.service.launch() == Launch::Ec2 {
        let why = (
            "tasks on EC2 instances cannot mount S3 Files",
            "choose `launch: fargate` or `managed-instances`, or `efs`",
        );
        return refused(owner, mount, chosen, why, out);
    }
    if access_point.is_some() && mount.value.subpath.is_some() {
        return refused(owner, mount, chosen, TWO_DIRECTORIES, out);
    }
    let Some(parts) = subpath::parts(owner, mount, out) else { return Place::Nowhere };
    let file_system_arn = arn(owner.cx, file_system);
    let access_point_arn = access_point.map(|point| match point.starts_with("arn:") {
        true => point.to_owned(),
        false => format!("{file_system_arn}/access-point/{point}"),
    });
    out.say(
        Diagnostic::note(Code::Approximated, format!("{file_system} has to let the tasks in"))
            .at(chosen.span, "")
            .help(
                "the groups of its mount targets must let the project's groups in on port 2049; \
                `x-ecs.policies` may let the tasks read the bucket itself, which is faster",
            )
            .service(owner.name()),
    );
    Place::S3(S3FilesVolume {
        file_system_arn,
        root_directory: subpath::root(&parts),
        transit_encryption_port: None,
        access_point_arn,
    })
}

/// The ARN of a file system in the project's account and region.
fn arn(cx: &Context<'_>, file_system: &str) -> String {
    match file_system.starts_with("arn:") {
        true => file_system.to_owned(),
        false => cx.arn("s3files", &format!("file-system/{file_system}")),
    }
}
