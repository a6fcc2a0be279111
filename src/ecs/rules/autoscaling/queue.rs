//! `x-ecs.autoscaling.queue`: the messages that wait, for each task that runs (Application Auto Scaling
//! user guide, "Create a target tracking scaling policy for Application Auto Scaling using metric
//! math", its example of a backlog per task).

use super::Place;
use crate::compose::model::QueueScaling;
use crate::diagnostic::{Code, Diagnostic};
use crate::ecs::desired::{CustomizedMetric, Metric, MetricDataQuery, MetricDimension, MetricStat};
use crate::ecs::translate::context::Output;
use crate::ecs::translate::unit::Unit;
use crate::source::Located;

/// The messages that can be fetched, divided by the tasks that run.
pub(super) fn backlog(place: &Place<'_>, queue: &str) -> CustomizedMetric {
    let service = place.service;
    let messages = MetricStat {
        metric: Metric {
            namespace: "AWS/SQS".to_owned(),
            metric_name: "ApproximateNumberOfMessagesVisible".to_owned(),
            dimensions: vec![dimension("QueueName", queue)],
        },
        stat: "Sum".to_owned(),
    };
    let tasks = MetricStat {
        metric: Metric {
            namespace: "ECS/ContainerInsights".to_owned(),
            metric_name: "RunningTaskCount".to_owned(),
            dimensions: vec![
                dimension("ClusterName", &service.cluster),
                dimension("ServiceName", &service.service_name),
            ],
        },
        stat: "Average".to_owned(),
    };
    let query = |id: &str, label: &str| MetricDataQuery {
        id: id.to_owned(),
        label: label.to_owned(),
        expression: None,
        metric_stat: None,
        return_data: false,
    };
    // Nothing can be divided by no task: the first one would never start.
    let expression = "messages / IF(tasks > 0, tasks, 1)".to_owned();
    CustomizedMetric {
        metrics: vec![
            MetricDataQuery {
                metric_stat: Some(messages),
                ..query("messages", "messages that wait in the queue")
            },
            MetricDataQuery {
                metric_stat: Some(tasks),
                ..query("tasks", "tasks that run in the service")
            },
            MetricDataQuery {
                expression: Some(expression),
                return_data: true,
                ..query("backlog", "messages that wait for each task")
            },
        ],
    }
}

fn dimension(name: &str, value: &str) -> MetricDimension {
    MetricDimension { name: name.to_owned(), value: value.to_owned() }
}

/// Says what the cluster has to do for it (CloudWatch user guide, "Amazon ECS Container Insights
/// metrics").
pub(super) fn warn(
    place: &Place<'_>,
    unit: &Unit<'_>,
    queue: &Located<QueueScaling>,
    out: &mut Output,
) {
    let cluster = &place.service.cluster;
    let message = "only Container Insights counts the tasks that run, and it is off unless told";
    let help = format!(
        "turn it on, or nothing scales by the queue: `aws ecs update-cluster-settings --cluster \
            {cluster} --settings name=containerInsights,value=enabled`"
    );
    let warning = Diagnostic::warning(Code::Approximated, message).at(queue.span, "");
    out.say(warning.help(help).service(unit.name()));
}
