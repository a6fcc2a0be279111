use crate::source::Located;

/// `x-ecs.autoscaling`: how many tasks run, by load.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Autoscaling {
    /// `min`: tasks that always run, 1 unless given
    pub min: Option<Located<u32>>,
    /// `max`: tasks that run at most
    pub max: Option<Located<u32>>,
    /// `cpu`: the average use that is aimed at, in percent of what the tasks have
    pub cpu: Option<Located<f64>>,
    /// `memory`: the same of memory
    pub memory: Option<Located<f64>>,
    /// `requests`: requests a minute that one task shall get from the load balancer
    pub requests: Option<Located<f64>>,
    /// `cooldown`: seconds between two changes; what Application Auto Scaling takes unless given
    pub cooldown: Option<Located<u32>>,
}
