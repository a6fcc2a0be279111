//! What the scan of an image came to, as lines.

use super::harmless;
use crate::event::{ImageScan, ScanFinding};

/// The first line says whether the image goes through, the others what was found.
#[must_use]
pub fn lines(scan: &ImageScan) -> Vec<String> {
    let ImageScan { gate, passed, reason, counts, findings, .. } = scan;
    let reason = reason.as_deref().map(harmless);
    let first = match (passed, reason) {
        (true, None) => format!("nothing of severity {gate} or above"),
        (true, Some(reason)) => reason,
        (false, reason) => {
            let reason = reason.unwrap_or_else(|| scan.status.clone());
            format!("refused by the gate `{gate}`: {reason}")
        }
    };
    let mut lines = vec![first];
    let mut parts: Vec<String> =
        counts.iter().rev().map(|(severity, count)| format!("{severity} {count}")).collect();
    if parts.is_empty() {
        return lines;
    }
    parts.insert(0, "found:".to_owned());
    lines.push(parts.remove(0) + " " + &parts.join(", "));
    let width = |text: fn(&ScanFinding) -> String| {
        findings.iter().map(|finding| text(finding).chars().count()).max().unwrap_or(0)
    };
    let (names, severities, packages) = (width(name), width(severity), width(package));
    for finding in findings {
        let line = format!(
            "{:<names$}  {:<severities$}  {:<packages$}  {}",
            name(finding),
            severity(finding),
            package(finding),
            finding.uri.as_deref().map(harmless).unwrap_or_default()
        );
        lines.push(line.trim_end().to_owned());
    }
    let stopped: u64 = counts
        .iter()
        .filter(|(severity, _)| severity.is_stopped_by(*gate))
        .map(|(_, count)| count)
        .sum();
    let more = stopped.saturating_sub(findings.len() as u64);
    if more > 0 && !findings.is_empty() {
        lines.push(format!("and {more} more"));
    }
    lines
}

fn name(finding: &ScanFinding) -> String {
    harmless(&finding.name)
}

fn severity(finding: &ScanFinding) -> String {
    finding.severity.label().to_owned()
}

fn package(finding: &ScanFinding) -> String {
    let package = finding.package.as_deref().map(harmless).unwrap_or_default();
    match &finding.fixed_in {
        Some(version) => format!("{package} (fixed in {})", harmless(version)),
        None => package,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Severity;

    #[test]
    fn what_is_refused_is_shown_with_its_worst_findings() {
        let finding = |name: &str, severity, fixed: Option<&str>| ScanFinding {
            name: name.to_owned(),
            severity,
            package: Some("openssl 3.0.1".to_owned()),
            fixed_in: fixed.map(str::to_owned),
            uri: Some(format!("https://cve.example/{name}")),
        };
        let mut scan = ImageScan {
            service: "web".to_owned(),
            repository: "shop/web".to_owned(),
            digest: "sha256:1".to_owned(),
            status: "COMPLETE".to_owned(),
            gate: Severity::High,
            passed: false,
            reason: Some("1 critical and 2 high findings".to_owned()),
            counts: [(Severity::Critical, 1), (Severity::High, 2), (Severity::Low, 40)].into(),
            findings: vec![
                finding("CVE-2026-10000", Severity::Critical, Some("3.0.2")),
                finding("CVE-2026-1", Severity::High, None),
            ],
        };
        assert_eq!(
            lines(&scan),
            [
                "refused by the gate `high`: 1 critical and 2 high findings",
                "found: critical 1, high 2, low 40",
                "CVE-2026-10000  critical  openssl 3.0.1 (fixed in 3.0.2)  https://cve.example/CVE-2026-10000",
                "CVE-2026-1      high      openssl 3.0.1                   https://cve.example/CVE-2026-1",
                "and 1 more",
            ]
        );
        (scan.passed, scan.reason, scan.findings) = (true, None, Vec::new());
        scan.counts = [(Severity::Low, 40)].into();
        assert_eq!(lines(&scan), ["nothing of severity high or above", "found: low 40"]);
    }
}
