//! A stand-in for the busybox image, for machines whose engine reaches no registry.
//!
//! Only in the sandbox, only under the name of the official busybox image, only when the engine has
//! none of that name and cannot pull it, and only from a statically linked busybox of this machine.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// What was done about a base image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BaseImage {
    /// The engine has it, or could pull it.
    Present,
    /// This machine's busybox stands in for it.
    StandIn(PathBuf),
    /// The engine cannot have it: why.
    Missing(String),
}

/// How long a pull may take before the engine counts as one that reaches no registry.
const PULL_PATIENCE: Duration = Duration::from_secs(60);

/// Whether a reference means the official busybox image.
#[must_use]
pub fn is_busybox(reference: &str) -> bool {
    let name = reference.split('@').next().unwrap_or(reference);
    !reference.contains('@')
        && matches!(
            name.split(':').next(),
            Some(
                "busybox"
                    | "docker.io/busybox"
                    | "library/busybox"
                    | "docker.io/library/busybox"
                    // Amazon's copy of Docker's official images.
                    | "public.ecr.aws/docker/library/busybox"
            )
        )
}

/// Makes sure that the engine has an image of this name.
pub async fn ensure(reference: &str) -> BaseImage {
    if docker(&["image", "inspect", "--format", "{{.Id}}", reference]).await.is_ok() {
        return BaseImage::Present;
    }
    let pulled = tokio::time::timeout(PULL_PATIENCE, docker(&["pull", "--quiet", reference])).await;
    let why = match pulled {
        Ok(Ok(())) => return BaseImage::Present,
        Ok(Err(why)) => why,
        Err(_) => "the pull took too long".to_owned(),
    };
    let Some(busybox) = static_busybox() else {
        return BaseImage::Missing(why);
    };
    match import(reference, &busybox).await {
        Ok(()) => BaseImage::StandIn(busybox),
        Err(error) => BaseImage::Missing(format!("{why}; and {error}")),
    }
}

async fn docker(arguments: &[&str]) -> Result<(), String> {
    let output = Command::new("docker")
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    Err(text.lines().last().unwrap_or("docker failed").trim().to_owned())
}

fn static_busybox() -> Option<PathBuf> {
    ["/bin/busybox", "/usr/bin/busybox", "/usr/local/bin/busybox"]
        .iter()
        .map(PathBuf::from)
        .find(|path| is_static_elf(path))
}

/// Whether a file is an ELF program that asks for no interpreter, and so runs in an empty image.
fn is_static_elf(path: &Path) -> bool {
    let Ok(bytes) = std::fs::read(path) else { return false };
    let word = |at: usize, length: usize| -> Option<u64> {
        let bytes = bytes.get(at..at + length)?;
        Some(bytes.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    };
    // 64-bit, little-endian: https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html
    if bytes.get(..6) != Some(&[0x7f, b'E', b'L', b'F', 2, 1]) {
        return false;
    }
    let interpreter = || -> Option<bool> {
        let table = usize::try_from(word(32, 8)?).ok()?;
        let (size, count) = (word(54, 2)?, word(56, 2)?);
        for index in 0..count {
            let at = table.checked_add(usize::try_from(index * size).ok()?)?;
            const PT_INTERP: u64 = 3;
            if word(at, 4)? == PT_INTERP {
                return Some(true);
            }
        }
        Some(false)
    };
    interpreter() == Some(false)
}

async fn import(reference: &str, busybox: &Path) -> Result<(), String> {
    let archive =
        archive(busybox).await.map_err(|error| format!("{}: {error}", busybox.display()))?;
    let mut child = Command::new("docker")
        .args(["import", "--change", "CMD [\"sh\"]"])
        .args(["--change", "ENV PATH=/bin", "--change", "LABEL decklift.sandbox=base-image"])
        .args(["-", reference])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| error.to_string())?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(&archive).await.map_err(|error| error.to_string())?;
    }
    let output = child.wait_with_output().await.map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
}

/// The files of the image: busybox under the names of its applets, and the few others that programs
/// look for.
async fn archive(busybox: &Path) -> std::io::Result<Vec<u8>> {
    let program = std::fs::read(busybox)?;
    let list = Command::new(busybox).arg("--list").stdin(Stdio::null()).output().await?;
    let applets = String::from_utf8_lossy(&list.stdout).into_owned();
    let mut tar = tar::Builder::new(Vec::new());
    for (folder, mode) in
        [("bin/", 0o755), ("etc/", 0o755), ("root/", 0o700), ("tmp/", 0o1777), ("var/", 0o755)]
    {
        append(&mut tar, folder, mode, tar::EntryType::Directory, None, &[])?;
    }
    append(&mut tar, "bin/busybox", 0o755, tar::EntryType::Regular, None, &program)?;
    for applet in applets.lines().filter(|name| !name.is_empty() && *name != "busybox") {
        let path = format!("bin/{applet}");
        append(&mut tar, &path, 0o777, tar::EntryType::Symlink, Some("busybox"), &[])?;
    }
    let users = b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n";
    append(&mut tar, "etc/passwd", 0o644, tar::EntryType::Regular, None, users)?;
    let groups = b"root:x:0:\nnobody:x:65534:\n";
    append(&mut tar, "etc/group", 0o644, tar::EntryType::Regular, None, groups)?;
    tar.into_inner()
}

fn append<W: Write>(
    tar: &mut tar::Builder<W>,
    path: &str,
    mode: u32,
    kind: tar::EntryType,
    link: Option<&str>,
    content: &[u8],
) -> std::io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(content.len() as u64);
    match link {
        Some(target) => tar.append_link(&mut header, path, target),
        None => tar.append_data(&mut header, path, content),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_official_name_is_stood_in_for() {
        for name in ["busybox", "busybox:1.37", "docker.io/library/busybox:stable"] {
            assert!(is_busybox(name), "{name}");
        }
        for name in ["example/busybox", "busybox-extra", "busybox@sha256:00", "redis"] {
            assert!(!is_busybox(name), "{name}");
        }
    }

    #[test]
    fn a_dynamic_program_and_a_text_are_not_static() {
        let text = tempfile::NamedTempFile::new().expect("a file");
        assert!(!is_static_elf(text.path()));
        let own = std::env::current_exe().expect("this program");
        assert!(!is_static_elf(&own), "tests are linked dynamically");
    }
}
