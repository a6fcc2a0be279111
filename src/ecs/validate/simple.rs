//! Resources with little more than a name.

use super::text::{is, is_ecs_name, is_placeholder};
use super::{Report, Unique, tags};
use crate::ecs::desired::{Body, Cluster, Image, Kind, LogGroup, Namespace, Repository, Secret};
use crate::ecs::rules::log_group::RETENTION_DAYS;
use crate::ecs::rules::secrets::{has_suffix, is_secret_name};

pub(super) fn cluster(cluster: &Cluster, report: &mut Report<'_>) {
    let Cluster { cluster_name, capacity_providers: _, tags } = cluster;
    if !is_ecs_name(cluster_name) {
        report.fault(
            format!("{cluster_name:?} is no cluster name"),
            "ECS takes 1 to 255 letters, digits, `_` and `-`",
        );
    }
    tags::lower(tags, report);
}

pub(super) fn namespace(namespace: &Namespace, report: &mut Report<'_>) {
    let Namespace { name, tags } = namespace;
    if !is(name, 1, 1024, |c| c.is_ascii_graphic()) || name.starts_with("arn:") {
        report.fault(
            format!("{name:?} is no namespace name"),
            "Cloud Map takes up to 1024 printable ASCII characters without spaces",
        );
    }
    tags::upper(tags, report);
}

pub(super) fn log_group(group: &LogGroup, unique: &mut Unique, report: &mut Report<'_>) {
    let name = &group.create.log_group_name;
    if !is(name, 1, 512, |c| c.is_ascii_alphanumeric() || ".-_/#".contains(c)) {
        report.fault(
            format!("{name:?} is no log group name"),
            "CloudWatch Logs takes 1 to 512 letters, digits and `.-_/#`",
        );
    }
    if group.retention.log_group_name != *name {
        report.fault("the retention is for another group", "this is a fault of decklift");
    }
    let days = group.retention.retention_in_days;
    if !RETENTION_DAYS.contains(&days) {
        report.fault(
            format!("events cannot be kept for {days} days"),
            format!("CloudWatch Logs takes one of {RETENTION_DAYS:?}"),
        );
    }
    unique.take(Kind::LogGroup, name, report);
    tags::check(group.create.tags.iter(), report);
}

/// `CreateSecret` (Secrets Manager API reference)
pub(super) fn secret(secret: &Secret, unique: &mut Unique, report: &mut Report<'_>) {
    let Secret { name, description, tags } = secret;
    if !is_placeholder(name) && (!is_secret_name(name) || has_suffix(name)) {
        report.fault(
            format!("{name:?} is no name for a secret"),
            "Secrets Manager takes 1 to 512 letters, digits and `/_+=.@-`, not ending with a \
                hyphen and six characters",
        );
    }
    if description.chars().count() > 2048 {
        report.fault("the description is too long", "Secrets Manager takes 2048 characters");
    }
    unique.take(Kind::Secret, name, report);
    tags::upper(tags, report);
}

pub(super) fn repository(repository: &Repository, unique: &mut Unique, report: &mut Report<'_>) {
    let Repository {
        repository_name: name,
        image_tag_mutability: mutability,
        image_scanning_configuration: _,
        encryption_configuration,
        lifecycle_policy_text,
        tags,
    } = repository;
    if !matches!(mutability.as_str(), "MUTABLE" | "IMMUTABLE") {
        report.fault(format!("tags are {mutability:?}"), "ECR takes MUTABLE and IMMUTABLE");
    }
    let key = encryption_configuration.as_ref().map(|encryption| encryption.kms_key.as_str());
    if key.is_some_and(|key| !is(key, 1, 2048, |c| c.is_ascii_graphic())) {
        report.fault("the encryption key is not taken", "ECR takes an alias, an id or an ARN");
    }
    if lifecycle_policy_text.as_ref().is_some_and(|text| !(100..=30_720).contains(&text.len())) {
        report.fault("the lifecycle policy is not taken", "ECR takes 100 to 30720 characters");
    }
    let good = (2..=256).contains(&name.len()) && name.split('/').all(is_repository_segment);
    if !good && !is_placeholder(name) {
        report.fault(
            format!("{name:?} is no repository name"),
            "ECR takes lower-case letters and digits, with single separators `.`, `_`, `__`, \
                `-` and `/` inside, 2 to 256 characters",
        );
    }
    unique.take(Kind::Repository, name, report);
    tags::upper(tags, report);
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*` (ECR API reference, `CreateRepository`)
fn is_repository_segment(segment: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    segment.starts_with(plain)
        && segment.ends_with(plain)
        && segment
            .split(plain)
            .all(|run| matches!(run, "" | "." | "_" | "__") || run.bytes().all(|b| b == b'-'))
}

pub(super) fn image(image: &Image, report: &mut Report<'_>) {
    let Image {
        repository_name,
        registry: _,
        shared,
        image_tag,
        platform: _,
        base: _,
        assets,
        stop_signal: _,
        cleared: _,
    } = image;
    let takes = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if !is(image_tag, 1, 128, takes) || image_tag.starts_with(['.', '-']) {
        report.fault(
            format!("{image_tag:?} is no image tag"),
            "a tag has up to 128 letters, digits, `.`, `_` and `-`, and starts with none of \
                the last",
        );
    }
    let mut targets = std::collections::BTreeSet::new();
    for asset in assets {
        if !asset.target.starts_with('/') || !targets.insert(&asset.target) {
            report.fault(
                format!("{:?} cannot be put into the image", asset.target),
                "each path is absolute, and stands once",
            );
        }
    }
    let Some(resource) = report.resource else { return };
    // A push names no attribute of it, and waits for it.
    let known = resource.waits.iter().any(|(id, _)| {
        let body = report.desired.resources.get(id).map(|repository| &repository.body);
        matches!(body, Some(Body::Repository(r)) if r.repository_name == *repository_name)
    });
    if !known && !shared {
        report.fault(
            format!("there is no repository {repository_name:?} to push to"),
            "this is a fault of decklift",
        );
    }
}
