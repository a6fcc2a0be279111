//! The project's `secrets`: which of them decklift makes in Secrets Manager, and what ECS is told to
//! fetch. No value is ever read here.

use std::collections::BTreeMap;

use super::tags;
use crate::compose::Project;
use crate::compose::model::{FileObject, Setting};
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{Attribute, Body, Kind, ResourceId, Secret, Value};
use crate::ecs::translate::context::{Context, Output, upper};
use crate::ecs::translate::names::{Grammar, fit, with_hash};
use crate::source::Span;

/// What ECS may have to read to start a container, as the resource of a policy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Grant {
    /// A secret of Secrets Manager.
    Secret(String),
    /// A parameter of Systems Manager.
    Parameter(String),
    /// An object in S3, and its bucket.
    Object(String, String),
}

/// A value that ECS fetches.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fetched {
    /// `valueFrom`
    pub(crate) value_from: Value,
    /// What the execution role must be allowed.
    pub(crate) grant: Grant,
}

/// Adds the secrets that services use and nobody else has made.
pub(crate) fn add(cx: &Context<'_>, out: &mut Output) {
    let used = cx.project.delivered_secrets();
    for (name, object) in &cx.project.secrets {
        // Those that only a build takes never leave this machine.
        if !used.contains(name.as_str()) {
            continue;
        }
        match fetched(cx, name, object) {
            Ok(Fetched { value_from: Value::From(id, _), grant: _ }) => {
                make(cx, name, object, id, out);
            }
            Ok(_) => {}
            Err(Fault { message, span, help }) => {
                out.say(Diagnostic::error(Code::InvalidValue, message).at(span, "").help(help));
            }
        }
    }
}

fn make(cx: &Context<'_>, name: &str, object: &FileObject, id: ResourceId, out: &mut Output) {
    let FileObject { span, name: outside, external: _, settings, extension: _ } = object;
    let physical = physical_name(cx, name);
    let mut say = |diagnostic: Diagnostic| out.say(diagnostic.at(*span, ""));
    if outside.is_some() {
        let message = format!("the secret {name} is called {physical} in Secrets Manager");
        say(Diagnostic::note(Code::Ignored, message)
            .help("`name` counts where `external: true` says that the secret exists"));
    }
    if settings.attributes.contains_key("driver") {
        let message = format!("the value of the secret {name} comes from a plugin of Swarm's");
        say(Diagnostic::error(Code::Refused, message).help(
            "write `file` or `environment`, or let `x-ecs: {arn: …}` name a secret that holds it",
        ));
    } else if settings.attributes.contains_key("driver_opts") {
        let message = format!("`driver_opts` of the secret {name} has no effect");
        say(Diagnostic::warning(Code::Ignored, message)
            .help("options of Swarm's plugins: the value is what the file or the variable holds"));
    }
    if settings.attributes.contains_key("template_driver") {
        let message = format!("the placeholders in the secret {name} are not filled in");
        say(Diagnostic::error(Code::Refused, message).help(
            "templates are Swarm's alone: write the value itself into the file or the variable",
        ));
    }
    let mut all = cx.tags(&id);
    if let Some(Setting::Map(labels)) = settings.attributes.get("labels") {
        for (key, value) in labels.iter() {
            let value = value.as_text().unwrap_or_default();
            let ours = key.starts_with("decklift:") || all.len() >= tags::MOST;
            if ours || tags::fault(key, value).is_some() {
                let message = format!("the label {key:?} cannot be a tag");
                say(Diagnostic::warning(Code::Ignored, message)
                    .help("AWS takes 50 tags of letters, digits, spaces and `_.:/=+-@`"));
            } else {
                all.insert(key.clone(), value.to_owned());
            }
        }
    }
    let body = Secret {
        name: physical,
        description: format!("The secret {name} of {}", cx.stack),
        tags: upper(all),
    };
    out.add(id, Body::Secret(body), None, Some(*span));
}

/// The name of a secret that decklift makes. Names that end with a hyphen and six characters look as
/// if they had the suffix that Secrets Manager adds (Secrets Manager API reference, `CreateSecret`).
pub(crate) fn physical_name(cx: &Context<'_>, secret: &str) -> String {
    let whole = format!("decklift/{}/{secret}", cx.stack);
    let name = fit(&whole, Grammar::Secret);
    match has_suffix(&name) {
        true => with_hash(&name, &whole, Grammar::Secret.max()),
        false => name,
    }
}

/// Whether a name ends with a hyphen and six characters.
pub(crate) fn has_suffix(name: &str) -> bool {
    let mut from_the_end = name.chars().rev();
    let six = from_the_end.by_ref().take(6).filter(|c| c.is_ascii_graphic()).count();
    six == 6 && from_the_end.next() == Some('-')
}

/// Letters, digits and `/_+=.@-` (Secrets Manager API reference, `CreateSecret.Name`).
pub(crate) fn is_secret_name(name: &str) -> bool {
    (1..=512).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "/_+=.@-".contains(c))
}

/// Why a secret cannot be fetched.
#[derive(Debug)]
pub(crate) struct Fault {
    message: String,
    span: Span,
    help: &'static str,
}

