use super::*;

fn found(text: &str) -> Vec<(&str, Option<u16>, bool)> {
    let mut list = Vec::new();
    mentions(
        text,
        |name| ["api", "db", "kafka", "kafka2", "api.local"].contains(&name),
        |m| list.push((m.name, m.port, m.address)),
    );
    list
}

#[test]
fn names_with_ports() {
    assert_eq!(found("http://api:8000/x"), [("api", Some(8000), true)]);
    assert_eq!(
        found("--brokers=kafka:9092,kafka2:9093"),
        [("kafka", Some(9092), true), ("kafka2", Some(9093), true)]
    );
    assert_eq!(found("api.local:1"), [("api.local", Some(1), true)]);
}

#[test]
fn addresses_without_a_port_take_the_scheme_s() {
    assert_eq!(found("http://api/"), [("api", Some(80), true)]);
    assert_eq!(found("jdbc:postgresql://db/shop"), [("db", Some(5432), true)]);
    assert_eq!(found("postgres://u:p@db/shop"), [("db", Some(5432), true)]);
    assert_eq!(found("tcp://api/"), [("api", None, true)]);
    assert_eq!(found("http://api:$PORT/"), [("api", None, true)]);
    assert_eq!(found("postgresql+asyncpg://db/shop"), [("db", Some(5432), true)]);
}

#[test]
fn every_host_of_a_list_takes_the_scheme_s_port() {
    for (text, port) in [
        ("mongodb://db,kafka/x", 27017),
        ("mongodb://u:p@db:27017,kafka:27017/x?replicaSet=r", 27017),
        ("postgresql+asyncpg://u:p@db,kafka/x", 5432),
    ] {
        let both = [("db", Some(port), true), ("kafka", Some(port), true)];
        assert_eq!(found(text), both, "{text}");
    }
    assert_eq!(found("x, db,kafka"), [("db", None, false), ("kafka", None, false)]);
    assert_eq!(found("git+ssh://db/x"), [("db", None, true)]);
}

#[test]
fn members_of_an_ensemble_have_several_ports() {
    let all = |ports: &[u16]| ports.iter().map(|p| ("db", Some(*p), true)).collect::<Vec<_>>();
    assert_eq!(found("server.1=db:2888:3888;2181"), all(&[2888, 3888, 2181]));
    assert_eq!(found("db:2888:3888:participant;2181 x"), all(&[2888, 3888, 2181]));
    assert_eq!(found("db:2888:3888"), all(&[2888, 3888]));
    assert_eq!(found("db:80;443"), all(&[80]));
    assert_eq!(found("db:80:x"), all(&[80]));
    assert_eq!(found("db:80:90@x"), all(&[80]));
}

#[test]
fn hosts_of_commands_are_addresses() {
    assert_eq!(found("until nc -z db 4000; do :; done"), [("db", Some(4000), true)]);
    assert_eq!(found("pg_isready -h db"), [("db", Some(5432), true)]);
}

#[test]
fn values_of_hosts_are_addresses() {
    for (text, port) in [
        ("host=db port=5433 user=x", Some(5433)),
        (r#"{"host": "db", "port": 7000}"#, Some(7000)),
        ("serve --host db -U x", None),
        ("psql --host db -U x", Some(5432)),
        ("socket_address: {address: db, port_value: 7001}", Some(7001)),
        ("serve --db-host=db --db-port=3307", Some(3307)),
        ("Server=db;Database=x", None),
        ("-Dspring.redis.host=db", None),
    ] {
        assert_eq!(found(text), [("db", port, true)], "{text}");
    }
    for text in ["dbname=db", "user=db", "a db", "psql -d db", "SERVER_NAME=db", "x: db"] {
        assert_eq!(found(text), [("db", None, false)], "{text}");
    }
}

#[test]
fn values_of_variables_are_called_by_their_names() {
    let called = |variable: &str, text: &str| {
        let mut called = false;
        mentions(text, |name| name == "db", |m| called |= m.is_called(Some(variable), text));
        called
    };
    for (variable, text) in [
        ("DB_HOST", "db"),
        ("HOSTS", "other, db"),
        ("ES_NODES", "a:9200,db"),
        ("REDIS", "db"),
        ("APP_REDIS", "db"),
        ("--db-host", "db"),
        ("-h", "db"),
    ] {
        assert!(called(variable, text), "{variable}={text}");
    }
    for (variable, text) in [
        ("SERVER_NAME", "db"),
        ("DB_NAME", "db"),
        ("CACHE_DRIVER", "db"),
        ("REDIS_PREFIX", "db"),
        ("HOST_RULE", "Host(`db`)"),
        ("REDIS", "a db"),
        ("-d", "db"),
    ] {
        assert!(!called(variable, text), "{variable}={text}");
    }
}

#[test]
fn bare_words_are_no_addresses() {
    assert_eq!(found("db"), [("db", None, false)]);
    assert_eq!(found("talk to db."), [("db", None, false)]);
}

#[test]
fn what_only_looks_like_a_port() {
    assert_eq!(found("x://db:5432@api"), [("db", None, false), ("api", None, true)]);
    assert_eq!(
        found("mysql://db@api/db"),
        [("db", None, false), ("api", Some(3306), true), ("db", None, false)]
    );
    let both = [("db", Some(27017), true), ("api", Some(27017), true)];
    assert_eq!(found("mongodb://db,api/a@b"), both);
    assert_eq!(found("db:16-alpine"), [("db", None, false)]);
    assert_eq!(found("db:0"), [("db", None, false)]);
    assert_eq!(found("db:99999"), [("db", None, false)]);
    assert_eq!(found("mydb:80 db2:80 a-db:80"), []);
}

proptest::proptest! {
    #[test]
    fn any_text_is_fine(text in "\\PC{0,60}") {
        mentions(&text, |_| true, |_| {});
    }
}
