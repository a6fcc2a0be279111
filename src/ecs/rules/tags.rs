//! Tags from `x-ecs.tags` and `deploy.labels`.

use std::collections::HashMap;

use crate::compose::model::{ProjectExtension, Volume};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::translate::context::{Output, Tags};
use crate::ecs::translate::unit::{FAMILY_LABEL, Unit};
use crate::source::Located;

/// How many tags a resource may have (ECS API reference, `CreateService`, `tags`).
pub(crate) const MOST: usize = 50;

/// The prefix of decklift's own tags.
const OURS: &str = "decklift:";

/// Why AWS, or decklift, does not take a tag (ECS API reference, `Tag`).
pub(crate) fn fault(key: &str, value: &str) -> Option<&'static str> {
    if key.is_empty() || key.chars().count() > 128 {
        Some("a tag's key has 1 to 128 characters")
    } else if value.chars().count() > 256 {
        Some("a tag's value has at most 256 characters")
    } else if key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:")) {
        Some("keys that start with `aws:` belong to AWS")
    } else if !key.chars().chain(value.chars()).all(is_tag_character) {
        Some("tags take letters, digits, spaces and `_.:/=+-@` only")
    } else {
        None
    }
}

/// `[\p{L}\p{Z}\p{N}_.:/=+\-@]`
fn is_tag_character(c: char) -> bool {
    c.is_alphanumeric()
        || (c.is_whitespace() && !c.is_control())
        || matches!(c, '_' | '.' | ':' | '/' | '=' | '+' | '-' | '@')
}

/// `x-ecs.tags`, as far as AWS takes them.
pub(crate) fn project_tags(extension: &ProjectExtension, out: &mut Output) -> Tags {
    let mut tags = Tags::new();
    for (key, value) in &extension.tags {
        let ours =
            key.starts_with(OURS).then_some("keys that start with `decklift:` are decklift's");
        if let Some(fault) = fault(key, &value.value).or(ours) {
            out.say(
                Diagnostic::error(Code::InvalidValue, format!("the tag {key:?} cannot be set"))
                    .at(value.span, "")
                    .help(fault),
            );
        } else if tags.len() >= MOST / 2 {
            out.say(
                Diagnostic::error(Code::InvalidValue, format!("the tag {key:?} is one too many"))
                    .at(value.span, "")
                    .help(format!("`x-ecs.tags` takes {} tags", MOST / 2)),
            );
        } else {
            tags.insert(key.clone(), value.value.clone());
        }
    }
    tags
}

/// `deploy.labels` as further tags of the service; what AWS does not take is dropped, and so is what
/// a service of the task says otherwise than one before it.
pub(crate) fn add_labels(unit: &Unit<'_>, tags: &mut Tags, out: &mut Output) {
    let help = "`labels` of the container take anything";
    let mut first: HashMap<&str, (&str, &Located<String>)> = HashMap::new();
    for service in unit.members.iter().map(|member| member.service) {
        let name = service.name.value.as_str();
        let mut own = service.deploy.labels.iter().collect::<Vec<_>>();
        own.retain(|(key, value)| {
            let Some((giver, given)) = first.get(key.as_str()) else { return true };
            // What AWS does not take is nobody's.
            if given.value == value.value || tags.get(key) != Some(&given.value) {
                return true;
            }
            let message =
                format!("the label {key:?} of {name} is another one than that of {giver}");
            out.say(
                Diagnostic::warning(Code::Ignored, message)
                    .at(value.span, "")
                    .at(given.span, "the tag of their service")
                    .help("services that share a task are one service of ECS: write one value")
                    .service(name),
            );
            false
        });
        for found in add(own.iter().copied(), help, tags) {
            out.say(found.service(name));
        }
        for (key, value) in own {
            first.entry(key).or_insert((name, value));
        }
    }
}

/// `labels` of a volume as further tags of its access point.
pub(crate) fn add_volume_labels(volume: &Volume, tags: &mut Tags, out: &mut Output) {
    let help = "labels of volumes become tags of access points";
    add(&volume.labels, help, tags).into_iter().for_each(|found| out.say(found));
}

