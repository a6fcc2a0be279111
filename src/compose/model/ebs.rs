use std::ops::RangeInclusive;

/// A volume of EBS's, which ECS makes for each task and takes away with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ebs {
    /// `size`: GiB; the snapshot's, or a usual one, when it is not given.
    pub size: Option<u32>,
    /// `type`
    pub kind: EbsType,
    /// `iops`: operations a second.
    pub iops: Option<u32>,
    /// `throughput`: MiB/s.
    pub throughput: Option<u32>,
    /// `encrypted: false`; volumes are encrypted unless told.
    pub is_plain: bool,
    /// `kms_key`: the id, the ARN or the alias of a key, where it is not AWS's own.
    pub kms_key: Option<String>,
    /// `snapshot: snap-…`: what is in it at first.
    pub snapshot: Option<String>,
    /// `file_system`: `xfs`, `ext3` or `ext4`; `xfs` unless told.
    pub file_system: Option<String>,
    /// `ephemeral: true`: that it is new and empty with every task is understood.
    pub ephemeral: bool,
}

/// The type of a volume (ECS API reference, `ServiceManagedEBSVolumeConfiguration.volumeType`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EbsType {
    /// `gp2`
    Gp2,
    /// `gp3`
    #[default]
    Gp3,
    /// `io1`
    Io1,
    /// `io2`
    Io2,
    /// `sc1`
    Sc1,
    /// `st1`
    St1,
    /// `standard`
    Standard,
}

impl EbsType {
    /// All of them, by name.
    pub const ALL: [Self; 7] =
        [Self::Gp2, Self::Gp3, Self::Io1, Self::Io2, Self::Sc1, Self::St1, Self::Standard];

    /// MiB/s of a volume of the type `gp3` (EBS user guide, "General Purpose SSD volumes"; the ECS
    /// API reference has the same most).
    pub const THROUGHPUT: RangeInclusive<u32> = 125..=1000;

    /// As AWS writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gp2 => "gp2",
            Self::Gp3 => "gp3",
            Self::Io1 => "io1",
            Self::Io2 => "io2",
            Self::Sc1 => "sc1",
            Self::St1 => "st1",
            Self::Standard => "standard",
        }
    }

    /// The type of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// GiB that a volume may have (ECS API reference, `ServiceManagedEBSVolumeConfiguration.sizeInGiB`).
    #[must_use]
    pub fn sizes(self) -> RangeInclusive<u32> {
        match self {
            Self::Gp2 | Self::Gp3 => 1..=16_384,
            Self::Io1 | Self::Io2 => 4..=16_384,
            Self::Sc1 | Self::St1 => 125..=16_384,
            Self::Standard => 1..=1024,
        }
    }

    /// Operations a second that can be asked for; none where EBS takes no wish (ECS API reference,
    /// `ServiceManagedEBSVolumeConfiguration.iops`; for `gp2` EC2's, `CreateVolume.Iops`).
    #[must_use]
    pub fn iops(self) -> Option<RangeInclusive<u32>> {
        match self {
            Self::Gp3 => Some(3000..=16_000),
            Self::Io1 => Some(100..=64_000),
            Self::Io2 => Some(100..=256_000),
            Self::Gp2 | Self::Sc1 | Self::St1 | Self::Standard => None,
        }
    }

    /// Operations a second for each GiB at most (EBS user guide, "General Purpose SSD volumes",
    /// "Provisioned IOPS SSD volumes").
    #[must_use]
    pub fn iops_per_gib(self) -> u32 {
        match self {
            Self::Io1 => 50,
            Self::Io2 => 1000,
            _ => 500,
        }
    }

    /// Whether operations a second have to be asked for (ECS API reference, as above).
    #[must_use]
    pub fn needs_iops(self) -> bool {
        matches!(self, Self::Io1 | Self::Io2)
    }
}
