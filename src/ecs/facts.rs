//! What the translation must know of the world.

mod balancer;
mod cache_rule;
mod dockerfile;
mod network;
mod path;

use std::collections::BTreeMap;
use std::path::PathBuf;

// The words in which a file asks for a network are those in which it is known.
pub use crate::compose::model::{Cidr, Nat};
pub use balancer::{BalancerFacts, ListenerFacts, OpenPorts};
pub use cache_rule::CacheRule;
pub use dockerfile::{CopyFacts, DockerfileFacts};
pub use network::{MadeNetwork, NetworkFacts, Origin, SubnetFacts, WayOut, subnet_id, vpc_id};
pub use path::{MOST_BYTES, PathFacts, PathKind, holds_a_key, is_configuration, looks_like_a_key};

/// Facts about the account, the network and the images. Offline, each unknown fact is a named
/// placeholder such as `${aws.account}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// `aws`, `aws-cn`, `aws-us-gov`
    pub partition: String,
    /// Twelve digits.
    pub account: String,
    /// Such as `eu-west-1`.
    pub region: String,
    /// Where the project's tasks and load balancer live.
    pub network: NetworkFacts,
    /// By ARN: what is known of the load balancers that are there already.
    pub balancers: BTreeMap<String, BalancerFacts>,
    /// By Compose service: what is known of the image that is built for it.
    pub images: BTreeMap<String, ImageFacts>,
    /// By reference: the repository of the account's registry in which an image that is to be mirrored
    /// stands by itself; see [`CacheRule`].
    pub cached: BTreeMap<String, String>,
    /// By reference: what an image that is run as it is is called by its digest.
    pub pinned: BTreeMap<String, String>,
    /// The ARNs of secrets that others made, by their names in Secrets Manager.
    pub secrets: BTreeMap<String, String>,
    /// What is known of the files and directories that are mounted, by their absolute paths; those
    /// outside the project are never looked at.
    pub paths: BTreeMap<PathBuf, PathFacts>,
    /// By Compose service: what the Dockerfile says of the image that is built for it, where it is on
    /// this machine.
    pub dockerfiles: BTreeMap<String, DockerfileFacts>,
    /// By domain: the ARN of the certificate that was found for it.
    pub certificates: BTreeMap<String, String>,
    /// By name in the DNS: the id of the hosted zone that takes its records.
    pub zones: BTreeMap<String, String>,
}

/// What is known of a built image before it is built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageFacts {
    /// The tag that names its content; see `images`.
    pub tag: String,
}

impl Facts {
    /// Nothing is known: every fact is a placeholder, except a region that was given.
    #[must_use]
    pub fn offline(region: Option<&str>) -> Self {
        Self {
            partition: region.map_or("aws", partition).to_owned(),
            account: placeholder("aws.account"),
            region: region.map_or_else(|| placeholder("aws.region"), str::to_owned),
            network: NetworkFacts::offline(),
            balancers: BTreeMap::new(),
            images: BTreeMap::new(),
            cached: BTreeMap::new(),
            pinned: BTreeMap::new(),
            secrets: BTreeMap::new(),
            paths: BTreeMap::new(),
            dockerfiles: BTreeMap::new(),
            certificates: BTreeMap::new(),
            zones: BTreeMap::new(),
        }
    }
}

/// What stands for a fact that nobody knows yet.
pub(crate) fn placeholder(name: &str) -> String {
    format!("${{{name}}}")
}

/// The partition of a region (AWS General Reference, "Amazon Resource Names"); botocore's
/// `partitions.json` has their patterns.
fn partition(region: &str) -> &'static str {
    match region.split('-').next() {
        Some("cn") => "aws-cn",
        _ if region.starts_with("us-gov-") => "aws-us-gov",
        Some("eusc") => "aws-eusc",
        _ => "aws",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_says_its_partition() {
        let of = |region| Facts::offline(region).partition;
        assert_eq!(of(Some("cn-north-1")), "aws-cn");
        assert_eq!(of(Some("us-gov-west-1")), "aws-us-gov");
        assert_eq!(of(Some("eusc-de-east-1")), "aws-eusc");
        assert_eq!((of(Some("eu-west-1")).as_str(), of(None).as_str()), ("aws", "aws"));
    }
}
