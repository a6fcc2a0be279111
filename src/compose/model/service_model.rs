use super::Extensions;

/// One entry of a service's `models`. What is not written is empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServiceModel {
    /// `endpoint_var`: the variable that gets the model's address
    pub endpoint_var: String,
    /// `model_var`: the variable that gets the model's name
    pub model_var: String,
    /// `x-…`
    pub extensions: Extensions,
}
