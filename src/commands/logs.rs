use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::try_join_all;

use super::prepare::{self, Known};
use super::{Session, signals};
use crate::apply::{CloudError, Verdict};
use crate::aws::Aws;
use crate::cli::{LogsArgs, TailLines};
use crate::ecs::desired::{Body, Kind, ResourceId};
use crate::error::Error;
use crate::inspect::{LogLine, LogPage, LogQuery, Merge, Moment, Seen, Tail, TaskState};
use crate::report::lines::{LineOptions, Lines};

/// How many lines of each task are shown when nobody says.
const TAIL: usize = 1000;
/// The first stretch of time in which the last lines are looked for, and how much longer each further
/// one is: what a chatty service wrote in an hour need not be read for ten lines.
const FIRST_STRETCH: Duration = Duration::from_secs(600);
const LONGER: u32 = 6;
/// How late a line may come: the log driver sends every few seconds, CloudWatch Logs takes some more.
const OVERLAP: Duration = Duration::from_secs(30);

/// How many log groups are asked a second on AWS, whose quota for `FilterLogEvents` is 5 or 10 an
/// account and region.
const POLL: Duration = Duration::from_secs(2);
const POLL_PER_GROUP: Duration = Duration::from_millis(400);
const POLL_SANDBOX: Duration = Duration::from_millis(500);

/// What is shown, and where it comes from.
struct Show<'a> {
    session: &'a Session,
    aws: &'a Aws,
    lines: Lines<'a>,
    groups: Vec<(String, String)>,
    pattern: Option<String>,
    whose: Whose,
    start: Moment,
    end: Moment,
    /// One a group.
    seen: RefCell<Vec<Seen>>,
}

/// The tasks whose lines are shown.
enum Whose {
    All,
    Only(BTreeSet<String>),
    AllBut(BTreeSet<String>),
}

/// Why nothing more is shown.
enum Stop {
    /// Nobody reads any more.
    Closed,
    Failed(Error),
}

impl From<CloudError> for Stop {
    fn from(error: CloudError) -> Self {
        Self::Failed(error.into())
    }
}

/// `decklift logs`
pub(super) async fn run(session: &Session, arguments: &LogsArgs) -> Result<(), Error> {
    let stop = signals::listen(session);
    let known = prepare::known(session)?;
    let all = &known.project.services;
    let names: Vec<&str> = all.keys().map(String::as_str).collect();
    prepare::check_names(&arguments.services, &names)?;
    let chosen =
        |name: &&String| arguments.services.is_empty() || arguments.services.contains(name);
    let services: Vec<String> = all.keys().filter(chosen).cloned().collect();
    let Some(reached) = prepare::reach(session, &known.project).await? else {
        session.notify("there are no logs: no sandbox is running");
        return Ok(());
    };
    let poll = match reached.sandbox {
        true => POLL_SANDBOX,
        false => POLL.max(POLL_PER_GROUP * u32::try_from(services.len()).unwrap_or(u32::MAX)),
    };
    let work = async {
        let Some(show) = prepare_show(session, arguments, &known, &reached.aws, &services).await?
        else {
            return Ok(());
        };
        show.backlog(arguments).await?;
        if arguments.follow { show.follow(poll).await } else { Ok(()) }
    };
    tokio::select! {
        result = work => match result {
            Ok(()) | Err(Stop::Closed) => Ok(()),
            Err(Stop::Failed(error)) => Err(error),
        },
        // Whoever follows ends it in no other way.
        () = stop.asked() => match arguments.follow {
            true => Ok(()),
            false => Err(Error::Deployment(Verdict::Interrupted)),
        },
    }
}

