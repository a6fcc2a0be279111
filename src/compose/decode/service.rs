use indexmap::IndexMap;

use super::build::RawBuild;
use super::deploy::MAX_REPLICAS;
use super::number::Numbers;
use super::stage::Stage;
use super::table::Table;
use super::{Decoder, EnvFile, KeyValues};
use crate::compose::implied::add_implied;
use crate::compose::model::{Rare, Restart, Service, Written};
use crate::compose::scalar::{Typed, typed};
use crate::compose::unsupported::Level;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Located;
use crate::yaml::{Entry, Node, Scalar};

/// A service as the files have it, before its env files are read and its references are checked.
pub(in crate::compose) struct RawService {
    /// All that needs nothing but the document; `environment` and the build's arguments are empty.
    pub(in crate::compose) service: Box<Service>,
    pub(in crate::compose) environment: KeyValues,
    pub(in crate::compose) env_files: Vec<EnvFile>,
    /// The files of `label_file`.
    pub(in crate::compose) label_files: Vec<EnvFile>,
    pub(in crate::compose) build_args: KeyValues,
    /// Whether the image may be named by an attribute that was refused or misspelt, so that its
    /// absence says nothing new.
    pub(in crate::compose) excused: bool,
}

impl<'a> Decoder<'a> {
    /// One service; `None` when it is no mapping.
    pub(super) fn service(&mut self, entry: &'a Entry) -> Option<RawService> {
        self.service = Some(&entry.key.text);
        let raw = self.service_table(entry);
        self.service = None;
        raw
    }

    fn service_table(&mut self, entry: &'a Entry) -> Option<RawService> {
        let mut table = Table::open(self, &entry.key.text, &entry.value, Level::Service)?;
        let t = &mut table;
        let mut written = Written::default();
        let build = t.value("build").and_then(|node| self.build(node));
        let (build, build_args) = match build {
            Some(RawBuild { build, args, settings, secrets }) => {
                written.build = Some(settings);
                written.build_secrets = secrets;
                (Some(Box::new(build)), args)
            }
            None => (None, KeyValues::new()),
        };
        let mut service = Box::new(Service {
            name: Located::new(entry.key.text.to_string(), entry.key.span),
            image: self.read(t, "image", Self::filled),
            build,
            platform: self.read(t, "platform", Self::filled),
            command: self.read(t, "command", Self::command),
            entrypoint: self.read(t, "entrypoint", Self::command),
            working_dir: self.read(t, "working_dir", Self::filled),
            user: self.read(t, "user", Self::filled),
            environment: IndexMap::new(),
            ports: Vec::new(),
            expose: t.value("expose").map(|node| self.expose(node)).unwrap_or_default(),
            depends_on: t.value("depends_on").map(|node| self.depends_on(node)).unwrap_or_default(),
            healthcheck: t
                .value("healthcheck")
                .and_then(|node| self.healthcheck(node))
                .map(Box::new),
            deploy: Rare::default(),
            scale: t.value("scale").and_then(|node| self.count("scale", node, MAX_REPLICAS)),
            cpus: self.read(t, "cpus", Self::cpus),
            mem_limit: self.memory(t, "mem_limit", Numbers::Any),
            mem_reservation: self.memory(t, "mem_reservation", Numbers::Whole),
            mounts: Vec::new(),
            networks: IndexMap::new(),
            labels: t.value("labels").map(|node| self.labels("labels", node)).unwrap_or_default(),
            restart: t.value("restart").and_then(|node| self.restart(node)),
            stop_grace_period: self.read(t, "stop_grace_period", Self::duration),
            container_name: self.read(t, "container_name", Self::container_name),
            hostname: self.read(t, "hostname", Self::filled),
            init: self.read(t, "init", Self::boolean),
            read_only: self.read(t, "read_only", Self::boolean),
            tty: self.read(t, "tty", Self::boolean),
            stdin_open: self.read(t, "stdin_open", Self::boolean),
            stop_signal: self.read(t, "stop_signal", Self::filled),
            image_signal: None,
            pull_policy: self.pull_policy(t),
            pull_refresh_after: self.read(t, "pull_refresh_after", Self::filled),
            attach: self.read(t, "attach", |d, key, node| {
                d.values_at(Stage::Whole, |d| d.boolean(key, node))
            }),
            profiles: t
                .value("profiles")
                .map(|node| self.by_name("profiles", node))
                .unwrap_or_default(),
            annotations: t
                .value("annotations")
                .map(|node| self.labels("annotations", node))
                .unwrap_or_default(),
            volumes_from: t
                .value("volumes_from")
                .map(|node| self.distinct("volumes_from", node))
                .unwrap_or_default(),
            models: t.value("models").map(|node| self.service_models(node)).unwrap_or_default(),
            logging: t.value("logging").and_then(|node| self.logging(node)).map(Box::new),
            provider: t.value("provider").and_then(|node| self.provider(node)).map(Box::new),
            hooks: self.hooks(t),
            cpu: self.cpu(t),
            kernel: self.kernel(t),
            namespaces: self.namespaces(t),
            privileges: self.privileges(t),
            addressing: self.addressing(t),
            extension: Rare::default(),
            written: Written::default(),
        });
        self.resources_of(t, &mut service, &mut written);
        service.written = written;
        add_implied(&mut service);
        if let Some(node) = t.value("x-ecs").filter(|_| self.stage == Stage::Whole) {
            service.extension = self.service_extension(node).into();
        }
        self.retired_of_service(&entry.value, &mut service);
        let environment = t.value("environment").map(|node| self.key_values("environment", node));
        let env_files = t.value("env_file").map(|node| self.env_files(node)).unwrap_or_default();
        let label_files = t.value("label_file").map(|node| self.label_files(node));
        let label_files = label_files.unwrap_or_default();
        // The assembler took it away; who misspells it shall be told its name.
        table.optional("extends");
        // An empty name is none. After a fault in its variables it is not what was meant.
        let empty = |scalar: &Scalar| {
            typed(scalar) == Typed::Text("")
                && !(scalar.interpolated && self.diagnostics.has_errors())
        };
        let image = table.value("image").and_then(Node::as_scalar);
        let named = !image.is_some_and(empty);
        let excused = named
            && ["extends", "provider", "image", "build"].iter().any(|key| table.has_like(key));
        table.finish(self);
        let environment = environment.unwrap_or_default();
        Some(RawService { service, environment, env_files, label_files, build_args, excused })
    }

