//! What the kernel is told about a container beside its limits: swap, shared memory, the killing of
//! processes, disks.

use super::outcome::{Outcomes, place_of};
use crate::compose::model::{BlockIo, KernelSettings, Service};
use crate::ecs::translate::context::Output;
use crate::source::Located;

/// The shared memory that a container has, bytes: Docker's own default (Docker documentation,
/// `docker run --shm-size`).
const SHARED: i64 = 64 << 20;

/// Says what has no effect on Fargate.
pub(crate) fn check(service: &Service, out: &mut Output) {
    if service.on_instances() {
        return super::instance::kernel(service, out);
    }
    let Some(kernel) = &service.kernel else { return };
    let KernelSettings {
        memswap_limit,
        mem_swappiness,
        shm_size,
        oom_kill_disable,
        oom_score_adj,
        pids_limit,
        blkio,
        sysctls: _, // system_controls.rs
        ulimits: _, // ulimits.rs
        storage_opt,
    } = &**kernel;
    let mut outcomes = Outcomes::new(service, out);
    swap(service, memswap_limit.as_ref(), mem_swappiness.as_ref(), &mut outcomes);
    if let Some(size) = shm_size {
        shared_memory(size, &mut outcomes);
    }
    if let Some(disable) = oom_kill_disable.as_ref().filter(|disable| disable.value) {
        let message = "a container that needs more memory than it has is ended on ECS";
        outcomes.missed(disable.span, message, "raise its memory limit");
    }
    if let Some(score) = oom_score_adj {
        let help = "each container has its own memory limit, and is ended at it";
        outcomes.ignored(score.span, "`oom_score_adj` has no effect on ECS", help);
    }
    if let Some(limit) = pids_limit.as_ref() {
        let help = "limit memory instead; a task's processes share nothing with other tasks";
        outcomes.ignored(limit.span, "a limit of processes has no effect on ECS", help);
    }
    if let Some(io) = blkio {
        block_io(io, &mut outcomes);
    }
    if let Some(place) = place_of(storage_opt.values()) {
        let help = "a Fargate task has 20 GiB of disk for its images and what they write: \
            `x-ecs: {ephemeral_storage: 100}` gives it 100";
        outcomes.ignored(place, "`storage_opt` has no effect on Fargate", help);
    }
}

/// Fargate has no swap (ECS API reference, `LinuxParameters.maxSwap` and `.swappiness`).
fn swap(
    service: &Service,
    limit: Option<&Located<i64>>,
    swappiness: Option<&Located<i64>>,
    outcomes: &mut Outcomes<'_>,
) {
    if let Some(limit) = limit.filter(|limit| limit.value != 0) {
        let memory = service.deploy.limits.memory.as_ref().or(service.mem_limit.as_ref());
        let memory = memory.and_then(|memory| i64::try_from(memory.value).ok());
        let message = "a Fargate task has no swap";
        if memory == Some(limit.value) {
            outcomes.ignored(limit.span, message, "it asks for none: both limits are the same");
        } else {
            outcomes.missed(limit.span, message, "raise the memory limit by what it would swap");
        }
    }
    if let Some(swappiness) = swappiness {
        let message = "`mem_swappiness` has no effect: a Fargate task has no swap";
        outcomes.ignored(swappiness.span, message, "take it away, or keep it for local use");
    }
}

/// ECS API reference, `LinuxParameters.sharedMemorySize`: not supported on Fargate.
fn shared_memory(size: &Located<i64>, outcomes: &mut Outcomes<'_>) {
    match size.value {
        0 => {}
        size_of if size_of <= SHARED => {
            let message = "`shm_size` has no effect on Fargate";
            outcomes.ignored(size.span, message, "containers have 64 MiB of shared memory");
        }
        _ => {
            let message = "the shared memory of a container cannot be set on Fargate";
            let help = "let the app use less of /dev/shm: `--disable-dev-shm-usage` for Chrome, \
                `dynamic_shared_memory_type=mmap` for PostgreSQL";
            outcomes.missed(size.span, message, help);
        }
    }
}

fn block_io(io: &Located<BlockIo>, outcomes: &mut Outcomes<'_>) {
    let BlockIo {
        weight,
        weight_device,
        device_read_bps,
        device_read_iops,
        device_write_bps,
        device_write_iops,
    } = &io.value;
    let lists =
        [weight_device, device_read_bps, device_read_iops, device_write_bps, device_write_iops];
    if weight.is_some() || lists.iter().any(|list| !list.is_empty()) {
        let help = "a Fargate task shares its disk with nobody";
        outcomes.ignored(io.span, "`blkio_config` has no effect on Fargate", help);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::model::BlockDevice;
    use crate::diagnostic::{Code, Severity};
    use crate::ecs::testing::{at, find, loud, run, service};

    fn said(kernel: KernelSettings, memory: Option<u64>) -> (Vec<(Severity, Code)>, bool) {
        let mut web = service("web", "acme/web:1");
        web.mem_limit = memory.map(at);
        web.kernel = Some(Box::new(kernel));
        let done = run(vec![web]).diagnostics;
        (loud(&done), find(&done, Code::Ignored).is_some())
    }

    const MISSED: (Severity, Code) = (Severity::Warning, Code::Ignored);

    #[test]
    fn swap_is_missed_where_it_was_asked_for() {
        let limit =
            |bytes| KernelSettings { memswap_limit: Some(at(bytes)), ..KernelSettings::default() };
        assert_eq!(said(limit(-1), None), (vec![MISSED], true));
        assert_eq!(said(limit(2 << 30), Some(1 << 30)), (vec![MISSED], true));
        assert_eq!(said(limit(1 << 30), Some(1 << 30)), (vec![], true));
        assert_eq!(said(limit(0), None), (vec![], false));
        let swappiness =
            KernelSettings { mem_swappiness: Some(at(10)), ..KernelSettings::default() };
        assert_eq!(said(swappiness, None), (vec![], true));
    }

    #[test]
    fn more_shared_memory_than_docker_gives_is_missed() {
        let size =
            |bytes| KernelSettings { shm_size: Some(at(bytes)), ..KernelSettings::default() };
        assert_eq!(said(size(1 << 30), None), (vec![MISSED], true));
        assert_eq!(said(size(64 << 20), None), (vec![], true));
        assert_eq!(said(size(0), None), (vec![], false));
    }

    #[test]
    fn the_rest_is_noted() {
        let kill =
            |on| KernelSettings { oom_kill_disable: Some(at(on)), ..KernelSettings::default() };
        assert_eq!(said(kill(true), None), (vec![MISSED], true));
        assert_eq!(said(kill(false), None), (vec![], false));
        let io =
            BlockIo { device_read_bps: vec![at(BlockDevice::default())], ..BlockIo::default() };
        for kernel in [
            KernelSettings { oom_score_adj: Some(at(5)), ..KernelSettings::default() },
            KernelSettings { pids_limit: Some(at(5)), ..KernelSettings::default() },
            KernelSettings { blkio: Some(at(io)), ..KernelSettings::default() },
            KernelSettings {
                storage_opt: [("size".to_owned(), at("1G".to_owned()))].into(),
                ..KernelSettings::default()
            },
        ] {
            assert_eq!(said(kernel, None), (vec![], true));
        }
        let empty = KernelSettings { blkio: Some(at(BlockIo::default())), ..Default::default() };
        assert_eq!(said(empty, None), (vec![], false));
    }
}
