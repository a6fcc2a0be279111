"""The service scheduler: keeps services at their desired count and rolls deployments out.

Amazon ECS Developer Guide, "Deploy Amazon ECS services by replacing tasks"
(rolling updates), "How the Amazon ECS deployment circuit breaker detects
failures", "Amazon ECS service throttle logic", "Amazon ECS service event
messages".
"""

import logging
import math
import threading
import time
import uuid

from ministack.services import ecs

from . import names, rollouts, runner, simulated, state, targets

log = logging.getLogger("decklift.scheduler")

TICK = 0.15
ROTATE_SECONDS = 3
# How long a task must run before it counts as started: with a health signal the
# signal decides, without one only time can.
STABLE_WITH_SIGNAL, STABLE_WITHOUT = 0.5, 1.5
SIMULATED_STABLE = 0.7
# How long to wait for the first of a task's named ports to accept connections.
LISTEN_PATIENCE = 5.0
BACKOFF_FIRST, BACKOFF_FACTOR, BACKOFF_MOST = 1.0, 1.5, 60.0


class Scheduler:
    def __init__(self, engine, settings, in_flight):
        self.engine, self.settings, self.in_flight = engine, settings, in_flight
        self.simulated = engine.api is None
        self._launches = []
        self._rotated = 0.0
        self._paused = threading.Lock()

    def start(self):
        threading.Thread(target=self._loop, name="decklift-scheduler", daemon=True).start()

    def hold(self):
        """A reset holds the scheduler still: `with scheduler.hold():`."""
        return self._paused

    def _loop(self):
        while True:
            state.WAKE.wait(TICK)
            state.WAKE.clear()
            try:
                with self._paused:
                    self.tick()
            except Exception:
                log.exception("scheduler")
            time.sleep(0.03)  # several wake-ups in a row are one look

    def tick(self):
        self._probe_ports()
        with state.LOCK:
            for task in list(state.tasks.values()):
                self._assess(task)
            for service in list(state.services.values()):
                try:
                    self._reconcile(service)
                except Exception:
                    log.exception("service %s", service.name)
            launches, self._launches = self._launches, []
        rotate = time.monotonic() - self._rotated > ROTATE_SECONDS
        if rotate:
            self._rotated = time.monotonic()
            state.forget_old_tasks()
        names.refresh(self.engine, rotate)
        for task in launches:
            self.run(task)

    def run(self, task):
        """Give the task its thread."""
        if self.simulated:
            simulated.Simulated(self.settings, task, self.stopped).start()
        else:
            runner.Runner(self.engine, self.settings, task, self.stopped, self.in_flight).start()

    # -- what a task is worth now --

    def _probe_ports(self):
        """Names lead to a task once one of its ports accepts connections.

        Service Connect's proxy retries what is refused; a hosts file cannot, so
        the name waits for the listener instead.
        """
        if self.simulated:
            return
        with state.LOCK:
            waiting = [task for task in state.tasks.values()
                       if task.running() and not task.names_ready and task.revision is not None]
        for task in waiting:
            ports = names.offered_ports(task)
            late = time.monotonic() - (task.running_since or 0) > LISTEN_PATIENCE
            if not ports or late or any(_accepts(task, port) for port in ports):
                task.names_ready = True

    def _assess(self, task):
        """Serving names, registered in target groups, failed checks, stable."""
        if not task.running() or task.running_since is None:
            task.stable = False
            return
        age = time.monotonic() - task.running_since
        if self.simulated:
            task.names_ready = True
        health = task.record.get("healthStatus")
        checked = any(cdef.get("healthCheck") and cdef.get("essential", True)
                      for cdef in task.definition["containerDefinitions"])
        sound = not checked or health == "HEALTHY"
        if task.service is not None:
            self._register(task)
            if self._fail_unhealthy(task, age, checked and health == "UNHEALTHY"):
                return
        balanced = [targets.status(task.account, *published)[0] for published in task.published]
        wait = STABLE_WITH_SIGNAL if checked or balanced else STABLE_WITHOUT
        wait = SIMULATED_STABLE if self.simulated else wait
        task.serving = sound and task.names_ready and age >= (STABLE_WITH_SIGNAL if not self.simulated else 0)
        task.stable = (task.serving and age >= wait and all(word in ("healthy", "unused") for word in balanced)
                       and len(balanced) == len(self._wanted_targets(task)))
        if task.stable and not task.was_stable:
            task.was_stable = True
            if task.deployment is not None:
                task.deployment.failures_in_row = 0
                if task.service.breaker().get("resetOnHealthyTask", True):
                    task.deployment.failed_tasks = 0

    @staticmethod
    def _wanted_targets(task):
        if task.revision is None:
            return []
        return [(entry["targetGroupArn"], int(entry.get("containerPort") or 80))
                for entry in task.revision["loadBalancers"] or []
                if entry.get("targetGroupArn") and targets.known(task.account, task.region, entry["targetGroupArn"])]

    def _register(self, task):
        for group, port in self._wanted_targets(task):
            if (group, task.ip, port) not in task.published and task.ip:
                targets.register(task, group, port)
                task.published.append((group, task.ip, port))
                task.service.event(f"registered 1 targets in (target-group {group})")

    def _fail_unhealthy(self, task, age, container_unhealthy):
        """AWS ignores health checks during the service's grace period."""
        grace = int(task.service.record.get("healthCheckGracePeriodSeconds") or 0)
        if age < min(grace, self.settings.most_grace_seconds):
            return False
        if container_unhealthy:
            task.failed_health = True
            task.service.event(f"(task {task.id}) failed container health checks.")
            return self.stop_task(task, "Task failed container health checks", "ServiceSchedulerInitiated", count=True)
        for group, target_id, port in task.published:
            word, _, description = targets.status(task.account, group, target_id, port)
            if word == "unhealthy":
                task.failed_health = True
                task.service.event(f"(port {port}) is unhealthy in (target-group {group}) "
                                   f"due to (reason {description}).")
                return self.stop_task(task, f"Task failed ELB health checks in (target-group {group})",
                                      "ServiceSchedulerInitiated", count=True)
        return False

    # -- stopping --

    def stop_task(self, task, reason, code, count=False):
        """Out of names and target groups first; the task's thread does the rest."""
        if not task.request_stop(reason, code):
            return False
        self._withdraw(task)
        if count:
            rollouts.count_failure(self, task)
        return True

    def _withdraw(self, task):
        published, task.published = task.published, []
        for group, target_id, port in published:
            targets.deregister(task, group, target_id, port, self.settings.drain_seconds)
            if task.service is not None:
                task.service.event(f"deregistered 1 targets in (target-group {group})")
        if published and task.service is not None:
            task.service.event("has begun draining connections on 1 tasks.")

    def stopped(self, task):
        """Called by the task's thread once it is STOPPED."""
        with state.LOCK:
            self._withdraw(task)
            if task.record.get("stopCode") in ("TaskFailedToStart", "EssentialContainerExited"):
                rollouts.count_failure(self, task)
        state.WAKE.set()

    # -- one service --

    def _reconcile(self, service):
        record = service.record
        if record["status"] == "INACTIVE":
            return
        for task in service.tasks():
            # A task that ended by itself still holds its place in the target groups.
            if not task.alive() and task.published:
                self._withdraw(task)
        if record["status"] == "DRAINING":
            for task in service.tasks():
                if task.alive():
                    self.stop_task(task, f"Scaling activity initiated by (deployment {_id(task)})",
                                   "ServiceSchedulerInitiated")
            # AWS: INACTIVE once all tasks are STOPPING or STOPPED.
            if all(task.record["lastStatus"] in ("STOPPING", "DEPROVISIONING", "STOPPED") for task in service.tasks()):
                record["status"] = "INACTIVE"
                service.deployments = []
            return
        primary = service.primary()
        if primary is None:
            return
        primary.desired = record["desiredCount"] if primary.state != "FAILED" else primary.desired
        if primary.state == "FAILED":
            # Nothing is started any more; scaling in still works.
            self._stop_some(service, primary.alive()[record["desiredCount"]:],
                            f"Scaling activity initiated by (deployment {primary.id})")
            self._drop_empty(service)
            return
        new = primary.alive()
        old = [task for task in service.tasks() if task.alive() and task.deployment is not primary]
        self._scale(service, primary, new, old)
        self._settle(service, primary)

    def _scale(self, service, primary, new, old):
        """Within minimumHealthyPercent and maximumPercent (DeploymentConfiguration)."""
        desired = service.record["desiredCount"]
        highest = math.floor(desired * service.percent("maximumPercent", 200) / 100)
        lowest = math.ceil(desired * service.percent("minimumHealthyPercent", 100) / 100)
        stable_new = [task for task in new if task.stable]
        stable_old = [task for task in old if task.stable]
        missing = desired - len(new)
        reason = f"Scaling activity initiated by (deployment {primary.id})"
        if missing < 0:
            surplus = sorted(new, key=lambda task: (task.stable, -task.record["createdAt"]))
            self._stop_some(service, surplus[:-missing], reason)
            missing = 0
        room = highest - len(new) - len(old)
        if old:
            # Those that never got healthy, and those of a failed deployment, go first and freely.
            useless = [task for task in old if task.deployment.state == "FAILED"]
            self._stop_some(service, useless, reason)
            old = [task for task in old if task not in useless]
            spare = len(stable_new) + len(stable_old) - lowest
            replaced = len(old) + len(stable_new) - desired
            wanted = max(missing - room if missing > room else 0, replaced)
            pending = [task for task in old if not task.stable]
            leaving = pending[:max(0, wanted)]
            rest = max(0, min(wanted - len(leaving), spare, len(stable_old)))
            self._stop_some(service, leaving + stable_old[:rest], reason)
            room += len(leaving) + rest + len(useless)
        if missing > 0 and time.monotonic() >= primary.next_start:
            self.launch(service, primary, min(missing, max(0, room)))

    def _stop_some(self, service, chosen, reason):
        ids = [task.id for task in chosen if self.stop_task(task, reason, "ServiceSchedulerInitiated")]
        if ids:
            service.steady = False
            service.event(f"has stopped {len(ids)} running tasks: " + " ".join(f"(task {one})" for one in ids) + ".")

    def launch(self, service, deployment, count):
        if count <= 0:
            return
        made = [make_task(service.account, service.region, service.cluster, deployment=deployment)
                for _ in range(count)]
        if any(task is None for task in made):
            return
        service.steady = False
        self._launches.extend(made)
        service.event(f"has started {len(made)} tasks: " + " ".join(f"(task {task.id})" for task in made) + ".")

    def _settle(self, service, primary):
        """COMPLETED once the new tasks are stable and the old ones are gone."""
        desired = service.record["desiredCount"]
        alive = primary.alive()
        stable = sum(1 for task in alive if task.stable)
        others = [task for task in service.tasks() if task.alive() and task.deployment is not primary]
        if stable < desired or len(alive) != desired or others:
            return
        if primary.state == "IN_PROGRESS":
            rollouts.complete(service, primary)
        self._drop_empty(service)
        if not service.steady:
            service.steady = True
            service.event("has reached a steady state.")

    @staticmethod
    def _drop_empty(service):
        """A deployment without tasks leaves the list; a failed one stays until its rollback is over."""
        primary = service.primary()
        service.deployments = [
            one for one in service.deployments
            if one is primary or one.alive() or (one.state == "FAILED" and primary.state == "IN_PROGRESS")]


