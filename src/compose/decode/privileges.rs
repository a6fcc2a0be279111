use indexmap::IndexMap;

use super::Decoder;
use super::cpu::boxed;
use super::stage::Stage;
use super::table::Table;
use crate::compose::model::{CredentialSpec, Device, Gpu, Privileges};
use crate::compose::scalar::{Typed, typed};
use crate::compose::unsupported::Level;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Located;
use crate::yaml::{Kind, Node};

impl Decoder<'_> {
    /// `privileged`, `devices` and their like.
    pub(super) fn privileges(&mut self, t: &mut Table<'_>) -> Option<Box<Privileges>> {
        let mut list =
            |d: &mut Self,
             key: &'static str,
             read: fn(&mut Self, &str, &Node) -> Vec<Located<String>>| {
                t.value(key).map(|node| read(d, key, node)).unwrap_or_default()
            };
        let cap_add = list(self, "cap_add", Self::by_name);
        let cap_drop = list(self, "cap_drop", Self::by_name);
        let security_opt = list(self, "security_opt", Self::distinct);
        let group_add = list(self, "group_add", Self::texts_or_numbers);
        let device_cgroup_rules = list(self, "device_cgroup_rules", Self::distinct);
        boxed(Privileges {
            privileged: self.read(t, "privileged", Self::boolean),
            cap_add,
            cap_drop,
            security_opt,
            group_add,
            credential_spec: self.read(t, "credential_spec", |d, _, node| d.credential_spec(node)),
            device_cgroup_rules,
            devices: t.value("devices").map(|node| self.devices(node)).unwrap_or_default(),
            gpus: t.value("gpus").map(|node| self.gpus(node)).unwrap_or_default(),
            runtime: self.read(t, "runtime", Self::filled),
            use_api_socket: self.read(t, "use_api_socket", Self::plain_boolean),
        })
    }

    /// A boolean that cannot be written as a text.
    pub(super) fn plain_boolean(&mut self, field: &str, node: &Node) -> Option<Located<bool>> {
        if matches!(node.as_scalar().map(typed), Some(Typed::Text(_))) {
            self.wrong_type(field, node, "a boolean");
            return None;
        }
        self.boolean(field, node)
    }

    fn credential_spec(&mut self, node: &Node) -> Option<Located<CredentialSpec>> {
        let mut table = Table::open(self, "credential_spec", node, Level::CredentialSpec)?;
        let mut text = |d: &mut Self, key: &'static str| {
            d.read(&mut table, key, Self::string).map(|text| text.value).unwrap_or_default()
        };
        let spec = CredentialSpec {
            config: text(self, "config"),
            file: text(self, "file"),
            registry: text(self, "registry"),
            extensions: super::extensions(node),
        };
        table.finish(self);
        Some(Located::new(spec, node.span))
    }

    /// `devices`; of two with one target the later one wins.
    fn devices(&mut self, node: &Node) -> Vec<Located<Device>> {
        let Some(items) = node.as_sequence() else {
            self.wrong_type("devices", node, "a list");
            return Vec::new();
        };
        let mut out: IndexMap<String, Located<Device>> = IndexMap::new();
        for item in items {
            let device = match item.kind {
                Kind::Mapping(_) => self.long_device(item),
                Kind::Scalar(_) | Kind::Sequence(_) => self.short_device(item),
            };
            if let Some(device) = device {
                out.insert(device.target.clone(), Located::new(device, item.span));
            }
        }
        out.into_values().collect()
    }

    fn short_device(&mut self, node: &Node) -> Option<Device> {
        let text = self.item("devices", node)?.value;
        let mut parts = text.split(':');
        let source = parts.next().unwrap_or_default();
        let target = parts.next().filter(|target| !target.is_empty()).unwrap_or(source);
        let permissions = parts.next().unwrap_or("rwm");
        if parts.next().is_some() {
            let help = "write `SOURCE:TARGET:PERMISSIONS`, or a mapping with these keys";
            self.invalid("devices", node, "has too many colons", help);
            return None;
        }
        Some(Device {
            source: source.to_owned(),
            target: target.to_owned(),
            permissions: permissions.to_owned(),
            extensions: crate::compose::model::Extensions::new(),
        })
    }

    fn long_device(&mut self, node: &Node) -> Option<Device> {
        let mut table = Table::open(self, "devices", node, Level::Device)?;
        let source = table.required(self, "source", "name the device on the host");
        let target = table.required(self, "target", "name its path in the container");
        let permissions = self.read(&mut table, "permissions", Self::string);
        table.finish(self);
        let source = source.and_then(|node| self.string("source", node));
        let target = target.and_then(|node| self.string("target", node));
        Some(Device {
            source: source?.value,
            target: target?.value,
            permissions: permissions.map(|text| text.value).unwrap_or_default(),
            extensions: super::extensions(node),
        })
    }

    /// `gpus`: `all`, or a list of requests.
    fn gpus(&mut self, node: &Node) -> Vec<Located<Gpu>> {
        match &node.kind {
            Kind::Scalar(scalar) if matches!(typed(scalar).name(), "a number" | "a boolean") => {
                self.wrong_type("gpus", node, "`all`, or a list such as `[{count: 1}]`");
                Vec::new()
            }
            Kind::Scalar(_) => match self.string("gpus", node) {
                Some(text) if text.value == "all" => {
                    vec![Located::new(Gpu { count: -1, ..Gpu::default() }, node.span)]
                }
                Some(text) => {
                    let help = match text.value.parse::<u32>() {
                        Ok(count) => {
                            format!("write a list: `gpus: [{{count: {count}}}]`; or `all`")
                        }
                        Err(_) => "write `all`, or a list: `gpus: [{count: 1}]`".to_owned(),
                    };
                    self.values_at(Stage::Shape, |d| {
                        d.invalid("gpus", node, "is not `all`", &help);
                    });
                    Vec::new()
                }
                None => Vec::new(),
            },
            Kind::Sequence(items) => items.iter().filter_map(|item| self.gpu(item)).collect(),
            Kind::Mapping(_) => {
                self.wrong_type("gpus", node, "a list");
                Vec::new()
            }
        }
    }

    /// One request. The reference takes any other key beside those that it knows.
    fn gpu(&mut self, node: &Node) -> Option<Located<Gpu>> {
        let mut table = Table::open(self, "gpus", node, Level::Gpu)?;
        let t = &mut table;
        let mut list = |d: &mut Self, key: &'static str| -> Vec<String> {
            let texts = t.value(key).map(|node| d.distinct(key, node)).unwrap_or_default();
            texts.into_iter().map(|text| text.value).collect()
        };
        let capabilities = list(self, "capabilities");
        let device_ids = list(self, "device_ids");
        let driver = self.read(t, "driver", Self::string).map(|driver| driver.value);
        let options = t.value("options").map(|node| self.labels("options", node));
        let ids = t.optional("device_ids");
        let written = t.optional("count");
        if let (Some(ids), Some(count)) = (ids, written) {
            let message = "`count` and `device_ids` exclude each other";
            let fault = Diagnostic::error(Code::Conflict, message)
                .at(count.key.span, "")
                .at(ids.key.span, "")
                .help("keep one of them");
            self.noted_at(Stage::Import, |d| d.report(fault));
        }
        let count = match written {
            Some(entry) => self.gpu_count(&entry.value)?,
            None if ids.is_some() => 0,
            None => -1,
        };
        let options = options.unwrap_or_default().into_iter();
        let gpu = Gpu {
            capabilities,
            driver: driver.unwrap_or_default(),
            count,
            device_ids,
            options: options.map(|(key, value)| (key, value.value)).collect(),
        };
        Some(Located::new(gpu, node.span))
    }

    fn gpu_count(&mut self, node: &Node) -> Option<i64> {
        if let Some(Typed::Text(text)) = node.as_scalar().map(typed)
            && text.eq_ignore_ascii_case("all")
        {
            return Some(-1);
        }
        if let Some(Typed::Float(_)) = node.as_scalar().map(typed) {
            self.wrong_type("count", node, "a whole number");
            return None;
        }
        let all = (i64::MIN, i64::MAX);
        Some(self.values_at(Stage::Whole, |d| d.integer("count", node, all))?.value)
    }
}
