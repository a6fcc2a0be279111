//! Records as values: read back, kept within 4 KB, and never upset by what somebody wrote there.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn record(who: &str) -> Record {
    let author = Author {
        who: who.to_owned(),
        url: Some("https://ci.example/runs/7".to_owned()),
        arn: Some("arn:aws:iam::123456789012:user/anna".to_owned()),
    };
    let mut record = Record::new(ReleaseCommand::Deploy, author, "0123456789abcdef".to_owned());
    record.started = Timestamp::new(1_790_000_000);
    record.lease = 300;
    record.lease_until = Timestamp::new(1_790_000_300);
    record.commit = Some(Commit { id: "5d3fe88".to_owned(), dirty: true });
    record.compose = Some("9f31c0aa12bc".to_owned());
    record
}

fn with_services(count: usize, family: &str) -> Record {
    let mut record = record("anna@laptop");
    for index in 0..count {
        let name = format!("service-{index:03}");
        record.revisions.services.insert(name.clone(), format!("{family}{name}:{index}"));
    }
    record.revisions.jobs.insert("migrate".to_owned(), format!("{family}migrate:3"));
    record
}

#[test]
fn the_value_is_compact_json() {
    let mut record = with_services(1, "shop-prod-");
    record.state = State::Succeeded;
    record.finished = Some(Timestamp::new(1_790_000_090));
    record.resumes = Some(6);
    let expected = concat!(
        r#"{"version":1,"state":"succeeded","command":"deploy","who":"anna@laptop","#,
        r#""url":"https://ci.example/runs/7","arn":"arn:aws:iam::123456789012:user/anna","#,
        r#""nonce":"0123456789abcdef","started":"2026-09-21T14:13:20Z","lease":300,"#,
        r#""lease-until":"2026-09-21T14:18:20Z","finished":"2026-09-21T14:14:50Z","#,
        r#""commit":{"id":"5d3fe88","dirty":true},"compose":"9f31c0aa12bc","resumes":6,"#,
        r#""services":{"service-000":"shop-prod-service-000:0"},"#,
        r#""jobs":{"migrate":"shop-prod-migrate:3"}}"#,
    );
    assert_eq!(record.to_value(), expected);
    assert_eq!(Record::parse(&record.to_value()), Ok(record));
}

#[test]
fn a_long_list_is_shortened_and_then_cut() {
    let family = "a-project-with-a-long-name-and-an-environment-";
    // Small enough as it is.
    let record = with_services(20, family);
    assert_eq!(Record::parse(&record.to_value()), Ok(record));

    // Small enough without what all families begin with.
    let record = with_services(60, family);
    let short = Record::parse(&record.to_value()).expect("a record");
    assert_eq!((&*short.revisions.prefix, short.revisions.omitted), (family, 0));
    let whole: Vec<_> = short.revisions.of_services().collect();
    let before: Vec<_> = record.revisions.of_services().collect();
    assert_eq!(whole, before);
    assert_eq!(short.revisions.of_jobs().next(), record.revisions.of_jobs().next());

    // Too large in any way: what is left out is counted.
    let record = with_services(900, family);
    let value = record.to_value();
    assert!(value.len() <= Record::LIMIT);
    let cut = Record::parse(&value).expect("a record").revisions;
    assert!(cut.services.len() > 50 && cut.omitted > 0);
    assert_eq!(cut.services.len() + cut.jobs.len() + cut.omitted, 901);
}

