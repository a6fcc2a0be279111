//! The gate that images pass before anything uses them: what ECR's scans found in them.

use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use tokio::sync::watch;

use super::World;
use crate::apply::{CloudError, CloudErrorKind};
use crate::cli::ScanArgs;
use crate::commands::Session;
use crate::ecs::desired::{Attribute, Body, Desired, Image, ResourceId, Value};
use crate::error::Error;
use crate::event::{Event, ImageProgress, ImageScan, Severity};
use crate::inspect::Standing;
use crate::plan::Actual;

/// How many scans are asked for at a time.
const IN_FLIGHT: usize = 8;
/// How many findings of an image are named.
const FINDINGS: usize = 10;

/// What images must pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::commands) struct ScanGate {
    /// The severity that stops an image; any above does, too.
    severity: Severity,
    /// How long a scan may take.
    limit: Duration,
    /// Whether an image that ECR cannot scan is refused.
    is_strict: bool,
}

impl ScanGate {
    /// The gate that was asked for.
    pub(in crate::commands) fn new(arguments: &ScanArgs, is_strict: bool) -> Option<Self> {
        let severity = arguments.scan_gate?;
        Some(Self { severity, limit: arguments.scan_timeout, is_strict })
    }
}

/// Names the images that run from where no scan of ECR reaches them.
pub(in crate::commands) fn warn_of_unscanned(session: &Session, desired: &Desired) {
    let mut found: Vec<&str> = Vec::new();
    for resource in desired.resources.values() {
        let Body::TaskDefinition(task) = &resource.body else { continue };
        for container in &task.container_definitions {
            if let Value::Known(image) = &container.image
                && !found.contains(&image.as_str())
            {
                found.push(image);
            }
        }
    }
    if !found.is_empty() {
        session.screen.warning(&format!(
            "the scan gate knows nothing of {}, which ECR does not have: `x-ecs: {{mirror: true}}` copies \
             an image there",
            found.join(", ")
        ));
    }
}

impl World<'_> {
    /// From now on an image that was pushed passes this gate, or its step fails. Whoever turns `stop`
    /// `true` waits for no scan any more.
    pub(in crate::commands) fn gate(&self, gate: ScanGate, stop: &watch::Receiver<bool>) {
        let _ = self.gate.set((gate, stop.clone()));
    }

    /// Lets a pushed image through the gate that was set.
    pub(super) async fn pass(
        &self,
        id: &ResourceId,
        image: &Image,
        digest: &str,
    ) -> Result<(), CloudError> {
        let Some((gate, stop)) = self.gate.get() else { return Ok(()) };
        let mut stop = stop.clone();
        let refused = |message: &str, help: &str| {
            Err(CloudError::new(CloudErrorKind::Image, "pass the scan gate", message).help(help))
        };
        tokio::select! {
            biased;
            Ok(_) = stop.wait_for(|stop| *stop) => {
                refused("no longer waited for the scan", "run the same command again")
            }
            scan = self.scan(id, image, digest, *gate) => match scan?.passed {
                true => Ok(()),
                false => refused("the scan refuses the image", HELP),
            },
        }
    }

    /// Waits for the scan of an image, and tells what came of it.
    async fn scan(
        &self,
        id: &ResourceId,
        image: &Image,
        digest: &str,
        gate: ScanGate,
    ) -> Result<ImageScan, CloudError> {
        let told = |status: &str| {
            let progress = ImageProgress::Scanning { status: status.to_owned() };
            self.events.emit(Event::Image { service: id.name.clone(), progress });
        };
        let ScanGate { severity, limit, is_strict } = gate;
        let repository = &image.repository_name;
        let found = self.aws.await_scan(image, digest, severity, limit, &told).await;
        let (scan, standing) = found.map_err(|error| error.on(id))?;
        let (passed, reason) = match standing {
            Standing::Refused(reason) => (false, Some(reason)),
            Standing::Unsupported(reason) => (!is_strict, Some(reason)),
            Standing::Passed | Standing::Bare | Standing::Waiting => (true, None),
        };
        let scan = ImageScan {
            service: id.name.clone(),
            repository: repository.clone(),
            digest: digest.to_owned(),
            gate: severity,
            passed,
            reason,
            findings: if passed { Vec::new() } else { scan.worst(severity, FINDINGS) },
            status: scan.status,
            counts: scan.counts,
        };
        self.events.emit(Event::Scanned(scan.clone()));
        Ok(scan)
    }

    /// Lets all of these images through a gate. All are looked at, so that all that are refused are
    /// told of at once.
    ///
    /// # Errors
    ///
    /// When one is refused, or AWS does not answer.
    pub(in crate::commands) async fn pass_all(
        &self,
        images: &[(&ResourceId, &Image, String)],
        gate: ScanGate,
    ) -> Result<(), Error> {
        let scans = images.iter().map(|(id, image, digest)| self.scan(id, image, digest, gate));
        let scans: Vec<_> = stream::iter(scans).buffered(IN_FLIGHT).collect().await;
        let scans: Vec<ImageScan> = scans.into_iter().collect::<Result<_, _>>()?;
        let refused: Vec<&str> =
            scans.iter().filter(|scan| !scan.passed).map(|scan| scan.service.as_str()).collect();
        if refused.is_empty() {
            return Ok(());
        }
        Err(Error::Scan {
            message: format!("the scan gate refuses the images of {}", refused.join(", ")),
            help: HELP.to_owned(),
        })
    }
}

const HELP: &str = "take what was found out of the image, by newer packages or a newer base, and push \
     again; a gate for worse findings alone is `--scan-gate critical`";

/// The images that stand in their repositories already, with their digests.
pub(in crate::commands) fn standing<'a>(
    desired: &'a Desired,
    actual: &Actual,
) -> Vec<(&'a ResourceId, &'a Image, String)> {
    let found = desired.resources.iter().filter_map(|(id, resource)| {
        let Body::Image(image) = &resource.body else { return None };
        let uri = actual.attribute(id, Attribute::Uri)?;
        Some((id, &**image, uri.rsplit_once('@')?.1.to_owned()))
    });
    found.collect()
}
