use crate::source::Located;

/// `x-ecs.autoscaling`: how many tasks run, by load and by the clock.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Autoscaling {
    /// `min`: tasks that always run, 1 unless given
    pub min: Option<Located<u32>>,
    /// `max`: tasks that run at most
    pub max: Option<Located<u32>>,
    /// `cpu`: the average use that is aimed at, in percent of what the tasks have
    pub cpu: Option<Located<f64>>,
    /// `memory`: the same of memory
    pub memory: Option<Located<f64>>,
    /// `requests`: requests a minute that one task shall get from the load balancer
    pub requests: Option<Located<f64>>,
    /// `cooldown`: seconds between two changes; what Application Auto Scaling takes unless given
    pub cooldown: Option<Located<u32>>,
    /// `schedule`: other limits from certain times on
    pub schedule: Vec<Located<ScheduledScaling>>,
    /// `queue`
    pub queue: Option<Located<QueueScaling>>,
}

/// An entry of `x-ecs.autoscaling.schedule`: from a time on the tasks scale between other limits.
#[derive(Clone, Debug, PartialEq)]
pub struct ScheduledScaling {
    /// `expression`: `cron(…)`, `rate(…)` or `at(…)`
    pub expression: Located<String>,
    /// `timezone` of the expression, a name of the IANA's; UTC unless given
    pub timezone: Option<Located<String>>,
    /// `min`, as it was unless given
    pub min: Option<Located<u32>>,
    /// `max`, as it was unless given
    pub max: Option<Located<u32>>,
}

/// `x-ecs.autoscaling.queue`: so many tasks that none has too much to do.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueScaling {
    /// The name of an SQS queue: `name`, or the end of `arn`
    pub name: Located<String>,
    /// The region of the queue's `arn`
    pub region: Option<String>,
    /// `messages`: how many may wait for each task that runs
    pub messages: Located<f64>,
}
