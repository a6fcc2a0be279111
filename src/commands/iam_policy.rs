use super::Session;
use super::prepare;
use super::turn::DEFAULT_ENVIRONMENT;
use crate::cli::IamPolicyArgs;
use crate::ecs::desired::Body;
use crate::ecs::facts::Facts;
use crate::ecs::{certificate_domain, to_look_up};
use crate::error::Error;
use crate::export::{Deployer, MANAGED_POLICY, iam_policy, policy_size};
use crate::release::folder;

/// `decklift iam-policy`
pub(super) fn run(session: &Session, arguments: &IamPolicyArgs) -> Result<(), Error> {
    let app = prepare::read(session, arguments.strict)?;
    let pull_credentials = prepare::pull_secrets(&app);
    let prepare::App { desired, project, .. } = app;
    let facts = Facts::offline(prepare::region(session, &project).as_deref());
    let environment = session.global.environment.as_deref().unwrap_or(DEFAULT_ENVIRONMENT);
    let needs_certificate = desired
        .resources
        .values()
        .any(|resource| matches!(&resource.body, Body::Listener(l) if !l.certificates.is_empty()));
    let deployer = Deployer {
        project: project.name.clone(),
        environment: environment.to_owned(),
        partition: facts.partition,
        region: facts.region,
        account: arguments.account.clone().unwrap_or(facts.account),
        releases: folder(&project.name, environment),
        finds_certificate: needs_certificate && certificate_domain(&project.extension).is_some(),
        secrets: to_look_up(&project).into_keys().collect(),
        pull_credentials,
        verifies: arguments.verify,
    };
    // What the translation makes of names has the placeholders of an account that it does not know.
    let policy = iam_policy(&desired, &deployer)
        .replace("${aws.account}", &deployer.account)
        .replace("${aws.region}", &deployer.region);
    session.screen.data(&policy);
    if policy.contains("${aws.") {
        session.notify(
            "fill in ${aws.account} and ${aws.region}, or name them: --account ID --region REGION",
        );
    }
    let size = policy_size(&policy);
    if size > MANAGED_POLICY {
        session.notify(&format!(
            "the policy has {size} characters, and a managed policy takes {MANAGED_POLICY}: spread its \
             statements over several",
        ));
    }
    Ok(())
}
