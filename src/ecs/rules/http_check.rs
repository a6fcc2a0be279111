//! The path of a health check that is an HTTP request to the container itself.

use crate::compose::model::{HealthTest, Service};

/// Options of curl and wget after which a plain GET without headers, which is all that a load
/// balancer sends, would not be the same request.
const NOT_PLAIN: &[&str] = &[
    "-H",
    "--header",
    "-X",
    "--request",
    "-d",
    "--data",
    "--data-raw",
    "--data-binary",
    "-u",
    "--user",
    "--post-data",
    "--post-file",
    "--method",
    "-F",
    "--form",
    "--oauth2-bearer",
    "--password",
    "-b",
    "--cookie",
    "--cert",
];

/// Options of curl after which an address is not the one that is asked for.
const TAKES_AN_ADDRESS: &[&str] =
    &["-x", "--proxy", "--preproxy", "--connect-to", "--resolve", "-e", "--referer", "-A", "-o"];

/// What a health check asks of the container itself over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// The port.
    pub(crate) port: u16,
    /// Whether it speaks TLS.
    pub(crate) tls: bool,
    /// The path, and query.
    pub(crate) path: String,
}

/// What the service's health check asks for, if it is a plain HTTP request by curl or wget to the
/// container itself: on this port if it asks there, else on another.
pub(crate) fn http_request(service: &Service, port: u16) -> Option<Asked> {
    let test = service.healthcheck.as_ref()?.value.test.as_ref()?;
    let words: Vec<String> = match &test.value {
        HealthTest::None => return None,
        // `CMD` with a shell and a line is the same as `CMD-SHELL`.
        HealthTest::Command(words) => match words.as_slice() {
            [shell, flag, line] if is_shell(shell) && flag == "-c" => split(line),
            words => words.to_vec(),
        },
        HealthTest::Shell(line) => split(line),
    };
    let start = words.iter().position(|word| is_client(word))?;
    let client = &words[start + 1..];
    let end = client
        .iter()
        .position(|word| {
            matches!(word.as_str(), "||" | "&&" | "|" | ";" | "&") || word.ends_with(';')
        })
        .unwrap_or(client.len());
    let client = &client[..end];
    if client.iter().any(|word| is_not_plain(word)) {
        return None;
    }
    let all = || client.iter().filter_map(|word| request(word));
    // Another port counts only where an address is plainly written: with its scheme, or its port.
    let plain = client.iter().enumerate().filter(|(at, word)| {
        let before = at.checked_sub(1).and_then(|before| client.get(before));
        word.contains("://")
            || !before.is_some_and(|before| TAKES_AN_ADDRESS.contains(&before.as_str()))
                && has_port(word)
    });
    let mut plain = plain.filter_map(|(_, word)| request(word));
    all().find(|asked| asked.port == port).or_else(|| plain.next())
}

/// The names of the programs that a health check calls, without their folders.
pub(crate) fn commands(test: &HealthTest) -> Vec<String> {
    let words = match test {
        HealthTest::None => return Vec::new(),
        HealthTest::Command(words) => match words.as_slice() {
            [shell, flag, line] if is_shell(shell) && flag == "-c" => {
                let mut words = vec![shell.clone(), ";".to_owned()];
                words.extend(split(line));
                words
            }
            // Everything behind the first word is handed to it.
            words => words.first().cloned().into_iter().collect(),
        },
        HealthTest::Shell(line) => split(line),
    };
    let mut starts = true;
    let mut found = Vec::new();
    for word in &words {
        if std::mem::replace(&mut starts, ends_a_command(word)) && !ends_a_command(word) {
            let name = word.trim_start_matches(['(', '{', '!']);
            let name = name.rsplit('/').next().unwrap_or(name);
            found.push(name.trim_end_matches([';', ')']).to_owned());
        }
    }
    found
}

/// Whether another command of the shell's follows.
fn ends_a_command(word: &str) -> bool {
    matches!(word, "||" | "&&" | "|" | ";" | "&" | "if" | "then" | "else" | "do" | "!" | "(")
        || word.ends_with(';')
}

fn is_shell(word: &str) -> bool {
    matches!(word.rsplit('/').next(), Some("sh" | "bash" | "ash" | "dash"))
}

fn is_client(word: &str) -> bool {
    matches!(word.rsplit('/').next(), Some("curl" | "wget"))
}

fn is_not_plain(word: &str) -> bool {
    let option = word.split('=').next().unwrap_or(word);
    NOT_PLAIN.contains(&option)
        || (word.len() > 2 && ["-H", "-X", "-u", "-d"].iter().any(|o| word.starts_with(o)))
}

