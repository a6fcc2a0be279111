//! Services that run a tool of an image, and not the program that the image is known for: a
//! `kafka-topics` is no broker, and a `psql` no database.

use super::http_check::commands;
use crate::compose::model::{HealthTest, Service};

/// Clients and tools that the images of data stores and brokers bring along.
const TOOLS: &[&str] = &[
    "clickhouse-client",
    "cqlsh",
    "createdb",
    "cub",
    "curl",
    "etcdctl",
    "kafka-acls",
    "kafka-configs",
    "kafka-console-consumer",
    "kafka-console-producer",
    "kafka-consumer-groups",
    "kafka-topics",
    "kcat",
    "mariadb",
    "mariadb-admin",
    "mariadb-dump",
    "mc",
    "mongo",
    "mongodump",
    "mongoexport",
    "mongoimport",
    "mongorestore",
    "mongosh",
    "mysql",
    "mysqladmin",
    "mysqldump",
    "nats",
    "pg_basebackup",
    "pg_dump",
    "pg_dumpall",
    "pg_isready",
    "pg_restore",
    "psql",
    "rabbitmqadmin",
    "redis-cli",
    "sleep",
    "sqlcmd",
    "valkey-cli",
    "wget",
];

/// What scripts around such tools consist of (POSIX, "Shell Command Language", and its utilities).
const AROUND: &[&str] = &[
    "", ":", "[", "[[", "awk", "break", "cat", "cd", "chmod", "chown", "continue", "cp", "date",
    "do", "done", "echo", "elif", "else", "esac", "exit", "export", "false", "fi", "find", "for",
    "grep", "gzip", "head", "if", "in", "ls", "mkdir", "mv", "nc", "printf", "rm", "sed", "seq",
    "set", "shift", "sh", "bash", "sort", "tail", "tar", "test", "then", "touch", "tr", "trap",
    "true", "unset", "until", "wait", "wc", "while", "xargs", "}", "{",
];

/// Whether the program of a service is a tool. What is not known may well be a script that starts the
/// image's own program in the end.
pub(crate) fn runs_a_tool(service: &Service) -> bool {
    let words = [&service.entrypoint, &service.command];
    let words: Vec<String> =
        words.into_iter().flatten().flat_map(|words| words.value.iter().cloned()).collect();
    // Official images hand a command that is no option to `exec`.
    let Some(first) = words.first() else { return false };
    if is_shell(first) {
        return is_script_of_tools(&words);
    }
    is_tool(first)
}

fn name(word: &str) -> &str {
    let word = word.rsplit('/').next().unwrap_or(word);
    word.strip_suffix(".sh").unwrap_or(word)
}

/// Whether a service runs a script that the file brings, of which nothing is known.
pub(crate) fn runs_a_script(service: &Service) -> bool {
    let mut words = [&service.entrypoint, &service.command].into_iter().flatten();
    words.any(|words| words.value.first().is_some_and(|word| is_shell(word)))
}

fn is_shell(word: &str) -> bool {
    matches!(name(word), "sh" | "bash" | "ash" | "dash")
}

fn is_tool(word: &str) -> bool {
    TOOLS.binary_search(&name(word)).is_ok()
}

/// `sh -c 'until pg_isready; do sleep 1; done; psql …'`
fn is_script_of_tools(words: &[String]) -> bool {
    let [_, options @ .., script] = words else { return false };
    let is_script = options.last().is_some_and(|last| last.starts_with('-') && last.ends_with('c'));
    if !is_script {
        return false;
    }
    let lines = script.replace("\\\n", " ");
    let mut has_tool = false;
    for line in lines.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        for called in commands(&HealthTest::Shell(line.to_owned())) {
            let is_set = called.contains('=');
            match is_tool(&called) {
                true => has_tool = true,
                false if is_set || AROUND.contains(&name(&called)) => {}
                false => return false,
            }
        }
    }
    has_tool
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ecs::rules::known_images::Class;
    use crate::ecs::testing::{at, service};
    use crate::ecs::translate::survey::known_as;

    fn with(image: &str, entrypoint: &[&str], command: &[&str]) -> Service {
        let words = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            (!words.is_empty()).then(|| at(words))
        };
        let mut web = service("web", image);
        (web.entrypoint, web.command) = (words(entrypoint), words(command));
        web
    }

    fn runs(entrypoint: &[&str], command: &[&str]) -> bool {
        runs_a_tool(&with("postgres:16", entrypoint, command))
    }

    #[test]
    fn tools_are_no_servers() {
        assert!(runs(&["kafka-topics"], &["--list"]));
        assert!(runs(&["/opt/kafka/bin/kafka-topics.sh", "--list"], &[]));
        assert!(runs(&[], &["psql", "-c", "select 1"]));
        assert!(runs(
            &["/bin/sh", "-c"],
            &["until pg_isready -h db; do sleep 1; done; psql -f /x"]
        ));
        let script =
            "# topics\nkafka-topics --list\n\necho made\nkafka-topics --create \\\n  --topic a\n";
        assert!(runs(&["/bin/sh", "-c", script], &[]));
        assert!(runs(&[], &["sh", "-c", "while true; do pg_dump > /b/x; sleep 86400; done"]));
        assert!(runs(&[], &["sleep", "infinity"]));
    }

    #[test]
    fn what_may_start_the_server_is_one() {
        assert!(!runs(&[], &[]));
        assert!(!runs(&[], &["-c", "max_connections=200"]));
        assert!(!runs(&[], &["postgres", "-c", "x=1"]));
        assert!(!runs(&["docker-entrypoint.sh"], &["postgres"]));
        assert!(!runs(&["/wait.sh"], &[]));
        assert!(!runs(&["sh", "-c", "psql -f /x & exec docker-entrypoint.sh postgres"], &[]));
        assert!(!runs(&["sh", "-c", "mkdir -p /data && minio server /data"], &[]));
        assert!(!runs(&["sh"], &[]));
    }

    #[test]
    fn a_tool_has_neither_class_nor_ports() {
        let image = |service: &Service| service.image.as_ref().map(|image| image.value.clone());
        let class = |service: &Service| known_as(service, &image(service)?).map(|i| i.class);
        assert_eq!(class(&with("postgres:16", &[], &[])), Some(Class::Database));
        assert_eq!(class(&with("postgres:16", &[], &["psql"])), None);
        // A base system runs nothing else in any case.
        assert_eq!(class(&with("alpine", &[], &["sleep", "1"])), Some(Class::Base));
    }

    #[test]
    fn the_table_is_in_order() {
        assert!(TOOLS.is_sorted());
    }
}
