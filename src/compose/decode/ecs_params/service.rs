//! `task_definition.services` of ecs-params.yml.

use serde_json::{Map, Value};

use super::super::Decoder;
use super::super::table::Table;
use crate::compose::model::{Condition, Dependency, Logging, Patch, Project, Service};
use crate::compose::suggest::did_you_mean;
use crate::compose::unsupported::Level;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Located, Span};
use crate::yaml::{Entry, Node};

impl Decoder<'_> {
    pub(super) fn service_parameters(&mut self, node: &Node, project: &mut Project) {
        let Some(mapping) = node.as_mapping() else {
            self.wrong_type("services", node, "a mapping");
            return;
        };
        let names: Vec<String> = project.services.keys().cloned().collect();
        for entry in &mapping.entries {
            let name = &*entry.key.text;
            let Some(service) = project.services.get_mut(name) else {
                let help = did_you_mean(name, names.iter().map(String::as_str));
                let help = help.unwrap_or_else(|| format!("it has {}", names.join(", ")));
                let message = format!("the Compose file has no service `{name}`");
                let fault = Diagnostic::error(Code::UndefinedReference, message);
                self.outcome(fault.at(entry.key.span, "").help(help));
                continue;
            };
            if !entry.value.is_null() {
                self.container_parameters(entry, service, &names);
            }
        }
    }

    fn container_parameters(&mut self, entry: &Entry, service: &mut Service, names: &[String]) {
        let level = Level::Part("a service of ecs-params.yml");
        let Some(mut table) = Table::open(self, &entry.key.text, &entry.value, level) else {
            return;
        };
        let t = &mut table;
        if let Some(on) = self.read(t, "essential", Self::boolean) {
            patch(service, "essential", Value::Bool(on.value), on.span);
        }
        if let Some(entry) = t.optional("cpu_shares")
            && let Some(units) = self.count("cpu_shares", &entry.value, 1 << 20)
        {
            patch(service, "cpu", Value::from(units.value), units.span);
        }
        self.memory_parameters(t, service);
        if let Some(gpu) = t.value("gpu") {
            self.gpu_parameter(gpu, service);
        }
        // ecs-cli only ever switched it on.
        if let Some(on) = self.read(t, "init_process_enabled", Self::boolean)
            && on.value
        {
            service.init = Some(on);
        }
        if let Some(node) = t.value("repository_credentials") {
            let level = Level::Part("`repository_credentials`");
            if let Some(mut table) = Table::open(self, "repository_credentials", node, level) {
                let given = self.read(&mut table, "credentials_parameter", Self::filled);
                table.finish(self);
                if let Some(given) = given {
                    let out = &mut service.extension.pull_credentials;
                    self.unless_given(out, &given, "x-ecs.pull_credentials");
                }
            }
        }
        if let Some(node) = t.value("depends_on") {
            self.each(node, "depends_on", |d, node| d.container_dependency(node, service, names));
        }
        if let Some(node) = t.value("healthcheck") {
            self.health_parameters(node, service);
        }
        if let Some(node) = t.value("firelens_configuration")
            && let Some(router) = self.log_router(node)
        {
            self.unless_given(&mut service.extension.log_router, &router, "x-ecs.log_router");
        }
        if let Some(node) = t.value("secrets") {
            for (name, from) in self.values_from("secrets", node) {
                service.extension.secret_env.insert(name, from);
            }
        }
        if let Some(node) = t.value("logging") {
            self.secret_options(node, service);
        }
        table.finish(self);
    }

    fn container_dependency(&mut self, node: &Node, service: &mut Service, names: &[String]) {
        let level = Level::Part("an entry of `depends_on`");
        let Some(mut table) = Table::open(self, "depends_on", node, level) else { return };
        let help = "write the name of a service";
        let name = table.required(self, "container_name", help);
        let name = name.and_then(|node| self.filled("container_name", node));
        let conditions = [
            ("START", Condition::Started),
            ("HEALTHY", Condition::Healthy),
            ("COMPLETE", Condition::CompletedSuccessfully),
            ("SUCCESS", Condition::CompletedSuccessfully),
        ];
        let condition = table.value("condition");
        let condition = condition.and_then(|node| self.choice("condition", node, &conditions));
        table.finish(self);
        let Some(name) = name else { return };
        if !names.contains(&name.value) || name.value == service.name.value {
            let message = format!("there is no other service `{}` to wait for", name.value);
            let fault = Diagnostic::error(Code::UndefinedReference, message).at(name.span, "");
            self.outcome(fault.help(help));
            return;
        }
        let condition = condition.map_or(Condition::Started, |condition| condition.value);
        let dependency = Dependency { condition, restart: false, required: true };
        service.depends_on.insert(name.value, Located::new(dependency, name.span));
    }

    fn secret_options(&mut self, node: &Node, service: &mut Service) {
        let level = Level::Part("`logging` of ecs-params.yml");
        let Some(mut table) = Table::open(self, "logging", node, level) else { return };
        let options = table.value("secret_options");
        table.finish(self);
        let Some(options) = options else { return };
        let values = self.values_from("secret_options", options);
        let empty = || Box::new(Located::new(Logging::default(), node.span));
        let logging = service.logging.get_or_insert_with(empty);
        logging.value.options.extend(values);
    }

    /// `[{name: NAME, value_from: ARN}]`
    fn values_from(&mut self, field: &'static str, node: &Node) -> Vec<(String, Located<String>)> {
        let mut out = Vec::new();
        self.each(node, field, |d, node| {
            let level = Level::Part("a value of ecs-params.yml");
            let Some(mut table) = Table::open(d, field, node, level) else { return };
            let name = table.required(d, "name", "write the name that it gets");
            let name = name.and_then(|node| d.filled("name", node));
            let from = table.required(d, "value_from", "write the ARN of a secret or a parameter");
            let from = from.and_then(|node| d.filled("value_from", node));
            table.finish(d);
            if let (Some(name), Some(from)) = (name, from) {
                out.push((name.value, from));
            }
        });
        out
    }
}

/// What has no key of its own is patched in, as `x-ecs.overrides` is.
fn patch(service: &mut Service, key: &str, value: Value, span: Span) {
    let name = service.name.value.clone();
    let values = Map::from_iter([(key.to_owned(), value)]);
    let places = vec![(vec![key.to_owned()], span)];
    service.extension.overrides.containers.push((name, Patch { values, places, span }));
}
