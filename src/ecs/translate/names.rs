//! Names that AWS takes, made of names that Compose takes.
//!
//! A name that has to be cut, or to lose characters, gets a short hash of the whole name at its
//! end, so that two Compose names never become one AWS name. What this does not promise: that a
//! name is free in the account.

use sha2::{Digest, Sha256};

/// Hexadecimal digits of a name's hash.
const HASH: usize = 8;

/// What AWS takes as a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grammar {
    /// Families, services, clusters, containers, volumes of a task: letters, digits, `_` and `-`,
    /// at most 255 (ECS API reference).
    Ecs,
    /// Names of port mappings and Service Connect discovery names: lower-case letters, digits, `_`
    /// and `-`, not starting with `-`, at most 64 (ECS API reference, `PortMapping.name`).
    Port,
    /// Roles: `[\w+=,.@-]{1,64}`, without distinction of case (IAM API reference, `CreateRole`).
    Role,
    /// Load balancers and target groups: letters, digits and inner hyphens, at most 32 (Elastic
    /// Load Balancing API reference, version 2015-12-01).
    Balancer,
    /// Security groups: at most 255, without distinction of case (EC2 API reference,
    /// `CreateSecurityGroup`). Only a part of what AWS takes is used.
    SecurityGroup,
    /// One segment of a repository's name (ECR API reference, `CreateRepository`); the whole name
    /// has at most 256 characters.
    Repository,
    /// Log groups: `[\.\-_/#A-Za-z0-9]{1,512}` (CloudWatch Logs API reference, `CreateLogGroup`).
    LogGroup,
    /// Paths of roles and Cloud Map namespaces, of which only letters that ECS takes too are used.
    Segment,
    /// EFS creation and client tokens: at most 64 (EFS API reference).
    Token,
    /// Secrets: letters, digits and `/_+=.@-`, at most 512 (Secrets Manager API reference,
    /// `CreateSecret.Name`). Only a part of what is taken is used.
    Secret,
    /// One directory of an EFS access point: the path has at most 100 characters and no directory
    /// starts with a dot (EFS API reference, `RootDirectory`).
    Directory,
}

impl Grammar {
    /// The longest name, in characters.
    pub(crate) fn max(self) -> usize {
        match self {
            Self::Ecs | Self::SecurityGroup => 255,
            Self::Port | Self::Role | Self::Token => 64,
            Self::Balancer => 32,
            Self::Repository => 120,
            Self::LogGroup | Self::Secret => 512,
            Self::Segment => 200,
            Self::Directory => 99,
        }
    }

    fn folds_case(self) -> bool {
        matches!(self, Self::Port | Self::Role | Self::SecurityGroup | Self::Repository)
    }

    fn takes(self, c: char) -> bool {
        c.is_ascii_alphanumeric()
            || match self {
                Self::Ecs | Self::Port | Self::Segment => matches!(c, '_' | '-'),
                Self::Balancer => c == '-',
                Self::Role
                | Self::SecurityGroup
                | Self::Repository
                | Self::Token
                | Self::Directory => matches!(c, '_' | '-' | '.'),
                Self::LogGroup | Self::Secret => matches!(c, '_' | '-' | '.' | '/'),
            }
    }

    /// Whether a text stays as it is, its length aside; some that do are not seen here.
    fn takes_all(self, text: &str) -> bool {
        let is_plain = |c: char| {
            self.takes(c)
                && !(self.folds_case() && c.is_ascii_uppercase())
                // Separators are another matter.
                && (self != Self::Repository || c.is_ascii_alphanumeric() || c == '-')
        };
        text.starts_with(|c| self.takes_at_the_edge(c))
            && text.ends_with(|c| self.takes_at_the_edge(c))
            && text.chars().all(is_plain)
    }

    fn takes_at_the_edge(self, c: char) -> bool {
        match self {
            Self::Port => c != '-',
            Self::Balancer | Self::Repository => c.is_ascii_alphanumeric(),
            Self::Directory => c != '.',
            Self::SecurityGroup
            | Self::Ecs
            | Self::Role
            | Self::LogGroup
            | Self::Secret
            | Self::Segment
            | Self::Token => true,
        }
    }
}

/// Eight hexadecimal digits that stand for a text.
pub(crate) fn short_hash(text: &str) -> String {
    let mut hash = hex::encode(Sha256::digest(text.as_bytes()));
    hash.truncate(HASH);
    hash
}

/// The text as a name of this grammar: itself where AWS takes it, else cut and hashed.
pub(crate) fn fit(text: &str, grammar: Grammar) -> String {
    fit_within(text, grammar, grammar.max())
}

