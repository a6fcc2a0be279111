mod access;
mod domain;
mod endpoint;
mod launch;
mod load_balancer;
mod motion;
mod overrides;
mod reference;
mod scaling;
mod settings;
mod statement;
mod steps;
mod vpc;

use super::Decoder;
use super::table::Table;
use crate::compose::model::{
    Http, NameService, PortExposure, ProjectExtension, SecretExtension, ServiceExtension,
};
use crate::compose::scalar::{Typed, typed};
use crate::compose::unsupported::Level;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Located;
use crate::yaml::Node;

impl Decoder<'_> {
    /// The top-level `x-ecs`.
    pub(super) fn project_extension(&mut self, node: &Node) -> ProjectExtension {
        let mut out = ProjectExtension::default();
        if node.is_null() {
            return out;
        }
        let Some(mut table) = Table::open(self, "x-ecs", node, Level::ProjectExtension) else {
            return out;
        };
        out.region = table.value("region").and_then(|node| self.region(node));
        out.vpc = table.value("vpc").and_then(|node| self.vpc(node));
        if let Some(node) = table.value("subnets") {
            out.subnets = self.subnet_ids(node);
        }
        out.log_retention =
            table.value("log_retention").and_then(|node| self.count("log_retention", node, 3653));
        if let Some(node) = table.value("tags") {
            out.tags = self.labels("tags", node);
        }
        out.cluster = table.value("cluster").and_then(|node| self.cluster(node));
        out.capacity = table.value("capacity").and_then(|node| self.capacity(node));
        out.permissions_boundary =
            table.value("permissions_boundary").and_then(|node| self.boundary(node));
        if let Some(node) = table.value("repositories") {
            out.repositories = self.repositories(node);
        }
        out.certificate = table.value("certificate").and_then(|node| self.certificate(node));
        if let Some(node) = table.value("load_balancer") {
            out.load_balancers = self.load_balancers("x-ecs.load_balancer", node);
        }
        if let Some(node) = table.value("domain") {
            out.domains = self.domains("x-ecs.domain", node);
        }
        out.launch = table.value("launch").and_then(|node| self.launch(node));
        out.network_mode = table.value("network_mode").and_then(|node| self.task_network(node));
        if let Some(node) = table.value("instances") {
            out.instances = self.instances(node);
        }
        out.discovery = table.value("discovery").and_then(|node| {
            let services =
                [("service-connect", NameService::ServiceConnect), ("dns", NameService::Dns)];
            self.choice("x-ecs.discovery", node, &services)
        });
        if let Some(node) = table.value("required_version") {
            self.required_version(node);
        }
        table.finish(self);
        out
    }

    /// A service's `x-ecs`.
    pub(super) fn service_extension(&mut self, node: &Node) -> ServiceExtension {
        let mut out = ServiceExtension::default();
        if node.is_null() {
            return out;
        }
        let Some(mut table) = Table::open(self, "x-ecs", node, Level::ServiceExtension) else {
            return out;
        };
        out.cpu = table.value("cpu").and_then(|node| self.cpu_units("x-ecs.cpu", node));
        out.memory = table.value("memory").and_then(|node| self.task_memory("x-ecs.memory", node));
        if let Some(node) = table.value("ports") {
            self.exposures(node, &mut out);
        }
        if let Some(node) = table.value("http") {
            out.http = self.http(node);
        }
        out.task = table.value("task").and_then(|node| self.task_name(node));
        if let Some(node) = table.value("secret_env") {
            out.secret_env = self.labels("x-ecs.secret_env", node);
        }
        if let Some(node) = table.value("env_files_s3") {
            out.env_files_s3 = self.strings("x-ecs.env_files_s3", node);
        }
        out.job = table.value("job").and_then(|node| self.boolean("x-ecs.job", node));
        out.volume = table.value("volume").and_then(|node| self.place("x-ecs.volume", node));
        out.allow_shared_volume = table
            .value("allow_shared_volume")
            .and_then(|node| self.boolean("x-ecs.allow_shared_volume", node));
        out.ephemeral_storage = table.value("ephemeral_storage").and_then(|node| self.disk(node));
        out.seed = table.value("seed").and_then(|node| self.boolean("x-ecs.seed", node));
        self.task_extension(&mut table, &mut out);
        table.finish(self);
        out
    }

    /// What tasks may do, where they run, and where their output goes.
    fn task_extension(&mut self, table: &mut Table<'_>, out: &mut ServiceExtension) {
        if let Some(node) = table.value("policies") {
            out.policies = self.policies(node);
        }
        let role = table.value("role").and_then(|node| self.role("x-ecs.role", node));
        let task_role =
            table.value("task_role").and_then(|node| self.role("x-ecs.task_role", node));
        if let (Some(role), Some(task_role)) = (&role, &task_role) {
            let message = "`role` and `task_role` are two names of one setting";
            let fault = Diagnostic::error(Code::Conflict, message)
                .at(role.span, "")
                .at(task_role.span, "")
                .help("take one of the two away");
            self.report(fault);
        }
        out.role = role.or(task_role);
        let execution = table.value("execution_role");
        out.execution_role = execution.and_then(|node| self.role("x-ecs.execution_role", node));
        out.exec = table.value("exec").and_then(|node| self.boolean("x-ecs.exec", node));
        out.capacity = table.value("capacity").and_then(|node| self.capacity(node));
        out.pull_credentials = table
            .value("pull_credentials")
            .and_then(|node| self.filled("x-ecs.pull_credentials", node));
        self.motion(table, out);
        out.log_router = table.value("log_router").and_then(|node| self.log_router(node));
        out.launch = table.value("launch").and_then(|node| self.launch(node));
        out.network_mode = table.value("network_mode").and_then(|node| self.task_network(node));
        if let Some(node) = table.value("placement") {
            out.placement = self.placement_extension(node);
        }
        if let Some(node) = table.value("overrides") {
            out.overrides = self.overrides(node);
        }
    }

    /// A secret's `x-ecs`.
    pub(super) fn secret_extension(&mut self, node: &Node) -> SecretExtension {
        let mut out = SecretExtension::default();
        if node.is_null() {
            return out;
        }
        let level = Level::Part("the `x-ecs` of a secret");
        let Some(mut table) = Table::open(self, "x-ecs", node, level) else { return out };
        out.arn = table.value("arn").and_then(|node| self.filled("x-ecs.arn", node));
        out.key = table.value("key").and_then(|node| self.filled("x-ecs.key", node));
        table.finish(self);
        out
    }

    fn exposures(&mut self, node: &Node, out: &mut ServiceExtension) {
        let Some(mapping) = node.as_mapping() else {
            self.wrong_type("x-ecs.ports", node, "a mapping");
            return;
        };
        for entry in &mapping.entries {
            let value = &entry.value;
            let Some(port) = entry.key.text.parse::<u16>().ok().filter(|&port| port > 0) else {
                let help = "write the container's port as the key: `80: public`";
                self.invalid("x-ecs.ports", value, "stands under a key that is no port", help);
                continue;
            };
            let choices = [
                ("public", PortExposure::Public),
                ("internal", PortExposure::Internal),
                ("none", PortExposure::None),
            ];
            if let Some(exposure) = self.choice("x-ecs.ports", value, &choices) {
                out.ports.insert(port, Located::new(exposure.value, value.span));
            }
        }
    }

    fn http(&mut self, node: &Node) -> Http {
        let mut http = Http { span: Some(node.span), ..Http::default() };
        let Some(mut table) = Table::open(self, "x-ecs.http", node, Level::HttpExtension) else {
            return http;
        };
        let mut texts = |key: &str, node: &Node| match node.as_sequence() {
            Some(_) => self.strings(key, node),
            None => self.filled(key, node).into_iter().collect(),
        };
        http.host = table.value("host").map(|node| texts("host", node)).unwrap_or_default();
        http.path = table.value("path").map(|node| texts("path", node)).unwrap_or_default();
        http.health_check = table.value("health_check").and_then(|node| {
            let path = self.filled("health_check", node)?;
            if !path.value.starts_with('/') {
                self.invalid(
                    "health_check",
                    node,
                    "is no path",
                    "write it with a slash: `/health`",
                );
                return None;
            }
            Some(path)
        });
        http.deregistration_delay = table
            .value("deregistration_delay")
            .and_then(|node| self.seconds("deregistration_delay", node, 3600));
        http.stickiness = table.value("stickiness").and_then(|node| self.stickiness(node));
        if let Some(node) = table.value("alias") {
            http.aliases = self.domains("x-ecs.http.alias", node);
        }
        table.finish(self);
        http
    }

    /// `stickiness`: `true`, or seconds, of which a week is the most (elbv2 API reference,
    /// `TargetGroupAttribute`, `stickiness.lb_cookie.duration_seconds`).
    fn stickiness(&mut self, node: &Node) -> Option<Located<u32>> {
        const DAY: u32 = 86_400;
        if let Some(Typed::Bool(sticky)) = node.as_scalar().map(typed) {
            return sticky.then(|| Located::new(DAY, node.span));
        }
        let seconds = self.count("stickiness", node, 7 * DAY)?;
        if seconds.value == 0 {
            let help = "write `true` for a day, or seconds from 1 to 604800";
            self.invalid("stickiness", node, "is no time", help);
            return None;
        }
        Some(seconds)
    }
}
