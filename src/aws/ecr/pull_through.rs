//! Rules of pull-through cache.

use crate::apply::cloud::CloudError;
use crate::aws::Aws;
use crate::aws::error::OrFail;
use crate::ecs::facts::CacheRule;

/// ECR's word for a prefix that is none (ECR API reference, `CreatePullThroughCacheRule`).
const ROOT: &str = "ROOT";

impl Aws {
    /// The rules by which the account's registry fetches images of other registries by itself.
    ///
    /// # Errors
    ///
    /// When AWS refuses, or does not answer.
    pub async fn cache_rules(&self) -> Result<Vec<CacheRule>, CloudError> {
        const NAME: &str = "ecr:DescribePullThroughCacheRules";
        let prefix = |text: Option<&str>| {
            text.filter(|text| !text.is_empty() && *text != ROOT).map(str::to_owned)
        };
        let mut rules = Vec::new();
        let mut token = None;
        loop {
            let call = self.ecr().describe_pull_through_cache_rules().set_next_token(token);
            let answer = call.send().await.or_fail(NAME)?;
            rules.extend(answer.pull_through_cache_rules().iter().filter_map(|rule| {
                Some(CacheRule {
                    upstream: rule.upstream_registry_url()?.to_owned(),
                    upstream_prefix: prefix(rule.upstream_repository_prefix()),
                    prefix: prefix(rule.ecr_repository_prefix()),
                })
            }));
            token = answer.next_token;
            if token.is_none() {
                return Ok(rules);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::aws::recorder::Recorder;
    use crate::ecs::facts::CacheRule;

    #[tokio::test]
    async fn rules_are_read_page_by_page() {
        let first = r#"{"pullThroughCacheRules":[{"ecrRepositoryPrefix":"docker-hub",
            "upstreamRegistryUrl":"registry-1.docker.io","upstreamRegistry":"docker-hub",
            "upstreamRepositoryPrefix":"ROOT"}],"nextToken":"t"}"#;
        let second = r#"{"pullThroughCacheRules":[{"ecrRepositoryPrefix":"ROOT",
            "upstreamRegistryUrl":"quay.io","upstreamRepositoryPrefix":"acme"}]}"#;
        let recorder = Recorder::new([(200, first), (200, second)]);
        let rules = recorder.aws().cache_rules().await.expect("rules");
        let rule =
            |upstream: &str, upstream_prefix: Option<&str>, prefix: Option<&str>| CacheRule {
                upstream: upstream.to_owned(),
                upstream_prefix: upstream_prefix.map(str::to_owned),
                prefix: prefix.map(str::to_owned),
            };
        let wanted = [
            rule("registry-1.docker.io", None, Some("docker-hub")),
            rule("quay.io", Some("acme"), None),
        ];
        assert_eq!(rules, wanted);
        assert_eq!(recorder.operations().len(), 2);
    }
}
