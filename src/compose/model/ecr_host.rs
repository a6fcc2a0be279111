/// Account and region of a private registry of ECR, by the name of its host; nothing for any other host.
///
/// Beside `ACCOUNT.dkr.ecr.REGION.amazonaws.com` there are endpoints with FIPS and, under `on.aws`, those that
/// have IPv6, too; China's regions have domains of their own (Amazon ECR user guide, "Private registry";
/// amazon-ecr-credential-helper, `api/client.go`).
#[must_use]
pub fn ecr_host(host: &str) -> Option<(&str, &str)> {
    const DOMAINS: [&str; 4] =
        [".amazonaws.com", ".amazonaws.com.cn", ".on.aws", ".on.amazonwebservices.com.cn"];
    let (account, rest) = host.split_once(".dkr")?;
    let rest = rest.strip_prefix(".ecr").or_else(|| rest.strip_prefix("-ecr"))?;
    let rest = rest.strip_prefix("-fips").unwrap_or(rest).strip_prefix('.')?;
    let region = DOMAINS.iter().find_map(|domain| rest.strip_suffix(domain))?;
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (is_account && !region.is_empty() && region.bytes().all(is_plain)).then_some((account, region))
}

#[cfg(test)]
mod tests {
    use super::ecr_host;

    #[test]
    fn hosts_of_private_registries() {
        for (host, region) in [
            ("123456789012.dkr.ecr.eu-west-1.amazonaws.com", "eu-west-1"),
            ("123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
            ("123456789012.dkr-ecr.eu-west-1.on.aws", "eu-west-1"),
            ("123456789012.dkr-ecr-fips.us-east-1.on.aws", "us-east-1"),
            ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ] {
            assert_eq!(ecr_host(host), Some(("123456789012", region)), "{host}");
        }
        for other in [
            "",
            "public.ecr.aws",
            "12.dkr.ecr.eu-west-1.amazonaws.com",
            "123456789012.dkr.ecr..amazonaws.com",
            "123456789012.dkr.ecr.eu-west-1.example.com",
            "123456789012.dkr.ecr.a.b.amazonaws.com",
            "123456789012.dkrecr.eu-west-1.amazonaws.com",
        ] {
            assert_eq!(ecr_host(other), None, "{other}");
        }
    }
}
