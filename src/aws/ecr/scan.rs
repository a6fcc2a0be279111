//! What ECR's scans find in images.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_ecr::config::AsyncSleep;
use aws_sdk_ecr::operation::describe_image_scan_findings::DescribeImageScanFindingsOutput;
use aws_sdk_ecr::types as sdk;

use crate::apply::cloud::{CloudError, CloudErrorKind};
use crate::aws::Aws;
use crate::aws::error::OrFail;
use crate::ecs::desired::Image;
use crate::event::{ScanFinding, Severity};
use crate::inspect::{Scan, Standing};

/// As many findings as an answer holds at most (ECR API reference, `DescribeImageScanFindings`).
const PAGE: i32 = 1000;
/// Answers that are read of one scan: more findings than these hold are only counted.
const PAGES: usize = 10;
/// How long a scan that says that it is over, and shows neither findings nor a date, is asked again.
const SETTLE: Duration = Duration::from_secs(60);

/// What became of the wish for a scan.
enum Start {
    /// It was begun, or somebody began one within the last day.
    UnderWay,
    /// ECR cannot look into such images.
    Unsupported(String),
    /// Nobody can begin one: enhanced scanning begins by itself (ECR user guide, "Scan images for OS
    /// and programming language package vulnerabilities"), or the caller may not.
    Refused(String),
}

impl Aws {
    /// Waits until ECR has scanned an image, and says what that means for a gate. A scan that nobody
    /// began is begun. `told` hears each state once.
    ///
    /// # Errors
    ///
    /// When AWS does not answer the question, or the scan takes longer than `limit`.
    pub async fn await_scan(
        &self,
        image: &Image,
        digest: &str,
        gate: Severity,
        limit: Duration,
        told: &dyn Fn(&str),
    ) -> Result<(Scan, Standing), CloudError> {
        let (mut waited, mut bare) = (Duration::ZERO, Duration::ZERO);
        let (mut start, mut last) = (None, String::new());
        loop {
            let found = self.image_scan(image, digest).await?;
            let status = found.as_ref().map_or("PENDING", |scan| scan.status.as_str());
            if status != last {
                told(status);
                status.clone_into(&mut last);
            }
            match found {
                Some(scan) => match scan.standing(gate) {
                    Standing::Waiting => {}
                    Standing::Bare if bare < SETTLE.min(limit) => bare += self.pace.poll,
                    Standing::Bare => return Ok((scan, Standing::Passed)),
                    standing => return Ok((scan, standing)),
                },
                None if start.is_none() => match self.start_scan(image, digest).await? {
                    Start::Unsupported(why) => {
                        let status = "UNSUPPORTED_IMAGE".to_owned();
                        let scan = Scan { status, description: Some(why), ..Scan::default() };
                        let standing = scan.standing(gate);
                        return Ok((scan, standing));
                    }
                    done => start = Some(done),
                },
                None => {}
            }
            if waited >= limit {
                return Err(late(limit, &last, start.as_ref()));
            }
            self.pace.sleep.sleep(self.pace.poll).await;
            waited += self.pace.poll;
        }
    }

    /// How far the scan of an image is; nothing when there is none.
    async fn image_scan(&self, image: &Image, digest: &str) -> Result<Option<Scan>, CloudError> {
        let (ecr, account) = self.place_of(image.registry.as_ref());
        let repository = &image.repository_name;
        let mut scan = Scan::default();
        let mut token = None;
        for page in 0..PAGES {
            let id = sdk::ImageIdentifier::builder().image_digest(digest).build();
            let call = ecr.describe_image_scan_findings().repository_name(repository);
            let call = call.image_id(id).max_results(PAGE).set_next_token(token);
            let call = call.set_registry_id(account.clone());
            let answer = call.send().await.or_fail("ecr:DescribeImageScanFindings");
            let answer = match answer {
                Err(error) if error.is(&["ScanNotFoundException"]) => return Ok(None),
                answer => answer?,
            };
            token = answer.next_token.clone();
            add(&mut scan, answer, page == 0);
            if token.is_none() {
                break;
            }
        }
        if scan.counts.is_empty() {
            for finding in &scan.findings {
                *scan.counts.entry(finding.severity).or_default() += 1;
            }
        }
        Ok(Some(scan))
    }

