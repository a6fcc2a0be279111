#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::cell::RefCell;
use std::time::Duration;

use crate::apply::cloud::CloudError;
use crate::aws::recorder::Recorder;
use crate::ecs::desired::{Image, ImageRegistry};
use crate::event::Severity;
use crate::inspect::{Scan, Standing};

const NOT_FOUND: &str =
    r#"{"__type":"ScanNotFoundException","message":"Image scan does not exist"}"#;
const PENDING: &str = r#"{"imageScanStatus":{"status":"PENDING"}}"#;
const CLEAN: &str = r#"{"imageScanStatus":{"status":"COMPLETE"},
    "imageScanFindings":{"imageScanCompletedAt":1790000000,"findingSeverityCounts":{}}}"#;

fn image() -> Image {
    Image {
        repository_name: "shop/web".to_owned(),
        registry: None,
        shared: false,
        image_tag: "c-1".to_owned(),
        platform: "linux/amd64".to_owned(),
        base: None,
        assets: Vec::new(),
        stop_signal: None,
        cleared: Vec::new(),
    }
}

/// What the gate `high` makes of these answers, the states that were told, and what was called.
async fn scanned(
    answers: &[(u16, &str)],
) -> (Result<(Scan, Standing), CloudError>, Vec<String>, Vec<String>) {
    let recorder = Recorder::new(answers.iter().copied());
    let told = RefCell::new(Vec::new());
    let hear = |status: &str| told.borrow_mut().push(status.to_owned());
    let limit = Duration::from_secs(90);
    let aws = recorder.aws();
    let result = aws.await_scan(&image(), "sha256:1", Severity::High, limit, &hear).await;
    (result, told.take(), recorder.operations())
}

#[tokio::test]
async fn a_scan_that_nobody_began_is_begun_and_waited_for() {
    let basic = r#"{"imageScanStatus":{"status":"COMPLETE","description":"The scan was completed successfully."},
        "imageScanFindings":{"imageScanCompletedAt":1790000000,
        "findingSeverityCounts":{"HIGH":1,"LOW":3,"UNDEFINED":2},
        "findings":[{"name":"CVE-2026-1","uri":"https://cve.example/1","severity":"LOW"},
        {"name":"CVE-2026-2","uri":"https://cve.example/2","severity":"HIGH","attributes":
        [{"key":"package_version","value":"3.0.1"},{"key":"package_name","value":"openssl"}]}]}}"#;
    let running = r#"{"imageScanStatus":{"status":"IN_PROGRESS"}}"#;
    let answers = [(400, NOT_FOUND), (200, running), (200, running), (200, basic)];
    let (result, told, called) = scanned(&answers).await;
    let (scan, standing) = result.unwrap();
    assert_eq!(standing, Standing::Refused("1 high finding".to_owned()));
    assert_eq!(scan.counts[&Severity::Low], 3);
    let [worst] = &scan.worst(Severity::High, 10)[..] else { panic!("{scan:?}") };
    assert_eq!((&*worst.name, worst.package.as_deref()), ("CVE-2026-2", Some("openssl 3.0.1")));
    assert_eq!(worst.uri.as_deref(), Some("https://cve.example/2"));
    assert_eq!(told, ["PENDING", "IN_PROGRESS", "COMPLETE"]);
    let ask = "DescribeImageScanFindings";
    assert_eq!(called, [ask, "StartImageScan", ask, ask]);
}

