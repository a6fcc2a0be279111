//! Volumes of EBS's: `x-ecs: {ebs: …}`, and `driver: ebs` with its `driver_opts`.

use std::ops::RangeInclusive;

use super::Decoder;
use super::table::Table;
use crate::compose::model::{Ebs, EbsType, Storage};
use crate::compose::unsupported::Level;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Located;
use crate::yaml::Node;

/// What messages call the place.
const PLACE: &str = "`ebs`";

/// What Linux tasks may have on their volumes (ECS API reference,
/// `ServiceManagedEBSVolumeConfiguration.filesystemType`).
const FILE_SYSTEMS: [&str; 3] = ["xfs", "ext3", "ext4"];

/// Options of drivers that made volumes of EBS's for Docker, REX-Ray's (`rexray/ebs`) and Docker for
/// AWS's (`cloudstor`), under other names than the attributes here; in lower case.
const OTHER_NAMES: [(&str, &str); 9] = [
    ("ebstype", "type"),
    ("encryptionkey", "kms_key"),
    ("fstype", "file_system"),
    ("kmskeyid", "kms_key"),
    ("newfstype", "file_system"),
    ("snapshotid", "snapshot"),
    ("volumetype", "type"),
    ("kms_key_id", "kms_key"),
    ("snapshot_id", "snapshot"),
];

/// The attributes as they stand in the file.
#[derive(Default)]
struct Given<'n> {
    size: Option<&'n Node>,
    kind: Option<&'n Node>,
    iops: Option<&'n Node>,
    throughput: Option<&'n Node>,
    encrypted: Option<&'n Node>,
    kms_key: Option<&'n Node>,
    snapshot: Option<&'n Node>,
    file_system: Option<&'n Node>,
}

impl<'n> Given<'n> {
    /// Where an attribute of this name is kept.
    fn slot(&mut self, name: &str) -> Option<&mut Option<&'n Node>> {
        Some(match name {
            "size" => &mut self.size,
            "type" => &mut self.kind,
            "iops" => &mut self.iops,
            "throughput" => &mut self.throughput,
            "encrypted" => &mut self.encrypted,
            "kms_key" => &mut self.kms_key,
            "snapshot" => &mut self.snapshot,
            "file_system" => &mut self.file_system,
            _ => return None,
        })
    }
}

