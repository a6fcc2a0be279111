use indexmap::IndexMap;

use super::Extensions;
use crate::source::Located;

/// `provider`: a program that stands in for the containers of a service.
#[derive(Clone, Debug, PartialEq)]
pub struct Provider {
    /// `type`: the program
    pub kind: Located<String>,
    /// `options`, each with one value or several
    pub options: IndexMap<String, Vec<String>>,
    /// `x-…`
    pub extensions: Extensions,
}
