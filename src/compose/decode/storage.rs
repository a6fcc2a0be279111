use super::Decoder;
use super::table::Table;
use crate::compose::model::{Ebs, Storage};
use crate::compose::unsupported::Level;
use crate::source::Located;
use crate::yaml::{Kind, Node};

/// GiB of a Fargate task's own disk (ECS API reference, `EphemeralStorage.sizeInGiB`).
const DISK: (u32, u32) = (21, 200);

const HELP: &str =
    "write one of `efs`, `ephemeral` and `asset`, or `efs: fs-…`, or `s3files: fs-…`";

impl Decoder<'_> {
    /// `x-ecs` of a mount or a volume: one word, or a mapping of which `efs` and `access_point`
    /// take ids; `volume` may stand around it, as in a service.
    pub(super) fn place(&mut self, field: &str, node: &Node) -> Option<Located<Storage>> {
        // What a variable will hold is not known yet.
        if node.is_null() || self.is_written {
            return None;
        }
        let storage = match &node.kind {
            Kind::Scalar(_) => {
                let choices = [
                    ("asset", Storage::Asset),
                    ("ebs", Storage::Ebs(Box::default())),
                    ("efs", Storage::Efs),
                    ("ephemeral", Storage::Ephemeral),
                ];
                let word = self.filled(field, node)?;
                let found = choices.into_iter().find(|(name, _)| *name == word.value);
                let Some((_, storage)) = found else {
                    self.invalid(field, node, "is no kind of storage", HELP);
                    return None;
                };
                storage
            }
            Kind::Sequence(_) | Kind::Mapping(_) => self.storage_mapping(field, node)?,
        };
        Some(Located::new(storage, node.span))
    }

    fn storage_mapping(&mut self, field: &str, node: &Node) -> Option<Storage> {
        let mut table = Table::open(self, field, node, Level::StorageExtension)?;
        if let Some(volume) = table.value("volume") {
            table.finish(self);
            return self.place(field, volume).map(|storage| storage.value);
        }
        let asset = table.value("asset");
        let ephemeral = table.value("ephemeral");
        let (efs, ebs) = (table.value("efs"), table.value("ebs"));
        let access_point = table.value("access_point");
        let s3_files = table.value("s3files");
        let iam_node = table.value("iam");
        table.finish(self);
        let iam = match iam_node {
            Some(node) => self.boolean("iam", node)?.value,
            None => false,
        };
        let ephemeral = match ephemeral {
            Some(node) => self.is_chosen("ephemeral", node)?,
            None => false,
        };
        let asset = match asset {
            Some(node) => self.is_chosen("asset", node)?,
            None => false,
        };
        let chosen = [asset, efs.is_some(), s3_files.is_some(), ebs.is_some() || ephemeral];
        if chosen.into_iter().filter(|chosen| *chosen).count() > 1 {
            self.invalid(field, node, "names several kinds of storage", HELP);
            return None;
        }
        if let Some(node) = ebs {
            let ebs = self.ebs(node)?;
            return Some(Storage::Ebs(Box::new(Ebs { ephemeral, ..ebs })));
        }
        if let Some(node) = s3_files {
            let file_system = self.s3_files("s3files", "fs-", node)?;
            let access_point = match access_point {
                Some(node) => Some(self.s3_files("access_point", "fsap-", node)?),
                None => None,
            };
            return Some(Storage::S3Files { file_system, access_point });
        }
        let access_point = match access_point {
            Some(node) => Some(self.id("access_point", "fsap-", node)?),
            None => None,
        };
        let file_system = match efs {
            Some(node) if node.as_scalar().is_some_and(|id| id.text.starts_with("fs-")) => {
                Some(self.id("efs", "fs-", node)?)
            }
            Some(node) if !self.is_chosen("efs", node)? => {
                self.invalid("efs", node, "chooses nothing", HELP);
                return None;
            }
            _ => None,
        };
        if let (Some(node), None) = (iam_node, &file_system) {
            let help = "name a file system that is there: `efs: fs-…`; the project's own asks for no role, \
                and S3 Files always does";
            self.invalid("iam", node, "is for a file system that somebody else made", help);
            return None;
        }
        match (file_system, access_point) {
            (Some(file_system), access_point) => {
                Some(Storage::Existing { file_system, access_point, iam })
            }
            (None, Some(_)) => {
                let help = "name the file system, too: `efs: fs-…`";
                self.invalid(field, node, "has an access point of no file system", help);
                None
            }
            (None, None) if asset => Some(Storage::Asset),
            (None, None) if ephemeral => Some(Storage::Ephemeral),
            (None, None) if efs.is_some() => Some(Storage::Efs),
            (None, None) => {
                self.invalid(field, node, "names no storage", HELP);
                None
            }
        }
    }

    /// A key without a value, as in `{efs}`, chooses; so does `true`.
    pub(super) fn is_chosen(&mut self, field: &str, node: &Node) -> Option<bool> {
        if node.is_null() || node.as_mapping().is_some() {
            return Some(true);
        }
        self.boolean(field, node).map(|chosen| chosen.value)
    }

    /// An id of S3 Files, or its ARN: `arn:aws:s3files:REGION:ACCOUNT:file-system/fs-…`, behind which
    /// `/access-point/fsap-…` may stand (ECS developer guide, "Specify an Amazon S3 Files volume in your
    /// Amazon ECS task definition").
    fn s3_files(&mut self, field: &str, prefix: &str, node: &Node) -> Option<String> {
        let given = self.filled(field, node)?.value;
        if !given.starts_with("arn:") {
            return self.id(field, prefix, node);
        }
        let parts: Vec<&str> = given.splitn(6, ':').collect();
        let of_s3_files = parts.get(2) == Some(&"s3files");
        let id = given.rsplit('/').next().unwrap_or_default();
        if of_s3_files && parts.len() == 6 && id.starts_with(prefix) {
            return Some(given);
        }
        let help = format!("write the id, `{prefix}0123456789abcdef0`, or the whole ARN");
        self.invalid(field, node, "is no ARN of S3 Files", &help);
        None
    }

    /// An id of EFS: 8 to 40 hexadecimal digits after its prefix (EFS API reference,
    /// `FileSystemId`, `AccessPointId`).
    fn id(&mut self, field: &str, prefix: &str, node: &Node) -> Option<String> {
        let id = self.filled(field, node)?.value;
        let digits = id.strip_prefix(prefix).unwrap_or_default();
        let good = (8..=40).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if !good {
            let help = format!("write the id: `{prefix}0123456789abcdef0`");
            self.invalid(field, node, "is no id", &help);
            return None;
        }
        Some(id)
    }

    /// `x-ecs.ephemeral_storage`: GiB, as a number or with its unit.
    pub(super) fn disk(&mut self, node: &Node) -> Option<Located<u32>> {
        let bytes = match node.as_scalar().and_then(|scalar| scalar.text.parse::<u32>().ok()) {
            Some(gib) => Located::new(u64::from(gib) << 30, node.span),
            None => self.bytes("x-ecs.ephemeral_storage", node, true)?,
        };
        let gib = u32::try_from(bytes.value.div_ceil(1 << 30)).unwrap_or(u32::MAX);
        if !(DISK.0..=DISK.1).contains(&gib) {
            let help = format!("Fargate takes {} to {} GiB, and 20 without it", DISK.0, DISK.1);
            self.invalid("x-ecs.ephemeral_storage", node, "is out of range", &help);
            return None;
        }
        Some(Located::new(gib, node.span))
    }
}