/// As [`fit`], with at most `max` characters.
pub(crate) fn fit_within(text: &str, grammar: Grammar, max: usize) -> String {
    if grammar.takes_all(text) && text.len() <= max {
        return text.to_owned();
    }
    let kept: String = text
        .chars()
        .map(|c| if grammar.folds_case() { c.to_ascii_lowercase() } else { c })
        .map(|c| if grammar.takes(c) { c } else { '-' })
        .collect();
    let kept = collapse(&kept, grammar);
    let trimmed = kept.trim_matches(|c| !grammar.takes_at_the_edge(c));
    if trimmed == text && !text.is_empty() && text.len() <= max {
        return text.to_owned();
    }
    with_hash(trimmed, text, max)
}

/// `name`, cut to `max` characters, with the hash of `of` at its end.
pub(crate) fn with_hash(name: &str, of: &str, max: usize) -> String {
    // Every grammar is ASCII, so cutting at a byte is cutting at a character.
    let cut = name.get(..max.saturating_sub(HASH + 1)).unwrap_or(name);
    let cut = cut.trim_end_matches(['-', '_', '.', '/']);
    let hash = short_hash(of);
    if cut.is_empty() { hash } else { format!("{cut}-{hash}") }
}

/// A segment of a repository's name has single separators: `.`, `_`, `__`, or any run of `-`.
fn collapse(text: &str, grammar: Grammar) -> String {
    if grammar != Grammar::Repository {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut run = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            let plain = matches!(run.as_str(), "." | "_" | "__") || run.bytes().all(|b| b == b'-');
            out.push_str(if plain { &run } else { "-" });
            run.clear();
            out.push(c);
        } else {
            run.push(c);
        }
    }
    // What is left at the end is cut off as an edge.
    out.push_str(&run);
    out
}

/// The private DNS zone of a stack. `internal` is for private use, and never delegated (ICANN, 2024);
/// `local` is that of multicast DNS (RFC 6762), which some resolvers ask instead.
#[must_use]
pub fn private_zone(stack: &str) -> String {
    const LABEL: usize = 63;
    format!("{}.internal", fit_within(stack, Grammar::Port, LABEL))
}

/// The name of the group that the schedules of a stack stand in (EventBridge Scheduler API reference:
/// at most 64 characters).
#[must_use]
pub fn schedule_group(stack: &str) -> String {
    const LONGEST: usize = 64;
    fit_within(stack, Grammar::Ecs, LONGEST)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_that_aws_takes_stays() {
        assert_eq!(fit("shop-web", Grammar::Ecs), "shop-web");
        assert_eq!(fit("shop", Grammar::Balancer), "shop");
        assert_eq!(fit("a__b.c--d", Grammar::Repository), "a__b.c--d");
    }

    #[test]
    fn a_name_that_changes_carries_a_hash_of_the_whole() {
        assert_eq!(fit("my_app", Grammar::Balancer), format!("my-app-{}", short_hash("my_app")));
        assert_eq!(fit("Web", Grammar::Role), format!("web-{}", short_hash("Web")));
        assert_eq!(fit("a._b", Grammar::Repository), format!("a-b-{}", short_hash("a._b")));
        assert_eq!(fit(".env", Grammar::Directory), format!("env-{}", short_hash(".env")));
        let long = "x".repeat(40);
        let name = fit(&long, Grammar::Balancer);
        assert_eq!(name.len(), 32);
        assert!(name.ends_with(&short_hash(&long)));
    }

    #[test]
    fn names_of_nothing_but_other_characters_are_the_hash() {
        assert_eq!(fit("___", Grammar::Balancer), short_hash("___"));
        assert_eq!(fit("", Grammar::Ecs), short_hash(""));
    }

    proptest! {
        #[test]
        fn every_name_is_within_its_grammar(text in "\\PC{0,80}") {
            for grammar in [
                Grammar::Ecs, Grammar::Port, Grammar::Role, Grammar::Balancer,
                Grammar::SecurityGroup, Grammar::Repository, Grammar::LogGroup,
                Grammar::Segment, Grammar::Token, Grammar::Directory, Grammar::Secret,
            ] {
                let name = fit(&text, grammar);
                prop_assert!(!name.is_empty() && name.len() <= grammar.max());
                prop_assert!(name.chars().all(|c| grammar.takes(c)), "{name}");
                prop_assert!(name.chars().next().is_some_and(|c| grammar.takes_at_the_edge(c)));
                prop_assert!(name.chars().last().is_some_and(|c| grammar.takes_at_the_edge(c)));
                prop_assert_eq!(fit(&text, grammar), name);
            }
        }

        #[test]
        fn different_names_stay_different(a in "[a-zA-Z0-9._-]{1,60}", b in "[a-zA-Z0-9._-]{1,60}") {
            prop_assume!(a != b);
            for grammar in [Grammar::Port, Grammar::Role, Grammar::Balancer, Grammar::Repository] {
                prop_assert_ne!(fit(&a, grammar), fit(&b, grammar));
            }
        }
    }
}
