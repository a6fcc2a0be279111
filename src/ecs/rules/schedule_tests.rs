use super::*;
use crate::diagnostic::Severity;
use crate::ecs::testing::{at, depends, facts, has, loud, policy, project, resource, run, service};
use crate::ecs::{translate, validate};

fn nightly(expression: &str) -> crate::compose::model::Service {
    let mut job = service("report", "acme/report:1");
    job.extension.schedule = Some(at(expression.to_owned()));
    job
}

#[test]
fn a_schedule_is_not_run_by_the_deployment() {
    let done = run(vec![nightly("cron(0 3 * * ? *)")]);
    assert_eq!(loud(&done.diagnostics), []);
    assert_eq!(validate(&done.desired), []);
    assert!(!has(&done, Kind::Job, "report") && !has(&done, Kind::Service, "report"));
    assert!(has(&done, Kind::ScheduleGroup, "main"));
    let request = resource(&done, Kind::Schedule, "report").requests().remove(0);
    assert_eq!((request.service, request.operation), ("scheduler", "create-schedule"));
    let target = &request.body["Target"];
    assert_eq!(target["Arn"], "${cluster/main/arn}");
    assert_eq!(target["RoleArn"], "${role/report+schedule/arn}");
    let parameters = &target["EcsParameters"];
    assert_eq!(parameters["TaskDefinitionArn"], "${task-definition/report/arn}");
    assert!(parameters["NetworkConfiguration"]["awsvpcConfiguration"]["Subnets"].is_array());
}

#[test]
fn its_role_starts_this_task_alone() {
    let done = run(vec![nightly("rate(5 minutes)")]);
    let Body::Role(role) = &resource(&done, Kind::Role, "report+schedule").body else {
        panic!("no role")
    };
    assert!(role.create.assume_role_policy_document.contains("scheduler.amazonaws.com"));
    let document = policy(role);
    for wanted in [
        r#""Resource":"arn:aws:ecs:eu-west-1:123456789012:task-definition/shop-report:*""#,
        r#""ecs:cluster":"arn:aws:ecs:eu-west-1:123456789012:cluster/shop""#,
        r#""Resource":"arn:aws:iam::123456789012:role/decklift/shop/shop-report-execution""#,
        r#""iam:PassedToService":"ecs-tasks.amazonaws.com""#,
    ] {
        assert!(document.contains(wanted), "{document}");
    }
}

#[test]
fn nothing_is_made_for_a_shell_that_cannot_be_opened() {
    let mut job = nightly("rate(1 hour)");
    job.extension.exec = Some(at(true));
    let done = run(vec![job]);
    assert!(!has(&done, Kind::Role, "report+task"));
    let task = &resource(&done, Kind::TaskDefinition, "report").requests()[0].body;
    assert!(!task.to_string().contains("initProcessEnabled"), "{task}");
    let said: Vec<_> = done.diagnostics.iter().map(|d| (d.severity, d.code)).collect();
    assert_eq!(said, [(Severity::Note, Code::Ignored)]);
}

#[test]
fn what_is_not_restarted_is_run_by_the_clock() {
    let mut job = nightly("rate(1 hour)");
    job.restart = Some(at(crate::compose::model::Restart::Always));
    let done = run(vec![job]).diagnostics;
    let said = done.iter().find(|d| d.code == Code::Ignored).expect("it");
    assert!(said.help.as_deref().is_some_and(|help| help.starts_with("the clock")), "{said:?}");
}

#[test]
fn an_existing_cluster_is_named() {
    let mut project = project(vec![nightly("rate(1 day)")]);
    project.extension.cluster = Some(at("tools".to_owned()));
    let done = translate(&project, None, &facts());
    let request = resource(&done, Kind::Schedule, "report").requests().remove(0);
    let arn = "arn:aws:ecs:eu-west-1:123456789012:cluster/tools";
    assert_eq!(request.body["Target"]["Arn"], arn);
}

#[test]
fn who_waits_for_it_waits_for_ever() {
    let mut web = service("web", "acme/web:1");
    depends(&mut web, "report", Condition::CompletedSuccessfully);
    let done = run(vec![web, nightly("rate(1 day)")]);
    assert_eq!(loud(&done.diagnostics), [(Severity::Error, Code::Conflict)]);
}

#[test]
fn expressions() {
    for good in [
        "rate(1 minute)",
        "rate(5 minutes)",
        "rate(7 days)",
        "cron(0 10 * * ? *)",
        "cron(15 12 * * ? *)",
        "cron(0 18 ? * MON-FRI *)",
        "cron(0 8 1 * ? *)",
        "cron(0/15 * * * ? *)",
        "cron(0/10 * ? * MON-FRI *)",
        "cron(0 9 ? * 2#1 *)",
        "cron(0 0 L * ? *)",
        "cron(0 0 ? * 6L 2026-2030)",
        "cron(0 0 15W * ? *)",
        "cron(0 0 1 JAN,jul ? *)",
        "cron(0 0 ? * FRI-MON *)",
    ] {
        assert_eq!(check(good), Ok(()), "{good}");
    }
    for bad in [
        "",
        "every day",
        "rate(5)",
        "rate(0 minutes)",
        "rate(-1 minutes)",
        "rate(1.5 hours)",
        "rate(5 weeks)",
        "rate(5 minutes",
        "cron(0 3 * * *)",
        "cron(0 3 * * * *)",
        "cron(0 3 ? * ? *)",
        "cron(60 3 * * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0 3 0 * ? *)",
        "cron(0 3 * 13 ? *)",
        "cron(0 3 ? * 8 *)",
        "cron(0 3 * * ? 1969)",
        "cron(5-1 3 * * ? *)",
        "cron(0/0 3 * * ? *)",
        "cron(? 3 * * ? *)",
        "cron(0 3 ? * 2#6 *)",
        "0 3 * * *",
    ] {
        assert!(check(bad).is_err(), "{bad}");
    }
    let done = run(vec![nightly("cron(0 3 * * *)")]);
    assert_eq!(loud(&done.diagnostics), [(Severity::Error, Code::InvalidValue)]);
}
