//! `x-aws-…`: what the retired Docker Compose CLI read for ECS. Each means here what it meant there,
//! and says under which key of `x-ecs` it lives on (docs.docker.com, "Compose and ECS: Compose file
//! features", as of 2023).

use super::Decoder;
use super::stage::Stage;
use crate::compose::model::Vpc;
use crate::compose::model::{
    Policy, ProjectExtension, Rare, Rollout, SecretExtension, Service, ServiceExtension,
    is_security_group_id,
};
use crate::compose::suggest::closest;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Located, Span};
use crate::yaml::{Entry, Node};

const PREFIX: &str = "x-aws-";

/// Where a key stood: what messages call the place, and the keys.
type Place = (&'static str, &'static [&'static str]);

const ROOT: Place = (
    "the top level",
    &[
        "x-aws-cloudformation",
        "x-aws-cluster",
        "x-aws-loadbalancer",
        "x-aws-logs_retention",
        "x-aws-vpc",
    ],
);
const SERVICE: Place = ("a service", &["x-aws-policies", "x-aws-pull_credentials", "x-aws-role"]);
const DEPLOY: Place = ("`deploy`", &["x-aws-autoscaling"]);
const UPDATE: Place = ("`update_config`", &["x-aws-max_percent", "x-aws-min_percent"]);
const PORT: Place = ("a port", &["x-aws-protocol"]);
const SECRET: Place = ("a secret", &["x-aws-keys"]);
const NETWORK: Place = ("a network", &["x-aws-securitygroup"]);
const PLACES: [Place; 7] = [ROOT, SERVICE, DEPLOY, UPDATE, PORT, SECRET, NETWORK];

impl Decoder<'_> {
    /// Those at the top level.
    pub(super) fn retired_of_project(&mut self, node: &Node, out: &mut ProjectExtension) {
        for entry in self.retired(node, ROOT) {
            let value = &entry.value;
            match &*entry.key.text {
                "x-aws-cluster" => {
                    let read = self.for_ecs(true, |d| d.filled("x-aws-cluster", value));
                    self.take(entry, "x-ecs.cluster", read, &mut out.cluster);
                }
                "x-aws-vpc" => {
                    let read = self.for_ecs(true, |d| d.filled("x-aws-vpc", value));
                    // The ARN of a VPC ends with its id.
                    let read = read.map(|vpc| vpc.map(|vpc| Vpc::Id(last(&vpc).to_owned())));
                    self.take(entry, "x-ecs.vpc", read, &mut out.vpc);
                }
                "x-aws-logs_retention" => {
                    let read = self.for_ecs(true, |d| d.count("x-aws-logs_retention", value, 3653));
                    self.take(entry, "x-ecs.log_retention", read, &mut out.log_retention);
                }
                "x-aws-loadbalancer" => {
                    let key = "x-aws-loadbalancer";
                    let read = self.for_ecs(true, |d| d.load_balancers(key, value));
                    match out.load_balancers.first() {
                        Some(given) => self.clash(entry, "x-ecs.load_balancer", given.span),
                        None if read.is_empty() => {}
                        None => {
                            self.renamed(entry, "x-ecs.load_balancer");
                            out.load_balancers = read;
                        }
                    }
                }
                _ => self.refuse(
                    entry,
                    Code::Refused,
                    "there is no CloudFormation template that this could change",
                    "write what you need with `x-ecs.overrides` at a service: it changes the \
                     task definition, its containers and the ECS service",
                ),
            }
        }
    }

    /// Those at a service, in its `deploy` and at its ports.
    pub(super) fn retired_of_service(&mut self, node: &Node, service: &mut Service) {
        if self.stage != Stage::Whole {
            return;
        }
        self.retired_access(node, &mut service.extension);
        if let Some(deploy) = node.get("deploy") {
            self.retired_motion(deploy, &mut service.extension);
        }
        let ports = node.get("ports").and_then(Node::as_sequence).unwrap_or_default();
        for item in ports {
            for entry in self.retired(item, PORT) {
                let choices = [("http", "http"), ("https", "https")];
                let value = &entry.value;
                let read = self.for_ecs(true, |d| d.choice("x-aws-protocol", value, &choices));
                let Some(protocol) = read else { continue };
                let within = |span: Span| {
                    span.source == item.span.source
                        && item.span.start <= span.start
                        && span.end <= item.span.end
                };
                let mut said = false;
                for port in service.ports.iter_mut().filter(|port| within(port.span)) {
                    let mut given =
                        port.value.app_protocol.take().map(|given| Located::new(given, item.span));
                    let read = Some(Located::new(protocol.value.to_owned(), protocol.span));
                    if said {
                        given = given.or(read);
                    } else {
                        self.take(entry, "app_protocol", read, &mut given);
                        said = true;
                    }
                    port.value.app_protocol = given.map(|given| given.value);
                }
            }
        }
    }

    /// `x-aws-pull_credentials`, `x-aws-policies` and `x-aws-role`.
    fn retired_access(&mut self, node: &Node, out: &mut Rare<ServiceExtension>) {
        let mut policies = Vec::new();
        let own = out.policies.first().map(|policy| policy.span);
        for entry in self.retired(node, SERVICE) {
            let value = &entry.value;
            match &*entry.key.text {
                "x-aws-pull_credentials" => {
                    let read = self.for_ecs(true, |d| d.filled("x-aws-pull_credentials", value));
                    let to = "x-ecs.pull_credentials";
                    self.take(entry, to, read, &mut out.pull_credentials);
                    continue;
                }
                "x-aws-policies" => {
                    policies.extend(self.for_ecs(true, |d| d.policies(value)));
                }
                _ => policies.extend(self.for_ecs(true, |d| d.document(value))),
            }
            match own {
                Some(own) => self.clash(entry, "x-ecs.policies", own),
                None => self.renamed(entry, "x-ecs.policies"),
            }
        }
        if !policies.is_empty() && own.is_none() {
            out.policies = policies;
        }
    }

    /// The statements of a policy document.
    fn document(&mut self, node: &Node) -> Vec<Located<Policy>> {
        let statements = node.get("Statement").or_else(|| node.get("statement"));
        let Some(statements) = statements else {
            let help = "write a policy document: `Statement: [{Effect: Allow, Action: …, \
                Resource: …}]`";
            let fault = Diagnostic::error(Code::InvalidValue, "`x-aws-role` has no statements");
            self.report_at(fault.help(help), node, "");
            return Vec::new();
        };
        self.policies(statements)
    }

    /// `x-aws-autoscaling`, `x-aws-min_percent` and `x-aws-max_percent`.
    fn retired_motion(&mut self, deploy: &Node, out: &mut Rare<ServiceExtension>) {
        for entry in self.retired(deploy, DEPLOY) {
            let value = &entry.value;
            let mut read = self.for_ecs(true, |d| d.autoscaling("`x-aws-autoscaling`", value));
            if let Some(scaling) = &mut read {
                // The retired integration waited a minute between two changes.
                scaling.value.cooldown.get_or_insert(Located::new(60, entry.key.span));
            }
            self.take(entry, "x-ecs.autoscaling", read, &mut out.autoscaling);
        }
        let Some(update) = deploy.get("update_config") else { return };
        for entry in self.retired(update, UPDATE) {
            let value = &entry.value;
            let rollout =
                out.rollout.get_or_insert_with(|| Located::new(Rollout::default(), entry.key.span));
            if &*entry.key.text == "x-aws-min_percent" {
                let read = self.for_ecs(true, |d| d.count("x-aws-min_percent", value, 100));
                let to = "x-ecs.rollout.min_percent";
                self.take(entry, to, read, &mut rollout.value.min_percent);
            } else {
                let read = self.for_ecs(true, |d| d.count("x-aws-max_percent", value, 100_000));
                let to = "x-ecs.rollout.max_percent";
                self.take(entry, to, read, &mut rollout.value.max_percent);
            }
        }
    }

    /// `x-aws-keys`
    pub(super) fn retired_of_secret(&mut self, node: &Node, out: &mut SecretExtension) {
        for entry in self.retired(node, SECRET) {
            let value = &entry.value;
            let keys = self.for_ecs(true, |d| match value.as_scalar() {
                Some(_) => d.filled("x-aws-keys", value).into_iter().collect(),
                None => d.strings("x-aws-keys", value),
            });
            if keys.iter().any(|key| key.value == "*") {
                self.refuse(
                    entry,
                    Code::Refused,
                    "which keys the secret has is only known to Secrets Manager",
                    "list them: `x-aws-keys: [user, password]`",
                );
                continue;
            }
            match &out.key {
                Some(key) => self.clash(entry, "x-ecs.key", key.span),
                None => {
                    self.renamed(
                        entry,
                        "x-ecs.key` at one secret for each of them, or `x-ecs.secret_env",
                    );
                    out.files = keys;
                }
            }
        }
    }

    /// `x-aws-securitygroup`
    pub(super) fn retired_of_network(&mut self, node: &Node, out: &mut Option<Located<String>>) {
        for entry in self.retired(node, NETWORK) {
            let value = &entry.value;
            let read = self.for_ecs(true, |d| {
                let group = d.filled("x-aws-securitygroup", value)?;
                let id = last(&group.value);
                if !is_security_group_id(id) {
                    let help = "write the id of a group, such as `sg-0123456789abcdef0`";
                    d.invalid("x-aws-securitygroup", value, "is no id of a group", help);
                    return None;
                }
                Some(Located::new(id.to_owned(), group.span))
            });
            self.take(entry, "x-ecs.security_group", read, out);
        }
    }

    /// The retired keys of one place that belong there; the others are said.
    fn retired<'n>(&mut self, node: &'n Node, place: Place) -> Vec<&'n Entry> {
        let entries = node.as_mapping().map_or(&[][..], |mapping| &mapping.entries);
        if self.stage != Stage::Whole || self.is_written {
            return Vec::new();
        }
        let (known, strange): (Vec<_>, Vec<_>) = entries
            .iter()
            .filter(|entry| entry.key.text.starts_with(PREFIX) && !is_empty(&entry.value))
            .partition(|entry| place.1.contains(&&*entry.key.text));
        for entry in strange {
            let key = &*entry.key.text;
            let home = PLACES.iter().find(|(_, keys)| keys.contains(&key));
            let help = match home {
                Some((home, _)) => format!("it belongs to {home}"),
                None => near(key, place.1)
                    .unwrap_or_else(|| "remove it, or write what is meant with `x-ecs`".to_owned()),
            };
            let message = format!("`{key}` means nothing at {}", place.0);
            let fault = Diagnostic::warning(Code::UnknownAttribute, message);
            let fault = self.used_at(fault.at(entry.key.span, ""), &entry.value);
            self.outcome(fault.help(help));
        }
        known
    }

    /// Takes a value over, unless `x-ecs` has one.
    fn take<T>(
        &mut self,
        entry: &Entry,
        to: &str,
        read: Option<Located<T>>,
        out: &mut Option<Located<T>>,
    ) {
        match out {
            Some(given) => self.clash(entry, to, given.span),
            None => {
                if read.is_some() {
                    self.renamed(entry, to);
                }
                *out = read;
            }
        }
    }

    fn renamed(&mut self, entry: &Entry, to: &str) {
        let message = format!("`{}` is the retired name of `{to}`", entry.key.text);
        self.outcome(
            Diagnostic::note(Code::Obsolete, message)
                .at(entry.key.span, "it means the same here")
                .help(format!("write `{to}`")),
        );
    }

    fn clash(&mut self, entry: &Entry, to: &str, other: Span) {
        let message = format!("`{}` and `{to}` are two names of one setting", entry.key.text);
        self.outcome(
            Diagnostic::error(Code::Conflict, message)
                .at(entry.key.span, "the retired name")
                .at(other, "the name of today")
                .help("take the retired one away"),
        );
    }

    fn refuse(&mut self, entry: &Entry, code: Code, why: &str, help: &str) {
        let message = format!("`{}`: {why}", entry.key.text);
        let fault = Diagnostic::error(code, message).at(entry.key.span, "");
        let fault = self.used_at(fault, &entry.value).help(help);
        self.outcome(fault);
    }
}

/// Whether nothing is said: an unset variable stands there, say.
/// What was meant, of the keys of one place: what all begin with says nothing.
fn near(key: &str, keys: &[&'static str]) -> Option<String> {
    let rest = |key: &'static str| key.strip_prefix(PREFIX);
    let found = closest(key.strip_prefix(PREFIX)?, keys.iter().filter_map(|key| rest(key)))?;
    Some(format!("did you mean `{PREFIX}{found}`?"))
}

fn is_empty(node: &Node) -> bool {
    node.as_scalar().is_some_and(|scalar| scalar.is_null() || scalar.text.is_empty())
}

/// What stands behind the last `/`: the id at the end of an ARN, or the id itself.
fn last(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}
