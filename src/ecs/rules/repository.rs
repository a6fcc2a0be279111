//! `x-ecs.repositories`: the ECR repositories of what is built.

use serde_json::{Value, json};

use crate::compose::model::{Repositories, Service};
use crate::ecs::desired::{
    Body, ImageRegistry, ImageScanning, Kind, RELEASE_TAG, Repository, RepositoryEncryption,
    ResourceId,
};
use crate::ecs::translate::context::{Context, Output};
use crate::ecs::translate::names::{Grammar, fit};
use crate::source::Span;

/// More images than ECR lets stand in a repository under one tag pattern by any chance.
const ALL: u32 = 9999;

/// The ECR repository of a service that is built.
pub(crate) fn repository_name(cx: &Context<'_>, service: &str) -> String {
    if let Some(existing) = &cx.project.extension.repositories.existing {
        return existing.value.name.clone();
    }
    let (stack, service) = (fit(&cx.stack, Grammar::Repository), fit(service, Grammar::Repository));
    // The stack stays in the name: two environments must not share a repository.
    match &cx.project.extension.repositories.prefix {
        Some(prefix) => format!("{}/{stack}/{service}", prefix.value),
        None => format!("{stack}/{service}"),
    }
}

/// Whether all images stand in one repository, which is somebody else's.
pub(super) fn is_shared(cx: &Context<'_>) -> bool {
    cx.project.extension.repositories.existing.is_some()
}

/// Whose registry the repositories are in, where that is not the account's own in its region.
pub(super) fn registry(cx: &Context<'_>) -> Option<ImageRegistry> {
    let existing = cx.project.extension.repositories.existing.as_ref()?;
    let (account, region) = existing.value.registry.as_ref()?;
    let is_own = *account == cx.facts.account && *region == cx.facts.region;
    (!is_own).then(|| ImageRegistry { account: account.clone(), region: region.clone() })
}

/// The ARN of a repository that images of the project stand in.
pub(super) fn arn(cx: &Context<'_>, repository: &str) -> String {
    match registry(cx) {
        Some(ImageRegistry { account, region }) => {
            let partition = &cx.facts.partition;
            format!("arn:{partition}:ecr:{region}:{account}:repository/{repository}")
        }
        None => cx.arn("ecr", &format!("repository/{repository}")),
    }
}

/// Adds the repository of a service that is built, unless one is there already.
pub(super) fn add(
    cx: &Context<'_>,
    service: &Service,
    place: Span,
    out: &mut Output,
) -> Option<ResourceId> {
    if is_shared(cx) {
        return None;
    }
    let name = &service.name.value;
    let id = ResourceId::new(Kind::Repository, name);
    let body = body(cx, &id, repository_name(cx, name));
    out.add(id.clone(), Body::Repository(Box::new(body)), Some(name), Some(place));
    Some(id)
}

/// A repository with the settings of the project.
pub(super) fn body(cx: &Context<'_>, id: &ResourceId, repository_name: String) -> Repository {
    let Repositories { existing: _, prefix: _, keep, scan, immutable, kms_key } =
        &cx.project.extension.repositories;
    let is_immutable = immutable.as_ref().is_some_and(|on| on.value);
    Repository {
        repository_name,
        image_tag_mutability: if is_immutable { "IMMUTABLE" } else { "MUTABLE" }.to_owned(),
        image_scanning_configuration: ImageScanning {
            scan_on_push: scan.as_ref().is_none_or(|on| on.value),
        },
        encryption_configuration: kms_key.as_ref().map(|key| RepositoryEncryption {
            encryption_type: "KMS".to_owned(),
            kms_key: key.value.clone(),
        }),
        lifecycle_policy_text: keep.as_ref().map(|keep| lifecycle(keep.value)),
        tags: cx.upper_tags(id),
    }
}

