/// What must be true of a service before a dependent starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// `service_started`
    Started,
    /// `service_healthy`
    Healthy,
    /// `service_completed_successfully`
    CompletedSuccessfully,
}

/// One entry of `depends_on`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// `condition`, `service_started` in the short form.
    pub condition: Condition,
    /// `restart`: deploy the dependent again when the dependency is.
    pub restart: bool,
    /// `required`: `false` lets the dependency be absent.
    pub required: bool,
}