#[cfg(test)]
mod tests {
    use crate::compose::model::{Ebs, MountKind, Storage};
    use crate::compose::{LoadOptions, Loaded, load};

    fn loaded(service: &str, volume: &str) -> Loaded {
        let folder = tempfile::tempdir().expect("a folder");
        let text = format!(
            "services: {{web: {{image: a, {service}}}}}\nvolumes: {{data: {{{volume}}}}}\n"
        );
        std::fs::write(folder.path().join("compose.yaml"), text).expect("a file");
        load(&LoadOptions { cwd: folder.path().to_owned(), ..LoadOptions::default() })
    }

    fn at_volume(storage: &str) -> Option<Storage> {
        let loaded = loaded("volumes: [data:/d]", &format!("x-ecs: {storage}"));
        let project = loaded.project.filter(|_| !loaded.diagnostics.has_errors())?;
        project.volumes["data"].storage.clone().map(|storage| storage.value)
    }

    #[test]
    fn forms() {
        let (id, point) = ("fs-0123456789abcdef0", "fsap-0123456789abcdef0");
        let existing = |access_point: Option<&str>| Storage::Existing {
            file_system: id.to_owned(),
            access_point: access_point.map(str::to_owned),
            iam: false,
        };
        let ebs = |size: Option<u32>, ephemeral: bool| {
            Storage::Ebs(Box::new(Ebs { size, ephemeral, ..Ebs::default() }))
        };
        for (text, want) in [
            ("efs", Storage::Efs),
            ("{efs}", Storage::Efs),
            ("{efs: true}", Storage::Efs),
            ("{asset}", Storage::Asset),
            ("ephemeral", Storage::Ephemeral),
            ("{ephemeral: true}", Storage::Ephemeral),
            ("ebs", Storage::Ebs(Box::default())),
            ("{ebs: {size: 10}}", ebs(Some(10), false)),
            ("{ebs, ephemeral: true}", ebs(None, true)),
            (&format!("{{efs: {id}}}"), existing(None)),
            (&format!("{{efs: {id}, access_point: {point}}}"), existing(Some(point))),
            (
                &format!("{{efs: {id}, iam: true}}"),
                Storage::Existing { file_system: id.to_owned(), access_point: None, iam: true },
            ),
        ] {
            assert_eq!(at_volume(text), Some(want), "{text}");
        }
        for text in [
            "disk",
            "{disk}",
            "{}",
            "{efs, asset}",
            "{efs: fs-1}",
            "{efs: false}",
            "{efs, iam: true}",
            "{iam: true}",
            "[efs]",
            "{ephemeral: maybe}",
            "{ebs: false}",
            "{ebs, asset}",
            &format!("{{access_point: {point}}}"),
        ] {
            assert_eq!(at_volume(text), None, "{text}");
        }
    }

