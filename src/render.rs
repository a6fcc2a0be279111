//! The texts of `templates/`, filled in.

use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;

/// The templates, by name.
const TEMPLATES: &[(&str, &str)] = &[
    // Without the ending, for which values would be written as JSON.
    ("ci/github", include_str!("../templates/ci/github.yml")),
    ("ci/github/install", include_str!("../templates/ci/github_install.yml")),
    ("ci/github/role", include_str!("../templates/ci/github_role.yml")),
    ("checked.md", include_str!("../templates/checked.md")),
    ("closing.txt", include_str!("../templates/closing.txt")),
    ("plan_summary.txt", include_str!("../templates/plan_summary.txt")),
    ("summary.md", include_str!("../templates/summary.md")),
];

/// The template of this name, filled in.
///
/// # Errors
///
/// When there is no such template, or the context lacks what it names: a fault of decklift, which
/// the tests of each caller find.
pub fn render(name: &str, context: impl Serialize) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    for (name, text) in TEMPLATES {
        environment.add_template(name, text)?;
    }
    environment.get_template(name)?.render(Serde(context))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_parses() {
        let mut environment = Environment::new();
        for (name, text) in TEMPLATES {
            environment.add_template(name, text).expect(name);
        }
    }

    #[test]
    fn a_missing_name_is_an_error() {
        assert!(render("plan_summary.txt", serde_json::json!({})).is_err());
    }
}
