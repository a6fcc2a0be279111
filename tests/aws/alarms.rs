//! The alarms that start steps, where `DECKLIFT_TEST_SCALING_ENDPOINT` names a server
//! (`scaling_server.py`), and only there: what the sandbox runs does not speak the SDK's protocol of
//! CloudWatch.

use decklift::apply::cloud::{Cloud, CloudErrorKind};
use decklift::ecs::desired::*;
use decklift::plan::{Action, Actual, plan};

use crate::app::add;
use crate::{carry_out, changes, list, observe, stack};

const ID: &str = "web+steps-cpu-up";

fn alarm(stack: &str, project: &str) -> Alarm {
    let tags = [
        ("decklift:environment", "default"),
        ("decklift:project", project),
        ("decklift:resource", "alarm/web+steps-cpu-up"),
        ("team", "a"),
    ];
    let dimension = |name: &str, value: &str| MetricDimension {
        name: name.to_owned(),
        value: value.to_owned(),
    };
    let policy = "arn:aws:autoscaling:us-east-1:000000000000:scalingPolicy:1:resource/ecs/service/a/b:policyName/c";
    Alarm {
        alarm_name: format!("{stack}-web-steps-cpu-up"),
        actions_enabled: true,
        alarm_actions: vec![Value::from(policy)],
        namespace: "AWS/ECS".to_owned(),
        metric_name: "CPUUtilization".to_owned(),
        dimensions: vec![dimension("ClusterName", stack), dimension("ServiceName", "web")],
        statistic: "Average".to_owned(),
        period: 60,
        evaluation_periods: 3,
        threshold: 70.0,
        comparison_operator: "GreaterThanThreshold".to_owned(),
        tags: tags
            .map(|(key, value)| UpperTag { key: key.to_owned().into(), value: value.to_owned() })
            .into(),
    }
}

fn desired(stack: &str, alarm: Alarm) -> Desired {
    let mut desired = Desired { stack: stack.to_owned(), ..Desired::default() };
    add(&mut desired, ResourceId::new(Kind::Alarm, ID), Body::Alarm(Box::new(alarm)));
    desired
}

#[tokio::test(flavor = "current_thread")]
async fn an_alarm_that_scales_is_made_read_changed_and_deleted() {
    let Some((aws, _)) = crate::scaling::server().await else { return };
    let stack = stack("alarms");
    let good = desired(&stack, alarm(&stack, &stack));
    let first = plan(&good, &Actual::default());
    carry_out(&aws, &good, &first).await;
    assert_eq!(list(&changes(&aws, &good).await), Vec::<String>::new());
    // The answer was lost.
    carry_out(&aws, &good, &first).await;
    assert_eq!(list(&changes(&aws, &good).await), Vec::<String>::new());

    let mut other = alarm(&stack, &stack);
    other.threshold = 80.0;
    other.tags[3].value = "b".to_owned();
    let other = desired(&stack, other);
    let steps = changes(&aws, &other).await;
    let step = &steps.steps[0];
    let paths: Vec<&str> = step.changes.iter().map(|change| change.path.as_str()).collect();
    assert_eq!(step.action, Action::Update);
    assert_eq!(paths, ["Tags[team].Value", "Threshold"]);
    carry_out(&aws, &other, &steps).await;
    assert_eq!(list(&changes(&aws, &other).await), Vec::<String>::new());

    // Somebody else's of the same name is not overwritten.
    let theirs = alarm(&stack, "somebody");
    let id = ResourceId::new(Kind::Alarm, ID);
    let refused = aws.create(&id, &Body::Alarm(Box::new(theirs)), false).await;
    assert_eq!(refused.expect_err("it is ours").kind, CloudErrorKind::NotOurs);

    let found = observe(&aws, &other).await.resources.remove(&id).expect("the alarm");
    aws.delete(&id, &found).await.expect("deleted");
    assert_eq!(observe(&aws, &other).await, Actual::default());
    aws.delete(&id, &found).await.expect("it is gone already");
}
