//! `image` and `build`: where a service's image comes from.

use super::platform::docker_platform;
use super::{build, repository};
use crate::compose::model::{Service, ecr_host};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{
    Attribute, Body, Image, ImageRegistry, Kind, RepositoryCredentials, ResourceId, Value,
};
use crate::ecs::translate::context::{Context, Output};
use crate::ecs::translate::survey::Member;
use crate::source::Located;

pub(crate) use super::repository::repository_name;

/// Whether a service's image is pushed: it is built, or files are put on top of it, or what it says
/// itself is taken out of it.
pub(crate) fn is_pushed(member: &Member<'_>) -> bool {
    let service = member.service;
    service.build.is_some()
        || !member.assets.is_empty()
        || is_mirrored(member)
        || service.image.is_some() && cleared(service).next().is_some()
}

/// What is an empty list in the file, which clears the image's own. Nothing documents that ECS would
/// do so; the image itself can.
fn cleared(service: &Service) -> impl Iterator<Item = &'static str> {
    let is_empty = |list: &Option<Located<Vec<String>>>| {
        list.as_ref().is_some_and(|list| list.value.is_empty())
    };
    [("entrypoint", is_empty(&service.entrypoint)), ("command", is_empty(&service.command))]
        .into_iter()
        .filter_map(|(what, is_empty)| is_empty.then_some(what))
}

/// Whether a service's image is copied into the project's own registry: `x-ecs.mirror`, where that does
/// not fetch it by itself.
fn is_mirrored(member: &Member<'_>) -> bool {
    wants_mirror(member.service) && member.cached.is_none()
}

fn wants_mirror(service: &Service) -> bool {
    service.extension.mirror.as_ref().is_some_and(|mirror| mirror.value)
}

/// The repository in which an image that is to be mirrored stands by itself.
pub(crate) fn cached<'a>(cx: &Context<'a>, service: &Service) -> Option<&'a str> {
    let image = service.image.as_ref().filter(|_| wants_mirror(service))?;
    cx.facts.cached.get(&image.value).map(String::as_str)
}

/// Of an image that is called by its digest: what it is called by its tag, for people, and for a day on
/// which its registry does not answer.
pub(crate) fn tagged(cx: &Context<'_>, member: &Member<'_>) -> Option<String> {
    let image = member.service.image.as_ref().filter(|_| !is_pushed(member))?;
    let image = &image.value;
    cx.facts.pinned.get(image)?;
    Some(member.cached.map_or_else(|| image.clone(), |place| in_cache(cx, place, image)))
}

/// An image where the account's registry fetches it, by the tag or the digest in `known`.
fn in_cache(cx: &Context<'_>, repository: &str, known: &str) -> String {
    let registry =
        ImageRegistry { account: cx.facts.account.clone(), region: cx.facts.region.clone() };
    let name = known.rsplit('/').next().unwrap_or(known);
    let place = match (name.split_once('@'), name.split_once(':')) {
        (Some((_, digest)), _) => format!("@{digest}"),
        (None, Some((_, tag))) => format!(":{tag}"),
        (None, None) => ":latest".to_owned(),
    };
    format!("{}/{repository}{place}", registry.host())
}

/// Adds the repository and the image of a service whose image is pushed.
pub(crate) fn add(cx: &Context<'_>, member: &Member<'_>, out: &mut Output) {
    if !is_pushed(member) {
        return;
    }
    let service = member.service;
    let name = &service.name.value;
    build::check(service, out);
    let build = service.build.as_ref().map(|build| build.span);
    let span = build.or(service.image.as_ref().map(|image| image.span));
    let repository = repository::add(cx, service, span.unwrap_or(service.span()), out);
    let repository_name = repository_name(cx, name);
    let image = ResourceId::new(Kind::Image, name);
    let image_tag = match cx.facts.images.get(name) {
        Some(facts) => facts.tag.clone(),
        None => format!("${{image.{name}.tag}}"),
    };
    let base = service.image.as_ref().filter(|_| build.is_none());
    let body = Body::Image(Box::new(Image {
        repository_name,
        registry: repository::registry(cx),
        shared: repository::is_shared(cx),
        image_tag,
        platform: docker_platform(service).to_owned(),
        base: base.map(|base| base.value.clone()),
        assets: member.assets.clone(),
        stop_signal: service.stop_signal.as_ref().map(|signal| signal.value.clone()),
        cleared: cleared(service).map(str::to_owned).collect(),
    }));
    out.add(image.clone(), body, Some(name), span);
    // A push names the repository, but needs no attribute of it.
    if let Some(repository) = repository {
        out.wait(&image, repository);
    }
}

/// How ECS logs in to the registry of the service's image.
pub(crate) fn credentials(member: &Member<'_>, out: &mut Output) -> Option<RepositoryCredentials> {
    let service = member.service;
    let given = service.extension.pull_credentials.as_ref()?;
    let image = service.image.as_ref().map_or("", |image| image.value.as_str());
    if service.build.is_some() || private_ecr(image).is_some() {
        out.say(
            Diagnostic::warning(Code::Ignored, "ECS needs no credentials to pull from ECR")
                .at(given.span, "")
                .help("take `pull_credentials` away: the execution role may pull the image")
                .service(&service.name.value),
        );
        return None;
    }
    // With files on top of it, or by a rule of the account's, it is pulled from ECR.
    if is_pushed(member) || member.cached.is_some() {
        return None;
    }
    Some(RepositoryCredentials { credentials_parameter: given.value.clone() })
}

