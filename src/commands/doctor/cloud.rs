//! The way to AWS: region, credentials, clock, endpoints.

use futures_util::future::join;

use crate::apply::CloudError;
use crate::aws::{Aws, ConnectOptions};
use crate::commands::{Session, prepare};
use crate::compose::Project;
use crate::shared_config::{SharedConfig, profile_name};
use crate::verify::Finding;

/// AWS takes requests that are signed within five minutes of its own time (IAM user guide, "AWS
/// Signature Version 4 for API requests").
const MOST_SKEW: i64 = 300;
/// From here on a clock is worth a look.
const SKEW: i64 = 30;
/// Two tries are enough to know.
const ATTEMPTS: u32 = 2;

pub(super) async fn all(session: &Session, project: Option<&Project>) -> Vec<Finding> {
    if session.global.sandbox {
        return sandbox().await;
    }
    let region = project.and_then(|project| prepare::region(session, project));
    let options = ConnectOptions {
        region: region.clone().or_else(|| session.global.region.clone()),
        attempts: Some(ATTEMPTS),
        ..prepare::plain_connection(session)
    };
    let aws = match Aws::connect(options).await {
        Ok(aws) => aws,
        Err(error) => return vec![failed(check_of(&error), &error)],
    };
    let mut found = vec![region_of(session, project, &aws)];
    match aws.look_at_credentials().await {
        Err(error) => {
            found.push(failed("credentials", &error));
            return found;
        }
        Ok(credentials) => found.push(lasting(session, &credentials)),
    }
    let (identity, skew) = join(aws.identity(), aws.clock_ahead()).await;
    match identity {
        Ok(identity) => found.push(Finding::ok("caller", identity.arn.clone())),
        Err(error) => {
            found.push(failed("caller", &error));
            found.extend(skew.map(clock));
            return found;
        }
    }
    found.extend(skew.map(clock));
    let (reached, running) = join(aws.reach(), sandbox()).await;
    found.extend(endpoints(reached));
    found.extend(running);
    found
}

fn check_of(error: &CloudError) -> &'static str {
    use crate::apply::CloudErrorKind::{Credentials, Region};
    match error.kind {
        Region => "region",
        Credentials => "credentials",
        _ => "certificates",
    }
}

fn failed(check: &'static str, error: &CloudError) -> Finding {
    let finding = Finding::failure(check, format!("failed to {error}"));
    Finding { help: error.help.clone(), ..finding }
}

/// The region, and who says so.
fn region_of(session: &Session, project: Option<&Project>, aws: &Aws) -> Finding {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let in_file = project.is_some_and(|project| project.extension.region.is_some());
    let source = if session.global.region.is_some() {
        "--region".to_owned()
    } else if in_file {
        "x-ecs.region".to_owned()
    } else if set("AWS_REGION") {
        "AWS_REGION".to_owned()
    } else if set("AWS_DEFAULT_REGION") {
        "AWS_DEFAULT_REGION".to_owned()
    } else {
        let profile = profile_name(session.global.aws_profile.as_deref(), |n| std::env::var_os(n));
        format!("the profile {profile}")
    };
    Finding::ok("region", format!("{} (by {source})", aws.region()))
}

fn lasting(session: &Session, found: &crate::aws::CredentialsLook) -> Finding {
    let profile = profile_name(session.global.aws_profile.as_deref(), |n| std::env::var_os(n));
    let of = match found.source.as_str() {
        "EnvironmentVariable" => "the environment".to_owned(),
        source => format!("{source}, profile {profile}"),
    };
    let message = format!("{} of {of}", found.key);
    match found.lasts {
        None => Finding::ok("credentials", message),
        Some(left) if left < 15 * 60 => {
            Finding::warning("credentials", format!("{message}, for {} more minutes", left / 60))
                .help("log in again before a long deploy, unless whoever gave them renews them")
        }
        Some(left) => {
            Finding::ok("credentials", format!("{message}, for {} more minutes", left / 60))
        }
    }
}

fn clock(ahead: i64) -> Finding {
    let way = if ahead < 0 { "behind" } else { "ahead of" };
    let message = format!("{} s {way} AWS's", ahead.abs());
    let help = "set the clock (Linux: `timedatectl set-ntp true`): AWS refuses what is signed more than \
        five minutes before or after its own time";
    match ahead.abs() {
        skew if skew >= MOST_SKEW => Finding::failure("clock", message).help(help),
        skew if skew >= SKEW => Finding::warning("clock", message).help(help),
        _ => Finding::ok("clock", "agrees with AWS's"),
    }
}

fn endpoints(reached: Vec<(&'static str, Result<(), CloudError>)>) -> Vec<Finding> {
    let (good, bad): (Vec<_>, Vec<_>) = reached.into_iter().partition(|(_, answer)| answer.is_ok());
    let mut found = Vec::new();
    if !good.is_empty() {
        let names: Vec<&str> = good.iter().map(|(name, _)| *name).collect();
        found.push(Finding::ok("endpoints", format!("{} answer", names.join(", "))));
    }
    for (_, answer) in bad {
        found.extend(answer.err().map(|error| failed("endpoints", &error)));
    }
    found
}

/// Whether a sandbox runs.
async fn sandbox() -> Vec<Finding> {
    let Ok(paths) = crate::commands::sandbox::paths() else { return Vec::new() };
    let finding = match crate::sandbox::find(&paths).await {
        Ok(Some(sandbox)) => {
            Finding::ok("sandbox", format!("runs at {}", sandbox.instance.endpoint()))
        }
        Ok(None) => Finding::ok("sandbox", "does not run"),
        Err(error) => Finding::warning("sandbox", format!("failed to {error}")).help(error.help()),
    };
    vec![finding]
}

/// The files that profiles stand in, for whoever looks for them.
pub(super) fn shared() -> Finding {
    let shared = SharedConfig::read(|name| std::env::var_os(name));
    let names: Vec<&str> = shared.names().into_iter().collect();
    match names.is_empty() {
        true => Finding::note("profiles", "none"),
        false => Finding::ok("profiles", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apply::CloudErrorKind;
    use crate::verify::Level;

    #[test]
    fn a_clock_that_is_wrong_is_said_in_time() {
        assert_eq!(clock(2).level, Level::Ok);
        assert_eq!((clock(-40).level, clock(300).level), (Level::Warning, Level::Failure));
        assert_eq!(clock(-40).message, "40 s behind AWS's");
    }

    #[test]
    fn each_endpoint_that_does_not_answer_is_named() {
        let away = CloudError::new(CloudErrorKind::Unreachable, "ecs:ListServices", "no route");
        let found = endpoints(vec![("ECS", Err(away)), ("EC2", Ok(()))]);
        assert_eq!(found[0].message, "EC2 answer");
        assert_eq!(found[1].level, Level::Failure);
        assert!(found[1].message.contains("ecs:ListServices"));
    }
}
