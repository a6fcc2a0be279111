//! CloudWatch: the alarms that start step scaling policies.

use aws_sdk_cloudwatch::types as sdk;
use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::{Aws, changed};
use crate::apply::cloud::{Changed, CloudError};
use crate::aws::error::OrFail;
use crate::aws::observe::{Found, IN_FLIGHT};
use crate::aws::tags::{self, Tags};
use crate::aws::values::text;
use crate::ecs::desired::{Alarm, Attribute, Body, MetricDimension, UpperTag, Value};
use crate::plan::Change;

const PUT: &str = "cloudwatch:PutMetricAlarm";
/// What one call of DescribeAlarms takes and answers at most (CloudWatch API reference, `AlarmNames`).
const MOST: usize = 100;

impl Aws {
    pub(in crate::aws) async fn create_alarm(&self, body: &Alarm) -> Result<Changed, CloudError> {
        // To put is to overwrite: whose it is must be asked first.
        let found = self.describe_alarms(std::slice::from_ref(&body.alarm_name)).await?;
        let Some(arn) = found.first().map(|alarm| alarm.alarm_arn().unwrap_or_default()) else {
            return self.put_alarm(body, true).await;
        };
        let have = self.alarm_tags(arn).await?;
        tags::check(PUT, &Body::Alarm(Box::new(body.clone())), &body.alarm_name, &have)?;
        self.put_alarm(body, false).await?;
        Ok(changed(Some(arn)))
    }

    pub(in crate::aws) async fn update_alarm(
        &self,
        body: &Alarm,
        changes: &[Change],
    ) -> Result<Changed, CloudError> {
        self.put_alarm(body, false).await?;
        let found = self.describe_alarms(std::slice::from_ref(&body.alarm_name)).await?;
        let arn = found.first().and_then(|alarm| alarm.alarm_arn());
        if let Some(arn) = arn
            && changes.iter().any(|change| change.path.starts_with("Tags"))
        {
            let call = self.cloudwatch().tag_resource().resource_arn(arn);
            let call = call.set_tags(Some(to_sdk_tags(&body.tags)));
            call.send().await.or_fail("cloudwatch:TagResource")?;
        }
        Ok(changed(arn))
    }

    /// Makes it or overwrites it. Tags are only taken from whoever makes it (CloudWatch API reference,
    /// `PutMetricAlarm.Tags`).
    async fn put_alarm(&self, body: &Alarm, tagged: bool) -> Result<Changed, CloudError> {
        let Alarm {
            alarm_name,
            actions_enabled,
            alarm_actions,
            namespace,
            metric_name,
            dimensions,
            statistic,
            period,
            evaluation_periods,
            threshold,
            comparison_operator,
            tags,
        } = body;
        let actions = alarm_actions.iter().map(|arn| Ok(text(arn)?.to_owned()));
        let actions = actions.collect::<Result<Vec<_>, CloudError>>()?;
        let dimensions = dimensions.iter().map(|MetricDimension { name, value }| {
            sdk::Dimension::builder().name(name).value(value).build()
        });
        let call = self
            .cloudwatch()
            .put_metric_alarm()
            .alarm_name(alarm_name)
            .actions_enabled(*actions_enabled)
            .set_alarm_actions(Some(actions))
            .namespace(namespace)
            .metric_name(metric_name)
            .set_dimensions(Some(dimensions.collect()))
            .statistic(statistic.as_str().into())
            .period(*period)
            .evaluation_periods(*evaluation_periods)
            .threshold(*threshold)
            .comparison_operator(comparison_operator.as_str().into())
            .set_tags((tagged && !tags.is_empty()).then(|| to_sdk_tags(tags)));
        call.send().await.or_fail(PUT)?;
        Ok(changed(None))
    }

    pub(in crate::aws) async fn delete_alarm(&self, body: &Alarm) -> Result<(), CloudError> {
        let call = self.cloudwatch().delete_alarms().alarm_names(&body.alarm_name);
        match call.send().await.or_fail("cloudwatch:DeleteAlarms") {
            Err(error) if error.is(&["ResourceNotFound", "ResourceNotFoundException"]) => Ok(()),
            answer => answer.map(|_| ()),
        }
    }

    /// Alarms of these names, with their tags.
    pub(super) async fn read_alarms(&self, names: &[String]) -> Result<Vec<Found>, CloudError> {
        let alarms = self.describe_alarms(names).await?;
        stream::iter(alarms)
            .map(|alarm| async move {
                let tags = self.alarm_tags(alarm.alarm_arn().unwrap_or_default()).await?;
                let body = Body::Alarm(Box::new(back(&alarm, &tags)));
                Ok(Found::new(body).with(Attribute::Arn, alarm.alarm_arn()).tagged(tags))
            })
            .buffered(IN_FLIGHT)
            .try_collect()
            .await
    }

    async fn describe_alarms(&self, names: &[String]) -> Result<Vec<sdk::MetricAlarm>, CloudError> {
        let mut all = Vec::new();
        for some in names.chunks(MOST) {
            let call = self.cloudwatch().describe_alarms().set_alarm_names(Some(some.to_vec()));
            let answer = call.alarm_types(sdk::AlarmType::MetricAlarm).send().await;
            let answer = answer.or_fail("cloudwatch:DescribeAlarms")?;
            all.extend(answer.metric_alarms.unwrap_or_default());
        }
        Ok(all)
    }

    async fn alarm_tags(&self, arn: &str) -> Result<Tags, CloudError> {
        let answer = self.cloudwatch().list_tags_for_resource().resource_arn(arn).send().await;
        match answer.or_fail("cloudwatch:ListTagsForResource") {
            Err(error) if error.is(&["ResourceNotFoundException"]) => Ok(Tags::new()),
            answer => {
                let list = answer?.tags.unwrap_or_default();
                let pair = |tag: &sdk::Tag| {
                    Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned()))
                };
                Ok(list.iter().filter_map(pair).collect())
            }
        }
    }
}

fn to_sdk_tags(tags: &[UpperTag]) -> Vec<sdk::Tag> {
    tags.iter().map(|tag| sdk::Tag::builder().key(&*tag.key).value(&tag.value).build()).collect()
}

/// An alarm as it was read, in the words of Desired.
fn back(alarm: &sdk::MetricAlarm, tags: &Tags) -> Alarm {
    let owned = |text: Option<&str>| text.unwrap_or_default().to_owned();
    Alarm {
        alarm_name: owned(alarm.alarm_name()),
        // CloudWatch API reference, `PutMetricAlarm.ActionsEnabled`: they are unless it is said.
        actions_enabled: alarm.actions_enabled().unwrap_or(true),
        alarm_actions: alarm.alarm_actions().iter().map(|arn| Value::from(arn.as_str())).collect(),
        namespace: owned(alarm.namespace()),
        metric_name: owned(alarm.metric_name()),
        dimensions: alarm
            .dimensions()
            .iter()
            .map(|d| MetricDimension { name: owned(d.name()), value: owned(d.value()) })
            .collect(),
        statistic: owned(alarm.statistic().map(|statistic| statistic.as_str())),
        period: alarm.period().unwrap_or_default(),
        evaluation_periods: alarm.evaluation_periods().unwrap_or_default(),
        threshold: alarm.threshold().unwrap_or_default(),
        comparison_operator: owned(alarm.comparison_operator().map(|compares| compares.as_str())),
        tags: tags::to_upper(tags),
    }
}
