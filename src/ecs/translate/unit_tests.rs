use crate::compose::model::{Condition, HealthTest, Namespaces, Service};
use crate::diagnostic::{Code, Severity};
use crate::ecs::Translation;
use crate::ecs::desired::{Gate, Kind, ResourceId};
use crate::ecs::rules::job::job_id;
use crate::ecs::testing::{
    at, built, depends, ecs_service, env, exposed, find, has, healthcheck, loud, networks, port,
    resource, run, service, task, volume_mount,
};

/// A service in the network of another one.
fn sharing(name: &str, with: &str) -> Service {
    let mut service = service(name, "acme/side");
    service.networks.clear();
    let network_mode = Some(at(format!("service:{with}")));
    service.namespaces = Some(Box::new(Namespaces { network_mode, ..Namespaces::default() }));
    depends(&mut service, with, Condition::Started);
    service
}

/// The containers of a task, in order.
fn containers<'a>(done: &'a Translation, name: &str) -> Vec<&'a str> {
    task(done, name).container_definitions.iter().map(|c| c.name.as_str()).collect()
}

fn errors(done: &Translation) -> Vec<Code> {
    let found = loud(&done.diagnostics).into_iter();
    found.filter(|(severity, _)| *severity == Severity::Error).map(|(_, code)| code).collect()
}

#[test]
fn services_in_one_network_are_one_task() {
    let mut app = service("app", "acme/app:1");
    app.ports = vec![port(80, 8080)];
    let done = run(vec![sharing("proxy", "app"), app, service("other", "acme/other:1")]);
    assert_eq!(containers(&done, "app"), ["app", "proxy"]);
    assert_eq!(containers(&done, "other"), ["other"]);
    assert!(!has(&done, Kind::Service, "proxy") && !has(&done, Kind::Role, "proxy"));
    // Each has a log of its own, as each had one under Compose.
    assert!(has(&done, Kind::LogGroup, "proxy") && has(&done, Kind::LogGroup, "app"));
    let waits = &task(&done, "app").container_definitions[1].depends_on;
    assert_eq!((&*waits[0].container_name, &*waits[0].condition), ("app", "START"));
    assert_eq!(loud(&done.diagnostics), []);
}

#[test]
fn the_one_that_publishes_ports_names_the_unit() {
    let mut one = service("one", "acme/one:1");
    let mut two = service("two", "acme/two:1");
    one.extension.task = Some(at("both".to_owned()));
    two.extension.task = Some(at("both".to_owned()));
    let done = run(vec![one.clone(), two.clone()]);
    assert_eq!(containers(&done, "one"), ["one", "two"]);
    two.ports = vec![port(80, 80)];
    let done = run(vec![one, two]);
    assert_eq!(containers(&done, "two"), ["two", "one"]);
    assert_eq!(ecs_service(&done, "two").load_balancers[0].container_name, "two");
}

#[test]
fn the_label_of_the_retired_tool_shares_a_task() {
    let labelled = |name: &str| {
        let mut service = service(name, "acme/x");
        service.deploy.labels.insert("ecs.task.family".to_owned(), at("both".to_owned()));
        service
    };
    let done = run(vec![labelled("one"), labelled("two")]);
    assert_eq!(containers(&done, "one"), ["one", "two"]);
    // It is no tag besides.
    assert!(ecs_service(&done, "one").tags.iter().all(|tag| tag.key != "ecs.task.family"));
}

#[test]
fn a_service_cannot_be_part_of_two_tasks() {
    let mut one = service("one", "acme/one:1");
    one.extension.task = Some(at("a".to_owned()));
    one.deploy.labels.insert("ecs.task.family".to_owned(), at("b".to_owned()));
    assert_eq!(errors(&run(vec![one])), [Code::Conflict]);
}

#[test]
fn chains_of_sharing_end_in_one_task() {
    let done = run(vec![sharing("c", "b"), sharing("b", "a"), service("a", "acme/a:1")]);
    assert_eq!(containers(&done, "c"), ["c", "b", "a"]);
}

