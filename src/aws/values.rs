//! From Desired's values to plain strings. Whoever calls AWS has filled in every reference.

use crate::apply::cloud::{CloudError, CloudErrorKind};
use crate::ecs::desired::Value;

/// The string of a value.
pub(super) fn text(value: &Value) -> Result<&str, CloudError> {
    value.known().ok_or_else(|| {
        let message = format!("{value} is not known yet");
        CloudError::new(CloudErrorKind::Service, "build a request", message)
            .help("this is a fault of decklift; please report it")
    })
}

/// The strings of values.
pub(super) fn texts(values: &[Value]) -> Result<Vec<String>, CloudError> {
    values.iter().map(|value| text(value).map(str::to_owned)).collect()
}

/// A list that is sent only when it has items.
pub(super) fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}
