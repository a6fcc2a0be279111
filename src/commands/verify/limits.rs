//! What the account may have, and what its people may do.

use std::collections::BTreeMap;

use futures_util::future::{join_all, join3};

use super::Ground;
use super::facts::fault;
use crate::apply::{Cloud, CloudError};
use crate::commands::prepare;
use crate::commands::turn::DEFAULT_ENVIRONMENT;
use crate::ecs::desired::{Body, Kind, ResourceId};
use crate::ecs::{to_look_up, translate};
use crate::export::{Deployer, iam_policy};
use crate::release::folder;
use crate::verify::{self, Counts, Finding, Permission, QUOTAS, role_of, without_given_roles};

/// Quotas, the caller's permissions, and those of roles that are given. A sandbox has none of them.
pub(super) async fn all(ground: &Ground<'_>) -> Vec<Finding> {
    if ground.session.global.sandbox {
        return vec![Finding::note("permissions", "a sandbox has neither permissions nor quotas")];
    }
    let (quotas, caller, roles) = join3(quotas(ground), caller(ground), given(ground)).await;
    [quotas, caller, roles].concat()
}

async fn quotas(ground: &Ground<'_>) -> Vec<Finding> {
    const CHECK: &str = "quotas";
    if !ground.has_network {
        return Vec::new();
    }
    let limits = join_all(QUOTAS.iter().map(|quota| ground.aws.quota(quota)));
    let looked = join3(ground.aws.observe(ground.desired), counts(ground), limits);
    let (actual, counts, limits) = looked.await;
    let (actual, counts) = match (actual, counts) {
        (Ok(actual), Ok(counts)) => (actual, counts),
        // What is there under a wanted name may be somebody else's.
        (Err(error), _) => return vec![fault("stack", "what is deployed", &error, None)],
        (_, Err(error)) => return vec![Finding::unanswered(CHECK, "quotas", &error)],
    };
    let limits: BTreeMap<_, _> = QUOTAS.iter().zip(limits).collect();
    let mut found = Vec::new();
    let mut refused = None;
    for used in verify::used(ground.desired, &actual, &counts) {
        match limits.get(&used.quota) {
            Some(Ok(Some(limit))) => found.push(verify::weigh(&used, *limit)),
            Some(Err(error)) => refused = Some(error),
            Some(Ok(None)) | None => {
                let message = format!("Service Quotas does not tell `{}` here", used.quota.name);
                found.push(Finding::note(CHECK, message));
            }
        }
    }
    found.extend(refused.map(|error| Finding::unanswered(CHECK, "quotas", error)));
    found
}

/// What is there of what quotas count.
async fn counts(ground: &Ground<'_>) -> Result<Counts, CloudError> {
    let Ground { aws, facts, desired, .. } = ground;
    let named = join_all(facts.balancers.keys().map(|arn| async move {
        Ok::<_, CloudError>((arn.clone(), aws.count_on_balancer(arn).await?))
    }));
    let cluster = aws.look_at_cluster(desired.cluster_name());
    let (cluster, balancers, named) = join3(cluster, aws.count_balancers(), named).await;
    let (balancers, groups) = balancers?;
    let services = cluster?.map_or(0, |(_, services)| services);
    let named = named.into_iter().collect::<Result<_, _>>()?;
    Ok(Counts { services, balancers, groups, named })
}

/// What the caller may not do of what `iam-policy` lists.
async fn caller(ground: &Ground<'_>) -> Vec<Finding> {
    const CHECK: &str = "permissions";
    let arn = &ground.identity.arn;
    let Some(caller) = role_of(arn) else {
        let message =
            format!("what {arn} may do cannot be simulated: it is no user or role of IAM");
        return vec![Finding::note(CHECK, message)];
    };
    let wanted = verify::permissions_of(&iam_policy(ground.desired, &deployer(ground)));
    let principal = ground.aws.principal(&caller).await;
    let help = "`decklift iam-policy` prints the policy that the caller needs";
    match ground.aws.simulate(&principal, &wanted).await {
        Err(error) => vec![Finding::unanswered(CHECK, &principal, &error)],
        Ok(denied) if denied.is_empty() => {
            let count: usize = wanted.iter().map(|permission| permission.actions.len()).sum();
            vec![Finding::ok(CHECK, format!("{principal} may do all {count} that a deploy takes"))]
        }
        Ok(denied) => verify::denied(CHECK, &principal, &denied, help),
    }
}

fn deployer(ground: &Ground<'_>) -> Deployer {
    let project = &ground.app.project;
    let environment = ground.session.global.environment.as_deref().unwrap_or(DEFAULT_ENVIRONMENT);
    Deployer {
        project: project.name.clone(),
        environment: environment.to_owned(),
        partition: ground.identity.partition.clone(),
        region: ground.aws.region().to_owned(),
        account: ground.identity.account.clone(),
        releases: folder(&project.name, environment),
        finds_certificate: !ground.facts.certificates.is_empty(),
        secrets: to_look_up(project).into_keys().collect(),
        pull_credentials: prepare::pull_secrets(ground.app),
        verifies: false,
    }
}

/// Whether roles that are given may do what decklift would let its own do: what a task needs to start,
/// and what the file asks for besides.
async fn given(ground: &Ground<'_>) -> Vec<Finding> {
    const CHECK: &str = "roles";
    if ground.names.roles.is_empty() {
        return Vec::new();
    }
    let project = without_given_roles(&ground.app.project);
    let environment = ground.session.global.environment.as_deref();
    let desired = translate(&project, environment, ground.facts).desired;
    let each = ground.names.roles.iter().filter_map(|used| {
        let service = used.named.service.as_deref()?;
        let id = match used.key {
            "execution_role" => ResourceId::new(Kind::Role, service),
            _ => ResourceId::new(Kind::Role, format!("{service}+task")),
        };
        let Body::Role(role) = &desired.resources.get(&id)?.body else { return None };
        let document = &role.policy.as_ref()?.policy_document;
        Some((used, verify::permissions_of(document)))
    });
    let each = each.map(|(used, wanted): (_, Vec<Permission>)| async move {
        let Ok(Some(role)) = ground.aws.look_at_role(used.name()).await else {
            // That it is not there, or may not be looked at, is told elsewhere.
            return Vec::new();
        };
        let help = "add a policy to the role, or take it out of the file: decklift makes one that \
                    may do just that";
        let found = match ground.aws.simulate(&role.arn, &wanted).await {
            Err(error) => vec![Finding::unanswered(CHECK, &role.arn, &error)],
            Ok(denied) if denied.is_empty() => {
                let message = format!("{} may do what its tasks need", used.named.text);
                vec![Finding::ok(CHECK, message)]
            }
            Ok(denied) => verify::denied(CHECK, &used.named.text, &denied, help),
        };
        found.into_iter().map(|finding| finding.of(&used.named)).collect()
    });
    join_all(each).await.concat()
}