/// What ECS is told to fetch for a secret of the project.
pub(crate) fn fetched(cx: &Context<'_>, name: &str, object: &FileObject) -> Result<Fetched, Fault> {
    let FileObject { span, name: outside, external, settings: _, extension } = object;
    let key = extension.key.as_ref();
    let fault = |message: String, span: Span, help| Fault { message, span, help };
    if let Some(key) = key.filter(|key| key.value.contains(':')) {
        return Err(fault(
            format!("the key of the secret {name} is none"),
            key.span,
            "keys have no colon",
        ));
    }
    if let Some(arn) = &extension.arn {
        let found = match arn.value.starts_with("arn:") {
            true => existing(cx, &arn.value, key.map(|key| key.value.as_str())),
            false => Err(NOT_COMPLETE),
        };
        return found.map_err(|help| {
            fault(format!("the ARN of the secret {name} is none"), arn.span, help)
        });
    }
    if !external {
        if let Some(key) = key {
            let message = format!("a key of the secret {name}, which decklift makes");
            let help = "`key` reads from a secret that exists: name it with `arn`";
            return Err(fault(message, key.span, help));
        }
        let id = ResourceId::new(Kind::Secret, name);
        let pattern = format!("secret:{}-??????", physical_name(cx, name));
        return Ok(Fetched {
            value_from: Value::From(id, Attribute::ValueFrom),
            grant: Grant::Secret(cx.arn("secretsmanager", &pattern)),
        });
    }
    let outside = outside.as_deref().unwrap_or(name);
    if outside.starts_with("arn:") {
        return existing(cx, outside, key.map(|key| key.value.as_str()))
            .map_err(|help| fault(format!("the ARN of the secret {name} is none"), *span, help));
    }
    if !is_secret_name(outside) {
        let help = "Secrets Manager takes up to 512 letters, digits and `/_+=.@-`";
        return Err(fault(format!("no secret is called what {name} names"), *span, help));
    }
    // ECS takes the whole ARN alone (ECS API reference, `Secret.valueFrom`), whose end is random.
    let (arn, granted) = match cx.facts.secrets.get(outside) {
        Some(arn) => (arn.clone(), arn.clone()),
        None => {
            let pattern = cx.arn("secretsmanager", &format!("secret:{outside}-??????"));
            (format!("${{secret.{outside}.arn}}"), pattern)
        }
    };
    let value = match key {
        Some(key) => format!("{arn}:{}::", key.value),
        None => arn,
    };
    Ok(Fetched { value_from: Value::Known(value), grant: Grant::Secret(granted) })
}

/// The secrets that services use and others made, where only their names are known: by those names,
/// where the file speaks of them.
pub(crate) fn to_look_up(project: &Project) -> BTreeMap<String, Span> {
    let used = project.delivered_secrets();
    let named = project.secrets.iter().filter_map(|(name, object)| {
        let outside = object.name.as_deref().unwrap_or(name);
        let by_name = object.external && object.extension.arn.is_none();
        let wanted = by_name && used.contains(name.as_str()) && is_secret_name(outside);
        wanted.then(|| (outside.to_owned(), object.span))
    });
    named.collect()
}

const NOT_COMPLETE: &str = "write the whole ARN, with the six characters that Secrets Manager adds: \
    `arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-AbCdEf`";

/// A secret or parameter that exists: `arn:…:secret:NAME-AbCdEf`, the same with
/// `:KEY:STAGE:VERSION`, `arn:…:parameter/NAME`, or `/NAME` of a parameter in the task's region (ECS
/// developer guide, "Pass sensitive data to an Amazon ECS container").
pub(crate) fn existing(
    cx: &Context<'_>,
    text: &str,
    key: Option<&str>,
) -> Result<Fetched, &'static str> {
    let fetched = |value: &str, grant| Fetched { value_from: Value::from(value), grant };
    let good = |name: &str| {
        name.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_.-".contains(&b)) && name.len() > 1
    };
    let no_key = "ECS reads keys of secrets only: of a parameter it takes the whole value";
    if text.starts_with('/') {
        return match (good(text), key) {
            (true, None) => {
                let arn = cx.arn("ssm", &format!("parameter{text}"));
                Ok(fetched(text, Grant::Parameter(arn)))
            }
            (true, Some(_)) => Err(no_key),
            (false, _) => Err("names of parameters take letters, digits and `/_.-`"),
        };
    }
    let parts: Vec<&str> = text.split(':').collect();
    match parts.as_slice() {
        ["arn", _, "ssm", _, _, name] => match (name.strip_prefix("parameter/"), key) {
            (Some(_), None) => Ok(fetched(text, Grant::Parameter(text.to_owned()))),
            (Some(_), Some(_)) => Err(no_key),
            (None, _) => Err("write `arn:aws:ssm:REGION:ACCOUNT:parameter/NAME`"),
        },
        ["arn", _, "secretsmanager", _, _, "secret", name, rest @ ..] => {
            if !has_suffix(name) || !is_secret_name(name) {
                return Err(NOT_COMPLETE);
            }
            let arn = parts[..7].join(":");
            let value = match (rest, key) {
                ([], None) => arn.clone(),
                ([], Some(key)) => format!("{arn}:{key}::"),
                ([_, _, _], None) => text.to_owned(),
                (_, Some(_)) => return Err("the ARN names a key already: write one of the two"),
                (_, None) => {
                    return Err("after the ARN stand a key, a stage and a version, each of which \
                        may be empty: `…:KEY::`");
                }
            };
            Ok(fetched(&value, Grant::Secret(arn)))
        }
        _ => Err("write the ARN of a secret in Secrets Manager, or of a parameter in Systems \
            Manager"),
    }
}

#[cfg(test)]
#[path = "secrets_tests.rs"]
mod tests;
