//! Events as deploys of a made-up shop emit them, each with the time in seconds at which it comes.

use std::time::Duration;

use decklift::apply::{RolloutVerdict, StepError};
use decklift::event::{
    ContainerEnd, Event, ImageProgress, JobProgress, RolloutProgress, RowKind, ServiceRow,
    TargetHealth, TaskFailure, Until,
};
use decklift::report::state::State;

pub(crate) const MIB: u64 = 1 << 20;

/// A sequence of events in the making.
#[derive(Clone, Default)]
pub(crate) struct Story {
    events: Vec<(f64, Event)>,
    steps: usize,
}

impl Story {
    pub(crate) fn at(mut self, seconds: f64, event: Event) -> Self {
        self.events.push((seconds, event));
        self
    }

    /// A step that begins and is done at once.
    pub(crate) fn done(mut self, seconds: f64, action: &str, resource: &str) -> Self {
        let step = self.steps;
        self.steps += 1;
        self.at(seconds, started(step, action, resource)).at(
            seconds,
            Event::StepDone {
                step,
                resource: resource.to_owned(),
                action: action.to_owned(),
                detail: None,
            },
        )
    }

    /// A step that begins, and its index.
    pub(crate) fn begin(mut self, seconds: f64, action: &str, resource: &str) -> (Self, usize) {
        let step = self.steps;
        self.steps += 1;
        (self.at(seconds, started(step, action, resource)), step)
    }

    pub(crate) fn end(
        self,
        seconds: f64,
        step: usize,
        action: &str,
        resource: &str,
        result: Result<&str, &str>,
    ) -> Self {
        let (resource, action) = (resource.to_owned(), action.to_owned());
        let event = match result {
            Ok(detail) => {
                Event::StepDone { step, resource, action, detail: Some(detail.to_owned()) }
            }
            Err(error) => Event::StepFailed { step, resource, action, error: error.to_owned() },
        };
        self.at(seconds, event)
    }

    pub(crate) fn skipped(mut self, seconds: f64, resource: &str, because: &str) -> Self {
        let step = self.steps;
        self.steps += 1;
        let event = Event::StepSkipped {
            step,
            resource: resource.to_owned(),
            action: "new deployment".to_owned(),
            because: because.to_owned(),
        };
        self.at(seconds, event)
    }

    /// What is known at a time.
    pub(crate) fn state(&self, seconds: f64) -> (State, Duration) {
        let mut state = State::default();
        for (at, event) in self.events.iter().filter(|(at, _)| *at <= seconds) {
            state.apply(event, Duration::from_secs_f64(*at));
        }
        (state, Duration::from_secs_f64(seconds))
    }

    /// Every event.
    pub(crate) fn events(&self) -> impl Iterator<Item = &Event> {
        self.events.iter().map(|(_, event)| event)
    }
}

fn started(step: usize, action: &str, resource: &str) -> Event {
    Event::StepStarted { step, resource: resource.to_owned(), action: action.to_owned() }
}

pub(crate) fn row(service: &str, kind: RowKind, waits: &[(&str, Until)]) -> ServiceRow {
    ServiceRow {
        service: service.to_owned(),
        kind,
        unchanged: false,
        waits: waits.iter().map(|(name, until)| ((*name).to_owned(), *until)).collect(),
    }
}

pub(crate) fn rollout(
    service: &str,
    revisions: (Option<u32>, u32),
    [desired, running, pending, failed, old]: [i32; 5],
) -> Event {
    let revision = |number: u32| format!("shop-prod-{service}:{number}");
    let progress = RolloutProgress {
        task_definition: revision(revisions.1),
        replaces: revisions.0.map(revision),
        desired,
        running,
        pending,
        failed,
        old,
        breaker: Some(3),
    };
    Event::Rollout { service: service.to_owned(), progress }
}

pub(crate) fn image(service: &str, progress: ImageProgress) -> Event {
    Event::Image { service: service.to_owned(), progress }
}

pub(crate) fn uploaded(service: &str, done: u64, total: u64) -> Event {
    image(service, ImageProgress::Uploaded { done, total })
}

pub(crate) fn layers(service: &str, done: u64, total: u64) -> Event {
    image(service, ImageProgress::Layers { done, total })
}

pub(crate) fn pushed(service: &str, digest: char) -> Event {
    let digest = format!("sha256:{}", digest.to_string().repeat(64));
    image(service, ImageProgress::Pushed { digest })
}

pub(crate) fn finished(outcome: &str, seconds: u64) -> Event {
    Event::Finished { outcome: outcome.to_owned(), seconds }
}

fn begun(rows: Vec<ServiceRow>, images: &[&str], steps: usize) -> Event {
    Event::Started {
        command: "deploy".to_owned(),
        stack: "shop-prod".to_owned(),
        region: "eu-west-1".to_owned(),
        services: rows.len(),
        steps,
        environment: Some("prod".to_owned()),
        rows,
        images: images.iter().map(|&name| name.to_owned()).collect(),
    }
}