    async fn start_scan(&self, image: &Image, digest: &str) -> Result<Start, CloudError> {
        let id = sdk::ImageIdentifier::builder().image_digest(digest).build();
        let (ecr, account) = self.place_of(image.registry.as_ref());
        let call = ecr.start_image_scan().repository_name(&image.repository_name).image_id(id);
        let call = call.set_registry_id(account);
        match call.send().await.or_fail("ecr:StartImageScan") {
            Ok(_) => Ok(Start::UnderWay),
            Err(error) if error.is(&["LimitExceededException"]) => Ok(Start::UnderWay),
            Err(error) if error.is(&["UnsupportedImageTypeException"]) => {
                Ok(Start::Unsupported(error.message))
            }
            Err(error)
                if error.is(&["ValidationException"])
                    || error.kind == CloudErrorKind::AccessDenied =>
            {
                Ok(Start::Refused(error.message))
            }
            Err(error) => Err(error),
        }
    }
}

fn late(limit: Duration, state: &str, start: Option<&Start>) -> CloudError {
    let message = format!("it took more than {} s; its state is {state}", limit.as_secs());
    let help = match start {
        Some(Start::Refused(why)) => format!(
            "ECR began no scan by itself, and would not be asked for one ({why}): set \
             `x-ecs: {{repositories: {{scan: true}}}}`, or a scanning rule of the registry that covers \
             the repository"
        ),
        _ => "run the same command again, with more time in --scan-timeout".to_owned(),
    };
    CloudError::new(CloudErrorKind::Service, "wait for the scan", message).help(help)
}

fn add(scan: &mut Scan, answer: DescribeImageScanFindingsOutput, is_first: bool) {
    let findings = answer.image_scan_findings;
    if is_first {
        let status = answer.image_scan_status;
        let word = status.as_ref().and_then(sdk::ImageScanStatus::status);
        scan.status = word.map(|status| status.as_str().to_owned()).unwrap_or_default();
        scan.description = status.and_then(|status| status.description);
        let found = findings.as_ref();
        scan.is_dated = found.is_some_and(|found| found.image_scan_completed_at.is_some());
        let counts = found.and_then(|found| found.finding_severity_counts.clone());
        scan.counts = counts.map(|counts| counted(&counts)).unwrap_or_default();
    }
    let Some(findings) = findings else { return };
    scan.findings.extend(findings.findings.unwrap_or_default().into_iter().map(basic));
    scan.findings.extend(findings.enhanced_findings.unwrap_or_default().into_iter().map(enhanced));
}

fn counted<'a>(
    counts: impl IntoIterator<Item = (&'a sdk::FindingSeverity, &'a i32)>,
) -> BTreeMap<Severity, u64> {
    let mut sums = BTreeMap::new();
    for (severity, count) in counts {
        let sum: &mut u64 = sums.entry(Severity::of_ecr(severity.as_str())).or_default();
        *sum += u64::try_from(*count).unwrap_or(0);
    }
    sums
}

/// A finding of a basic scan, whose package stands among its attributes.
fn basic(finding: sdk::ImageScanFinding) -> ScanFinding {
    let attribute = |key: &str| {
        let found = finding.attributes().iter().find(|attribute| attribute.key() == key);
        found.and_then(|attribute| attribute.value())
    };
    let package = attribute("package_name").map(|name| match attribute("package_version") {
        Some(version) => format!("{name} {version}"),
        None => name.to_owned(),
    });
    ScanFinding {
        package,
        fixed_in: None,
        severity: severity(finding.severity().map(sdk::FindingSeverity::as_str)),
        name: finding.name.unwrap_or_default(),
        uri: finding.uri,
    }
}

/// A finding of Amazon Inspector.
fn enhanced(finding: sdk::EnhancedImageScanFinding) -> ScanFinding {
    let severity = severity(finding.severity());
    let details = finding.package_vulnerability_details;
    let first = details.as_ref().and_then(|details| details.vulnerable_packages().first());
    let package = first.and_then(|package| {
        let name = package.name()?;
        Some(match package.version() {
            Some(version) => format!("{name} {version}"),
            None => name.to_owned(),
        })
    });
    let fixed_in = first.and_then(|package| package.fixed_in_version());
    // Inspector says so of what no version is free of.
    let fixed_in = fixed_in.filter(|version| *version != "NotAvailable").map(str::to_owned);
    let name = details.as_ref().and_then(|details| details.vulnerability_id.clone());
    ScanFinding {
        package,
        fixed_in,
        severity,
        name: name.or(finding.title).unwrap_or_default(),
        uri: details.and_then(|details| details.source_url),
    }
}

fn severity(word: Option<&str>) -> Severity {
    word.map_or(Severity::Undefined, Severity::of_ecr)
}
