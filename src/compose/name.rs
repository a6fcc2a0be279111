//! The project's name.

use std::path::Path;

use super::LoadOptions;
use super::environment::Environment;
use super::template::expand;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::Span;
use crate::yaml::Node;

/// The name as Compose would write it: lower-case letters, digits, `-` and `_`, starting with a
/// letter or digit. Everything else is left out.
#[must_use]
pub fn normalize_project_name(name: &str) -> String {
    let kept: String = name
        .chars()
        .flat_map(char::to_lowercase)
        .filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_'))
        .collect();
    kept.trim_start_matches(['-', '_']).to_owned()
}

/// `-p`, else `COMPOSE_PROJECT_NAME`, else the last top-level `name:`, else the directory's name.
///
/// `documents` are the files before interpolation. An empty name was reported.
pub(super) fn project_name<'n>(
    options: &LoadOptions,
    environment: &Environment,
    directory: &Path,
    documents: impl DoubleEndedIterator<Item = &'n Node>,
    diagnostics: &mut Diagnostics,
) -> String {
    let given = options.project_name.as_deref().filter(|name| !name.is_empty());
    let given = given.map(|name| (name, "`-p`")).or_else(|| {
        let name = environment.get("COMPOSE_PROJECT_NAME").filter(|name| !name.is_empty())?;
        Some((name, "`COMPOSE_PROJECT_NAME`"))
    });
    if let Some((name, origin)) = given {
        let normal = normalize_project_name(name);
        if normal != name {
            diagnostics.push(invalid(name, &normal, origin, None));
        }
        return normal;
    }
    let written = documents.rev().find_map(|document| {
        let node = document.get("name")?;
        let text = &node.as_scalar()?.text;
        (!text.is_empty()).then_some((node, text))
    });
    if let Some((node, text)) = written {
        if options.no_interpolate {
            // As in the reference: what is left of the expression, else the directory's name.
            return Some(normalize_project_name(text))
                .filter(|name| !name.is_empty())
                .unwrap_or_else(|| of_directory(directory, diagnostics));
        }
        // A fault of the expression is reported where the whole document is interpolated.
        let text = expand(text, environment).map(|expanded| expanded.text).unwrap_or_default();
        let normal = normalize_project_name(&text);
        if !normal.is_empty() {
            return normal;
        }
        diagnostics.push(invalid("", "", "`name`", Some(node.span)));
        return normal;
    }
    of_directory(directory, diagnostics)
}

fn of_directory(directory: &Path, diagnostics: &mut Diagnostics) -> String {
    let base = directory.file_name().map(|name| name.to_string_lossy().into_owned());
    let normal = normalize_project_name(&base.unwrap_or_default());
    if normal.is_empty() {
        diagnostics.push(
            Diagnostic::error(
                Code::InvalidProjectName,
                "the directory's name gives no project name",
            )
            .help("give one with `-p`, or with `name:` at the top of the Compose file"),
        );
    }
    normal
}

fn invalid(name: &str, normal: &str, origin: &str, span: Option<Span>) -> Diagnostic {
    let message = if name.is_empty() {
        format!("{origin} gives no valid project name")
    } else {
        format!("{origin} gives the invalid project name `{name}`")
    };
    let mut help = "a project name has lower-case letters, digits, `-` and `_`, and starts with a \
                    letter or digit"
        .to_owned();
    if !normal.is_empty() {
        help = format!("{help}; `{normal}` would do");
    }
    let fault = Diagnostic::error(Code::InvalidProjectName, message).help(help);
    match span {
        Some(span) => fault.at(span, ""),
        None => fault,
    }
}

#[cfg(test)]
mod tests {
    use super::normalize_project_name;

    #[test]
    fn names_are_normalised_as_compose_does() {
        assert_eq!(normalize_project_name("My App_x"), "myapp_x");
        assert_eq!(normalize_project_name("_-Shop.v2"), "shopv2");
        assert_eq!(normalize_project_name("ÄÖ"), "");
    }
}
