//! `ecs-params.yml`: what the retired ecs-cli kept beside a Compose file (Amazon ECS developer guide,
//! "Using Amazon ECS parameters", as of 2023). Each field becomes what `x-ecs` says today, or is
//! said to have no place.

mod container;
mod instances;
mod run;
mod service;

use super::table::Table;
use super::{Decoder, Noted, Stage};
use crate::compose::model::{Mount, MountKind, Project, Storage};
use crate::compose::paths::Paths;
use crate::compose::unsupported::Level;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::{Located, Sources, Span};
use crate::yaml::{Entry, Node};

/// Lays an `ecs-params.yml` over a project.
pub(in crate::compose) fn apply(
    document: &Node,
    project: &mut Project,
    sources: &Sources,
    paths: &Paths,
    diagnostics: &mut Diagnostics,
) {
    let mut outcomes = Diagnostics::default();
    let mut decoder = Decoder {
        sources,
        diagnostics,
        outcomes: &mut outcomes,
        paths,
        service: None,
        ports_left: None,
        mounts_left: None,
        stage: Stage::Whole,
        is_written: false,
        noted: Noted::default(),
        only: None,
    };
    decoder.parameters(document, project);
    diagnostics.append(outcomes);
}

impl Decoder<'_> {
    fn parameters(&mut self, document: &Node, project: &mut Project) {
        let level = Level::Part("`ecs-params.yml`");
        let Some(mut table) = Table::open(self, "ecs-params.yml", document, level) else { return };
        let version = table.required(self, "version", "write `version: 1`");
        if let Some(node) = version
            && node.as_scalar().is_some_and(|version| !matches!(&*version.text, "1" | "1.0"))
        {
            self.invalid("version", node, "is no version of ecs-params.yml", "write `version: 1`");
        }
        if let Some(node) = table.value("task_definition").filter(|node| !node.is_null()) {
            self.task_parameters(node, project);
        }
        if let Some(node) = table.value("run_params").filter(|node| !node.is_null()) {
            self.run_parameters(node, project);
        }
        table.finish(self);
    }

    fn task_parameters(&mut self, node: &Node, project: &mut Project) {
        let level = Level::Part("`task_definition`");
        let Some(mut table) = Table::open(self, "task_definition", node, level) else { return };
        self.one_task(node.span, project);
        if let Some(entry) = table.optional("ecs_network_mode") {
            self.network_parameter(entry, project);
        }
        if let Some(role) = self.read(&mut table, "task_role_arn", Self::role) {
            for service in project.services.values_mut() {
                self.unless_given(&mut service.extension.role, &role, "x-ecs.role");
            }
        }
        if let Some(role) = self.read(&mut table, "task_execution_role", Self::role) {
            for service in project.services.values_mut() {
                let given = &mut service.extension.execution_role;
                self.unless_given(given, &role, "x-ecs.execution_role");
            }
        }
        if let Some(node) = table.value("task_size") {
            self.task_size(node, project);
        }
        for key in ["pid_mode", "ipc_mode"] {
            if let Some(entry) = table.optional(key) {
                match instances::are_meant(project) {
                    true => self.instance_namespace(entry, project),
                    false => self.namespace(entry),
                }
            }
        }
        if let Some(entry) = table.optional("placement_constraints") {
            self.placement_parameter(entry, project);
        }
        if let Some(node) = table.value("services") {
            self.service_parameters(node, project);
        }
        if let Some(node) = table.value("docker_volumes") {
            let read = match instances::are_meant(project) {
                true => Self::engine_volume,
                false => Self::docker_volume,
            };
            self.each(node, "docker_volumes", |d, node| read(d, node, project));
        }
        if let Some(node) = table.value("efs_volumes") {
            self.each(node, "efs_volumes", |d, node| d.efs_volume(node, project));
        }
        table.finish(self);
    }

    /// ecs-cli made one task of all services.
    fn one_task(&mut self, span: Span, project: &mut Project) {
        if project.services.len() < 2 {
            return;
        }
        for service in project.services.values_mut() {
            let name = Located::new(project.name.clone(), span);
            service.extension.task.get_or_insert(name);
        }
        self.outcome(
            Diagnostic::note(Code::Approximated, "all services share one task, as ecs-cli had it")
                .at(span, "")
                .help(
                    "without `--ecs-params` each service is a task of its own, which scales alone",
                ),
        );
    }

    fn task_size(&mut self, node: &Node, project: &mut Project) {
        let level = Level::Part("`task_size`");
        let Some(mut table) = Table::open(self, "task_size", node, level) else { return };
        let cpu = table.value("cpu_limit").and_then(|node| self.cpu_units("cpu_limit", node));
        let memory = table.value("mem_limit").and_then(|node| self.mebibytes("mem_limit", node));
        table.finish(self);
        for service in project.services.values_mut() {
            if let Some(cpu) = &cpu {
                self.unless_given(&mut service.extension.cpu, cpu, "x-ecs.cpu");
            }
            if let Some(memory) = &memory {
                self.unless_given(&mut service.extension.memory, memory, "x-ecs.memory");
            }
        }
    }

    /// A size; a bare number is one of MiB, as in a task definition.
    fn mebibytes(&mut self, field: &str, node: &Node) -> Option<Located<u64>> {
        let number = node.as_scalar().and_then(|scalar| scalar.text.parse::<u32>().ok());
        match number {
            Some(number) => Some(Located::new(u64::from(number) << 20, node.span)),
            None => self.bytes(field, node, true),
        }
    }

    fn namespace(&mut self, entry: &Entry) {
        let key = &*entry.key.text;
        let Some(mode) = self.filled(key, &entry.value) else { return };
        match (key, mode.value.as_str()) {
            ("ipc_mode", "none") => self.ignored_parameter(entry, "tasks share nothing on Fargate"),
            ("pid_mode", "task") => {
                let help = "write `pid: service:NAME` at the services that shall see each other";
                self.refused_parameter(&mode, "`pid_mode` is said in the Compose file", help);
            }
            _ => {
                let what = format!("Fargate has no `{key}: {}`", mode.value);
                self.refused_parameter(
                    &mode,
                    &what,
                    "take it away: a task has namespaces of its own",
                );
            }
        }
    }

    fn docker_volume(&mut self, node: &Node, project: &mut Project) {
        let level = Level::Part("an entry of `docker_volumes`");
        let Some(mut table) = Table::open(self, "docker_volumes", node, level) else { return };
        let name = table.required(self, "name", "write the name of a volume of the Compose file");
        let name = name.and_then(|node| self.filled("name", node));
        let scopes = [("task", true), ("shared", false)];
        let scope = table.value("scope").and_then(|node| self.choice("scope", node, &scopes));
        for key in ["autoprovision", "driver", "driver_opts", "labels"] {
            if let Some(entry) = table.optional(key) {
                self.ignored_parameter(
                    entry,
                    "there is no Docker engine on Fargate that makes volumes",
                );
            }
        }
        table.finish(self);
        match scope {
            Some(scope) if !scope.value => {
                let what = "a Docker volume cannot be shared by tasks on Fargate";
                let scope = Located::new("shared".to_owned(), scope.span);
                self.refused_parameter(&scope, what, "write `efs_volumes`, or take the entry away");
            }
            _ => self.place_volume(name, Storage::Ephemeral, project),
        }
    }

    fn efs_volume(&mut self, node: &Node, project: &mut Project) {
        let level = Level::Part("an entry of `efs_volumes`");
        let Some(mut table) = Table::open(self, "efs_volumes", node, level) else { return };
        let name = table.required(self, "name", "write the name of a volume of the Compose file");
        let name = name.and_then(|node| self.filled("name", node));
        let id = table.required(self, "filesystem_id", "write `fs-…`");
        let id = id.and_then(|node| self.filled("filesystem_id", node));
        let point = self.read(&mut table, "access_point", Self::filled);
        let root = self.read(&mut table, "root_directory", Self::filled);
        if let Some(entry) = table.optional("transit_encryption")
            && let Some(mode) = self.filled("transit_encryption", &entry.value)
            && !mode.value.eq_ignore_ascii_case("ENABLED")
        {
            self.differs("what goes to EFS is encrypted", mode.span, "access points ask for it");
        }
        if let Some(entry) = table.optional("transit_encryption_port") {
            self.ignored_parameter(entry, "ECS chooses how it mounts the file system");
        }
        let switch = [("ENABLED", true), ("DISABLED", false)];
        let iam = table.value("iam").and_then(|node| self.choice("iam", node, &switch));
        table.finish(self);
        let Some(id) = id else { return };
        if let (Some(root), Some(name)) = (root.filter(|root| root.value != "/"), &name) {
            below(&root.value, &name.value, project);
        }
        let access_point = point.map(|point| point.value);
        let iam = iam.is_some_and(|iam| iam.value);
        let storage = Storage::Existing { file_system: id.value, access_point, iam };
        self.place_volume(name, storage, project);
    }

    fn place_volume(
        &mut self,
        name: Option<Located<String>>,
        storage: Storage,
        project: &mut Project,
    ) {
        let Some(name) = name else { return };
        match project.volumes.get_mut(&name.value) {
            Some(volume) => {
                let storage = Located::new(storage, name.span);
                self.unless_given(&mut volume.storage, &storage, "x-ecs");
            }
            None => self.no_such_volume(&name),
        }
    }

    fn no_such_volume(&mut self, name: &Located<String>) {
        let message = format!("the Compose file has no volume `{}`", name.value);
        let fault = Diagnostic::error(Code::UndefinedReference, message).at(name.span, "");
        self.outcome(fault.help("name one of its top-level `volumes`"));
    }

    /// The entries of a list, or the one that stands for it.
    fn each(&mut self, node: &Node, field: &str, mut read: impl FnMut(&mut Self, &Node)) {
        match node.as_sequence() {
            Some(items) => items.iter().for_each(|item| read(self, item)),
            None => self.wrong_type(field, node, "a list"),
        }
    }

    /// Takes a value over; a different one in the Compose file is a conflict.
    fn unless_given<T: Clone + PartialEq>(
        &mut self,
        out: &mut Option<Located<T>>,
        value: &Located<T>,
        name: &str,
    ) {
        match out {
            Some(given) if given.value != value.value => {
                let message = format!("`{name}` says something else than ecs-params.yml");
                self.outcome(
                    Diagnostic::error(Code::Conflict, message)
                        .at(value.span, "here")
                        .at(given.span, "and in the Compose file")
                        .help("take one of the two away"),
                );
            }
            _ => *out = Some(value.clone()),
        }
    }

    fn ignored_parameter(&mut self, entry: &Entry, why: &str) {
        let message = format!("`{}` of ecs-params.yml has no effect", entry.key.text);
        self.outcome(
            Diagnostic::note(Code::Ignored, message).at(entry.key.span, "").help(why.to_owned()),
        );
    }

    fn refused_parameter(&mut self, value: &Located<String>, what: &str, help: &str) {
        let fault = Diagnostic::error(Code::Refused, what.to_owned()).at(value.span, "");
        self.outcome(fault.help(help.to_owned()));
    }

    fn differs(&mut self, what: &str, span: Span, why: &str) {
        let fault = Diagnostic::warning(Code::Approximated, what.to_owned()).at(span, "");
        self.outcome(fault.help(why.to_owned()));
    }
}

/// A directory of a file system is mounted instead of the whole: below it, what the mounts name.
fn below(root: &str, volume: &str, project: &mut Project) {
    for service in project.services.values_mut() {
        for mount in &mut service.mounts {
            let Mount { kind, subpath, .. } = &mut mount.value;
            if matches!(kind, MountKind::Volume(name) if name == volume) {
                let root = root.trim_matches('/');
                *subpath = Some(match subpath.take() {
                    Some(path) => format!("{root}/{path}"),
                    None => root.to_owned(),
                });
            }
        }
    }
}
