//! What only instances have: what `placement`, `devices` and `generic_resources` of `deploy` say. All
//! of it was checked before.

use crate::compose::model::{DeviceRequest, Placement};
use crate::source::Located;
use crate::yaml::{Kind, Node};

/// The texts of `placement`.
pub(super) fn placement(node: &Node) -> Placement {
    let items = |key: &str| node.get(key).and_then(Node::as_sequence).unwrap_or_default();
    let text = |node: &Node| Some(Located::new(text_of(node)?, node.span));
    Placement {
        rules: items("constraints").iter().filter_map(text).collect(),
        spread: items("preferences")
            .iter()
            .filter_map(|item| text(item.get("spread").unwrap_or(item)))
            .collect(),
        most: node.get("max_replicas_per_node").and_then(number).and_then(|n| n.try_into().ok()),
        ..Placement::default()
    }
}

/// What `devices` and `generic_resources` ask for.
pub(super) fn requests(node: &Node) -> Vec<Located<DeviceRequest>> {
    let items = |key: &str| node.get(key).and_then(Node::as_sequence).unwrap_or_default();
    let devices = items("devices").iter().filter_map(|item| {
        let list = |key: &str| item.get(key).and_then(Node::as_sequence).unwrap_or_default();
        let named = list("device_ids").len();
        let count = item.get("count").map(|count| number(count).unwrap_or(-1));
        let given = i64::try_from(named).ok().filter(|named| *named > 0);
        let request = DeviceRequest {
            // What is no text has its fault already.
            kinds: list("capabilities").iter().map(text_of).collect::<Option<_>>()?,
            count: count.or(given).unwrap_or(-1),
            driver: item.get("driver").and_then(text_of).unwrap_or_default(),
            is_named: named > 0,
            options: item.get("options").filter(|options| !is_empty(options)).map(|o| o.span),
        };
        Some(Located::new(request, item.span))
    });
    let generic = items("generic_resources").iter().filter_map(|item| {
        let spec = item.get("discrete_resource_spec")?;
        let request = DeviceRequest {
            kinds: spec.get("kind").and_then(text_of).into_iter().collect(),
            count: spec.get("value").and_then(number).unwrap_or(1),
            driver: String::new(),
            is_named: false,
            options: None,
        };
        Some(Located::new(request, item.span))
    });
    devices.chain(generic).collect()
}

fn is_empty(node: &Node) -> bool {
    match &node.kind {
        Kind::Scalar(scalar) => scalar.is_null(),
        Kind::Sequence(items) => items.is_empty(),
        Kind::Mapping(mapping) => mapping.entries.is_empty(),
    }
}

fn text_of(node: &Node) -> Option<String> {
    node.as_scalar().map(|scalar| scalar.text.to_string())
}

fn number(node: &Node) -> Option<i64> {
    text_of(node)?.parse().ok()
}
