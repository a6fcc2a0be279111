//! Credentials on command lines: what follows `--password`, stands in `-u user:password`, and the like.

use std::ops::Range;

use super::known_form::tokens;
use super::names_a_credential;

/// Options that take `user:password` (curl(1), wget(1)).
const USERS: &[&str] = &["-u", "--user", "-U", "--proxy-user"];

/// Options whose next word is a credential, or what stands behind their `=`, of whatever program (Redis,
/// `redis.conf`; Docker Hub, Valkey).
const OPTIONS: &[&str] = &["--masterauth", "--password", "--requirepass", "--token"];

/// Programs to which `-p` gives a password in the same word (mysql(1), "Using Options").
const MYSQL: &[&str] = &[
    "mariadb",
    "mariadb-admin",
    "mariadb-dump",
    "mariadb-check",
    "mysql",
    "mysqladmin",
    "mysqlcheck",
    "mysqldump",
    "mysqlshow",
];

/// Programs, and an option of one letter that takes a password in the next word (the manuals of
/// redis-cli, valkey-cli, mongosh and sshpass).
const NEXT: &[(&str, &str)] = &[
    ("mongo", "-p"),
    ("mongosh", "-p"),
    ("mongodump", "-p"),
    ("redis-cli", "-a"),
    ("sshpass", "-p"),
    ("valkey-cli", "-a"),
];

/// Ways to log in that stand between `Authorization:` and the credential (RFC 9110, section 11).
const SCHEMES: &[&str] = &["basic", "bearer", "digest", "token", "apikey", "api-key"];

/// Whether the words of a command hand over a password: `--requirepass x`, `--password=x`.
#[must_use]
pub fn in_command(words: &[String]) -> bool {
    let line: Vec<&str> = words.iter().flat_map(|word| word.split_whitespace()).collect();
    line.iter().enumerate().any(|(place, word)| match word.split_once('=') {
        Some((name, value)) => OPTIONS.contains(&name) && is_given(value),
        None => {
            let next = line.get(place + 1).filter(|next| !next.starts_with("--"));
            OPTIONS.contains(word) && next.is_some_and(|next| is_given(next))
        }
    }) || words.iter().any(|word| !tokens(word).is_empty())
}

fn is_given(value: &str) -> bool {
    let value = value.trim_matches(['"', '\'']);
    super::is_literal(value) && !value.starts_with('$')
}

/// Where credentials stand in a line of YAML that holds a command, as a text or as a list.
pub(super) fn values(line: &str) -> Vec<Range<usize>> {
    // Most lines hold no command with options.
    if !line.contains('-') && !line.contains("uthorization") {
        return Vec::new();
    }
    let words = words(line);
    let text = |range: &Range<usize>| line.get(range.clone()).unwrap_or_default();
    let calls = |programs: &[&str]| {
        let name = |word: &Range<usize>| text(word).rsplit('/').next().unwrap_or_default();
        words.iter().any(|word| programs.contains(&name(word)))
    };
    let is_mysql = calls(MYSQL);
    let takes: Vec<&str> =
        NEXT.iter().filter(|(program, _)| calls(&[program])).map(|(_, option)| *option).collect();
    let mut found = Vec::new();
    let mut before = "";
    let mut authorizes = false;
    for range in &words {
        let word = text(range);
        let of_user = |from: usize| {
            let colon = word.get(from..)?.find(':')?;
            Some(range.start + from + colon + 1..range.end)
        };
        let is_option = word.starts_with('-') && word.len() > 1;
        let lower = word.to_ascii_lowercase();
        if authorizes && SCHEMES.contains(&lower.as_str()) {
            continue;
        }
        if std::mem::take(&mut authorizes) || !is_option && takes.contains(&before) {
            found.push(range.clone());
        } else if USERS.contains(&before) {
            found.extend(of_user(0));
        } else if !is_option && is_secret_option(before) {
            found.push(range.clone());
        } else if is_mysql && word.starts_with("-p") && word.len() > 2 {
            found.push(range.start + 2..range.end);
        } else if let Some(option) =
            USERS.iter().find(|option| option.starts_with("--") && is_set(word, option))
        {
            found.extend(of_user(option.len()));
        } else if let Some(option) = OPTIONS.iter().find(|option| is_set(word, option)) {
            found.push(range.start + option.len() + 1..range.end);
        } else if word.starts_with("-u") && !word.starts_with("-u=") {
            found.extend(of_user(2));
        } else if let Some(at) = lower.find("authorization:") {
            let value = at + "authorization:".len();
            authorizes = value == word.len() || SCHEMES.contains(&&lower[value..]);
            if !authorizes {
                found.push(range.start + value..range.end);
            }
        } else if let Some(value) = lower.find("pass:") {
            // openssl's `-passin pass:…`.
            found.extend((before.starts_with("-pass")).then(|| range.start + value + 5..range.end));
        }
        before = word;
    }
    found
}

