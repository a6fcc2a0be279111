//! What a task's role must allow for file systems that ask who mounts them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::rules::mounts::Place;
use crate::ecs::translate::context::{Context, Output};
use crate::ecs::translate::unit::Unit;
use crate::source::{Located, Span};

/// A mount of a file system that asks who mounts it.
struct Asking {
    /// What its actions begin with.
    service: &'static str,
    arn: String,
    has_access_point: bool,
    read_only: bool,
    span: Span,
}

/// Those of a unit: S3 Files always ask, EFS where `iam` says so.
fn all(cx: &Context<'_>, unit: &Unit<'_>) -> Vec<Asking> {
    let stored = unit.members.iter().flat_map(|member| &member.stored);
    let asking = stored.filter_map(|stored| {
        let (read_only, span) = (stored.mount.value.read_only, stored.mount.span);
        let of = |service, arn, has_access_point| Asking {
            service,
            arn,
            has_access_point,
            read_only,
            span,
        };
        match &stored.place {
            Place::S3(volume) => {
                let has_access_point = volume.access_point_arn.is_some();
                Some(of("s3files", volume.file_system_arn.clone(), has_access_point))
            }
            Place::Other(other) if other.iam => {
                let (partition, account) = (&cx.facts.partition, &cx.facts.account);
                let (region, id) = (&cx.facts.region, &other.file_system);
                let arn = format!(
                    "arn:{partition}:elasticfilesystem:{region}:{account}:file-system/{id}"
                );
                Some(of("elasticfilesystem", arn, other.access_point.is_some()))
            }
            _ => None,
        }
    });
    asking.collect()
}

/// What a task needs to mount them, a statement a file system (Amazon S3 user guide, "How S3 Files
/// works with IAM"; Amazon EFS user guide, "Using IAM to control access to file systems": without
/// `ClientRootAccess` root is nobody, and could not set owners up).
pub(super) fn grants(cx: &Context<'_>, unit: &Unit<'_>) -> Vec<Json> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for asking in all(cx, unit) {
        let Asking { service, arn, has_access_point, read_only, .. } = asking;
        let actions = found.entry(arn).or_default();
        actions.insert(format!("{service}:ClientMount"));
        if !read_only {
            actions.insert(format!("{service}:ClientWrite"));
        }
        if !has_access_point {
            actions.insert(format!("{service}:ClientRootAccess"));
        }
    }
    let statement = |(arn, actions)| json!({"Action": actions, "Effect": "Allow", "Resource": arn});
    found.into_iter().map(statement).collect()
}

/// Says what a role that is used as it is must allow.
pub(super) fn say_needs(
    cx: &Context<'_>,
    unit: &Unit<'_>,
    role: &Located<String>,
    out: &mut Output,
) {
    let Some(asking) = all(cx, unit).into_iter().next() else { return };
    let needs = format!(
        "the role must allow `{}:ClientMount`, `ClientWrite` and, without an access point, \
         `ClientRootAccess` on the file system",
        asking.service
    );
    let what = match asking.service {
        "s3files" => "S3 Files opens as far as the role lets it",
        _ => "the file system opens as far as the role lets it",
    };
    out.say(
        Diagnostic::note(Code::Approximated, what)
            .at(role.span, "")
            .at(asking.span, "")
            .help(needs)
            .service(unit.name()),
    );
}
