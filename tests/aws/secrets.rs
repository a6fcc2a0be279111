//! Secrets: made, given values, read, deleted, and brought back.

use decklift::apply::{Cloud, CloudErrorKind};
use decklift::ecs::desired::{Attribute, Body, Desired, Kind, ResourceId, Secret, UpperTag};
use decklift::plan::{Action, Change, SECRET_VALUE};

use crate::app::add;
use crate::emulator::Emulator;
use crate::{connect, observe, stack};

fn desired(stack: &str, project: &str, label: &str) -> Desired {
    let id = ResourceId::new(Kind::Secret, "db");
    let tag =
        |key: &str, value: &str| UpperTag { key: key.to_owned().into(), value: value.to_owned() };
    let body = Secret {
        name: format!("decklift/{stack}/db"),
        description: "The secret db".to_owned(),
        tags: vec![
            tag("decklift:environment", "default"),
            tag("decklift:project", project),
            tag("decklift:resource", &id.to_string()),
            tag("team", label),
        ],
    };
    let mut desired = Desired { stack: stack.to_owned(), ..Desired::default() };
    add(&mut desired, id, Body::Secret(body));
    desired
}

#[tokio::test(flavor = "current_thread")]
async fn a_value_is_a_version_and_a_deleted_secret_comes_back() {
    let Some(emulator) = Emulator::start("secrets") else { return };
    let aws = connect(&emulator.endpoint).await;
    let stack = stack("sec");
    let wanted = desired(&stack, &stack, "a");
    let id = ResourceId::new(Kind::Secret, "db");
    let body = &wanted.resources[&id].body;
    let name = format!("decklift/{stack}/db");

    assert!(observe(&aws, &wanted).await.resources.is_empty());
    aws.create(&id, body, false).await.expect("made");
    let put = aws.put_secret_value(&name, "one").await.expect("put");
    let first = put.attributes[&Attribute::ValueFrom].clone();
    let seen = observe(&aws, &wanted).await;
    assert_eq!(seen.resources[&id].attributes[&Attribute::ValueFrom], first);
    assert_eq!(aws.secret_value(&first).await.expect("read").as_deref(), Some("one"));

    // A revision that names the first version keeps reading it.
    let put = aws.put_secret_value(&name, "two").await.expect("put");
    let second = put.attributes[&Attribute::ValueFrom].clone();
    assert_ne!(first, second);
    assert_eq!(aws.secret_value(&first).await.expect("read").as_deref(), Some("one"));
    assert_eq!(aws.secret_value(&second).await.expect("read").as_deref(), Some("two"));
    let seen = observe(&aws, &wanted).await;
    assert_eq!(seen.resources[&id].attributes[&Attribute::ValueFrom], second);

    // Repeated, as after an answer that was lost; the value stays.
    aws.create(&id, body, false).await.expect("made again");
    let seen = observe(&aws, &wanted).await;
    assert_eq!(seen.resources[&id].attributes[&Attribute::ValueFrom], second);

    let change = Change { path: "Tags[team].Value".to_owned(), from: None, to: None };
    assert_ne!(change.path, SECRET_VALUE);
    let other = desired(&stack, &stack, "b");
    aws.update(&id, &other.resources[&id].body, Action::Update, &[change]).await.expect("tags");
    let seen = observe(&aws, &other).await;
    assert!(decklift::plan::plan(&other, &seen).steps.is_empty());

    let foreign = desired(&stack, "somebody", "a");
    let error = aws.create(&id, &foreign.resources[&id].body, false).await.expect_err("not ours");
    assert_eq!(error.kind, CloudErrorKind::NotOurs);

    let found = aws.secret_arns(&[name.clone(), "nobody".to_owned()]).await.expect("looked up");
    assert_eq!(found.keys().collect::<Vec<_>>(), [&name]);

    // Found without the file that named it, for `down --all`.
    let empty = Desired { stack: stack.clone(), ..Desired::default() };
    let nothing = aws.observe(&empty).await.expect("observed");
    assert!(nothing.orphans.is_empty(), "without an owner nothing is anybody's");

    aws.delete(&id, &seen.resources[&id]).await.expect("deleted");
    aws.delete(&id, &seen.resources[&id]).await.expect("deleted again");
    assert!(observe(&aws, &wanted).await.resources.is_empty());
    assert_eq!(aws.secret_value(&second).await.expect("read"), None);
    aws.create(&id, body, false).await.expect("restored");
    let put = aws.put_secret_value(&name, "three").await.expect("put");
    let third = &put.attributes[&Attribute::ValueFrom];
    assert_eq!(aws.secret_value(third).await.expect("read").as_deref(), Some("three"));
}
