use super::Decoder;
use super::forms::DEVELOP;
use super::stage::Stage;
use crate::compose::model::{Setting, Settings};
use crate::diagnostic::{Code, Diagnostic};
use crate::yaml::Node;

impl Decoder<'_> {
    /// `develop`: what is watched while somebody works on the service.
    pub(super) fn develop(&mut self, node: &Node) -> Option<Settings> {
        let mut settings = self.settings("develop", node, &DEVELOP)?;
        for item in node.get("watch").and_then(Node::as_sequence).unwrap_or_default() {
            let text = |key: &str| Some(&*item.get(key)?.as_scalar()?.text);
            if let Some(path) = item.get("path")
                && text("path") == Some("")
            {
                self.values_at(Stage::Import, |d| {
                    d.invalid("path", path, "is empty", "say what is watched");
                });
            }
            if text("target").unwrap_or_default().is_empty()
                && matches!(text("action"), Some("sync" | "sync+restart" | "sync+exec"))
            {
                let fault = Diagnostic::error(Code::MissingAttribute, "this action needs `target`")
                    .help("say where the files go in the container");
                self.noted_at(Stage::Whole, |d| d.report_at(fault, item, "missing here"));
            }
        }
        let Some(Setting::List(triggers)) = settings.attributes.get_mut("watch") else {
            return Some(settings);
        };
        for trigger in triggers {
            if let Setting::Table(trigger) = trigger {
                let empty = || Setting::Part(Settings::default());
                if let Setting::Part(exec) = trigger.attributes.get_or_insert_with("exec", empty) {
                    exec.attributes.get_or_insert_with("command", || Setting::Null);
                }
            }
        }
        Some(settings)
    }
}
