/// What the Dockerfile of a service says of its image, before it is built.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DockerfileFacts {
    /// The image that it stands on in the end; `scratch` where it stands on none; empty where that is not
    /// known.
    pub base: String,
    /// The last `USER`.
    pub user: Option<String>,
    /// What `RUN`, `COPY` and `ADD` have behind them, in their order.
    pub lines: Vec<String>,
}
