use super::ecr_host;
use crate::source::Located;

/// `x-ecs.repositories`: the ECR repositories of what is pushed.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Repositories {
    /// `existing`: the one repository, of somebody else's making, that all images stand in
    pub existing: Option<Located<ExistingRepository>>,
    /// `prefix`: stands before the names of repositories
    pub prefix: Option<Located<String>>,
    /// `keep`: how many images stay in each
    pub keep: Option<Located<u32>>,
    /// `scan`: whether a push starts a scan
    pub scan: Option<Located<bool>>,
    /// `immutable`: whether a tag may never name another image
    pub immutable: Option<Located<bool>>,
    /// `kms_key`: the key that images are encrypted with
    pub kms_key: Option<Located<String>>,
}

/// An ECR repository that is there already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExistingRepository {
    /// Its name.
    pub name: String,
    /// Account and region, where it was given by its URI.
    pub registry: Option<(String, String)>,
}

impl ExistingRepository {
    /// Of a name, or of a URI `ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME`; nothing when it is neither
    /// (ECR API reference, `CreateRepository`).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        // No repository of a name alone has a host before its first slash.
        let (registry, name) = match text.split_once('/') {
            Some((host, name)) if host.contains(".dkr") => {
                let (account, region) = ecr_host(host)?;
                (Some((account.to_owned(), region.to_owned())), name)
            }
            _ => (None, text),
        };
        let good = (2..=256).contains(&name.len()) && name.split('/').all(is_segment);
        good.then(|| Self { name: name.to_owned(), registry })
    }
}

fn is_segment(segment: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    segment.starts_with(plain)
        && segment.ends_with(plain)
        && segment.chars().all(|c| plain(c) || "._-".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repositories_by_name_and_by_uri() {
        let of =
            |text: &str| ExistingRepository::parse(text).map(|found| (found.name, found.registry));
        assert_eq!(of("team/images"), Some(("team/images".to_owned(), None)));
        let registry = Some(("123456789012".to_owned(), "eu-west-1".to_owned()));
        assert_eq!(
            of("123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/images"),
            Some(("team/images".to_owned(), registry))
        );
        for bad in [
            "",
            "Team",
            "team/",
            "docker.io/team/images:1",
            "team/images@sha256:00",
            "12.dkr.ecr.eu-west-1.amazonaws.com/team",
            "123456789012.dkr.ecr.eu-west-1.example.com/team",
            "123456789012.dkr.ecr..amazonaws.com/team",
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com/",
        ] {
            assert_eq!(of(bad), None, "{bad}");
        }
    }
}
