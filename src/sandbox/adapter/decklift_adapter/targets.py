"""Targets of target groups: registration by ECS, and real health checks.

Elastic Load Balancing, Application Load Balancers, "Health checks for your
target groups": a new target is `initial` until it passed one check; it is
`unhealthy` after UnhealthyThresholdCount failures, one an interval; a
deregistered one is `draining` for a while.  Successes are looked for more often
than the interval says, so that a deployment does not wait for the clock;
failures count at the interval's own pace, so that a slow start is treated as on
AWS.
"""

import concurrent.futures
import http.client
import logging
import ssl
import socket
import threading
import time

from ministack.services import alb

from . import state

log = logging.getLogger("decklift.targets")

FIRST_PACE, STEADY_PACE, SICK_PACE = 0.3, 5.0, 1.0

_lock = threading.Lock()
_targets = {}     # (account, group ARN, id, port) -> Target
_draining = {}    # same key -> monotonic end
_addresses = {}   # (id, port) -> (host, port) that reaches it from this process
_simulated = False


class Target:
    def __init__(self):
        self.state, self.reason, self.description = (
            "initial", "Elb.InitialHealthChecking", "Initial health checks in progress")
        self.due = 0.0
        self.failures = self.successes = 0
        self.counted = 0.0
        self.busy = False


def start(simulated):
    global _simulated
    _simulated = simulated
    threading.Thread(target=_probe_loop, name="decklift-health", daemon=True).start()


def forget_all():
    with _lock:
        _targets.clear()
        _draining.clear()
        _addresses.clear()


# -- registration --

def register(task, group, port):
    """A running task becomes a target; other registrations stay."""
    with _lock:
        _addresses[(task.ip, port)] = task.endpoints.get(port, (task.ip, port))
        _draining.pop((task.account, group, task.ip, port), None)
        _targets[(task.account, group, task.ip, port)] = Target()
        store = alb._targets
        rest = [entry for entry in store.get_scoped(task.account, task.region, group, []) or []
                if (entry["Id"], entry.get("Port")) != (task.ip, port)]
        store.set_scoped(task.account, task.region, group, [*rest, {"Id": task.ip, "Port": port}])


def deregister(task, group, target_id, port, drain_seconds):
    """Out of the group at once; shown as draining for a while."""
    with _lock:
        store = alb._targets
        entries = store.get_scoped(task.account, task.region, group)
        if entries is not None:
            store.set_scoped(task.account, task.region, group, [
                entry for entry in entries if (entry["Id"], entry.get("Port")) != (target_id, port)])
        _targets.pop((task.account, group, target_id, port), None)
        _draining[(task.account, group, target_id, port)] = time.monotonic() + drain_seconds


def known(account, region, group):
    return alb._tgs.contains_scoped(account, region, group)


def status(account, group, target_id, port):
    """(state, reason, description) of one target."""
    if _simulated:
        return "healthy", "", ""
    with _lock:
        target = _targets.get((account, group, target_id, port))
        if target is None:
            return "initial", "Elb.RegistrationInProgress", "Target registration is in progress"
        return target.state, target.reason, target.description


def draining(account, group):
    moment = time.monotonic()
    with _lock:
        for key in [key for key, end in _draining.items() if end < moment]:
            del _draining[key]
        return [(target_id, port) for (owner, arn, target_id, port) in _draining if (owner, arn) == (account, group)]


def reach(target_id, port):
    return _addresses.get((target_id, port), (target_id, port))


def healthy(account, group):
    """[(id, port)] that may receive requests."""
    default = (alb._tgs.get_scoped(account, _region(group), group) or {}).get("Port", 80)
    result = []
    for entry in alb._targets.get_scoped(account, None, group, []) or []:
        port = entry.get("Port", default)
        if status(account, group, entry["Id"], port)[0] == "healthy":
            result.append((entry["Id"], port))
    return result


def registered(account, group):
    """[(id, port)] of all targets, whatever their health."""
    default = (alb._tgs.get_scoped(account, _region(group), group) or {}).get("Port", 80)
    entries = alb._targets.get_scoped(account, None, group, []) or []
    return [(entry["Id"], entry.get("Port", default)) for entry in entries]


def _region(arn):
    return arn.split(":")[3] if arn.count(":") > 4 else ""


def used_groups():
    """ARNs of target groups that a listener or rule forwards to."""
    used = set()
    for store in (alb._listeners, alb._rules):
        for record in store.all_values():
            for action in (record.get("DefaultActions") or []) + (record.get("Actions") or []):
                used.update(groups_of(action))
    return used


