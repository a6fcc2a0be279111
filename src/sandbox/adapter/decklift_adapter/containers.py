"""A container definition becomes a Docker container.

Names of the settings are those of the Amazon ECS API Reference,
"ContainerDefinition".
"""

import json
import logging
import math
import urllib.request

from ministack.core.responses import request_scope
from ministack.services import secretsmanager, ssm

MIB = 1024 * 1024
SECOND = 1_000_000_000
# Docker waits a whole interval before the first check.  ECS allows 5 to 300 s;
# the sandbox checks at least this often and raises the retries in proportion,
# so that a deployment is quick and a failing check still takes as long as on AWS.
HEALTH_INTERVAL = 2

log = logging.getLogger("decklift.containers")


class ResourceError(Exception):
    """AWS: ResourceInitializationError; the task stops before any container starts."""


def effective(task, cdef):
    """The definition with the overrides of RunTask (ContainerOverride) applied."""
    merged = dict(cdef)
    for override in (task.overrides or {}).get("containerOverrides") or []:
        if override.get("name") != cdef["name"]:
            continue
        for key in ("command", "cpu", "memory", "memoryReservation"):
            if override.get(key) is not None:
                merged[key] = override[key]
        merged["_environment"] = override.get("environment") or []
    return merged


def secret_values(task, cdef):
    """`secrets` and `repositoryCredentials`, decrypted (AWS: "Pass sensitive data to an Amazon ECS container")."""
    values = {}
    with request_scope(task.account, task.region):
        for entry in cdef.get("secrets") or []:
            values[entry["name"]] = _secret(entry["name"], entry.get("valueFrom", ""))
    return values


def _secret(name, source):
    prefix = "unable to pull secrets or registry auth: execution resource retrieval failed: "
    if ":secretsmanager:" in source:
        parts = source.split(":")
        parts += [""] * (10 - len(parts))
        arn, key, stage, version = ":".join(parts[:7]), parts[7], parts[8], parts[9]
        value = secretsmanager.resolve_secret_string(arn, stage or "AWSCURRENT", version or None)
        if value is None:
            raise ResourceError(f"{prefix}unable to retrieve secret from asm: {source} for {name}: "
                                "ResourceNotFoundException: Secrets Manager can't find the specified secret.")
        if key:
            try:
                value = json.loads(value)[key]
            except (ValueError, KeyError, TypeError):
                raise ResourceError(f"{prefix}unable to retrieve secret from asm: "
                                    f"retrieved secret from Secrets Manager did not contain json key {key}") from None
            if not isinstance(value, str):
                value = json.dumps(value)
        return value
    value = ssm.resolve_parameter_value(source, None, True)
    if value is None:
        raise ResourceError(f"{prefix}unable to retrieve secrets from ssm: invalid parameters: {source} for {name}")
    return value


def registry_credentials(task, cdef):
    source = (cdef.get("repositoryCredentials") or {}).get("credentialsParameter")
    if not source:
        return None
    with request_scope(task.account, task.region):
        value = secretsmanager.resolve_secret_string(source)
    try:
        found = json.loads(value)
        return {"username": found["username"], "password": found["password"]}
    except (TypeError, ValueError, KeyError):
        raise ResourceError("unable to pull secrets or registry auth: the registry credentials "
                            "could not be retrieved") from None


def environment_files(settings, cdef):
    """`environmentFiles`: objects in S3, one NAME=VALUE a line."""
    values = {}
    for entry in cdef.get("environmentFiles") or []:
        path = entry.get("value", "").split(":::", 1)[-1]
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{settings.gateway_port}/{path}", timeout=10) as answer:
                text = answer.read().decode()
        except Exception as error:
            raise ResourceError(f"failed to download env files: {entry.get('value')}: {error}") from None
        for line in text.splitlines():
            if "=" in line and not line.lstrip().startswith("#"):
                name, value = line.split("=", 1)
                values[name] = value
    return values


def environment(settings, task, cdef):
    """In ECS's order of precedence: files, definition, secrets, then RunTask's overrides."""
    values = environment_files(settings, cdef)
    values.update({entry["name"]: entry.get("value", "") for entry in cdef.get("environment") or []})
    values.update(secret_values(task, cdef))
    values.update({entry["name"]: entry.get("value", "") for entry in cdef.get("_environment") or []})
    fargate = task.record.get("launchType") == "FARGATE"
    values.setdefault("AWS_REGION", task.region)
    values.setdefault("AWS_DEFAULT_REGION", task.region)
    values.setdefault("AWS_EXECUTION_ENV", "AWS_ECS_FARGATE" if fargate else "AWS_ECS_EC2")
    return values


