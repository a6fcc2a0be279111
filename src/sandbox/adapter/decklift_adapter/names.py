"""Service Connect names inside tasks, through one hosts file a task.

Amazon ECS Developer Guide, "Amazon ECS Service Connect concepts": a service
offers endpoints under client aliases; tasks of services in the same namespace
resolve them, but only those endpoints that existed when their own deployment
was made.  A name leads to the tasks that currently serve it; a name nobody
serves leads to an address that refuses connections.

Private DNS namespaces of AWS Cloud Map (`serviceRegistries`) are written too,
as `service.namespace`, for every task at all times; and as `service` for a task
with a container that writes the namespace into `/etc/resolv.conf`, since a
resolver completes no name of a hosts file.
"""

import os
import threading

from ministack.services import servicediscovery

from . import state

PAGE = 4096  # a file is rewritten in whole pages: its size never shrinks

_lock = threading.Lock()
_refreshing = threading.Lock()  # else an older picture could be written over a newer one
_written = {}   # task id -> (path, content)
_turn = 0


class Writer:
    """A file that is rewritten in place: same inode, one write, never truncated.

    Docker binds the inode, so a new file would not be seen; a truncated one
    would be seen half.
    """

    def __init__(self, path):
        self.path = path
        self.size = 0
        self.text = None

    def write(self, text):
        if text == self.text:
            return
        data = text.encode()
        # One page ahead, so that a few more tasks do not change the length.
        size = max(self.size, (len(data) // PAGE + 1) * PAGE)
        line = b" " * 63 + b"\n"  # short lines: some resolvers read a line into a small buffer
        padding = line * ((size - len(data)) // len(line) + 1)
        block = data + padding[: size - len(data) - 1] + b"\n"
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            os.pwrite(descriptor, block, 0)
        finally:
            os.close(descriptor)
        if self.text is None:
            os.chmod(self.path, 0o644)  # whatever the umask: users other than root read it
        self.size, self.text = size, text


def prepare(settings, task):
    """The task's file, before its containers are made; returns the path."""
    path = settings.hosts_dir / task.id
    with _lock:
        writer = _written[task.id] = Writer(str(path))
        writer.write("127.0.0.1 localhost\n")
    return str(path)


def forget(task):
    with _lock:
        writer = _written.pop(task.id, None)
    if writer:
        try:
            os.unlink(writer.path)
        except FileNotFoundError:
            pass


def forget_all(settings):
    with _lock:
        _written.clear()
    for path in settings.hosts_dir.glob("*"):
        path.unlink(missing_ok=True)


# -- endpoints --

def namespace_of(account, region, given, cluster_default=None):
    """The Cloud Map namespace for a name or ARN; None when there is none of that name."""
    wanted = given or cluster_default
    if not wanted:
        return None
    for namespace in servicediscovery._namespaces.values_scoped(account, region):
        if wanted in (namespace.get("Name"), namespace.get("Arn"), namespace.get("Id")):
            return namespace
    return None


def aliases_of(revision, namespace_name):
    """[(discovery name, alias, alias port, port name)] that a revision offers."""
    config = revision.connect()
    result = []
    for entry in (config or {}).get("services") or []:
        discovery = entry.get("discoveryName") or entry.get("portName")
        for alias in entry.get("clientAliases") or [{}]:
            name = alias.get("dnsName") or f"{discovery}.{namespace_name}"
            result.append((discovery, name.lower(), alias.get("port"), entry.get("portName")))
    return result


def existing_endpoints(account, region, namespace):
    """What a deployment made now will see: {(service key, alias)}."""
    visible = set()
    for service in state.services.values():
        if (service.account, service.region) != (account, region) or service.record["status"] != "ACTIVE":
            continue
        primary = service.primary()
        if not primary or not primary.revision.connect():
            continue
        if primary.revision.namespace != namespace:
            continue
        for _, alias, _, _ in aliases_of(primary.revision, namespace):
            visible.add((service.key, alias))
    return visible


def offered_ports(task):
    """Container ports behind the task's Service Connect endpoints."""
    ports = {}
    for cdef in task.definition["containerDefinitions"]:
        for mapping in cdef.get("portMappings") or []:
            if mapping.get("name"):
                ports[mapping["name"]] = int(mapping["containerPort"])
    return [ports[name] for _, _, _, name in aliases_of(task.revision, "") if name in ports]


# -- writing --

def _serving():
    """{(service key, alias): [addresses]} of tasks that serve now."""
    table = {}
    for task in state.tasks.values():
        if not task.serving or not task.ip or task.service is None or not task.revision.connect():
            continue
        for _, alias, _, _ in aliases_of(task.revision, task.revision.namespace or ""):
            table.setdefault((task.service.key, alias), []).append(task.ip)
    return table


def _cloud_map():
    """{(account, region): {name: [addresses]}} of services registered in private DNS namespaces."""
    table = {}
    for task in state.tasks.values():
        if not task.serving or not task.ip or task.service is None:
            continue
        scope = (task.account, task.region)
        for registry in task.revision["serviceRegistries"] or []:
            record = servicediscovery._services.get_scoped(*scope, registry.get("registryArn", "").rsplit("/", 1)[-1])
            namespace = servicediscovery._namespaces.get_scoped(*scope, (record or {}).get("NamespaceId", ""))
            if record and namespace and namespace.get("Type") != "HTTP":
                name = f"{record['Name']}.{namespace['Name']}".lower()
                table.setdefault(scope, {}).setdefault(name, []).append(task.ip)
    return table


def refresh(engine, rotate=False):
    """Rewrite the hosts files whose content changed."""
    if engine.api is None:
        return
    with _refreshing:
        _refresh(engine, rotate)


def _refresh(engine, rotate):
    global _turn
    plans = []
    with state.LOCK:
        if rotate:
            _turn += 1
        serving, dns = _serving(), _cloud_map()
        nobody = engine.refuser_ip or "127.255.0.1"
        for number, task in enumerate(state.tasks.values()):
            if task.ip and not task.abandoned and task.record["lastStatus"] != "STOPPED":
                plans.append((task.id, _content(task, serving, dns, nobody, number + _turn)))
    with _lock:
        for task_id, text in plans:
            writer = _written.get(task_id)
            if writer:
                writer.write(text)


def _content(task, serving, dns, nobody, turn):
    lines = ["127.0.0.1 localhost", f"{task.ip} {hostname(task)}"]
    for cdef in task.definition["containerDefinitions"]:
        for entry in cdef.get("extraHosts") or []:
            lines.append(f"{entry['ipAddress']} {entry['hostname']}")
    found = {}
    if task.deployment is not None:
        for key, alias in task.deployment.visible:
            found.setdefault(alias, []).extend(serving.get((key, alias), []))
    for alias in sorted(found):
        lines.extend(_lines(alias, found[alias], nobody, turn))
    searching = [text for cdef in task.definition["containerDefinitions"]
                 for text in (cdef.get("command") or []) if "/etc/resolv.conf" in text]
    for name, addresses in sorted(dns.get((task.account, task.region), {}).items()):
        lines.extend(_lines(name, addresses, nobody, turn))
        label, _, zone = name.partition(".")
        if label not in found and any(zone in text for text in searching):
            lines.extend(_lines(label, addresses, nobody, turn))
    return "\n".join(lines) + "\n"


def _lines(name, addresses, nobody, turn):
    """Every task gets another order, so that clients which take the first address spread out."""
    ordered = sorted(set(addresses)) or [nobody]
    start = turn % len(ordered)
    return [f"{address:<15} {name}" for address in ordered[start:] + ordered[:start]]


def hostname(task):
    return f"ip-{task.ip.replace('.', '-')}.{task.region}.compute.internal" if task.ip else task.id[:12]
