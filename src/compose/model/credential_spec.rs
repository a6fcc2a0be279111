use super::Extensions;

/// `credential_spec`: where the specification of a managed account comes from. What is not written
/// is empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CredentialSpec {
    /// `config`: one of the top-level `configs`
    pub config: String,
    /// `file`
    pub file: String,
    /// `registry`: a value of the daemon's registry
    pub registry: String,
    /// `x-…`
    pub extensions: Extensions,
}