impl Decoder<'_> {
    /// `ebs` of a mount or a volume: nothing but its name, or its attributes.
    pub(super) fn ebs(&mut self, node: &Node) -> Option<Ebs> {
        if node.as_mapping().is_none() {
            if self.is_chosen("ebs", node)? {
                return Some(Ebs::default());
            }
            self.invalid("ebs", node, "chooses nothing", "take it away, or write `ebs: true`");
            return None;
        }
        let mut table = Table::open(self, "ebs", node, Level::Part(PLACE))?;
        let given = Given {
            size: table.value("size"),
            kind: table.value("type"),
            iops: table.value("iops"),
            throughput: table.value("throughput"),
            encrypted: table.value("encrypted"),
            kms_key: table.value("kms_key"),
            snapshot: table.value("snapshot"),
            file_system: table.value("file_system"),
        };
        table.finish(self);
        Some(self.ebs_of(&given))
    }

    /// A volume with `driver: ebs`. Compose takes any options: what is wrong with them matters to ECS
    /// alone.
    pub(super) fn ebs_driver(
        &mut self,
        driver: &Located<String>,
        options: Option<&Node>,
    ) -> Option<Located<Storage>> {
        // What a variable will hold is not known yet.
        if self.is_written {
            return None;
        }
        let mut given = Given::default();
        for entry in options.and_then(Node::as_mapping).iter().flat_map(|m| &m.entries) {
            let lower = entry.key.text.to_ascii_lowercase();
            let other = OTHER_NAMES.iter().find(|(name, _)| *name == lower);
            match given.slot(other.map_or(lower.as_str(), |(_, name)| name)) {
                Some(slot) => *slot = Some(&entry.value),
                None => self.outcome(
                    Diagnostic::warning(
                        Code::Ignored,
                        format!("`driver_opts.{}` says nothing of a volume on EBS", entry.key.text),
                    )
                    .at(entry.key.span, "")
                    .help(
                        "write `size`, `type`, `iops`, `throughput`, `encrypted`, `kms_key`, \
                        `snapshot` or `file_system`",
                    ),
                ),
            }
        }
        let ebs = self.for_ecs(true, |decoder| decoder.ebs_of(&given));
        Some(Located::new(Storage::Ebs(Box::new(ebs)), driver.span))
    }

    /// Reads the attributes; every mistake is told.
    fn ebs_of(&mut self, given: &Given<'_>) -> Ebs {
        let kind = given.kind.and_then(|node| {
            let name = self.filled("type", node)?;
            let kind = EbsType::named(&name.value);
            if kind.is_none() {
                let names = EbsType::ALL.map(EbsType::as_str).join("`, `");
                self.invalid("type", node, "is no type of volume", &format!("write `{names}`"));
            }
            kind
        });
        // Of a volume whose type is not known nothing can be said that depends on it.
        let is_known = kind.is_some() || given.kind.is_none();
        let kind = kind.unwrap_or_default();
        let mut ebs = Ebs { kind, ..Ebs::default() };
        ebs.size = given.size.and_then(|node| self.gib(node));
        ebs.iops = given.iops.and_then(|node| self.count("iops", node, u32::MAX)).map(|n| n.value);
        ebs.throughput = given
            .throughput
            .and_then(|node| self.count("throughput", node, u32::MAX))
            .map(|n| n.value);
        if is_known {
            self.ebs_limits(given, &ebs);
        }
        let encrypted = given.encrypted.and_then(|node| self.boolean("encrypted", node));
        ebs.is_plain = encrypted.is_some_and(|encrypted| !encrypted.value);
        ebs.kms_key = given.kms_key.and_then(|node| self.volume_key(node, ebs.is_plain));
        ebs.snapshot = given.snapshot.and_then(|node| self.snapshot(node));
        ebs.file_system = given.file_system.and_then(|node| {
            let name = self.filled("file_system", node)?.value;
            if FILE_SYSTEMS.contains(&name.as_str()) {
                return Some(name);
            }
            let help = "write `xfs`, `ext3` or `ext4`; without it ECS takes `xfs`";
            self.invalid("file_system", node, "is no file system of a Linux task", help);
            None
        });
        ebs
    }

    /// GiB, as a number or with a unit.
    fn gib(&mut self, node: &Node) -> Option<u32> {
        if let Some(gib) = node.as_scalar().and_then(|scalar| scalar.text.parse::<u32>().ok()) {
            return Some(gib);
        }
        let bytes = self.bytes("size", node, false)?;
        Some(u32::try_from(bytes.value.div_ceil(1 << 30)).unwrap_or(u32::MAX))
    }

    /// What EBS makes no volume of.
    fn ebs_limits(&mut self, given: &Given<'_>, ebs: &Ebs) {
        let Ebs { size, kind, iops, throughput, .. } = ebs;
        let name = kind.as_str();
        let between = |range: &RangeInclusive<u32>, unit: &str| {
            format!("a volume of the type {name} takes {} to {} {unit}", range.start(), range.end())
        };
        if let (Some(node), Some(size)) = (given.size, size)
            && !kind.sizes().contains(size)
        {
            self.invalid("size", node, "is out of range", &between(&kind.sizes(), "GiB"));
        }
        match (given.iops, iops, kind.iops()) {
            (Some(node), _, None) => {
                let why = format!("cannot be asked of the type {name}");
                self.invalid("iops", node, &why, "take it away, or write `type: gp3`");
            }
            (Some(node), Some(iops), Some(range)) => {
                if !range.contains(iops) {
                    self.invalid("iops", node, "is out of range", &between(&range, "a second"));
                } else if let Some(size) = size
                    && *iops > size.saturating_mul(kind.iops_per_gib()).max(*range.start())
                {
                    let most = kind.iops_per_gib();
                    let help =
                        format!("a volume of the type {name} has {most} for each GiB at most");
                    self.invalid("iops", node, &format!("is too much for {size} GiB"), &help);
                }
            }
            (None, _, Some(range)) if kind.needs_iops() => {
                if let Some(node) = given.kind {
                    self.invalid("type", node, "needs `iops`", &between(&range, "a second"));
                }
            }
            _ => {}
        }
        let (Some(node), Some(throughput)) = (given.throughput, throughput) else { return };
        if *kind != EbsType::Gp3 {
            let why = format!("cannot be asked of the type {name}");
            self.invalid("throughput", node, &why, "take it away, or write `type: gp3`");
        } else if !EbsType::THROUGHPUT.contains(throughput) {
            let help = between(&EbsType::THROUGHPUT, "MiB/s");
            self.invalid("throughput", node, "is out of range", &help);
        } else if *throughput > iops.unwrap_or(3000) / 4 {
            // EBS user guide, "General Purpose SSD volumes": 0.25 MiB/s for each operation a second.
            let least = throughput * 4;
            let help = format!("write `iops: {least}` or more: each brings a quarter of a MiB/s");
            self.invalid("throughput", node, "needs more `iops`", &help);
        }
    }

    fn volume_key(&mut self, node: &Node, is_plain: bool) -> Option<String> {
        let key = self.kms_key("kms_key", node)?.value;
        if is_plain {
            let help = "take one of the two away: a key encrypts";
            self.invalid("kms_key", node, "stands beside `encrypted: false`", help);
            return None;
        }
        Some(key)
    }

    /// `snap-` and 8 or 17 hexadecimal digits (EC2 user guide, "Resource IDs").
    fn snapshot(&mut self, node: &Node) -> Option<String> {
        let id = self.filled("snapshot", node)?.value;
        let digits = id.strip_prefix("snap-").unwrap_or_default();
        if matches!(digits.len(), 8 | 17) && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Some(id);
        }
        let help = "write the id: `snap-0123456789abcdef0`";
        self.invalid("snapshot", node, "is no id of a snapshot", help);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::{LoadOptions, Loaded, load};

    fn loaded(volume: &str) -> Loaded {
        let folder = tempfile::tempdir().expect("a folder");
        let text = format!(
            "services: {{web: {{image: a, volumes: [data:/d]}}}}\nvolumes: {{data: {volume}}}\n"
        );
        std::fs::write(folder.path().join("compose.yaml"), text).expect("a file");
        load(&LoadOptions { cwd: folder.path().to_owned(), ..LoadOptions::default() })
    }

    fn read(volume: &str) -> Ebs {
        let loaded = loaded(volume);
        let said = format!("{:?} {:?}", loaded.diagnostics, loaded.outcomes);
        assert!(!loaded.diagnostics.has_errors() && !loaded.outcomes.has_errors(), "{said}");
        match loaded.project.expect("a project").volumes["data"].storage.clone() {
            Some(Located { value: Storage::Ebs(ebs), .. }) => *ebs,
            other => panic!("{other:?}"),
        }
    }

    /// The messages that one mistake each gives.
    fn faults(ebs: &str) -> Vec<String> {
        let found = loaded(&format!("{{x-ecs: {{ebs: {ebs}}}}}")).diagnostics;
        found.iter().map(|fault| fault.message.clone()).collect()
    }

    #[test]
    fn every_attribute() {
        let whole = "{size: 100GiB, type: gp3, iops: 4000, throughput: 500, encrypted: true, \
            kms_key: alias/data, snapshot: snap-0123456789abcdef0, file_system: ext4}";
        let want = Ebs {
            size: Some(100),
            kind: EbsType::Gp3,
            iops: Some(4000),
            throughput: Some(500),
            is_plain: false,
            kms_key: Some("alias/data".to_owned()),
            snapshot: Some("snap-0123456789abcdef0".to_owned()),
            file_system: Some("ext4".to_owned()),
            ephemeral: true,
        };
        assert_eq!(read(&format!("{{x-ecs: {{ebs: {whole}, ephemeral: true}}}}")), want);
        let options = whole.replace("true", "'true'");
        let driver = format!("{{driver: ebs, driver_opts: {options}}}");
        assert_eq!(read(&driver), Ebs { ephemeral: false, ..want });
    }

    #[test]
    fn options_of_other_drivers() {
        let read = read(
            "{driver: ebs, driver_opts: {size: '25', ebsType: io1, iops: '1000', encrypted: 'false'}}",
        );
        assert_eq!((read.size, read.kind, read.iops), (Some(25), EbsType::Io1, Some(1000)));
        assert!(read.is_plain);
        let loaded = loaded("{driver: ebs, driver_opts: {backing: relocatable, size: x}}");
        assert!(!loaded.diagnostics.has_errors() && loaded.outcomes.has_errors());
        let said: Vec<_> = loaded.outcomes.iter().map(|d| d.code).collect();
        assert_eq!(said, [Code::Ignored, Code::InvalidValue]);
    }

    #[test]
    fn what_ebs_does_not_make() {
        for (ebs, why) in [
            ("{size: 0}", "out of range"),
            ("{size: 16385}", "out of range"),
            ("{size: 20TiB}", "out of range"),
            ("{size: much}", "no size"),
            ("{size: 100, type: st1}", "out of range"),
            ("{size: 2000, type: standard}", "out of range"),
            ("{size: 3, type: io2, iops: 100}", "out of range"),
            ("{type: gp4}", "no type of volume"),
            ("{type: io1}", "needs `iops`"),
            ("{type: io1, iops: 99}", "out of range"),
            ("{type: gp2, iops: 3000}", "cannot be asked of the type gp2"),
            ("{iops: 2999}", "out of range"),
            ("{size: 10, type: io1, iops: 501}", "too much for 10 GiB"),
            ("{throughput: 1001, iops: 16000}", "out of range"),
            ("{throughput: 800}", "needs more `iops`"),
            ("{type: gp2, throughput: 200}", "cannot be asked of the type gp2"),
            ("{kms_key: mine}", "no key of KMS"),
            ("{kms_key: alias/mine, encrypted: false}", "beside `encrypted: false`"),
            ("{snapshot: vol-01234567}", "no id of a snapshot"),
            ("{file_system: ntfs}", "no file system"),
            ("{sise: 10}", "no attribute `sise`"),
        ] {
            let found = faults(ebs);
            assert!(found.len() == 1 && found[0].contains(why), "{ebs}: {found:?}");
        }
        // All at once.
        assert_eq!(
            faults("{size: 0, iops: 1, throughput: 1, snapshot: x, file_system: y}").len(),
            5
        );
    }

    #[test]
    fn what_it_does_make() {
        for ebs in [
            "{size: 1, iops: 3000}",
            "{size: 16384, iops: 16000, throughput: 1000}",
            "{size: 10, type: io1, iops: 500}",
            "{size: 125, type: sc1}",
            "{kms_key: 'arn:aws:kms:eu-west-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef'}",
            "{kms_key: mrk-0123456789abcdef0123456789abcdef}",
        ] {
            assert_eq!(faults(ebs), [""; 0], "{ebs}");
        }
    }
}
