//! One file after another, as people change them: each is deployed on what the one before it left, after
//! each the plan is empty, and at the end `down` leaves nothing. The cloud refuses what AWS refuses of
//! an order: a name, a port or a listener that another one still has, and the deletion of what is used.

use decklift::apply::Verdict;
use decklift::apply::memory::Memory;
use decklift::ecs::desired::{Body, Desired, Kind, ResourceId};
use decklift::event::Event;
use decklift::plan::{Action, impossible};

use crate::{block_on, deploy, deploy_as, down, plan_again, project, service_name};
use decklift::apply::Cloud as _;

/// Services, each `name: settings` beside its image.
fn app(services: &[&str]) -> String {
    let services: String = services
        .iter()
        .map(|service| {
            let (name, rest) = service.split_once(':').expect("a name");
            let rest = rest.trim();
            let comma = if rest.is_empty() { "" } else { ", " };
            format!("  {name}: {{image: 'x:1'{comma}{rest}}}\n")
        })
        .collect();
    format!("services:\n{services}")
}

/// What went wrong on the way, for whoever looks for the cause.
fn failures(events: &[Event]) -> Vec<String> {
    let text = |event: &Event| match event {
        Event::StepFailed { .. } | Event::StepSkipped { .. } => Some(format!("{event:?}")),
        _ => None,
    };
    events.iter().filter_map(text).collect()
}

/// Deploys one file after another.
fn go_through(what: &str, files: &[String]) {
    let cloud = Memory::default();
    let mut last: Option<Desired> = None;
    for (number, file) in files.iter().enumerate() {
        let desired = project(file);
        let release = u64::try_from(number).expect("a number") + 1;
        let (plan, verdict, events) = deploy_as(&cloud, &desired, release);
        let context = || format!("{what}, file {number}:\n{file}\n{:#?}", failures(&events));
        assert_eq!(verdict, Verdict::Done, "{}", context());
        assert!(number == 0 || !plan.is_empty(), "nothing changes: {}", context());
        assert_eq!(plan_again(&cloud, &desired).steps, [], "{}", context());
        last = Some(desired);
    }
    assert_eq!(down(&cloud, &last.expect("a file")), Verdict::Done, "{what}");
    // Images go with their repository.
    let left: Vec<_> = cloud.bodies().into_keys().filter(|id| id.kind != Kind::Image).collect();
    assert_eq!(left, [], "{what}");
}

const VOLUME: &str = "volumes: {data: {}}\n";
const SECRET: &str = "secrets: {key: {file: ./key.txt}}\n";

#[test]
fn services_are_renamed_and_trade_places() {
    let one = |port: u16| format!("ports: ['{port}:80'], expose: ['7000']");
    let (first, second) = (one(8080), one(8081));
    let both = |a: &str, b: &str| app(&[&format!("a: {a}"), &format!("b: {b}")]);
    go_through(
        "a name, two names, two ports",
        &[
            both(&first, &second),
            app(&[&format!("c: {first}"), &format!("b: {second}")]),
            app(&[&format!("b: {first}"), &format!("c: {second}, command: other")]),
            app(&[&format!("b: {second}"), &format!("c: {first}")]),
            both(&first, ""),
            app(&[&format!("b: {first}"), "a: "]),
        ],
    );
}

#[test]
fn names_are_taken_over() {
    let named =
        |alias: &str| format!("expose: ['80'], networks: {{default: {{aliases: [{alias}]}}}}");
    let (a, x) = (named("a"), named("x"));
    go_through(
        "a renamed service that answers to its old name, and back; a name that goes to another service",
        &[
            app(&["a: expose: ['80']", "user: "]),
            app(&[&format!("c: {a}"), "user: "]),
            app(&["a: expose: ['80']", "user: "]),
            app(&[&format!("a: {x}"), "b: expose: ['80']", "user: "]),
            app(&["a: expose: ['80']", &format!("b: {x}"), "user: "]),
            // Whoever takes the name over is waited for by the one that has it.
            app(&[&format!("a: {x}, depends_on: [b]"), "b: expose: ['80']", "user: "]),
            app(&["a: expose: ['80'], depends_on: [b]", &format!("b: {x}"), "user: "]),
        ],
    );
}

