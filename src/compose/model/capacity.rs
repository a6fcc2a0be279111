use indexmap::IndexMap;

use crate::source::Located;

/// `x-ecs.capacity`: how tasks are shared out between Fargate and Fargate Spot, or between the
/// capacity providers of a cluster with instances.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Capacity {
    /// `fargate`: the weight of on-demand capacity, 0 to 1000
    pub fargate: Option<Located<u32>>,
    /// `fargate_spot`: the weight of spare capacity, which AWS may take back, 0 to 1000
    pub fargate_spot: Option<Located<u32>>,
    /// `providers`: weights of other capacity providers of the cluster by name, 0 to 1000
    pub providers: IndexMap<String, Located<u32>>,
    /// `base`: tasks that run on the first of them at least, 0 to 100000
    pub base: Option<Located<u32>>,
}
