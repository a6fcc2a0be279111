//! The Python that a sandbox runs on, for tests that run its parts by themselves.

use std::ffi::OsString;
use std::path::PathBuf;

use decklift::sandbox::{Paths, base_image, ensure, reset, stop};

/// The busybox image that the tests' containers are made of.
pub(crate) const BASE_IMAGE: &str = "busybox:1.37";

/// `DECKLIFT_TEST_PYTHON`, else that of the sandbox, which is installed where it is missing: by
/// starting a sandbox as a user's command would, and ending it. The base image is seen to as well.
///
/// # Errors
///
/// Why there is none.
pub(crate) async fn python() -> Result<PathBuf, String> {
    // One of Missing, Present and StandIn: with no engine whoever needs one says so.
    let _ = base_image::ensure(BASE_IMAGE).await;
    if let Some(python) = std::env::var_os("DECKLIFT_TEST_PYTHON") {
        return Ok(PathBuf::from(python));
    }
    let paths = Paths::from_env(variable).map_err(|error| error.to_string())?;
    let sandbox = ensure(&paths, &|_| {}).await.map_err(|error| error.to_string())?;
    // The pinned packages are the first part of the version.
    let pins = sandbox.instance.version.split('-').next().unwrap_or_default().to_owned();
    for ended in [stop(&paths).await, reset(&paths).await] {
        ended.map_err(|error| error.to_string())?;
    }
    let program = if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" };
    Ok(paths.venv(&pins).join(program))
}

/// The environment, with an instance of this process's own.
fn variable(name: &str) -> Option<OsString> {
    match name {
        "DECKLIFT_SANDBOX_INSTANCE" => Some(format!("test-python-{}", std::process::id()).into()),
        "DECKLIFT_CACHE_DIR" => std::env::var_os("DECKLIFT_TEST_CACHE"),
        _ => std::env::var_os(name),
    }
}
