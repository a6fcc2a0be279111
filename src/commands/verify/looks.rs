//! What the file names, looked at all at once.

use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::future::{join, join_all, join4, join5};

use super::Ground;
use crate::apply::CloudError;
use crate::ecs::desired::{Body, ImageRegistry};
use crate::images::Reference;
use crate::verify::{self, Finding, Named, RepositoryLook};

/// All of them, always in the same order.
pub(super) async fn all(ground: &Ground<'_>) -> Vec<Finding> {
    let first = join5(
        network(ground),
        roles(ground),
        policies(ground),
        secrets(ground),
        parameters(ground),
    );
    let second =
        join4(repositories(ground), file_systems(ground), certificates(ground), cluster(ground));
    let (
        (network, roles, policies, secrets, parameters),
        (repositories, files, certificates, cluster),
    ) = join(first, second).await;
    [network, cluster, roles, policies, secrets, parameters, repositories, files, certificates]
        .concat()
}

/// Why something was not seen, for whoever asked.
fn unanswered(
    ground: &Ground<'_>,
    check: &'static str,
    subject: &str,
    error: &CloudError,
) -> Option<Finding> {
    (!ground.by_the_way).then(|| Finding::unanswered(check, subject, error))
}

/// What was seen, judged; or why it was not seen.
fn judged<T>(
    ground: &Ground<'_>,
    check: &'static str,
    named: &Named,
    look: Result<T, CloudError>,
    judge: impl FnOnce(T) -> Vec<Finding>,
) -> Vec<Finding> {
    match look {
        Ok(look) => judge(look),
        Err(error) => {
            let finding = unanswered(ground, check, &named.text, &error);
            finding.map(|finding| finding.of(named)).into_iter().collect()
        }
    }
}

async fn network(ground: &Ground<'_>) -> Vec<Finding> {
    let Ground { aws, facts, names, .. } = ground;
    if !ground.has_network {
        return Vec::new();
    }
    // One that is made has nothing to be looked at yet.
    let Some(vpc) = facts.network.vpc_id.known() else { return Vec::new() };
    let ids: Vec<String> = names.groups.iter().map(|group| group.text.clone()).collect();
    let subnets = &facts.network.subnets;
    let endpoints = async {
        // They matter where nothing else leads out.
        match verify::closed(subnets).next() {
            Some(_) => aws.look_at_endpoints(vpc).await,
            None => Ok(Vec::new()),
        }
    };
    let (endpoints, groups) = join(endpoints, aws.look_at_groups(&ids)).await;
    let mut found = match endpoints {
        // Who deploys is told of addresses when it is known which tasks there are already.
        Ok(endpoints) if ground.by_the_way => {
            verify::ways_out(subnets, &endpoints, names.subnets.first()).into_iter().collect()
        }
        Ok(endpoints) => verify::subnets(subnets, &endpoints, tasks(ground), names.subnets.first()),
        Err(error) => unanswered(ground, "network", vpc, &error).into_iter().collect(),
    };
    match groups {
        Ok(groups) => found.extend(verify::groups(&names.groups, &groups, vpc)),
        Err(error) => {
            found.extend(unanswered(ground, "security-groups", "security groups", &error));
        }
    }
    found
}

/// How many tasks may run at once while everything rolls out.
fn tasks(ground: &Ground<'_>) -> i32 {
    let count = |body: &Body| match body {
        Body::Service(service) if !service.network_configuration.is_none() => {
            let most = service.deployment_configuration.maximum_percent.max(100);
            service.desired_count.saturating_mul(most) / 100
        }
        Body::Job(job) => job.count,
        _ => 0,
    };
    ground.desired.resources.values().map(|resource| count(&resource.body)).sum()
}

async fn roles(ground: &Ground<'_>) -> Vec<Finding> {
    let account = &ground.identity.account;
    let each = ground.names.roles.iter().map(|used| async move {
        // What is in another account is judged without looking: it may not be looked at.
        let look = match used.account().is_some_and(|other| other != account) {
            true => Ok(None),
            false => ground.aws.look_at_role(used.name()).await,
        };
        judged(ground, "roles", &used.named, look, |look| {
            vec![verify::role(used, look.as_ref(), account)]
        })
    });
    join_all(each).await.concat()
}

async fn policies(ground: &Ground<'_>) -> Vec<Finding> {
    let each = ground.names.policies.iter().map(|policy| async move {
        judged(ground, "roles", policy, ground.aws.has_policy(&policy.text).await, |there| {
            let finding = match there {
                true => Finding::ok("roles", format!("{} is there", policy.text)),
                false => Finding::failure("roles", format!("there is no policy {}", policy.text))
                    .help("correct the ARN: `aws iam list-policies` lists those that there are"),
            };
            vec![finding.of(policy)]
        })
    });
    join_all(each).await.concat()
}

