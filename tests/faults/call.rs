//! What a request asks AWS for, and how AWS would say no to it.

use crate::http::Message;

/// The name of a call: service and operation as IAM spells the action, `ecs:CreateService`.
pub(crate) fn action(request: &Message) -> String {
    let service = service(request);
    let body = String::from_utf8_lossy(&request.body);
    let operation = match request.header("x-amz-target") {
        Some(target) => target.rsplit('.').next().unwrap_or_default().to_owned(),
        None => match body.split('&').find_map(|part| part.strip_prefix("Action=")) {
            Some(action) => action.to_owned(),
            None => rest(request.method(), request.path()),
        },
    };
    format!("{service}:{operation}")
}

/// The signature names the service.
fn service(request: &Message) -> String {
    let scope = request.header("authorization").and_then(|text| text.split_once("Credential="));
    let service = scope.and_then(|(_, scope)| scope.split('/').nth(3));
    service.unwrap_or("unsigned").to_owned()
}

/// The operations of the services that speak REST: EFS and EventBridge Scheduler.
fn rest(method: &str, path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default().trim_start_matches("/2015-02-01");
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let name = match (method, &parts[..]) {
        ("POST", ["file-systems"]) => "CreateFileSystem",
        ("GET", ["file-systems", ..]) => "DescribeFileSystems",
        ("PUT", ["file-systems", _]) => "UpdateFileSystem",
        ("DELETE", ["file-systems", _]) => "DeleteFileSystem",
        ("POST", ["mount-targets"]) => "CreateMountTarget",
        ("GET", ["mount-targets", _, "security-groups"]) => "DescribeMountTargetSecurityGroups",
        ("PUT", ["mount-targets", _, "security-groups"]) => "ModifyMountTargetSecurityGroups",
        ("GET", ["mount-targets", ..]) => "DescribeMountTargets",
        ("DELETE", ["mount-targets", _]) => "DeleteMountTarget",
        ("POST", ["access-points"]) => "CreateAccessPoint",
        ("GET", ["access-points", ..]) => "DescribeAccessPoints",
        ("DELETE", ["access-points", _]) => "DeleteAccessPoint",
        ("POST", ["schedule-groups", _]) => "CreateScheduleGroup",
        ("GET", ["schedule-groups", _]) => "GetScheduleGroup",
        ("DELETE", ["schedule-groups", _]) => "DeleteScheduleGroup",
        ("GET", ["schedules"]) => "ListSchedules",
        ("POST", ["schedules", _]) => "CreateSchedule",
        ("GET", ["schedules", _]) => "GetSchedule",
        ("PUT", ["schedules", _]) => "UpdateSchedule",
        ("DELETE", ["schedules", _]) => "DeleteSchedule",
        ("GET", ["tags", ..]) => "ListTagsForResource",
        ("POST", ["tags" | "resource-tags", ..]) => "TagResource",
        _ => return format!("{method} {path}"),
    };
    name.to_owned()
}

/// An error as the service of this request says it.
pub(crate) fn refusal(request: &Message, status: u16, code: &str, message: &str) -> Message {
    let is_query =
        request.header("content-type").is_some_and(|kind| kind.contains("form-urlencoded"));
    if service(request) == "ec2" {
        let body = format!(
            "<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error>\
             </Errors><RequestID>injected</RequestID></Response>"
        );
        return Message::answer(status, &[("content-type", "text/xml")], body);
    }
    if is_query {
        let body = format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}\
             </Message></Error><RequestId>injected</RequestId></ErrorResponse>"
        );
        return Message::answer(status, &[("content-type", "text/xml")], body);
    }
    let body = serde_json::json!({ "__type": code, "message": message }).to_string();
    let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amzn-errortype", code)];
    Message::answer(status, &headers, body)
}

/// AWS asks to go slower.
pub(crate) fn throttled(request: &Message) -> Message {
    match service(request).as_str() {
        "ec2" => refusal(request, 503, "RequestLimitExceeded", "Request limit exceeded."),
        _ => refusal(request, 400, "ThrottlingException", "Rate exceeded"),
    }
}

/// AWS has a fault of its own.
pub(crate) fn broken(request: &Message) -> Message {
    refusal(request, 500, "InternalFailure", "We encountered an internal error.")
}

/// The caller may not.
pub(crate) fn denied(request: &Message) -> Message {
    let action = action(request);
    let message = format!("User: arn:aws:iam::1:user/x is not authorized to perform: {action}");
    match service(request).as_str() {
        "ec2" => refusal(request, 403, "UnauthorizedOperation", &message),
        "iam" | "elasticloadbalancing" | "sts" => refusal(request, 403, "AccessDenied", &message),
        _ => refusal(request, 400, "AccessDeniedException", &message),
    }
}
