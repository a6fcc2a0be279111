//! `decklift doctor`: whether this machine can deploy.

mod cloud;
mod machine;

use serde_json::json;

use super::{Session, prepare, signals};
use crate::compose::Project;
use crate::error::Error;
use crate::report::checks;
use crate::verify::{Finding, Level};

/// `decklift doctor`
pub(super) async fn run(session: &Session) -> Result<(), Error> {
    let stop = signals::listen(session);
    let all = async {
        let mut found =
            vec![Finding::ok("version", concat!("decklift ", env!("CARGO_PKG_VERSION")))];
        let (project, files) = files(session);
        found.extend(files);
        let (machine, cloud) =
            futures_util::future::join(machine::all(), cloud::all(session, project.as_ref())).await;
        found.extend(cloud);
        found.extend(machine);
        Ok::<_, Error>(found)
    };
    let found = stop.or_interrupted(session, all).await?;
    show(session, &found);
    match found.iter().any(|finding| finding.level == Level::Failure) {
        true => Err(Error::Verify { file: false }),
        false => Ok(()),
    }
}

/// The Compose files that a command here would read.
fn files(session: &Session) -> (Option<Project>, Vec<Finding>) {
    const CHECK: &str = "compose";
    let loaded = match prepare::load_files(session) {
        Ok(loaded) => loaded,
        Err(error) => {
            let (message, help) = error.message().unwrap_or_default();
            let finding = Finding::warning(CHECK, message);
            return (None, vec![Finding { help, ..finding }]);
        }
    };
    let names: Vec<&str> = loaded.sources.iter().map(|source| source.name.as_str()).collect();
    let finding = match &loaded.project {
        Some(project) if !loaded.diagnostics.has_errors() => {
            Finding::ok(CHECK, format!("{} of {}", project.name, names.join(", ")))
        }
        _ if names.is_empty() => Finding::note(CHECK, "no Compose file here"),
        _ => Finding::warning(CHECK, format!("{} cannot be read", names.join(", ")))
            .help("`decklift check` says what is wrong with it"),
    };
    (loaded.project, vec![finding])
}

fn show(session: &Session, found: &[Finding]) {
    if session.json() {
        let finding = |finding: &Finding| {
            json!({
                "check": finding.check,
                "level": finding.level,
                "message": finding.message,
                "help": finding.help,
            })
        };
        let list: Vec<_> = found.iter().map(finding).collect();
        let document = json!({"findings": list, "summary": checks::counts(found)});
        session.screen.data(&serde_json::to_string_pretty(&document).unwrap_or_default());
        return;
    }
    let width = session.screen.data_width().unwrap_or(100);
    for line in checks::lines(found, &|_| None, width) {
        session.screen.data(&line);
    }
    session.screen.data(&checks::summary(found));
}
