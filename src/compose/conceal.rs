//! Values that stand where only the name of a secret belongs: somebody's password, it may be. Nobody is
//! shown them, whatever is wrong there or beside it.

use super::model::Project;
use crate::source::Sources;
use crate::yaml::{Entry, Kind, Node};

/// What a secret at the top level may say (Compose Specification, "secrets"), beside `x-…`.
const OF_A_SECRET: &[&str] = &[
    "driver",
    "driver_opts",
    "environment",
    "external",
    "file",
    "labels",
    "name",
    "template_driver",
];

/// Hides what is no name in `x-ecs.secret_env` of the services and among the secrets.
pub(super) fn conceal(document: &Node, sources: &mut Sources) {
    let secrets = document.get("secrets");
    let is_defined = |text: &str| secrets.is_some_and(|secrets| secrets.get(text).is_some());
    let hide = |node: &Node, sources: &mut Sources| {
        let text = text_of(node);
        // `NAME=secret` in a list.
        let name = text.rsplit_once('=').map_or(text, |(_, name)| name);
        if ![text, name].into_iter().any(|text| is_name(text) || is_defined(text)) {
            sources.hide(node.span);
        }
    };
    for Entry { key: _, value: service } in entries(document.get("services")) {
        match service.get("x-ecs").and_then(|own| own.get("secret_env")).map(|env| &env.kind) {
            Some(Kind::Mapping(env)) => {
                env.entries.iter().for_each(|entry| hide(&entry.value, sources));
            }
            Some(Kind::Sequence(env)) => env.iter().for_each(|item| hide(item, sources)),
            Some(Kind::Scalar(_)) | None => {}
        }
    }
    for Entry { key: _, value: secret } in entries(secrets) {
        for Entry { key, value } in entries(Some(secret)) {
            let is_known = OF_A_SECRET.contains(&&*key.text) || key.text.starts_with("x-");
            if !is_known {
                sources.hide(value.span);
            }
        }
        let arn = secret.get("x-ecs").and_then(|own| own.get("arn"));
        if let Some(arn) = arn.filter(|arn| !is_name(text_of(arn))) {
            sources.hide(arn.span);
        }
    }
}

/// The same for what was laid over a project.
pub(super) fn conceal_given(project: &Project, sources: &mut Sources) {
    let services = project.services.values();
    for given in services.flat_map(|service| service.extension.secret_env.values()) {
        if !is_name(&given.value) && !project.secrets.contains_key(&given.value) {
            sources.hide(given.span);
        }
    }
}

/// Whether a text is what AWS calls a secret or a parameter, and not its value.
pub(crate) fn is_name(text: &str) -> bool {
    text.starts_with("arn:") || text.starts_with('/')
}

fn text_of(node: &Node) -> &str {
    node.as_scalar().map_or("", |scalar| &scalar.text)
}

fn entries(node: Option<&Node>) -> impl Iterator<Item = &Entry> {
    node.and_then(Node::as_mapping).into_iter().flat_map(|mapping| &mapping.entries)
}
