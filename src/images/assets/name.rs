//! The name of an image with something on top of it: a hash of its base and of all that is put
//! there. Nothing of the base is read, so a plan costs one question for each image.
//!
//! Of a file only its path, kind, mode, owner and bytes count, so two clones of one commit give one
//! name, whatever their umask, times and place.

use sha2::{Digest, Sha256};

use super::asset::{AssetSource, ImageSource};
use super::gathered::{Gathered, Item};
use super::prepared::Prepared;
use super::rewrite::Rewrites;
use crate::images::name::Fields;

/// Raised when the same files should give a new name, because another image comes of them.
const FORMAT: &[u8] = b"decklift assets 1";

impl Prepared {
    /// The tag of the image in its repository: `decklift-` and 24 hexadecimal digits. `base` is what
    /// tells the base from all other images: a digest, or the name of what is built.
    #[must_use]
    pub fn tag(&self, base: &str) -> String {
        let mut hash = Fields(Sha256::new());
        hash.add(b"format", &[FORMAT]);
        hash.add(b"base", &[base.as_bytes(), self.extension.platform.as_bytes()]);
        let Rewrites { stop_signal, clears_entrypoint, clears_command } = &self.extension.rewrites;
        let signal = stop_signal.as_deref().unwrap_or_default();
        let clears = [u8::from(*clears_entrypoint), u8::from(*clears_command)];
        hash.add(b"rewrites", &[signal.as_bytes(), &clears]);
        let mut files: Vec<_> = self.files.iter().collect();
        files.sort_by_key(|(asset, _)| &asset.target);
        for (asset, gathered) in files {
            hash.add(b"asset", &[asset.target.as_bytes()]);
            if let AssetSource::Image(ImageSource { reference: _, subpath, identity }) =
                &asset.source
            {
                let subpath = subpath.as_deref().unwrap_or_default();
                hash.add(b"image", &[identity.as_bytes(), subpath.as_bytes()]);
                continue;
            }
            for (path, item) in &gathered.items {
                let numbers = [Gathered::mode(asset, item), asset.uid, asset.gid];
                let numbers: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
                match item {
                    Item::Directory => hash.add(b"directory", &[path, &numbers]),
                    Item::Link(link) => hash.add(b"link", &[path, &numbers, link]),
                    Item::File { sha256, .. } => hash.add(b"file", &[path, &numbers, sha256]),
                }
            }
        }
        format!("decklift-{}", hex::encode(&hash.0.finalize()[..12]))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::super::asset::{Asset, AssetSource, ImageSource};
    use super::super::prepared::Extension;

    fn tag(extension: &Extension, base: &str) -> String {
        extension.clone().read().expect("files").tag(base)
    }

    #[test]
    fn everything_that_makes_the_image_makes_the_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a.conf");
        std::fs::write(&file, "one").expect("a file");
        let text = |text: &str| AssetSource::Text(text.to_owned());
        let plain = Extension {
            platform: "linux/amd64".to_owned(),
            assets: vec![
                Asset::of_root("/etc/a", AssetSource::Path(file.clone())),
                Asset::of_root("/etc/b", text("b")),
            ],
            ..Extension::default()
        };
        let name = tag(&plain, "sha256:1");
        assert_eq!((name.len(), tag(&plain, "sha256:1")), (33, name.clone()));
        assert_ne!(tag(&plain, "sha256:2"), name);
        let of_image = |identity: &str, subpath: Option<&str>| {
            let mut other = plain.clone();
            other.assets[1].source = AssetSource::Image(ImageSource {
                reference: "acme/pages:1".to_owned(),
                subpath: subpath.map(str::to_owned),
                identity: identity.to_owned(),
            });
            tag(&other, "sha256:1")
        };
        let first = of_image("sha256:7", None);
        assert_eq!(of_image("sha256:7", None), first);
        // A tag that has moved, and another part of it.
        assert_ne!(of_image("sha256:8", None), first);
        assert_ne!(of_image("sha256:7", Some("html")), first);
        let mut others = vec![plain.clone(); 9];
        others[0].platform = "linux/arm64".to_owned();
        others[1].assets[0].target = "/etc/c".to_owned();
        others[2].assets[1].source = text("c");
        others[3].assets[1].mode = Some(0o400);
        others[4].assets[1].uid = 1;
        others[5].assets[1].source = AssetSource::Link("b".to_owned());
        others[6].rewrites.stop_signal = Some("SIGQUIT".to_owned());
        others[7].rewrites.clears_command = true;
        others[8].assets.pop();
        for (index, other) in others.iter().enumerate() {
            assert_ne!(tag(other, "sha256:1"), name, "{index}");
        }
        // A mode that says what holds anyway, another order, and what is mounted beside it.
        let mut same = plain.clone();
        same.assets.reverse();
        same.assets[0].mode = Some(0o644);
        same.mounts.push("/data".to_owned());
        assert_eq!(tag(&same, "sha256:1"), name);
        std::fs::write(&file, "two").expect("a file");
        assert_ne!(tag(&plain, "sha256:1"), name);
    }
}