/// Keeps the newest images, and those of the releases that are kept, however old: an image that matches
/// the tags of a rule cannot be expired by a rule of a lower priority (ECR user guide, "Automate the
/// cleanup of images by using lifecycle policies"). The keys stand in order, so that the document is
/// the same bytes everywhere.
fn lifecycle(keep: u32) -> String {
    let rule = |priority: u32, description: String, selection: Value| {
        json!({
            "action": {"type": "expire"},
            "description": description,
            "rulePriority": priority,
            "selection": selection,
        })
    };
    let of_releases = json!({
        "countNumber": ALL,
        "countType": "imageCountMoreThan",
        "tagPatternList": [format!("{RELEASE_TAG}*")],
        "tagStatus": "tagged",
    });
    let newest = json!({
        "countNumber": keep,
        "countType": "imageCountMoreThan",
        "tagStatus": "any",
    });
    let rules = [
        rule(1, "keeps what releases need".to_owned(), of_releases),
        rule(2, format!("keeps the newest {keep}"), newest),
    ];
    json!({ "rules": rules }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::model::{ExistingRepository, ProjectExtension};
    use crate::ecs::testing::{at, built, facts, project, resource};
    use crate::ecs::{Translation, translate};

    #[test]
    fn settings_of_repositories() {
        let mut project = project(vec![built("web")]);
        project.extension = ProjectExtension {
            repositories: Repositories {
                existing: None,
                prefix: Some(at("team/apps".to_owned())),
                keep: Some(at(5)),
                scan: Some(at(false)),
                immutable: Some(at(true)),
                kms_key: Some(at("alias/images".to_owned())),
            },
            ..ProjectExtension::default()
        };
        let done = translate(&project, None, &facts());
        let Body::Repository(found) = &resource(&done, Kind::Repository, "web").body else {
            panic!("no repository")
        };
        assert_eq!(found.repository_name, "team/apps/shop/web");
        assert_eq!(found.image_tag_mutability, "IMMUTABLE");
        assert!(!found.image_scanning_configuration.scan_on_push);
        let key = found.encryption_configuration.as_ref().map(|e| e.kms_key.as_str());
        assert_eq!(key, Some("alias/images"));
        let requests = resource(&done, Kind::Repository, "web").requests();
        let [create, policy] = requests.as_slice() else { panic!("{requests:?}") };
        assert!(create.body.get("lifecyclePolicyText").is_none());
        assert_eq!(policy.operation, "put-lifecycle-policy");
        assert_eq!(policy.body["repositoryName"], "team/apps/shop/web");
        let text = policy.body["lifecyclePolicyText"].as_str().expect("text");
        let rules: Value = serde_json::from_str(text).expect("JSON");
        assert_eq!(rules["rules"][0]["selection"]["tagPatternList"], json!(["release-*"]));
        assert_eq!(rules["rules"][1]["selection"]["countNumber"], 5);
        // ECR takes no shorter text (API reference, `PutLifecyclePolicy`).
        assert!(lifecycle(1).len() >= 100);
        let role = &resource(&done, Kind::Role, "web").body;
        let Body::Role(role) = role else { panic!("no role") };
        let policy = role.policy.as_ref().expect("a policy");
        assert!(policy.policy_document.contains("repository/team/apps/shop/web"));
    }
    #[test]
    fn one_repository_that_is_there_holds_all_images_and_stays_as_it_is() {
        let given = |text: &str| {
            let mut project = project(vec![built("web"), built("api")]);
            let existing = ExistingRepository::parse(text).expect("a repository");
            let repositories = Repositories { existing: Some(at(existing)), ..Default::default() };
            project.extension = ProjectExtension { repositories, ..ProjectExtension::default() };
            translate(&project, None, &facts())
        };
        let image = |done: &Translation, name: &str| match &resource(done, Kind::Image, name).body {
            Body::Image(image) => image.clone(),
            body => panic!("{body:?}"),
        };
        let pulls = |done: &Translation| match &resource(done, Kind::Role, "web").body {
            Body::Role(role) => role.policy.as_ref().expect("a policy").policy_document.clone(),
            body => panic!("{body:?}"),
        };
        let done = given("team/images");
        assert!(done.desired.resources.keys().all(|id| id.kind != Kind::Repository));
        for name in ["web", "api"] {
            assert_eq!(image(&done, name).repository_name, "team/images");
            assert_eq!(image(&done, name).registry, None);
        }
        assert!(
            pulls(&done).contains("arn:aws:ecr:eu-west-1:123456789012:repository/team/images\"")
        );
        // By its URI: the account's own is no other's.
        let own = given("123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/images");
        assert_eq!(image(&own, "web").registry, None);
        let other = given("999999999999.dkr.ecr.us-east-1.amazonaws.com/team/images");
        let registry = image(&other, "web").registry.expect("a registry");
        assert_eq!(registry.host(), "999999999999.dkr.ecr.us-east-1.amazonaws.com");
        assert!(
            pulls(&other).contains("arn:aws:ecr:us-east-1:999999999999:repository/team/images\"")
        );
    }
}
