//! `x-ecs.domain` and `x-ecs.http.alias`: names in the DNS.

use super::super::Decoder;
use crate::source::Located;
use crate::yaml::Node;

/// What a name in the DNS may have (RFC 1035, 2.3.4), less what is put beside it where it is noted:
/// the value of a tag has 256 characters.
const LONGEST: usize = 220;
const LABEL: usize = 63;

impl Decoder<'_> {
    /// A name, or several. They are kept in small letters, without a dot at the end.
    pub(in crate::compose::decode) fn domains(
        &mut self,
        field: &str,
        node: &Node,
    ) -> Vec<Located<String>> {
        let items = node.as_sequence().unwrap_or(std::slice::from_ref(node));
        if node.is_null() {
            return Vec::new();
        }
        items.iter().filter_map(|item| self.domain(field, item)).collect()
    }

    fn domain(&mut self, field: &str, node: &Node) -> Option<Located<String>> {
        let text = self.filled(field, node)?;
        let name = text.value.strip_suffix('.').unwrap_or(&text.value).to_ascii_lowercase();
        if !is_name(&name) {
            let help = "write a name in a domain of yours: `shop.example.com`";
            self.invalid(field, node, "is no name in the DNS", help);
            return None;
        }
        Some(Located::new(name, text.span))
    }
}

/// Whether a text is a name in a domain, its first label a star perhaps.
pub(super) fn is_name(name: &str) -> bool {
    let rest = name.strip_prefix("*.").unwrap_or(name);
    name.len() <= LONGEST && rest.contains('.') && rest.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    let takes = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    !label.is_empty()
        && label.len() <= LABEL
        && label.chars().all(takes)
        && !label.starts_with('-')
        && !label.ends_with('-')
}