/// Finds out whose lines are wanted and since when; nothing when there can be none.
async fn prepare_show<'a>(
    session: &'a Session,
    arguments: &LogsArgs,
    known: &Known,
    aws: &'a Aws,
    services: &'a [String],
) -> Result<Option<Show<'a>>, Stop> {
    let end = Moment::now();
    let tasks = tasks_of(aws, known, services, arguments.previous).await?;
    let ids = |tasks: &[TaskState]| tasks.iter().map(|task| task.task.clone()).collect();
    let since = arguments.since.as_deref().and_then(|text| Moment::parse(text, end));
    let whose = match (since, arguments.previous) {
        (Some(_), false) => Whose::All,
        (Some(_), true) => Whose::AllBut(ids(&tasks_of(aws, known, services, false).await?)),
        (None, _) => Whose::Only(ids(&tasks)),
    };
    let start = since.or_else(|| tasks.iter().filter_map(|task| task.created).min());
    if start.is_none() && !arguments.follow {
        let hint = match arguments.previous {
            true => "ECS remembers no stopped task; --since TIME shows what older ones wrote",
            false => "no task is running; --previous shows what stopped ones wrote",
        };
        session.notify(hint);
        return Ok(None);
    }
    let start = start.unwrap_or(end);
    let screen = &session.screen;
    let terminal = screen.data_width().is_some();
    let options = LineOptions {
        color: screen.data_color() && !arguments.no_color,
        terminal,
        prefix: !arguments.no_log_prefix,
        timestamps: arguments.timestamps,
        json: session.json(),
    };
    Ok(Some(Show {
        session,
        aws,
        lines: Lines::new(services, options),
        groups: services.iter().map(|service| group(known, service)).collect(),
        pattern: arguments.filter.clone(),
        whose,
        start,
        end,
        seen: RefCell::new(services.iter().map(|_| Seen::new(end, OVERLAP)).collect()),
    }))
}

/// The log group of a service, and what the names of its streams start with: as its container says,
/// so that a group of somebody else's is read, too. Empty where its output goes elsewhere.
fn group(known: &Known, service: &str) -> (String, String) {
    let option = |key: &str| {
        let container = known.container(service)?;
        let log = container.log_configuration.as_ref()?;
        log.options.get(key).filter(|_| log.log_driver == "awslogs").map(str::to_owned)
    };
    let group = option("awslogs-group").unwrap_or_default();
    (group, option("awslogs-stream-prefix").unwrap_or_else(|| service.to_owned()))
}

/// The tasks of these services: those that should run, or those that have stopped.
async fn tasks_of(
    aws: &Aws,
    known: &Known,
    services: &[String],
    stopped: bool,
) -> Result<Vec<TaskState>, CloudError> {
    let mut tasks = aws.tasks(&known.desired, stopped).await?;
    let is_job = |service: &String| known.job_family(service).is_some();
    // A job has mostly ended when somebody asks what it said.
    if !stopped && services.iter().any(is_job) {
        let mut ended = aws.tasks(&known.desired, true).await?;
        for family in services.iter().filter_map(|service| known.job_family(service)) {
            let newest = ended.remove(family).and_then(|list| list.into_iter().next_back());
            let running = tasks.entry(family.to_owned()).or_default();
            if running.is_empty() {
                running.extend(newest);
            }
        }
    }
    let of = |service: &String| {
        let id = ResourceId::new(Kind::Service, service.as_str());
        match known.desired.resources.get(&id).map(|resource| &resource.body) {
            Some(Body::Service(body)) => tasks.remove(&body.service_name),
            _ => tasks.remove(known.job_family(service)?),
        }
    };
    Ok(services.iter().filter_map(of).flatten().collect())
}