#[test]
fn the_networks_of_a_task_are_those_of_its_services() {
    let mut app = service("app", "acme/app:1");
    app.networks = networks(&["front", "back"]);
    let mut side = service("side", "acme/side:1");
    side.networks = networks(&["back", "logs"]);
    for service in [&mut app, &mut side] {
        service.extension.task = Some(at("both".to_owned()));
    }
    let done = run(vec![app, side]);
    let network = &ecs_service(&done, "app").network_configuration.awsvpc_configuration;
    let groups: Vec<_> = network.security_groups.iter().map(ToString::to_string).collect();
    let wanted = ["front", "back", "logs"].map(|n| format!("${{security-group/net-{n}/id}}"));
    assert_eq!(groups, wanted);
}

#[test]
fn replicas_and_ports_and_machines_must_agree() {
    let both = |edit: &dyn Fn(&mut Service, &mut Service)| {
        let (mut one, mut two) = (service("one", "acme/one:1"), service("two", "acme/two:1"));
        for service in [&mut one, &mut two] {
            service.extension.task = Some(at("both".to_owned()));
        }
        edit(&mut one, &mut two);
        errors(&run(vec![one, two]))
    };
    assert_eq!(both(&|_, _| {}), []);
    assert_eq!(both(&|one, _| one.scale = Some(at(2))), [Code::Conflict]);
    let same_port = |one: &mut Service, two: &mut Service| {
        one.expose = vec![exposed(80)];
        two.expose = vec![exposed(80)];
    };
    assert_eq!(both(&same_port), [Code::PortConflict]);
    let machines = |one: &mut Service, two: &mut Service| {
        one.platform = Some(at("linux/amd64".to_owned()));
        two.platform = Some(at("linux/arm64".to_owned()));
    };
    assert_eq!(both(&machines), [Code::Conflict]);
    let sizes = |one: &mut Service, two: &mut Service| {
        one.extension.cpu = Some(at(256));
        two.extension.cpu = Some(at(512));
    };
    assert_eq!(both(&sizes), [Code::Conflict]);
}

#[test]
fn a_task_is_as_large_as_its_containers_together() {
    let mut app = service("app", "acme/app:1");
    app.cpus = Some(at(0.75));
    app.mem_limit = Some(at(1 << 30));
    let done = run(vec![app, sharing("side", "app")]);
    // 768 and 256 units; 1024 and 512 MiB.
    let task = task(&done, "app");
    assert_eq!((&*task.cpu, &*task.memory), ("1024", "2048"));
    assert_eq!(task.container_definitions[0].memory, Some(1024));
    assert_eq!(task.container_definitions[1].memory, None);
}

#[test]
fn what_others_in_the_task_wait_for_may_end() {
    let mut app = service("app", "acme/app:1");
    let mut prepare = service("prepare", "acme/prepare:1");
    for service in [&mut app, &mut prepare] {
        service.extension.task = Some(at("both".to_owned()));
    }
    depends(&mut app, "prepare", Condition::CompletedSuccessfully);
    let done = run(vec![app, prepare]);
    let [app, prepare] = &task(&done, "app").container_definitions[..] else { panic!() };
    assert_eq!(app.depends_on[0].condition, "SUCCESS");
    assert_eq!((app.essential, prepare.essential), (true, false));
    assert!(has(&done, Kind::Service, "app") && !has(&done, Kind::Job, "prepare"));
    assert_eq!(loud(&done.diagnostics), []);
}

#[test]
fn the_end_of_a_container_is_not_seen_from_outside_its_task() {
    let mut app = service("app", "acme/app:1");
    let mut prepare = service("prepare", "acme/prepare:1");
    for service in [&mut app, &mut prepare] {
        service.extension.task = Some(at("both".to_owned()));
    }
    let mut web = service("web", "acme/web:1");
    depends(&mut web, "prepare", Condition::CompletedSuccessfully);
    assert_eq!(errors(&run(vec![app, prepare, web])), [Code::Refused]);
}

