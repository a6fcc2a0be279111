use indexmap::IndexMap;

use super::BlockIo;
use crate::source::Located;

/// What the kernel is told about a container.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KernelSettings {
    /// `memswap_limit`, bytes of memory and swap together; -1 for no limit.
    pub memswap_limit: Option<Located<i64>>,
    /// `mem_swappiness`, percent; the reference takes a size here.
    pub mem_swappiness: Option<Located<i64>>,
    /// `shm_size`, bytes
    pub shm_size: Option<Located<i64>>,
    /// `oom_kill_disable`
    pub oom_kill_disable: Option<Located<bool>>,
    /// `oom_score_adj`, -1000 to 1000
    pub oom_score_adj: Option<Located<i64>>,
    /// `pids_limit`; -1 for none
    pub pids_limit: Option<Located<i64>>,
    /// `blkio_config`
    pub blkio: Option<Located<BlockIo>>,
    /// `sysctls`
    pub sysctls: IndexMap<String, Located<String>>,
    /// `ulimits` by name
    pub ulimits: IndexMap<String, Located<Ulimit>>,
    /// `storage_opt`
    pub storage_opt: IndexMap<String, Located<String>>,
}

/// One entry of `ulimits`; -1 means no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ulimit {
    /// One number for both.
    Single(i64),
    /// `soft` and `hard`
    Pair {
        /// What the process starts with.
        soft: i64,
        /// What it may raise it to.
        hard: i64,
    },
}
