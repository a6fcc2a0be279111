use std::collections::BTreeMap;

use super::{Record, Release, State};

/// Why there is no release to go back to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoWayBack {
    /// There is no release of this number.
    Unknown(u64),
    /// Its record does not say what was deployed, and why.
    Empty(u64, String),
    /// No release before what runs now succeeded.
    Nothing,
}

/// The release to go back to: the one of this number; else the newest that succeeded, and, where that is
/// what runs, the newest before it that is something else.
///
/// `running` are the revisions that run now, `family:revision` by Compose service.
///
/// # Errors
///
/// When there is none.
pub fn back_to<'a>(
    releases: &'a [Release],
    number: Option<u64>,
    running: &BTreeMap<String, String>,
) -> Result<(u64, &'a Record), NoWayBack> {
    if let Some(number) = number {
        let release = releases.iter().find(|release| release.number == number);
        let release = release.ok_or(NoWayBack::Unknown(number))?;
        return match &release.record {
            Err(why) => Err(NoWayBack::Empty(number, why.clone())),
            Ok(record) if record.revisions.services.is_empty() => {
                Err(NoWayBack::Empty(number, format!("it is a {}", record.command)))
            }
            Ok(record) => Ok((number, record)),
        };
    }
    let mut newest: Vec<&Release> = releases.iter().collect();
    newest.sort_by_key(|release| std::cmp::Reverse(release.number));
    let good = newest.into_iter().filter_map(|release| Some((release.number, good(release)?)));
    let differs = |record: &Record| {
        let mut services = record.revisions.of_services();
        services.any(|(name, revision)| running.get(name).is_some_and(|have| *have != revision))
    };
    let mut good = good;
    let found = good.find(|(_, record)| differs(record));
    found.ok_or(NoWayBack::Nothing)
}

fn good(release: &Release) -> Option<&Record> {
    let record = release.record.as_ref().ok()?;
    let is_good = matches!(record.state, State::Succeeded | State::Detached);
    (is_good && !record.revisions.services.is_empty()).then_some(record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::{Author, ReleaseCommand};

    fn release(number: u64, state: State, services: &[(&str, &str)]) -> Release {
        let mut record = Record::new(ReleaseCommand::Deploy, Author::default(), String::new());
        record.state = state;
        let owned = |(name, revision): &(&str, &str)| ((*name).to_owned(), (*revision).to_owned());
        record.revisions.services = services.iter().map(owned).collect();
        Release { number, record: Ok(record), runs: false }
    }

    fn chosen(releases: &[Release], number: Option<u64>, running: &str) -> Result<u64, NoWayBack> {
        let running = BTreeMap::from([("web".to_owned(), running.to_owned())]);
        back_to(releases, number, &running).map(|(number, _)| number)
    }

    #[test]
    fn without_a_number_it_is_the_newest_good_one_that_does_not_run() {
        let all = [
            release(1, State::Succeeded, &[("web", "web:1")]),
            release(2, State::Succeeded, &[("web", "web:2")]),
            release(3, State::Succeeded, &[("web", "web:2"), ("gone", "gone:1")]),
            release(4, State::DeploymentFailed, &[("web", "web:3")]),
        ];
        // The failed one stays in place: the last good one it is.
        assert_eq!(chosen(&all, None, "web:3"), Ok(3));
        // What runs is the last good one: the one before.
        assert_eq!(chosen(&all, None, "web:2"), Ok(1));
        assert_eq!(chosen(&all[..1], None, "web:1"), Err(NoWayBack::Nothing));
        assert_eq!(chosen(&[], None, "web:1"), Err(NoWayBack::Nothing));
    }

    #[test]
    fn a_number_is_taken_at_its_word() {
        let mut all =
            vec![release(1, State::Failed, &[("web", "web:1")]), release(2, State::Succeeded, &[])];
        all.push(Release { number: 3, record: Err("torn".to_owned()), runs: false });
        assert_eq!(chosen(&all, Some(1), "web:1"), Ok(1));
        assert_eq!(chosen(&all, Some(9), "web:1"), Err(NoWayBack::Unknown(9)));
        assert!(matches!(chosen(&all, Some(2), "web:1"), Err(NoWayBack::Empty(2, _))));
        assert!(matches!(chosen(&all, Some(3), "web:1"), Err(NoWayBack::Empty(3, _))));
    }
}
