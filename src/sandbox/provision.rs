//! Makes the virtual environment and writes the adapter out.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use sha2::{Digest, Sha256};
use tokio::process::Command;

use super::{Paths, SandboxError, embedded};

/// What is installed: MiniStack, the Docker client that its containers need, and what its TLS needs.
const PACKAGES: [&str; 3] = ["ministack==1.5.33", "docker==7.2.0", "cryptography==50.0.2"];

/// The adapter and the pinned packages in a few characters.
pub(super) fn version() -> String {
    let mut hash = Sha256::new();
    for (name, text) in embedded::FILES {
        hash.update(name);
        hash.update([0]);
        hash.update(text);
    }
    format!("{}-{}", pins(), &hex::encode(hash.finalize())[..12])
}

fn pins() -> String {
    hex::encode(Sha256::digest(PACKAGES.join(" ")))[..8].to_owned()
}

/// The program that runs the adapter, and the folder that its package lies in.
pub(super) struct Provisioned {
    pub(super) python: PathBuf,
    pub(super) adapter: PathBuf,
}

/// Makes what is missing. `notify` hears of what takes time. The caller holds the sandbox's lock.
pub(super) async fn provision(
    paths: &Paths,
    notify: &dyn Fn(&str),
) -> Result<Provisioned, SandboxError> {
    let venv = paths.venv(&pins());
    let python = venv.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let complete = venv.join("complete");
    if !complete.exists() {
        notify("installing the AWS emulator (once, about 110 MB)");
        make_venv(&venv).await?;
        install(&python).await?;
        std::fs::write(&complete, PACKAGES.join("\n"))
            .map_err(SandboxError::file("write", &complete))?;
    }
    let adapter = paths.adapter(&version());
    write_adapter(&adapter)?;
    Ok(Provisioned { python, adapter })
}

async fn make_venv(venv: &Path) -> Result<(), SandboxError> {
    // What an interrupted run left behind cannot be trusted.
    if venv.exists() {
        std::fs::remove_dir_all(venv).map_err(SandboxError::file("remove", venv))?;
    }
    let python = find_python().await?;
    let output = Command::new(&python)
        .args(["-m", "venv"])
        .arg(venv)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(SandboxError::file("run", &python))?;
    if output.status.success() {
        return Ok(());
    }
    Err(SandboxError::Venv { output: last_lines(&output.stdout, &output.stderr) })
}

/// The first of the usual names that answers as Python 3.10 or newer.
async fn find_python() -> Result<PathBuf, SandboxError> {
    let given = std::env::var_os("DECKLIFT_PYTHON").map(PathBuf::from);
    let candidates = match given {
        Some(given) => vec![given],
        None => vec![PathBuf::from("python3"), PathBuf::from("python")],
    };
    let mut tried = Vec::new();
    for program in candidates {
        let output = Command::new(&program)
            .args(["-c", "import sys; print('%d.%d' % sys.version_info[:2])"])
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await;
        let name = program.display();
        match output {
            Ok(output) if output.status.success() => {
                let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
                let version = text.split_once('.').and_then(|(major, minor)| {
                    Some((major.parse::<u32>().ok()?, minor.parse::<u32>().ok()?))
                });
                if version.is_some_and(|version| version >= (3, 10)) {
                    return Ok(program);
                }
                tried.push(format!("`{name}` is {text}"));
            }
            Ok(_) => tried.push(format!("`{name}` does not run")),
            Err(_) => tried.push(format!("no `{name}`")),
        }
    }
    Err(SandboxError::NoPython { tried: tried.join(", ") })
}

async fn install(python: &Path) -> Result<(), SandboxError> {
    let output = Command::new(python)
        .args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"])
        .args(PACKAGES)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(SandboxError::file("run", python))?;
    if output.status.success() {
        return Ok(());
    }
    Err(SandboxError::Install { output: last_lines(&output.stdout, &output.stderr) })
}

fn write_adapter(folder: &Path) -> Result<(), SandboxError> {
    let package = folder.join("decklift_adapter");
    std::fs::create_dir_all(&package).map_err(SandboxError::file("make", &package))?;
    for (name, text) in embedded::FILES {
        let path = package.join(name);
        if std::fs::read(&path).is_ok_and(|there| there == text.as_bytes()) {
            continue;
        }
        std::fs::write(&path, text).map_err(SandboxError::file("write", &path))?;
    }
    Ok(())
}

/// The last lines that a program printed, on one line each.
pub(super) fn last_lines(stdout: &[u8], stderr: &[u8]) -> String {
    let text = format!("{}\n{}", String::from_utf8_lossy(stdout), String::from_utf8_lossy(stderr));
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(8)..].join("\n")
}
