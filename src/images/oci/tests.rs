use super::*;

fn hex(digit: char) -> String {
    format!("sha256:{}", digit.to_string().repeat(64))
}

fn manifest(media_type: &str, config: &str) -> String {
    format!(
        r#"{{"schemaVersion":2,"mediaType":"{media_type}",
            "config":{{"mediaType":"{config}","size":2,"digest":"{}"}},"layers":[]}}"#,
        hex('a')
    )
}

#[test]
fn both_families_are_read() {
    for (kind, config) in [
        (media_type::OCI_MANIFEST, media_type::OCI_CONFIG),
        (media_type::DOCKER_MANIFEST, media_type::DOCKER_CONFIG),
    ] {
        let read = Document::read(manifest(kind, config).as_bytes(), "text/html").expect(kind);
        assert!(
            matches!(read, Document::Manifest(found) if found.config.digest.as_str() == hex('a'))
        );
    }
    // An old OCI index need not name its own kind.
    let index = br#"{"schemaVersion":2,"manifests":[]}"#;
    for sent in ["application/vnd.oci.image.index.v1+json; charset=utf-8", "", "application/json"] {
        assert!(matches!(Document::read(index, sent), Ok(Document::Index(_))), "{sent}");
    }
}

#[test]
fn what_is_refused() {
    let schema1 = br#"{"schemaVersion":1,"fsLayers":[]}"#;
    assert_eq!(Document::read(schema1, "").expect_err("old"), OciError::Schema1);
    let signed = media_type::SCHEMA_1[1];
    assert_eq!(Document::read(b"{}", signed).expect_err("old"), OciError::Schema1);
    let chart = manifest(media_type::OCI_MANIFEST, "application/vnd.cncf.helm.config.v1+json");
    for (text, sent) in [(chart.as_str(), ""), ("{}", "application/vnd.x")] {
        let error = Document::read(text.as_bytes(), sent).expect_err("unknown");
        assert!(matches!(error, OciError::UnknownMediaType(_)), "{error}");
    }
    let large = vec![b' '; MAX_MANIFEST + 1];
    assert!(matches!(Document::read(&large, ""), Err(OciError::TooLarge { .. })));
    let config = media_type::OCI_CONFIG;
    for digest in ["sha256:../../etc/passwd", "sha512:ab", "sha256:AB", "", "sha256:a\u{1b}"] {
        let text = manifest(media_type::OCI_MANIFEST, config).replace(&hex('a'), digest);
        let error = Document::read(text.as_bytes(), "").expect_err(digest);
        assert!(matches!(error, OciError::Malformed(_)), "{error}");
        assert!(!error.to_string().contains('\u{1b}'));
    }
    assert!(Document::read(b"not JSON", "").is_err());
}

fn index() -> Index {
    let entry = |digit, platform: &str, notes: &str| {
        format!(
            r#"{{"mediaType":"{}","size":1,"digest":"{}","platform":{platform}{notes}}}"#,
            media_type::OCI_MANIFEST,
            hex(digit)
        )
    };
    let text = [
        entry('1', r#"{"os":"linux","architecture":"amd64"}"#, ""),
        entry('2', r#"{"os":"linux","architecture":"arm","variant":"v6"}"#, ""),
        entry('3', r#"{"os":"linux","architecture":"arm64","variant":"v8"}"#, ""),
        entry('4', r#"{"os":"unknown","architecture":"unknown"}"#, ""),
        entry(
            '5',
            r#"{"os":"linux","architecture":"s390x"}"#,
            r#","annotations":{"vnd.docker.reference.type":"attestation-manifest"}"#,
        ),
    ];
    serde_json::from_str(&format!(r#"{{"manifests":[{}]}}"#, text.join(","))).expect("an index")
}

#[test]
fn the_platform_is_chosen() {
    let index = index();
    let found =
        |platform: &str| index.select(&Platform::parse(platform)).map(|d| &d.digest.hex()[..1]);
    assert_eq!(found("linux/amd64"), Ok("1"));
    assert_eq!(found("linux/amd64/v1"), Ok("1"));
    assert_eq!(found("linux/arm64"), Ok("3"));
    assert_eq!(found("linux/arm64/v8"), Ok("3"));
    // Whoever asks for no variant takes the one there is; who asks for another does not.
    assert_eq!(found("linux/arm"), Ok("2"));
    assert!(found("linux/arm/v7").is_err());
    let error = found("linux/s390x").expect_err("only an attestation");
    let expected =
        "find the image for linux/s390x: there it is for linux/amd64, linux/arm/v6, linux/arm64/v8";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn manifests_are_written_as_they_are_read() {
    let config = Descriptor::new(media_type::DOCKER_CONFIG, Digest::of(b"{}"), 2);
    let layer = media_type::layer(media_type::DOCKER_MANIFEST, media_type::Packing::Gzip);
    let layers = vec![Descriptor::new(&layer, Digest::of(b"layer"), 5)];
    let written = ImageManifest::new(media_type::DOCKER_MANIFEST, config, layers);
    let bytes = written.to_bytes();
    match Document::read(&bytes, "").expect("readable") {
        Document::Manifest(read) => assert_eq!(*read, written),
        Document::Index(_) => panic!("it is no index"),
    }
}

#[test]
fn machines_have_more_than_one_name() {
    for (text, plain) in [
        ("linux/aarch64", "linux/arm64"),
        ("linux/x86_64", "linux/amd64"),
        ("linux/x86-64", "linux/amd64"),
        ("linux/arm/v7", "linux/arm/v7"),
        ("linux", "linux/amd64"),
        ("", "linux/amd64"),
    ] {
        assert_eq!(Platform::parse(text).to_string(), plain, "{text}");
    }
}