/// Whether a word is `--option=…`.
fn is_set(word: &str, option: &str) -> bool {
    word.strip_prefix(option).is_some_and(|rest| rest.starts_with('='))
}

/// Whether the next word is a credential: `--password`, `--api-key`, `-requirepass`.
fn is_secret_option(word: &str) -> bool {
    word.starts_with('-') && !word.contains('=') && names_a_credential(word.trim_start_matches('-'))
        || word == "--oauth2-bearer"
        || OPTIONS.contains(&word)
}

/// The words of a line, without what quotes and separates them.
fn words(line: &str) -> Vec<Range<usize>> {
    let is_end = |c: char| c.is_whitespace() || "\"'[]".contains(c);
    let mut words = Vec::new();
    let mut start = 0;
    for (at, c) in line.char_indices().chain([(line.len(), ' ')]) {
        if is_end(c) {
            let word = line.get(start..at).unwrap_or_default();
            let inner = word.trim_matches(',');
            if !inner.is_empty() {
                let from = start + word.len() - word.trim_start_matches(',').len();
                words.push(from..from + inner.len());
            }
            start = at + c.len_utf8();
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::super::hide;
    use super::in_command;

    #[test]
    fn credentials_of_commands_are_starred_out() {
        for (line, shown) in [
            ("test: \"curl -u a:pw http://h\"", "test: \"curl -u a:** http://h\""),
            ("test: curl --user=a:pw h", "test: curl --user=a:** h"),
            ("test: curl -ua:pw h", "test: curl -ua:** h"),
            ("[\"--password\", \"pw\", \"-v\"]", "[\"--password\", \"**\", \"-v\"]"),
            ("redis-server --requirepass pw --port 1", "redis-server --requirepass ** --port 1"),
            ("a --masterauth pw --token=pw", "a --masterauth ** --token=**"),
            ("redis-cli -a pw ping", "redis-cli -a ** ping"),
            ("mysqladmin ping -uroot -ppw -h db", "mysqladmin ping -uroot -p** -h db"),
            ("[CMD, /usr/bin/mysql, -ppw]", "[CMD, /usr/bin/mysql, -p**]"),
            ("mongosh -u root -p pw --eval x", "mongosh -u root -p ** --eval x"),
            ("curl -H 'Authorization: Bearer pw' h", "curl -H 'Authorization: Bearer **' h"),
            ("curl -H Authorization:pw h", "curl -H Authorization:** h"),
            ("curl -u a:${PW:-pw} h", "curl -u a:${PW:-**} h"),
        ] {
            assert_eq!(hide(line), shown);
        }
    }

    #[test]
    fn other_words_stay() {
        for line in [
            "command: [\"nginx\", \"-g\", \"daemon off;\"]",
            "ssh -p 22 host",
            "command: serve --password-file /run/x --port 80",
            "test: redis-cli ping",
            "mysqladmin ping -h localhost --port 3306",
            "- --passwords-are-fun",
        ] {
            assert_eq!(hide(line), line);
        }
    }

    #[test]
    fn passwords_of_commands() {
        let has = |words: &[&str]| {
            in_command(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
        };
        assert!(has(&["redis-server", "--requirepass", "hunter2"]));
        assert!(has(&["sh", "-c", "redis-server --requirepass hunter2"]));
        assert!(has(&["app", "--password=hunter2"]));
        assert!(!has(&["redis-server", "--requirepass"]));
        assert!(!has(&["redis-server", "--requirepass", "--appendonly", "yes"]));
        assert!(!has(&["sh", "-c", "redis-server --requirepass $REDIS_PASSWORD"]));
        assert!(!has(&["sh", "-c", "redis-server --requirepass \"$$PASS\""]));
        assert!(!has(&["app", "--password-file=/x"]));
    }
}
