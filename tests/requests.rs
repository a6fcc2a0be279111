//! What `convert` prints is what `deploy` sends: the bodies of the requests that the SDK emits,
//! captured on the wire, are the files of the export with the references filled in.
//!
//! Two things differ on purpose. A token that makes a call repeatable is new in every run, so no file
//! can have it ([`TOKENS`]). A service whose names others wait for is made without tasks first, as
//! `manifest.json` says (`"with": {"desiredCount": 0}`).

#[path = "requests/query.rs"]
mod query;
#[path = "requests/wire.rs"]
mod wire;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use decklift::apply::Cloud;
use decklift::aws::{Aws, ConnectOptions, Sandbox};
use decklift::compose::model::{Cidr, Vpc};
use decklift::compose::{LoadOptions, load};
use decklift::ecs::desired::{Attribute, Body, Desired, Kind, Resource, ResourceId};
use decklift::ecs::facts::{Facts, ImageFacts, MadeNetwork, NetworkFacts, Origin};
use decklift::ecs::{translate, validate};
use decklift::export::requests;
use serde_json::{Value as Json, json};
use wire::{Sent, Wire};

/// Service, operation and the member that only the wire has.
const TOKENS: [(&str, &str, &str); 8] = [
    ("ec2", "create-nat-gateway", "ClientToken"),
    ("ec2", "create-route-table", "ClientToken"),
    ("ecs", "create-service", "clientToken"),
    ("servicediscovery", "create-http-namespace", "CreatorRequestId"),
    ("servicediscovery", "create-private-dns-namespace", "CreatorRequestId"),
    ("servicediscovery", "create-service", "CreatorRequestId"),
    ("scheduler", "create-schedule-group", "ClientToken"),
    ("scheduler", "create-schedule", "ClientToken"),
];

const RICH: &str = r#"
name: rich
x-ecs: {log_retention: 7, tags: {team: "a b:c=d+e"}}
services:
  web:
    image: registry.example/web:1.2
    command: ["serve", "--title=Äpfel & 'Birnen'"]
    entrypoint: /bin/app
    working_dir: /srv
    user: "1000:1000"
    read_only: true
    init: true
    tty: true
    stdin_open: true
    tmpfs: /run
    platform: linux/arm64
    stop_grace_period: 45s
    labels: {com.example.a: "1", com.example.b: two}
    environment: {EMPTY: "", SPACED: " a ", NUMBER: "010", LINES: "a\nb"}
    ports: ["80:8080", "8443:8443", "9090"]
    x-ecs: {http: {health_check: /healthz}, memory: 2GB, cpu: 512}
    healthcheck: {test: [CMD, /bin/check], interval: 20s, timeout: 3s, retries: 2, start_period: 40s}
    depends_on: {db: {condition: service_healthy}}
    networks: {front: {aliases: [www]}, back: {}}
    deploy:
      replicas: 3
      update_config: {parallelism: 1, order: start-first, failure_action: rollback}
      resources: {limits: {cpus: "0.5", memory: 512M}, reservations: {memory: 256M}}
  db:
    image: registry.example/db:9
    expose: ["5432", "53/udp"]
    volumes: ["data:/var/lib/db", "shared:/shared:ro"]
    networks: [back]
    healthcheck: {test: pg_isready}
    stop_grace_period: 30s
    deploy: {update_config: {order: stop-first}}
  quiet:
    image: registry.example/quiet:1
    networks: [back]
    volumes: ["shared:/shared"]
    healthcheck: {disable: true}
    x-ecs:
      ports: {}
      secret_env:
        TOKEN: /rich/token
        DB: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:rich/db-AbCdEf:password::"
      env_files_s3: ["s3://conf/b.env", "s3://conf/a.env"]
    deploy: {replicas: 0, update_config: {failure_action: continue}}
networks: {front: {}, back: {}}
volumes: {data: {}, shared: {}}
"#;

const SMALL: &str = "
name: small
services:
  one: {image: 'registry.example/one:1'}
";

const CLOCK: &str = r#"
name: clock
services:
  web:
    image: registry.example/web:1
    ports: ["80:80"]
    x-ecs: {autoscaling: {min: 2, max: 8, cpu: 65.5, memory: 80, requests: 900, cooldown: 120}}
  report: {image: 'registry.example/report:1', x-ecs: {schedule: cron(0 3 ? * MON-FRI *)}}
  sweep: {image: 'registry.example/sweep:1', scale: 3, x-ecs: {schedule: rate(5 minutes)}}
"#;