def groups_of(action):
    """Target groups of a forward action, in either of its two spellings, with weights."""
    config = action.get("ForwardConfig") or {}
    found = {entry["TargetGroupArn"]: int(entry.get("Weight", 1)) for entry in config.get("TargetGroups") or []}
    if not found and action.get("TargetGroupArn"):
        found[action["TargetGroupArn"]] = 1
    return found


# -- probes --

def _probe_loop():
    pool = concurrent.futures.ThreadPoolExecutor(max_workers=16, thread_name_prefix="decklift-probe")
    while True:
        try:
            if not _simulated:
                _schedule(pool)
        except Exception:
            log.exception("health checks")
        time.sleep(0.1)


def _schedule(pool):
    moment = time.monotonic()
    used = used_groups()
    live = set()
    for (account, group), entries in list(alb._targets._data.items()):
        settings = alb._tgs.get_scoped(account, _region(group), group)
        if settings is None:
            continue
        for entry in list(entries):
            key = (account, group, entry["Id"], entry.get("Port", settings.get("Port", 80)))
            live.add(key)
            with _lock:
                target = _targets.setdefault(key, Target())
                if group not in used:
                    if target.state != "unused":
                        target.state, target.reason = "unused", "Target.NotInUse"
                        target.description = "Target group is not configured to receive traffic from the load balancer"
                    continue
                if target.state == "unused":
                    target.__init__()
                if target.busy or target.due > moment:
                    continue
                target.busy = True
            pool.submit(_probe, key, target, settings)
    with _lock:
        for key in [key for key in _targets if key not in live]:
            del _targets[key]


def _probe(key, target, settings):
    try:
        verdict = probe(settings, key[2], key[3])
    except Exception as error:
        verdict = ("Target.FailedHealthChecks", str(error))
    moment = time.monotonic()
    with _lock:
        before = target.state
        if verdict is None:
            target.failures, target.counted = 0, 0.0
            target.successes += 1
            if target.state == "initial" or target.successes >= settings["HealthyThresholdCount"]:
                target.state, target.reason, target.description = "healthy", "", ""
        else:
            target.successes = 0
            # Two scheduler periods of slack: the pace of probes is not exact.
            if not target.counted or moment - target.counted >= settings["HealthCheckIntervalSeconds"] - 0.3:
                target.failures, target.counted = target.failures + 1, moment
            if target.failures >= settings["UnhealthyThresholdCount"]:
                target.state = "unhealthy"
            if target.state == "unhealthy":
                target.reason, target.description = verdict
        pace = {"initial": FIRST_PACE, "healthy": STEADY_PACE}.get(target.state, SICK_PACE)
        if target.state == "healthy" and target.failures:
            pace = SICK_PACE
        target.due, target.busy = moment + min(pace, settings["HealthCheckIntervalSeconds"]), False
        changed = before != target.state
    if changed:
        state.WAKE.set()


def probe(settings, target_id, port):
    """One health check; None when it passed, else (reason code, description)."""
    if not settings.get("HealthCheckEnabled", True):
        return None
    given = settings.get("HealthCheckPort", "traffic-port")
    host, port = reach(target_id, port if given == "traffic-port" else int(given))
    timeout = float(settings.get("HealthCheckTimeoutSeconds", 5))
    protocol = settings.get("HealthCheckProtocol", "HTTP")
    try:
        if protocol in ("TCP", "TLS", "TCP_UDP", "UDP"):
            socket.create_connection((host, port), timeout).close()
            return None
        if protocol == "HTTPS":
            connection = http.client.HTTPSConnection(
                host, port, timeout=timeout, context=ssl._create_unverified_context())
        else:
            connection = http.client.HTTPConnection(host, port, timeout=timeout)
        try:
            connection.request("GET", settings.get("HealthCheckPath") or "/", headers={
                "User-Agent": "ELB-HealthChecker/2.0", "Connection": "close"})
            code = connection.getresponse().status
        finally:
            connection.close()
    except (TimeoutError, socket.timeout):
        return "Target.Timeout", "Request timed out"
    except (OSError, http.client.HTTPException):
        return "Target.FailedHealthChecks", "Health checks failed"
    if _matches((settings.get("Matcher") or {}).get("HttpCode", "200"), code):
        return None
    return "Target.ResponseCodeMismatch", f"Health checks failed with these codes: [{code}]"


def _matches(matcher, code):
    for part in str(matcher).split(","):
        low, _, high = part.strip().partition("-")
        if low.isdigit() and int(low) <= code <= int(high or low):
            return True
    return False
