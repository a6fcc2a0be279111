//! What becomes of each attribute of the Compose Specification on ECS with Fargate: the one table
//! behind `decklift check`, `docs/compose-support.md` and the decoder.

mod extension;
mod project;
mod service;

pub use extension::{extension_keys, schema};

/// What becomes of an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It works.
    Mapped,
    /// It works, and differs: a diagnostic says how.
    Approximated,
    /// It has no effect on ECS.
    Ignored,
    /// Deploying without it would break the application.
    Refused,
    /// It is dealt with before ECS comes into it.
    Resolved,
}

impl Outcome {
    /// The word for people.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mapped => "mapped",
            Self::Approximated => "approximated",
            Self::Ignored => "ignored",
            Self::Refused => "refused",
            Self::Resolved => "resolved",
        }
    }
}

/// Path below the section, outcome, and what it becomes, or why it does not.
type Row = (&'static str, Outcome, &'static str);

/// What becomes of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Support {
    /// Where it stands: `services.*.ports[].target`. `*` is any name, `[]` any item, and `**` at the
    /// end all that is below.
    pub path: String,
    /// What usually becomes of it; a value may have another outcome.
    pub outcome: Outcome,
    /// What it becomes, or why it has no effect; empty where the line above says it.
    pub becomes: &'static str,
}

/// A part of the table: its title and what its paths start with.
pub const SECTIONS: [(&str, &str); 4] = [
    ("Services", "services.*."),
    ("`deploy` of a service", "services.*.deploy."),
    ("`build` of a service", "services.*.build."),
    ("The top level", ""),
];

/// The rows of each of the [`SECTIONS`].
const ROWS: [&[Row]; 4] = [service::SERVICE, service::DEPLOY, service::BUILD, project::PROJECT];

/// The table, by section.
pub fn support() -> impl Iterator<Item = ((&'static str, &'static str), Vec<Support>)> {
    SECTIONS.into_iter().zip(ROWS).map(|(section, rows)| {
        let row = |&(path, outcome, becomes): &Row| {
            let path = format!("{}{path}", section.1);
            Support { path, outcome, becomes }
        };
        (section, rows.iter().map(row).collect())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_attribute_stands_once() {
        let mut seen = std::collections::HashSet::new();
        for row in support().flat_map(|(_, rows)| rows) {
            assert!(seen.insert(row.path.clone()), "{} stands twice", row.path);
        }
    }
}
