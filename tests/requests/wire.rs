//! A server that stands where AWS would, keeps what it is sent, and answers just enough.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::Value as Json;

use crate::query;

/// A call that changes something.
#[derive(Debug)]
pub(crate) struct Sent {
    /// As the AWS CLI names it.
    pub(crate) service: &'static str,
    /// As the AWS CLI names it.
    pub(crate) operation: String,
    /// The body; null for a form.
    pub(crate) body: Json,
    /// The parameters of a form.
    pub(crate) form: Option<BTreeMap<String, String>>,
}

#[derive(Default)]
struct State {
    arn: String,
    sent: Vec<Sent>,
}

pub(crate) struct Wire {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
}

impl Wire {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let _ = serve(stream, &shared);
            }
        });
        Self { url, state }
    }

    /// What the next resource that is made is called.
    pub(crate) fn prepare(&self, arn: &str) {
        self.state.lock().expect("the state").arn = arn.to_owned();
    }

    /// What was sent since.
    pub(crate) fn take(&self) -> Vec<Sent> {
        std::mem::take(&mut self.state.lock().expect("the state").sent)
    }
}

fn serve(mut stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut request = Vec::new();
    let mut buffer = [0; 65536];
    let (head, body) = loop {
        let end = request.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8_lossy(&request[..end]).into_owned();
            let length = header(&head, "content-length").and_then(|text| text.parse().ok());
            let body = &request[end + 4..];
            if body.len() >= length.unwrap_or(0) {
                break (head, String::from_utf8(body.to_vec()).expect("UTF-8"));
            }
        }
        let read = stream.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        request.extend_from_slice(&buffer[..read]);
    };
    let sent = read(&head, &body);
    let mut state = state.lock().expect("the state");
    let (status, answer) = answer(&sent, &state.arn);
    if is_change(&sent.operation) {
        state.sent.push(sent);
    }
    drop(state);
    write!(
        stream,
        "HTTP/1.1 {status} Whatever\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{answer}",
        answer.len()
    )
}

fn header(head: &str, name: &str) -> Option<String> {
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })
}

fn read(head: &str, body: &str) -> Sent {
    let scope = header(head, "authorization").expect("a signed request");
    let service = scope.split('/').nth(3).expect("a service in the credential's scope");
    let service = match service {
        "ecs" => "ecs",
        "ecr" => "ecr",
        "logs" => "logs",
        "servicediscovery" => "servicediscovery",
        "elasticfilesystem" => "efs",
        "elasticloadbalancing" => "elbv2",
        "ec2" => "ec2",
        "iam" => "iam",
        "ssm" => "ssm",
        "route53" => "route53",
        "scheduler" => "scheduler",
        "application-autoscaling" => "application-autoscaling",
        other => panic!("{other} is not known here"),
    };
    let json = |text: &str| serde_json::from_str(text).unwrap_or(Json::Null);
    if let Some(target) = header(head, "x-amz-target") {
        let operation = kebab(target.rsplit('.').next().expect("an operation"));
        return Sent { service, operation, body: json(body), form: None };
    }
    if let Some(action) = body.split('&').find_map(|pair| pair.strip_prefix("Action=")) {
        let form = Some(query::decode(body));
        return Sent { service, operation: kebab(action), body: Json::Null, form };
    }
    let mut words = head.split_whitespace();
    let (method, path) = (words.next().expect("a method"), words.next().expect("a path"));
    let path = path.split('?').next().unwrap_or(path);
    let operation = match (method, path) {
        ("POST", "/2015-02-01/file-systems") => "create-file-system".to_owned(),
        ("POST", "/2015-02-01/mount-targets") => "create-mount-target".to_owned(),
        ("POST", "/2015-02-01/access-points") => "create-access-point".to_owned(),
        ("POST", path) if service == "scheduler" => return scheduled(path, json(body)),
        ("POST", path) if service == "route53" => return records(path, body),
        ("GET", path) => format!("describe {path}"),
        (method, path) => format!("{method} {path}"),
    };
    Sent { service, operation, body: json(body), form: None }
}

/// Records that Route 53 is asked for; the zone stands in the path, the rest is XML.
fn records(path: &str, body: &str) -> Sent {
    let zone = path.trim_end_matches('/').rsplit('/').nth(1).expect("a zone");
    let (start, batch) = body.split_once("<ChangeBatch>").expect("a batch");
    assert!(start.contains("ChangeResourceRecordSetsRequest"), "{start}");
    let (batch, _) = batch.split_once("</ChangeBatch>").expect("an end");
    let body = serde_json::json!({"HostedZoneId": zone, "ChangeBatch": xml(batch)});
    let operation = "change-resource-record-sets".to_owned();
    Sent { service: "route53", operation, body, form: None }
}

