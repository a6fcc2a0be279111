use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::super::asset::{Asset, AssetSource, ImageSource};
use super::super::prepared::Extension;
use super::super::rewrite::sha256;
use super::super::testing::{Given, NodeKind, Tree, apply, dir, entries, file, hard, layer, link};
use super::*;

const OCI: &str = "application/vnd.oci.image";

fn blob(layout: &Path, media_type: &str, bytes: &[u8]) -> Value {
    let digest = sha256(bytes);
    let folder = layout.join("blobs/sha256");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join(&digest["sha256:".len()..]), bytes).expect("a blob");
    json!({ "mediaType": media_type, "digest": digest, "size": bytes.len() })
}

/// An image of these layers.
fn image(archives: &[Vec<u8>]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    let tar = format!("{OCI}.layer.v1.tar");
    let layers: Vec<_> = archives.iter().map(|archive| blob(path, &tar, archive)).collect();
    let diff_ids: Vec<_> = archives.iter().map(|archive| sha256(archive)).collect();
    let config = json!({ "os": "linux", "architecture": "amd64",
        "rootfs": { "type": "layers", "diff_ids": diff_ids } });
    let config = blob(path, &format!("{OCI}.config.v1+json"), config.to_string().as_bytes());
    let manifest = json!({ "schemaVersion": 2, "config": config, "layers": layers });
    let mut manifest =
        blob(path, &format!("{OCI}.manifest.v1+json"), manifest.to_string().as_bytes());
    manifest["platform"] = json!({ "os": "linux", "architecture": "amd64" });
    let index = json!({ "schemaVersion": 2, "manifests": [manifest] });
    fs::write(path.join("index.json"), index.to_string()).expect("an index");
    folder
}

fn layers(given: &[&[Given<'_>]]) -> Vec<Vec<u8>> {
    given.iter().map(|given| layer(given)).collect()
}

fn mounted(target: &str, subpath: Option<&str>) -> Asset {
    let source = ImageSource {
        reference: "acme/pages:1".to_owned(),
        subpath: subpath.map(str::to_owned),
        identity: "sha256:1".to_owned(),
    };
    Asset::of_root(target, AssetSource::Image(source))
}

/// The layer that comes of mounting a part of an image, and further assets, on a base.
async fn made(
    base: &[Vec<u8>],
    source: &[Vec<u8>],
    assets: Vec<Asset>,
) -> Result<Vec<u8>, ImageError> {
    let (base, source) = (image(base), image(source));
    let platform = "linux/amd64".to_owned();
    let extension = Extension { platform, assets, ..Extension::default() };
    let mut prepared = extension.prepare().await?;
    prepared.read_image("/www", Base::Layout(source.path())).await?;
    let extended = prepared.extend(Base::Layout(base.path())).await?;
    let (_, file) = extended.layer.expect("a layer");
    let packed = fs::File::open(file.path()).expect("a layer");
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(packed), &mut bytes)
        .expect("gzip");
    Ok(bytes)
}

async fn refused(source: &[Vec<u8>], subpath: Option<&str>) -> String {
    let made = made(&[layer(&[])], source, vec![mounted("/www", subpath)]).await;
    made.expect_err("refused").to_string()
}

/// A site in three layers, with all that may be said in layers.
fn site() -> Vec<Vec<u8>> {
    let owned = |mut given: Given<'static>, mode: u32| {
        (given.mode, given.owner) = (mode, 33);
        given
    };
    layers(&[
        &[
            dir("srv", 0o755),
            dir("srv/html", 0o2750),
            owned(file("srv/html/index.html", "old"), 0o600),
            file("srv/html/gone.html", "gone"),
            dir("srv/html/emptied", 0o755),
            file("srv/html/emptied/a", "a"),
            file("etc/secret", "elsewhere"),
            link("site", "/srv/html"),
        ],
        &[
            file("srv/html/.wh.gone.html", ""),
            owned(file("srv/html/index.html", "new"), 0o640),
            dir("srv/html/emptied", 0o700),
            file("srv/html/emptied/.wh..wh..opq", ""),
            file("srv/html/emptied/b", "b"),
        ],
        &[
            owned(file("srv/html/run", "#!/bin/sh"), 0o4755),
            hard("srv/html/also", "srv/html/run"),
            link("srv/html/away", "/etc/secret"),
            file("srv/html/empty1", ""),
            file("srv/html/empty2", ""),
        ],
    ])
}

