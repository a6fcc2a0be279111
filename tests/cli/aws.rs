//! AWS, or the way to it, is at fault: one message, one help, exit code 1, and soon.

use std::time::{Duration, Instant};

use insta::assert_snapshot;

use crate::support::{Answer, Project, Server, Transcript, nobody};

fn web() -> Project {
    // Nobody at the address of the instance metadata service, also where the tests run in a cloud.
    Project::web("").variable("AWS_EC2_METADATA_SERVICE_ENDPOINT", nobody())
}

/// Within half a minute: what cannot succeed is not tried for minutes.
fn soon(project: &Project, arguments: &str) -> Transcript {
    let start = Instant::now();
    let transcript = project.run(arguments);
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    assert_eq!(transcript.code, Some(1), "{transcript}");
    transcript
}

#[test]
fn no_region() {
    assert_snapshot!(soon(&web(), "plan"));
}

#[test]
fn no_credentials() {
    assert_snapshot!(soon(&web(), "plan --region eu-west-1"));
}

#[test]
fn no_credentials_and_no_metadata_service() {
    let project = web().variable("AWS_EC2_METADATA_DISABLED", "true");
    assert_snapshot!(soon(&project, "plan --region eu-west-1"));
}

#[test]
fn unknown_profile() {
    assert_snapshot!(soon(&web(), "plan --region eu-west-1 --aws-profile prod"));
}

#[test]
fn endpoint_unreachable() {
    assert_snapshot!(soon(&web().endpoint(&nobody()), "plan"));
}

#[test]
fn no_such_host() {
    let project = web().endpoint("http://aws.invalid");
    let transcript = soon(&project, "plan");
    assert!(transcript.text.contains("failed to"), "{transcript}");
    assert!(transcript.text.contains(" help: "), "{transcript}");
}

/// What STS answers, in the query protocol, and any other service in its own.
fn denied(request: &str) -> Answer {
    let sts = request.contains("GetCallerIdentity");
    if sts {
        let body = "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
            <GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/ada</Arn><UserId>A</UserId>\
            <Account>111122223333</Account></GetCallerIdentityResult><ResponseMetadata>\
            <RequestId>r-1</RequestId></ResponseMetadata></GetCallerIdentityResponse>";
        return Answer { body: body.to_owned(), ..Answer::default() };
    }
    let body = "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>You are not \
        authorized to perform this operation. User: arn:aws:iam::111122223333:user/ada is not \
        authorized to perform: ec2:DescribeVpcs because no identity-based policy allows the \
        ec2:DescribeVpcs action</Message></Error></Errors><RequestID>r-2</RequestID></Response>";
    Answer { status: 403, body: body.to_owned(), ..Answer::default() }
}

#[test]
fn access_denied() {
    let server = Server::new(denied);
    assert_snapshot!(soon(&web().endpoint(&server.url), "plan"));
    assert_snapshot!(soon(&web().endpoint(&server.url), "deploy --yes"));
}

fn sts_error(status: u16, code: &str, message: &str) -> Server {
    let body = format!(
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error>\
         <Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
         <RequestId>r-3</RequestId></ErrorResponse>"
    );
    Server::new(move |_| Answer { status, body: body.clone(), ..Answer::default() })
}

#[test]
fn credentials_expired() {
    let message = "The security token included in the request is expired";
    let server = sts_error(403, "ExpiredToken", message);
    assert_snapshot!(soon(&web().endpoint(&server.url), "plan"));
}

#[test]
fn credentials_wrong() {
    let message = "The security token included in the request is invalid.";
    let server = sts_error(403, "InvalidClientTokenId", message);
    assert_snapshot!(soon(&web().endpoint(&server.url), "plan"));
}

/// A portal page, say: an answer that is none of AWS.
#[test]
fn something_else_answers() {
    let body = "<!doctype html><title>Sign in</title><h1>Sign in to the network</h1>";
    let server =
        Server::new(move |_| Answer { status: 403, kind: "text/html", body: body.to_owned() });
    assert_snapshot!(soon(&web().endpoint(&server.url), "plan"));
}

#[test]
fn as_json() {
    let transcript = soon(&web().endpoint(&nobody()), "plan --output json");
    assert_snapshot!(transcript);
}

#[test]
fn nobody_is_there_to_agree_to_a_deletion() {
    // Asked for before anything else would be worth nothing: the list comes first.
    let project = web().endpoint(&nobody());
    assert_eq!(soon(&project, "down").code, Some(1));
}
