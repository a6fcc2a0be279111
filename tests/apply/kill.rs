//! Killed before and after every single call of a first deploy, of an update and of a `down`, and
//! every call refused once: the next run comes to the same end as one that was never disturbed.

use super::*;

/// A bit of everything: a job, a schedule, what scales, files, both kinds of load balancers, a secret.
const FIRST: &str = "
services:
  db:
    image: acme/db:1
    expose: [5432]
    volumes: ['data:/data']
    secrets: [key]
    healthcheck: {test: [CMD, ok]}
  migrate:
    image: acme/migrate:1
    depends_on: {db: {condition: service_healthy}}
  web:
    image: acme/web:1
    ports: ['80:8000', '8080:8000']
    depends_on: {migrate: {condition: service_completed_successfully}}
    x-ecs: {autoscaling: {min: 1, max: 4, cpu: 60}}
  dns:
    image: acme/dns:1
    ports: ['53:5353/udp']
    x-ecs: {ports: {5353: public}}
  report:
    image: acme/report:1
    x-ecs: {schedule: cron(0 3 * * ? *)}
volumes: {data: {}}
secrets: {key: {file: ./key.txt}}
";

/// Services, a port, a volume and a secret have come and gone, and others have changed.
const SECOND: &str = "
services:
  db:
    image: acme/db:2
    expose: [5432]
    volumes: ['data:/data', 'logs:/logs']
    healthcheck: {test: [CMD, ok]}
  migrate:
    image: acme/migrate:2
    depends_on: {db: {condition: service_healthy}}
  web:
    image: acme/web:2
    ports: ['8080:8000', '9090:8000']
    depends_on: {migrate: {condition: service_completed_successfully}, cache: {condition: service_started}}
  cache:
    image: acme/cache:1
    expose: [6379]
    secrets: [other]
  report:
    image: acme/report:1
    x-ecs: {schedule: cron(0 4 * * ? *)}
volumes: {data: {}, logs: {}}
secrets: {other: {file: ./key.txt}}
";

/// What is done to a cloud.
enum Act<'a> {
    Deploy(&'a Desired),
    Down(&'a Desired),
}

impl Act<'_> {
    /// A run that goes on where another one was interrupted goes on with its number.
    fn run(&self, cloud: &Memory, release: u64) -> Verdict {
        match self {
            Self::Deploy(desired) => deploy_as(cloud, desired, release).1,
            Self::Down(desired) => down(cloud, desired),
        }
    }
}

/// Kills `act` at every call, before and after, and refuses every call once; `before` is what was
/// deployed before.
fn at_every_call(before: Option<&Desired>, act: &Act<'_>) {
    let start = || {
        let cloud = Memory::default();
        if let Some(desired) = before {
            assert_eq!(deploy_as(&cloud, desired, 1).1, Verdict::Done);
        }
        cloud
    };
    let undisturbed = start();
    undisturbed.set_fault(None);
    assert_eq!(act.run(&undisturbed, 2), Verdict::Done);
    let calls = undisturbed.calls();
    assert!(calls.len() > 20, "{}", calls.len());
    for number in 1..=calls.len() {
        for fault in [Fault::KillBefore(number), Fault::KillAfter(number), Fault::Deny(number)] {
            let cloud = start();
            cloud.set_fault(Some(fault));
            let verdict = act.run(&cloud, 2);
            let made = cloud.calls();
            let call = made.get(number - 1).map_or("none", String::as_str);
            // That a job has completed could not be kept: it is said, and it runs again.
            let is_forgiven = call.starts_with("complete ");
            assert!(is_forgiven || verdict != Verdict::Done, "{fault:?}, {call}");
            cloud.set_fault(None);
            assert_eq!(act.run(&cloud, 2), Verdict::Done, "{fault:?}, {call}");
            assert_eq!(end_state(&cloud), end_state(&undisturbed), "{fault:?}, {call}");
            if let Act::Deploy(desired) = act {
                assert_eq!(plan_again(&cloud, desired).steps, [], "{fault:?}, {call}");
            }
        }
    }
}

#[test]
fn a_first_deploy() {
    at_every_call(None, &Act::Deploy(&project(FIRST)));
    at_every_call(None, &Act::Deploy(&shop("v1")));
}

#[test]
fn an_update() {
    let (first, second) = (project(FIRST), project(SECOND));
    at_every_call(Some(&first), &Act::Deploy(&second));
    at_every_call(Some(&second), &Act::Deploy(&first));
}

#[test]
fn a_down() {
    for desired in [project(FIRST), shop("v1")] {
        at_every_call(Some(&desired), &Act::Down(&desired));
    }
}

#[test]
fn a_down_in_the_middle_of_an_update() {
    let (first, second) = (project(FIRST), project(SECOND));
    let cloud = Memory::default();
    deploy_as(&cloud, &first, 1);
    cloud.set_fault(None);
    deploy_as(&cloud, &second, 2);
    for number in 1..=cloud.calls().len() {
        let cloud = Memory::default();
        deploy_as(&cloud, &first, 1);
        cloud.set_fault(Some(Fault::KillAfter(number)));
        deploy_as(&cloud, &second, 2);
        cloud.set_fault(None);
        assert_eq!(down(&cloud, &second), Verdict::Done, "{number}");
        let left = cloud.bodies();
        assert!(left.keys().all(|id| id.kind == Kind::Image), "{number}: {:?}", left.keys());
    }
}
