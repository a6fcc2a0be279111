use indexmap::IndexMap;

use super::build::RawBuild;
use super::deploy::MAX_REPLICAS;
use super::table::Table;
use super::{Decoder, EnvFile, KeyValues};
use crate::compose::model::{Restart, Service, ServiceExtension};
use crate::compose::unsupported::Level;
use crate::source::Located;
use crate::yaml::{Entry, Node};

/// A service as the files have it, before its env files are read and its references are checked.
pub(in crate::compose) struct RawService {
    /// All that needs nothing but the document; `environment` and the build's arguments are empty.
    pub(in crate::compose) service: Service,
    pub(in crate::compose) profiles: Vec<Located<String>>,
    pub(in crate::compose) environment: KeyValues,
    pub(in crate::compose) env_files: Vec<EnvFile>,
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
        let build = t.value("build").and_then(|node| self.build(node));
        let (build, build_args) = match build {
            Some(RawBuild { build, args }) => (Some(build), args),
            None => (None, KeyValues::new()),
        };
        let mut service = Service {
            name: Located::new(entry.key.text.to_string(), entry.key.span),
            image: self.read(t, "image", Self::filled),
            build,
            platform: self.read(t, "platform", Self::filled),
            command: self.read(t, "command", Self::command),
            entrypoint: self.read(t, "entrypoint", Self::command),
            working_dir: self.read(t, "working_dir", Self::filled),
            user: self.read(t, "user", Self::filled),
            environment: IndexMap::new(),
            ports: t.value("ports").map(|node| self.ports(node)).unwrap_or_default(),
            expose: t.value("expose").map(|node| self.expose(node)).unwrap_or_default(),
            depends_on: t.value("depends_on").map(|node| self.depends_on(node)).unwrap_or_default(),
            healthcheck: t.value("healthcheck").and_then(|node| self.healthcheck(node)),
            deploy: t.value("deploy").map(|node| self.deploy(node)).unwrap_or_default(),
            scale: t.value("scale").and_then(|node| self.count("scale", node, MAX_REPLICAS)),
            cpus: self.read(t, "cpus", Self::cpus),
            mem_limit: self.memory(t, "mem_limit"),
            mem_reservation: self.memory(t, "mem_reservation"),
            mounts: Vec::new(),
            networks: t.value("networks").map(|node| self.attachments(node)).unwrap_or_default(),
            labels: t.value("labels").map(|node| self.labels("labels", node)).unwrap_or_default(),
            restart: t.value("restart").and_then(|node| self.restart(node)),
            stop_grace_period: self.read(t, "stop_grace_period", Self::duration),
            container_name: self.read(t, "container_name", Self::string),
            hostname: self.read(t, "hostname", Self::filled),
            init: self.read(t, "init", Self::boolean),
            read_only: self.read(t, "read_only", Self::boolean),
            tty: self.read(t, "tty", Self::boolean),
            stdin_open: self.read(t, "stdin_open", Self::boolean),
            extension: ServiceExtension::default(),
        };
        let (tmpfs, volumes) = (t.value("tmpfs"), t.value("volumes"));
        service.mounts = self.mounts(tmpfs, volumes);
        if let Some(node) = t.value("x-ecs") {
            service.extension = self.service_extension(node);
        }
        let profiles = t.value("profiles").map(|node| self.profiles(node)).unwrap_or_default();
        let environment = t.value("environment").map(|node| self.key_values("environment", node));
        let env_files = t.value("env_file").map(|node| self.env_files(node)).unwrap_or_default();
        if let Some(entry) = t.optional("pull_policy") {
            self.pull_policy(entry);
        }
        // The assembler took it away; who misspells it shall be told its name.
        table.optional("extends");
        let excused =
            ["extends", "provider", "image", "build"].iter().any(|key| table.has_like(key));
        table.finish(self);
        let environment = environment.unwrap_or_default();
        Some(RawService { service, profiles, environment, env_files, build_args, excused })
    }

    /// An attribute whose reader takes its name and value.
    fn read<T>(
        &mut self,
        table: &mut Table<'_>,
        key: &'static str,
        read: impl FnOnce(&mut Self, &str, &Node) -> Option<T>,
    ) -> Option<T> {
        table.value(key).and_then(|node| read(self, key, node))
    }

    /// A size; 0 means no limit, as if it were absent.
    fn memory(&mut self, table: &mut Table<'_>, key: &'static str) -> Option<Located<u64>> {
        let node = table.value(key)?;
        self.bytes(key, node, true).filter(|memory| memory.value > 0)
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
                self.invalid("restart", node, "is no restart policy", help);
                return None;
            }
        };
        Some(Located::new(restart, node.span))
    }

    fn profiles(&mut self, node: &Node) -> Vec<Located<String>> {
        let mut profiles = self.strings("profiles", node);
        let mut seen = std::collections::HashSet::new();
        profiles.retain(|profile| seen.insert(profile.value.clone()));
        profiles
    }

    fn pull_policy(&mut self, entry: &Entry) {
        let Some(policy) = self.filled("pull_policy", &entry.value) else { return };
        if matches!(policy.value.as_str(), "never" | "build") {
            self.not_supported(
                "this `pull_policy`",
                entry,
                "remove it: ECS pulls every image from a registry",
            );
        } else {
            self.ignored("pull_policy", &entry.key, "images are deployed by digest");
        }
    }
}
