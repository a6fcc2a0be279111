//! How the value of a secret is kept in Secrets Manager: as it is, where that can be.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// How large a value may be (Secrets Manager API reference, `PutSecretValue.SecretString`).
pub const MOST_BYTES: usize = 65_536;

/// What stands before a value that is kept as base64; `ecs::rules::secret_files` reads it.
pub(crate) const BASE64: &str = "decklift:base64:";

/// Whether a value is kept as it is. ECS hands values over as variables of the environment, which
/// hold no zero; Secrets Manager takes no empty text.
#[must_use]
pub fn is_plain(value: &[u8]) -> bool {
    !value.is_empty()
        && !value.contains(&0)
        && std::str::from_utf8(value).is_ok_and(|text| !text.starts_with(BASE64))
}

/// The text that is put for a value.
#[must_use]
pub fn encode(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) if is_plain(value) => text.to_owned(),
        _ => format!("{BASE64}{}", STANDARD.encode(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_ecs_could_not_hand_over_is_encoded() {
        assert_eq!(encode(b"pass\n"), "pass\n");
        assert_eq!(encode("pässword".as_bytes()), "pässword");
        for odd in [&b""[..], b"\xff", b"a\0b", b"decklift:base64:", b"decklift:base64:AA=="] {
            let kept = encode(odd);
            let encoded = kept.strip_prefix(BASE64).expect("encoded");
            assert_eq!(STANDARD.decode(encoded).expect("base64"), odd);
        }
    }
}
