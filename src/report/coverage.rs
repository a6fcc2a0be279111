//! What becomes of each service's attributes, as text.

use crate::diagnostic::Coverage;

/// Columns of the first two words.
const INDENT: usize = 16;

/// A block a service; lists are broken to fit `width`, where there is one.
#[must_use]
pub fn text(services: &[Coverage], width: Option<usize>) -> String {
    let mut lines = Vec::new();
    for Coverage { service, mapped, approximated, ignored, refused } in services {
        lines.push(service.clone());
        let lists = [
            ("mapped", mapped),
            ("approximated", approximated),
            ("ignored", ignored),
            ("refused", refused),
        ];
        for (name, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
            let mut line = format!("  {name:<width$}", width = INDENT - 2);
            for (index, attribute) in list.iter().enumerate() {
                let end = if index + 1 < list.len() { "," } else { "" };
                let length = line.chars().count() + attribute.chars().count() + end.len();
                if index > 0 && width.is_some_and(|width| length + 1 > width) {
                    lines.push(std::mem::replace(&mut line, " ".repeat(INDENT)));
                } else if index > 0 {
                    line.push(' ');
                }
                line.push_str(attribute);
                line.push_str(end);
            }
            lines.push(line);
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_are_broken_on_a_terminal_alone() {
        let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect();
        let web = Coverage {
            service: "web".to_owned(),
            mapped: names(&["image", "command", "environment", "deploy.resources.limits.cpus"]),
            refused: names(&["privileged"]),
            ..Coverage::default()
        };
        insta::assert_snapshot!(text(std::slice::from_ref(&web), Some(40)), @r"
        web
          mapped        image, command,
                        environment,
                        deploy.resources.limits.cpus
          refused       privileged
        ");
        insta::assert_snapshot!(text(&[web], None), @r"
        web
          mapped        image, command, environment, deploy.resources.limits.cpus
          refused       privileged
        ");
    }
}
