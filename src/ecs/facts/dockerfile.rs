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
    /// What of the build's context is in the image; nothing where that is not known.
    pub copies: Option<Vec<CopyFacts>>,
}

/// A file or directory of a build's context that the image has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyFacts {
    /// Its path from the context's directory; empty for all of it.
    pub from: String,
    /// Its place in the image; nothing where it may be anywhere, or another thing was made of it.
    pub to: Option<String>,
}

/// What names files that only say what a program needs or how it is built: an image that has these of
/// a directory does not have its code.
const MANIFESTS: &[&str] = &[
    ".npmrc",
    ".yarn",
    "build.gradle",
    "bun.lock",
    "bunfig",
    "cargo.",
    "composer.",
    "deno.",
    "gemfile",
    "go.mod",
    "go.sum",
    "go.work",
    "gradle",
    "lerna.",
    "makefile",
    "mix.",
    "mvnw",
    "npm-shrinkwrap",
    "package",
    "pdm.",
    "pipfile",
    "pnpm-",
    "poetry.",
    "pom.xml",
    "pyproject.",
    "requirements",
    "settings.gradle",
    "setup.",
    "uv.lock",
    "yarn.",
];

/// The ends of the names of others.
const OTHERS: &[&str] =
    &[".csproj", ".gemspec", ".lock", ".props", ".sh", ".sln", "*.json", "*.toml", "*.txt"];

impl DockerfileFacts {
    /// Whether the image has a directory of the context, or more of it than what its program needs, in the
    /// place where it is mounted; nothing where that is not known.
    #[must_use]
    pub fn has(&self, directory: &str, target: &str) -> Option<bool> {
        let is_there = |copy: &CopyFacts| {
            if let Some(rest) = below(directory, &copy.from) {
                copy.to.as_ref().is_none_or(|to| place_of(to, rest) == place(target))
            } else if let Some(rest) = below(&copy.from, directory) {
                !is_manifest(rest)
                    && copy.to.as_ref().is_none_or(|to| *to == place_of(&place(target), rest))
            } else {
                false
            }
        };
        self.copies.as_ref().map(|copies| copies.iter().any(is_there))
    }
}

/// What stands behind a directory in a path that is in it.
fn below<'a>(path: &'a str, directory: &str) -> Option<&'a str> {
    if directory.is_empty() {
        return Some(path);
    }
    let rest = path.strip_prefix(directory)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
}

fn place(path: &str) -> String {
    match path.trim_end_matches('/') {
        "" => "/".to_owned(),
        path => path.to_owned(),
    }
}

fn place_of(directory: &str, rest: &str) -> String {
    place(&format!("{}/{rest}", directory.trim_end_matches('/')))
}

fn is_manifest(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    MANIFESTS.iter().any(|start| name.starts_with(start))
        || OTHERS.iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_there_with_its_code_in_its_place() {
        let has = |copies: &[(&str, &str)], directory: &str, target: &str| {
            let copy = |(from, to): &(&str, &str)| CopyFacts {
                from: (*from).to_owned(),
                to: (*to != "?").then(|| (*to).to_owned()),
            };
            let copies = Some(copies.iter().map(copy).collect());
            DockerfileFacts { copies, ..DockerfileFacts::default() }.has(directory, target)
        };
        for (copies, directory, target, wanted) in [
            (&[("", "/app")][..], "", "/app", true),
            (&[("", "/app")], "", "/app/", true),
            (&[("", "/app")], "", "/other", false),
            (&[("", "/app")], "src", "/app/src", true),
            (&[("", "/app")], "src", "/src", false),
            (&[("src", "/app/src")], "src", "/app/src", true),
            (&[("src", "/app/src")], "", "/app", true),
            (&[("src", "/app")], "", "/app", false),
            (&[("src", "/app/src")], "srcs", "/app/src", false),
            (&[("requirements.txt", "/app/requirements.txt")], "", "/app", false),
            (&[("package*.json", "/app/package*.json"), ("e.sh", "/app/e.sh")], "", "/app", false),
            (&[("app.py", "/app/app.py")], "", "/app", true),
            (&[("", "?")], "", "/anywhere", true),
            (&[("go.mod", "?")], "", "/anywhere", false),
            (&[], "", "/app", false),
        ] {
            assert_eq!(
                has(copies, directory, target),
                Some(wanted),
                "{copies:?} {directory} {target}"
            );
        }
        assert_eq!(DockerfileFacts::default().has("", "/app"), None);
    }
}
