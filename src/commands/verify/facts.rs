//! What the translation must know, learned piece by piece, so that one fault does not hide another.

use std::collections::BTreeMap;

use futures_util::future::{join, join5};

use crate::apply::{CloudError, CloudErrorKind};
use crate::aws::{Aws, Identity, NetworkRequest};
use crate::commands::prepare::{self, App, Purpose};
use crate::commands::turn::DEFAULT_ENVIRONMENT;
use crate::commands::{Session, pinned, registries};
use crate::ecs::desired::ImageRegistry;
use crate::ecs::facts::Facts;
use crate::ecs::to_look_up;
use crate::images::{Engine, Images};
use crate::source::Span;
use crate::verify::Finding;

/// The facts, whether those of the network are among them, and what is wrong.
pub(super) async fn learn(
    session: &Session,
    app: &App,
    aws: &Aws,
    identity: &Identity,
) -> (Facts, bool, Vec<Finding>) {
    let environment = session.global.environment.as_deref().unwrap_or(DEFAULT_ENVIRONMENT);
    let request = prepare::network_request(app, Purpose::Plan, environment);
    let alone = NetworkRequest { existing: Vec::new(), certificate: None, ..request.clone() };
    let wanted = to_look_up(&app.project);
    let names: Vec<String> = wanted.keys().cloned().collect();
    let certificate = async {
        // A deploy into a sandbox has one issued.
        match request.certificate.as_ref().filter(|_| !session.global.sandbox) {
            Some(domain) => Some((domain.clone(), aws.find_certificate(domain).await)),
            None => None,
        }
    };
    let looked = join5(
        aws.facts(&alone),
        aws.look_at_balancers(&request.existing),
        certificate,
        aws.secret_arns(&names),
        images(session, app),
    );
    let ((network, balancers, certificate, secrets, images), cached) =
        join(looked, prepare::cached(session, app, aws)).await;
    let mut found = Vec::new();
    let offline = Facts::offline(Some(aws.region()));
    let has_network = network.is_ok();
    let mut facts = network.unwrap_or_else(|error| {
        found.push(fault("network", "the network", &error, network_place(app)));
        Facts {
            account: identity.account.clone(),
            partition: identity.partition.clone(),
            ..offline
        }
    });
    for (arn, balancer) in balancers {
        match balancer {
            Ok(balancer) => {
                facts.balancers.insert(arn, balancer);
            }
            Err(error) => {
                let place =
                    app.project.extension.load_balancers.iter().find(|b| b.value.arn == arn);
                found.push(fault("load-balancers", &arn, &error, place.map(|b| b.span)));
            }
        }
    }
    match certificate {
        Some((domain, Ok(arn))) => {
            facts.certificates.insert(domain, arn);
        }
        Some((domain, Err(error))) => {
            let place = app.project.extension.certificate.as_ref().map(|given| given.span);
            found.push(fault("certificates", &domain, &error, place));
        }
        None => {}
    }
    found.extend(by_name(&wanted, secrets, &mut facts));
    facts.paths.clone_from(&app.paths);
    facts.dockerfiles.clone_from(&app.dockerfiles);
    facts.cached = cached;
    facts.pinned = images.0;
    found.extend(images.1);
    (facts, has_network, found)
}

/// Secrets that the file knows by their names.
fn by_name(
    wanted: &BTreeMap<String, Span>,
    secrets: Result<BTreeMap<String, String>, CloudError>,
    facts: &mut Facts,
) -> Vec<Finding> {
    let there = match secrets {
        Ok(there) => there,
        Err(error) => return vec![fault("secrets", "secrets by name", &error, None)],
    };
    let mut found = Vec::new();
    for (name, span) in wanted {
        let finding = match there.contains_key(name) {
            true => Finding::ok("secrets", format!("{name} is there")),
            false => {
                let message =
                    format!("there is no secret {name} in Secrets Manager in {}", facts.region);
                Finding::failure("secrets", message).help(format!(
                    "make it with `aws secretsmanager create-secret --name {name} --secret-string \
                     file://FILE`, or correct its `name`"
                ))
            }
        };
        found.push(Finding { place: Some(*span), ..finding });
    }
    facts.secrets = there;
    found
}

/// What registries say of images that run as they are.
async fn images(session: &Session, app: &App) -> (pinned::Pinned, Vec<Finding>) {
    const CHECK: &str = "images";
    // Tasks in a sandbox pull from the engine's own images.
    if session.global.sandbox {
        return (pinned::Pinned::new(), Vec::new());
    }
    let images = registries::remembering(Images::new(Engine::detect().await.ok()));
    let asked = pinned::ask(&images, &app.project, &app.desired, &BTreeMap::new()).await;
    let mut found: Vec<Finding> = asked.faults.iter().map(super::of_diagnostic).collect();
    found.iter_mut().for_each(|finding| finding.check = CHECK);
    for (name, service) in &app.project.services {
        let Some(image) = service.image.as_ref().filter(|_| service.build.is_none()) else {
            continue;
        };
        // What is in ECR is asked of ECR, and what is private of whoever has its login.
        let is_asked_elsewhere = ImageRegistry::of_image(&image.value).is_some();
        let finding = if asked.pinned.contains_key(&image.value) {
            Finding::ok(CHECK, format!("{} is there for its platform", image.value))
        } else if is_asked_elsewhere || !asked.absent.contains(&image.value) {
            continue;
        } else if service.extension.pull_credentials.is_some() {
            let message =
                format!("{} could not be seen without its `pull_credentials`", image.value);
            Finding::warning(CHECK, message)
        } else {
            let message = format!("there is no image {}, or it is not for everybody", image.value);
            Finding::failure(CHECK, message).help(
                "correct its name or tag; where it is private, name a secret with its registry's login \
                 in x-ecs.pull_credentials, or copy it with `x-ecs: {mirror: true}`",
            )
        };
        found.push(Finding { place: Some(image.span), service: Some(name.clone()), ..finding });
    }
    (asked.pinned, found)
}

fn network_place(app: &App) -> Option<Span> {
    let extension = &app.project.extension;
    let vpc = extension.vpc.as_ref().map(|vpc| vpc.span);
    vpc.or_else(|| extension.subnets.first().map(|subnet| subnet.span))
}

/// What could not be learned: a failure, unless the caller may not ask.
pub(super) fn fault(
    check: &'static str,
    subject: &str,
    error: &CloudError,
    place: Option<Span>,
) -> Finding {
    let finding = match error.kind {
        CloudErrorKind::NotFound | CloudErrorKind::NotOurs => {
            Finding { help: error.help.clone(), ..Finding::failure(check, error.message.clone()) }
        }
        CloudErrorKind::Service if error.code.as_deref().is_some_and(|c| c.contains("Invalid")) => {
            Finding { help: error.help.clone(), ..Finding::failure(check, error.message.clone()) }
        }
        _ => Finding::unanswered(check, subject, error),
    };
    let finding = match (check, &finding.help) {
        ("network", None) => finding.help("correct x-ecs.vpc and x-ecs.subnets"),
        _ => finding,
    };
    Finding { place, ..finding }
}
