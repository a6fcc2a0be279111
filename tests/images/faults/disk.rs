//! A disk that is full.

use super::*;

/// A disk of a quarter of a megabyte; nothing where this user may not make one.
#[cfg(target_os = "linux")]
struct Small(tempfile::TempDir);

#[cfg(target_os = "linux")]
impl Small {
    fn new() -> Option<Self> {
        let directory = tempfile::tempdir().expect("directory");
        let mut mount = std::process::Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=256k", "tmpfs"]).arg(directory.path());
        let mounted = mount.output().is_ok_and(|output| output.status.success());
        mounted.then(|| Self(directory))
    }
}

#[cfg(target_os = "linux")]
impl Drop for Small {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_full() {
    run(async {
        let Some(disk) = Small::new() else {
            return crate::support::unneeded("this user may not mount a small disk");
        };
        if std::env::var_os("TMPDIR").is_some_and(|place| !place.is_empty()) {
            return crate::support::unneeded("TMPDIR is set, and layers would lie there");
        }
        let engine = engine().await.filter(amd64);
        for registry in TestRegistry::all().await {
            let name = format!("{}:v1", unique("decklift-test/full"));
            let sample = Sample::new(&name, "full", &SIZES);
            let (sources, _cleanup) = sources(&sample, engine.as_ref());
            let destination = registry.repository().await;
            // What is packed already needs no room.
            let packed = images(None).with_cache(disk.0.path());
            send(&packed, &sources[0], &destination).await.expect("no room is needed");
            for source in &sources[1..] {
                let destination = registry.repository().await;
                let images = images(engine.as_ref()).with_cache(disk.0.path());
                let error = send(&images, source, &destination).await.expect_err("it is full");
                let words = error.to_string();
                let spool = disk.0.path().join("spool");
                let expected =
                    format!("keep a layer on its way in {}: the disk is full", spool.display());
                assert_eq!(words, expected, "{source:?}");
                assert!(error.help().is_some_and(|help| help.contains("TMPDIR")));
                assert_eq!(images.has(&destination, "v1").await.expect("an answer"), None);
            }
        }
    });
}