/// Two images, two services that roll, one that waits, one that is unchanged.
pub(crate) fn shop() -> Story {
    let mut db = row("db", RowKind::Service, &[]);
    db.unchanged = true;
    let rows = vec![
        row("checkout", RowKind::Service, &[("db", Until::Healthy)]),
        row("web", RowKind::Service, &[]),
        row("worker", RowKind::Service, &[("checkout", Until::Healthy)]),
        db,
    ];
    let story = Story::default().at(0.0, begun(rows, &["checkout", "web"], 27));
    let (story, checkout) = story.begin(0.1, "create", "image/checkout");
    let (story, web) = story.begin(0.1, "create", "image/web");
    let line = |line: &str| ImageProgress::Line { line: line.to_owned() };
    let mut story = story
        .at(0.2, Event::Release { number: 57 })
        .at(0.2, image("checkout", ImageProgress::Building))
        .at(0.2, image("web", ImageProgress::Building))
        .at(1.0, image("web", line("#7 [build 3/6] RUN \u{1b}[36mnpm ci\u{1b}[0m --omit=dev")))
        .at(1.5, image("checkout", ImageProgress::Pushing))
        .at(2.0, layers("checkout", 2, 9))
        .at(4.0, layers("checkout", 5, 9))
        .at(5.0, layers("checkout", 9, 9))
        .at(5.0, pushed("checkout", '9'))
        .end(5.0, checkout, "create", "image/checkout", Ok("sha256:99"))
        .at(6.0, image("web", ImageProgress::Pushing))
        .at(6.0, uploaded("web", 0, 118 * MIB))
        .at(7.0, layers("web", 5, 8))
        .at(8.0, uploaded("web", 74_868_326, 118 * MIB))
        .at(9.0, uploaded("web", 118 * MIB, 118 * MIB))
        .at(9.0, layers("web", 8, 8))
        .at(9.0, pushed("web", '5'))
        .end(9.0, web, "create", "image/web", Ok("sha256:55"));
    for number in 0..17 {
        story = story.done(9.5, "create", &format!("log-group/{number}"));
    }
    let story = story
        .done(10.0, "create", "target-group/web-80")
        .done(10.0, "create", "task-definition/checkout")
        .done(10.0, "create", "task-definition/web")
        .done(12.0, "new deployment", "service/checkout")
        .done(12.0, "new deployment", "service/web");
    let (story, _) = story.begin(12.0, "rollout", "service/checkout");
    let (story, _) = story.begin(12.0, "rollout", "service/web");
    story
        .at(12.0, rollout("checkout", (Some(41), 42), [4, 0, 4, 0, 4]))
        .at(12.0, rollout("web", (Some(17), 18), [4, 0, 4, 0, 4]))
        .at(40.0, rollout("checkout", (Some(41), 42), [4, 3, 1, 0, 1]))
        .at(40.0, rollout("web", (Some(17), 18), [4, 1, 2, 1, 3]))
        .at(40.0, Event::TaskFailed { service: "web".to_owned(), failure: failure() })
}

/// The steps of the shop that run from second 12 on: those of checkout's and web's rollout.
const ROLLOUTS: [usize; 2] = [24, 25];

pub(crate) fn failure() -> TaskFailure {
    TaskFailure {
        address: None,
        task: "b27e44d1c0f84a0ab11b8f3c29ad5e10".to_owned(),
        reason: "Essential container in task exited".to_owned(),
        containers: vec![
            ContainerEnd { name: "web".to_owned(), exit_code: Some(1), reason: None },
            ContainerEnd { name: "proxy".to_owned(), exit_code: None, reason: None },
        ],
        log: vec![
            "> node server.js".to_owned(),
            "\u{1b}[31mError:\u{1b}[0m\tcannot connect to redis:6379".to_owned(),
            "    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1637:16)".to_owned(),
        ],
        targets: vec![unhealthy("10.0.1.17:80")],
    }
}

pub(crate) fn unhealthy(target: &str) -> TargetHealth {
    TargetHealth {
        target: target.to_owned(),
        state: "unhealthy".to_owned(),
        reason: Some("Target.ResponseCodeMismatch".to_owned()),
        description: Some("Health checks failed with these codes: [500]".to_owned()),
    }
}

/// The shop comes up.
pub(crate) fn shop_done() -> Story {
    let story = shop()
        .at(60.0, rollout("checkout", (Some(41), 42), [4, 4, 0, 0, 0]))
        .at(60.0, rollout("web", (Some(17), 18), [4, 4, 0, 1, 0]))
        .end(60.0, ROLLOUTS[0], "rollout", "service/checkout", Ok("running"))
        .end(64.0, ROLLOUTS[1], "rollout", "service/web", Ok("running"))
        .done(61.0, "update in place", "service/worker");
    story.at(72.0, finished("done", 72)).at(
        72.0,
        Event::Endpoint { service: "web".to_owned(), url: "https://shop.example".to_owned() },
    )
}

