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
    /// Whether it leaves the program of its base as it is: no `ENTRYPOINT`, and no `CMD`.
    pub keeps_program: bool,
    /// What it copies that may be configuration and names other services, where it stands on a proxy.
    pub copied: String,
}
