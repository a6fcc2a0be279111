//! Who changed: the Compose file, or AWS behind decklift's back.
//!
//! What was wanted of a resource when it was last deployed stands on it as a short hash, in a tag that
//! is read with all others. Where the file asks for the same as then, what differs was changed in AWS.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Change, DESIRED_COUNT, Observed, SECRET_VALUE};
use crate::ecs::desired::{Body, Desired, Kind};

/// The tag that holds the hash.
pub const FINGERPRINT: &str = "decklift:hash";

/// The tag that everything carries which decklift makes.
const MADE_FOR: &str = "decklift:resource";

/// What a resource takes (AWS tagging documentation, "Tag naming limits and requirements").
const MOST_TAGS: usize = 50;

/// Hexadecimal digits of the hash.
const DIGITS: usize = 12;

/// What a difference comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// Something else is wanted than was when the resource was last deployed: by the Compose file, or
    /// by what it is translated with.
    File,
    /// The same is wanted as then, so somebody else changed it.
    Drift,
}

/// Writes what is wanted of each resource on it, where decklift reads its tags back. References count
/// as such, so that a new revision of a task definition changes nothing about its service.
pub fn sign(desired: &mut Desired) {
    for resource in desired.resources.values_mut().filter(|resource| is_signed(resource.id.kind)) {
        // Somebody's own tags go before.
        if resource.body.tags().len() >= MOST_TAGS {
            continue;
        }
        let text = serde_json::to_string(&resource.body).unwrap_or_default();
        let mut hash = hex::encode(Sha256::digest(text.as_bytes()));
        hash.truncate(DIGITS);
        resource.body.set_tag(FINGERPRINT, &hash);
    }
}

/// Task definitions never change, and the tags of the others are not read, or there are none.
fn is_signed(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Cluster
            | Kind::Namespace
            | Kind::PrivateNamespace
            | Kind::DnsName
            | Kind::Secret
            | Kind::Role
            | Kind::SecurityGroup
            | Kind::FileSystem
            | Kind::AccessPoint
            | Kind::LoadBalancer
            | Kind::TargetGroup
            | Kind::Listener
            | Kind::ListenerRule
            | Kind::Service
            | Kind::ScalableTarget
            | Kind::ScheduleGroup
    )
}

/// Where the differences between what is wanted and what there is come from; nothing where it cannot
/// be told.
pub(super) fn of(want: &Body, observed: &Observed, changes: &[Change]) -> Option<Cause> {
    if !observed.tags_known || !changes.iter().any(is_own) {
        return None;
    }
    let mut have = observed.body.tags();
    if let Body::TaskDefinition(_) = want {
        // A revision never changes: the newest one is decklift's, or somebody else registered it.
        let made = have.contains_key(MADE_FOR);
        return Some(if made { Cause::File } else { Cause::Drift });
    }
    let have = have.remove(FINGERPRINT)?;
    let want = want.tags().remove(FINGERPRINT)?;
    Some(if have == want { Cause::Drift } else { Cause::File })
}

/// Whether a difference is about the resource itself, and does not follow from another one's, or from
/// a deploy that was cut short.
fn is_own(change: &Change) -> bool {
    let follows = |text: &String| text.contains("${");
    !is_fingerprint(change)
        && change.path != "taskDefinition"
        && change.path != SECRET_VALUE
        && !(change.path == DESIRED_COUNT && change.from.as_deref() == Some("0"))
        && !change.to.as_ref().is_some_and(follows)
}

/// Whether a difference is that of the hash alone.
pub(super) fn is_fingerprint(change: &Change) -> bool {
    change.path.contains(FINGERPRINT)
}

impl Change {
    /// Whether this is bookkeeping, and nothing that anybody would see.
    #[must_use]
    pub fn is_bookkeeping(&self) -> bool {
        is_fingerprint(self)
    }
}
