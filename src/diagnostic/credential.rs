//! What looks like a credential in a Compose file. The value itself is never printed.

mod command_line;
mod connection_string;
mod known_form;
mod lists;
mod references;

pub use command_line::in_command;
pub use connection_string::has_password;
pub use known_form::has_known_form;
pub use references::takes_one;

/// Words of a variable's name, between underscores, that say that the value is a credential.
const WORDS: &[&str] = &[
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "PASS",
    "PGPASS",
    "PW",
    "PWD",
    "SECRET",
    "TOKEN",
    "APIKEY",
    "CREDENTIAL",
    "CREDENTIALS",
    "PRIVATEKEY",
    "SECRETKEY",
    "ACCESSKEY",
    "REQUIREPASS",
    "MASTERAUTH",
];

/// Two words in a row that say so.
const PAIRS: &[(&str, &str)] = &[
    ("API", "KEY"),
    ("ACCESS", "KEY"),
    ("PRIVATE", "KEY"),
    ("SECRET", "KEY"),
    ("SIGNING", "KEY"),
    ("ENCRYPTION", "KEY"),
    ("MASTER", "KEY"),
    ("ACCOUNT", "KEY"),
];

/// Names, or their ends after an underscore, that say so as a whole: WordPress's keys and salts
/// (`wp-config.php`), Vault's token for development (`-dev-root-token-id`), the secret that Erlang's
/// nodes share, Airflow's key, and addresses that let whoever knows them write to a channel.
const ENDS: &[&str] = &[
    "AUTH_KEY",
    "AUTH_SALT",
    "DISCORD_WEBHOOK",
    "DISCORD_WEBHOOK_URL",
    "ERLANG_COOKIE",
    "FERNET_KEY",
    "LOGGED_IN_KEY",
    "LOGGED_IN_SALT",
    "NONCE_KEY",
    "NONCE_SALT",
    "ROOT_TOKEN_ID",
    "SLACK_WEBHOOK",
    "SLACK_WEBHOOK_URL",
];

/// Last words after which the value is something about a credential, not one.
const ABOUT: &[&str] = &[
    "FILE",
    "PATH",
    "DIR",
    "URL",
    "URI",
    "TTL",
    "EXPIRY",
    "EXPIRES",
    "EXPIRATION",
    "LIFETIME",
    "LENGTH",
    "NAME",
    "ID",
    "TYPE",
    "HEADER",
    "ALGORITHM",
    "ENABLED",
    "DISABLED",
    "ISSUER",
    "AUDIENCE",
    "MODE",
    "POLICY",
    "PROVIDER",
    "TIMEOUT",
    "PREFIX",
    "SCHEME",
    "SECONDS",
    "MINUTES",
    "HOURS",
    "DAYS",
];

/// Whether a setting of this name and value is a credential in plain text.
#[must_use]
pub fn is_one(name: &str, value: &str) -> bool {
    (names_a_credential(name) || is_by_its_form(name, value)) && is_literal(value)
}

/// Names that say it together with their value: Laravel's `APP_KEY: base64:…`, `BASIC_AUTH: user:word`.
fn is_by_its_form(name: &str, value: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let has_user = value.split_once(':').is_some_and(|(user, word)| {
        !user.is_empty() && !word.is_empty() && !word.starts_with("//")
    });
    upper.ends_with("KEY") && value.starts_with("base64:")
        || upper.ends_with("BASIC_AUTH") && has_user
}

fn names_a_credential(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    // The shell's working directories.
    if matches!(upper.as_str(), "PWD" | "OLDPWD") {
        return false;
    }
    let is_end = |end: &&str| {
        let rest = upper.strip_suffix(*end);
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('_'))
    };
    if ENDS.iter().any(is_end) {
        return true;
    }
    let words: Vec<_> = upper.split(['_', '-', '.']).filter(|word| !word.is_empty()).collect();
    if words.last().is_some_and(|last| ABOUT.contains(last)) {
        return false;
    }
    words
        .iter()
        .any(|word| WORDS.contains(word) || word.ends_with("PASSWORD") || word.ends_with("APIKEY"))
        || words.windows(2).any(|pair| PAIRS.contains(&(pair[0], pair[1])))
}

/// Whether a value may be a credential at all: switches, empty values and variables are not.
fn is_literal(value: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    // What a shell or the program puts in there itself.
    let variable = value.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    if variable.is_some_and(|name| name.chars().all(is_name)) {
        return false;
    }
    // Where Compose's and Docker's secrets are.
    if ["/run/secrets/", "/var/run/secrets/"].iter().any(|start| value.starts_with(start)) {
        return false;
    }
    !matches!(
        value.to_ascii_lowercase().as_str(),
        "" | "true" | "false" | "yes" | "no" | "on" | "off" | "0" | "1" | "none" | "null"
    )
}

