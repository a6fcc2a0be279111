use super::Decoder;
use super::table::Table;
use crate::compose::model::Build;
use crate::compose::unsupported::Level;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Located;
use crate::yaml::{Kind, Node};

use super::KeyValues;

/// `build`, its arguments not yet given the caller's values.
pub(in crate::compose) struct RawBuild {
    pub(in crate::compose) build: Located<Build>,
    pub(in crate::compose) args: KeyValues,
}

impl Decoder<'_> {
    /// `build`: the context alone, or all of it.
    pub(super) fn build(&mut self, node: &Node) -> Option<RawBuild> {
        let context = |decoder: &mut Self, path: Located<String>| {
            path.map(|path| decoder.paths.absolute(if path.is_empty() { "." } else { &path }))
        };
        if let Kind::Scalar(_) = node.kind {
            let path = self.string("build", node)?;
            self.local_context(node, &path.value);
            let build = Build {
                context: context(self, path),
                dockerfile: None,
                args: indexmap::IndexMap::new(),
                target: None,
                labels: indexmap::IndexMap::new(),
                platforms: Vec::new(),
            };
            return Some(RawBuild {
                build: Located::new(build, node.span),
                args: KeyValues::new(),
            });
        }
        let mut table = Table::open(self, "build", node, Level::Build)?;
        let path = match table.value("context") {
            Some(node) => {
                let path = self.string("context", node);
                if let Some(path) = &path {
                    self.local_context(node, &path.value);
                }
                path
            }
            None => Some(Located::new(".".to_owned(), node.span)),
        };
        let dockerfile = table.value("dockerfile").and_then(|node| self.filled("dockerfile", node));
        let args = table.value("args").map(|node| self.key_values("args", node));
        let target = table.value("target").and_then(|node| self.filled("target", node));
        let labels = table.value("labels").map(|node| self.labels("labels", node));
        let platforms = table.value("platforms").map(|node| self.strings("platforms", node));
        table.finish(self);
        let build = Build {
            context: context(self, path?),
            dockerfile,
            args: indexmap::IndexMap::new(),
            target,
            labels: labels.unwrap_or_default(),
            platforms: platforms.unwrap_or_default(),
        };
        let build = Located::new(build, node.span);
        Some(RawBuild { build, args: args.unwrap_or_default() })
    }

    fn local_context(&mut self, node: &Node, path: &str) {
        const REMOTE: &[&str] =
            &["https://", "http://", "git://", "ssh://", "github.com/", "git@", "service:"];
        if path.contains("://") || REMOTE.iter().any(|prefix| path.starts_with(prefix)) {
            let message = "a build context that is no local directory is not supported yet";
            let fault = Diagnostic::error(Code::NotSupportedYet, message)
                .help("check the sources out, and name the directory");
            self.report_at(fault, node, "");
        }
    }
}
