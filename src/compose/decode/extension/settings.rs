//! `x-ecs`: small groups of settings.

use indexmap::IndexMap;

use super::super::Decoder;
use super::super::table::Table;
use crate::compose::model::{Capacity, ExistingRepository, LogRouter, Repositories, RouterKind};
use crate::compose::required_version;
use crate::compose::unsupported::Level;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Located;
use crate::yaml::Node;

/// The most of a weight and of a base (ECS API reference, `CapacityProviderStrategyItem`).
const MOST_WEIGHT: u32 = 1000;
const MOST_BASE: u32 = 100_000;

impl Decoder<'_> {
    /// CPU units, of which a virtual CPU has 1024; or virtual CPUs, as in `0.5`, `2` and `.25 vCPU` (ECS
    /// API reference, `RegisterTaskDefinition`, `cpu`).
    pub(in crate::compose::decode) fn cpu_units(
        &mut self,
        field: &str,
        node: &Node,
    ) -> Option<Located<u32>> {
        /// The most virtual CPUs that Fargate gives a task; no task has as few units.
        const MOST: f64 = 16.0;
        let text = node.as_scalar().map(|scalar| scalar.text.to_ascii_lowercase());
        let text = text.unwrap_or_default();
        let named = text.strip_suffix("vcpu").map(str::trim);
        let number = named.unwrap_or(&text).parse::<f64>().ok();
        match number.filter(|number| *number > 0.0 && number.is_finite()) {
            Some(number) if named.is_some() || number <= MOST => {
                let units = (number * 1024.0).ceil().min(f64::from(1 << 20));
                #[expect(clippy::cast_possible_truncation, reason = "at most 2^20")]
                #[expect(clippy::cast_sign_loss, reason = "more than 0")]
                Some(Located::new(units as u32, node.span))
            }
            _ if number.is_some_and(|number| number <= 0.0) => {
                let help = "write units, `256`, or virtual CPUs, `0.25`";
                self.invalid(field, node, "is nothing to run on", help);
                None
            }
            _ => self.count(field, node, 1 << 20),
        }
    }

    /// Bytes that a task could have: whoever writes fewer means another unit.
    pub(super) fn task_memory(&mut self, field: &str, node: &Node) -> Option<Located<u64>> {
        /// ECS API reference, `ContainerDefinition.memory`: Docker reserves 6 MiB at the least, and
        /// 4 MiB before its version 20.10.
        const LEAST: u64 = 4 << 20;
        let memory = self.bytes(field, node, true)?;
        if memory.value < LEAST {
            let help = "a number without a unit counts bytes: write `512m` or `2g`";
            self.invalid(field, node, "is less than a container takes", help);
            return None;
        }
        Some(memory)
    }

    /// Seconds, as a number or with a unit.
    pub(super) fn seconds(&mut self, field: &str, node: &Node, most: u32) -> Option<Located<u32>> {
        let is_number =
            node.as_scalar().is_none_or(|s| s.text.bytes().all(|byte| byte.is_ascii_digit()));
        if is_number {
            return self.count(field, node, most);
        }
        let time = self.duration(field, node)?;
        let seconds = u32::try_from(time.value.as_secs()).ok().filter(|seconds| *seconds <= most);
        if seconds.is_none() {
            self.invalid(field, node, "is too long", &format!("write at most {most} seconds"));
        }
        Some(Located::new(seconds?, node.span))
    }

    /// `x-ecs.capacity`
    pub(super) fn capacity(&mut self, node: &Node) -> Option<Located<Capacity>> {
        let level = Level::Part("`x-ecs.capacity`");
        let mut table = Table::open(self, "x-ecs.capacity", node, level)?;
        let providers = table.value("providers").map(|node| self.providers(node));
        let mut number = |key: &'static str, most| {
            table
                .value(key)
                .and_then(|node| self.count(&format!("x-ecs.capacity.{key}"), node, most))
        };
        let capacity = Capacity {
            providers: providers.unwrap_or_default(),
            fargate: number("fargate", MOST_WEIGHT),
            fargate_spot: number("fargate_spot", MOST_WEIGHT),
            base: number("base", MOST_BASE),
        };
        table.finish(self);
        // Keys that nobody knows were said, and are no capacity without a weight.
        let is_empty = capacity == Capacity::default();
        let has_keys = node.as_mapping().is_some_and(|mapping| !mapping.entries.is_empty());
        (!is_empty || !has_keys).then(|| Located::new(capacity, node.span))
    }

    /// `x-ecs.capacity.providers`
    fn providers(&mut self, node: &Node) -> IndexMap<String, Located<u32>> {
        const FIELD: &str = "x-ecs.capacity.providers";
        let Some(mapping) = node.as_mapping() else {
            self.wrong_type(FIELD, node, "a mapping");
            return IndexMap::new();
        };
        let mut out = IndexMap::new();
        for entry in &mapping.entries {
            if let Some(weight) = self.count(FIELD, &entry.value, MOST_WEIGHT) {
                out.insert(entry.key.text.to_string(), weight);
            }
        }
        out
    }

    /// `x-ecs.log_router`: an image, or all there is to say.
    pub(in crate::compose::decode) fn log_router(
        &mut self,
        node: &Node,
    ) -> Option<Located<LogRouter>> {
        if node.as_scalar().is_some() {
            let image = self.filled("x-ecs.log_router", node)?;
            let router = LogRouter { image: Some(image), ..LogRouter::default() };
            return Some(Located::new(router, node.span));
        }
        let level = Level::Part("`x-ecs.log_router`");
        let mut table = Table::open(self, "x-ecs.log_router", node, level)?;
        let mut router = LogRouter {
            image: table.value("image").and_then(|node| self.filled("image", node)),
            ..LogRouter::default()
        };
        if let Some(node) = table.value("type") {
            let kinds = [("fluentbit", RouterKind::FluentBit), ("fluentd", RouterKind::Fluentd)];
            router.kind = self.choice("type", node, &kinds);
        }
        if let Some(node) = table.value("options") {
            router.options = self.labels("options", node);
        }
        table.finish(self);
        Some(Located::new(router, node.span))
    }

    /// `x-ecs.repositories`
    pub(super) fn repositories(&mut self, node: &Node) -> Repositories {
        let level = Level::Part("`x-ecs.repositories`");
        let Some(mut table) = Table::open(self, "x-ecs.repositories", node, level) else {
            return Repositories::default();
        };
        let existing = table.value("existing").and_then(|node| self.existing_repository(node));
        let repositories = Repositories {
            existing,
            prefix: table.value("prefix").and_then(|node| self.repository_prefix(node)),
            keep: table.value("keep").and_then(|node| self.kept_images(node)),
            scan: table.value("scan").and_then(|node| self.boolean("scan", node)),
            immutable: table.value("immutable").and_then(|node| self.boolean("immutable", node)),
            kms_key: table.value("kms_key").and_then(|node| self.kms_key("kms_key", node)),
        };
        table.finish(self);
        let Repositories { existing, prefix, keep, scan, immutable, kms_key } = &repositories;
        let settings = [
            ("prefix", prefix.as_ref().map(|key| key.span)),
            ("keep", keep.as_ref().map(|key| key.span)),
            ("scan", scan.as_ref().map(|key| key.span)),
            ("immutable", immutable.as_ref().map(|key| key.span)),
            ("kms_key", kms_key.as_ref().map(|key| key.span)),
        ];
        if existing.is_some() {
            for (key, span) in settings {
                let Some(span) = span else { continue };
                let message = format!("`{key}` is not set on a repository that exists already");
                self.report(
                    Diagnostic::error(Code::Conflict, message)
                        .at(span, "")
                        .help("take it away: `existing` stays as its owner has it"),
                );
            }
        }
        repositories
    }

    fn existing_repository(&mut self, node: &Node) -> Option<Located<ExistingRepository>> {
        let text = self.filled("existing", node)?;
        if let Some(found) = ExistingRepository::parse(&text.value) {
            return Some(Located::new(found, text.span));
        }
        let help = "write the name of a repository in ECR, or its whole URI without a tag";
        self.invalid("existing", node, "names no repository of ECR", help);
        None
    }

    /// Segments of lower-case letters and digits (ECR API reference, `CreateRepository`).
    fn repository_prefix(&mut self, node: &Node) -> Option<Located<String>> {
        let mut prefix = self.filled("prefix", node)?;
        prefix.value = prefix.value.trim_end_matches('/').to_owned();
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let good = |segment: &str| {
            segment.starts_with(plain)
                && segment.ends_with(plain)
                && segment.chars().all(|c| plain(c) || "._-".contains(c))
        };
        if prefix.value.len() <= 100 && prefix.value.split('/').all(good) {
            return Some(prefix);
        }
        let help = "ECR takes lower-case letters and digits, with `.`, `_`, `-` and `/` inside, \
            here at most 100";
        self.invalid("prefix", node, "cannot stand before a repository's name", help);
        None
    }

    /// At least one: without an image nothing runs.
    fn kept_images(&mut self, node: &Node) -> Option<Located<u32>> {
        let number = self.integer("keep", node, (1, 100_000))?;
        Some(number.map(|number| u32::try_from(number).unwrap_or(u32::MAX)))
    }

    /// `x-ecs.required_version`: refuses a file that is meant for another decklift.
    pub(super) fn required_version(&mut self, node: &Node) {
        const HERE: &str = env!("CARGO_PKG_VERSION");
        let Some(wanted) = self.filled("x-ecs.required_version", node) else { return };
        match required_version::holds(&wanted.value, HERE) {
            Some(true) => {}
            Some(false) => {
                let wanted = self.show(node);
                let message = format!("the file wants decklift {wanted}, and this is {HERE}");
                let fault = Diagnostic::error(Code::Refused, message)
                    .help("install a version that it names, or change `required_version`");
                self.report_at(fault, node, "");
            }
            None => {
                let help = "write `0.3.1`, `>=0.3`, `~0.3` or `>=0.3, <1.0`";
                self.invalid("x-ecs.required_version", node, "names no version", help);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::compose::{LoadOptions, load};

    /// The units of `x-ecs.cpu`, and the seconds of `x-ecs.http.deregistration_delay`.
    fn read(extension: &str) -> (Option<u32>, Option<u32>) {
        let options = LoadOptions {
            files: vec!["-".into()],
            stdin: Some(format!("services: {{web: {{image: a, x-ecs: {extension}}}}}\n")),
            cwd: "/".into(),
            project_name: Some("app".to_owned()),
            ..LoadOptions::default()
        };
        let loaded = load(&options);
        let Some(project) = loaded.project.filter(|_| !loaded.diagnostics.has_errors()) else {
            return (None, None);
        };
        let found = &project.services["web"].extension;
        let delay = found.http.deregistration_delay.as_ref();
        (found.cpu.as_ref().map(|cpu| cpu.value), delay.map(|delay| delay.value))
    }

    #[test]
    fn no_task_has_as_little_memory() {
        for (text, good) in [("0", false), ("512", false), ("'3m'", false), ("'4m'", true)] {
            let read = read(&format!("{{cpu: 256, memory: {text}}}"));
            assert_eq!(read.0.is_some(), good, "{text}");
        }
    }

    #[test]
    fn units_and_virtual_cpus() {
        for (text, units) in [
            ("512", Some(512)),
            ("0.5", Some(512)),
            ("'.25 vCPU'", Some(256)),
            ("2", Some(2048)),
            ("'4096'", Some(4096)),
            ("-1", None),
            ("0", None),
            ("'0 vCPU'", None),
            ("many", None),
            ("20.5", None),
        ] {
            assert_eq!(read(&format!("{{cpu: {text}}}")).0, units, "{text}");
        }
    }

    #[test]
    fn a_delay_may_have_a_unit() {
        for (text, seconds) in [("5", Some(5)), ("1m30s", Some(90)), ("2h", None), ("x", None)] {
            let found = read(&format!("{{http: {{deregistration_delay: {text}}}}}")).1;
            assert_eq!(found, seconds, "{text}");
        }
    }
}
