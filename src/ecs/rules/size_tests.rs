use super::*;
use crate::compose::model::Launch;
use crate::diagnostic::Severity;
use crate::ecs::testing::{at, container as container_of, exposed, find, loud, run, service, task};

/// What came out for a task with one container; CPU units that are not given are none.
#[derive(Debug, PartialEq)]
struct Seen {
    cpu: u64,
    memory: u64,
    container_cpu: Option<i32>,
    container_memory: Option<i32>,
    container_reservation: Option<i32>,
}

fn sized(edit: impl FnOnce(&mut Service)) -> (Seen, Vec<(Severity, Code)>, bool) {
    let mut web = service("web", "acme/web:1");
    edit(&mut web);
    let done = run(vec![web]);
    let (task, container) = (task(&done, "web"), container_of(&done, "web"));
    let seen = Seen {
        cpu: task.cpu.parse().expect("CPU units"),
        memory: task.memory.parse().expect("MiB"),
        container_cpu: Some(container.cpu).filter(|cpu| *cpu > 0),
        container_memory: container.memory,
        container_reservation: container.memory_reservation,
    };
    let noted = find(&done.diagnostics, Code::SizeRounded).is_some();
    (seen, loud(&done.diagnostics), noted)
}

#[test]
fn the_table_of_sizes() {
    for (wanted, given) in [
        ((0, 0), Some((256, 512))),
        ((256, 512), Some((256, 512))),
        ((256, 513), Some((256, 1024))),
        ((256, 1025), Some((256, 2048))),
        ((256, 2049), Some((512, 3072))),
        ((257, 512), Some((512, 1024))),
        ((512, 4096), Some((512, 4096))),
        ((512, 4097), Some((1024, 5120))),
        ((1025, 1), Some((2048, 4096))),
        ((4096, 30720), Some((4096, 30720))),
        ((4096, 30721), Some((8192, 32768))),
        ((8192, 16385), Some((8192, 20480))),
        ((8193, 1), Some((16384, 32768))),
        ((16384, 122_880), Some((16384, 122_880))),
        ((16385, 1), None),
        ((1, 122_881), None),
        ((u64::MAX, u64::MAX), None),
    ] {
        assert_eq!(fargate_size(wanted.0, wanted.1), given, "{wanted:?}");
    }
    assert!(is_fargate_size(256, 2048) && !is_fargate_size(256, 1536));
    assert!(!is_fargate_size(300, 512) && !is_fargate_size(16384, 33000));
}

#[test]
fn nothing_given_is_the_smallest_size() {
    let (size, said, noted) = sized(|_| {});
    assert_eq!((size.cpu, size.memory), (256, 512));
    assert_eq!((size.container_cpu, size.container_memory), (None, None));
    assert!(said.is_empty() && !noted);
}

#[test]
fn limits_stay_on_the_container_and_size_the_task() {
    let (size, said, noted) = sized(|s| {
        s.deploy.limits.cpus = Some(at(0.5));
        s.deploy.limits.memory = Some(at(300 * MIB));
        s.deploy.reservations.memory = Some(at(100 * MIB));
        s.cpus = Some(at(4.0));
        s.mem_limit = Some(at(MIB));
    });
    assert_eq!((size.cpu, size.memory), (512, 1024));
    assert_eq!(size.container_cpu, Some(512));
    assert_eq!((size.container_memory, size.container_reservation), (Some(300), Some(100)));
    assert!(said.is_empty() && noted);
}

#[test]
fn the_older_attributes_serve_where_deploy_says_nothing() {
    let (size, _, _) = sized(|s| {
        s.cpus = Some(at(1.0));
        s.mem_limit = Some(at(2 * 1024 * MIB));
        s.mem_reservation = Some(at(64 * MIB));
    });
    assert_eq!((size.cpu, size.memory, size.container_reservation), (1024, 2048, Some(64)));
}

#[test]
fn reservations_size_a_task_without_limits() {
    let (size, _, _) = sized(|s| {
        s.deploy.reservations.cpus = Some(at(0.25));
        s.deploy.reservations.memory = Some(at(1024 * MIB));
    });
    assert_eq!((size.cpu, size.memory), (256, 1024));
    assert_eq!((size.container_cpu, size.container_memory), (None, None));
    assert_eq!(size.container_reservation, Some(1024));
}

