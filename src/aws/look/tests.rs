//! What AWS answers, and what is made of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::collections::BTreeMap;

use crate::apply::cloud::CloudErrorKind;
use crate::aws::recorder::Recorder;
use crate::verify::{Caller, Permission, QUOTAS, Why};

const GONE: &str = "<ErrorResponse><Error><Code>NoSuchEntity</Code><Message>gone</Message></Error></ErrorResponse>";

fn role(arn: &str) -> String {
    format!(
        "<GetRoleResponse><GetRoleResult><Role><Path>/</Path><RoleName>ecs</RoleName><RoleId>A</RoleId>\
         <Arn>{arn}</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate><AssumeRolePolicyDocument>\
         %7B%22Statement%22%3A%5B%5D%7D</AssumeRolePolicyDocument></Role></GetRoleResult></GetRoleResponse>"
    )
}

#[tokio::test]
async fn a_role_and_its_trust() {
    let arn = "arn:aws:iam::1:role/ops/ecs";
    let found = role(arn);
    let recorder = Recorder::new([(200, found.as_str()), (404, GONE)]);
    let aws = recorder.aws();
    let look = aws.look_at_role("ecs").await.unwrap().unwrap();
    assert_eq!((look.arn.as_str(), look.trust.as_str()), (arn, r#"{"Statement":[]}"#));
    assert_eq!(aws.look_at_role("ecs").await.unwrap(), None);
}

#[tokio::test]
async fn a_session_is_simulated_as_its_role() {
    let found = role("arn:aws:iam::1:role/ci/deployer");
    let denied = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>";
    let recorder = Recorder::new([(200, found.as_str()), (403, denied)]);
    let aws = recorder.aws();
    let caller = || Caller::Role { name: "deployer", guess: "guess".to_owned() };
    assert_eq!(aws.principal(&caller()).await, "arn:aws:iam::1:role/ci/deployer");
    assert_eq!(aws.principal(&caller()).await, "guess");
    assert_eq!(aws.principal(&Caller::Itself("arn:user")).await, "arn:user");
}

#[tokio::test]
async fn what_a_simulation_denies() {
    let result = |action: &str, decision: &str, rest: &str| {
        format!(
            "<member><EvalActionName>{action}</EvalActionName><EvalResourceName>arn:1</EvalResourceName>\
             <EvalDecision>{decision}</EvalDecision>{rest}</member>"
        )
    };
    let out_of_bounds = "<PermissionsBoundaryDecisionDetail><AllowedByPermissionsBoundary>false\
        </AllowedByPermissionsBoundary></PermissionsBoundaryDecisionDetail>";
    let organization = "<OrganizationsDecisionDetail><AllowedByOrganizations>false\
        </AllowedByOrganizations></OrganizationsDecisionDetail>";
    let unknown = "<MissingContextValues><member>aws:x</member></MissingContextValues>";
    let results = [
        result("a:One", "allowed", ""),
        result("a:Two", "implicitDeny", unknown),
        result("a:Three", "explicitDeny", ""),
        result("a:Four", "implicitDeny", out_of_bounds),
        result("a:Five", "implicitDeny", organization),
    ];
    let body = format!(
        "<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated>\
         <EvaluationResults>{}</EvaluationResults></SimulatePrincipalPolicyResult>\
         </SimulatePrincipalPolicyResponse>",
        results.concat()
    );
    let recorder = Recorder::new([(200, body.as_str())]);
    let tag = "aws:RequestTag/decklift:project".to_owned();
    let permission = Permission {
        actions: vec!["a:One".to_owned()],
        resources: vec!["arn:1".to_owned()],
        context: BTreeMap::from([(tag, vec!["shop".to_owned()])]),
    };
    let found = recorder.aws().simulate("arn:user", &[permission]).await.unwrap();
    let mut said: Vec<_> = found.iter().map(|d| (d.action.as_str(), d.why)).collect();
    said.sort();
    assert_eq!(
        said,
        [
            ("a:Five", Why::Organization),
            ("a:Four", Why::Boundary),
            ("a:Three", Why::Forbidden),
            ("a:Two", Why::Nothing)
        ]
    );
    assert!(found.iter().any(|denied| denied.unknown == ["aws:x"]));
    let sent = &recorder.sent()[0].1;
    assert!(sent.contains("PolicySourceArn=arn%3Auser"), "{sent}");
    assert!(sent.contains("ContextKeyName=aws%3ARequestTag%2Fdecklift%3Aproject"), "{sent}");
}

#[tokio::test]
async fn a_quota_is_what_was_granted_or_the_default() {
    let quota =
        |name: &str, value: f64| format!(r#"{{"Quota":{{"QuotaName":"{name}","Value":{value}}}}}"#);
    let none = r#"{"__type":"NoSuchResourceException","Message":"none"}"#;
    let wanted = QUOTAS.iter().find(|quota| quota.code == "L-9EF96962").unwrap();
    let (own, default, other) =
        (quota(wanted.name, 7.0), quota(wanted.name, 5.0), quota("Something else", 9.0));
    let answers = [(200, own.as_str()), (400, none), (200, &default), (200, &other)];
    let recorder = Recorder::new(answers);
    let aws = recorder.aws();
    assert_eq!(aws.quota(wanted).await.unwrap(), Some(7.0));
    assert_eq!(aws.quota(wanted).await.unwrap(), Some(5.0));
    assert_eq!(aws.quota(wanted).await.unwrap(), None);
    let asked = recorder.operations();
    assert_eq!(asked[1..3], ["GetServiceQuota", "GetAWSDefaultServiceQuota"]);
}

#[tokio::test]
async fn secrets_are_described_and_never_read() {
    let there = r#"{"ARN":"arn:db","VersionIdsToStages":{"v-1":["AWSCURRENT"]}}"#;
    let empty = r#"{"ARN":"arn:db","DeletedDate":1700000000}"#;
    let gone = r#"{"__type":"ResourceNotFoundException","message":"gone"}"#;
    let parameters = r#"{"Parameters":[{"Name":"/shop/key"}]}"#;
    let recorder = Recorder::new([(200, there), (200, empty), (400, gone), (200, parameters)]);
    let aws = recorder.aws();
    let look = aws.look_at_secret("db").await.unwrap().unwrap();
    assert!(look.has_value && !look.is_leaving);
    assert_eq!(look.versions, ["AWSCURRENT", "v-1"]);
    let look = aws.look_at_secret("db").await.unwrap().unwrap();
    assert!(!look.has_value && look.is_leaving);
    assert_eq!(aws.look_at_secret("db").await.unwrap(), None);
    let names = ["/shop/key".to_owned(), "/shop/other".to_owned()];
    assert_eq!(aws.look_at_parameters(&names).await.unwrap(), ["/shop/key"]);
    let asked = recorder.operations();
    assert_eq!(asked[..3], ["DescribeSecret"; 3]);
    assert_eq!(asked[3..], ["DescribeParameters"]);
}

#[tokio::test]
async fn repositories_and_their_images() {
    let none = r#"{"__type":"RepositoryNotFoundException","message":"none"}"#;
    let image = r#"{"__type":"ImageNotFoundException","message":"none"}"#;
    let there = r#"{"imageDetails":[]}"#;
    let recorder = Recorder::new([(400, none), (400, image), (200, there)]);
    let aws = recorder.aws();
    assert!(!aws.look_at_repository(None, "web", None).await.unwrap().is_there);
    let look = aws.look_at_repository(None, "web", Some("1")).await.unwrap();
    assert_eq!((look.is_there, look.has_image), (true, Some(false)));
    let look = aws.look_at_repository(None, "web", Some("sha256:00")).await.unwrap();
    assert_eq!((look.has_image, look.policy), (Some(true), None));
    assert!(recorder.sent()[2].1.contains(r#""imageDigest":"sha256:00""#));
}

#[tokio::test]
async fn who_may_not_look_is_told_which_permission_is_missing() {
    let denied = r#"{"__type":"AccessDeniedException","message":"no"}"#;
    let recorder = Recorder::new([(400, denied)]);
    let error = recorder.aws().quota(&QUOTAS[0]).await.unwrap_err();
    assert_eq!(error.kind, CloudErrorKind::AccessDenied);
    assert_eq!(error.operation, "servicequotas:GetServiceQuota");
}
