//! The AWS module against an emulator of AWS: everything is made, read back, made again, changed and
//! deleted.

#[path = "aws/alarms.rs"]
mod alarms;
#[path = "aws/app.rs"]
mod app;
#[path = "aws/balancing.rs"]
mod balancing;
#[path = "aws/clock.rs"]
mod clock;
#[path = "aws/drift.rs"]
mod drift;
#[path = "aws/emulator.rs"]
mod emulator;
#[path = "aws/existing.rs"]
mod existing;
#[path = "aws/first.rs"]
mod first;
#[path = "aws/scaling.rs"]
mod scaling;
#[path = "aws/secrets.rs"]
mod secrets;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use app::{App, add};
use decklift::apply::cloud::{Changed, Cloud, CloudErrorKind};
use decklift::aws::{Aws, ConnectOptions, NetworkRequest, Sandbox};
use decklift::ecs::desired::*;
use decklift::ecs::facts::NetworkFacts;
use decklift::plan::{Action, Actual, Plan, Removal, plan, plan_removal};
use emulator::Emulator;

async fn connect(endpoint: &str) -> Aws {
    let registry = endpoint.trim_start_matches("http://").to_owned();
    let sandbox =
        Sandbox { endpoint: endpoint.to_owned(), registry: Some(registry), scaling: false };
    let options = ConnectOptions {
        sandbox: Some(sandbox),
        poll: Some(Duration::from_millis(50)),
        ..ConnectOptions::default()
    };
    Aws::connect(options).await.expect("a connection")
}

/// Carries a plan out, one step after the other.
async fn carry_out(aws: &Aws, desired: &Desired, plan: &Plan) -> BTreeMap<ResourceId, Changed> {
    let mut known = plan.known.clone();
    let mut done = BTreeMap::new();
    for step in &plan.steps {
        let id = &step.resource;
        let body = desired.resources.get(id).map(|resource| {
            resource.body.resolve(&|id, attribute| known.get(id)?.get(&attribute).cloned())
        });
        let changed = match (step.action, body) {
            (Action::Rollout, _) => Changed::default(),
            (Action::Delete, _) => {
                let observed = step.observed.as_ref().expect("something to delete");
                aws.delete(id, observed).await.unwrap_or_else(|e| panic!("delete {id}: {e:?}"));
                Changed::default()
            }
            (Action::Create | Action::CreateIdle, Some(body)) => aws
                .create(id, &body, step.action == Action::CreateIdle)
                .await
                .unwrap_or_else(|e| panic!("create {id}: {e:?}")),
            (action, Some(body)) => aws
                .update(id, &body, action, &step.changes)
                .await
                .unwrap_or_else(|e| panic!("update {id}: {e:?}")),
            (_, None) => panic!("{id} is not desired"),
        };
        known.entry(id.clone()).or_default().extend(changed.attributes.clone());
        done.insert(id.clone(), changed);
    }
    done
}

fn list(plan: &Plan) -> Vec<String> {
    plan.steps
        .iter()
        .map(|step| {
            format!("{:?} {} {:?} {:?}", step.action, step.resource, step.changes, step.reason)
        })
        .collect()
}

async fn observe(aws: &Aws, desired: &Desired) -> Actual {
    aws.observe(desired).await.unwrap_or_else(|e| panic!("observe: {e:?}"))
}

/// Steps beyond waiting for a rollout.
async fn changes(aws: &Aws, desired: &Desired) -> Plan {
    let mut plan = plan(desired, &observe(aws, desired).await);
    plan.steps.retain(|step| step.action != Action::Rollout);
    plan
}

/// AWS's default VPC has a route to its internet gateway, MiniStack's has none. Does nothing where
/// the sandbox's adapter has added it already.
fn route_out(endpoint: &str) {
    let address = endpoint.trim_start_matches("http://");
    let body = "Action=CreateRoute&Version=2016-11-15&RouteTableId=rtb-00000001\
        &DestinationCidrBlock=0.0.0.0/0&GatewayId=igw-00000001";
    http(address, "POST", "/", "application/x-www-form-urlencoded", body);
}

async fn network(aws: &Aws, endpoint: &str) -> NetworkFacts {
    route_out(endpoint);
    let request = NetworkRequest { load_balancer: true, ..NetworkRequest::default() };
    aws.facts(&request).await.expect("facts").network
}

fn stack(name: &str) -> String {
    let now = std::time::SystemTime::now();
    let now = now.duration_since(std::time::UNIX_EPOCH).expect("a clock").as_nanos();
    format!("{name}{:x}", now % 0xffff_ffff)
}

