mod programs;

use super::*;
use crate::compose::model::Service;
use crate::ecs::testing::{at, healthcheck, service};

fn web(test: HealthTest) -> Service {
    let mut web = service("web", "acme/web:1");
    web.hostname = Some(at("box".to_owned()));
    web.environment.insert("PORT".to_owned(), at("3000".to_owned()));
    web.healthcheck = Some(healthcheck(test));
    web
}

/// `80 /health 200-399`, `8443 tls / 200`, `none`, or why not.
fn read(test: HealthTest) -> String {
    match HttpCheck::read(&web(test)).asked(80, false) {
        None => "none".to_owned(),
        Some(Err(need)) => format!("{need:?}"),
        Some(Ok(Asked { port, tls, path, codes, .. })) => {
            format!("{port}{} {path} {codes}", if tls { " tls" } else { "" })
        }
    }
}

fn shell(line: &str) -> String {
    read(HealthTest::Shell(line.to_owned()))
}

fn command(words: &[&str]) -> String {
    read(HealthTest::Command(words.iter().map(|word| (*word).to_owned()).collect()))
}

#[track_caller]
fn all(cases: &[(&str, &str)]) {
    let wrong: Vec<_> = cases
        .iter()
        .map(|(line, wanted)| (*line, *wanted, shell(line)))
        .filter(|(_, wanted, found)| wanted != found)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn clients_of_the_shell() {
    all(&[
        ("curl -f http://localhost:80/health", "80 /health 200-399"),
        ("curl -f http://localhost/health || exit 1", "80 /health 200-399"),
        ("curl --fail -s 'http://127.0.0.1/a?b=c&d' > /dev/null", "80 /a?b=c&d 200-399"),
        ("wget -q --spider http://127.0.0.1/", "80 / 200-399"),
        ("busybox wget -qO- -T 5 http://127.0.0.1/x || exit 1", "80 /x 200-399"),
        ("wget --no-verbose --tries=1 --spider http://[::1]:80/up;exit 0", "80 /up 200-499"),
        ("/usr/bin/curl -f localhost", "80 / 200-399"),
        ("test -f /ok && curl -sf http://0.0.0.0#x", "80 / 200-399"),
        ("curl -fsSLo /dev/null -m 5 --retry 3 http://web:8080/x", "8080 /x 200-399"),
        ("curl -f http://$(hostname):8080/x", "8080 /x 200-399"),
        ("curl -f http://box/x", "80 /x 200-399"),
        ("timeout 5 curl -f localhost:81/x", "81 /x 200-399"),
        ("sh -c 'curl -f http://localhost/x'", "80 /x 200-399"),
        ("if curl -sf http://localhost/x; then exit 0; else exit 1; fi", "80 /x 200-399"),
        ("! curl -f http://localhost/x && exit 1 || exit 0", "80 /x 200-399"),
        ("http --check-status GET :8080/x", "8080 /x 200-399"),
        ("http :8080/x", "8080 /x 200-499"),
        ("/bin/healthcheck http://localhost:9/x", "9 /x 200-399"),
        ("/bin/probe --url=https://localhost:9/x", "9 tls /x 200-399"),
        ("curl -kf https://localhost/x", "443 tls /x 200-399"),
        ("curl -f -H 'Origin: http://localhost/no' http://localhost/x", "80 /x 200-399"),
        ("curl -f -e http://localhost/no http://localhost/x", "80 /x 200-399"),
        ("curl -fI http://localhost/x", "80 /x 200-399"),
        ("curl -f -X GET http://localhost/x", "80 /x 200-399"),
    ]);
    assert_eq!(command(&["curl", "-f", "http://localhost/h"]), "80 /h 200-399");
    assert_eq!(command(&["sh", "-c", "curl -f http://localhost/h"]), "80 /h 200-399");
    assert_eq!(command(&["/probe", "http://localhost/h"]), "80 /h 200-399");
}

#[test]
fn variables_are_put_in() {
    all(&[
        ("curl -f http://localhost:${PORT}/x", "3000 /x 200-399"),
        ("curl -f \"http://localhost:$PORT/x\"", "3000 /x 200-399"),
        ("curl -f http://localhost:${PORT:-4000}/x", "3000 /x 200-399"),
        ("curl -f http://localhost:${OTHER:-4000}/x", "4000 /x 200-399"),
        ("curl -f http://localhost:$OTHER/x", "none"),
        ("curl -f 'http://localhost:$PORT/x'", "none"),
        ("p=81; curl -f http://localhost:$p/x", "81 /x 200-399"),
        ("node -e \"fetch('http://localhost:$PORT/x')\"", "3000 /x 200-499"),
        ("wget -q --spider http://$HOSTNAME:${PORT}/x", "3000 /x 200-399"),
    ]);
    assert_eq!(command(&["curl", "-f", "http://localhost:$PORT/"]), "none");
}

#[test]
fn bare_connections() {
    all(&[
        (
            "bash -c 'exec 3<>/dev/tcp/localhost/8080; printf \"GET /health HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n\" >&3; cat <&3 | grep -q \"200 OK\"'",
            "8080 /health 200",
        ),
        (
            "printf 'GET /h HTTP/1.0\\r\\n\\r\\n' | nc localhost 8080 | grep -q 'HTTP/1.[01] 2'",
            "8080 /h 200-299",
        ),
        ("{ printf 'GET /h HTTP/1.0\\n\\n'; sleep 1; } | telnet localhost 80", "80 /h 200-499"),
        (
            "echo -e 'HEAD /h HTTP/1.0\\n\\n' | nc -w 1 127.0.0.1 80 | head -n1 | cut -d' ' -f2 | grep -qx 204",
            "80 /h 204",
        ),
        ("nc -z localhost 8080", "none"),
        ("echo ruok | nc localhost 2181 | grep imok", "none"),
        ("echo > /dev/tcp/localhost/8080", "none"),
    ]);
}

#[test]
fn a_status_that_is_looked_at() {
    all(&[
        ("curl -sI http://localhost/x | grep '401'", "80 /x 401"),
        ("curl -s -o /dev/null -w '%{http_code}' http://localhost/x | grep -q 401", "80 /x 401"),
        (
            "[ \"$(curl -s -o /dev/null -w '%{http_code}' http://localhost/x)\" = \"401\" ]",
            "80 /x 401",
        ),
        (
            "[ 401 -eq \"$(curl -s -o /dev/null -w '%{http_code}' http://localhost/x)\" ]",
            "80 /x 401",
        ),
        (
            "curl -sw '%{http_code}\\n' http://localhost/x -o /dev/null | grep -E '200|401'",
            "80 /x 200,401",
        ),
        (
            "curl -sw '%{http_code}' http://localhost/x -o /dev/null | grep -qE '^(2|3)'",
            "80 /x 200-399",
        ),
        ("curl -sw '%{http_code}' http://localhost/x -o /dev/null | grep -v '^5'", "80 /x 200-499"),
        (
            "code=$(curl -sw '%{http_code}' http://localhost/x -o /dev/null); [ \"$code\" -ge 200 ] && [ $code -lt 300 ]",
            "80 /x 200-299",
        ),
        ("test $(curl -sw '%{http_code}' -o /dev/null localhost/x) -lt 500", "80 /x 200-499"),
        (
            "[[ $(curl -sw '%{http_code}' -o /dev/null localhost/x) =~ ^(200|404)$ ]]",
            "80 /x 200,404",
        ),
        ("[[ $(curl -sw '%{http_code}' -o /dev/null localhost/x) == 2* ]]", "80 /x 200-299"),
        (
            "if [ $(curl -sw '%{http_code}' -o /dev/null localhost/x) != 200 ]; then exit 1; fi",
            "80 /x 200",
        ),
        ("curl -sL -w '%{http_code}' -o /dev/null localhost/x | grep -q 200", "80 /x 200,300-399"),
        ("wget -S --spider http://localhost/x 2>&1 | grep 'HTTP/1.1 200 OK'", "80 /x 200,300-399"),
        ("curl -f localhost/x; [ $? -eq 0 ]", "80 /x 200-399"),
        ("curl -f localhost/x || exit $?", "80 /x 200-399"),
        ("curl -s localhost/x; test $? -eq 0", "80 /x 200-499"),
        ("curl -sw '%{http_code}' http://localhost/x -o /dev/null | grep 503", "Status"),
        ("curl -s http://localhost/x", "80 /x 200-499"),
        ("curl -s http://localhost/x || true", "80 /x 200-499"),
    ]);
}

#[test]
fn a_status_that_a_program_looks_at() {
    all(&[
        (
            "node -e \"require('http').get('http://localhost/x',r=>process.exit(r.statusCode===404?0:1))\"",
            "80 /x 404",
        ),
        (
            "node -e \"require('http').get('http://localhost/x',r=>process.exit(r.statusCode < 500 ? 0 : 1))\"",
            "80 /x 200-499",
        ),
        (
            "node -e \"require('http').get('http://localhost/x',r=>process.exit(r.statusCode >= 200 && r.statusCode < 300 ? 0 : 1))\"",
            "80 /x 200-299",
        ),
        (
            "node -e \"require('http').get('http://localhost/x',r=>{if(![200,204].includes(r.statusCode))process.exit(1)})\"",
            "80 /x 200,204",
        ),
    ]);
}

#[test]
fn a_text_that_is_looked_at() {
    let reads = |line: &str| {
        let web = web(HealthTest::Shell(line.to_owned()));
        HttpCheck::read(&web)
            .asked(80, false)
            .and_then(Result::ok)
            .map(|asked| (asked.codes, asked.reads))
    };
    let good = |reads| Some(("200-399".to_owned(), reads));
    assert_eq!(reads("curl -s http://localhost/x | grep -q '\"status\":\"ok\"'"), good(true));
    assert_eq!(reads("[ \"$(curl -s http://localhost/x)\" = OK ]"), good(true));
    assert_eq!(reads("curl -s http://localhost/x | jq -e '.ok'"), good(true));
    assert_eq!(reads("wget -qO- http://localhost/x | grep 200"), good(true));
    assert_eq!(
        reads("curl -s http://localhost/x | python -c 'import sys,json; json.load(sys.stdin)'"),
        good(true)
    );
    assert_eq!(reads("curl -f http://localhost/x"), good(false));
    assert_eq!(reads("curl -f http://localhost/x | cat"), Some(("200-499".to_owned(), false)));
}

#[test]
fn several_requests() {
    let found = |line: &str| {
        let web = web(HealthTest::Shell(line.to_owned()));
        match HttpCheck::read(&web).asked(80, false) {
            Some(Ok(asked)) => format!("{} {} {}", asked.port, asked.path, asked.others),
            other => format!("{other:?}"),
        }
    };
    assert_eq!(found("curl -f localhost:81/a && curl -f localhost/b"), "80 /b 1");
    assert_eq!(found("curl -f localhost/a && curl -f localhost/b"), "80 /a 1");
    assert_eq!(found("curl -f localhost/a || wget -q --spider localhost/a || exit 1"), "80 /a 0");
    assert_eq!(found("curl -f localhost/a || curl -f localhost/b"), "Some(Err(Several))");
    assert_eq!(found("curl -kf https://localhost:443/ || curl -f localhost/"), "80 / 1");
    assert_eq!(found("curl -uu:p -f localhost/a && curl -f localhost/b"), "80 /b 1");
    assert_eq!(found("curl -f http://localhost/a http://api/b"), "80 /a 0");
}

#[test]
fn what_a_load_balancer_cannot_ask() {
    all(&[
        ("curl -f -H 'Host: x' http://localhost/", "Header"),
        ("curl -f -H 'Authorization: Bearer x' http://localhost/", "Credentials"),
        ("curl -f -uadmin:x http://localhost/", "Credentials"),
        ("curl -f http://admin:x@localhost/", "Credentials"),
        ("curl -f 'http://localhost/x?a=b&api_key=c'", "Credentials"),
        ("curl -f -X POST http://localhost/", "Method"),
        ("curl -fd x=1 http://localhost/", "Method"),
        ("curl -x localhost:8081 http://localhost/", "Proxy"),
        ("wget --post-data=x http://localhost/", "Method"),
        ("wget --header 'X-Tenant: a' -qO- http://localhost/", "Header"),
        ("http POST :80/x a=b", "Method"),
        ("python -c \"import requests; requests.post('http://localhost/x')\"", "Method"),
        ("node -e \"fetch('http://localhost/x', {headers: {Authorization: 'x'}})\"", "Credentials"),
        (
            "python -c \"import requests; requests.get('http://localhost/x', headers={'Host': 'a'})\"",
            "Header",
        ),
        ("node -e \"fetch('http://localhost/x', {headers: {Accept: '*/*'}})\"", "80 /x 200-499"),
    ]);
}

#[test]
fn other_lines_ask_for_nothing() {
    for line in [
        "",
        "true",
        "curl -f http://api/health",
        "curl -f localhost.local",
        "curl -x localhost:8081 http://api/",
        "curl; echo http://localhost/",
        "curl -f || echo http://localhost/",
        "pg_isready -h localhost",
        "node -e \"console.log('http://localhost/x')\"",
        "curl -f \"http://localhost/",
        "curl -f http://localhost:0/",
    ] {
        assert_eq!(shell(line), "none", "{line}");
    }
    assert_eq!(command(&["curl", "-f", "http://localhost:0x50/"]), "none");
}

#[test]
fn grpc_is_for_groups_of_grpc() {
    let found = |line: &str, grpc| {
        let web = web(HealthTest::Shell(line.to_owned()));
        let asked = HttpCheck::read(&web).asked(50051, grpc)?.ok()?;
        Some((asked.port, asked.tls, asked.path, asked.codes))
    };
    let health = "/grpc.health.v1.Health/Check".to_owned();
    let line = "/bin/grpc_health_probe -addr=:50051";
    assert_eq!(found(line, true), Some((50051, false, health.clone(), "0".to_owned())));
    assert_eq!(found(line, false), None);
    let line = "grpc_health_probe -tls -addr localhost:50051 -service a.b";
    assert_eq!(found(line, true), Some((50051, true, health.clone(), "0-99".to_owned())));
    let line = "grpcurl -plaintext localhost:50051 grpc.health.v1.Health/Check";
    assert_eq!(found(line, true), Some((50051, false, health, "0".to_owned())));
    assert_eq!(found("curl -f localhost", true), None);
}

#[test]
fn tls_is_what_all_requests_of_a_port_speak() {
    let tls = |line: &str| HttpCheck::read(&web(HealthTest::Shell(line.to_owned()))).speaks_tls(80);
    assert!(tls("curl -kf https://localhost:80/"));
    assert!(tls("curl -kf -u a:b https://localhost:80/"));
    assert!(!tls("curl -f http://localhost/"));
    assert!(!tls("curl -kf https://localhost:443/"));
}

proptest::proptest! {
    #[test]
    fn any_line_is_fine(line in "(curl |node -e |http://|localhost|\\$\\(|\\$\\{|[\"'`|&;(){}<>\\[\\]]| |grep |test |if |\\PC){0,16}") {
        shell(&line);
    }

    #[test]
    fn any_program_is_fine(program in "(fetch\\(|'http://localhost/x'|statusCode|===|[\"'`(){}\\[\\]?:!]|200|\\$\\{|exit|\\.|or|in|\\PC){0,16}") {
        command(&["node", "-e", &program]);
    }

    #[test]
    fn any_pattern_is_fine(pattern in "([(|)*+?^$.]|\\[|\\]|\\{|\\}|\\\\|2|0|\\PC){0,12}") {
        command(&["sh", "-c", &format!("curl -I localhost | grep -E '{pattern}'")]);
    }
}