#[test]
fn names_that_are_traded_are_refused_with_the_way_out() {
    let named =
        |alias: &str| format!("expose: ['80'], networks: {{default: {{aliases: [{alias}]}}}}");
    let both = |a: &str, b: &str| {
        project(&app(&[&format!("a: {}", named(a)), &format!("b: {}", named(b)), "user: "]))
    };
    let cloud = Memory::default();
    deploy(&cloud, &both("x", "y"));
    let swapped = both("y", "x");
    let actual = block_on(cloud.observe(&swapped)).expect("observed");
    let found = impossible(&swapped, &actual);
    let [trade] = &found[..] else { panic!("{found:?}") };
    assert!(trade.message.starts_with("a takes over y:80 from b"), "{}", trade.message);
    assert!(trade.help.starts_with("take y:80 away from b, deploy"), "{}", trade.help);
    assert!(impossible(&both("x", "z"), &actual).is_empty());
}

#[test]
fn whoever_answers_to_a_name_that_is_taken_over_goes_first_and_it_is_said() {
    let cloud = Memory::default();
    deploy(&cloud, &project(&app(&["a: expose: ['80']", "user: "])));
    let renamed = "c: expose: ['80'], networks: {default: {aliases: [a]}}";
    let plan = plan_again(&cloud, &project(&app(&[renamed, "user: "])));
    let at = |name: &str, action: Action| {
        let id = ResourceId::new(Kind::Service, name);
        let same = |step: &decklift::plan::Step| step.resource == id && step.action == action;
        plan.steps.iter().position(same).unwrap_or_else(|| panic!("{:#?}", plan.steps))
    };
    let gone = at("a", Action::Delete);
    assert!(plan.steps[at("c", Action::CreateIdle)].after.contains(&gone));
    let effect = plan.steps[gone].effect.as_deref();
    assert_eq!(effect, Some("nobody answers to a:80 from then on until c runs"));
}

#[test]
fn a_port_moves_between_load_balancers() {
    let web = |rest: &str| app(&[&format!("a: {rest}"), "b: "]);
    let http = web("ports: ['8080:80']");
    let (tcp, udp) = (
        web("ports: ['8080:5432'], x-ecs: {ports: {5432: public}}"),
        web("ports: ['8080:80/udp'], expose: ['81'], x-ecs: {ports: {80: public}}"),
    );
    let other = web("ports: ['8080:81']");
    let none = web("");
    go_through(
        "HTTP, TCP, UDP, another port of the container, none, and HTTP again",
        &[http.clone(), tcp.clone(), udp, other, none, http, tcp],
    );
}

#[test]
fn services_of_one_listener_trade_their_rules() {
    let pair = |a: &str, b: &str| {
        app(&[
            &format!("a: ports: ['80:80'], x-ecs: {{http: {a}}}"),
            &format!("b: ports: ['80:80'], x-ecs: {{http: {b}}}"),
            "c: ports: ['80:80']",
        ])
    };
    let (host, path) = ("{host: x.example.com}", "{host: y.example.com, path: /q}");
    go_through(
        "paths, wider and narrower ones, hosts",
        &[
            pair("{path: /a}", "{path: /b}"),
            pair("{path: /b}", "{path: /a}"),
            pair("{path: /a/x/*}", "{path: '/a/*'}"),
            pair("{path: '/a/*'}", "{path: /a/x/*}"),
            pair(host, path),
            pair(path, host),
            app(&["a: ports: ['80:80'], x-ecs: {http: {path: /a}}", "c: ports: ['80:80']"]),
            app(&["c: ports: ['80:80']"]),
        ],
    );
}

#[test]
fn one_name_is_a_service_a_job_a_schedule_and_a_service_again() {
    let a = |rest: &str| app(&[&format!("a: {rest}"), "b: "]);
    go_through(
        "what a name stands for",
        &[
            a("ports: ['80:80'], expose: ['7000']"),
            a("x-ecs: {job: true}"),
            a("x-ecs: {job: true}, command: other"),
            a("x-ecs: {schedule: rate(5 minutes)}"),
            a("x-ecs: {schedule: rate(7 minutes)}, command: other"),
            a("expose: ['7000'], x-ecs: {autoscaling: {min: 1, max: 3, cpu: 60}}"),
            a("x-ecs: {job: true}"),
            a(""),
        ],
    );
}

