use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::{Session, prepare, signals, turn};
use crate::cli::HistoryArgs;
use crate::error::Error;
use crate::release::{Release, table};

/// `decklift history`
pub(super) async fn run(session: &Session, arguments: &HistoryArgs) -> Result<(), Error> {
    let loaded = prepare::load_files(session)?;
    session.print(&loaded.diagnostics, &loaded.sources);
    let Some(project) = loaded.project else { return Err(Error::Compose) };
    let stop = signals::listen(session);
    let mut releases = Vec::new();
    // A sandbox that does not run has no history.
    if let Some(reached) = stop.or_interrupted(session, prepare::reach(session, &project)).await? {
        let queue = turn::queue(session, &project, &reached.aws);
        releases = stop.or_interrupted(session, queue.history()).await?;
        releases.truncate(arguments.limit);
    }
    if session.json() {
        let list: Vec<Json> = releases.iter().map(document).collect();
        session.screen.data(&serde_json::to_string_pretty(&list).unwrap_or_default());
    } else if releases.is_empty() {
        session.screen.note(&format!("no releases of {} yet", project.name));
    } else {
        for line in table(&releases) {
            session.screen.data(&line);
        }
    }
    Ok(())
}

fn document(release: &Release) -> Json {
    let record = match &release.record {
        Ok(record) => record,
        Err(why) => {
            return json!({"release": release.number, "outcome": release.outcome(), "why": why});
        }
    };
    let services: BTreeMap<_, _> = record.revisions.of_services().collect();
    let jobs: BTreeMap<_, _> = record.revisions.of_jobs().collect();
    json!({
        "release": release.number,
        "outcome": release.outcome(),
        "command": record.command,
        "who": record.author.who,
        "url": record.author.url,
        "arn": record.author.arn,
        "started": record.started,
        "finished": record.finished,
        "commit": record.commit.as_ref().map(|commit| &commit.id),
        "dirty": record.commit.as_ref().map(|commit| commit.dirty),
        "compose": record.compose,
        "resumes": record.resumes,
        "services": services,
        "jobs": jobs,
        "omitted": record.revisions.omitted,
    })
}