async fn secrets(ground: &Ground<'_>) -> Vec<Finding> {
    let region = ground.aws.region();
    let each = ground.names.secrets.iter().map(|named| async move {
        let look = ground.aws.look_at_secret(named.secret_id()).await;
        judged(ground, "secrets", named, look, |look| verify::secret(named, look.as_ref(), region))
    });
    join_all(each).await.concat()
}

async fn parameters(ground: &Ground<'_>) -> Vec<Finding> {
    let wanted = &ground.names.parameters;
    if wanted.is_empty() {
        return Vec::new();
    }
    let names: Vec<String> = wanted.iter().map(|named| named.parameter_name().to_owned()).collect();
    match ground.aws.look_at_parameters(&names).await {
        Err(error) => {
            unanswered(ground, "secrets", &names.join(", "), &error).into_iter().collect()
        }
        Ok(there) => {
            let is_there = |named: &Named| there.iter().any(|name| name == named.parameter_name());
            let region = ground.aws.region();
            wanted.iter().map(|named| verify::parameter(named, is_there(named), region)).collect()
        }
    }
}

async fn repositories(ground: &Ground<'_>) -> Vec<Finding> {
    let account = &ground.identity.account;
    let existing = ground.names.repository.iter().map(|named| async move {
        let given = ground.app.project.extension.repositories.existing.as_ref();
        let registry = given.and_then(|given| given.value.registry.as_ref());
        let registry = registry.map(|(account, region)| ImageRegistry {
            account: account.clone(),
            region: region.clone(),
        });
        let look = ground.aws.look_at_repository(registry.as_ref(), &named.text, None).await;
        let owner = registry.map_or_else(|| account.clone(), |registry| registry.account);
        judged(ground, "repositories", named, look, |look| {
            verify::repository(named, &look, &owner, account)
        })
    });
    let images = ground.names.images.iter().map(|named| async move {
        let Some((registry, repository, image)) = in_ecr(&named.text) else { return Vec::new() };
        let look = match registry.account == *account && registry.region == ground.aws.region() {
            true => ground.aws.look_at_repository(None, &repository, Some(&image)).await,
            false => {
                ground.aws.look_at_repository(Some(&registry), &repository, Some(&image)).await
            }
        };
        judged(ground, "images", named, look, |look: RepositoryLook| {
            verify::repository(named, &look, &registry.account, account)
        })
    });
    let (mut found, images) = join(join_all(existing), join_all(images)).await;
    found.extend(images);
    found.concat()
}

/// Registry, repository, and tag or digest of an image in ECR.
fn in_ecr(image: &str) -> Option<(ImageRegistry, String, String)> {
    let reference = Reference::parse(image)?;
    let registry = ImageRegistry::of_host(&reference.registry)?;
    Some((registry, reference.repository, reference.tag))
}

async fn file_systems(ground: &Ground<'_>) -> Vec<Finding> {
    let network = &ground.facts.network;
    if !ground.has_network {
        return Vec::new();
    }
    let zones: Vec<String> = network.zone_subnets.iter().map(|(zone, _)| zone.clone()).collect();
    let Some(vpc) = network.vpc_id.known() else { return Vec::new() };
    let zones = &zones;
    let each = ground.names.file_systems.iter().map(|named| async move {
        let look = ground.aws.look_at_file_system(&named.text).await;
        judged(ground, "file-systems", named, look, |look| {
            vec![verify::file_system(named, look.as_ref(), zones, vpc)]
        })
    });
    join_all(each).await.concat()
}

async fn certificates(ground: &Ground<'_>) -> Vec<Finding> {
    let Some(named) = &ground.names.certificate else { return Vec::new() };
    let arn = match named.text.starts_with("arn:") {
        true => Some(&named.text),
        // One that was not found was told.
        false => ground.facts.certificates.get(&named.text),
    };
    let Some(arn) = arn else { return Vec::new() };
    let hosts: Vec<String> = ground
        .app
        .project
        .services
        .values()
        .flat_map(|service| &service.extension.http.host)
        .map(|host| host.value.clone())
        .collect();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    let look = ground.aws.look_at_certificate(arn).await;
    judged(ground, "certificates", named, look, |look| {
        verify::certificate(named, look.as_ref(), &hosts, now)
    })
}

async fn cluster(ground: &Ground<'_>) -> Vec<Finding> {
    let Some(named) = &ground.names.cluster else { return Vec::new() };
    let look = ground.aws.look_at_cluster(ground.desired.cluster_name()).await;
    let mut wanted: Vec<String> = ground
        .desired
        .resources
        .values()
        .flat_map(|resource| match &resource.body {
            Body::Service(service) => service.capacity_provider_strategy.clone(),
            Body::Job(job) => job.capacity_provider_strategy.clone(),
            _ => Vec::new(),
        })
        .map(|item| item.capacity_provider)
        .collect();
    wanted.sort();
    wanted.dedup();
    judged(ground, "cluster", named, look, |look| {
        verify::cluster(named, look.as_ref().map(|(providers, _)| providers.as_slice()), &wanted)
    })
}
