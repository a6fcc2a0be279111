//! What services take of secrets, configs and models, and of each other's builds.

use std::collections::HashSet;

use super::{MAX_SUGGESTIONS, Validator, suggest, undefined};
use crate::compose::conceal::is_name;
use crate::compose::model::{FileReference, Project, Service, Setting};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;

impl Validator<'_> {
    /// Checks the names of secrets, configs and models, and keeps those that are used.
    pub(super) fn named_references(&mut self, project: &mut Project) {
        let (mut secrets, mut configs, mut models) =
            (HashSet::new(), HashSet::new(), HashSet::new());
        let mut faults = Vec::new();
        let mut left = MAX_SUGGESTIONS;
        for service in project.services.values() {
            let name = &service.name.value;
            let mut check = |kind: &str, source: &str, span: Span| {
                let is_defined = match kind {
                    "secret" => project.secrets.contains_key(source),
                    "config" => project.configs.contains_key(source),
                    _ => project.models.contains_key(source),
                };
                if is_defined || self.is_part {
                    return;
                }
                let close = match kind {
                    "secret" => suggest(&mut left, source, project.secrets.keys()),
                    "config" => suggest(&mut left, source, project.configs.keys()),
                    _ => suggest(&mut left, source, project.models.keys()),
                };
                let fault = undefined(kind, source, span, self.sources, close);
                faults.push(fault.at(span, "not defined").service(name));
            };
            let mut unknown = Vec::new();
            let written = &service.written;
            for FileReference { source, .. } in written.secrets.iter().chain(&written.build_secrets)
            {
                check("secret", &source.value, source.span);
                secrets.insert(source.value.clone());
            }
            for (variable, source) in &service.extension.secret_env {
                if !is_name(&source.value) {
                    if !project.secrets.contains_key(&source.value) {
                        unknown.push((variable, source));
                    }
                    secrets.insert(source.value.clone());
                }
            }
            for FileReference { source, .. } in &written.configs {
                check("config", &source.value, source.span);
                configs.insert(source.value.clone());
            }
            for (model, settings) in &service.models {
                check("model", model, settings.span);
                models.insert(model.clone());
            }
            for (variable, source) in unknown.into_iter().filter(|_| !self.is_part) {
                let close = suggest(&mut left, &source.value, project.secrets.keys());
                faults.push(nowhere(variable, source.span, close).service(name));
            }
            faults.extend(contexts(service, project).map(|fault| fault.service(name)));
        }
        self.diagnostics.extend(faults);
        project.secrets.retain(|name, _| secrets.contains(name));
        project.configs.retain(|name, _| configs.contains(name));
        project.models.retain(|name, _| models.contains(name));
    }
}

/// A variable's secret that nothing is known of. What stands there may be a password: it is not shown.
fn nowhere(variable: &str, span: Span, close: Option<String>) -> Diagnostic {
    let help = close.unwrap_or_else(|| {
        "name one of the top level's `secrets`, the ARN of a secret in Secrets Manager, or `/NAME` of \
         a parameter; the value itself does not belong into the file"
            .to_owned()
    });
    let message = format!("the secret of {variable} is not defined");
    Diagnostic::error(Code::UndefinedReference, message).at(span, "not defined").help(help)
}

/// Additional contexts that are the builds of services.
fn contexts(service: &Service, project: &Project) -> impl Iterator<Item = Diagnostic> {
    let contexts = service.written.build.as_ref().and_then(|build| {
        match build.attributes.get("additional_contexts")? {
            Setting::Map(contexts) => Some(contexts.iter()),
            _ => None,
        }
    });
    let span = service.build.as_ref().map_or(service.name.span, |build| build.span);
    contexts.into_iter().flatten().filter_map(move |(name, context)| {
        let target = context.as_text()?.strip_prefix("service:")?;
        let what = match project.services.get(target) {
            Some(target) if target.build.is_some() => return None,
            Some(_) => "is not built",
            None => "is not defined",
        };
        let message = format!("the service of the additional context `{name}` {what}");
        Some(
            Diagnostic::error(Code::UndefinedReference, message)
                .at(span, "")
                .help("name a service that has `build`"),
        )
    })
}
