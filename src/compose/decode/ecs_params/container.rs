//! What ecs-params.yml says of a container beside what the Compose file says: sizes and the health
//! check. ecs-cli took its own word there (amazon-ecs-cli, `reconcileContainerDef`).

use std::time::Duration;

use super::super::Decoder;
use super::super::table::Table;
use crate::compose::model::{Gpu, HealthTest, Healthcheck, Service};
use crate::compose::unsupported::Level;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Located;
use crate::yaml::Node;

/// The least memory that ECS gives a container, bytes (ECS API reference, `ContainerDefinition.memory`).
const LEAST_MEMORY: u64 = 4 << 20;

impl Decoder<'_> {
    /// `mem_limit` and `mem_reservation`
    pub(super) fn memory_parameters(&mut self, table: &mut Table<'_>, service: &mut Service) {
        let limit = table.value("mem_limit");
        if let Some(size) = limit.and_then(|node| self.container_memory("mem_limit", node)) {
            let said = service.deploy.limits.memory.clone();
            self.instead(&mut service.mem_limit, &size, "mem_limit", said.as_ref());
            if said.is_some() {
                service.deploy.limits.memory = Some(size);
            }
        }
        let reserved = table.value("mem_reservation");
        let reserved = reserved.and_then(|node| self.container_memory("mem_reservation", node));
        if let Some(size) = reserved {
            let said = service.deploy.reservations.memory.clone();
            self.instead(&mut service.mem_reservation, &size, "mem_reservation", said.as_ref());
            if said.is_some() {
                service.deploy.reservations.memory = Some(size);
            }
        }
    }

    /// A size; a bare number is one of bytes. Fewer bytes than a container can have came to nothing in
    /// ecs-cli, and were meant as MiB, as in a task definition.
    fn container_memory(&mut self, field: &str, node: &Node) -> Option<Located<u64>> {
        let size = self.bytes(field, node, true)?;
        let is_bare = node.as_scalar().is_some_and(|s| s.text.bytes().all(|b| b.is_ascii_digit()));
        let mebibytes = size.value.checked_mul(1 << 20).filter(|_| size.value > 0);
        let (true, Some(bytes)) = (is_bare && size.value < LEAST_MEMORY, mebibytes) else {
            return Some(size);
        };
        let message = format!("`{field}` is read as {} MiB", size.value);
        let fault = Diagnostic::warning(Code::Approximated, message).at(size.span, "");
        let help = format!("a bare number counts bytes: write `{}m`", size.value);
        self.outcome(fault.help(help));
        Some(size.map(|_| bytes))
    }

    /// `gpu`: how many a container gets, on instances.
    pub(super) fn gpu_parameter(&mut self, node: &Node, service: &mut Service) {
        if !service.on_instances() {
            let value = Located::new(String::new(), node.span);
            let help = "take `gpu` away, or choose instances: `x-ecs: {launch: ec2}`";
            self.refused_parameter(&value, "Fargate has no GPUs", help);
            return;
        }
        if let Some(count) = self.count("gpu", node, 1 << 10) {
            let gpu = Gpu {
                capabilities: vec!["gpu".to_owned()],
                count: i64::from(count.value),
                ..Gpu::default()
            };
            service.privileges.get_or_insert_default().gpus = vec![Located::new(gpu, count.span)];
        }
    }

    /// `healthcheck`: what it says takes the place of what the Compose file says, key by key.
    pub(super) fn health_parameters(&mut self, node: &Node, service: &mut Service) {
        let level = Level::Part("`healthcheck` of ecs-params.yml");
        let Some(mut table) = Table::open(self, "healthcheck", node, level) else { return };
        let (test, command) = (table.optional("test"), table.optional("command"));
        if let (Some(test), Some(command)) = (test, command) {
            let message = "`test` and `command` are two names of one setting";
            self.outcome(
                Diagnostic::error(Code::Conflict, message)
                    .at(test.key.span, "")
                    .at(command.key.span, "")
                    .help("keep one of them"),
            );
        }
        let test = test.or(command).and_then(|entry| self.health_command(&entry.value));
        let mut seconds =
            |key| table.value(key).and_then(|node| self.duration_or_seconds(key, node));
        let interval = seconds("interval");
        let timeout = seconds("timeout");
        let start_period = seconds("start_period");
        let retries = table.value("retries").and_then(|node| self.retries(node));
        table.finish(self);
        let empty = || Box::new(Located::new(Healthcheck::default(), node.span));
        let check = &mut service.healthcheck.get_or_insert_with(empty).value;
        if let Some(test) = test {
            self.instead(&mut check.test, &test, "healthcheck.test", None);
        }
        let durations = [
            (&mut check.interval, interval, "healthcheck.interval"),
            (&mut check.timeout, timeout, "healthcheck.timeout"),
            (&mut check.start_period, start_period, "healthcheck.start_period"),
        ];
        for (out, given, name) in durations {
            if let Some(given) = given {
                self.instead(out, &given, name, None);
            }
        }
        if let Some(retries) = retries {
            self.instead(&mut check.retries, &retries, "healthcheck.retries", None);
        }
    }

    /// One text, alone or in a list, is for a shell.
    fn health_command(&mut self, node: &Node) -> Option<Located<HealthTest>> {
        match node.as_sequence() {
            Some([one]) if one.as_scalar().is_some_and(|word| &*word.text != "NONE") => {
                Some(self.string("test", one)?.map(HealthTest::Shell))
            }
            _ => self.health_test(node),
        }
    }

    /// A duration, or a number of seconds.
    fn duration_or_seconds(&mut self, field: &str, node: &Node) -> Option<Located<Duration>> {
        match node.as_scalar().and_then(|scalar| scalar.text.parse::<u32>().ok()) {
            Some(count) => Some(Located::new(Duration::from_secs(count.into()), node.span)),
            None => self.duration(field, node),
        }
    }

    /// Takes a value over in the place of the Compose file's, which is said where it is another one.
    /// `also` is what another attribute of the same meaning says.
    fn instead<T: Clone + PartialEq>(
        &mut self,
        out: &mut Option<Located<T>>,
        value: &Located<T>,
        name: &str,
        also: Option<&Located<T>>,
    ) {
        let given = out.as_ref().or(also).filter(|given| given.value != value.value);
        if let Some(given) = given {
            let message = format!("`{name}` is what ecs-params.yml says, as it was with ecs-cli");
            self.outcome(
                Diagnostic::note(Code::Approximated, message)
                    .at(value.span, "this counts")
                    .at(given.span, "and this does not")
                    .help("take one of the two away"),
            );
        }
        *out = Some(value.clone());
    }
}