/// web fails, and ECS goes back.
pub(crate) fn shop_rolled_back() -> Story {
    let verdict = StepError::Rollout(RolloutVerdict::RolledBack {
        reason: "ECS deployment circuit breaker: tasks failed to start.".to_owned(),
        to: "shop-prod-web:17".to_owned(),
    });
    shop()
        .at(60.0, rollout("checkout", (Some(41), 42), [4, 4, 0, 0, 0]))
        .end(60.0, ROLLOUTS[0], "rollout", "service/checkout", Ok("running"))
        .at(70.0, rollout("web", (Some(17), 18), [4, 0, 0, 3, 4]))
        .end(90.0, ROLLOUTS[1], "rollout", "service/web", Err(&verdict.to_string()))
        .done(91.0, "update in place", "service/worker")
        .at(92.0, finished("rolled-back", 92))
}

/// Somebody presses Ctrl-C at second 45.
pub(crate) fn shop_interrupted() -> Story {
    let verdict = StepError::Rollout(RolloutVerdict::Interrupted).to_string();
    shop()
        .at(45.0, Event::Stopping)
        .end(46.0, ROLLOUTS[0], "rollout", "service/checkout", Err(&verdict))
        .end(46.0, ROLLOUTS[1], "rollout", "service/web", Err(&verdict))
        .skipped(46.0, "service/worker", "interrupted")
        .at(46.0, finished("interrupted", 46))
}

/// A job that others wait for: it logs, and ends with this exit code.
pub(crate) fn job(exit_code: i32) -> Story {
    let rows = vec![
        row("migrate", RowKind::Job, &[]),
        row("api", RowKind::Service, &[("migrate", Until::Completed), ("cache", Until::Started)]),
        row("cache", RowKind::Service, &[]),
    ];
    let lines = [
        "applying 0041_orders.sql",
        "applying 0042_carts.sql",
        "NOTICE:\tindex \"carts_user\" does not exist, skipping",
        "applying 0043_prices.sql",
    ];
    let progress = |progress| Event::Job { service: "migrate".to_owned(), progress };
    let task = "0d2f6a9e51bb4b7f8a2f5f0f5d1c9e77".to_owned();
    let task_definition = "shop-prod-migrate:9".to_owned();
    let story = Story::default().at(0.0, begun(rows, &[], 9));
    let (story, step) = story.begin(1.0, "run", "job/migrate");
    let story = story
        .at(1.0, progress(JobProgress::Started { task, task_definition }))
        .at(8.0, progress(JobProgress::Running))
        .at(9.0, Event::Log { service: "migrate".to_owned(), line: lines[0].to_owned() })
        .at(20.0, progress(JobProgress::Ended { exit_code: Some(exit_code) }));
    match exit_code {
        0 => story.end(20.0, step, "run", "job/migrate", Ok("exited with 0")),
        code => story
            .at(
                20.0,
                Event::TaskFailed {
                    service: "migrate".to_owned(),
                    failure: job_failure(code, &lines),
                },
            )
            .end(20.0, step, "run", "job/migrate", Err(&format!("exited with {code}")))
            .skipped(20.0, "service/api", "job/migrate")
            .at(20.0, finished("job-failed", 20)),
    }
}

fn job_failure(code: i32, lines: &[&str]) -> TaskFailure {
    TaskFailure {
        address: Some("10.0.1.30".to_owned()),
        task: "0d2f6a9e51bb4b7f8a2f5f0f5d1c9e77".to_owned(),
        reason: "Essential container in task exited".to_owned(),
        containers: vec![ContainerEnd {
            name: "migrate".to_owned(),
            exit_code: Some(code),
            reason: None,
        }],
        log: lines.iter().map(|line| (*line).to_owned()).collect(),
        targets: Vec::new(),
    }
}

/// Many services: nine done, two failed, six rolling, the others wait for the last.
pub(crate) fn crowd(count: usize) -> Story {
    let name = |number: usize| format!("service-{number:02}");
    let rows = (0..count)
        .map(|number| match number {
            ..17 => row(&name(number), RowKind::Service, &[]),
            _ => row(&name(number), RowKind::Service, &[(&name(16), Until::Healthy)]),
        })
        .collect();
    let mut story = Story::default().at(0.0, begun(rows, &[], count * 3));
    for number in 0..count.min(17) {
        let resource = format!("service/{}", name(number));
        let (next, step) = story.begin(1.0, "rollout", &resource);
        story = next;
        story = story.at(2.0, rollout(&name(number), (None, 1), [2, 1, 1, 0, 0]));
        story = match number {
            ..9 => story.at(5.0, rollout(&name(number), (None, 1), [2, 2, 0, 0, 0])).end(
                6.0,
                step,
                "rollout",
                &resource,
                Ok("running"),
            ),
            9 | 10 => story
                .at(7.0, Event::TaskFailed { service: name(number), failure: failure() })
                .end(8.0, step, "rollout", &resource, Err("tasks failed to start.")),
            _ => story,
        };
    }
    story
}
