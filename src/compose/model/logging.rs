use indexmap::IndexMap;

use super::Extensions;
use crate::source::Located;

/// `logging`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Logging {
    /// `driver`
    pub driver: Option<Located<String>>,
    /// `options`
    pub options: IndexMap<String, Located<String>>,
    /// `x-…`
    pub extensions: Extensions,
}