#[test]
fn a_task_of_jobs_is_a_job() {
    let mut one = service("one", "acme/one:1");
    let mut two = service("two", "acme/two:1");
    for service in [&mut one, &mut two] {
        service.extension.task = Some(at("both".to_owned()));
        service.extension.job = Some(at(true));
    }
    depends(&mut one, "two", Condition::CompletedSuccessfully);
    let mut web = service("web", "acme/web:1");
    depends(&mut web, "one", Condition::CompletedSuccessfully);
    let done = run(vec![one, two, web]);
    assert!(has(&done, Kind::Job, "one") && !has(&done, Kind::Service, "one"));
    let essential: Vec<_> =
        task(&done, "one").container_definitions.iter().map(|c| c.essential).collect();
    // The third makes them find web by name.
    assert_eq!(essential, [true, false, false]);
    assert!(
        resource(&done, Kind::Service, "web").waits.contains(&(job_id("one"), Gate::Completed))
    );
}

#[test]
fn whoever_waits_for_a_service_waits_for_its_task() {
    let mut app = service("app", "acme/app:1");
    app.healthcheck = Some(healthcheck(HealthTest::Shell("true".to_owned())));
    let mut side = sharing("side", "app");
    side.depends_on["app"].value.condition = Condition::Healthy;
    let mut web = service("web", "acme/web:1");
    depends(&mut web, "side", Condition::Started);
    let done = run(vec![app, side, web]);
    let wait = (ResourceId::new(Kind::Service, "app"), Gate::Started);
    assert!(resource(&done, Kind::Service, "web").waits.contains(&wait));
    assert_eq!(task(&done, "app").container_definitions[1].depends_on[0].condition, "HEALTHY");
}

#[test]
fn tasks_that_wait_for_each_other_are_refused() {
    let (mut a, mut b, mut c) =
        (service("a", "acme/a:1"), service("b", "acme/b:1"), service("c", "acme/c:1"));
    for service in [&mut a, &mut c] {
        service.extension.task = Some(at("both".to_owned()));
    }
    depends(&mut a, "b", Condition::Started);
    depends(&mut b, "c", Condition::Started);
    assert_eq!(errors(&run(vec![a, b, c])), [Code::Conflict]);
}

#[test]
fn services_of_one_task_call_each_other_at_localhost() {
    let mut app = service("app", "acme/app:1");
    env(&mut app, "CACHE", "side:6379");
    let mut side = service("side", "acme/side:1");
    for service in [&mut app, &mut side] {
        service.extension.task = Some(at("both".to_owned()));
    }
    let done = run(vec![app, side]);
    assert!(find(&done.diagnostics, Code::Approximated).is_some());
    // Nobody else is there to be called.
    assert_eq!(ecs_service(&done, "app").service_connect_configuration, None);
}

#[test]
fn the_volumes_of_another_service_are_mounted_where_it_has_them() {
    use crate::compose::model::MountKind;
    let mut app = built("web");
    app.mounts = vec![
        volume_mount("data", "/data"),
        crate::ecs::testing::mount(MountKind::Anonymous, "/tmp/logs"),
    ];
    let mut audit = service("audit", "acme/audit:1");
    audit.volumes_from = vec![at("web:ro".to_owned())];
    let done = run(vec![app, audit]);
    let task = task(&done, "web");
    let names: Vec<_> = task.volumes.iter().map(|volume| volume.name.as_str()).collect();
    assert_eq!(names, ["data", "web-tmp-logs"]);
    assert_eq!(task.volumes[1].host.as_ref().map(|host| host.source_path.clone()), Some(None));
    for (container, read_only) in task.container_definitions.iter().zip([false, true]) {
        let points: Vec<_> = container
            .mount_points
            .iter()
            .map(|p| (p.source_volume.as_str(), p.container_path.as_str(), p.read_only))
            .collect();
        assert_eq!(
            points,
            [("data", "/data", read_only), ("web-tmp-logs", "/tmp/logs", read_only)]
        );
    }
}

#[test]
fn a_task_of_far_too_many_services_is_refused_before_anything_is_made_of_it() {
    let done = |count: usize| {
        let side = |at: usize| sharing(&format!("side{at}"), "app");
        let first = service("app", "acme/app:1");
        run(std::iter::once(first).chain((1..count).map(side)).collect())
    };
    assert_eq!(errors(&done(10)), []);
    for (count, is_looked_at) in [(11, true), (100, true), (101, false)] {
        let done = done(count);
        assert_eq!(errors(&done).first(), Some(&Code::Refused), "{count}");
        assert_eq!(has(&done, Kind::TaskDefinition, "app"), is_looked_at, "{count}");
    }
}
