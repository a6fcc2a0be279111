"""What the scheduler knows: services, their revisions and deployments, tasks.

The AWS-shaped records of services and tasks live in MiniStack's own stores, so
that its other parts (tags, clusters, CloudFormation) see them; the objects here
carry what is not part of the API.  One lock guards all of it.  It is never held
during a call to the engine, a probe or a file copy.
"""

import copy
import math
import random
import string
import threading
import time
import uuid

from ministack.services import ecs

LOCK = threading.RLock()
WAKE = threading.Event()  # the scheduler looks again

services = {}      # (account, region, cluster, name) -> Service
tasks = {}         # task id -> Task
run_tokens = {}    # (account, region, cluster, clientToken) -> (request, task ids)

EVENTS_KEPT = 100           # AWS: DescribeServices returns the 100 most recent events
STOPPED_KEPT_SECONDS = 3600  # AWS: stopped tasks are listed for about an hour
STOPPED_KEPT = 400


def now():
    return round(time.time(), 3)


def digits(count=19):
    """The number in `ecs-svc/…` and at the end of a service revision's ARN."""
    return str(random.randint(1, 9)) + "".join(random.choices(string.digits, k=count - 1))


def clear():
    """Forget everything; the caller has closed the engine's gate."""
    with LOCK:
        for task in tasks.values():
            task.abandoned = True
            task.wake.set()
        services.clear()
        tasks.clear()
        run_tokens.clear()


class Revision:
    """One immutable configuration of a service (AWS: service revision)."""

    FIELDS = ("taskDefinition", "launchType", "capacityProviderStrategy", "platformVersion", "platformFamily",
              "networkConfiguration", "loadBalancers", "serviceRegistries", "serviceConnectConfiguration",
              "volumeConfigurations", "vpcLatticeConfigurations")

    def __init__(self, service, settings):
        self.number = digits()
        self.arn = service.arn_of("service-revision", self.number)
        self.created = now()
        self.settings = copy.deepcopy({key: settings.get(key) for key in self.FIELDS})
        self.namespace = service.record.get("_namespace")  # Cloud Map namespace of Service Connect
        self.images = {}      # container name -> (image, digest), known once a task pulled them
        self.succeeded = False

    def __getitem__(self, key):
        return self.settings.get(key)

    def connect(self):
        """The Service Connect configuration when it is enabled, else None."""
        config = self.settings.get("serviceConnectConfiguration") or {}
        return config if config.get("enabled") else None