impl Show<'_> {
    /// What was written until now.
    async fn backlog(&self, arguments: &LogsArgs) -> Result<(), Stop> {
        match (arguments.tail, arguments.since.is_some()) {
            (Some(TailLines::All), _) | (None, true) => self.everything().await,
            (Some(TailLines::Last(count)), _) => self.last(count).await.map(|_| ()),
            (None, false) => {
                if self.last(TAIL).await? {
                    self.session.notify(&format!(
                        "only the last {TAIL} lines of each task are shown; --tail all shows every one"
                    ));
                }
                Ok(())
            }
        }
    }

    /// From the first to the last, page by page.
    async fn everything(&self) -> Result<(), Stop> {
        let mut merge = Merge::new(self.groups.len());
        let mut tokens: Vec<Option<String>> = vec![None; self.groups.len()];
        loop {
            let mut text = String::new();
            while let Some((group, line)) = merge.pop() {
                text.push_str(&self.lines.draw(group, &line));
                if text.len() > 1 << 16 {
                    self.print(&std::mem::take(&mut text))?;
                }
            }
            self.print(&text)?;
            let wanted = merge.wanted();
            if wanted.is_empty() {
                return Ok(());
            }
            let pages = wanted.iter().map(|group| {
                let token = tokens[*group].take();
                self.page(*group, self.start, Some(self.end), token)
            });
            for (group, page) in wanted.iter().zip(try_join_all(pages).await?) {
                merge.give(*group, page.lines, page.next.is_none());
                tokens[*group] = page.next;
            }
        }
    }

    /// The last lines of each task; whether there are more.
    async fn last(&self, count: usize) -> Result<bool, Stop> {
        let last = (0..self.groups.len()).map(|group| self.last_of(group, count));
        let tails = try_join_all(last).await?;
        let cut = tails.iter().any(Tail::is_cut);
        let mut merge = Merge::new(tails.len());
        for (group, tail) in tails.into_iter().enumerate() {
            merge.give(group, tail.into_lines(), true);
        }
        let drawn = std::iter::from_fn(|| merge.pop());
        let text: String = drawn.map(|(group, line)| self.lines.draw(group, &line)).collect();
        self.print(&text)?;
        Ok(cut)
    }

    /// The last lines of each task of one group, looked for in ever longer stretches of time back
    /// from now, because a log group can only be read forwards.
    async fn last_of(&self, group: usize, count: usize) -> Result<Tail, Stop> {
        let mut tail = Tail::new(count);
        let (mut end, mut stretch) = (self.end, FIRST_STRETCH);
        loop {
            let start = end.before(stretch).max(self.start);
            let mut earlier = Tail::new(count);
            let mut token = None;
            loop {
                let page = self.page(group, start, Some(end), token).await?;
                page.lines.into_iter().for_each(|line| earlier.push(line));
                token = page.next;
                if token.is_none() {
                    break;
                }
            }
            tail.prepend(earlier);
            let enough = match &self.whose {
                // Which tasks have logs here is not known for the others.
                Whose::Only(tasks) => tasks.len() == 1 && tail.is_full(tasks.iter().map(|t| &**t)),
                Whose::All | Whose::AllBut(_) => false,
            };
            if enough || start <= self.start {
                return Ok(tail);
            }
            end = start.before(Duration::from_millis(1));
            stretch *= LONGER;
        }
    }

    /// What is written from now on, until somebody ends it.
    async fn follow(&self, poll: Duration) -> Result<(), Stop> {
        loop {
            let groups = 0..self.groups.len();
            let mut new: Vec<(usize, LogLine)> = try_join_all(groups.map(|group| self.news(group)))
                .await?
                .into_iter()
                .flatten()
                .collect();
            new.sort_by_key(|(_, line)| line.order());
            let text: String =
                new.iter().map(|(group, line)| self.lines.draw(*group, line)).collect();
            self.print(&text)?;
            tokio::time::sleep(poll).await;
        }
    }

    /// What of a group has not been shown yet.
    async fn news(&self, group: usize) -> Result<Vec<(usize, LogLine)>, Stop> {
        let from = self.seen.borrow_mut()[group].start(Moment::now()).max(self.start);
        let (mut new, mut token) = (Vec::new(), None);
        loop {
            let (group_name, prefix) = self.groups[group].clone();
            let pattern = self.pattern.clone();
            let query = LogQuery { group: group_name, prefix, start: from, end: None, pattern };
            let page = self.aws.log_page(&query, token).await?;
            let mut seen = self.seen.borrow_mut();
            new.extend(
                page.lines.into_iter().filter(|l| seen[group].is_new(l)).map(|l| (group, l)),
            );
            token = page.next;
            if token.is_none() {
                return Ok(new);
            }
        }
    }

    /// A page of a group, with the wanted tasks' lines alone; all of it counts as seen.
    async fn page(
        &self,
        group: usize,
        start: Moment,
        end: Option<Moment>,
        token: Option<String>,
    ) -> Result<LogPage, Stop> {
        let (group_name, prefix) = self.groups[group].clone();
        let query =
            LogQuery { group: group_name, prefix, start, end, pattern: self.pattern.clone() };
        let mut page = self.aws.log_page(&query, token).await?;
        let mut seen = self.seen.borrow_mut();
        page.lines.retain(|line| seen[group].is_new(line));
        seen[group].start(self.end);
        page.lines.retain(|line| match &self.whose {
            Whose::All => true,
            Whose::Only(tasks) => tasks.contains(&line.task),
            Whose::AllBut(tasks) => !tasks.contains(&line.task),
        });
        Ok(page)
    }

    fn print(&self, text: &str) -> Result<(), Stop> {
        if text.is_empty() {
            return Ok(());
        }
        self.session.screen.stream(text).map_err(|_| Stop::Closed)
    }
}
