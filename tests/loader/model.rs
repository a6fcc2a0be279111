use std::path::Path;
use std::time::Duration;

use decklift::compose::model::{
    Condition, FailureAction, HealthTest, Mode, MountKind, Order, PortExposure, Protocol, Restart,
};

use crate::support::{Case, messages};

const SHOP: &str = r#"
name: shop
x-ecs:
  region: eu-west-1
  vpc: vpc-1
  subnets: [subnet-a, subnet-b]
  log_retention: 30
  tags: {team: web}
services:
  web:
    build:
      context: ./web
      dockerfile: web.Dockerfile
      args: [A=1, HOME]
      target: prod
      labels: {l: 1}
      platforms: [linux/arm64]
    platform: linux/arm64
    command: npm start "a b"
    entrypoint: []
    working_dir: /srv
    user: "1000"
    environment: {A: "0644", B: 0644, HOME: , NOWHERE: }
    ports:
      - "8080:80"
      - {target: 53, published: 5353, protocol: udp, host_ip: 127.0.0.1, name: dns, app_protocol: dns, mode: host}
    expose: [90, "91-92"]
    depends_on:
      api: {condition: service_healthy, restart: true}
      job: {condition: service_completed_successfully, required: false}
    healthcheck:
      test: curl -f http://localhost/
      interval: 1m30s
      timeout: 500ms
      retries: 3
      start_period: 10s
      start_interval: 2s
    deploy:
      mode: global
      labels: [d=1]
      update_config:
        parallelism: 2
        order: start-first
        failure_action: rollback
        delay: 5s
        monitor: 1m
        max_failure_ratio: 0.25
      resources:
        limits: {cpus: "0.5", memory: 64MiB, pids: 10}
        reservations: {memory: 1.5g}
    volumes: [data:/data/, ./conf:/etc/conf:ro, /cache]
    tmpfs: /run:size=64m
    networks: {front: {aliases: [www]}, back: }
    labels: [a=b, c]
    restart: on-failure:3
    stop_grace_period: 1m
    hostname: www
    init: true
    read_only: "on"
    tty: false
    stdin_open: "true"
    x-ecs:
      cpu: 512
      memory: 2g
      ports: {80: public, 53: none}
      http: {health_check: /health, deregistration_delay: 5}
  api:
    image: api:1.10
    cpus: 0.25
    mem_limit: 512m
    mem_reservation: 268435456
    scale: 2
    healthcheck: {test: [CMD, check, it]}
  job: {image: job, networks: [back]}
networks: {front: , back: {internal: true, name: backend}, unused: }
volumes: {data: {driver: local, driver_opts: {a: 1}}, unused: }
"#;

#[test]
fn every_attribute_arrives() {
    let case = Case::new(&[("compose.yaml", SHOP)]).variable("HOME", "/home/me");
    let loaded = case.load();
    assert!(!loaded.diagnostics.has_errors(), "{}", case.drawn());
    let project = loaded.project.expect("a project");
    assert_eq!(project.name, "shop");
    assert_eq!(project.directory, case.options.cwd);
    assert_eq!(project.extension.subnets.len(), 2);
    assert_eq!(project.extension.log_retention.as_ref().map(|days| days.value), Some(30));
    assert_eq!(project.extension.tags["team"].value, "web");
    assert_eq!(project.networks.keys().collect::<Vec<_>>(), ["front", "back", "default"]);
    assert_eq!(project.volumes.keys().collect::<Vec<_>>(), ["data"]);
    assert!(project.networks["back"].internal);
    assert_eq!(project.volumes["data"].driver_opts["a"].value, "1");

    let web = &project.services["web"];
    let build = &web.build.as_ref().expect("a build").value;
    assert_eq!(build.context.value, case.path("web"));
    assert_eq!(build.dockerfile.as_ref().map(|name| name.value.as_str()), Some("web.Dockerfile"));
    let args: Vec<_> = build.args.iter().map(|(k, v)| format!("{k}={}", v.value)).collect();
    assert_eq!(args, ["A=1", "HOME=/home/me"]);
    assert_eq!(web.command.as_ref().expect("a command").value, ["npm", "start", "a b"]);
    assert_eq!(web.entrypoint.as_ref().map(|words| words.value.len()), Some(0));
    let environment: Vec<_> =
        web.environment.iter().map(|(k, v)| format!("{k}={}", v.value)).collect();
    assert_eq!(environment, ["A=0644", "B=420", "HOME=/home/me"]);
    let [first, second] = &web.ports[..] else { panic!("two ports: {:?}", web.ports) };
    assert_eq!((first.value.target, first.value.published), (80, Some(8080)));
    assert_eq!(second.value.protocol, Protocol::Udp);
    assert_eq!(second.value.host_ip.as_deref(), Some("127.0.0.1"));
    assert!(second.value.host_mode);
    let exposed: Vec<_> = web.expose.iter().map(|port| port.value.target).collect();
    assert_eq!(exposed, [90, 91, 92]);
    let api = web.depends_on["api"].value;
    assert_eq!((api.condition, api.restart, api.required), (Condition::Healthy, true, true));
    assert!(!web.depends_on["job"].value.required);
    let kinds: Vec<_> = web.mounts.iter().map(|mount| &mount.value.kind).collect();
    assert_eq!(
        kinds,
        [
            &MountKind::Tmpfs { size: Some(64 << 20), options: Vec::new() },
            &MountKind::Volume("data".into()),
            &MountKind::Bind(case.path("conf")),
            &MountKind::Anonymous,
        ]
    );
    assert_eq!(web.mounts[1].value.target, "/data");
    assert!(web.mounts[2].value.read_only);
    assert_eq!(web.networks["front"].aliases[0].value, "www");
    assert_eq!(web.labels["c"].value, "");
    assert_eq!(web.restart.as_ref().map(|restart| restart.value), Some(Restart::OnFailure));
    assert_eq!(web.read_only.as_ref().map(|on| on.value), Some(true));
    assert_eq!(web.extension.cpu.as_ref().map(|cpu| cpu.value), Some(512));
    assert_eq!(web.extension.memory.as_ref().map(|memory| memory.value), Some(2 << 30));
    assert_eq!(web.extension.ports[&80].value, PortExposure::Public);
    assert_eq!(web.extension.ports[&53].value, PortExposure::None);
    let path = web.extension.http.health_check.as_ref().map(|path| path.value.as_str());
    assert_eq!(path, Some("/health"));
}