#[test]
fn a_reservation_that_equals_the_limit_is_left_out() {
    let (size, said, _) = sized(|s| {
        s.mem_limit = Some(at(512 * MIB));
        s.mem_reservation = Some(at(512 * MIB));
    });
    assert_eq!((size.container_memory, size.container_reservation), (Some(512), None));
    assert_eq!(said, []);
}

#[test]
fn more_reserved_than_the_limit_is_an_error() {
    let (_, said, _) = sized(|s| {
        s.mem_limit = Some(at(100 * MIB));
        s.mem_reservation = Some(at(200 * MIB));
    });
    assert_eq!(said, [(Severity::Error, Code::InvalidValue)]);
}

#[test]
fn bytes_are_rounded_up_to_mebibytes_and_zero_means_not_given() {
    let (size, _, _) = sized(|s| {
        s.mem_limit = Some(at(10 * MIB + 1));
        s.cpus = Some(at(0.0));
    });
    assert_eq!((size.container_memory, size.container_cpu), (Some(11), None));
}

#[test]
fn beyond_the_table_is_an_error_with_the_numbers() {
    let mut web = service("web", "acme/web:1");
    web.cpus = Some(at(32.0));
    let done = run(vec![web]);
    let said = find(&done.diagnostics, Code::ImpossibleSize).map(|d| d.message.as_str());
    assert_eq!(said, Some("no Fargate task has 32768 CPU units and 512 MiB"));
    for cpus in [f64::INFINITY, f64::MAX] {
        assert_eq!(sized(|s| s.cpus = Some(at(cpus))).1, [(Severity::Error, Code::ImpossibleSize)]);
    }
    assert_eq!(sized(|s| s.cpus = Some(at(f64::NAN))).1, []);
    assert_eq!(
        sized(|s| s.mem_limit = Some(at(u64::MAX))).1,
        [(Severity::Error, Code::ImpossibleSize)]
    );
}

#[test]
fn the_extension_overrides() {
    let (size, said, _) = sized(|s| {
        s.extension.cpu = Some(at(1024));
        s.extension.memory = Some(at(2048 * MIB));
        s.cpus = Some(at(0.5));
    });
    assert_eq!((size.cpu, size.memory, size.container_cpu), (1024, 2048, Some(512)));
    assert_eq!(said, []);
    let (_, said, _) = sized(|s| {
        s.extension.memory = Some(at(512 * MIB));
        s.mem_limit = Some(at(1024 * MIB));
    });
    assert_eq!(said, [(Severity::Error, Code::ImpossibleSize)]);
}

#[test]
fn very_little_memory_is_raised() {
    let (size, said, _) = sized(|s| s.mem_limit = Some(at(1)));
    assert_eq!(size.container_memory, Some(6));
    assert_eq!(said, [(Severity::Warning, Code::Clamped)]);
}

#[test]
fn limits_of_processes_are_noted() {
    let mut web = service("web", "acme/web:1");
    web.deploy.limits.pids = Some(at(100));
    let said = |service: &Service| {
        let done = run(vec![service.clone()]);
        let found = find(&done.diagnostics, Code::Ignored).cloned();
        found.map(|found| (found.severity, found.help.unwrap_or_default())).expect("it is said")
    };
    let (severity, help) = said(&web);
    assert!(severity == Severity::Note && help.contains("memory"), "{help}");
    web.extension.launch = Some(at(Launch::Ec2));
    let (severity, help) = said(&web);
    assert!(severity == Severity::Warning && help.contains("default-pids-limit"), "{help}");
}

#[test]
fn the_proxy_takes_room_where_sizes_were_given() {
    let mut web = service("web", "acme/web:1");
    web.expose = vec![exposed(80)];
    web.cpus = Some(at(0.25));
    web.mem_limit = Some(at(1000 * MIB));
    let done = run(vec![web, service("api", "acme/api:1")]);
    assert_eq!(
        (task(&done, "web").cpu.as_str(), task(&done, "web").memory.as_str()),
        ("512", "2048")
    );
    assert_eq!(container_of(&done, "web").cpu, 256);
    assert_eq!(task(&done, "api").cpu, "256");
}
