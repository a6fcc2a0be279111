//! Secrets whose value would have to be put, looked up, or written into a file.

use std::collections::BTreeSet;

use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{Body, Desired, Image, Resource, Value};

pub(super) fn undeployable(desired: &Desired) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for resource in desired.resources.values() {
        match &resource.body {
            Body::Secret(_) => found.push(refuse(
                resource,
                format!("the value of the secret {} is not put yet", resource.id.name),
                "keep it in Secrets Manager, and fetch it with `x-ecs.secret_env`",
            )),
            Body::Image(Image { base: Some(base), assets, .. })
                if assets.is_empty() && resource.service.is_some() =>
            {
                found.push(refuse(
                    resource,
                    format!("{base} is not copied into the project's registry yet"),
                    "take `mirror` away: ECS pulls the image from where it is",
                ));
            }
            Body::Image(Image { base: Some(base), assets, .. }) if assets.is_empty() => {
                found.push(refuse(
                    resource,
                    format!("{base}, which writes secrets into files, is not copied yet"),
                    "take secrets as variables, with `x-ecs.secret_env`",
                ))
            }
            Body::TaskDefinition(task) => {
                let secrets = task.container_definitions.iter().flat_map(|c| &c.secrets);
                let names: BTreeSet<_> =
                    secrets.filter_map(|secret| not_looked_up(&secret.value_from)).collect();
                found.extend(names.into_iter().map(|name| {
                    refuse(
                        resource,
                        format!("the secret {name} is not looked up yet"),
                        "write its ARN: `x-ecs: {arn: …}` below the secret",
                    )
                }));
            }
            _ => {}
        }
    }
    found
}

/// The name of a secret whose ARN is not known.
fn not_looked_up(value: &Value) -> Option<&str> {
    value.known()?.strip_prefix("${secret.")?.rsplit_once(".arn}").map(|(name, _)| name)
}

fn refuse(resource: &Resource, message: String, help: &str) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(Code::NotSupportedYet, message).help(help);
    if let Some(origin) = resource.origin {
        diagnostic = diagnostic.at(origin, "");
    }
    match &resource.service {
        Some(service) => diagnostic.service(service),
        None => diagnostic,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ecs::testing::{at, facts, object, project, reference, service};
    use crate::ecs::translate;

    fn messages(secret: crate::compose::model::FileObject, as_file: bool) -> Vec<String> {
        let mut web = service("web", "acme/web:1");
        if as_file {
            web.written.secrets.push(reference("db", &[]));
        }
        web.extension.secret_env.insert("DB".to_owned(), at("db".to_owned()));
        let mut project = project(vec![web]);
        project.secrets.insert("db".to_owned(), secret);
        let desired = translate(&project, None, &facts()).desired;
        undeployable(&desired).into_iter().map(|d| d.message).collect()
    }

    #[test]
    fn what_needs_nothing_but_ecs_is_deployed() {
        let mut secret = object(&[]);
        secret.external = true;
        let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf";
        secret.name = Some(arn.to_owned());
        assert_eq!(messages(secret.clone(), false), Vec::<String>::new());
        assert_eq!(messages(secret.clone(), true).len(), 1);
        secret.name = Some("prod/db".to_owned());
        assert_eq!(messages(secret, false), ["the secret prod/db is not looked up yet"]);
    }

    #[test]
    fn what_decklift_must_put_is_not() {
        let found = messages(object(&[("file", "/app/db.txt")]), true);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("secret db"), "{found:?}");
    }
}