#[test]
fn checks_and_rollouts_arrive() {
    let loaded = Case::new(&[("compose.yaml", SHOP)]).load();
    let project = loaded.project.expect("a project");
    let web = &project.services["web"];
    let check = &web.healthcheck.as_ref().expect("a check").value;
    let shell = HealthTest::Shell("curl -f http://localhost/".into());
    assert_eq!(check.test.as_ref().map(|test| &test.value), Some(&shell));
    assert_eq!(check.interval.as_ref().map(|d| d.value), Some(Duration::from_secs(90)));
    assert_eq!(check.timeout.as_ref().map(|d| d.value), Some(Duration::from_millis(500)));
    let update = &web.deploy.update_config.as_ref().expect("an update").value;
    assert_eq!(update.order.as_ref().map(|order| order.value), Some(Order::StartFirst));
    let action = update.failure_action.as_ref().map(|action| action.value);
    assert_eq!(action, Some(FailureAction::Rollback));
    assert_eq!(update.max_failure_ratio.as_ref().map(|ratio| ratio.value), Some(0.25));
    assert_eq!(web.deploy.mode.as_ref().map(|mode| mode.value), Some(Mode::Global));
    assert_eq!(web.deploy.limits.memory.as_ref().map(|m| m.value), Some(64 << 20));
    assert_eq!(web.deploy.reservations.memory.as_ref().map(|m| m.value), Some(3 << 29));

    let api = &project.services["api"];
    assert_eq!(api.image.as_ref().map(|image| image.value.as_str()), Some("api:1.10"));
    assert_eq!(api.cpus.as_ref().map(|cpus| cpus.value), Some(0.25));
    assert_eq!(api.mem_reservation.as_ref().map(|memory| memory.value), Some(256 << 20));
    assert_eq!(api.replicas(), 2);
    assert!(api.networks.contains_key("default"));
    let words = HealthTest::Command(vec!["check".into(), "it".into()]);
    let test = api.healthcheck.as_ref().and_then(|check| check.value.test.as_ref());
    assert_eq!(test.map(|test| &test.value), Some(&words));
}

#[test]
fn every_place_shows_what_it_says() {
    let loaded = Case::new(&[("compose.yaml", SHOP)]).load();
    let project = loaded.project.expect("a project");
    let slice = |span| loaded.sources.slice(span);
    let web = &project.services["web"];
    assert_eq!(slice(web.span()), "web");
    assert_eq!(slice(web.user.as_ref().expect("a user").span), "\"1000\"");
    assert_eq!(slice(web.environment["B"].span), "0644");
    assert_eq!(slice(web.ports[0].span), "\"8080:80\"");
    assert_eq!(slice(web.depends_on["api"].span), "api");
    assert_eq!(slice(web.extension.ports[&53].span), "none");
    assert_eq!(slice(web.mounts[1].span), "data:/data/");
    assert_eq!(slice(project.networks["back"].span), "back");
    assert_eq!(slice(project.networks["default"].span), "services");
}

#[test]
fn what_is_at_fault_is_left_out_of_the_project() {
    let text = "services:\n  a: {ports: [\"80\"]}\n  b: {image: x, depends_on: [a, c, b]}\n  c: {image: x, depends_on: [b], networks: [n], volumes: [vol:/v]}\n";
    let loaded = Case::new(&[("compose.yaml", text)]).load();
    assert_eq!(
        messages(&loaded),
        [
            "error no-image-no-build: `a` has neither `image` nor `build`",
            "error dependency-cycle: services depend on each other in a circle: `b` → `c` → `b`",
            "error dependency-cycle: `b` depends on itself",
            "error undefined-reference: the network `n` is not defined",
            "error undefined-reference: the volume `vol` is not defined",
        ]
    );
    let project = loaded.project.expect("a project");
    assert_eq!(project.services.keys().collect::<Vec<_>>(), ["b", "c"]);
    assert_eq!(project.services["b"].depends_on.keys().collect::<Vec<_>>(), ["c"]);
    assert!(project.services["c"].depends_on.is_empty());
    assert!(project.services["c"].mounts.is_empty());
    assert!(Path::new(&project.directory).is_absolute());
}