    /// What is read in full beside what the translator needs.
    fn resources_of(&mut self, t: &mut Table<'_>, service: &mut Service, written: &mut Written) {
        let (tmpfs, volumes) = (t.value("tmpfs"), t.value("volumes"));
        (service.mounts, written.volumes) = self.mounts(tmpfs, volumes);
        if let Some(node) = t.value("ports") {
            (service.ports, written.ports) = self.ports(node);
        }
        if let Some(node) = t.value("networks") {
            (service.networks, written.networks) = self.attachments(node);
        }
        if let Some(node) = t.value("deploy") {
            let before = self.diagnostics.len();
            written.deploy = self.deploy_settings(node);
            let is_good = self.diagnostics.len() == before;
            service.deploy = self.for_ecs(is_good, |decoder| decoder.deploy(node)).into();
        }
        if let Some(node) = t.value("develop").filter(|node| !node.is_null()) {
            written.develop = self.develop(node);
        }
        if let Some(node) = t.value("secrets") {
            written.secrets = self.mounted("secrets", node);
        }
        if let Some(node) = t.value("configs") {
            written.configs = self.mounted("configs", node);
        }
    }

    /// An attribute whose reader takes its name and value.
    pub(super) fn read<T>(
        &mut self,
        table: &mut Table<'_>,
        key: &'static str,
        read: impl FnOnce(&mut Self, &str, &Node) -> Option<T>,
    ) -> Option<T> {
        table.value(key).and_then(|node| read(self, key, node))
    }

    /// A size; 0 and below mean no limit, as if it were absent.
    fn memory(
        &mut self,
        table: &mut Table<'_>,
        key: &'static str,
        numbers: Numbers,
    ) -> Option<Located<u64>> {
        let size = self.size(table, key, numbers)?;
        let bytes = u64::try_from(size.value).ok().filter(|bytes| *bytes > 0)?;
        Some(size.map(|_| bytes))
    }

    fn restart(&mut self, node: &Node) -> Option<Located<Restart>> {
        let text = self.filled("restart", node)?;
        let (policy, retries) = match text.value.split_once(':') {
            Some((policy, retries)) => (policy, Some(retries)),
            None => (text.value.as_str(), None),
        };
        let restart = match (policy, retries) {
            ("no", None) => Restart::No,
            ("always", None) => Restart::Always,
            ("unless-stopped", None) => Restart::UnlessStopped,
            ("on-failure", None) => Restart::OnFailure,
            ("on-failure", Some(retries)) if retries.parse::<u32>().is_ok() => Restart::OnFailure,
            _ => {
                let help = "write `no`, `always`, `unless-stopped`, `on-failure` or `on-failure:3`";
                // The reference hands any text on to the engine, which takes these alone.
                let message = format!("`restart`: {} is no restart policy", self.show(node));
                let fault = Diagnostic::error(Code::InvalidValue, message).at(node.span, "");
                self.outcome(self.used_at(fault, node).help(help));
                return None;
            }
        };
        Some(Located::new(restart, node.span))
    }

    fn container_name(&mut self, field: &str, node: &Node) -> Option<Located<String>> {
        let name = self.string(field, node)?;
        let bytes = name.value.as_bytes();
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.-".contains(byte);
        if !bytes.windows(2).any(|pair| pair[0].is_ascii_alphanumeric() && is_part(&pair[1])) {
            let help = "a name has at least two of letters, digits, `_`, `.` and `-`";
            let message = "`container_name` is no valid name";
            let fault = Diagnostic::error(Code::InvalidValue, message).help(help);
            self.values_at(Stage::Shape, |d| d.report_at(fault, node, ""));
        }
        Some(name)
    }

    /// `pull_policy`. The reference looks for one of the words anywhere in the text.
    fn pull_policy(&mut self, table: &mut Table<'_>) -> Option<Located<String>> {
        let entry = table.optional("pull_policy")?;
        let mut policy = self.string("pull_policy", &entry.value)?;
        if !is_pull_policy(&policy.value) {
            let help =
                "write `always`, `missing`, `never`, `build`, `daily`, `weekly` or `every_12h`";
            self.values_at(Stage::Shape, |d| {
                d.invalid("pull_policy", &entry.value, "is no policy", help);
            });
            return None;
        }
        if policy.value == "if_not_present" {
            policy.value = "missing".to_owned();
        }
        Some(policy)
    }
}

fn is_pull_policy(text: &str) -> bool {
    const WORDS: [&str; 8] =
        ["always", "never", "build", "if_not_present", "missing", "refresh", "daily", "weekly"];
    let is_span = |rest: &str| {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        digits > 0 && rest.as_bytes().get(digits).is_some_and(|unit| b"wdhms".contains(unit))
    };
    WORDS.iter().any(|word| text.contains(word)) || text.split("every_").skip(1).any(is_span)
}
