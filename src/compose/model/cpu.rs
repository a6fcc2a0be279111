use crate::source::Located;

/// How a container shares the processors of its host: `cpuset` and the `cpu_…` attributes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CpuSettings {
    /// `cpu_count`, processors
    pub count: Option<Located<i64>>,
    /// `cpu_percent`, of all processors
    pub percent: Option<Located<f64>>,
    /// `cpu_period`, microseconds
    pub period: Option<Located<i64>>,
    /// `cpu_quota`, microseconds a period
    pub quota: Option<Located<i64>>,
    /// `cpu_rt_period`, microseconds
    pub rt_period: Option<Located<i64>>,
    /// `cpu_rt_runtime`, microseconds
    pub rt_runtime: Option<Located<i64>>,
    /// `cpu_shares`, relative to other containers
    pub shares: Option<Located<i64>>,
    /// `cpuset`, such as `0-3`
    pub set: Option<Located<String>>,
}