const NAMED: &str = r#"
name: named
x-ecs: {domain: [shop.example.com, "*.shop.example.com"]}
services:
  web: {image: 'registry.example/web:1', ports: ["80:80"]}
  api:
    image: 'registry.example/api:1'
    ports: ["81:80"]
    x-ecs: {ports: {80: internal}, http: {alias: api.example.com}}
"#;

const NETWORK: &str = r#"
name: network
x-ecs: {vpc: {create: true, nat: each-zone, endpoints: [s3, ecr.api]}}
services:
  web: {image: 'registry.example/web:1', ports: ["80:80"]}
"#;

/// Facts as AWS gives them.
fn facts(services: impl Iterator<Item = String>) -> Facts {
    Facts {
        partition: "aws".to_owned(),
        account: "111122223333".to_owned(),
        region: "eu-west-1".to_owned(),
        network: NetworkFacts {
            vpc_id: "vpc-1".into(),
            task_subnets: vec!["subnet-1".into(), "subnet-2".into()],
            assign_public_ip: true,
            load_balancer_subnets: vec!["subnet-1".into(), "subnet-2".into()],
            zone_subnets: vec![
                ("eu-west-1a".to_owned(), "subnet-1".into()),
                ("eu-west-1b".to_owned(), "subnet-2".into()),
            ],
            assumed_public: false,
            subnets: Vec::new(),
            origin: Origin::Default,
        },
        balancers: std::collections::BTreeMap::new(),
        dockerfiles: BTreeMap::new(),
        certificates: BTreeMap::new(),
        zones: ["shop.example.com", "*.shop.example.com", "api.example.com"]
            .map(|name| (name.to_owned(), "Z0123456789".to_owned()))
            .into(),
        images: services
            .map(|service| (service, ImageFacts { tag: "sha-0123456789abcdef".to_owned() }))
            .collect(),
        cached: BTreeMap::new(),
        pinned: BTreeMap::new(),
        secrets: BTreeMap::new(),
        paths: std::collections::BTreeMap::new(),
    }
}

fn desired(options: &LoadOptions, environment: Option<&str>) -> Desired {
    let loaded = load(options);
    let project = loaded.project.as_ref().expect("a project");
    let mut facts = facts(project.services.keys().cloned());
    if let Some(Vpc::Create(new)) = project.extension.vpc.as_ref().map(|vpc| &vpc.value) {
        facts.network = NetworkFacts::of(MadeNetwork {
            cidr: Cidr::DEFAULT,
            zones: ["eu-west-1a".to_owned(), "eu-west-1b".to_owned()],
            nat: new.nat,
            endpoints: vec!["ecr.api".to_owned(), "s3".to_owned()],
        });
    }
    let translation = translate(project, environment, &facts);
    let faults = validate(&translation.desired);
    let errors: Vec<_> = loaded
        .diagnostics
        .into_iter()
        .chain(translation.diagnostics)
        .chain(faults)
        .filter(|found| found.severity == decklift::diagnostic::Severity::Error)
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    filled_in(&translation.desired)
}

/// What AWS would give: a text that names the resource and the attribute.
fn given(id: &ResourceId, attribute: Attribute) -> String {
    format!("arn:aws:x:{id}:{}", attribute.as_str())
}

fn filled_in(desired: &Desired) -> Desired {
    let mut filled = desired.clone();
    for resource in filled.resources.values_mut() {
        resource.body = resource.body.resolve(&|id, attribute| Some(given(id, attribute)));
    }
    filled
}

fn of_text(text: &str) -> Desired {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("compose.yaml"), text).expect("a file");
    desired(&LoadOptions { cwd: folder.path().to_owned(), ..LoadOptions::default() }, None)
}

async fn connect(wire: &Wire) -> Aws {
    let options = ConnectOptions {
        region: Some("eu-west-1".to_owned()),
        sandbox: Some(Sandbox { endpoint: wire.url.clone(), registry: None, scaling: true }),
        attempts: Some(1),
        poll: Some(Duration::from_millis(1)),
        ..ConnectOptions::default()
    };
    Aws::connect(options).await.expect("a connection")
}

/// What creating a resource sends, reading aside.
async fn sent(aws: &Aws, wire: &Wire, resource: &Resource, idle: bool) -> Vec<Sent> {
    wire.prepare(&given(&resource.id, Attribute::Arn));
    // What the wire answers is mostly a refusal: what was sent is what counts.
    let _ = aws.create(&resource.id, &resource.body, idle).await;
    wire.take()
}

