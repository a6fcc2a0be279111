//! `verify` and `doctor`: everything at once, with the place and the way out.

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::{Answer, Project, Server, nobody};

const STS: &str = "<GetCallerIdentityResponse><GetCallerIdentityResult>\
    <Arn>arn:aws:sts::111122223333:assumed-role/deployer/ci</Arn><UserId>A</UserId>\
    <Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";

/// An image that nobody is asked for but ECR, so that no registry's answer counts.
fn project() -> Project {
    Project::of(
        "name: shop\n\
         services:\n\
         \x20 web:\n\
         \x20   image: 111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1\n\
         \x20   x-ecs:\n\
         \x20     execution_role: ops/ecs\n\
         \x20     secret_env: {KEY: /shop/key}\n\
         x-ecs:\n\
         \x20 subnets: [subnet-1]\n\
         \x20 cluster: shared\n",
    )
    .variable("AWS_EC2_METADATA_SERVICE_ENDPOINT", nobody())
    .variable("DOCKER", "/nonexistent/docker")
}

fn xml(status: u16, body: &str) -> Answer {
    Answer { status, body: body.to_owned(), ..Answer::default() }
}

fn json(status: u16, body: &str) -> Answer {
    Answer { status, kind: "application/x-amz-json-1.1", body: body.to_owned() }
}

