//! File systems, certificates and clusters that are there already.

use super::finding::{Finding, Named};

/// A file system as EFS has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileSystemLook {
    /// The zones of its mount targets, and the VPC of each.
    pub targets: Vec<(String, String)>,
}

/// Judges a file system: tasks mount it through a mount target in their own zone (Amazon EFS user
/// guide, "Managing mount targets").
#[must_use]
pub fn file_system(
    named: &Named,
    look: Option<&FileSystemLook>,
    zones: &[String],
    vpc: &str,
) -> Finding {
    const CHECK: &str = "file-systems";
    let id = &named.text;
    let fail = |message: String| Finding::failure(CHECK, message).of(named);
    let Some(look) = look else {
        return fail(format!("there is no file system {id}"))
            .help("correct the id, or take it away: decklift makes a file system");
    };
    let here = |zone: &&String| look.targets.iter().any(|(z, v)| z == *zone && v == vpc);
    let lost: Vec<&str> = zones.iter().filter(|z| !here(z)).map(String::as_str).collect();
    if lost.is_empty() {
        return Finding::ok(CHECK, format!("{id} has mount targets where tasks run")).of(named);
    }
    let message = format!("{id} has no mount target of {vpc} in {}", lost.join(", "));
    fail(message).help(format!(
        "make one with `aws efs create-mount-target --file-system-id {id} --subnet-id SUBNET`, or let \
         tasks run elsewhere with x-ecs.subnets"
    ))
}

/// A certificate as ACM has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CertificateLook {
    /// `ISSUED`, `PENDING_VALIDATION` …
    pub status: String,
    /// The names that it is for.
    pub names: Vec<String>,
    /// Its end, seconds since 1970.
    pub until: Option<i64>,
    /// Whether ACM renews it.
    pub is_renewed: bool,
}

/// Soon, for a certificate that nobody renews: 30 days.
const SOON: i64 = 30 * 24 * 3600;

/// Judges a certificate: that it is issued, holds, and names every host that requests are for.
#[must_use]
pub fn certificate(
    named: &Named,
    look: Option<&CertificateLook>,
    hosts: &[String],
    now: i64,
) -> Vec<Finding> {
    const CHECK: &str = "certificates";
    let fail = |message: String| Finding::failure(CHECK, message).of(named);
    let Some(look) = look else {
        return vec![
            fail(format!("there is no certificate {}", named.text))
                .help("correct the ARN in x-ecs.certificate, or write the domain instead"),
        ];
    };
    if look.status != "ISSUED" {
        return vec![fail(format!("the certificate {} is {}", named.text, look.status)).help(
            "listeners take certificates that are ISSUED: prove its domain, as `aws acm \
             describe-certificate` says, or request another",
        )];
    }
    let mut found = Vec::new();
    if let Some(left) = look.until.map(|until| until - now).filter(|_| !look.is_renewed) {
        if left <= 0 {
            found.push(
                fail(format!("the certificate {} has expired", named.text))
                    .help("import a new one, or request one of ACM, which renews it"),
            );
        } else if left < SOON {
            let message = format!(
                "{} expires in {} days, and ACM does not renew it",
                named.text,
                left / 86_400
            );
            found.push(Finding::warning(CHECK, message).of(named));
        }
    }
    let covers = |host: &&String| look.names.iter().any(|name| holds(name, host));
    for host in hosts.iter().filter(|host| !covers(host)) {
        let message = format!("the certificate {} is not for {host}", named.text);
        found.push(Finding::warning(CHECK, message).of(named).help(format!(
            "browsers refuse it: request one that names {host} too ({} are named)",
            look.names.join(", ")
        )));
    }
    if found.is_empty() {
        found.push(Finding::ok(CHECK, format!("{} is issued", named.text)).of(named));
    }
    found
}

/// Whether a certificate's name holds for a host; a wildcard stands for one label (RFC 6125, 6.4.3).
fn holds(name: &str, host: &str) -> bool {
    if name.eq_ignore_ascii_case(host) {
        return true;
    }
    // A pattern of a rule, `*.example.com`, asks for what a wildcard is for.
    let parent = |text: &str| text.split_once('.').map(|(_, rest)| rest.to_ascii_lowercase());
    name.starts_with("*.") && parent(name) == parent(host)
}