/// Labels as further tags; what of them AWS does not take is dropped, and said.
fn add<'a>(
    labels: impl IntoIterator<Item = (&'a String, &'a Located<String>)>,
    help: &str,
    tags: &mut Tags,
) -> Vec<Diagnostic> {
    let mut dropped = Vec::new();
    for (key, value) in labels {
        // It says who shares a task.
        if key == FAMILY_LABEL {
            continue;
        }
        let ours =
            key.starts_with(OURS).then_some("keys that start with `decklift:` are decklift's");
        let full = (tags.len() >= MOST).then_some("a resource has at most 50 tags");
        if let Some(fault) = fault(key, &value.value).or(ours).or(full) {
            dropped.push(
                Diagnostic::warning(Code::Ignored, format!("the label {key:?} cannot be a tag"))
                    .at(value.span, "")
                    .help(format!("{fault}; {help}")),
            );
        } else {
            tags.insert(key.clone(), value.value.clone());
        }
    }
    dropped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Severity;
    use crate::ecs::testing::{at, ecs_service, facts, find, loud, project, run, service};
    use crate::ecs::translate;

    #[test]
    fn what_aws_takes() {
        assert_eq!(fault("Team", "a b_c.d:e/f=g+h-i@j"), None);
        assert_eq!(fault("Größe", "5 µ"), None);
        for (key, value) in [
            ("", "x"),
            (&*"k".repeat(129), "x"),
            ("k", &*"v".repeat(257)),
            ("aws:x", "x"),
            ("AWS:x", "x"),
            ("a*b", "x"),
            ("traefik.rule", "Host(`x`)"),
            ("a", "b\nc"),
        ] {
            assert!(fault(key, value).is_some(), "{key} {value}");
        }
    }

    #[test]
    fn labels_of_deploy_become_tags_of_the_service() {
        let mut web = service("web", "acme/web:1");
        web.deploy.labels.insert("team".into(), at("shop".into()));
        web.deploy.labels.insert("traefik.rule".into(), at("Host(`x`)".into()));
        web.deploy.labels.insert("decklift:project".into(), at("other".into()));
        let done = run(vec![web]);
        let tags: Vec<_> =
            ecs_service(&done, "web").tags.iter().map(|t| (&*t.key, t.value.as_str())).collect();
        assert_eq!(
            tags,
            [
                ("decklift:environment", "default"),
                ("decklift:project", "shop"),
                ("decklift:resource", "service/web"),
                ("team", "shop"),
            ]
        );
        assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Ignored); 2]);
    }

    #[test]
    fn services_of_a_task_have_one_value_of_a_label() {
        let (mut web, mut app) = (service("web", "acme/web:1"), service("app", "acme/app:1"));
        for (service, team) in [(&mut web, "shop"), (&mut app, "api")] {
            service.extension.task = Some(at("T".to_owned()));
            service.deploy.labels.insert("team".into(), at(team.into()));
            service.deploy.labels.insert("floor".into(), at("2".into()));
        }
        let done = run(vec![web, app]);
        let tags = &ecs_service(&done, "web").tags;
        let team = tags.iter().find(|tag| tag.key == "team").expect("the tag");
        assert_eq!(team.value.as_str(), "shop");
        assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Ignored)]);
        let said = find(&done.diagnostics, Code::Ignored).expect("said");
        assert_eq!((said.service.as_deref(), said.labels.len()), (Some("app"), 2));
    }

    #[test]
    fn labels_beyond_fifty_are_dropped() {
        let mut web = service("web", "acme/web:1");
        for n in 0..48 {
            web.deploy.labels.insert(format!("l{n}"), at("x".into()));
        }
        let done = run(vec![web]);
        assert_eq!(ecs_service(&done, "web").tags.len(), 50);
        assert_eq!(loud(&done.diagnostics), [(Severity::Warning, Code::Ignored)]);
    }

    #[test]
    fn project_tags_stand_on_everything_and_faults_are_errors() {
        let mut project = project(vec![service("web", "acme/web:1")]);
        project.extension.tags.insert("team".into(), at("shop".into()));
        project.extension.tags.insert("aws:x".into(), at("x".into()));
        project.extension.tags.insert("decklift:x".into(), at("x".into()));
        let done = translate(&project, Some("prod"), &facts());
        let tags = &ecs_service(&done, "web").tags;
        assert!(tags.iter().any(|t| t.key == "team"));
        assert!(tags.iter().any(|t| t.key == "decklift:environment" && t.value == "prod"));
        assert_eq!(loud(&done.diagnostics), [(Severity::Error, Code::InvalidValue); 2]);
    }
}
