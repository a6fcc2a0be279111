use super::{Record, Release};

const HEAD: [&str; 7] = ["RELEASE", "WHEN", "WHO", "COMMAND", "OUTCOME", "COMMIT", "SERVICES"];

/// Releases as a table for people, one line each.
#[must_use]
pub fn table(releases: &[Release]) -> Vec<String> {
    let mut rows = vec![HEAD.map(str::to_owned)];
    rows.extend(releases.iter().map(row));
    let mut widths = [0; HEAD.len()];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |row: [String; HEAD.len()]| {
        let mut text = String::new();
        for (cell, width) in row.iter().zip(widths) {
            text.push_str(&format!("{cell:width$}  "));
        }
        text.trim_end().to_owned()
    };
    rows.into_iter().map(line).collect()
}

fn row(release: &Release) -> [String; HEAD.len()] {
    let number = release.number.to_string();
    let outcome = release.outcome().to_owned();
    let cells = match &release.record {
        Ok(record) => [
            number,
            // To the minute, in UTC.
            record.started.to_string().replace('T', " ")[..16].to_owned() + "Z",
            record.author.who.clone(),
            record.command.to_string(),
            outcome,
            commit(record),
            services(record),
        ],
        Err(why) => {
            let [a, b, c, d] = [(); 4].map(|()| "-".to_owned());
            [number, a, b, c, outcome, d, why.clone()]
        }
    };
    // Somebody may have edited the record.
    cells.map(|cell| cell.chars().filter(|c| !c.is_control()).collect())
}

/// As git shortens it; `+` when there was more than the commit.
fn commit(record: &Record) -> String {
    let Some(commit) = &record.commit else { return "-".to_owned() };
    let short: String = commit.id.chars().take(8).collect();
    format!("{short}{}", if commit.dirty { "+" } else { "" })
}

/// `api:3 web:7`
fn services(record: &Record) -> String {
    let revisions = &record.revisions;
    let mut parts: Vec<String> = revisions
        .services
        .iter()
        .chain(&revisions.jobs)
        .map(|(service, text)| {
            format!("{service}:{}", text.rsplit_once(':').map_or("?", |(_, revision)| revision))
        })
        .collect();
    if revisions.omitted > 0 {
        parts.push(format!("and {} more", revisions.omitted));
    }
    if parts.is_empty() { "-".to_owned() } else { parts.join(" ") }
}