class ServiceDeployment:
    """What ListServiceDeployments shows; a rollback stays within the same one."""

    def __init__(self, service, target, sources):
        suffix = "".join(random.choices(string.ascii_letters + string.digits, k=21))
        self.arn = service.arn_of("service-deployment", suffix)
        self.service = service
        self.target, self.sources = target, list(sources)
        self.created = self.started = self.updated = now()
        self.finished = self.stopped = None
        self.status, self.reason = "IN_PROGRESS", None
        self.stage = "SCALE_UP"
        self.rollback = None          # {"reason", "startedAt", "serviceRevisionArn"}
        self.breaker_status, self.failures = None, 0
        self.configuration = copy.deepcopy(service.record.get("deploymentConfiguration") or {})

    def move(self, status, reason=None):
        self.status, self.updated = status, now()
        if reason:
            self.reason = reason
        if status in ("SUCCESSFUL", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED", "STOPPED"):
            self.finished = self.updated
            self.stage = None
            if status != "SUCCESSFUL":
                self.stopped = self.updated


class Deployment:
    """One entry of a service's `deployments`."""

    def __init__(self, service, revision, sd, visible, rollback_of=None):
        number = revision.number if rollback_of is None else digits()
        self.id = f"ecs-svc/{number}"
        self.service, self.revision, self.sd = service, revision, sd
        self.status = "PRIMARY"
        self.visible = visible        # Service Connect endpoints that existed when it was created
        self.rollback_of = rollback_of
        self.desired = service.record["desiredCount"]
        self.failed_tasks = 0         # consecutive, as AWS counts them
        self.failures_in_row = 0      # for the restart back-off, also after completion
        self.next_start = 0.0
        self.state = "IN_PROGRESS"
        self.reason = f"ECS deployment {self.id} in progress."
        self.created = self.updated = now()
        self.complained = False

    def tasks(self):
        return [task for task in tasks.values() if task.deployment is self]

    def alive(self):
        """Tasks that count towards the desired number: started or starting, and not being stopped."""
        return [task for task in self.tasks() if task.record["desiredStatus"] == "RUNNING"]


class Service:
    """An ECS service; `record` is its AWS shape without the computed parts."""

    def __init__(self, account, region, cluster, name, record):
        self.account, self.region, self.cluster, self.name = account, region, cluster, name
        self.record = record
        self.deployments = []
        self.history = []             # ServiceDeployments, newest first
        self.revisions = {}           # arn -> Revision
        self.steady = False
        self.good = None              # the revision that completed last

    @property
    def key(self):
        return (self.account, self.region, self.cluster, self.name)

    def arn_of(self, kind, suffix):
        return f"arn:aws:ecs:{self.region}:{self.account}:{kind}/{self.cluster}/{self.name}/{suffix}"

    def primary(self):
        return next((d for d in self.deployments if d.status == "PRIMARY"), None)

    def tasks(self):
        return [task for task in tasks.values() if task.service is self]

    def event(self, text):
        events = self.record["events"]
        events.insert(0, {"id": str(uuid.uuid4()), "createdAt": now(), "message": f"(service {self.name}) {text}"})
        del events[EVENTS_KEPT:]

    def breaker(self):
        return (self.record.get("deploymentConfiguration") or {}).get("deploymentCircuitBreaker") or {}

    def threshold(self):
        """AWS, "How the Amazon ECS deployment circuit breaker detects failures":
        0.5 × desired tasks, at least 3 and at most 200, unless configured."""
        config = self.breaker().get("thresholdConfiguration") or {}
        value = config.get("value", 50)
        if config.get("type") == "COUNT":
            return max(1, int(value))
        wanted = math.ceil(float(value) * self.record["desiredCount"] / 100)
        if config.get("type") == "UNBOUNDED_PERCENT":
            return max(1, wanted)
        return min(200, max(3, wanted))

    def percent(self, field, default):
        value = (self.record.get("deploymentConfiguration") or {}).get(field)
        return default if value is None else int(value)


class Task:
    """One task; its thread (see `runner`) is the only one to talk to the engine about it."""

    def __init__(self, account, region, cluster, task_id, record, definition, overrides, service=None, deployment=None):
        self.account, self.region, self.cluster, self.id = account, region, cluster, task_id
        self.record, self.definition, self.overrides = record, definition, overrides
        self.service, self.deployment = service, deployment
        self.revision = deployment.revision if deployment else None
        self.wake = threading.Event()
        self.abandoned = False        # a reset took its place away
        self.stop_reason = None       # (reason, stop code) once it is to stop
        self.drain = False            # it served when it was told to stop
        self.ip = None
        self.endpoints = {}           # container port -> (host, port) to reach it from this process
        self.running_since = None
        self.names_ready = False
        self.stable = False
        self.was_stable = False
        self.failed_health = False
        self.serving = False          # its names resolve to it
        self.published = []           # [(target group ARN, target id, port)]
        self.failure_counted = False
        self.health = {}              # container name -> HEALTHY | UNHEALTHY | UNKNOWN

    @property
    def arn(self):
        return self.record["taskArn"]

    def alive(self):
        return self.record["desiredStatus"] == "RUNNING" and not self.abandoned

    def running(self):
        return self.alive() and self.record["lastStatus"] == "RUNNING"

    def move(self, status):
        """Next state of the task lifecycle; the version counts what AWS counts."""
        self.record["lastStatus"] = status
        if status in ("PENDING", "RUNNING", "DEPROVISIONING", "STOPPED"):
            self.record["version"] += 1

    def request_stop(self, reason, code):
        """Begin the end: out of the names and targets now, signals later."""
        with LOCK:
            if self.stop_reason is not None:
                return False
            self.stop_reason = (reason, code)
            self.drain = self.serving or bool(self.published)
            self.serving = False
            self.record["desiredStatus"] = "STOPPED"
            self.record["stoppingAt"] = now()
            self.record["stoppedReason"], self.record["stopCode"] = reason, code
            self.record["version"] += 1
            if self.record["lastStatus"] == "RUNNING":
                self.move("DEACTIVATING")
        self.wake.set()
        WAKE.set()
        return True

    def container(self, name):
        return next((c for c in self.record["containers"] if c["name"] == name), {})


def store_service(service):
    services[service.key] = service
    ecs._services.set_scoped(service.account, service.region, f"{service.cluster}/{service.name}", service.record)


def store_task(task):
    tasks[task.id] = task
    ecs._tasks.set_scoped(task.account, task.region, task.arn, task.record)


def drop_task(task):
    tasks.pop(task.id, None)
    ecs._tasks.pop_scoped(task.account, task.region, task.arn, None)


def forget_old_tasks():
    """Stopped tasks stay listable for an hour, the newest few hundred of them."""
    with LOCK:
        stopped = [task for task in tasks.values() if task.record["lastStatus"] == "STOPPED"]
        stopped.sort(key=lambda task: task.record.get("stoppedAt") or 0, reverse=True)
        limit = now() - STOPPED_KEPT_SECONDS
        for index, task in enumerate(stopped):
            if index >= STOPPED_KEPT or (task.record.get("stoppedAt") or 0) < limit:
                drop_task(task)