/// Every request of a resource against its files.
fn compare(resource: &Resource, files: &BTreeMap<String, Json>, sent: Vec<Sent>, idle: bool) {
    let id = &resource.id;
    let wanted: Vec<_> = resource.requests();
    let names: Vec<_> = sent.iter().map(|one| (one.service, one.operation.as_str())).collect();
    let wanted_names: Vec<_> = wanted.iter().map(|one| (one.service, one.operation)).collect();
    assert_eq!(names, wanted_names, "{id}");
    for (request, mut one) in wanted.into_iter().zip(sent) {
        let path = format!("{}/{}/{}.json", request.service, request.operation, request.name);
        let mut file = files.get(&path).unwrap_or_else(|| panic!("no {path}")).clone();
        for (service, operation, token) in TOKENS {
            if (service, operation) == (request.service, request.operation) {
                assert!(file.get(token).is_none(), "{path} has a token");
                let in_body = one.body.as_object_mut().and_then(|body| body.remove(token));
                let in_body = in_body.and_then(|token| token.as_str().map(str::to_owned));
                let in_form = one.form.as_mut().and_then(|form| form.remove(token));
                let token = in_body.or(in_form);
                assert!(token.is_some_and(|token| !token.is_empty()), "{path}");
            }
        }
        if idle && request.operation == "create-service" {
            file["desiredCount"] = json!(0);
        }
        match one.form {
            // A query has no numbers and no nesting: what the file says, as a query.
            Some(form) => assert_eq!(form, query::encode(request.service, &file), "{path}"),
            None => similar(&path, &file, &one.body),
        }
    }
}

fn similar(path: &str, file: &Json, body: &Json) {
    let text = |json: &Json| serde_json::to_string_pretty(json).expect("JSON");
    assert!(file == body, "{path}\nconvert writes {}\ndeploy sends {}", text(file), text(body));
}

async fn check(desired: &Desired) -> usize {
    let wire = Wire::start();
    let aws = connect(&wire).await;
    let files: BTreeMap<String, Json> = requests(desired)
        .into_iter()
        .map(|file| (file.path, serde_json::from_str(&file.text).expect("JSON")))
        .collect();
    let mut count = 0;
    for resource in desired.resources.values() {
        // An image is pushed, not requested.
        if matches!(resource.body, Body::Image(_)) {
            continue;
        }
        let idles: &[bool] =
            if resource.id.kind == Kind::Service { &[false, true] } else { &[false] };
        for idle in idles {
            let sent = sent(&aws, &wire, resource, *idle).await;
            count += sent.len();
            compare(resource, &files, sent, *idle);
        }
    }
    count
}

#[tokio::test]
async fn the_example_is_sent_as_it_is_written() {
    let cwd = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/shop");
    let options = LoadOptions { cwd, ..LoadOptions::default() };
    assert!(check(&desired(&options, None)).await > 20);
    assert!(check(&desired(&options, Some("prod"))).await > 20);
}

#[tokio::test]
async fn a_rich_file_is_sent_as_it_is_written() {
    assert!(check(&of_text(RICH)).await > 20);
}

#[tokio::test]
async fn what_scales_and_what_runs_by_the_clock_is_sent_as_it_is_written() {
    let desired = of_text(CLOCK);
    let count = |kind| desired.resources.keys().filter(|id| id.kind == kind).count();
    let kinds = [Kind::ScalableTarget, Kind::ScalingPolicy, Kind::ScheduleGroup, Kind::Schedule];
    assert_eq!(kinds.map(count), [1, 3, 1, 2]);
    assert!(check(&desired).await > 20);
}

#[tokio::test]
async fn names_are_sent_as_they_are_written() {
    let desired = of_text(NAMED);
    let records = desired.resources.keys().filter(|id| id.kind == Kind::AliasRecord).count();
    assert_eq!(records, 3);
    assert!(check(&desired).await > 20);
}

#[tokio::test]
async fn a_network_is_sent_as_it_is_written() {
    let desired = of_text(NETWORK);
    let count = |kind| desired.resources.keys().filter(|id| id.kind == kind).count();
    let kinds = [Kind::Vpc, Kind::Subnet, Kind::NatGateway, Kind::RouteTable, Kind::VpcEndpoint];
    assert_eq!(kinds.map(count), [1, 4, 2, 3, 2]);
    assert!(check(&desired).await > 30);
}

#[tokio::test]
async fn a_small_file_is_sent_as_it_is_written() {
    assert!(check(&of_text(SMALL)).await > 3);
}
