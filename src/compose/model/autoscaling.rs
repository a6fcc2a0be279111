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
    /// `steps`: so many tasks more or fewer, the further the load is from a threshold
    pub steps: Vec<Located<StepScaling>>,
}

/// An entry of `x-ecs.autoscaling.steps`: what a metric's distance from a threshold comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct StepScaling {
    /// `metric`: `cpu` or `memory`
    pub metric: Located<StepMetric>,
    /// `up`: where tasks come
    pub up: Vec<Located<Step>>,
    /// `down`: where tasks go
    pub down: Vec<Located<Step>>,
    /// `cooldown`: seconds between two changes; the one beside `steps` unless given
    pub cooldown: Option<Located<u32>>,
    /// `minutes` in a row that the metric lies there, 3 unless given
    pub minutes: Option<Located<u32>>,
}

/// What steps follow: the average of all tasks, in percent of what they have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepMetric {
    /// `cpu`
    Cpu,
    /// `memory`
    Memory,
}

/// `{above: 70, add: 1}` or `{below: 30, remove: 1}`
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// From where on, in percent
    pub threshold: Located<f64>,
    /// How many tasks come or go
    pub tasks: Located<u32>,
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
    /// `arn`
    pub arn: Option<Located<String>>,
    /// `messages`: how many may wait for each task that runs
    pub messages: Located<f64>,
}
