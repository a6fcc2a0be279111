use decklift::event::{ContainerEnd, Event, TaskFailure};
use decklift::report::markdown;
use insta::assert_snapshot;

use crate::events;

#[test]
fn a_deploy_that_is_done() {
    assert_snapshot!(markdown(&events::shop_done().state(72.0).0));
}

#[test]
fn a_deploy_that_failed() {
    assert_snapshot!(markdown(&events::shop_rolled_back().state(92.0).0));
}

#[test]
fn a_job_that_failed() {
    assert_snapshot!(markdown(&events::job(3).state(20.0).0));
}

#[test]
fn what_was_logged_cannot_leave_its_place() {
    let failure = TaskFailure {
        address: None,
        task: "1f".to_owned(),
        reason: "over\n```\n# and out".to_owned(),
        containers: vec![ContainerEnd { name: "web".to_owned(), exit_code: Some(1), reason: None }],
        log: vec!["````".to_owned(), "</td><img src=x>".to_owned()],
        targets: Vec::new(),
    };
    let (story, step) = events::crowd(2).begin(9.0, "rollout", "service/service-00");
    let story = story
        .at(9.0, Event::TaskFailed { service: "service-00".to_owned(), failure })
        .end(9.0, step, "rollout", "service/service-00", Err("a | b <script> `x`\n# title"))
        .at(9.0, events::finished("failed", 9));
    assert_snapshot!(markdown(&story.state(9.0).0));
}