/// Whether a value is an address with a password in it.
#[must_use]
pub fn has_userinfo(value: &str) -> bool {
    let Some((_, rest)) = value.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit_once('@').is_some_and(|(user, _)| {
        user.split_once(':').is_some_and(|(_, password)| !password.is_empty())
    })
}

/// The text with the values of credentials starred out, byte by byte, so that places in it stay what they
/// are. Variables stay to be read, and their defaults do not: `${DB_PASSWORD:-*****}`.
#[must_use]
pub fn hide(text: &str) -> String {
    hide_behind("", text)
}

/// A text as [`hide`] hides it, of which these lines stand before: they may hold the option whose value
/// begins the text.
#[must_use]
pub fn hide_behind(before: &str, text: &str) -> String {
    let hidden: String = text.split_inclusive('\n').map(hide_in_line).collect();
    let later = match before {
        "" => lists::values(text, 0),
        _ => lists::values(&format!("{before}{text}"), before.len()),
    };
    let length = before.len();
    let here = later.into_iter().filter(|range| range.start >= length);
    let mut here = here.map(|range| range.start - length..range.end - length).peekable();
    if here.peek().is_none() { hidden } else { star_out(&hidden, here) }
}

fn hide_in_line(line: &str) -> String {
    let found = values(line).into_iter().chain(passwords(line)).chain(command_line::values(line));
    let found = found.chain(known_form::places(line)).chain(references::defaults(line));
    star_out(line, found)
}

/// The text with these parts starred out, as [`hide`] does it.
#[must_use]
pub fn star_out(text: &str, parts: impl IntoIterator<Item = std::ops::Range<usize>>) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for range in parts {
        let mut at = range.start;
        while at < range.end {
            let Some(rest) = text.get(at..range.end) else { break };
            let kept = references::length(rest);
            if kept > 0 {
                at += kept;
                continue;
            }
            let is_structure = matches!(bytes[at], b'}' | b'"' | b'\'' | b'\r' | b'\n');
            let length = rest.chars().next().map_or(1, char::len_utf8);
            if !is_structure {
                bytes[at..at + length].fill(b'*');
            }
            at += length;
        }
    }
    // Whole characters were replaced by stars alone.
    String::from_utf8(bytes).unwrap_or_default()
}

/// Where the values of settings stand that are called like credentials: `NAME: value`, `NAME=value`.
fn values(line: &str) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    let mut at = 0;
    while let Some(offset) = line[at..].find(is_name) {
        let start = at + offset;
        let length = line[start..].find(|c| !is_name(c)).unwrap_or(line.len() - start);
        let name = &line[start..start + length];
        at = start + length;
        let rest = line[at..].strip_prefix(['"', '\'']).unwrap_or(&line[at..]);
        let is_field =
            line[..start].trim_end().ends_with(';') && connection_string::is_password(name);
        let value = match rest.strip_prefix(": ").or_else(|| rest.strip_prefix('=')) {
            Some(value) if is_field || names_a_credential(name.trim_start_matches('-')) => value,
            Some(value) if is_by_its_form(name, value.trim_start_matches([' ', '"', '\''])) => {
                value
            }
            _ => continue,
        };
        let value = value.trim_start();
        // What stands there is something about it, and no value.
        if !is_field && value.starts_with(['{', '[', '*']) {
            continue;
        }
        let from = line.len() - value.len();
        let end = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => value[1..].find(quote).map_or(value.len(), |end| end + 1),
            _ => {
                let in_flow = line[..start].contains(['{', '[']);
                let comment = value.find(" #").unwrap_or(value.len());
                let flow = value.find([',', ']']).filter(|_| in_flow).unwrap_or(value.len());
                comment.min(flow)
            }
        };
        let value = value[..end].trim_end();
        if is_literal(value.trim_matches(['"', '\'', '}', ' '])) {
            found.push(from..from + value.len());
        }
        at = from + end;
    }
    found
}

