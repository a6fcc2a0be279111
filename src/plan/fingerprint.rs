use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::ecs::desired::Body;

/// What revisions of task definitions were registered with: fingerprints by `family:revision`.
///
/// A revision never changes (ECS API reference, `RegisterTaskDefinition`), so what was true of it once
/// is true for ever, and need not be read again.
pub type Fingerprints = BTreeMap<String, String>;

/// What the releases' records say, so that AWS need not be asked for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Of revisions.
    pub fingerprints: Fingerprints,
    /// Whether the last release reached all that was asked for, and the same is asked for now but for
    /// what task definitions say: then nothing can have left the file since.
    pub is_unchanged: bool,
}

/// How many bytes of the hash are kept: enough that no two revisions of a family have one fingerprint
/// by chance, and few enough for a release's record.
const BYTES: usize = 9;

/// Stands for everything that a task definition says; nothing where it is not known yet what that is,
/// and for any other kind of body.
#[must_use]
pub fn fingerprint(body: &Body) -> Option<String> {
    let Body::TaskDefinition(task) = body else { return None };
    if !body.references().is_empty() {
        return None;
    }
    let mut task = task.clone();
    // Tags may change, and are not what tasks are made of.
    task.tags.clear();
    let text = serde_json::to_string(&task).ok()?;
    Some(URL_SAFE_NO_PAD.encode(&Sha256::digest(text)[..BYTES]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ecs::desired::{Kind, Value};
    use crate::ecs::testing::{resource, run, service};

    #[test]
    fn it_stands_for_what_is_known_and_for_nothing_else() {
        let done = run(vec![service("web", "nginx")]);
        let body = &resource(&done, Kind::TaskDefinition, "web").body;
        // Its role is not made yet.
        assert_eq!(fingerprint(body), None);
        let whole = body.resolve(&|_, _| Some("arn:aws:iam::1:role/web".to_owned()));
        let print = fingerprint(&whole).expect("a fingerprint");
        assert_eq!(print.len(), 12);
        let other = body.resolve(&|_, _| Some("arn:aws:iam::1:role/other".to_owned()));
        assert_ne!(fingerprint(&other).as_ref(), Some(&print));
        let Body::TaskDefinition(mut task) = whole.clone() else { panic!("no task definition") };
        task.tags.clear();
        assert_eq!(fingerprint(&Body::TaskDefinition(task.clone())).as_ref(), Some(&print));
        task.container_definitions[0].image = Value::from("nginx:2");
        assert_ne!(fingerprint(&Body::TaskDefinition(task)).as_ref(), Some(&print));
        assert_eq!(fingerprint(&resource(&done, Kind::Service, "web").body), None);
    }
}