fn denied(request: &str) -> Answer {
    match request.contains("GetCallerIdentity") {
        true => xml(200, STS),
        false if request.contains("x-amz-target") => {
            json(400, r#"{"__type":"AccessDeniedException","message":"not you"}"#)
        }
        false => xml(
            403,
            "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error>\
             </ErrorResponse>",
        ),
    }
}

#[test]
fn who_may_look_at_nothing_is_warned_and_no_more() {
    let server = Server::new(denied);
    let transcript = project().endpoint(&server.url).run("verify");
    assert_eq!(transcript.code, Some(0), "{transcript}");
    assert_snapshot!(transcript);
}

/// What IAM, ECS, EC2 and SSM say when hardly anything is as it should be.
fn faulty(request: &str) -> Answer {
    let has = |text: &str| request.contains(text);
    if has("Action=GetRole&") && has("RoleName=deployer") {
        return xml(
            200,
            "<GetRoleResponse><GetRoleResult><Role><Path>/ci/</Path><RoleName>deployer</RoleName>\
             <RoleId>A</RoleId><Arn>arn:aws:iam::111122223333:role/ci/deployer</Arn>\
             <CreateDate>2026-01-01T00:00:00Z</CreateDate></Role></GetRoleResult></GetRoleResponse>",
        );
    }
    if has("Action=GetRole&") {
        let body = "<ErrorResponse><Error><Code>NoSuchEntity</Code><Message>gone</Message></Error>\
            </ErrorResponse>";
        return xml(404, body);
    }
    if has("Action=SimulatePrincipalPolicy&") {
        assert!(has("PolicySourceArn=arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fci%2Fdeployer"));
        let denied = match has("ecs%3ACreateService") {
            true => {
                "<member><EvalActionName>ecs:CreateService</EvalActionName>\
                 <EvalResourceName>arn:aws:ecs:eu-west-1:111122223333:service/shared/shop-web\
                 </EvalResourceName><EvalDecision>implicitDeny</EvalDecision></member>"
            }
            false => "",
        };
        return xml(
            200,
            &format!(
                "<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult>\
                 <IsTruncated>false</IsTruncated><EvaluationResults>{denied}</EvaluationResults>\
                 </SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>"
            ),
        );
    }
    if has("Action=DescribeSubnets&") {
        let body = "<Response><Errors><Error><Code>InvalidSubnetID.NotFound</Code><Message>The subnet \
            ID 'subnet-1' does not exist</Message></Error></Errors></Response>";
        return xml(400, body);
    }
    match request {
        _ if has("AmazonSSM.DescribeParameters") => json(200, r#"{"Parameters":[]}"#),
        _ if has(".DescribeClusters") => json(200, r#"{"clusters":[],"failures":[]}"#),
        _ if has(".DescribeImages") => {
            json(400, r#"{"__type":"RepositoryNotFoundException","message":"gone"}"#)
        }
        _ => denied(request),
    }
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let server = Server::new(faulty);
    let transcript = project().endpoint(&server.url).run("verify");
    assert_eq!(transcript.code, Some(3), "{transcript}");
    assert_snapshot!(transcript);
    let transcript = project().endpoint(&server.url).run("verify --output json");
    assert_eq!(transcript.code, Some(3), "{transcript}");
    let document: Value = serde_json::from_str(transcript.stdout()).expect("one document");
    assert_eq!(document["summary"]["failure"], 6, "{transcript}");
    let role = &document["findings"].as_array().expect("a list")[3];
    assert_eq!(
        (role["place"].as_str(), role["service"].as_str()),
        (Some("compose.yaml:6:23"), Some("web"))
    );
}

#[test]
fn a_failure_that_is_not_the_file_s_ends_with_one() {
    let server = Server::new(|request| match request.contains("GetCallerIdentity") {
        true => xml(200, STS),
        false => faulty(request),
    });
    let file = "services:\n  web:\n    image: 111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1\n";
    let project = Project::of(file).variable("DOCKER", "/nonexistent/docker");
    // ECR says that there is no such repository: that is the file's fault.
    assert_eq!(project.endpoint(&server.url).run("verify").code, Some(3));
    let built =
        Project::of("services:\n  web:\n    build: .\n").file("Dockerfile", "FROM scratch\n");
    let built = built.variable("DOCKER", "/nonexistent/docker").endpoint(&server.url);
    let transcript = built.run("verify");
    assert_eq!(transcript.code, Some(1), "{transcript}");
    assert!(transcript.text.contains("may not ecs:CreateService"), "{transcript}");
}

/// A role that may be taken, with credentials of its own.
fn lending(request: &str) -> Answer {
    let is_of_the_role = request.contains("AKIAROLE");
    if request.contains("Action=AssumeRole&") {
        assert!(request.contains("ExternalId=x-17") && !is_of_the_role, "{request}");
        return xml(
            200,
            "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>AKIAROLE</AccessKeyId>\
             <SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
             <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult>\
             </AssumeRoleResponse>",
        );
    }
    match is_of_the_role {
        true => denied(request),
        false => xml(500, "not the role's credentials"),
    }
}

#[test]
fn a_role_is_taken_before_anything_is_asked() {
    let server = Server::new(lending);
    let role = "--assume-role arn:aws:iam::111122223333:role/deployer --external-id x-17";
    let transcript = project().endpoint(&server.url).run(&format!("verify {role}"));
    assert_eq!(transcript.code, Some(0), "{transcript}");
    assert!(transcript.text.contains("assumed-role/deployer/ci"), "{transcript}");
}

#[test]
fn a_role_that_may_not_be_taken() {
    let server = Server::new(|_| {
        xml(
            403,
            "<ErrorResponse><Error><Code>AccessDenied</Code><Message>User: \
             arn:aws:iam::111122223333:user/ada is not authorized to perform: sts:AssumeRole on \
             resource: arn:aws:iam::444455556666:role/deployer</Message></Error>\
             <RequestId>r-9</RequestId></ErrorResponse>",
        )
    });
    let role = "--assume-role arn:aws:iam::444455556666:role/deployer";
    let transcript = project().endpoint(&server.url).run(&format!("plan {role}"));
    assert_eq!(transcript.code, Some(1), "{transcript}");
    assert_snapshot!(transcript);
}

#[test]
fn a_profile_that_is_not_there_names_the_others() {
    let project = project().file("config", "[default]\n[profile stage]\n");
    let path = project.path("config");
    let project = project.variable("AWS_CONFIG_FILE", path);
    let transcript = project.run("plan --region eu-west-1 --aws-profile prod");
    assert_eq!(transcript.code, Some(1), "{transcript}");
    assert_snapshot!(transcript);
}

/// A profile of IAM Identity Center whose session was never begun: the SDK finds no token for it.
#[test]
fn a_session_that_is_over_says_how_to_log_in() {
    let config = "[profile corp]\nsso_session = corp\nsso_account_id = 111122223333\n\
        sso_role_name = dev\nregion = eu-west-1\n[sso-session corp]\n\
        sso_start_url = https://corp.awsapps.com/start\nsso_region = eu-west-1\n";
    let project = project().file("config", config);
    let path = project.path("config");
    let transcript = project.variable("AWS_CONFIG_FILE", path).run("plan --aws-profile corp");
    assert_eq!(transcript.code, Some(1), "{transcript}");
    assert!(transcript.text.contains("`aws sso login --profile corp`"), "{transcript}");
}

#[test]
fn doctor_looks_at_the_way_to_aws_and_at_the_machine() {
    let server = Server::new(denied);
    let project = project()
        .endpoint(&server.url)
        .variable("HTTPS_PROXY", "http://anna:canary@127.0.0.1:9")
        .variable("NO_PROXY", "127.0.0.1");
    let transcript = project.run("doctor --output json");
    assert_eq!(transcript.code, Some(0), "{transcript}");
    assert!(!transcript.text.contains("canary"), "{transcript}");
    let document: Value = serde_json::from_str(transcript.stdout()).expect("one document");
    let said = |check: &str| {
        let list = document["findings"].as_array().expect("a list");
        let found = list.iter().find(|finding| finding["check"] == check);
        found.map(|f| f["message"].as_str().unwrap_or_default().to_owned()).unwrap_or_default()
    };
    assert_eq!(said("region"), "eu-west-1 (by AWS_REGION)");
    assert_eq!(said("credentials"), "AKIATEST of the environment");
    assert_eq!(said("caller"), "arn:aws:sts::111122223333:assumed-role/deployer/ci");
    assert!(said("endpoints").contains("IAM"), "{transcript}");
    assert_eq!(said("compose"), "shop of compose.yaml");
    assert_eq!(said("network"), "HTTPS_PROXY=http://127.0.0.1:9");
}

#[test]
fn doctor_says_that_there_are_no_credentials() {
    let project = project().variable("AWS_EC2_METADATA_DISABLED", "true");
    let transcript = project.run("doctor --region eu-west-1");
    assert_eq!(transcript.code, Some(1), "{transcript}");
    assert!(transcript.text.contains("FAIL  credentials"), "{transcript}");
    assert!(transcript.text.contains("ok    region"), "{transcript}");
}
