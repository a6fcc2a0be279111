//! What images say of themselves, asked for twice.

use super::*;
use crate::images::Images;

#[tokio::test]
async fn what_a_digest_leads_to_is_read_once() {
    let fake = Fake::start().await;
    let (one, two) = (layout(&[vec![1; 10]], PACKED), layout(&[vec![2; 10]], PACKED));
    let put = async |image: &TempDir| {
        let registry = fake.registry();
        send(&uploader(None), &registry, "web", &opened(image)).await.0.expect("sent");
        fake.forget_requests();
    };
    put(&one).await;
    let directory = tempfile::tempdir().expect("directory");
    let name = format!("{}/web:v1", fake.host);
    let describe = async || {
        let images = Images::new(None).with_cache(directory.path());
        let found = images.describe(&name, "linux/amd64").await.expect("an answer");
        assert_eq!(found.expect("a configuration").platform, "linux/amd64");
        let read = fake.requests("GET").iter().filter(|line| line.contains("/blobs/")).count();
        fake.forget_requests();
        read
    };
    assert_eq!(describe().await, 1);
    // Another run finds it here.
    assert_eq!(describe().await, 0);
    // The tag moves: what stands under it now is read.
    put(&two).await;
    assert_eq!(describe().await, 1);
    assert_eq!(describe().await, 0);
    // What was damaged here is read again.
    for file in std::fs::read_dir(directory.path().join("configs")).expect("read").flatten() {
        std::fs::write(file.path(), "{}").expect("written");
    }
    assert_eq!(describe().await, 1);
}

#[tokio::test]
async fn a_private_image_is_named_with_the_login_that_was_given() {
    let fake = Fake::start().await;
    let image = layout(&[vec![1; 10]], PACKED);
    send(&uploader(None), &fake.registry(), "web", &opened(&image)).await.0.expect("sent");
    fake.expect_password("canary");
    let name = format!("{}/web:v1", fake.host);
    let (_, is_known) = Images::new(None).name_copy(&name, "linux/amd64").await;
    assert!(!is_known);
    let auth = Auth::Basic { user: "AWS".to_owned(), password: "canary".to_owned() };
    let images = Images::new(None).with_login(&fake.host, auth);
    assert!(!format!("{images:?}").contains("canary"));
    let (origin, is_known) = images.name_copy(&name, "linux/amd64").await;
    assert!(is_known && origin.reference.contains("@sha256:"), "{origin:?}");
}