def _id(task):
    return task.deployment.id if task.deployment else "ecs-svc/0"


def _accepts(task, port):
    import socket
    try:
        socket.create_connection(task.endpoints.get(port, (task.ip, port)), 0.2).close()
        return True
    except OSError:
        return False


# -- making tasks --

def make_task(account, region, cluster, deployment=None, definition=None, given=None):
    """A new task record, PROVISIONING; the caller holds the lock and starts it."""
    import copy
    service = deployment.service if deployment else None
    given = given or {}
    if definition is None:
        key = deployment.revision["taskDefinition"].rsplit("/", 1)[-1]
        definition = ecs._task_defs.get_scoped(account, region, key)
        if definition is None:
            service.event(f"was unable to place a task because the task definition {key} is gone.")
            deployment.next_start = time.monotonic() + 5
            return None
    task_id = uuid.uuid4().hex
    arn = f"arn:aws:ecs:{region}:{account}:task/{cluster}/{task_id}"
    settings = deployment.revision.settings if deployment else given
    launch_type, provider = ecs._task_capacity(settings.get("launchType"), settings.get("capacityProviderStrategy"))
    fargate = launch_type == "FARGATE"
    overrides = copy.deepcopy(given.get("overrides") or {})
    overrides.setdefault("containerOverrides", [])
    moment = state.now()
    record = {
        "taskArn": arn,
        "clusterArn": f"arn:aws:ecs:{region}:{account}:cluster/{cluster}",
        "taskDefinitionArn": definition["taskDefinitionArn"],
        "overrides": overrides,
        "lastStatus": "PROVISIONING", "desiredStatus": "RUNNING",
        "launchType": launch_type, "capacityProviderName": provider,
        "cpu": str(overrides.get("cpu") or definition.get("cpu") or "256"),
        "memory": str(overrides.get("memory") or definition.get("memory") or "512"),
        "platformVersion": "1.4.0" if fargate else None, "platformFamily": "Linux" if fargate else None,
        "connectivity": "CONNECTED", "connectivityAt": moment, "createdAt": moment,
        "group": f"service:{service.name}" if service else given.get("group") or f"family:{definition['family']}",
        "startedBy": deployment.id if deployment else given.get("startedBy") or None,
        "version": 1, "attachments": [], "attributes": [], "inferenceAccelerators": [],
        "availabilityZone": f"{region}a", "healthStatus": "UNKNOWN",
        "enableExecuteCommand": bool((service.record if service else given).get("enableExecuteCommand")),
        "ephemeralStorage": definition.get("ephemeralStorage") or {"sizeInGiB": 20},
        "tags": [], "_network": settings.get("networkConfiguration"),
        "containers": [{
            "containerArn": f"arn:aws:ecs:{region}:{account}:container/{cluster}/{task_id}/{uuid.uuid4()}",
            "taskArn": arn, "name": cdef["name"], "image": cdef["image"], "lastStatus": "PENDING",
            "networkInterfaces": [], "healthStatus": "UNKNOWN", "cpu": str(cdef.get("cpu") or 0),
            **({"memory": str(cdef["memory"])} if cdef.get("memory") else {}),
            **({"memoryReservation": str(cdef["memoryReservation"])} if cdef.get("memoryReservation") else {}),
        } for cdef in definition["containerDefinitions"]],
    }
    task = state.Task(account, region, cluster, task_id, record, copy.deepcopy(definition), overrides,
                      service, deployment)
    tags = _tags(account, service, definition, given)
    if tags:
        ecs._tags.set_scoped(account, region, arn, tags)
    state.store_task(task)
    return task


def _tags(account, service, definition, given):
    """propagateTags and enableECSManagedTags (AWS: "How Amazon ECS resources are tagged")."""
    source = service.record if service else given
    tags = list(given.get("tags") or [])
    origin = {"SERVICE": service.record["serviceArn"] if service else None,
              "TASK_DEFINITION": definition["taskDefinitionArn"]}.get(source.get("propagateTags"))
    if origin:
        named = {tag["key"] for tag in tags}
        tags += [tag for tag in ecs._tags.get_scoped(account, None, origin, []) or [] if tag["key"] not in named]
    if source.get("enableECSManagedTags") and service:
        tags += [{"key": "aws:ecs:clusterName", "value": service.cluster},
                 {"key": "aws:ecs:serviceName", "value": service.name}]
    return tags