#[test]
fn data_comes_goes_and_moves() {
    let with = |a: &str, b: &str, rest: &str| app(&[&format!("a: {a}"), &format!("b: {b}")]) + rest;
    let volume = "volumes: ['data:/data']";
    let secret = "secrets: [key]";
    let ephemeral = "volumes: {data: {x-ecs: {ephemeral: true}}}\n";
    go_through(
        "volumes and secrets",
        &[
            with(volume, "", VOLUME),
            with("", volume, VOLUME),
            with(volume, volume, VOLUME),
            with(volume, "", ephemeral),
            with(volume, secret, &format!("{VOLUME}{SECRET}")),
            with("", "", ""),
            with(secret, volume, &format!("{VOLUME}{SECRET}")),
        ],
    );
}

#[test]
fn services_find_each_other_in_another_way() {
    let talks = |head: &str| {
        format!(
            "{head}{}",
            app(&["a: expose: ['80'], ports: ['8080:80']", "b: environment: {U: 'http://a:80'}"])
        )
    };
    let dns = "x-ecs: {discovery: dns}\n";
    let job = "j: x-ecs: {job: true}, command: call b";
    go_through(
        "Service Connect, DNS, and both",
        &[
            talks(""),
            talks(dns),
            talks(""),
            // A job finds services by DNS.
            app(&["a: expose: ['80']", "b: expose: ['81']", job]),
            app(&["a: expose: ['80']", "b: expose: ['81']"]),
        ],
    );
}

#[test]
fn a_name_in_dns_is_given_to_a_service_that_runs_by_a_deployment() {
    let cloud = Memory::default();
    deploy(&cloud, &project(&app(&["b: expose: ['81']"])));
    let named = project(&app(&["b: expose: ['81']", "j: x-ecs: {job: true}"]));
    let plan = plan_again(&cloud, &named);
    let id = ResourceId::new(Kind::Service, "b");
    let actions: Vec<Action> =
        plan.steps.iter().filter(|step| step.resource == id).map(|step| step.action).collect();
    assert_eq!(actions, [Action::NewDeployment, Action::Rollout]);
}

#[test]
fn services_move_into_one_task_and_out_of_it() {
    let (a, b) = ("ports: ['80:80']", "expose: ['81']");
    let both = |a: &str, b: &str| app(&[&format!("a: {a}"), &format!("b: {b}")]);
    let task = "x-ecs: {task: both}";
    go_through(
        "one task, two tasks",
        &[
            both(a, b),
            both(a, "network_mode: 'service:a'"),
            both(a, b),
            both(&format!("{a}, {task}"), &format!("{b}, {task}")),
            both(a, b),
        ],
    );
}

#[test]
fn networks_capacity_and_replicas_change() {
    let on = |a: &str, b: &str| {
        app(&[&format!("a: expose: ['80'], {a}"), &format!("b: {b}")])
            + "networks: {x: {}, y: {}, z: {}}\n"
    };
    let spot = "x-ecs: {capacity: {fargate: 1, fargate_spot: 3, base: 1}}\n";
    go_through(
        "what a service stands in",
        &[
            on("networks: [x]", "networks: [x]"),
            on("networks: [x, y]", "networks: [y]"),
            on("networks: [z]", "networks: [z], deploy: {replicas: 3}"),
            format!("{spot}{}", on("networks: [z]", "networks: [z], deploy: {replicas: 0}")),
            on("networks: [x]", "networks: [x]"),
        ],
    );
}

#[test]
fn a_job_that_failed_and_was_corrected_lets_its_dependents_go_on() {
    let file = |command: &str| {
        let waits = "depends_on: {j: {condition: service_completed_successfully}}";
        project(&app(&[
            &format!("j: command: {command}"),
            &format!("web: command: {command}, {waits}"),
        ]))
    };
    let (cloud, first) = (Memory::default(), file("one"));
    assert_eq!(deploy_as(&cloud, &first, 1).1, Verdict::Done);
    let broken = file("two");
    let web = service_name(&first, "web");
    cloud.fail_rollouts_of("test-j");
    assert_eq!(deploy_as(&cloud, &broken, 2).1, Verdict::JobFailed);
    // Nobody that waits for it was touched.
    let runs = |revision: &str| {
        cloud.bodies().into_values().any(|body| {
            matches!(body, Body::Service(service) if service.service_name == web
                && service.task_definition.to_string().ends_with(revision))
        })
    };
    assert!(runs(":1"));
    cloud.heal("test-j");
    let corrected = file("three");
    assert_eq!(deploy_as(&cloud, &corrected, 3).1, Verdict::Done);
    assert!(runs(":3"), "{:#?}", cloud.bodies());
    assert_eq!(plan_again(&cloud, &corrected).steps, []);
}
