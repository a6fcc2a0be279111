use super::*;

const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn base(docker: bool, layers: usize) -> (Value, Value) {
    let (manifest, config, layer) = match docker {
        true => (DOCKER_MANIFEST, DOCKER_CONFIG, DOCKER_LAYER),
        false => (OCI_MANIFEST, OCI_CONFIG, OCI_LAYER),
    };
    let layer = json!({ "mediaType": layer, "digest": DIGEST, "size": 9 });
    let manifest = json!({
        "schemaVersion": 2, "mediaType": manifest, "layers": vec![layer; layers],
        "config": { "mediaType": config, "digest": DIGEST, "size": 7 },
        "annotations": { "org.example": "kept" },
    });
    let config = json!({
        "os": "linux", "architecture": "arm64", "future": { "b": 1, "a": [1.5] },
        "config": { "Entrypoint": ["/e"], "Cmd": ["c"], "Env": ["A=b"], "StopSignal": "SIGTERM" },
        "rootfs": { "type": "layers", "diff_ids": vec!["sha256:d"; layers] },
        "history": vec![json!({ "created_by": "x" }); layers],
    });
    (manifest, config)
}

fn read(manifest: &Value) -> Result<BaseManifest, AssetError> {
    BaseManifest::read("", manifest.to_string().as_bytes())
}

fn new_layer() -> NewLayer {
    NewLayer { diff_id: "sha256:new".to_owned(), digest: "sha256:packed".to_owned(), size: 3 }
}

fn rewrite(
    (manifest, config): &(Value, Value),
    layer: Option<&NewLayer>,
    rewrites: &Rewrites,
) -> Result<(Value, Value, Rewritten), AssetError> {
    let done = read(manifest)?.rewrite(config.to_string().as_bytes(), layer, rewrites)?;
    let parse = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).expect("JSON");
    Ok((parse(&done.manifest), parse(&done.config), done))
}

#[test]
fn a_layer_on_top() {
    for (docker, layer_type, manifest_type) in
        [(true, DOCKER_LAYER, DOCKER_MANIFEST), (false, OCI_LAYER, OCI_MANIFEST)]
    {
        let given = base(docker, 2);
        let (manifest, config, done) =
            rewrite(&given, Some(&new_layer()), &Rewrites::default()).expect("an image");
        assert_eq!(
            (done.media_type, &manifest["mediaType"]),
            (manifest_type, &json!(manifest_type))
        );
        let top = json!({ "mediaType": layer_type, "digest": "sha256:packed", "size": 3 });
        assert_eq!(manifest["layers"].as_array().map(Vec::len), Some(3));
        assert_eq!(manifest["layers"][2], top);
        assert_eq!(manifest["layers"][1], given.0["layers"][1]);
        assert_eq!(manifest["annotations"], given.0["annotations"]);
        assert_eq!(manifest["config"]["digest"], sha256(&done.config));
        assert_eq!(manifest["config"]["size"], done.config.len());
        assert_eq!(config["rootfs"]["diff_ids"], json!(["sha256:d", "sha256:d", "sha256:new"]));
        let entry = json!({ "created": EPOCH, "created_by": "decklift assets" });
        assert_eq!(config["history"][2], entry);
        assert_eq!(
            (&config["future"], &config["config"]),
            (&given.1["future"], &given.1["config"])
        );
    }
}

#[test]
fn bytes_are_in_the_order_of_the_alphabet() {
    let text = br#"{"rootfs":{"diff_ids":[]},"os":"linux","a":{"z":1,"b":2}}"#;
    let manifest = json!({ "schemaVersion": 2, "layers": [],
        "config": { "mediaType": OCI_CONFIG, "digest": DIGEST, "size": 1 } });
    let done = read(&manifest).expect("a manifest").rewrite(text, None, &Rewrites::default());
    let config = String::from_utf8(done.expect("an image").config).expect("text");
    assert!(config.starts_with(r#"{"a":{"b":2,"z":1},"history":"#), "{config}");
}

#[test]
fn settings_alone_need_no_layer() {
    let rewrites = Rewrites {
        stop_signal: Some("SIGQUIT".to_owned()),
        clears_entrypoint: true,
        clears_command: true,
    };
    let given = base(false, 1);
    let (manifest, config, _) = rewrite(&given, None, &rewrites).expect("an image");
    assert_eq!(manifest["layers"], given.0["layers"]);
    assert_eq!(config["config"], json!({ "Env": ["A=b"], "StopSignal": "SIGQUIT" }));
    assert_eq!(config["history"][1]["empty_layer"], json!(true));
    let one = Rewrites { clears_command: true, ..Rewrites::default() };
    let (_, config, _) = rewrite(&given, None, &one).expect("an image");
    assert_eq!(config["config"]["Entrypoint"], json!(["/e"]));
    assert!(config["config"].get("Cmd").is_none());
    let mut bare = base(false, 1);
    bare.1["config"] = Value::Null;
    let (_, config, _) = rewrite(&bare, None, &rewrites).expect("an image");
    assert_eq!(config["config"], json!({ "StopSignal": "SIGQUIT" }));
}

#[test]
fn no_history_stays_none() {
    let mut given = base(false, 1);
    given.1.as_object_mut().expect("a map").remove("history");
    let (_, config, _) =
        rewrite(&given, Some(&new_layer()), &Rewrites::default()).expect("an image");
    assert!(config.get("history").is_none());
}

#[test]
fn what_files_cannot_be_put_on() {
    let refused = |change: &dyn Fn(&mut Value, &mut Value), word: &str| {
        let mut given = base(false, 2);
        change(&mut given.0, &mut given.1);
        let said = rewrite(&given, Some(&new_layer()), &Rewrites::default()).expect_err("a fault");
        assert!(said.to_string().contains(word), "{said}");
        assert!(!said.is_users_fault());
    };
    refused(&|manifest, _| manifest["schemaVersion"] = 1.into(), "schema 1");
    let old = "application/vnd.docker.distribution.manifest.v1+prettyjws";
    refused(&|manifest, _| manifest["mediaType"] = old.into(), "schema 1");
    refused(&|_, config| config["os"] = "windows".into(), "windows");
    let foreign = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
    refused(&|manifest, _| manifest["layers"][0]["mediaType"] = foreign.into(), "copied");
    let chart = "application/vnd.cncf.helm.config.v1+json";
    refused(&|manifest, _| manifest["config"]["mediaType"] = chart.into(), "helm");
    refused(&|manifest, _| manifest["layers"][0]["digest"] = "../../etc".into(), "manifest");
    refused(&|_, config| config["rootfs"]["diff_ids"] = json!(["one"]), "1 layers");
    refused(&|_, config| *config = json!([]), "configuration");
    refused(&|manifest, _| *manifest = json!("x"), "manifest");
}

#[test]
fn engines_take_so_many_layers() {
    let last = base(false, MAX_LAYERS - 1);
    assert!(rewrite(&last, Some(&new_layer()), &Rewrites::default()).is_ok());
    let full = base(false, MAX_LAYERS);
    let said = rewrite(&full, Some(&new_layer()), &Rewrites::default()).expect_err("a fault");
    assert!(matches!(said, AssetError::TooManyLayers(126)), "{said}");
    assert!(rewrite(&full, None, &Rewrites::default()).is_ok());
}
