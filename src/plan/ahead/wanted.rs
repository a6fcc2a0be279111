//! What a release asked for, as short hashes.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use super::Ahead;
use super::glean::references;
use crate::ecs::desired::{Body, Desired, Kind, Resource, ResourceId};

/// How many bytes are kept: nobody looks for equal ones, and a release's record is small.
const BYTES: usize = 6;

/// What is wanted of the services, and of everything else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Stands for everything but what the services' task definitions say, and for what these refer to.
    pub base: String,
    /// By the names of services: stands for what their task definitions say, and for the images that
    /// are made for them.
    pub services: BTreeMap<String, String>,
}

/// What is desired. References count as such, so that it can be told before anything is looked up.
#[must_use]
pub fn wanted(desired: &Desired) -> Wanted {
    let services = desired.resources.values().filter(|resource| resource.id.kind == Kind::Service);
    let of_services: BTreeMap<&ResourceId, &str> = services
        .filter_map(|service| {
            Some((Ahead::definition(desired, &service.id)?, service.id.name.as_str()))
        })
        .collect();
    let mut base = Sha256::new();
    base.update(&desired.stack);
    base.update([u8::from(desired.cluster.is_some())]);
    base.update(desired.cluster_name());
    let mut of = BTreeMap::new();
    for (id, resource) in &desired.resources {
        if id.kind == Kind::Image {
            // It counts where it is run.
            continue;
        }
        let Resource { id: _, body, service, origin: _, waits, peers, restarts, stateful } =
            resource;
        base.update(format!("\n{id} {service:?} {waits:?} {peers:?} {restarts:?} {stateful} "));
        let json = serde_json::to_value(body).unwrap_or_default();
        match of_services.get(id) {
            Some(name) => {
                base.update(format!("{:?}", references(&json)));
                of.insert((*name).to_owned(), short(whole(desired, body, &json)));
            }
            None if id.kind == Kind::TaskDefinition => {
                base.update(whole(desired, body, &json).finalize());
            }
            None => base.update(json.to_string()),
        }
    }
    Wanted { base: short(base), services: of }
}

/// A task definition, with what its images are made of.
fn whole(desired: &Desired, body: &Body, json: &Json) -> Sha256 {
    let mut hasher = Sha256::new();
    hasher.update(json.to_string());
    let images: BTreeSet<ResourceId> =
        body.references().into_iter().filter(|id| id.kind == Kind::Image).collect();
    for image in images.iter().filter_map(|id| desired.resources.get(id)) {
        hasher.update(serde_json::to_string(&image.body).unwrap_or_default());
    }
    hasher
}

fn short(hasher: Sha256) -> String {
    URL_SAFE_NO_PAD.encode(&hasher.finalize()[..BYTES])
}
