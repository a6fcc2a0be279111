//! A pipeline that checks, plans and deploys.

use serde_json::json;

use crate::render::render;

/// What a pipeline's commands are given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pipeline {
    /// Options of every command, each with its value: `("--file", "compose.yaml")`.
    pub options: Vec<(&'static str, String)>,
    /// The region, where one was given.
    pub region: Option<String>,
    /// The environment, where one was named.
    pub environment: Option<String>,
}

impl Pipeline {
    /// The first value that a pipeline cannot hold: one of several lines, or with an expression that
    /// GitHub would fill in.
    #[must_use]
    pub fn unfit(&self) -> Option<&str> {
        let values = self.options.iter().map(|(_, value)| value.as_str());
        let mut all = values.chain(self.region.as_deref()).chain(self.environment.as_deref());
        all.find(|value| value.contains("${{") || value.chars().any(char::is_control))
    }

    /// A workflow of GitHub Actions.
    ///
    /// # Errors
    ///
    /// When the template is at fault, which the tests find.
    pub fn github(&self) -> Result<String, minijinja::Error> {
        let word = |(option, value): &(&str, String)| format!(" {option} {}", quoted(value));
        let environment = self.environment.as_deref().unwrap_or("default");
        let plain = |text: &str| -> String {
            text.chars().map(|c| if is_plain(c) { c } else { '-' }).collect()
        };
        let mut text = render(
            "ci/github",
            json!({
                "options": self.options.iter().map(word).collect::<String>(),
                "region": self.region.as_deref().map(plain),
                "group": format!("decklift-{}", plain(environment)),
            }),
        )?;
        // Templates lose the end of their last line.
        text.push('\n');
        Ok(text)
    }
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/')
}

/// The text as one word of a shell.
fn quoted(text: &str) -> String {
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_words_of_the_shell_and_the_file_stays_yaml() {
        let pipeline = Pipeline {
            options: vec![("--file", "a b: 'c' # d.yaml".to_owned()), ("--profile", String::new())],
            region: Some("eu-west-1".to_owned()),
            environment: Some("pro: d".to_owned()),
        };
        let text = pipeline.github().expect("a workflow");
        let yaml: serde_yaml::Value = serde_yaml::from_str(&text).expect("YAML");
        let deploy = &yaml["jobs"]["deploy"];
        assert_eq!(deploy["concurrency"]["group"], "decklift-pro--d");
        let steps = deploy["steps"].as_sequence().expect("steps");
        let run = steps.last().and_then(|step| step["run"].as_str()).expect("a command");
        let options = r"--file 'a b: '\''c'\'' # d.yaml' --profile ''";
        assert_eq!(run, format!("decklift deploy --yes {options}\n"));
        assert_eq!(pipeline.unfit(), None);
        // What is left in braces is GitHub's to fill in.
        let braces: Vec<_> = text.match_indices("{{").map(|(at, _)| at).collect();
        assert!(!braces.is_empty() && braces.iter().all(|at| text[..*at].ends_with('$')), "{text}");
    }

    #[test]
    fn what_github_would_fill_in_is_unfit() {
        for text in ["a\nb", "${{ secrets.X }}"] {
            let options = vec![("--file", text.to_owned())];
            assert_eq!(Pipeline { options, ..Pipeline::default() }.unfit(), Some(text));
        }
    }
}
