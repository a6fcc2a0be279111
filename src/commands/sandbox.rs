use super::Session;
use crate::error::Error;
use crate::sandbox::{self, Paths};

/// The folders of the sandbox.
pub(super) fn paths() -> Result<Paths, Error> {
    Ok(Paths::from_env(|name| std::env::var_os(name))?)
}

/// `decklift sandbox status`
pub(super) async fn status(session: &Session) -> Result<(), Error> {
    let paths = paths()?;
    let Some(sandbox) = sandbox::find(&paths).await? else {
        if session.json() {
            session.screen.data(r#"{"running":false}"#);
        } else {
            session.screen.data("The sandbox does not run. `decklift deploy --sandbox` starts it.");
        }
        return Ok(());
    };
    let status = &sandbox.status;
    if session.json() {
        let mut json = serde_json::to_value(status).unwrap_or_default();
        if let Some(map) = json.as_object_mut() {
            map.insert("running".into(), true.into());
            map.insert("endpoint".into(), sandbox.instance.endpoint().into());
            map.insert("pid".into(), sandbox.instance.pid.into());
        }
        session.screen.data(&json.to_string());
        return Ok(());
    }
    let engine = match status.engine.kind.as_str() {
        "none" => format!(
            "none, tasks are simulated ({})",
            status.engine.why.as_deref().unwrap_or("no reason given")
        ),
        kind => format!("{kind} {}", status.engine.version.as_deref().unwrap_or_default()),
    };
    let mut lines = vec![
        format!("instance    {} (process {})", status.instance, sandbox.instance.pid),
        format!("endpoint    {}", sandbox.instance.endpoint()),
        format!("account     {} in {}", status.account, status.region),
        format!("emulator    MiniStack {}", status.ministack),
        format!("engine      {engine}"),
        format!("containers  {}", status.containers),
        format!("log         {}", paths.log().display()),
    ];
    for listener in &status.listeners {
        lines.push(format!("listener    port {} at {}", listener.port, listener.url));
    }
    for (holds, title) in [(true, "holds here, as on ECS:"), (false, "does not hold here:")] {
        lines.push(String::new());
        lines.push(title.to_owned());
        for promise in status.promises.iter().filter(|promise| promise.holds == holds) {
            let note =
                if promise.note.is_empty() { String::new() } else { format!(": {}", promise.note) };
            lines.push(format!("  {}{note}", promise.promise));
        }
    }
    session.screen.data(&lines.join("\n"));
    Ok(())
}

/// `decklift sandbox logs`
pub(super) fn logs(session: &Session, tail: usize) -> Result<(), Error> {
    let path = paths()?.log();
    let bytes = std::fs::read(&path).map_err(|error| Error::System {
        message: match error.kind() {
            std::io::ErrorKind::NotFound => "the sandbox has not run yet".to_owned(),
            _ => format!("failed to read {}: {error}", path.display()),
        },
        help: "`decklift deploy --sandbox` starts it".to_owned(),
    })?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    for line in &lines[lines.len().saturating_sub(tail)..] {
        session.screen.data(line);
    }
    Ok(())
}

/// `decklift sandbox stop`
pub(super) async fn stop(session: &Session) -> Result<(), Error> {
    let stopped = sandbox::stop(&paths()?).await?;
    session.notify(if stopped { "stopped the sandbox" } else { "no sandbox was running" });
    Ok(())
}

/// `decklift sandbox reset`
pub(super) async fn reset(session: &Session) -> Result<(), Error> {
    let running = sandbox::reset(&paths()?).await?;
    session.notify(if running {
        "the sandbox is empty"
    } else {
        "no sandbox was running; its folder is empty"
    });
    Ok(())
}
