//! Credentials on command lines: what follows `--password`, stands in `-u user:password`, and the like.

use std::ops::Range;

use super::{known_form, names_a_credential};

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

/// Programs whose `-u` and the like is not the number of a user.
const CLIENTS: &[&str] = &["curl", "wget"];

/// Whether the words of a command hand over a password: `--requirepass x`, `--db-password=x`,
/// `curl -u user:x`, `PGPASSWORD=x psql`. What [`hide`](super::hide) stars out is what counts here.
#[must_use]
pub fn in_command(words: &[String]) -> bool {
    let split = |word| self::words(word).into_iter().filter_map(|range| str::get(word, range));
    let line: Vec<&str> = words.iter().flat_map(|word| split(word)).collect();
    let by_options = found(&line).into_iter().any(|Found { word, range, is_of_user }| {
        let value = line[word].get(range).unwrap_or_default();
        is_given(value) && (!is_of_user || calls(&line, CLIENTS))
    });
    by_options
        || words.iter().any(|word| {
            // Neither settings nor addresses nor objects.
            if !word.contains(['=', ':']) {
                return known_form::tokens(word).into_iter().any(|range| is_given(&word[range]));
            }
            let settings = super::values(word).into_iter().chain(super::passwords(word));
            let mut all = settings.chain(known_form::places(word));
            all.any(|range| is_given(word.get(range).unwrap_or_default()))
        })
}

/// Whether a value is one, and no variable, no further option, and no file that it stands in.
fn is_given(value: &str) -> bool {
    let value = value.trim_matches(['"', '\'', ';']);
    let is_path = value.starts_with(['/', '.']) && value.get(1..).is_some_and(|v| v.contains('/'));
    super::is_literal(value) && !value.starts_with(['$', '-']) && !is_path
}

/// Where credentials stand in lines of YAML that hold a command, as a text or as a list.
pub(super) fn values(text: &str) -> Vec<Range<usize>> {
    // Most lines hold no command with options.
    if !text.contains('-') && !text.contains("uthorization") {
        return Vec::new();
    }
    let words = words(text);
    let line: Vec<&str> =
        words.iter().map(|range| text.get(range.clone()).unwrap_or_default()).collect();
    let place = |Found { word, range, is_of_user: _ }| {
        let start = words[word].start;
        start + range.start..start + range.end
    };
    found(&line).into_iter().map(place).collect()
}

/// A credential among the words of a command.
struct Found {
    word: usize,
    /// Within the word.
    range: Range<usize>,
    /// Whether it stands behind the name of a user, as a group does, too.
    is_of_user: bool,
}

/// Whether one of the words is one of these programs.
fn calls(words: &[&str], programs: &[&str]) -> bool {
    words.iter().any(|word| programs.contains(&word.rsplit('/').next().unwrap_or_default()))
}

