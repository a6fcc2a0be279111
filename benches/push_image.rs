//! Pushes images with decklift's own uploader and nothing else, for `push.py` to hold against others:
//!
//! ```text
//! push_image SOURCE[,SOURCE…] REGISTRY/REPOSITORY[,REGISTRY/REPOSITORY…] TAG[,TAG…] [CACHE]
//! ```
//!
//! A source is `engine:NAME` or `path:FILE-OR-DIRECTORY`. An image whose tag is there is left alone, as
//! `decklift push` leaves it. CACHE is a directory for what is remembered between runs.

use std::error::Error;
use std::process::ExitCode;

use decklift::images::{Auth, Destination, Engine, Images, Source};
use futures_util::future::try_join_all;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [sources, addresses, tags, cache @ ..] = arguments.as_slice() else {
        return ExitCode::from(64);
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let pushed = runtime.map_err(Into::into).and_then(|runtime| {
        runtime.block_on(async {
            let needs_engine = sources.starts_with("engine:");
            let engine = if needs_engine { Some(Engine::detect().await?) } else { None };
            let mut images = Images::new(engine);
            if let Some(cache) = cache.first().filter(|cache| !cache.is_empty()) {
                images = images.with_cache(cache.as_ref());
            }
            // One tag is that of all.
            let tags = tags.split(',').cycle();
            let all = sources.split(',').zip(addresses.split(',')).zip(tags);
            let push = |((source, address), tag)| push(&images, source, address, tag);
            try_join_all(all.map(push)).await
        })
    });
    match pushed {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = std::io::Write::write_all(
                &mut std::io::stderr(),
                format!("failed to {error}\n").as_bytes(),
            );
            ExitCode::FAILURE
        }
    }
}

async fn push(
    images: &Images,
    source: &str,
    address: &str,
    tag: &str,
) -> Result<(), Box<dyn Error>> {
    let source = match source.split_once(':') {
        Some(("engine", name)) => Source::Engine { name: name.to_owned() },
        Some(("path", path)) => Source::Archive { path: path.into(), name: None },
        _ => return Err(format!("understand {source}").into()),
    };
    let destination = Destination { address: address.to_owned(), auth: Auth::Anonymous };
    if images.has(&destination, tag).await?.is_none() {
        images.send(&source, "linux/amd64", tag, &destination, &mut |_| {}).await?;
    }
    Ok(())
}