#[test]
fn what_was_asked_for_goes_before_what_revisions_say() {
    let asked = |count: usize| -> (Record, BTreeMap<String, String>) {
        let mut record = with_services(count, "f-");
        let names: Vec<String> = record.revisions.services.keys().cloned().collect();
        let print = |what: &str, name: &String| (name.clone(), format!("{what}{}", &name[8..]));
        record.revisions.prints = names.iter().map(|name| print("says-----", name)).collect();
        let services = names.iter().map(|name| print("asks-", name)).collect();
        record.revisions.ask("base".to_owned(), &services);
        (record, services)
    };
    let (few, services) = asked(20);
    let back = Record::parse(&few.to_value()).expect("a record").revisions;
    assert_eq!((back.base.as_deref(), back.asked()), (Some("base"), services));
    assert_eq!(back.fingerprints()["f-service-007:7"], "says-----007");
    // Too long with all of it: what saves the most is kept.
    let count = (20..80).find(|count| {
        let back = Record::parse(&asked(*count).0.to_value()).expect("a record").revisions;
        back.base.is_none()
    });
    let back = Record::parse(&asked(count.expect("it is too long")).0.to_value());
    let back = back.expect("a record").revisions;
    assert_eq!(back.asked(), BTreeMap::new());
    assert_eq!(back.fingerprints().len(), back.services.len());
    // A service whose revision could not be told says nothing, and was asked for even so.
    let mut revisions = Revisions::default();
    revisions.services.insert("web".to_owned(), "f-web:1".to_owned());
    revisions.ask("base".to_owned(), &[("web".to_owned(), "asks".to_owned())].into());
    assert_eq!((revisions.fingerprints().len(), &*revisions.asked()["web"]), (0, "asks"));
}

#[test]
fn who_says_what_they_like_and_the_value_still_fits() {
    let mut record = with_services(900, "f-");
    for who in ["\u{1F980}".repeat(5000), "\"\\".repeat(5000), "{{ssm:x}} {{{".to_owned()] {
        record = Record::new(
            ReleaseCommand::Deploy,
            Author { who: who.clone(), url: Some(who.clone()), arn: Some(who) },
            record.nonce.clone(),
        );
        record.revisions = with_services(900, "f-").revisions;
        let value = record.to_value();
        assert!(value.len() <= Record::LIMIT, "{}", value.len());
        assert!(!value.contains("{{"), "Parameter Store takes it for a reference");
        assert_eq!(Record::parse(&value).expect("a record").author, record.author);
    }
    let author = Author { who: "a\u{1b}[2Jb\n".to_owned(), ..Author::default() };
    let tamed = Record::new(ReleaseCommand::Down, author, String::new());
    assert_eq!(tamed.author.who, "a[2Jb");
}

#[test]
fn what_somebody_else_wrote_is_told_apart() {
    let newer = record("x").to_value().replace("\"version\":1", "\"version\":2");
    let why = Record::parse(&newer).expect_err("newer");
    assert!(why.contains("newer decklift"), "{why}");
    for text in ["", "{}", "hello", "[1]", "{\"version\":1}", "{\"version\":1,\"state\":\"odd\"}"] {
        let why = Record::parse(text).expect_err(text);
        assert_eq!(why, "its value is not what decklift writes there");
    }
    // A later program of the same format may know more.
    let more = record("x").to_value().replacen('{', "{\"colour\":\"blue\",", 1);
    assert_eq!(Record::parse(&more), Ok(record("x")));
}

#[test]
fn the_table_for_people() {
    let release = |number, record| Release { number, record, runs: false };
    let mut done = with_services(2, "shop-prod-");
    done.state = State::RolledBack;
    let mut down = record("an intruder");
    (down.command, down.commit) = (ReleaseCommand::Down, None);
    down.author.who.push_str("\u{1b}[2J");
    let unreadable = Err("its value is not what decklift writes there".to_owned());
    let list = [release(12, Ok(done)), release(11, Ok(down)), release(3, unreadable)];
    insta::assert_snapshot!(table(&list).join("\n"));
}

proptest! {
    #[test]
    fn no_value_upsets_the_reader(text in ".{0,64}") {
        let _ = Record::parse(&text);
    }

    #[test]
    fn every_record_that_fits_comes_back(
        who in ".{0,40}",
        names in proptest::collection::btree_map("[a-z]{1,12}", "[a-z-]{1,20}:[0-9]{1,4}", 0..12),
    ) {
        let mut record = record(&who);
        record.revisions.services = names;
        prop_assert_eq!(Record::parse(&record.to_value()), Ok(record));
    }
}