/// What the container's `image` says.
pub(crate) fn reference(cx: &Context<'_>, member: &Member<'_>) -> Value {
    match &member.service.image {
        _ if is_pushed(member) => {
            Value::From(ResourceId::new(Kind::Image, member.name()), Attribute::Uri)
        }
        Some(image) if member.cached.is_some() => {
            let known = cx.facts.pinned.get(&image.value).unwrap_or(&image.value);
            Value::Known(in_cache(cx, member.cached.unwrap_or_default(), known))
        }
        Some(image) => {
            Value::Known(cx.facts.pinned.get(&image.value).unwrap_or(&image.value).clone())
        }
        // The loader refuses a service with neither.
        None => Value::default(),
    }
}

/// The repository in this account's or another account's ECR that an image is pulled from, as the
/// resource of an ARN: region, account and repository.
pub(crate) fn private_ecr(reference: &str) -> Option<(&str, &str, &str)> {
    let (registry, rest) = reference.split_once('/')?;
    let (account, region) = ecr_host(registry)?;
    let repository = rest.split(['@', ':']).next()?;
    (!repository.is_empty()).then_some((region, account, repository))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::ecs::desired::IMAGE_LABEL;
    use crate::ecs::testing::{at, built, container, facts, has, project, resource, run, service};
    use crate::ecs::{facts::Facts, translate};

    #[test]
    fn a_built_service_has_a_repository_and_an_image() {
        let mut web = built("web");
        web.image = Some(at("acme/web:1".to_owned()));
        let done = run(vec![web]);
        assert_eq!(container(&done, "web").image.to_string(), "${image/web/uri}");
        let Body::Repository(repository) = &resource(&done, Kind::Repository, "web").body else {
            panic!("no repository")
        };
        assert_eq!(repository.repository_name, "shop/web");
        assert!(repository.image_scanning_configuration.scan_on_push);
        let image = resource(&done, Kind::Image, "web");
        assert_eq!(
            image.body,
            Body::Image(Box::new(Image {
                repository_name: "shop/web".to_owned(),
                registry: None,
                shared: false,
                image_tag: "c-0123".to_owned(),
                platform: "linux/amd64".to_owned(),
                base: None,
                assets: Vec::new(),
                stop_signal: None,
                cleared: Vec::new()
            }))
        );
        assert_eq!(image.waits[0].0, ResourceId::new(Kind::Repository, "web"));
    }

    #[test]
    fn offline_the_tag_is_a_placeholder() {
        let done = translate(&project(vec![built("web")]), None, &Facts::offline(None));
        let Body::Image(image) = &resource(&done, Kind::Image, "web").body else {
            panic!("no image")
        };
        assert_eq!(image.image_tag, "${image.web.tag}");
    }

    #[test]
    fn an_image_is_called_by_its_digest_where_that_is_known() {
        let by_digest = "acme/web@sha256:0".to_owned();
        let known = BTreeMap::from([("acme/web:1".to_owned(), by_digest.clone())]);
        let facts = Facts { pinned: known, ..facts() };
        let services = vec![service("web", "acme/web:1"), service("store", "redis:7")];
        let done = translate(&project(services), None, &facts);
        assert_eq!(container(&done, "web").image.to_string(), by_digest);
        assert_eq!(container(&done, "web").docker_labels[IMAGE_LABEL], "acme/web:1");
        assert!(container(&done, "store").docker_labels.is_empty());
        assert_eq!(container(&done, "store").image.to_string(), "redis:7");
    }

    #[test]
    fn what_the_account_s_registry_fetches_by_itself_is_not_copied() {
        let mut web = service("web", "nginx:1.27");
        web.extension.mirror = Some(at(true));
        web.extension.pull_credentials = Some(at("arn:of:a:secret".to_owned()));
        let repository = "docker-hub/library/nginx".to_owned();
        let cached = BTreeMap::from([("nginx:1.27".to_owned(), repository)]);
        let place = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/docker-hub/library/nginx";
        let digest = BTreeMap::from([("nginx:1.27".to_owned(), "nginx@sha256:0".to_owned())]);
        for (pinned, end) in [(BTreeMap::new(), ":1.27"), (digest, "@sha256:0")] {
            let facts = Facts { cached: cached.clone(), pinned, ..facts() };
            let done = translate(&project(vec![web.clone()]), None, &facts);
            assert!(!has(&done, Kind::Repository, "web") && !has(&done, Kind::Image, "web"));
            let web = container(&done, "web");
            assert_eq!(web.image.to_string(), format!("{place}{end}"));
            let label = web.docker_labels.get(IMAGE_LABEL);
            assert_eq!(
                label.map(str::to_owned),
                end.starts_with('@').then(|| format!("{place}:1.27"))
            );
            assert_eq!(container(&done, "web").repository_credentials, None);
        }
    }

    #[test]
    fn an_image_is_used_as_it_is() {
        let done = run(vec![service("web", "docker.io/acme/web:1")]);
        assert_eq!(container(&done, "web").image.to_string(), "docker.io/acme/web:1");
        assert!(!has(&done, Kind::Repository, "web") && !has(&done, Kind::Image, "web"));
    }

    #[test]
    fn images_in_ecr_are_recognised() {
        assert_eq!(
            private_ecr("123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/api:1"),
            Some(("eu-west-1", "123456789012", "team/api"))
        );
        assert_eq!(private_ecr("public.ecr.aws/docker/library/redis"), None);
        assert_eq!(private_ecr("x.dkr.ecr.eu-west-1.amazonaws.com/api"), None);
    }
}