#[tokio::test]
async fn what_is_there_in_the_end_is_mounted_as_it_is() {
    let base = layers(&[&[dir("www", 0o755), file("www/hidden", "x"), file("etc", "y")]]);
    let layer =
        made(&base, &site(), vec![mounted("/www", Some("srv/html"))]).await.expect("a layer");
    let mut tree = Tree::new();
    apply(&mut tree, &base[0]);
    apply(&mut tree, &layer);
    let said: Vec<_> = tree
        .iter()
        .filter(|(path, _)| path.starts_with("www"))
        .map(|(path, node)| (path.as_str(), node.mode, node.uid, node.kind.clone()))
        .collect();
    let text = |text: &str| NodeKind::File(text.as_bytes().to_vec());
    assert_eq!(
        said,
        [
            ("www", 0o2750, 7, NodeKind::Dir),
            ("www/also", 0o4755, 33, text("#!/bin/sh")),
            ("www/away", 0o777, 0, NodeKind::Link("/etc/secret".to_owned())),
            ("www/emptied", 0o700, 7, NodeKind::Dir),
            ("www/emptied/b", 0o640, 7, text("b")),
            ("www/empty1", 0o640, 7, text("")),
            ("www/empty2", 0o640, 7, text("")),
            ("www/index.html", 0o640, 33, text("new")),
            ("www/run", 0o4755, 33, NodeKind::Hard("www/also".to_owned())),
        ]
    );
    assert!(tree.values().filter(|node| node.mtime != 77).count() >= said.len(), "times are zero");
    assert!(entries(&layer).iter().any(|(path, _)| path == "www/.wh..wh..opq"));
}

#[tokio::test]
async fn the_same_content_is_the_same_bytes() {
    let (base, assets) = ([layer(&[])], || vec![mounted("/www", Some("/site/"))]);
    let first = made(&base, &site(), assets()).await.expect("a layer");
    // Later, and with a link on the way.
    let mut later = site();
    let again: Vec<Given<'_>> = vec![dir("srv/html", 0o2750)];
    later.push(layer(&again.into_iter().map(|g| Given { mtime: 99, ..g }).collect::<Vec<_>>()));
    assert_eq!(made(&base, &later, assets()).await.expect("a layer"), first);
}

#[tokio::test]
async fn the_whole_of_an_image_and_what_is_put_into_it() {
    let source = layers(&[&[dir("./", 0o711), file("a", "1"), hard("b", "a"), dir("d", 0o755)]]);
    let text = Asset::of_root("/www/a", AssetSource::Text("mine".to_owned()));
    let layer = made(&[layer(&[])], &source, vec![mounted("/www", None), text]).await;
    let mut tree = Tree::new();
    apply(&mut tree, &layer.expect("a layer"));
    assert_eq!(tree["www"].mode, 0o711);
    assert_eq!(tree["www/a"].kind, NodeKind::File(b"mine".to_vec()));
    // Its other name went with what it stood under: it has the content itself.
    assert_eq!(tree["www/b"].kind, NodeKind::File(b"1".to_vec()));
    assert_eq!(tree["www/d"].kind, NodeKind::Dir);
}

#[tokio::test]
async fn what_cannot_be_mounted() {
    assert!(refused(&site(), Some("srv/nothing")).await.contains("nothing is at srv/nothing"));
    assert!(refused(&site(), Some("etc/secret")).await.contains("is no directory"));
    let mut pipe = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Fifo);
    header.set_size(0);
    header.set_mode(0o644);
    pipe.append_data(&mut header, "d/pipe", &[][..]).expect("an entry");
    let pipe = [pipe.into_inner().expect("an archive")];
    let said = refused(&pipe, None).await;
    assert!(said.contains("acme/pages:1") && said.contains("/d/pipe is no file"), "{said}");
    // Beside what is wanted it is nobody's business.
    let mut beside = site();
    beside.extend(pipe);
    assert!(made(&[layer(&[])], &beside, vec![mounted("/www", Some("srv"))]).await.is_ok());
    let dangling = layers(&[&[hard("a", "b")]]);
    assert!(refused(&dangling, None).await.contains("leads to a file that is not there"));
}