/// Whether a word without a scheme is `HOST:PORT`, and maybe a path.
fn has_port(word: &str) -> bool {
    let authority = word.split(['/', '?', '#']).next().unwrap_or(word);
    let port = authority.rsplit_once(':').map(|(_, port)| port);
    port.is_some_and(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The request of an address whose host is the container.
fn request(word: &str) -> Option<Asked> {
    // What the shell would still change is not an address that decklift can read.
    if word.contains(['$', '`', '*', '>', '<']) {
        return None;
    }
    let (tls, rest) = match word.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (false, rest),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest),
        Some(_) => return None,
        None => (false, word),
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let (host, written) = match authority.strip_prefix('[') {
        Some(v6) => {
            let (host, after) = v6.split_once(']')?;
            (host, after.strip_prefix(':'))
        }
        None => match authority.split_once(':') {
            Some((host, written)) => (host, Some(written)),
            None => (authority, None),
        },
    };
    if !matches!(host, "localhost" | "127.0.0.1" | "0.0.0.0" | "::1") {
        return None;
    }
    let usual = if tls { 443 } else { 80 };
    let port = written.map_or(Some(usual), |written| written.parse::<u16>().ok())?;
    let path = path.split('#').next().unwrap_or_default();
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    // elbv2 CreateTargetGroup: HealthCheckPath has at most 1024 characters.
    (path.len() <= 1024).then_some(Asked { port, tls, path })
}

/// The words of a shell line; quotes are taken off, operators stand alone.
pub(super) fn split(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote: Option<char> = None;
    for c in line.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), c) => word.push(c),
            (None, '\'' | '"') => quote = Some(c),
            (None, c) if c.is_whitespace() => words.push(std::mem::take(&mut word)),
            (None, '|' | '&' | ';' | '(' | ')') => {
                words.push(std::mem::take(&mut word));
                words.push(if c == ';' || c == '(' || c == ')' { ";" } else { "|" }.to_owned());
            }
            (None, c) => word.push(c),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ecs::testing::{healthcheck, service};

    fn http_path(service: &Service, port: u16) -> Option<String> {
        let asked = http_request(service, port)?;
        (asked.port == port && !asked.tls).then_some(asked.path)
    }

    fn shell(line: &str) -> Option<String> {
        let mut web = service("web", "acme/web:1");
        web.healthcheck = Some(healthcheck(HealthTest::Shell(line.to_owned())));
        http_path(&web, 80)
    }

    fn command(words: &[&str]) -> Option<String> {
        let mut web = service("web", "acme/web:1");
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        web.healthcheck = Some(healthcheck(HealthTest::Command(words)));
        http_path(&web, 80)
    }

    #[test]
    fn plain_requests_give_their_path() {
        for (line, path) in [
            ("curl -f http://localhost:80/health", "/health"),
            ("curl -f http://localhost/health || exit 1", "/health"),
            ("curl --fail -s 'http://127.0.0.1/a?b=c&d' > /dev/null", "/a?b=c&d"),
            ("wget -q --spider http://127.0.0.1/", "/"),
            ("wget --no-verbose --tries=1 --spider http://[::1]:80/up;exit 0", "/up"),
            ("/usr/bin/curl -f localhost", "/"),
            ("test -f /ok && curl -sf http://0.0.0.0#x", "/"),
        ] {
            assert_eq!(shell(line).as_deref(), Some(path), "{line}");
        }
        assert_eq!(command(&["curl", "-f", "http://localhost/h"]).as_deref(), Some("/h"));
        assert_eq!(command(&["sh", "-c", "curl -f http://localhost/h"]).as_deref(), Some("/h"));
    }

    #[test]
    fn an_address_may_have_a_port_in_place_of_a_scheme() {
        let asked = |line: &str| {
            let mut web = service("web", "acme/web:1");
            web.healthcheck = Some(healthcheck(HealthTest::Shell(line.to_owned())));
            http_request(&web, 80).map(|asked| (asked.port, asked.path))
        };
        let elsewhere = Some((8081, "/up".to_owned()));
        assert_eq!(asked("curl -f localhost:8081/up"), elsewhere);
        assert_eq!(asked("wget -qO- 127.0.0.1:8081/up || exit 1"), elsewhere);
        assert_eq!(asked("curl -x localhost:8081 http://api/"), None);
        assert_eq!(asked("curl -f localhost.local"), None);
    }

    #[test]
    fn other_requests_do_not() {
        for line in [
            "",
            "true",
            "curl -f http://localhost:8081/health",
            "curl -f https://localhost:80/health",
            "curl -f http://api/health",
            "curl -f http://localhost:$PORT/health",
            "curl -H 'Host: x' http://localhost/",
            "curl -uadmin:x http://localhost/",
            "curl -X POST http://localhost/",
            "wget --post-data=x http://localhost/",
            "curl; echo http://localhost/",
            "curl -f || echo http://localhost/",
        ] {
            assert_eq!(shell(line), None, "{line}");
        }
        assert_eq!(command(&["curl", "-f", "http://localhost:0x50/"]), None);
    }

    proptest::proptest! {
        #[test]
        fn any_line_is_fine(line in "(curl |http://|localhost|\\PC){0,12}") {
            shell(&line);
        }
    }
}
