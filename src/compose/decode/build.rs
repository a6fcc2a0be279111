use std::path::PathBuf;

use indexmap::IndexMap;

use super::forms::BUILD;
use super::special::is_remote;
use super::stage::Stage;
use super::{Decoder, KeyValues};
use crate::compose::model::{Build, FileReference, Settings};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Located;
use crate::yaml::{Kind, Node};

/// `build`, its arguments not yet given the caller's values.
pub(in crate::compose) struct RawBuild {
    pub(in crate::compose) build: Located<Build>,
    pub(in crate::compose) args: KeyValues,
    pub(super) settings: Settings,
    pub(super) secrets: Vec<FileReference>,
}

impl Decoder<'_> {
    /// `build`: the context alone, or all of it.
    pub(super) fn build(&mut self, node: &Node) -> Option<RawBuild> {
        let mut settings = match &node.kind {
            Kind::Scalar(_) => {
                let path = self.noted_at(Stage::Read, |d| d.string("build", node))?;
                let mut settings = Settings::default();
                settings.set("context", self.context(&path.value));
                settings
            }
            _ => self.settings("build", node, &BUILD)?,
        };
        if node.get("context").is_none() && node.as_mapping().is_some() {
            settings.set("context", self.context("."));
        }
        if settings.text("context").is_some_and(str::is_empty) {
            settings.attributes.remove("context");
        }
        let has = |key: &str| node.get(key).is_some();
        if !has("dockerfile") && !has("dockerfile_inline") {
            settings.set("dockerfile", "Dockerfile");
        }
        if let (Some(_), Some(_)) =
            (settings.text("dockerfile"), settings.text("dockerfile_inline"))
        {
            self.two_dockerfiles(node);
        }
        let args = node.get("args").map(|node| self.key_values("args", node)).unwrap_or_default();
        let secrets = node.get("secrets");
        let secrets = secrets.map(|node| self.references("secrets", node)).unwrap_or_default();
        let build = Located::new(self.typed_build(node, &settings), node.span);
        Some(RawBuild { build, args, settings, secrets })
    }

    /// What the translator reads of it.
    fn typed_build(&mut self, node: &Node, settings: &Settings) -> Build {
        let context = settings.text("context").unwrap_or_default();
        let place = |key: &str| node.get(key).map_or(node.span, |node| node.span);
        let text = |key: &str| {
            let text = settings.text(key).filter(|_| node.get(key).is_some())?;
            Some(Located::new(text.to_owned(), place(key)))
        };
        let labels = node.get("labels");
        let labels = self.quietly(|decoder| labels.map(|node| decoder.labels("labels", node)));
        let platforms = node.get("platforms");
        let platforms =
            self.quietly(|decoder| platforms.map(|node| decoder.strings("platforms", node)));
        Build {
            context: Located::new(PathBuf::from(context), place("context")),
            dockerfile: text("dockerfile"),
            args: IndexMap::new(),
            target: text("target"),
            labels: labels.unwrap_or_default(),
            platforms: platforms.unwrap_or_default(),
            dockerfile_inline: text("dockerfile_inline"),
            is_remote: is_remote(context),
            places: node
                .as_mapping()
                .into_iter()
                .flat_map(|mapping| &mapping.entries)
                .map(|entry| Located::new(entry.key.text.to_string(), entry.key.span))
                .collect(),
        }
    }

    fn two_dockerfiles(&mut self, node: &Node) {
        let fault = Diagnostic::error(
            Code::Conflict,
            "`dockerfile` and `dockerfile_inline` exclude each other",
        );
        let mut places = ["dockerfile", "dockerfile_inline"]
            .into_iter()
            .filter_map(|key| Some(node.as_mapping()?.entry(key)?.key.span));
        let (first, second) = (places.next(), places.next());
        let fault = first.into_iter().chain(second).fold(fault, |fault, span| fault.at(span, ""));
        let fault = fault.help("keep one of the two");
        self.noted_at(Stage::Whole, |d| d.report(fault));
    }
}
