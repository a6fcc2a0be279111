//! `image` and `build`: where a service's image comes from, and for which machine.

use crate::compose::model::{Build, Service};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{
    Attribute, Body, Image, ImageScanning, Kind, Repository, ResourceId, RuntimePlatform, Value,
};
use crate::ecs::translate::context::{Context, Output};
use crate::ecs::translate::names::{Grammar, fit};
use crate::ecs::translate::survey::Member;
use crate::ecs::translate::unit::Unit;
use crate::source::Located;

/// The ECR repository of a service that is built.
pub(crate) fn repository_name(cx: &Context<'_>, service: &str) -> String {
    let (stack, service) = (fit(&cx.stack, Grammar::Repository), fit(service, Grammar::Repository));
    format!("{stack}/{service}")
}

/// Whether a service's image is pushed to the project's own registry: it is built, or files are laid
/// over it.
pub(crate) fn is_pushed(member: &Member<'_>) -> bool {
    member.service.build.is_some() || !member.supply.assets.is_empty()
}

/// Adds the repository and the image of a service whose image is pushed.
pub(crate) fn add(cx: &Context<'_>, member: &Member<'_>, out: &mut Output) {
    let service = member.service;
    let name = &service.name.value;
    if !is_pushed(member) {
        return;
    }
    let span = service.build.as_ref().map(|build| build.span);
    let span = span.or(service.image.as_ref().map(|image| image.span));
    let repository = ResourceId::new(Kind::Repository, name);
    let repository_name = repository_name(cx, name);
    let body = Repository {
        repository_name: repository_name.clone(),
        image_tag_mutability: "MUTABLE".to_owned(),
        image_scanning_configuration: ImageScanning { scan_on_push: true },
        tags: cx.upper_tags(&repository),
    };
    out.add(repository.clone(), Body::Repository(body), Some(name), span);
    let image = ResourceId::new(Kind::Image, name);
    let image_tag = match cx.facts.images.get(name) {
        Some(facts) => facts.tag.clone(),
        None => format!("${{image.{name}.tag}}"),
    };
    let base = match service.build {
        Some(_) => None,
        None => service.image.as_ref().map(|image| image.value.clone()),
    };
    let assets = member.supply.assets.clone();
    let body = Body::Image(Image { repository_name, image_tag, base, assets });
    out.add(image.clone(), body, Some(name), span);
    // A push names the repository, but needs no attribute of it.
    out.wait(&image, repository);
}

/// What the container's `image` says.
pub(crate) fn reference(member: &Member<'_>) -> Value {
    match &member.service.image {
        _ if is_pushed(member) => {
            Value::From(ResourceId::new(Kind::Image, member.name()), Attribute::Uri)
        }
        Some(image) => Value::Known(image.value.clone()),
        // The loader refuses a service with neither.
        None => Value::default(),
    }
}

/// The repository in this account's or another account's ECR that an image is pulled from, as the
/// resource of an ARN: region, account and repository.
pub(crate) fn private_ecr(reference: &str) -> Option<(&str, &str, &str)> {
    let (registry, rest) = reference.split_once('/')?;
    let (account, host) = registry.split_once(".dkr.ecr.")?;
    let region = host.strip_suffix(".amazonaws.com").or(host.strip_suffix(".amazonaws.com.cn"))?;
    let repository = rest.split(['@', ':']).next()?;
    let digits = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
    (digits && !repository.is_empty()).then_some((region, account, repository))
}

/// The machine of a unit's task: what its services say, else what most images have.
pub(crate) fn runtime_platform(unit: &Unit<'_>, out: &mut Output) -> RuntimePlatform {
    let mut first: Option<(&'static str, &Located<String>)> = None;
    for service in unit.members.iter().map(|member| member.service) {
        let Some(platform) = platform(service) else { continue };
        let Some(architecture) = architecture(&platform.value) else {
            let message = format!("Fargate does not run {:?}", platform.value);
            out.say(
                Diagnostic::error(Code::Refused, message)
                    .at(platform.span, "")
                    .help("use `linux/amd64` or `linux/arm64`")
                    .service(&service.name.value),
            );
            continue;
        };
        match first {
            None => first = Some((architecture, platform)),
            Some((other, place)) if other != architecture => {
                let message = "the services of one task want two kinds of machine";
                out.say(
                    Diagnostic::error(Code::Conflict, message)
                        .at(platform.span, "")
                        .at(place.span, "")
                        .help("write one `platform` at all of them, or give one a task of its own")
                        .service(&service.name.value),
                );
            }
            Some(_) => {}
        }
    }
    RuntimePlatform {
        cpu_architecture: first.map_or("X86_64", |(architecture, _)| architecture).to_owned(),
        operating_system_family: "LINUX".to_owned(),
    }
}

/// `platform`, else the one platform that `build.platforms` names.
fn platform(service: &Service) -> Option<&Located<String>> {
    let built = service.build.as_ref().and_then(|build| {
        // Everything else of a build is the business of `images`.
        let Build { context: _, dockerfile: _, args: _, target: _, labels: _, platforms } =
            &build.value;
        match platforms.as_slice() {
            [one] => Some(one),
            _ => None,
        }
    });
    service.platform.as_ref().or(built)
}

/// A platform of Docker's as ECS calls it.
fn architecture(platform: &str) -> Option<&'static str> {
    match platform.to_ascii_lowercase().as_str() {
        "linux/amd64" | "linux/x86_64" | "linux/x86-64" => Some("X86_64"),
        "linux/arm64" | "linux/arm64/v8" | "linux/aarch64" => Some("ARM64"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Severity;
    use crate::ecs::testing::{
        at, built, container, facts, has, loud, project, resource, run, service, task,
    };
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
            Body::Image(Image {
                repository_name: "shop/web".to_owned(),
                image_tag: "c-0123".to_owned(),
                base: None,
                assets: Vec::new(),
            })
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
    fn an_image_is_used_as_it_is() {
        let done = run(vec![service("web", "docker.io/acme/web:1")]);
        assert_eq!(container(&done, "web").image.to_string(), "docker.io/acme/web:1");
        assert!(!has(&done, Kind::Repository, "web") && !has(&done, Kind::Image, "web"));
    }

    #[test]
    fn platforms() {
        for (platform, wanted) in [
            (None, "X86_64"),
            (Some("linux/amd64"), "X86_64"),
            (Some("linux/arm64"), "ARM64"),
            (Some("linux/arm64/v8"), "ARM64"),
        ] {
            let mut web = service("web", "acme/web");
            web.platform = platform.map(|p| at(p.to_owned()));
            let done = run(vec![web]);
            assert_eq!(task(&done, "web").runtime_platform.cpu_architecture, wanted);
        }
        let mut web = service("web", "acme/web");
        web.platform = Some(at("windows/amd64".to_owned()));
        assert_eq!(loud(&run(vec![web]).diagnostics), [(Severity::Error, Code::Refused)]);
    }

    #[test]
    fn the_one_platform_of_a_build_is_the_task_s() {
        let mut web = built("web");
        web.build.as_mut().expect("built").value.platforms = vec![at("linux/arm64".to_owned())];
        let done = translate(&project(vec![web]), None, &facts());
        assert_eq!(task(&done, "web").runtime_platform.cpu_architecture, "ARM64");
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
