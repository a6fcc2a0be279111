use crate::source::Located;

/// `blkio_config`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlockIo {
    /// `weight`, relative to other containers
    pub weight: Option<Located<u16>>,
    /// `weight_device`: a weight each
    pub weight_device: Vec<Located<BlockDevice>>,
    /// `device_read_bps`: bytes a second each
    pub device_read_bps: Vec<Located<BlockDevice>>,
    /// `device_read_iops`: operations a second each
    pub device_read_iops: Vec<Located<BlockDevice>>,
    /// `device_write_bps`: bytes a second each
    pub device_write_bps: Vec<Located<BlockDevice>>,
    /// `device_write_iops`: operations a second each
    pub device_write_iops: Vec<Located<BlockDevice>>,
}

/// A block device and its weight or its limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlockDevice {
    /// `path`; empty when it is not written.
    pub path: String,
    /// `weight` or `rate`; 0 when it is not written.
    pub value: i64,
}
