//! Numbers and texts beyond what any field takes.

use decklift::diagnostic::Severity;

use crate::any_input;
use crate::hostile::ONE;
use crate::support::one;

/// Every attribute that takes a number, a size or a time, `@` in its place.
const NUMBERS: &[&str] = &[
    "blkio_config: {weight: @}",
    "build: {context: ., shm_size: @}",
    "build: {context: ., ulimits: {nofile: @}}",
    "cpu_count: @",
    "cpu_percent: @",
    "cpu_period: @",
    "cpu_quota: @",
    "cpu_rt_period: @",
    "cpu_rt_runtime: @",
    "cpu_shares: @",
    "cpus: @",
    "deploy: {replicas: @}",
    "deploy: {resources: {limits: {cpus: @}}}",
    "deploy: {resources: {limits: {memory: @}}}",
    "deploy: {resources: {limits: {pids: @}}}",
    "deploy: {resources: {reservations: {cpus: @}}}",
    "deploy: {resources: {reservations: {memory: @}}}",
    "deploy: {restart_policy: {delay: @}}",
    "deploy: {restart_policy: {max_attempts: @}}",
    "deploy: {restart_policy: {window: @}}",
    "deploy: {rollback_config: {parallelism: @}}",
    "deploy: {update_config: {delay: @}}",
    "deploy: {update_config: {max_failure_ratio: @}}",
    "deploy: {update_config: {monitor: @}}",
    "deploy: {update_config: {parallelism: @}}",
    "expose: [@]",
    "healthcheck: {test: a, interval: @}",
    "healthcheck: {test: a, retries: @}",
    "healthcheck: {test: a, start_interval: @}",
    "healthcheck: {test: a, start_period: @}",
    "healthcheck: {test: a, timeout: @}",
    "mem_limit: @",
    "mem_reservation: @",
    "mem_swappiness: @",
    "memswap_limit: @",
    "oom_score_adj: @",
    "pids_limit: @",
    "ports: [@]",
    "ports: [\"@:80\"]",
    "ports: [{target: @}]",
    "ports: [{target: 80, published: @}]",
    "scale: @",
    "shm_size: @",
    "stop_grace_period: @",
    "tmpfs: [\"/run:size=@\"]",
    "ulimits: {nofile: @}",
    "ulimits: {nofile: {soft: @, hard: @}}",
    "volumes: [{type: tmpfs, target: /t, tmpfs: {size: @}}]",
    "volumes: [{type: tmpfs, target: /t, tmpfs: {mode: @}}]",
    "x-ecs: {cpu: @}",
    "x-ecs: {memory: @}",
    "x-ecs: {ports: {80: @}}",
    "x-ecs: {http: {deregistration_delay: @}}",
];

#[test]
fn numbers_beyond_every_limit() {
    let long = "9".repeat(400);
    let fraction = format!("0.{}1", "0".repeat(400));
    let given = [
        "-1",
        "-0",
        "0",
        "4294967296",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551616",
        "-9223372036854775809",
        "340282366920938463463374607431768211456",
        &long,
        &fraction,
        "1e308",
        "1e309",
        "-1e309",
        "1e-400",
        "1e999999999",
        ".inf",
        "-.inf",
        ".nan",
        ".NaN",
        "NaN",
        "inf",
        "0x7fffffffffffffffffff",
        "0o7777777777777777777777777",
        "1_0_0",
        "9999999999999g",
        "99999999999999999999g",
        "-1g",
        "1e400g",
        "-1s",
        "999999999999h",
        "1e3s",
        "9223372037s",
        "0.0000000001s",
        "1-0",
        "0-70000",
        "\u{0661}",
        "1\u{a0}",
        "''",
        "~",
        "true",
    ];
    for field in NUMBERS {
        for number in given {
            let attribute = field.replace('@', number);
            for quote in ["", "\""] {
                let attribute = if quote.is_empty() {
                    attribute.clone()
                } else {
                    field.replace('@', &format!("\"{number}\""))
                };
                let bytes = format!("{ONE}    {attribute}\n");
                any_input::load_project(bytes.as_bytes());
            }
        }
    }
}

#[test]
fn what_no_field_may_take_is_told_by_each() {
    for field in NUMBERS {
        for number in [".nan", "-.inf", "99999999999999999999999999999999999999999h"] {
            let loaded = one(&format!("{ONE}    {}\n", field.replace('@', number))).load();
            let is_told = |found: &decklift::diagnostic::Diagnostic| {
                // A size with a fraction means nothing to docker compose: that is a warning.
                found.severity != Severity::Note && !found.labels.is_empty()
            };
            let is_told = loaded.diagnostics.iter().chain(loaded.outcomes.iter()).any(is_told);
            assert!(is_told, "{field} takes {number}");
        }
    }
}