/// Where the passwords of addresses stand: `scheme://user:password@host`, `//user:password@host/share`.
fn passwords(line: &str) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    for (at, mark) in line.match_indices("//") {
        let start = at + mark.len();
        let is_end = |c: char| c.is_whitespace() || "/?#\"'".contains(c);
        // A variable may hold whatever it likes.
        let end = line[start..].find(is_end).map_or(line.len(), |end| start + end);
        let Some(user) = line[start..end].rfind('@') else { continue };
        if let Some(colon) = line[start..start + user].find(':') {
            found.push(start + colon + 1..start + user);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_credentials_are_starred_out() {
        for (line, shown) in [
            ("  DB_PASSWORD: hunter2 # mine\n", "  DB_PASSWORD: ******* # mine\n"),
            ("  - DB_PASSWORD=hunter2", "  - DB_PASSWORD=*******"),
            ("  - \"DB_PASSWORD=hunter2\"", "  - \"DB_PASSWORD=*******\""),
            ("  API_TOKEN: \"a b\"  # x", "  API_TOKEN: \"***\"  # x"),
            ("  {A: 1, TOKEN: abc, B: 2}", "  {A: 1, TOKEN: ***, B: 2}"),
            ("  {TOKEN: abc}", "  {TOKEN: ***}"),
            ("  TOKEN: é", "  TOKEN: **"),
            ("  P_PASSWORD: ${P}", "  P_PASSWORD: ${P}"),
            ("  P_PASSWORD: $P", "  P_PASSWORD: $P"),
            ("  P_PASSWORD: ${P:-hunter2}", "  P_PASSWORD: ${P:-*******}"),
            ("  P_PASSWORD: ${P:?set it}", "  P_PASSWORD: ${P:?set it}"),
            ("  P_PASSWORD: a${P}b", "  P_PASSWORD: *${P}*"),
            ("  env_file: ${A_TOKEN:-hunter2}/x", "  env_file: ${A_TOKEN:-*******}/x"),
            ("  image: a:${A_TOKEN-hunter2}", "  image: a:${A_TOKEN-*******}"),
            ("  URL: postgres://u:hunter2@db/x", "  URL: postgres://u:*******@db/x"),
            ("  URL: postgres://u:${P:-x}@db", "  URL: postgres://u:${P:-*}@db"),
            ("  C: Server=db;Uid=sa;Pwd=hunter2", "  C: Server=db;Uid=sa;Pwd=*******"),
            ("  C: Server=db;Pwd={hunter2}", "  C: Server=db;Pwd=********}"),
            ("  - C=Server=db;Password=hunter2", "  - C=Server=db;Password=*******"),
            ("  SLACK_WEBHOOK_URL: https://h/a", "  SLACK_WEBHOOK_URL: ***********"),
            ("  device: \"//u:hunter2@h/x\"", "  device: \"//u:*******@h/x\""),
            ("  test: curl -u me:hunter2 h:80", "  test: curl -u me:******* h:80"),
            ("  test: [CMD, curl, -u, 'me:hunter2']", "  test: [CMD, curl, -u, 'me:*******']"),
            ("build: https://me:canary@h/web.git", "build: https://me:******@h/web.git"),
            ("  APP_KEY: base64:hunter2", "  APP_KEY: **************"),
            ("  - BASIC_AUTH=admin:hunter2", "  - BASIC_AUTH=*************"),
            ("  KC_DB_PW: hunter2", "  KC_DB_PW: *******"),
            ("  STRIPE: sk_live_hunter22", "  STRIPE: ****************"),
            (
                "  J: '{\"a\":{\"password\":\"hunter2\"}}'",
                "  J: '{\"a\":{\"password\":\"*******\"}}'",
            ),
            (
                "  J: \"{\\\"password\\\": \\\"hunter2\\\"}\"",
                "  J: \"{\\\"password\\\": \\\"*******\\\"}\"",
            ),
            (
                "  command: redis-server --requirepass hunter2",
                "  command: redis-server --requirepass *******",
            ),
            (
                "  command: [a, --requirepass, \"hunter2\", b]",
                "  command: [a, --requirepass, \"*******\", b]",
            ),
        ] {
            assert_eq!(hide(line), shown);
            assert_eq!(hide(line).len(), line.len());
        }
    }

    #[test]
    fn everything_else_stays() {
        for line in [
            "  DB_PASSWORD_FILE: /run/secrets/x",
            "  ALLOW_EMPTY_PASSWORD: yes",
            "  image: nginx:1.27",
            "  DB_PASSWORD:",
            "  Y_PASSWORD: /run/secrets/y",
            "  PUSHER_APP_KEY: abc",
            "  BASIC_AUTH: \"true\"",
            "  command: redis-server --requirepass $PASS",
            "  password: {environment: DB_PASSWORD}",
            "  - TOKEN: *token",
            "    password:\n      file: ./x\n",
            "  URL: postgres://u@db/x",
            "  C: Server=db;Pwd=${P}",
            "  env_file: ${ENV_FILE:-.env}",
            "  env_file: ${A_TOKEN:?set it}",
            "",
        ] {
            assert_eq!(hide(line), line);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_line_is_too_odd(line in "[ -~é${}:=\"'#,@/\n]{0,60}") {
            let hidden = hide(&line);
            assert_eq!(hidden.len(), line.len());
            assert_eq!(hidden.matches('\n').count(), line.matches('\n').count());
        }
    }
}
