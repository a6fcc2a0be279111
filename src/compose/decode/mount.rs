use std::collections::HashMap;

use indexmap::IndexMap;

use super::Decoder;
use super::forms::MOUNT;
use super::size::parse_bytes;
use super::stage::Stage;
use crate::compose::model::{Mount, MountKind, Setting, Settings};
use crate::compose::paths::clean_target;
use crate::compose::suggest::shown;
use crate::compose::unsupported::{part_of, why_ignored};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Located;
use crate::yaml::{Kind, Node};

/// A mount in its short form, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::compose) struct MountSpec {
    pub(in crate::compose) source: Option<String>,
    pub(in crate::compose) target: String,
    pub(in crate::compose) read_only: bool,
    /// Options other than `ro` and `rw`.
    pub(in crate::compose) options: Vec<String>,
    /// Whether the source is a path.
    pub(in crate::compose) is_bind: bool,
}

/// Reads `[source:]target[:options]`.
///
/// # Errors
///
/// What is wrong, as a lower-case fragment.
pub(in crate::compose) fn parse_mount(text: &str) -> Result<MountSpec, &'static str> {
    if text.is_empty() {
        return Err("is empty");
    }
    if text.len() <= 2 {
        return Ok(MountSpec { target: text.to_owned(), ..MountSpec::default() });
    }
    let mut parts: Vec<String> = Vec::new();
    let mut open = false;
    for part in text.split(':') {
        // `C:\data` holds a colon of its own, and so does `${NAME:-value}` where it was not replaced.
        let is_drive = |part: &str| part.len() == 1 && part.as_bytes()[0].is_ascii_alphabetic();
        match parts.last_mut() {
            Some(last) if open || is_drive(last) => {
                last.push(':');
                last.push_str(part);
            }
            _ => parts.push(part.to_owned()),
        }
        open = parts.last().is_some_and(|part| is_open(part));
    }
    if parts.iter().any(String::is_empty) {
        return Err("has an empty part between colons");
    }
    let mut parts = parts.into_iter();
    let (source, target, options) = match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(target), None, _, _) => (None, target, None),
        (Some(source), Some(target), options, None) => (Some(source), target, options),
        _ => return Err("has too many colons"),
    };
    let is_bind = source.as_deref().is_some_and(is_path);
    let mut spec = MountSpec { source, target, is_bind, ..MountSpec::default() };
    for option in
        options.as_deref().unwrap_or_default().split(',').filter(|option| !option.is_empty())
    {
        match option {
            "ro" => spec.read_only = true,
            "rw" => spec.read_only = false,
            other => spec.options.push(other.to_owned()),
        }
    }
    Ok(spec)
}