    #[test]
    fn s3_files_by_id_or_by_arn() {
        let (id, point) = ("fs-0123456789abcdef0", "fsap-0123456789abcdef0");
        let arn = format!("arn:aws:s3files:eu-west-1:123456789012:file-system/{id}");
        let s3 = |file_system: &str, access_point: Option<&str>| Storage::S3Files {
            file_system: file_system.to_owned(),
            access_point: access_point.map(str::to_owned),
        };
        let with_point = format!("{{s3files: {id}, access_point: {point}}}");
        assert_eq!(at_volume(&format!("{{s3files: {id}}}")), Some(s3(id, None)));
        assert_eq!(at_volume(&format!("{{s3files: '{arn}'}}")), Some(s3(&arn, None)));
        assert_eq!(at_volume(&with_point), Some(s3(id, Some(point))));
        for text in [
            "{s3files: fs-1}",
            "{s3files}",
            "s3files",
            "{s3files: 'arn:aws:s3:::bucket'}",
            &format!("{{s3files: {id}, efs}}"),
            &format!("{{s3files: {id}, access_point: {id}}}"),
        ] {
            assert_eq!(at_volume(text), None, "{text}");
        }
    }

    #[test]
    fn at_services_and_mounts() {
        let loaded = loaded(
            "x-ecs: {volume: ephemeral, ephemeral_storage: 30g, seed: true, allow_shared_volume: \
             false}, volumes: [{type: bind, source: ./x, target: /x, x-ecs: {asset}}, {type: tmpfs, \
             target: /t, tmpfs: {mode: 0o1777}}, {type: volume, source: data, target: /d, volume: \
             {subpath: s, nocopy: true}}], tmpfs: ['/r:mode=755,noexec,huge=always']",
            "",
        );
        assert!(!loaded.diagnostics.has_errors() && !loaded.outcomes.has_errors());
        let web = &loaded.project.as_ref().expect("a project").services["web"];
        let extension = &web.extension;
        assert_eq!(extension.ephemeral_storage.as_ref().map(|gib| gib.value), Some(30));
        assert_eq!(extension.volume.as_ref().map(|v| &v.value), Some(&Storage::Ephemeral));
        let mounts: Vec<_> = web.mounts.iter().map(|mount| &mount.value).collect();
        let options = |kind: &MountKind| match kind {
            MountKind::Tmpfs { options, .. } => options.join(","),
            kind => panic!("{kind:?}"),
        };
        assert_eq!(options(&mounts[0].kind), "mode=755,noexec");
        assert_eq!(mounts[1].storage.as_ref().map(|s| &s.value), Some(&Storage::Asset));
        assert_eq!(mounts[1].written.as_deref(), Some("./x"));
        assert_eq!(options(&mounts[2].kind), "mode=1777");
        assert_eq!((mounts[3].subpath.as_deref(), mounts[3].nocopy), (Some("s"), true));
    }

    #[test]
    fn the_disk_of_a_task_has_its_limits() {
        for (text, good) in
            [("21", true), ("200", true), ("20", false), ("201", false), ("1x", false)]
        {
            let loaded = loaded(&format!("x-ecs: {{ephemeral_storage: {text}}}"), "");
            assert_eq!(!loaded.diagnostics.has_errors(), good, "{text}");
        }
    }
}
