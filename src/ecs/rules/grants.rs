//! Statements of the policies of roles.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value as Json;

use super::secrets::Grant;
use super::{firelens, image, logging};
use crate::ecs::translate::context::Context;
use crate::ecs::translate::survey::Member;
use crate::ecs::translate::unit::Unit;

// The keys below stand in order, so that the documents are the same bytes whether or not serde_json
// keeps the order of insertion.

/// A statement; one resource stands in it without a list.
pub(crate) fn allow(actions: &[&str], mut resources: Vec<String>) -> Json {
    resources.sort_unstable();
    resources.dedup();
    let resource = match resources.len() {
        1 => Json::from(resources.remove(0)),
        _ => Json::from(resources),
    };
    let members =
        [("Action", Json::from(actions)), ("Effect", Json::from("Allow")), ("Resource", resource)];
    members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// A policy of these statements; nothing where there are none, which IAM does not take.
pub(crate) fn document(statements: Vec<Json>) -> Option<String> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Policy {
        statement: Vec<Json>,
        version: &'static str,
    }
    if statements.is_empty() {
        return None;
    }
    serde_json::to_string(&Policy { statement: statements, version: "2012-10-17" }).ok()
}

/// Writing to exactly the log groups of a unit, and making those that the driver makes.
pub(crate) fn logs(cx: &Context<'_>, unit: &Unit<'_>) -> Vec<Json> {
    let services = unit.members.iter().map(|member| member.service);
    let mut places: Vec<_> = services.filter_map(|s| logging::place(cx, s)).collect();
    if firelens::router(unit) == Some(firelens::Router::Sidecar) {
        places.push(firelens::own_place(cx));
    }
    let arn = |place: &logging::Place, end: &str| {
        let (partition, account) = (&cx.facts.partition, &cx.facts.account);
        let logging::Place { group, region, prefix: _, creates: _, is_own: _ } = place;
        format!("arn:{partition}:logs:{region}:{account}:log-group:{group}{end}")
    };
    let mut statements = Vec::new();
    // The service authorization reference names the group, and AWS's own policies its streams.
    let created = places.iter().filter(|place| place.creates);
    let made: Vec<_> = created.flat_map(|place| [arn(place, ""), arn(place, ":*")]).collect();
    if !made.is_empty() {
        statements.push(allow(&["logs:CreateLogGroup"], made));
    }
    let written: Vec<_> = places.iter().map(|place| arn(place, ":*")).collect();
    if !written.is_empty() {
        statements.push(allow(&["logs:CreateLogStream", "logs:PutLogEvents"], written));
    }
    statements
}

/// What a secret or parameter is that is given by ARN, or by name.
pub(crate) fn named(cx: &Context<'_>, name: &str) -> Grant {
    let parts: Vec<&str> = name.split(':').collect();
    match parts.get(2) {
        Some(&"ssm") => Grant::Parameter(name.to_owned()),
        // What follows the name are a key, a stage and a version.
        Some(&"secretsmanager") => Grant::Secret(parts.get(..7).unwrap_or(&parts).join(":")),
        // Secrets Manager ends each ARN with six random characters.
        _ => Grant::Secret(cx.arn("secretsmanager", &format!("secret:{name}-??????"))),
    }
}

/// Reading exactly these secrets, parameters and files of variables (ECS developer guide, "Task
/// execution IAM role"). A key of KMS other than AWS's own would need `kms:Decrypt`; none is named.
pub(crate) fn reads(grants: BTreeSet<Grant>) -> Vec<Json> {
    let (mut secrets, mut parameters) = (Vec::new(), Vec::new());
    let (mut objects, mut buckets) = (Vec::new(), Vec::new());
    for grant in grants {
        match grant {
            Grant::Secret(arn) => secrets.push(arn),
            Grant::Parameter(arn) => parameters.push(arn),
            Grant::Object(object, bucket) => {
                objects.push(object);
                buckets.push(bucket);
            }
        }
    }
    let all = [
        ("secretsmanager:GetSecretValue", secrets),
        ("ssm:GetParameters", parameters),
        ("s3:GetObject", objects),
        ("s3:GetBucketLocation", buckets),
    ];
    let some = all.into_iter().filter(|(_, resources)| !resources.is_empty());
    some.map(|(action, resources)| allow(&[action], resources)).collect()
}

/// The secrets that ECS reads to pull a service's image and to start its log driver.
pub(crate) fn secrets_of(member: &Member<'_>) -> impl Iterator<Item = String> {
    let service = member.service;
    let options = service.logging.iter().flat_map(|logging| logging.value.options.values());
    let options = options.filter(|value| {
        matches!(logging::driver(service), logging::Driver::Splunk | logging::Driver::Firelens)
            && logging::is_secret(&value.value)
    });
    let pull = service
        .extension
        .pull_credentials
        .iter()
        .filter(|_| !image::is_pushed(member) && member.cached.is_none());
    options.chain(pull).map(|value| value.value.clone())
}
