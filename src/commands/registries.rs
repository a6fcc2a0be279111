//! Asking registries, for commands that connect to nothing else.

use crate::error::Error;
use crate::images::{Engine, Images};

/// Images with what this user's earlier runs remember. Without a place for it, layers are packed and
/// registries asked again each time.
pub(super) fn remembering(images: Images) -> Images {
    match super::sandbox::paths().ok().and_then(|paths| paths.images()) {
        Some(directory) => images.with_cache(&directory),
        None => images,
    }
}

/// Waits for an answer where nothing is awaited: commands run inside a runtime. Registries need no
/// engine; where there is one, it is asked, too. `option` is what to leave out when it fails.
///
/// # Errors
///
/// There is no thread or runtime to ask with.
pub(super) fn ask<T: Send>(
    option: &str,
    asks: impl AsyncFnOnce(Images) -> T + Send,
) -> Result<T, Error> {
    let asked = std::thread::scope(|scope| {
        scope
            .spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                let found = runtime.block_on(async {
                    let images = remembering(Images::new(Engine::detect().await.ok()));
                    asks(images).await
                });
                // A name that is still looked up must not hold the program up.
                runtime.shutdown_background();
                Ok::<_, std::io::Error>(found)
            })
            .join()
    });
    let failed = |why: String| Error::System {
        message: format!("failed to ask for images: {why}"),
        help: format!("leave out `{option}`"),
    };
    match asked {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error)) => Err(failed(error.to_string())),
        Err(_) => Err(failed("it was given up".to_owned())),
    }
}