#[tokio::test(flavor = "current_thread")]
async fn everything_is_made_read_changed_and_deleted() {
    let Some(emulator) = Emulator::start("all") else { return };
    let aws = connect(&emulator.endpoint).await;
    let facts = network(&aws, &emulator.endpoint).await;
    let mut app = App::new(&stack("all"), facts);
    let desired = app.desired();
    assert_eq!(observe(&aws, &desired).await, Actual::default());

    let first = plan(&desired, &Actual::default());
    let made = carry_out(&aws, &desired, &first).await;
    assert_eq!(list(&changes(&aws, &desired).await), Vec::<String>::new());

    // Every creation may be repeated. Its answer was lost, say; only revisions are new.
    let again = carry_out(&aws, &desired, &first).await;
    for (id, changed) in &made {
        if !matches!(id.kind, Kind::TaskDefinition | Kind::Service) {
            assert_eq!(changed.attributes, again[id].attributes, "{id}");
        }
    }
    let task = &again[&ResourceId::new(Kind::TaskDefinition, "web")];
    assert!(task.detail.as_ref().is_some_and(|detail| detail.starts_with("revision ")));
    assert_eq!(list(&changes(&aws, &desired).await), Vec::<String>::new());

    app.retention = 7;
    app.path = "/".to_owned();
    app.replicas = 1;
    app.environment.pop();
    let desired = app.desired();
    let plan = changes(&aws, &desired).await;
    assert_eq!(plan.steps.len(), 4, "{:#?}", list(&plan));
    let changed = carry_out(&aws, &desired, &plan).await;
    let service = ResourceId::new(Kind::Service, "web");
    assert!(changed[&service].deployment.is_some());
    assert_eq!(list(&changes(&aws, &desired).await), Vec::<String>::new());
    let Body::Service(body) = &observe(&aws, &desired).await.resources[&service].body else {
        panic!()
    };
    let status = aws.status(body).await.expect("a status");
    assert!(status.deployments[0].primary);
    assert_eq!(Some(&status.deployments[0].id), changed[&service].deployment.as_ref());
    let failures = aws.failures(body, &status.deployments[0].id).await.expect("failures");
    assert!(failures.is_empty(), "{failures:?}");
    // Stopped, it has no tasks, and that shows.
    aws.update(&service, &desired.resources[&service].body, Action::Stop, &[])
        .await
        .expect("a stop");
    assert_eq!(changes(&aws, &desired).await.steps.len(), 1);

    // What is no longer desired is found by its tags, its path or its prefix, and goes.
    let mut less = app.desired();
    less.resources.retain(|id, _| matches!(id.kind, Kind::Cluster | Kind::Repository));
    let actual = observe(&aws, &less).await;
    assert_eq!(actual.orphans.len(), desired.resources.len() - 2, "{:#?}", actual.orphans);
    // A deploy leaves what holds data.
    let kinds: Vec<Kind> =
        changes(&aws, &less).await.steps.iter().map(|step| step.resource.kind).collect();
    assert!(kinds.contains(&Kind::Service) && !kinds.contains(&Kind::FileSystem), "{kinds:?}");
    let nothing = Desired { stack: app.stack.clone(), ..Desired::default() };
    let last =
        plan_removal(&app.stack, &actual, Removal { volumes: true, images: true, secrets: true });
    carry_out(&aws, &nothing, &last).await;
    // To delete what is gone is no error.
    carry_out(&aws, &nothing, &last).await;
    assert_eq!(observe(&aws, &app.desired()).await, Actual::default());
}

#[tokio::test(flavor = "current_thread")]
async fn what_somebody_else_made_is_left_alone() {
    let Some(emulator) = Emulator::start("own") else { return };
    let aws = connect(&emulator.endpoint).await;
    let facts = network(&aws, &emulator.endpoint).await;
    let app = App::new(&stack("own"), facts);
    let desired = app.desired();
    for kind in
        [Kind::Cluster, Kind::Namespace, Kind::Repository, Kind::SecurityGroup, Kind::LoadBalancer]
    {
        let resource = desired.resources.values().find(|r| r.id.kind == kind).expect("a resource");
        // The same name, made for another project.
        let group = ResourceId::new(Kind::SecurityGroup, "x");
        let mut json = serde_json::to_string(&resource.body).expect("json");
        json = json.replace(
            &format!("decklift:project\",\"value\":\"{}", app.stack),
            "decklift:project\",\"value\":\"other",
        );
        json = json.replace(
            &format!("decklift:project\",\"Value\":\"{}", app.stack),
            "decklift:project\",\"Value\":\"other",
        );
        json = json.replace("decklift:project\":\"", "decklift:project\":\"other");
        let theirs: Body = serde_json::from_str(&json).expect("a body");
        let theirs = theirs.resolve(&|_, _| Some("sg-1".to_owned()));
        let made = aws
            .create(&resource.id, &theirs, false)
            .await
            .unwrap_or_else(|e| panic!("{kind:?}: {e:?}"));
        // To AWS a load balancer of the same name with the same settings is the same one.
        let ours = resource.body.resolve(&|_, _| Some("sg-2".to_owned()));
        let error = aws.create(&resource.id, &ours, false).await.expect_err("not ours");
        assert_eq!(error.kind, CloudErrorKind::NotOurs, "{kind:?}: {error:?}");
        assert!(error.help.is_some());
        let observed = decklift::plan::Observed {
            body: theirs,
            attributes: made.attributes,
            tags_known: true,
            live: None,
        };
        aws.delete(&group, &observed).await.unwrap_or_else(|e| panic!("{kind:?}: {e:?}"));
    }
}