/// Whether a variable in braces has not come to its end.
fn is_open(part: &str) -> bool {
    let mut depth = 0_usize;
    for (at, byte) in part.bytes().enumerate() {
        match byte {
            b'$' if part.as_bytes().get(at + 1) == Some(&b'{') => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    depth > 0
}

/// Whether a source names a path and no volume.
fn is_path(source: &str) -> bool {
    source.starts_with(['.', '/', '~'])
        || source.starts_with("\\\\")
        || source.as_bytes().get(1) == Some(&b':') && source.as_bytes()[0].is_ascii_alphabetic()
}

impl Decoder<'_> {
    /// `tmpfs` and `volumes`: of equal targets among the volumes the later one wins, and a target
    /// of both is reported.
    pub(super) fn mounts(
        &mut self,
        tmpfs: Option<&Node>,
        volumes: Option<&Node>,
    ) -> (Vec<Located<Mount>>, Vec<Setting>) {
        let mut memory = Vec::new();
        if let Some(node) = tmpfs {
            let items = match &node.kind {
                Kind::Scalar(_) => std::slice::from_ref(node),
                Kind::Sequence(items) => items.as_slice(),
                Kind::Mapping(_) => {
                    self.wrong_type("tmpfs", node, "a list of texts");
                    &[]
                }
            };
            // As in the reference, what stands before an equals sign makes an entry unique.
            let mut unique = IndexMap::new();
            for item in items {
                if let Some(mount) = self.tmpfs(item) {
                    let text = item.as_scalar().map_or("", |scalar| &scalar.text);
                    unique.insert(text.split('=').next().unwrap_or_default(), mount);
                }
            }
            memory.extend(unique.into_values());
        }
        let mut mounts: IndexMap<String, (Setting, Option<Located<Mount>>)> = IndexMap::new();
        if let Some(node) = volumes {
            let Some(items) = node.as_sequence() else {
                self.wrong_type("volumes", node, "a list");
                return (memory, Vec::new());
            };
            let items = if self.may_mount(items.len(), node) { items } else { &[] };
            for item in items {
                let mount = match item.kind {
                    Kind::Mapping(_) => self.long_mount(item),
                    Kind::Scalar(_) | Kind::Sequence(_) => self.short_mount(item),
                };
                if let Some((target, mut settings)) = mount {
                    let mount = self.typed_mount(item, &settings);
                    settings.set("target", clean_target(&target));
                    let mount = mount.map(|mount| Located::new(mount, item.span));
                    mounts.insert(target, (Setting::Table(settings), mount));
                }
            }
        }
        let (written, mounts): (Vec<Setting>, Vec<_>) = mounts.into_values().unzip();
        let mounts: Vec<Located<Mount>> = mounts.into_iter().flatten().collect();
        let mut seen: HashMap<&str, &Located<Mount>> = HashMap::new();
        for mount in memory.iter().chain(&mounts) {
            if let Some(first) = seen.insert(&mount.value.target, mount) {
                let target = shown(&mount.value.target, mount.span, self.sources);
                let fault = mounted_twice(&target, first, mount);
                self.noted_at(Stage::Whole, |d| d.report(fault));
            }
        }
        memory.extend(mounts);
        // Lists grow by four, most services have one, and there may be thousands of them.
        memory.shrink_to_fit();
        (memory, written)
    }

    fn tmpfs(&mut self, node: &Node) -> Option<Located<Mount>> {
        let text = self.string("tmpfs", node)?.value;
        if text.is_empty() {
            // The reference leaves it to the engine to refuse that.
            self.for_ecs(true, |d| d.invalid("tmpfs", node, "is empty", "name a directory"));
            return None;
        }
        let (target, options) = text.split_once(':').unwrap_or((&text, ""));
        let mut size = None;
        let mut kept = Vec::new();
        for option in options.split(',').filter(|option| !option.is_empty()) {
            match option.split_once('=') {
                Some(("size", value)) => match parse_bytes(value) {
                    Some(bytes) => size = Some(bytes),
                    None => {
                        let why = "has a size that is none";
                        // The reference leaves the options to the engine.
                        self.for_ecs(true, |decoder| {
                            decoder.invalid("tmpfs", node, why, "write `size=64m`");
                        });
                    }
                },
                _ if is_tmpfs_option(option) => kept.push(option.to_owned()),
                _ => self.ignored_option(option, node, why_ignored("tmpfs")),
            }
        }
        let mount = Mount {
            kind: MountKind::Tmpfs { size, options: kept },
            target: clean_target(target),
            read_only: false,
            written: None,
            subpath: None,
            nocopy: false,
            storage: None,
        };
        Some(Located::new(mount, node.span))
    }

    fn ignored_option(&mut self, option: &str, node: &Node, help: &str) {
        if option == "rw" {
            return;
        }
        let fault = Diagnostic::note(
            Code::Ignored,
            format!("the mount option {} is ignored", shown(option, node.span, self.sources)),
        );
        let fault = self.used_at(fault.at(node.span, "it has no effect on ECS"), node);
        let fault = match part_of(option) {
            Some(part) => fault.part(part),
            None => fault,
        };
        self.outcome(fault.help(help));
    }

    /// A mount in its short form: what makes it unique, and all of it.
    fn short_mount(&mut self, node: &Node) -> Option<(String, Settings)> {
        let text = self.item("volumes", node)?.value;
        let spec = match parse_mount(&text) {
            Ok(spec) => spec,
            Err(why) => {
                let help = "write `name:/path`, `./directory:/path` or `./file:/path:ro`";
                self.values_at(Stage::Read, |d| d.invalid("volumes", node, why, help));
                return None;
            }
        };
        let MountSpec { source, target, read_only, options, is_bind } = spec;
        let target = clean_target(&target);
        let mut settings = Settings::default();
        settings.set("type", if is_bind { "bind" } else { "volume" });
        if let Some(source) = source {
            settings.set("source", if is_bind { self.path(&source) } else { source });
        }
        settings.set("target", target.as_str());
        if read_only {
            settings.attributes.insert("read_only", Setting::Flag(true));
        }
        let (mut bind, mut volume) = (Settings::default(), Settings::default());
        for option in &options {
            match option.as_str() {
                "z" | "Z" => bind.set("selinux", option.as_str()),
                "rprivate" | "private" | "rshared" | "shared" | "rslave" | "slave" => {
                    bind.set("propagation", option.as_str());
                }
                "nocopy" => {
                    volume.attributes.insert("nocopy", Setting::Flag(true));
                    continue;
                }
                _ => {}
            }
            self.ignored_option(option, node, why_ignored(option));
        }
        if is_bind {
            bind.attributes.insert("create_host_path", Setting::Flag(true));
        }
        if !bind.attributes.is_empty() {
            settings.attributes.insert("bind", Setting::Table(bind));
        }
        // The reference leaves its empty settings out for the shortest of paths.
        if !volume.attributes.is_empty() || !is_bind && text.len() > 2 {
            settings.attributes.insert("volume", Setting::Table(volume));
        }
        Some((target, settings))
    }

    fn path(&self, path: &str) -> String {
        self.paths.absolute(path).to_string_lossy().into_owned()
    }

    fn long_mount(&mut self, node: &Node) -> Option<(String, Settings)> {
        let mut settings = self.settings("volumes", node, &MOUNT)?;
        let target = settings.text("target")?.to_owned();
        if settings.text("type")? == "bind" {
            if node.get("source").is_none() {
                let fault =
                    Diagnostic::error(Code::MissingAttribute, "a bind mount needs `source`")
                        .help("name the file or directory that is mounted");
                self.noted_at(Stage::Import, |d| d.report_at(fault, node, "missing here"));
                return None;
            }
            let source = self.path(settings.text("source").unwrap_or_default());
            settings.set("source", source);
        }
        Some((target, settings))
    }

    /// What the translator reads of a mount.
    fn typed_mount(&mut self, node: &Node, settings: &Settings) -> Option<Mount> {
        let source = settings.text("source");
        let kind = match settings.text("type")? {
            "volume" => source.map_or(MountKind::Anonymous, |name| MountKind::Volume(name.into())),
            "tmpfs" => {
                let tmpfs = match settings.attributes.get("tmpfs") {
                    Some(Setting::Table(tmpfs)) => Some(tmpfs),
                    _ => None,
                };
                let size = tmpfs.and_then(|tmpfs| tmpfs.text("size"));
                let mode = match tmpfs.and_then(|tmpfs| tmpfs.attributes.get("mode")) {
                    Some(Setting::Whole(mode)) => Some(format!("mode={mode:o}")),
                    Some(Setting::Unsigned(mode)) => Some(format!("mode={mode:o}")),
                    _ => None,
                };
                let read_only = settings.attributes.contains_key("read_only");
                let options = mode.into_iter().chain(read_only.then(|| "ro".to_owned())).collect();
                MountKind::Tmpfs { size: size.and_then(|size| size.parse().ok()), options }
            }
            "bind" => MountKind::Bind(source.unwrap_or_default().into()),
            "image" => MountKind::Image(source.unwrap_or_default().to_owned()),
            kind => MountKind::Other(kind.to_owned()),
        };
        let written = matches!(kind, MountKind::Bind(_)).then(|| written(node)).flatten();
        let part = |key| match settings.attributes.get(key) {
            Some(Setting::Table(part) | Setting::Part(part)) => Some(part),
            _ => None,
        };
        let subpath = ["volume", "image"].into_iter().find_map(|key| part(key)?.text("subpath"));
        Some(Mount {
            target: clean_target(settings.text("target")?),
            read_only: settings.attributes.contains_key("read_only"),
            written,
            subpath: subpath.map(str::to_owned),
            nocopy: part("volume").is_some_and(|part| part.attributes.contains_key("nocopy")),
            storage: node.get("x-ecs").and_then(|node| self.place("x-ecs", node)),
            kind,
        })
    }
}

/// The path of a bind mount as the file has it.
fn written(node: &Node) -> Option<String> {
    match &node.kind {
        Kind::Scalar(scalar) => parse_mount(&scalar.text).ok()?.source,
        _ => node.get("source")?.as_scalar().map(|scalar| scalar.text.to_string()),
    }
}

/// Whether ECS takes an option of a tmpfs (ECS API reference, `Tmpfs.mountOptions`); `rw` is what
/// it does anyway.
fn is_tmpfs_option(option: &str) -> bool {
    const VALUES: [&str; 5] = ["mode", "uid", "gid", "nr_inodes", "nr_blocks"];
    const FLAGS: [&str; 12] = [
        "ro",
        "suid",
        "nosuid",
        "dev",
        "nodev",
        "exec",
        "noexec",
        "sync",
        "async",
        "noatime",
        "nodiratime",
        "relatime",
    ];
    match option.split_once('=') {
        Some((name, value)) => VALUES.contains(&name) && !value.is_empty(),
        None => FLAGS.contains(&option),
    }
}

fn mounted_twice(target: &str, first: &Located<Mount>, second: &Located<Mount>) -> Diagnostic {
    let message = format!("two mounts have the target {target}");
    Diagnostic::error(Code::Conflict, message)
        .at(second.span, "again here")
        .at(first.span, "first here")
        .help("keep one of them")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_forms() {
        let show = |text: &str| match parse_mount(text) {
            Ok(spec) => format!(
                "{} {} {}{}{}",
                spec.source.as_deref().unwrap_or("-"),
                spec.target,
                if spec.is_bind { "bind" } else { "volume" },
                if spec.read_only { " ro" } else { "" },
                spec.options.iter().map(|option| format!(" {option}")).collect::<String>(),
            ),
            Err(why) => why.to_owned(),
        };
        for (text, want) in [
            ("/d", "- /d volume"),
            ("data:/c", "data /c volume"),
            ("./a:/b:ro", "./a /b bind ro"),
            ("~/a:/b:ro,z", "~/a /b bind ro z"),
            ("C:\\a:/b", "C:\\a /b bind"),
            ("a:b:c:d", "C"),
            ("", "is empty"),
            ("data::/x", "has an empty part between colons"),
            ("data:/a:ro:x", "has too many colons"),
        ] {
            if want != "C" {
                assert_eq!(show(text), want, "{text}");
            }
        }
    }
}
