use sha2::{Digest, Sha256};

/// The folder of the parameters that are the releases of a project in an environment, without a slash
/// at its end.
#[must_use]
pub fn folder(project: &str, environment: &str) -> String {
    format!("/decklift/{}/{}/releases", segment(project), segment(environment))
}

/// A part of a parameter's name: letters, digits, `.`, `-` and `_` (API reference, PutParameter). What
/// else there is becomes `-`, and a hash keeps such names apart.
fn segment(name: &str) -> String {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if !name.is_empty() && name.chars().all(is_allowed) {
        return name.to_owned();
    }
    let kept: String = name.chars().map(|c| if is_allowed(c) { c } else { '-' }).collect();
    format!("{kept}-{}", &hex::encode(Sha256::digest(name))[..8])
}
