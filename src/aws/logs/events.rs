//! What containers wrote.

use crate::apply::cloud::CloudError;
use crate::aws::Aws;
use crate::aws::error::OrFail;
use crate::inspect::{LogLine, LogPage, LogQuery, Moment};

impl Aws {
    /// One page of a service's lines, in order of time. A log group that does not exist, or has no
    /// name, has none.
    ///
    /// # Errors
    ///
    /// When CloudWatch Logs refuses: the pattern is wrong, say.
    pub async fn log_page(
        &self,
        query: &LogQuery,
        token: Option<String>,
    ) -> Result<LogPage, CloudError> {
        let LogQuery { group, prefix, start, end, pattern } = query;
        // Its output goes elsewhere.
        if group.is_empty() {
            return Ok(LogPage::default());
        }
        // The `awslogs` driver names streams prefix/container/task (ECS developer guide,
        // "awslogs-stream-prefix").
        let prefix = format!("{prefix}/");
        let answer = self
            .logs()
            .filter_log_events()
            .log_group_name(group)
            .log_stream_name_prefix(&prefix)
            .start_time(start.millis().max(0))
            .set_end_time(end.map(Moment::millis))
            .set_filter_pattern(pattern.clone())
            .set_next_token(token)
            .send()
            .await
            .or_fail("logs:FilterLogEvents");
        let answer = match answer {
            Err(error) if error.is(&["ResourceNotFoundException"]) => return Ok(LogPage::default()),
            answer => answer?,
        };
        let moment = |millis: Option<i64>| Moment::from_millis(millis.unwrap_or_default());
        let line = |event: aws_sdk_cloudwatchlogs::types::FilteredLogEvent| {
            let stream = event.log_stream_name()?;
            // A container's name has no slash in it, and neither has a task's id.
            let (_, task) = stream.strip_prefix(&prefix)?.split_once('/')?;
            let message = event.message().unwrap_or_default().trim_end_matches(['\n', '\r']);
            Some(LogLine {
                id: event.event_id().map_or_else(
                    || format!("{stream}/{:?}/{message}", event.ingestion_time()),
                    str::to_owned,
                ),
                at: moment(event.timestamp()),
                taken: moment(event.ingestion_time()),
                task: task.to_owned(),
                message: message.to_owned(),
            })
        };
        Ok(LogPage {
            lines: answer.events.unwrap_or_default().into_iter().filter_map(line).collect(),
            next: answer.next_token.filter(|token| !token.is_empty()),
        })
    }
}
