use std::collections::BTreeMap;

use crate::event::{ScanFinding, Severity};

/// How far ECR is with the scan of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scan {
    /// ECR's word for its state, such as `COMPLETE`.
    pub status: String,
    /// What ECR says of it.
    pub description: Option<String>,
    /// Whether ECR says when it was finished.
    pub is_dated: bool,
    /// How many findings there are of each severity.
    pub counts: BTreeMap<Severity, u64>,
    /// Findings, in ECR's order.
    pub findings: Vec<ScanFinding>,
}

/// What a scan means for a gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is not over.
    Waiting,
    /// It says that it is over, and has nothing to show for it: with enhanced scanning ECR answers so
    /// for some seconds before the findings are there (`aws/aws-sdk` issue 289).
    Bare,
    /// Nothing was found that the gate stops.
    Passed,
    /// ECR cannot look into images of this kind.
    Unsupported(String),
    /// The gate stops it: the findings, or that nobody can tell.
    Refused(String),
}

impl Scan {
    /// What it means for a gate (ECR API reference, `ImageScanStatus`). A state that says neither that
    /// it is under way nor that it is over leaves nobody to vouch for the image.
    #[must_use]
    pub fn standing(&self, gate: Severity) -> Standing {
        let said = self.description.as_deref().unwrap_or("no reason was given");
        match self.status.as_str() {
            "IN_PROGRESS" | "PENDING" => Standing::Waiting,
            // `ACTIVE`: scanned, and again whenever something new is known.
            "COMPLETE" | "ACTIVE" => {
                if self.stopped(gate).next().is_some() {
                    return Standing::Refused(self.summary(gate));
                }
                let is_shown = self.is_dated || !self.counts.is_empty();
                if is_shown { Standing::Passed } else { Standing::Bare }
            }
            "UNSUPPORTED_IMAGE" => Standing::Unsupported(format!("ECR cannot scan it: {said}")),
            other => Standing::Refused(format!("it was not scanned: {other}, {said}")),
        }
    }

    fn stopped(&self, gate: Severity) -> impl Iterator<Item = (Severity, u64)> {
        let worst_first = self.counts.iter().rev().map(|(severity, count)| (*severity, *count));
        worst_first.filter(move |(severity, count)| *count > 0 && severity.is_stopped_by(gate))
    }

    /// `2 critical and 5 high findings`
    fn summary(&self, gate: Severity) -> String {
        let parts: Vec<String> =
            self.stopped(gate).map(|(severity, count)| format!("{count} {severity}")).collect();
        let total: u64 = self.stopped(gate).map(|(_, count)| count).sum();
        let list = match parts.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
            None => "no".to_owned(),
        };
        format!("{list} finding{}", if total == 1 { "" } else { "s" })
    }

    /// The first of the findings that a gate stops, the worst first.
    #[must_use]
    pub fn worst(&self, gate: Severity, count: usize) -> Vec<ScanFinding> {
        let stopped = self.findings.iter().filter(|finding| finding.severity.is_stopped_by(gate));
        let mut found: Vec<ScanFinding> = stopped.cloned().collect();
        found.sort_by(|one, other| {
            other.severity.cmp(&one.severity).then_with(|| one.name.cmp(&other.name))
        });
        found.truncate(count);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(status: &str, counts: &[(Severity, u64)]) -> Scan {
        let counts = counts.iter().copied().collect();
        Scan { status: status.to_owned(), counts, is_dated: true, ..Scan::default() }
    }

    #[test]
    fn each_state_of_ecr_has_its_meaning() {
        let of = |status: &str| scan(status, &[]).standing(Severity::High);
        for status in ["IN_PROGRESS", "PENDING"] {
            assert_eq!(of(status), Standing::Waiting, "{status}");
        }
        for status in ["COMPLETE", "ACTIVE"] {
            assert_eq!(of(status), Standing::Passed, "{status}");
        }
        assert!(matches!(of("UNSUPPORTED_IMAGE"), Standing::Unsupported(_)));
        for status in [
            "FAILED",
            "SCAN_ELIGIBILITY_EXPIRED",
            "FINDINGS_UNAVAILABLE",
            "LIMIT_EXCEEDED",
            "IMAGE_ARCHIVED",
            "IMAGE_SIZE_EXCEEDED",
            "SOMETHING_NEW",
            "",
        ] {
            assert!(matches!(of(status), Standing::Refused(_)), "{status}");
        }
    }

    #[test]
    fn the_gate_stops_its_severity_and_all_above() {
        let found = scan("ACTIVE", &[(Severity::High, 1), (Severity::Low, 7)]);
        assert_eq!(found.standing(Severity::Critical), Standing::Passed);
        let one = Standing::Refused("1 high finding".to_owned());
        assert_eq!(found.standing(Severity::High), one);
        let all = Standing::Refused("1 high and 7 low findings".to_owned());
        assert_eq!(found.standing(Severity::Informational), all);
        let zero = scan("COMPLETE", &[(Severity::Critical, 0)]);
        assert_eq!(zero.standing(Severity::Low), Standing::Passed);
    }

    #[test]
    fn a_scan_with_nothing_to_show_is_not_over() {
        let bare = Scan { status: "COMPLETE".to_owned(), ..Scan::default() };
        assert_eq!(bare.standing(Severity::Low), Standing::Bare);
    }

    #[test]
    fn the_worst_findings_come_first() {
        let finding = |name: &str, severity| ScanFinding {
            name: name.to_owned(),
            severity,
            package: None,
            fixed_in: None,
            uri: None,
        };
        let findings = vec![
            finding("CVE-3", Severity::High),
            finding("CVE-4", Severity::Low),
            finding("CVE-2", Severity::Critical),
            finding("CVE-1", Severity::High),
        ];
        let scan = Scan { findings, ..Scan::default() };
        let names: Vec<String> =
            scan.worst(Severity::High, 2).into_iter().map(|finding| finding.name).collect();
        assert_eq!(names, ["CVE-2", "CVE-1"]);
    }
}
