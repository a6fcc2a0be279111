//! `x-ecs.required_version`: which versions of decklift a file is for.

use std::cmp::Ordering;

/// Major, minor and patch.
type Version = [u64; 3];

/// Whether a version meets every comparator of a list such as `>=0.3, <1.0`; nothing when the list
/// cannot be read. Parts that are left out count as 0; `~0.3` is any 0.3.x, `^1.2` is 1.2 or
/// newer before 2.0, and a bare version is itself.
pub(super) fn holds(wanted: &str, have: &str) -> Option<bool> {
    // What comes after a hyphen or a plus does not count.
    let (have, _) = version(have.split(['-', '+']).next()?)?;
    let mut all = true;
    for part in wanted.split(',') {
        let part = part.trim();
        let at = part.find(|c: char| c.is_ascii_digit())?;
        let (operator, rest) = part.split_at(at);
        let (least, given) = version(rest.trim())?;
        let ordering = have.cmp(&least);
        all &= match operator.trim() {
            "" | "=" | "==" | "v" => have[..given] == least[..given],
            ">=" => ordering != Ordering::Less,
            ">" => ordering == Ordering::Greater,
            "<=" => ordering != Ordering::Greater,
            "<" => ordering == Ordering::Less,
            "~" | "~>" => {
                let fixed = given.saturating_sub(usize::from(given == 3)).max(1);
                ordering != Ordering::Less && have[..fixed] == least[..fixed]
            }
            "^" => {
                let first = least.iter().position(|part| *part > 0).unwrap_or(2);
                ordering != Ordering::Less && have[..=first] == least[..=first]
            }
            _ => return None,
        };
    }
    Some(all)
}

/// The parts, and how many of them were written.
fn version(text: &str) -> Option<(Version, usize)> {
    let mut version = [0; 3];
    let mut given = 0;
    for part in text.split('.') {
        *version.get_mut(given)? = part.parse().ok()?;
        given += 1;
    }
    Some((version, given))
}

#[cfg(test)]
mod tests {
    use super::holds;

    #[test]
    fn comparators() {
        for (wanted, have, answer) in [
            ("0.3.1", "0.3.1", Some(true)),
            ("0.3", "0.3.9", Some(true)),
            ("=0.3.1", "0.3.2", Some(false)),
            (">=0.3", "0.3.0", Some(true)),
            (">=0.3, <1.0", "1.0.0", Some(false)),
            (">=0.3, <1.0", "0.9.9", Some(true)),
            (">0.3", "0.3.0", Some(false)),
            ("<=0.3", "0.3.1", Some(false)),
            ("~0.3", "0.3.7", Some(true)),
            ("~0.3", "0.4.0", Some(false)),
            ("~0.3.2", "0.3.1", Some(false)),
            ("^1.2", "1.9.0", Some(true)),
            ("^1.2", "2.0.0", Some(false)),
            ("^0.3", "0.4.0", Some(false)),
            ("0.3.0", "0.3.0-dev+5", Some(true)),
            ("latest", "0.3.0", None),
            ("", "0.3.0", None),
            (">=0.3,", "0.3.0", None),
            ("!=0.3", "0.3.0", None),
            ("1.2.3.4", "0.3.0", None),
            ("99999999999999999999", "0.3.0", None),
        ] {
            assert_eq!(holds(wanted, have), answer, "{wanted} {have}");
        }
    }
}