/// Judges the cluster that is named; `providers` are those that it has, of what is there.
#[must_use]
pub fn cluster(named: &Named, providers: Option<&[String]>, wanted: &[String]) -> Vec<Finding> {
    const CHECK: &str = "cluster";
    let Some(providers) = providers else {
        return vec![
            Finding::failure(CHECK, format!("there is no cluster {}", named.text))
                .of(named)
                .help("make it, correct the name, or take `cluster` away: decklift makes one"),
        ];
    };
    // Fargate's two need no association where the launch type names Fargate, but a strategy does
    // (ECS API reference, `CapacityProviderStrategyItem`).
    let missing: Vec<&str> =
        wanted.iter().filter(|w| !providers.contains(w)).map(String::as_str).collect();
    if missing.is_empty() {
        return vec![Finding::ok(CHECK, format!("{} is there", named.text)).of(named)];
    }
    let list = missing.join(", ");
    vec![
        Finding::failure(CHECK, format!("the cluster {} lacks the capacity {list}", named.text))
            .of(named)
            .help(format!(
                "associate it with `aws ecs put-cluster-capacity-providers --cluster {} \
                 --capacity-providers …` (all that it has, and {list}), or choose another with \
                 x-ecs.capacity",
                named.text
            )),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    fn named(text: &str) -> Named {
        Named { text: text.to_owned(), place: None, service: None }
    }

    fn owned(list: &[&str]) -> Vec<String> {
        list.iter().map(|&text| text.to_owned()).collect()
    }

    #[test]
    fn mount_targets_stand_in_the_zones_of_the_tasks() {
        let pair = |zone: &str, vpc: &str| (zone.to_owned(), vpc.to_owned());
        let look = FileSystemLook { targets: vec![pair("a", "vpc-1"), pair("b", "vpc-2")] };
        let level =
            |zones: &[&str]| file_system(&named("fs-1"), Some(&look), &owned(zones), "vpc-1").level;
        assert_eq!(level(&["a"]), Level::Ok);
        assert_eq!(level(&["a", "b"]), Level::Failure);
        assert_eq!(file_system(&named("fs-1"), None, &[], "vpc-1").level, Level::Failure);
    }

    #[test]
    fn certificates_are_issued_hold_and_name_the_hosts() {
        let look = CertificateLook {
            status: "ISSUED".to_owned(),
            names: owned(&["example.com", "*.example.com"]),
            until: Some(1_000 + SOON),
            is_renewed: false,
        };
        let levels = |look: &CertificateLook, hosts: &[&str], now| {
            let found = certificate(&named("arn"), Some(look), &owned(hosts), now);
            found.iter().map(|finding| finding.level).collect::<Vec<_>>()
        };
        assert_eq!(levels(&look, &["www.EXAMPLE.com", "example.com"], 0), [Level::Ok]);
        assert_eq!(levels(&look, &["a.b.example.com"], 0), [Level::Warning]);
        assert_eq!(levels(&look, &["*.example.com"], 0), [Level::Ok]);
        assert_eq!(levels(&look, &[], 2_000), [Level::Warning]);
        assert_eq!(levels(&look, &[], 1_000 + SOON), [Level::Failure]);
        let renewed = CertificateLook { is_renewed: true, ..look.clone() };
        assert_eq!(levels(&renewed, &[], 2_000), [Level::Ok]);
        let pending = CertificateLook { status: "PENDING_VALIDATION".to_owned(), ..look };
        assert_eq!(levels(&pending, &[], 0), [Level::Failure]);
    }

    #[test]
    fn a_cluster_has_the_capacity_that_is_asked_for() {
        let wanted = owned(&["FARGATE", "FARGATE_SPOT"]);
        let level = |there: Option<&[String]>| cluster(&named("shared"), there, &wanted)[0].level;
        assert_eq!(level(None), Level::Failure);
        assert_eq!(level(Some(&wanted)), Level::Ok);
        assert_eq!(level(Some(&wanted[..1])), Level::Failure);
    }
}
