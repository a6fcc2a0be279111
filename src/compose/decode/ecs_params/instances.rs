//! What ecs-params.yml says of instances; on Fargate it has no place.

use super::super::Decoder;
use super::super::table::Table;
use crate::compose::model::{PlacementExtension, Project, Service};
use crate::compose::unsupported::Level;
use crate::source::Located;
use crate::yaml::{Entry, Node};

/// Whether the project's tasks run on instances.
pub(super) fn are_meant(project: &Project) -> bool {
    let launch = project.extension.launch.as_ref();
    launch.is_some_and(|launch| launch.value.is_instance())
        || project.services.values().any(|service| service.on_instances())
}

impl Decoder<'_> {
    /// `ecs_network_mode`
    pub(super) fn network_parameter(&mut self, entry: &Entry, project: &mut Project) {
        if are_meant(project) {
            let Some(mode) = self.task_network(&entry.value) else { return };
            for service in project.services.values_mut() {
                let given = &mut service.extension.network_mode;
                self.unless_given(given, &mode, "x-ecs.network_mode");
            }
            return;
        }
        if let Some(mode) = self.filled("ecs_network_mode", &entry.value)
            && mode.value != "awsvpc"
        {
            self.differs(
                &format!("the network mode `{}` becomes `awsvpc`", mode.value),
                mode.span,
                "every task on Fargate has a network interface of its own; `x-ecs: {launch: ec2}` \
                 chooses instances",
            );
        }
    }

    /// `pid_mode` and `ipc_mode` on instances: the task's, which Compose says at its services.
    pub(super) fn instance_namespace(&mut self, entry: &Entry, project: &mut Project) {
        let key = &*entry.key.text;
        let modes = match key {
            "pid_mode" => [("host", "host"), ("task", "task")].as_slice(),
            _ => &[("host", "host"), ("task", "task"), ("none", "none")],
        };
        let Some(mode) = self.choice(key, &entry.value, modes) else { return };
        // What shares with the first service shares with all of them.
        let first = project.services.keys().next().cloned().unwrap_or_default();
        for (name, service) in &mut project.services {
            let value = match (mode.value, key) {
                ("task", "ipc_mode") if *name == first => "shareable".to_owned(),
                ("task", _) if *name == first => continue,
                ("task", _) => format!("service:{first}"),
                (mode, _) => mode.to_owned(),
            };
            let value = Located::new(value, mode.span);
            let namespaces = service.namespaces.get_or_insert_default();
            if key == "pid_mode" {
                self.unless_given(&mut namespaces.pid, &value, "pid");
            } else {
                self.unless_given(&mut namespaces.ipc, &value, "ipc");
            }
        }
    }

    /// `placement_constraints`, or `task_placement` with `strategy` and `constraints`: what they say
    /// comes behind what the Compose file says.
    pub(super) fn placement_parameter(&mut self, entry: &Entry, project: &mut Project) {
        if !are_meant(project) {
            self.ignored_parameter(entry, "Fargate has no machines to choose from");
            return;
        }
        let given = match entry.value.as_sequence() {
            Some(_) => PlacementExtension {
                constraints: self.placement_rules(&entry.value),
                strategy: Vec::new(),
            },
            None => self.placement_extension(&entry.value),
        };
        let add = |service: &mut Service| {
            let PlacementExtension { constraints, strategy } = &mut service.extension.placement;
            let new = given
                .constraints
                .iter()
                .filter(|new| !constraints.iter().any(|old| old.value == new.value));
            let new: Vec<_> = new.cloned().collect();
            constraints.extend(new);
            if strategy.is_empty() {
                strategy.clone_from(&given.strategy);
            }
        };
        project.services.values_mut().for_each(|service| add(service));
    }

    /// An entry of `docker_volumes` on instances: what the volume's `driver` says today.
    pub(super) fn engine_volume(&mut self, node: &Node, project: &mut Project) {
        let level = Level::Part("an entry of `docker_volumes`");
        let Some(mut table) = Table::open(self, "docker_volumes", node, level) else { return };
        let name = table.required(self, "name", "write the name of a volume of the Compose file");
        let name = name.and_then(|node| self.filled("name", node));
        let driver = self.read(&mut table, "driver", Self::filled);
        let options = table.value("driver_opts").map(|node| self.labels("driver_opts", node));
        let labels = table.value("labels").map(|node| self.labels("labels", node));
        for key in ["scope", "autoprovision"] {
            if let Some(entry) = table.optional(key) {
                self.ignored_parameter(
                    entry,
                    "instances keep volumes, and make them, by themselves",
                );
            }
        }
        table.finish(self);
        let Some(name) = name else { return };
        let Some(volume) = project.volumes.get_mut(&name.value) else {
            self.no_such_volume(&name);
            return;
        };
        let driver = driver.unwrap_or_else(|| Located::new("local".to_owned(), name.span));
        self.unless_given(&mut volume.driver, &driver, "driver");
        if volume.driver_opts.is_empty() {
            volume.driver_opts = options.unwrap_or_default();
        }
        if volume.labels.is_empty() {
            volume.labels = labels.unwrap_or_default();
        }
    }
}