fn found(words: &[&str]) -> Vec<Found> {
    if !words.iter().any(|word| word.starts_with('-') || word.contains("uthorization")) {
        return Vec::new();
    }
    // Few commands have such options; whose they are is looked at last.
    let is_mysql = words.iter().any(|word| word.starts_with("-p")) && calls(words, MYSQL);
    let takes: Vec<&str> = NEXT
        .iter()
        .filter(|(program, option)| words.contains(option) && calls(words, &[program]))
        .map(|(_, option)| *option)
        .collect();
    let mut found = Vec::new();
    let mut before = "";
    let mut authorizes = false;
    for (at, word) in words.iter().enumerate() {
        let mut add = |range: Range<usize>| {
            found.push(Found { word: at, range, is_of_user: false });
        };
        let of_user = |from: usize| {
            let colon = word.get(from..)?.find(':')?;
            Some(Found { word: at, range: from + colon + 1..word.len(), is_of_user: true })
        };
        let is_option = word.starts_with('-') && word.len() > 1;
        let lower = word.to_ascii_lowercase();
        if authorizes && SCHEMES.contains(&lower.as_str()) {
            continue;
        }
        if std::mem::take(&mut authorizes) || !is_option && takes.contains(&before) {
            add(0..word.len());
        } else if USERS.contains(&before) {
            found.extend(of_user(0));
        } else if !is_option && is_secret_option(before) {
            add(0..word.len());
        } else if is_mysql && word.starts_with("-p") && word.len() > 2 {
            add(2..word.len());
        } else if let Some(option) =
            USERS.iter().find(|option| option.starts_with("--") && is_set(word, option))
        {
            found.extend(of_user(option.len()));
        } else if let Some(option) = OPTIONS.iter().find(|option| is_set(word, option)) {
            add(option.len() + 1..word.len());
        } else if word.starts_with("-u") && !word.starts_with("-u=") {
            found.extend(of_user(2));
        } else if let Some(at) = lower.find("authorization:") {
            let value = at + "authorization:".len();
            authorizes = value == word.len() || SCHEMES.contains(&&lower[value..]);
            if !authorizes {
                add(value..word.len());
            }
        } else if let Some(value) = lower.find("pass:").filter(|_| before.starts_with("-pass")) {
            // openssl's `-passin pass:…`.
            add(value + 5..word.len());
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

fn is_at_line_start(head: &str) -> bool {
    head.bytes().rev().take_while(|byte| *byte != b'\n').all(|byte| byte == b' ')
}

/// The words of a text, without what quotes and separates them.
fn words(text: &str) -> Vec<Range<usize>> {
    let is_end = |c: char| c.is_whitespace() || "\"'[]".contains(c);
    let mut words = Vec::new();
    let mut start = 0;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        if is_end(c) {
            let word = text.get(start..at).unwrap_or_default();
            let inner = word.trim_matches(',');
            // What stands before an item of a list in a block.
            let is_bullet = inner == "-" && text.get(..start).is_some_and(is_at_line_start);
            if !inner.is_empty() && !is_bullet {
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
    fn credentials_on_the_line_after_their_option_are_starred_out() {
        for (lines, shown) in [
            (
                "command:\n  - serve\n  - --password\n  - pw # mine\n  - -v\n",
                "--password\n  - ** # mine\n  - -v\n",
            ),
            ("  - \"--api-key\"\n  - \"p w\"\n", "\"--api-key\"\n  - \"***\"\n"),
            ("- curl\n- -u\n- me:pw\n", "- curl\n- -u\n- me:**\n"),
            ("- redis-cli\n- -a\n- pw\n- ping\n", "- -a\n- **\n- ping\n"),
            ("command: [serve, --token,\n  pw, -v]\n", "--token,\n  **, -v]\n"),
        ] {
            let hidden = hide(lines);
            assert!(hidden.ends_with(shown), "{hidden}");
            assert_eq!(hidden.len(), lines.len());
        }
        // Another list, or no list at all, is not what follows.
        for lines in [
            "command:\n  - --password\nprivileged: true\n",
            "a:\n  - --token\nb:\n- x\n",
            "- --password\n- --verbose\n",
        ] {
            assert_eq!(hide(lines), lines);
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
        // Whatever is starred out is warned of.
        assert!(has(&["serve", "--api-key", "hunter2"]));
        assert!(has(&["serve", "--db-password=hunter2"]));
        assert!(has(&["redis-cli", "-a", "hunter2"]));
        assert!(has(&["sh", "-c", "mysqladmin ping -uroot -phunter2"]));
        assert!(has(&["curl", "-u", "me:hunter2", "http://x"]));
        assert!(has(&["sh", "-c", "PGPASSWORD=hunter2 psql -h db"]));
        assert!(has(&["migrate", "-database", "postgres://me:hunter2@db/x", "up"]));
        assert!(!has(&["gosu", "-u", "1000:1000", "serve"]));
        assert!(!has(&["serve", "--tls-private-key", "/etc/tls/key.pem"]));
        assert!(!has(&["serve", "--api-key", "--verbose"]));
        assert!(!has(&["sh", "-c", "PGPASSWORD=$DB_PASSWORD psql -h db"]));
    }
}
