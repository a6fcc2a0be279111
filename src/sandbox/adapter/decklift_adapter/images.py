"""Images of tasks: pulled as ECS would, without falling back where ECS would not.

The sandbox's registry is MiniStack's ECR at the gateway port.  An image named
there is always pulled, so a service cannot run on something that was never
pushed.  For other registries a local image is used when there is one, because a
sandbox must work without the Internet; else it is pulled.
"""

import logging
import threading

log = logging.getLogger("decklift.images")
_locks = {}
_pulled = set()  # names that were not there before: they go with the sandbox
_guard = threading.Lock()


class PullError(Exception):
    """AWS: CannotPullContainerError."""


def split(image):
    """repository, tag or digest."""
    if "@" in image:
        repository, digest = image.split("@", 1)
        return repository.rsplit(":", 1)[0] if ":" in repository.rsplit("/", 1)[-1] else repository, digest
    last = image.rsplit("/", 1)[-1]
    if ":" in last:
        return image[: -len(last)] + last.split(":", 1)[0], last.split(":", 1)[1]
    return image, "latest"


def ensure(engine, settings, image, architecture=None, credentials=None):
    """Make `image` present; returns (name to create containers from, digest or None)."""
    own = image.startswith((f"127.0.0.1:{settings.gateway_port}/", f"localhost:{settings.gateway_port}/"))
    with _guard:
        lock = _locks.setdefault(image, threading.Lock())
    with lock:  # tasks of one service start together: one pull serves them all
        if not own:
            found = _inspect(engine, image)
            if found:
                return image, _digest(found, image)
        if own and not _inspect(engine, image):
            _pulled.add(image)
        _pull(engine, image, architecture, {"username": "AWS", "password": "sandbox"} if own else credentials)
        found = _inspect(engine, image)
        if not found:
            raise PullError(f"pull image manifest has been retried 1 time(s): {image} is not there after the pull")
        digest = _digest(found, image)
        repository, _ = split(image)
        return (f"{repository}@{digest}" if own and digest else image), digest


def remove_pulled(engine):
    """Names of the sandbox's own registry mean nothing once the sandbox is gone."""
    with _guard:
        names, _ = list(_pulled), _pulled.clear()
    for name in names:
        try:
            engine.api.remove_image(name)
        except Exception as error:
            log.debug("image %s stays: %s", name, error)


def _inspect(engine, image):
    from docker.errors import ImageNotFound
    try:
        return engine.api.inspect_image(image)
    except ImageNotFound:
        return None


def _digest(found, image):
    repository, reference = split(image)
    if reference.startswith("sha256:"):
        return reference
    for name in found.get("RepoDigests") or []:
        if name.split("@")[0] in (repository, f"docker.io/{repository}", f"docker.io/library/{repository}"):
            return name.split("@")[1]
    return None


def _pull(engine, image, architecture, credentials):
    repository, reference = split(image)
    arguments = {"auth_config": credentials} if credentials else {}
    wanted = {"ARM64": "aarch64", "X86_64": "x86_64"}.get(architecture or "")
    if wanted and wanted != engine.architecture:
        arguments["platform"] = "linux/arm64" if wanted == "aarch64" else "linux/amd64"
    try:
        for line in engine.api.pull(repository, tag=reference, stream=True, decode=True, **arguments):
            if line.get("error"):
                raise PullError(words(image, line["error"]))
    except PullError:
        raise
    except Exception as error:
        raise PullError(words(image, str(error))) from error


def words(image, cause):
    return f"pull image manifest has been retried 1 time(s): failed to resolve ref {image}: {cause}"