def host_config(engine, task, cdef, mounts, network, with_ulimits=True, links=None):
    """Docker's HostConfig for one container of the task."""
    from docker.types import LogConfig, Ulimit
    linux = cdef.get("linuxParameters") or {}
    capabilities = linux.get("capabilities") or {}
    memory = cdef.get("memory") or _task_memory(task)
    reservation = cdef.get("memoryReservation")
    arguments = {
        "network_mode": network,
        "mounts": mounts,
        # The sandbox's own reader of the output needs a driver that can be read;
        # the limit keeps a chatty container from filling the disk.
        "log_config": LogConfig(type="json-file", config={"max-size": "20m", "max-file": "2"}),
        "init": bool(linux.get("initProcessEnabled")) or None,
        "read_only": bool(cdef.get("readonlyRootFilesystem")),
        "privileged": bool(cdef.get("privileged")),
        "cap_add": capabilities.get("add") or None,
        "cap_drop": capabilities.get("drop") or None,
        "security_opt": cdef.get("dockerSecurityOptions") or None,
    }
    if memory:
        arguments["mem_limit"] = max(6, int(memory)) * MIB
        arguments["memswap_limit"] = arguments["mem_limit"]  # Fargate gives no swap
    if reservation:
        value = max(6, int(reservation)) * MIB
        arguments["mem_reservation"] = min(value, arguments.get("mem_limit", value))
    if cdef.get("cpu"):
        arguments["cpu_shares"] = max(2, int(cdef["cpu"]))  # 1,024 a CPU on both sides
    if linux.get("sharedMemorySize"):
        arguments["shm_size"] = int(linux["sharedMemorySize"]) * MIB
    tmpfs = {}
    for entry in linux.get("tmpfs") or []:
        options = [f"size={int(entry.get('size', 64))}m", *(entry.get("mountOptions") or [])]
        tmpfs[entry["containerPath"]] = ",".join(options)
    if tmpfs:
        arguments["tmpfs"] = tmpfs
    if cdef.get("ulimits") and with_ulimits:
        arguments["ulimits"] = [Ulimit(name=entry["name"], soft=int(entry["softLimit"]), hard=int(entry["hardLimit"]))
                                for entry in cdef["ulimits"]]
    # net.* belongs to the network namespace, so to the pause container (see `sysctls`).
    own = {entry["namespace"]: entry["value"] for entry in cdef.get("systemControls") or []
           if not entry["namespace"].startswith("net.")}
    if own:
        arguments["sysctls"] = own
    if links:
        arguments["volumes_from"] = links
    if task.definition.get("pidMode") == "task":
        arguments["pid_mode"] = network
    elif task.definition.get("pidMode") == "host":
        arguments["pid_mode"] = "host"
    if task.definition.get("ipcMode") == "task":
        arguments["ipc_mode"] = network
    return engine.api.create_host_config(**arguments)


def sysctls(task):
    """net.* system controls of all containers; the last one wins, as the API Reference says of SystemControl."""
    return {entry["namespace"]: entry["value"] for cdef in task.definition["containerDefinitions"]
            for entry in cdef.get("systemControls") or [] if entry["namespace"].startswith("net.")}


def _task_memory(task):
    """On Fargate no container can take more than its task has."""
    try:
        return int(task.record.get("memory") or 0) if task.record.get("launchType") == "FARGATE" else 0
    except ValueError:
        return 0


def health_check(cdef):
    check = cdef.get("healthCheck")
    if not check or not check.get("command"):
        return None
    interval = int(check.get("interval") or 30)
    retries = int(check.get("retries") or 3)
    short = min(interval, HEALTH_INTERVAL)
    return {
        "test": list(check["command"]),
        "interval": short * SECOND,
        "timeout": int(check.get("timeout") or 5) * SECOND,
        "retries": math.ceil(interval * retries / short),
        "start_period": int(check.get("startPeriod") or 0) * SECOND,
    }


def create(engine, settings, task, cdef, image, values, mounts, network, with_ulimits=True, volumes_from=None):
    """Create (not start) the container; returns its id.  The caller holds the gate."""
    labels = {
        **(cdef.get("dockerLabels") or {}),
        **engine.labels(task.id),
        "com.amazonaws.ecs.cluster": task.record["clusterArn"],
        "com.amazonaws.ecs.container-name": cdef["name"],
        "com.amazonaws.ecs.task-arn": task.arn,
        "com.amazonaws.ecs.task-definition-family": task.definition.get("family", ""),
        "com.amazonaws.ecs.task-definition-version": str(task.definition.get("revision", 1)),
    }
    arguments = {
        "name": f"decklift-{engine.instance}-{task.id[:12]}-{cdef['name']}",
        "labels": labels,
        "environment": values,
        "host_config": host_config(engine, task, cdef, mounts, network, with_ulimits, volumes_from),
        "stdin_open": bool(cdef.get("interactive")),
        "tty": bool(cdef.get("pseudoTerminal")),
        "healthcheck": health_check(cdef),
        "user": cdef.get("user"),
        "working_dir": cdef.get("workingDirectory"),
        # An empty list means "not given": nothing documents that ECS clears the image's.
        "entrypoint": cdef.get("entryPoint") or None,
        "command": cdef.get("command") or None,
    }
    made = engine.api.create_container(image, **{key: value for key, value in arguments.items() if value is not None})
    return made["Id"]


def stop_timeout(task, cdef):
    """AWS: 30 s unless given; at most 120 s on Fargate."""
    value = cdef.get("stopTimeout")
    seconds = 30 if value is None else int(value)
    return min(seconds, 120) if task.record.get("launchType") == "FARGATE" else seconds