#[tokio::test]
async fn enhanced_findings_come_in_pages_and_begin_by_themselves() {
    let disabled = r#"{"__type":"ValidationException","message":"This feature is disabled"}"#;
    let page = |name: &str, token: &str| {
        format!(
            r#"{{"imageScanStatus":{{"status":"ACTIVE","description":"Continuous scan is selected for image."}},
            "imageScanFindings":{{"imageScanCompletedAt":1790000000,
            "findingSeverityCounts":{{"CRITICAL":2,"UNTRIAGED":1}},"enhancedFindings":[{{"severity":"CRITICAL",
            "title":"{name} - libc6","packageVulnerabilityDetails":{{"vulnerabilityId":"{name}",
            "sourceUrl":"https://nvd.example/{name}","vulnerablePackages":[{{"name":"libc6",
            "version":"2.36","fixedInVersion":"2.37"}}]}}}}]}}{token}}}"#
        )
    };
    let (first, second) = (page("CVE-2", r#","nextToken":"t""#), page("CVE-1", ""));
    let answers =
        [(400, NOT_FOUND), (400, disabled), (200, PENDING), (200, &first), (200, &second)];
    let (result, told, called) = scanned(&answers).await;
    let (scan, standing) = result.unwrap();
    assert_eq!(standing, Standing::Refused("2 critical findings".to_owned()));
    let worst = scan.worst(Severity::High, 10);
    assert_eq!(worst.iter().map(|finding| &*finding.name).collect::<Vec<_>>(), ["CVE-1", "CVE-2"]);
    assert_eq!(worst[0].package.as_deref(), Some("libc6 2.36"));
    assert_eq!(worst[0].fixed_in.as_deref(), Some("2.37"));
    assert_eq!(told, ["PENDING", "ACTIVE"]);
    assert_eq!(called.iter().filter(|operation| *operation == "StartImageScan").count(), 1);
}

#[tokio::test]
async fn complete_without_findings_or_date_is_asked_again() {
    let bare = r#"{"imageScanStatus":{"status":"COMPLETE"},"imageScanFindings":{"findings":[]}}"#;
    let found = r#"{"imageScanStatus":{"status":"COMPLETE"},
        "imageScanFindings":{"findingSeverityCounts":{"HIGH":1}}}"#;
    let (result, _, called) = scanned(&[(200, bare), (200, bare), (200, found)]).await;
    assert!(matches!(result.unwrap().1, Standing::Refused(_)));
    assert_eq!(called.len(), 3);
    // What stays so has nothing to show: 60 s in steps of 3 s, and the first question.
    let (result, _, called) = scanned(&[(200, bare); 40]).await;
    assert_eq!(result.unwrap().1, Standing::Passed);
    assert_eq!(called.len(), 21);
    let (result, _, called) = scanned(&[(200, CLEAN)]).await;
    assert_eq!((result.unwrap().1, called.len()), (Standing::Passed, 1));
}

#[tokio::test]
async fn what_nobody_scans_is_no_pass() {
    let limit = r#"{"__type":"LimitExceededException","message":"once a day"}"#;
    let answers: Vec<_> = [(400, NOT_FOUND), (400, limit)]
        .into_iter()
        .chain(std::iter::repeat_n((400, NOT_FOUND), 60))
        .collect();
    let (result, _, called) = scanned(&answers).await;
    let error = result.unwrap_err();
    assert_eq!(error.message, "it took more than 90 s; its state is PENDING");
    assert!(error.help.unwrap().contains("--scan-timeout"));
    assert_eq!(called.iter().filter(|operation| *operation == "StartImageScan").count(), 1);

    let denied = r#"{"__type":"AccessDeniedException","message":"no ecr:StartImageScan"}"#;
    let answers: Vec<_> = [(400, NOT_FOUND), (400, denied)]
        .into_iter()
        .chain(std::iter::repeat_n((400, NOT_FOUND), 60))
        .collect();
    let help = scanned(&answers).await.0.unwrap_err().help.unwrap();
    assert!(help.contains("no ecr:StartImageScan") && help.contains("scan: true"), "{help}");

    let unsupported = r#"{"__type":"UnsupportedImageTypeException","message":"no such OS"}"#;
    let (result, _, _) = scanned(&[(400, NOT_FOUND), (400, unsupported)]).await;
    let standing = result.unwrap().1;
    assert_eq!(standing, Standing::Unsupported("ECR cannot scan it: no such OS".to_owned()));
    let failed = r#"{"imageScanStatus":{"status":"FAILED","description":"no luck"}}"#;
    let (result, _, _) = scanned(&[(200, failed)]).await;
    let standing = result.unwrap().1;
    assert_eq!(standing, Standing::Refused("it was not scanned: FAILED, no luck".to_owned()));
}

#[tokio::test]
async fn another_account_s_registry_is_named() {
    let registry =
        ImageRegistry { account: "999999999999".to_owned(), region: "eu-west-1".to_owned() };
    let image = Image { registry: Some(registry), ..image() };
    let recorder = Recorder::new([(400, NOT_FOUND), (200, "{}"), (200, CLEAN)]);
    let limit = Duration::from_secs(9);
    let aws = recorder.aws();
    aws.await_scan(&image, "sha256:1", Severity::Low, limit, &|_| {}).await.unwrap();
    let sent = recorder.sent();
    assert_eq!(sent.len(), 3);
    assert!(
        sent.iter().all(|(_, body)| body.contains(r#""registryId":"999999999999""#)),
        "{sent:?}"
    );
}