/// What stands between two tags, of which no attribute is needed: members, a list of `Change`, or text.
fn xml(text: &str) -> Json {
    let mut members = serde_json::Map::new();
    let mut rest = text;
    while let Some(after) = rest.strip_prefix('<') {
        let (name, inside) = after.split_once('>').expect("a tag");
        let (inside, after) = inside.split_once(&format!("</{name}>")).expect("its end");
        let value = match name {
            "Changes" => {
                let parts = inside.split("</Change>").filter(|part| !part.is_empty());
                let part = |part: &str| xml(part.strip_prefix("<Change>").expect("a change"));
                parts.map(part).collect::<Vec<_>>().into()
            }
            _ if inside.starts_with('<') => xml(inside),
            "EvaluateTargetHealth" => (inside == "true").into(),
            _ => inside.into(),
        };
        members.insert(name.to_owned(), value);
        rest = after;
    }
    members.into()
}

/// What EventBridge Scheduler is asked to make; its name stands in the path.
fn scheduled(path: &str, mut body: Json) -> Sent {
    let (kind, name) = path.trim_start_matches('/').split_once('/').expect("a name");
    let operation = match kind {
        "schedules" => "create-schedule",
        "schedule-groups" => "create-schedule-group",
        other => panic!("{other} is not known here"),
    };
    body["Name"] = name.into();
    Sent { service: "scheduler", operation: operation.to_owned(), body, form: None }
}

/// `CreateHttpNamespace` as `create-http-namespace`.
fn kebab(operation: &str) -> String {
    let mut out = String::new();
    for c in operation.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('-');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// `create-vpc` as `CreateVpc`.
fn camel(operation: &str) -> String {
    let words = operation.split('-');
    words.map(|word| word[..1].to_ascii_uppercase() + &word[1..]).collect()
}

/// Calls of EC2 after which others make the same resource.
const SEVERAL: [&str; 6] = [
    "create-vpc",
    "modify-vpc-attribute",
    "create-internet-gateway",
    "create-route-table",
    "create-route",
    "associate-route-table",
];

fn is_change(operation: &str) -> bool {
    !["describe", "list", "get"].iter().any(|verb| operation.starts_with(verb))
}

/// Success where a second request follows the first, and for what is read; else a refusal, which ends
/// the creation.
fn answer(sent: &Sent, arn: &str) -> (u16, String) {
    let ok = |text: String| (200, text);
    match (sent.service, sent.operation.as_str()) {
        ("iam", "create-role") => ok(format!(
            "<CreateRoleResponse><CreateRoleResult><Role><Path>/</Path><RoleName>r</RoleName>\
             <RoleId>1</RoleId><Arn>{arn}</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate></Role>\
             </CreateRoleResult></CreateRoleResponse>"
        )),
        ("elbv2", "create-target-group") => ok(format!(
            "<CreateTargetGroupResponse><CreateTargetGroupResult><TargetGroups><member>\
             <TargetGroupArn>{arn}</TargetGroupArn></member></TargetGroups>\
             </CreateTargetGroupResult></CreateTargetGroupResponse>"
        )),
        ("elbv2", "describe-target-group-attributes") => ok(
            "<DescribeTargetGroupAttributesResponse><DescribeTargetGroupAttributesResult><Attributes/>\
             </DescribeTargetGroupAttributesResult></DescribeTargetGroupAttributesResponse>"
                .to_owned(),
        ),
        ("elbv2", "add-tags") => ok(
            "<AddTagsResponse><AddTagsResult/></AddTagsResponse>".to_owned(),
        ),
        ("ec2", operation) if !is_change(operation) => ok(format!("<{}Response/>", camel(operation))),
        // What more requests follow.
        ("ec2", operation) if SEVERAL.contains(&operation) => {
            let id = format!("{}:id", arn.strip_suffix(":arn").unwrap_or(arn));
            let operation = camel(operation);
            ok(format!(
                "<{operation}Response><vpc><vpcId>{id}</vpcId></vpc><internetGateway>\
                 <internetGatewayId>{id}</internetGatewayId></internetGateway><routeTable>\
                 <routeTableId>{id}</routeTableId></routeTable></{operation}Response>"
            ))
        }
        ("ec2", operation) if is_change(operation) => (
            403,
            "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>no</Message>\
             </Error></Errors></Response>"
                .to_owned(),
        ),
        ("iam" | "elbv2" | "route53", _) => (
            403,
            "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error>\
             </ErrorResponse>"
                .to_owned(),
        ),
        ("logs", _) => ok("{}".to_owned()),
        (_, operation) if !is_change(operation) => ok("{}".to_owned()),
        _ => (400, r#"{"__type":"AccessDeniedException","message":"no"}"#.to_owned()),
    }
}
