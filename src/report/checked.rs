//! What was found in Compose files, on the page of a GitHub workflow run.

use std::path::Path;

use serde_json::{Value, json};

use super::summary::{append, escape};
use super::{Screen, harmless};
use crate::diagnostic::{Coverage, Diagnostics, Severity};
use crate::render::render;
use crate::source::Sources;

/// How many diagnostics the page lists: all of them stand beside the lines that they are of.
const MOST: usize = 50;

/// Appends it to the file at `path`.
pub fn add(path: &Path, text: &str, screen: &Screen) {
    append(path, text, screen);
}

/// What a command found, as Markdown: how much, what becomes of each service's attributes, and what there
/// is to say of them. Notes are counted alone.
#[must_use]
pub fn markdown(
    command: &str,
    services: &[Coverage],
    found: &Diagnostics,
    sources: &Sources,
) -> String {
    let count = |severity| found.iter().filter(|one| one.severity == severity).count();
    let rows = services.iter().map(|covered| {
        let Coverage { service, mapped, approximated, ignored, refused } = covered;
        let names = |list: &[String]| escape(&list.join(", "));
        json!({
            "service": escape(service),
            "mapped": mapped.len(),
            "approximated": names(approximated),
            "ignored": names(ignored),
            "refused": names(refused),
        })
    });
    let sorted = found.sorted();
    let loud: Vec<_> = sorted.iter().filter(|one| one.severity != Severity::Note).collect();
    let lines = loud.iter().take(MOST).map(|one| {
        let place = one.labels.first().map(|label| sources.place(label.span));
        json!({
            "severity": if one.severity == Severity::Error { "error" } else { "warning" },
            "code": one.code.as_str(),
            "place": escape(&place.unwrap_or_default()),
            "service": escape(one.service.as_deref().unwrap_or_default()),
            "message": escape(&harmless(&one.message)),
            "help": escape(&harmless(one.help.as_deref().unwrap_or_default())),
        })
    });
    let context = json!({
        "command": command,
        "errors": count(Severity::Error),
        "warnings": count(Severity::Warning),
        "notes": count(Severity::Note) + found.omitted(),
        "rows": rows.collect::<Vec<Value>>(),
        "lines": lines.collect::<Vec<Value>>(),
        "more": loud.len().saturating_sub(MOST),
    });
    render("checked.md", context)
        .unwrap_or_else(|error| format!("decklift {command}\n\n({error})\n"))
}
