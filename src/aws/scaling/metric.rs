//! What a policy follows, to the SDK and back.

use aws_sdk_applicationautoscaling::types as sdk;

use crate::apply::cloud::CloudError;
use crate::aws::values::text;
use crate::ecs::desired::{
    CustomizedMetric, Metric, MetricDataQuery, MetricDimension, MetricStat, PredefinedMetric,
    ResourceLabel, TargetTracking,
};

pub(super) fn tracking(
    config: &TargetTracking,
) -> Result<sdk::TargetTrackingScalingPolicyConfiguration, CloudError> {
    let TargetTracking {
        target_value,
        predefined_metric_specification,
        customized_metric_specification,
        scale_out_cooldown,
        scale_in_cooldown,
    } = config;
    let predefined = predefined_metric_specification.as_ref().map(predefined).transpose()?;
    let customized = customized_metric_specification.as_ref().map(customized).transpose()?;
    Ok(sdk::TargetTrackingScalingPolicyConfiguration::builder()
        .target_value(*target_value)
        .set_predefined_metric_specification(predefined)
        .set_customized_metric_specification(customized)
        .set_scale_out_cooldown(*scale_out_cooldown)
        .set_scale_in_cooldown(*scale_in_cooldown)
        .build()?)
}

fn predefined(metric: &PredefinedMetric) -> Result<sdk::PredefinedMetricSpecification, CloudError> {
    let PredefinedMetric { predefined_metric_type, resource_label } = metric;
    let label = match resource_label {
        Some(ResourceLabel { load_balancer, target_group }) => {
            Some(format!("{}/{}", text(load_balancer)?, text(target_group)?))
        }
        None => None,
    };
    Ok(sdk::PredefinedMetricSpecification::builder()
        .predefined_metric_type(predefined_metric_type.as_str().into())
        .set_resource_label(label)
        .build()?)
}

fn customized(metric: &CustomizedMetric) -> Result<sdk::CustomizedMetricSpecification, CloudError> {
    let queries = metric.metrics.iter().map(query).collect::<Result<Vec<_>, CloudError>>()?;
    Ok(sdk::CustomizedMetricSpecification::builder().set_metrics(Some(queries)).build())
}

fn query(query: &MetricDataQuery) -> Result<sdk::TargetTrackingMetricDataQuery, CloudError> {
    let MetricDataQuery { id, label, expression, metric_stat, return_data } = query;
    Ok(sdk::TargetTrackingMetricDataQuery::builder()
        .id(id)
        .label(label)
        .set_expression(expression.clone())
        .set_metric_stat(metric_stat.as_ref().map(stat).transpose()?)
        .return_data(*return_data)
        .build()?)
}

fn stat(stat: &MetricStat) -> Result<sdk::TargetTrackingMetricStat, CloudError> {
    let MetricStat { metric: Metric { namespace, metric_name, dimensions }, stat } = stat;
    let dimensions = dimensions.iter().map(|MetricDimension { name, value }| {
        Ok(sdk::TargetTrackingMetricDimension::builder().name(name).value(value).build()?)
    });
    let metric = sdk::TargetTrackingMetric::builder()
        .namespace(namespace)
        .metric_name(metric_name)
        .set_dimensions(Some(dimensions.collect::<Result<Vec<_>, CloudError>>()?))
        .build();
    Ok(sdk::TargetTrackingMetricStat::builder().metric(metric).stat(stat).build()?)
}

/// What a policy follows; nothing where decklift makes no such policies.
pub(super) fn back(
    config: &sdk::TargetTrackingScalingPolicyConfiguration,
) -> Option<TargetTracking> {
    let predefined = config.predefined_metric_specification().map(|metric| PredefinedMetric {
        predefined_metric_type: metric.predefined_metric_type().as_str().to_owned(),
        resource_label: metric.resource_label().map(|label| ResourceLabel::from(label.to_owned())),
    });
    let customized = config.customized_metric_specification().map(|metric| CustomizedMetric {
        metrics: metric.metrics().iter().map(query_back).collect(),
    });
    let is_ours = predefined.is_some()
        || customized.as_ref().is_some_and(|metric| !metric.metrics.is_empty());
    is_ours.then(|| TargetTracking {
        target_value: config.target_value(),
        predefined_metric_specification: predefined,
        customized_metric_specification: customized,
        scale_out_cooldown: config.scale_out_cooldown(),
        scale_in_cooldown: config.scale_in_cooldown(),
    })
}

fn query_back(query: &sdk::TargetTrackingMetricDataQuery) -> MetricDataQuery {
    let owned = |text: Option<&str>| text.unwrap_or_default().to_owned();
    MetricDataQuery {
        id: query.id().to_owned(),
        label: owned(query.label()),
        expression: query.expression().map(str::to_owned),
        metric_stat: query.metric_stat().map(|stat| {
            let metric = stat.metric();
            MetricStat {
                metric: Metric {
                    namespace: owned(metric.and_then(|metric| metric.namespace())),
                    metric_name: owned(metric.and_then(|metric| metric.metric_name())),
                    dimensions: metric
                        .map(|metric| metric.dimensions())
                        .unwrap_or_default()
                        .iter()
                        .map(|dimension| MetricDimension {
                            name: dimension.name().to_owned(),
                            value: dimension.value().to_owned(),
                        })
                        .collect(),
                },
                stat: stat.stat().to_owned(),
            }
        }),
        // Application Auto Scaling API reference, `TargetTrackingMetricDataQuery.ReturnData`: true
        // where it is not said.
        return_data: query.return_data().unwrap_or(true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_comes_back_as_it_was_sent() {
        let dimension =
            MetricDimension { name: "QueueName".to_owned(), value: "orders".to_owned() };
        let metric = |id: &str, expression: Option<&str>| MetricDataQuery {
            id: id.to_owned(),
            label: "for people".to_owned(),
            expression: expression.map(str::to_owned),
            metric_stat: expression.is_none().then(|| MetricStat {
                metric: Metric {
                    namespace: "AWS/SQS".to_owned(),
                    metric_name: "ApproximateNumberOfMessagesVisible".to_owned(),
                    dimensions: vec![dimension.clone()],
                },
                stat: "Sum".to_owned(),
            }),
            return_data: expression.is_some(),
        };
        let sent = TargetTracking {
            target_value: 100.0,
            predefined_metric_specification: None,
            customized_metric_specification: Some(CustomizedMetric {
                metrics: vec![metric("m1", None), metric("e1", Some("m1 / 2"))],
            }),
            scale_out_cooldown: Some(60),
            scale_in_cooldown: None,
        };
        let request = tracking(&sent).expect("nothing is left open");
        assert_eq!(back(&request), Some(sent));
    }
}
