use serde::Serialize;

/// What becomes of the attributes that a service sets, as dotted paths in the order of the file, such
/// as `image` or `deploy.resources.limits.cpus`. Each stands in one list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// The Compose service.
    pub service: String,
    /// Carried over, with nothing to say about it.
    pub mapped: Vec<String>,
    /// Carried over, but there is something to say about it.
    pub approximated: Vec<String>,
    /// Without effect on ECS.
    pub ignored: Vec<String>,
    /// At fault, impossible on ECS, or not supported yet.
    pub refused: Vec<String>,
}
