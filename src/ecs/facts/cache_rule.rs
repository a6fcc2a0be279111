/// A rule of the account's registry: what others have below a place it fetches by itself when it is asked
/// (ECR user guide, "Sync an upstream registry with an Amazon ECR private registry").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheRule {
    /// The other registry's host, such as `registry-1.docker.io`.
    pub upstream: String,
    /// The part of it that the rule is for, without a slash at its end; nothing for all of it.
    pub upstream_prefix: Option<String>,
    /// Where it stands in the account's registry, without a slash at its end; nothing for its root.
    pub prefix: Option<String>,
}

impl CacheRule {
    /// What the account's registry calls a repository of another registry; the rule that says most about
    /// it counts. Nothing where there is none.
    #[must_use]
    pub fn repository(rules: &[Self], host: &str, repository: &str) -> Option<String> {
        let found = rules.iter().filter(|rule| rule.upstream == host).filter_map(|rule| {
            let rest = match &rule.upstream_prefix {
                Some(prefix) => repository.strip_prefix(prefix.as_str())?.strip_prefix('/')?,
                None => repository,
            };
            Some((rule.upstream_prefix.as_ref().map_or(0, String::len), rule, rest))
        });
        let (_, rule, rest) = found.max_by_key(|(length, ..)| *length)?;
        Some(match &rule.prefix {
            Some(prefix) => format!("{prefix}/{rest}"),
            None => rest.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::CacheRule;

    fn rule(upstream: &str, upstream_prefix: Option<&str>, prefix: Option<&str>) -> CacheRule {
        CacheRule {
            upstream: upstream.to_owned(),
            upstream_prefix: upstream_prefix.map(str::to_owned),
            prefix: prefix.map(str::to_owned),
        }
    }

    #[test]
    fn repositories_stand_behind_the_prefix_of_their_rule() {
        let rules = [
            rule("registry-1.docker.io", None, Some("docker-hub")),
            rule("quay.io", Some("acme"), Some("team")),
            rule("quay.io", Some("acme/deep"), None),
        ];
        let found = |host, repository| CacheRule::repository(&rules, host, repository);
        let hub = found("registry-1.docker.io", "library/nginx");
        assert_eq!(hub.as_deref(), Some("docker-hub/library/nginx"));
        assert_eq!(found("quay.io", "acme/web").as_deref(), Some("team/web"));
        assert_eq!(found("quay.io", "acme/deep/web").as_deref(), Some("web"));
        assert_eq!(found("quay.io", "acmes/web"), None);
        assert_eq!(found("ghcr.io", "acme/web"), None);
    }
}