#[tokio::test(flavor = "current_thread")]
async fn an_image_is_found_by_its_tag() {
    let Some(emulator) = Emulator::start("image") else { return };
    let aws = connect(&emulator.endpoint).await;
    let facts = network(&aws, &emulator.endpoint).await;
    let app = App::new(&stack("img"), facts);
    let mut desired = app.desired();
    desired.resources.retain(|id, _| id.kind == Kind::Repository);
    let repository = format!("{}/web", app.stack);
    let image = Image {
        repository_name: repository.clone(),
        registry: None,
        shared: false,
        image_tag: "src-1".to_owned(),
        platform: "linux/amd64".to_owned(),
        base: None,
        assets: Vec::new(),
        stop_signal: None,
        cleared: Vec::new(),
    };
    let id = ResourceId::new(Kind::Image, "web");
    assert_eq!(aws.stored_images(&image).await.expect("an answer"), []);
    carry_out(&aws, &desired, &plan(&desired, &Actual::default())).await;
    add(&mut desired, id.clone(), Body::Image(Box::new(image.clone())));
    assert!(!observe(&aws, &desired).await.resources.contains_key(&id));

    let auth = aws.registry_auth(None).await.expect("a token");
    assert_eq!(format!("http://{}", auth.address), emulator.endpoint);
    assert_eq!(auth.username, "AWS");
    let manifest = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[]}"#;
    push(&auth.address, &repository, "{}", manifest);
    let stored = aws.stored_images(&image).await.expect("an answer");
    let [stored] = &stored[..] else { panic!("{stored:?}") };
    assert_eq!(stored.tags, ["src-1"]);
    let digest = &stored.digest;
    let actual = observe(&aws, &desired).await;
    let uri = actual.attribute(&id, Attribute::Uri).expect("a URI");
    assert_eq!(uri, format!("{}/{repository}@{digest}", auth.address));
    assert!(plan(&desired, &actual).is_empty());
    let nothing = Desired { stack: app.stack.clone(), ..Desired::default() };
    assert!(observe(&aws, &nothing).await.orphans.is_empty(), "nobody says whose it is");
    let repository = ResourceId::new(Kind::Repository, "web");
    aws.delete(&repository, &actual.resources[&repository]).await.expect("a deletion");
    assert_eq!(observe(&aws, &desired).await, Actual::default());
}

/// Pushes an image without layers over the registry protocol.
fn push(address: &str, repository: &str, config: &str, manifest: &str) {
    let digest = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    let started = http(address, "POST", &format!("/v2/{repository}/blobs/uploads/"), "", "");
    let location = started
        .lines()
        .find_map(|line| {
            line.to_ascii_lowercase().starts_with("location:").then(|| line[9..].trim().to_owned())
        })
        .unwrap_or_else(|| panic!("no location: {started}"));
    let path = location.strip_prefix(&format!("http://{address}")).unwrap_or(&location).to_owned();
    let separator = if path.contains('?') { '&' } else { '?' };
    let put = format!("{path}{separator}digest={digest}");
    let answer = http(address, "PUT", &put, "application/octet-stream", config);
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let kind = "application/vnd.oci.image.manifest.v1+json";
    let answer = http(address, "PUT", &format!("/v2/{repository}/manifests/src-1"), kind, manifest);
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
}

fn http(address: &str, method: &str, path: &str, kind: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("a connection");
    let kind = if kind.is_empty() { "text/plain" } else { kind };
    let credential = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=x";
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: {kind}\r\nAuthorization: {credential}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

#[tokio::test(flavor = "current_thread")]
async fn an_endpoint_that_does_not_answer_is_said_quickly() {
    let started = std::time::Instant::now();
    let aws = connect("http://127.0.0.1:1").await;
    let error = aws.identity().await.expect_err("nobody listens there");
    assert_eq!(error.kind, CloudErrorKind::Unreachable, "{error:?}");
    assert!(error.help.is_some());
    assert!(started.elapsed() < Duration::from_secs(10));
}
