use std::collections::HashMap;

use crate::compose::model::Project;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::Span;

/// Reports every circle of dependencies and takes out the edge that closes it.
pub(super) fn break_cycles(project: &mut Project, diagnostics: &mut Diagnostics) {
    for (from, to) in closing_edges(project, diagnostics) {
        if let Some((_, service)) = project.services.get_index_mut(from) {
            service.depends_on.shift_remove(&to);
            // Nobody has volumes from itself, at whatever distance.
            let names = |from: &str| from.split(':').next() == Some(&*to);
            service.volumes_from.retain(|from| !names(&from.value));
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    New,
    OnPath,
    Done,
}

/// A walk in depth on its own stack: chains of dependencies can be long.
fn closing_edges(project: &Project, diagnostics: &mut Diagnostics) -> Vec<(usize, String)> {
    let index: HashMap<&str, usize> =
        project.services.keys().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
    let edges: Vec<Vec<(usize, Span)>> = project
        .services
        .values()
        .map(|service| {
            let targets = service.depends_on.iter();
            targets
                .filter_map(|(name, place)| Some((*index.get(name.as_str())?, place.span)))
                .collect()
        })
        .collect();
    let mut marks = vec![Mark::New; edges.len()];
    let mut closing = Vec::new();
    for start in 0..edges.len() {
        if marks[start] != Mark::New {
            continue;
        }
        marks[start] = Mark::OnPath;
        // A service, and which of its dependencies is looked at next.
        let mut path: Vec<(usize, usize)> = vec![(start, 0)];
        while let Some((at, next)) = path.last_mut() {
            let from = *at;
            let Some(&(to, _)) = edges[from].get(*next) else {
                marks[from] = Mark::Done;
                path.pop();
                continue;
            };
            *next += 1;
            match marks[to] {
                Mark::New => {
                    marks[to] = Mark::OnPath;
                    path.push((to, 0));
                }
                Mark::OnPath => {
                    diagnostics.push(circle(project, &edges, &path, to));
                    let (name, _) = project.services.get_index(to).unzip();
                    closing.extend(name.map(|name| (from, name.clone())));
                }
                Mark::Done => {}
            }
        }
    }
    closing
}

/// More places than this say nothing more.
const MAX_PLACES: usize = 12;

fn circle(
    project: &Project,
    edges: &[Vec<(usize, Span)>],
    path: &[(usize, usize)],
    to: usize,
) -> Diagnostic {
    let first = path.iter().position(|&(at, _)| at == to).unwrap_or(0);
    let around = &path[first..];
    let name = |at: usize| project.services.get_index(at).map_or("?", |(name, _)| name.as_str());
    let mut shown: Vec<String> =
        around.iter().take(MAX_PLACES).map(|&(at, _)| format!("`{}`", name(at))).collect();
    if around.len() > MAX_PLACES {
        shown.push("…".into());
    }
    shown.push(format!("`{}`", name(to)));
    let message = if around.len() == 1 {
        format!("`{}` depends on itself", name(to))
    } else {
        format!("services depend on each other in a circle: {}", shown.join(" → "))
    };
    let mut fault = Diagnostic::error(Code::DependencyCycle, message)
        .help("remove one of these dependencies")
        .service(name(to));
    for &(at, next) in around.iter().take(MAX_PLACES) {
        if let Some(&(target, span)) = edges[at].get(next - 1) {
            fault = fault.at(span, format!("`{}` waits for `{}`", name(at), name(target)));
        }
    }
    fault
}
