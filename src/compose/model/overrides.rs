use serde_json::{Map, Value};

use crate::source::Span;

/// A part of `x-ecs.overrides`: a JSON merge patch (RFC 7386) in the words of the ECS API.
#[derive(Clone, Debug, PartialEq)]
pub struct Patch {
    /// What is merged.
    pub values: Map<String, Value>,
    /// Where the keys stand, by their path in `values`.
    pub places: Vec<(Vec<String>, Span)>,
    /// Where the patch stands.
    pub span: Span,
}

impl Patch {
    /// Where a path stands, or the nearest thing above it.
    #[must_use]
    pub fn place(&self, path: &[String]) -> Span {
        (0..=path.len())
            .rev()
            .find_map(|length| {
                let part = path.get(..length)?;
                self.places.iter().find(|(known, _)| known == part).map(|(_, span)| *span)
            })
            .unwrap_or(self.span)
    }
}

/// `x-ecs.overrides`: the last resort.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Overrides {
    /// `task_definition`: patches what `RegisterTaskDefinition` takes
    pub task_definition: Option<Patch>,
    /// `containers`: patches container definitions, by the container's name
    pub containers: Vec<(String, Patch)>,
    /// `service`: patches what `CreateService` takes
    pub service: Option<Patch>,
}
