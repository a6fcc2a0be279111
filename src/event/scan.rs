use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

/// How severe a finding is, from the least (ECR API reference, `FindingSeverity`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Nobody has said how severe it is: `UNDEFINED`, or Inspector's `UNTRIAGED`.
    Undefined,
    /// `INFORMATIONAL`
    Informational,
    /// `LOW`
    Low,
    /// `MEDIUM`
    Medium,
    /// `HIGH`
    High,
    /// `CRITICAL`
    Critical,
}

impl Severity {
    /// Those that a gate can be set to, from the worst.
    pub const GATES: [Self; 5] =
        [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Informational];

    /// The word for people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Undefined => "undefined",
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// As ECR says it; a word that is not known says nothing of how severe it is.
    #[must_use]
    pub fn of_ecr(word: &str) -> Self {
        let known = |severity: &Self| severity.label().eq_ignore_ascii_case(word);
        Self::GATES.into_iter().find(known).unwrap_or(Self::Undefined)
    }

    /// Whether a gate stops it: that severity, and any above. The lowest gate lets nothing through.
    #[must_use]
    pub fn is_stopped_by(self, gate: Self) -> bool {
        self >= gate || gate == Self::Informational
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// One thing that a scan found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ScanFinding {
    /// Such as `CVE-2026-1234`.
    pub name: String,
    /// How severe it is.
    pub severity: Severity,
    /// The package with its version, where ECR names one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// The version that is free of it, where ECR names one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixed_in: Option<String>,
    /// Where more is to be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
}

/// What the scan of an image came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ImageScan {
    /// The Compose service.
    pub service: String,
    /// Its repository.
    pub repository: String,
    /// Its digest: `sha256:…`
    pub digest: String,
    /// ECR's word for the state of the scan.
    pub status: String,
    /// The severity at which images are refused.
    pub gate: Severity,
    /// Whether the image goes through.
    pub passed: bool,
    /// Why it is refused, or why nothing is known of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How many findings there are of each severity.
    pub counts: BTreeMap<Severity, u64>,
    /// The first of those that the gate stops, the worst first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<ScanFinding>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_stops_its_severity_and_all_above() {
        let stopped = |gate: Severity| -> Vec<Severity> {
            let all = [Severity::Undefined].into_iter().chain(Severity::GATES);
            all.filter(|severity| severity.is_stopped_by(gate)).collect()
        };
        assert_eq!(stopped(Severity::Critical), [Severity::Critical]);
        assert_eq!(
            stopped(Severity::Medium),
            [Severity::Critical, Severity::High, Severity::Medium]
        );
        assert_eq!(stopped(Severity::Informational).len(), 6);
    }

    #[test]
    fn words_of_ecr() {
        assert_eq!(Severity::of_ecr("CRITICAL"), Severity::Critical);
        assert_eq!(Severity::of_ecr("UNTRIAGED"), Severity::Undefined);
    }
}
