//! Real clients of the SDK over prepared answers.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use super::*;
use crate::aws::recorder::Recorder;

const THROTTLED: (u16, &str) =
    (400, r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#);
const BROKEN: (u16, &str) = (500, r#"{"__type":"InternalFailure"}"#);
const EC2_THROTTLED: (u16, &str) = (
    503,
    "<Response><Errors><Error><Code>RequestLimitExceeded</Code><Message>Request limit exceeded.\
     </Message></Error></Errors><RequestID>1</RequestID></Response>",
);

#[tokio::test]
async fn a_call_that_fails_for_a_moment_is_made_again_and_counted() {
    let traffic = Traffic::default();
    let recorder = Recorder::new([THROTTLED, BROKEN, THROTTLED]);
    recorder.persistent(16, &traffic).ecs().list_clusters().send().await.unwrap();
    let figures = traffic.figures();
    let Figures { calls, throttled, broken, unanswered, waited: _, idle: _ } = figures;
    assert_eq!((calls, throttled, broken, unanswered), (4, 2, 1, 0));
    // While its only call waited there was nothing else to do.
    assert_eq!(figures.waited, figures.idle);
    assert!(!figures.idle.is_zero());
    let state = traffic.state();
    assert!(state.waiting.is_empty() && state.failures.is_empty());
}

#[test]
fn waits_after_errors_double_up_to_their_bound() {
    let full = |failures| backoff(failures, 1.0).as_millis();
    assert_eq!([1, 2, 3, 8, 9, 40].map(full), [50, 100, 200, 6400, 8000, 8000]);
    assert_eq!(backoff(3, 0.0), Duration::ZERO);
}

#[tokio::test]
async fn the_code_of_an_error_is_read_in_every_protocol() {
    let traffic = Traffic::default();
    let recorder = Recorder::new([EC2_THROTTLED, (200, "<DescribeVpcsResponse/>")]);
    recorder.persistent(16, &traffic).ec2().describe_vpcs().send().await.unwrap();
    assert_eq!(traffic.figures().throttled, 1);
}

#[tokio::test]
async fn an_error_is_passed_on_as_it_came_and_is_waited_for_by_nobody() {
    let refusal =
        r#"{"__type":"com.amazonaws.ecs#ClusterNotFoundException","message":"no cluster"}"#;
    let traffic = Traffic::default();
    let recorder = Recorder::new([(400, refusal)]);
    let answer = recorder.persistent(16, &traffic).ecs().list_services().send().await;
    let error = answer.unwrap_err().into_service_error();
    assert!(error.is_cluster_not_found_exception(), "{error:?}");
    assert_eq!(traffic.figures(), Figures { calls: 1, ..Figures::default() });
}

#[tokio::test]
async fn after_the_last_attempt_nothing_waits() {
    let traffic = Traffic::default();
    let recorder = Recorder::new([THROTTLED, THROTTLED, THROTTLED]);
    recorder.persistent(2, &traffic).ecs().list_clusters().send().await.unwrap_err();
    assert_eq!(traffic.figures().calls, 2);
    assert!(traffic.state().waiting.is_empty());
    assert!(traffic.state().failures.is_empty());
    // Whoever calls next waits for its turn, and others do not.
    let now = Instant::now();
    let lane = |operation| traffic.state().lanes.turn(operation, now, 0.5);
    assert!(lane("ecs:ListClusters") > Duration::from_millis(140));
    assert_eq!(lane("ecs:ListServices"), Duration::ZERO);
}
