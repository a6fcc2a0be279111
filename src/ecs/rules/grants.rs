//! Statements of the policies of roles.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::{firelens, logging};
use crate::compose::model::Service;
use crate::ecs::translate::context::Context;
use crate::ecs::translate::unit::Unit;

// The keys below stand in order, so that the documents are the same bytes whether or not serde_json
// keeps the order of insertion.

/// A statement; one resource stands in it without a list.
pub(crate) fn allow(actions: &[&str], mut resources: Vec<String>) -> Json {
    resources.sort_unstable();
    resources.dedup();
    let resources = match resources.as_slice() {
        [one] => json!(one),
        many => json!(many),
    };
    json!({"Action": actions, "Effect": "Allow", "Resource": resources})
}

/// A policy of these statements; nothing where there are none, which IAM does not take.
pub(crate) fn document(statements: Vec<Json>) -> Option<String> {
    let json = json!({"Statement": statements, "Version": "2012-10-17"});
    (!statements.is_empty()).then(|| json.to_string())
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

/// Reading exactly these secrets and parameters, named by ARN or by name.
pub(crate) fn secrets(cx: &Context<'_>, names: impl IntoIterator<Item = String>) -> Vec<Json> {
    let (mut secrets, mut parameters) = (BTreeSet::new(), BTreeSet::new());
    for name in names {
        let parts: Vec<&str> = name.split(':').collect();
        match parts.get(2) {
            Some(&"ssm") => _ = parameters.insert(name),
            // What follows the name are a key, a stage and a version.
            Some(&"secretsmanager") => {
                _ = secrets.insert(parts.get(..7).unwrap_or(&parts).join(":"));
            }
            // Secrets Manager ends each ARN with six random characters.
            _ => _ = secrets.insert(cx.arn("secretsmanager", &format!("secret:{name}-??????"))),
        }
    }
    let mut statements = Vec::new();
    if !secrets.is_empty() {
        let secrets = secrets.into_iter().collect();
        statements.push(allow(&["secretsmanager:GetSecretValue"], secrets));
    }
    if !parameters.is_empty() {
        statements.push(allow(&["ssm:GetParameters"], parameters.into_iter().collect()));
    }
    statements
}

/// The secrets that ECS reads to start a service's container and its log driver.
pub(crate) fn secrets_of(service: &Service) -> impl Iterator<Item = String> {
    let options = service.logging.iter().flat_map(|logging| logging.value.options.values());
    let options = options.filter(|value| {
        matches!(logging::driver(service), logging::Driver::Splunk | logging::Driver::Firelens)
            && logging::is_secret(&value.value)
    });
    let pull = service.extension.pull_credentials.iter().filter(|_| service.build.is_none());
    options.chain(pull).map(|value| value.value.clone())
}
