use indexmap::IndexMap;

use crate::source::Located;

/// The software that routes logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouterKind {
    /// Fluent Bit
    FluentBit,
    /// Fluentd
    Fluentd,
}

/// `x-ecs.log_router`: the container that the driver `awsfirelens` sends to.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct LogRouter {
    /// `image`
    pub image: Option<Located<String>>,
    /// `type`: `fluentbit` or `fluentd`
    pub kind: Option<Located<RouterKind>>,
    /// `options` of FireLens
    pub options: IndexMap<String, Located<String>>,
}
