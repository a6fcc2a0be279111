"""One task from PROVISIONING to STOPPED, with real containers.

Amazon ECS Developer Guide, "Amazon ECS task lifecycle" and "Stopped tasks error
messages".  Each task has its own thread; nothing else talks to the engine about
it, so no lock is held during an engine call.
"""

import logging
import threading
import time

from . import awslogs, containers, images, names, state, volumes
from .engine import Closed
from .taskrecord import attach, finish_record, judge_health, start_order, words

log = logging.getLogger("decklift.runner")


class Stop(Exception):
    """The task was told to stop while it started."""


class Runner:
    """`run` is the thread's body; `finished(task)` is called once it is STOPPED."""

    def __init__(self, engine, settings, task, finished, in_flight):
        self.engine, self.settings, self.task = engine, settings, task
        self.finished, self.in_flight = finished, in_flight
        self.generation = engine.generation
        self.ids = {}         # container name -> Docker id
        self.logs = {}        # container name -> thread that ships its output
        self.exited = {}      # container name -> exit code
        self.started_at = {}  # container name -> monotonic time
        self.pause = None
        self.plan = []        # definitions in start order
        self.prepared = {}    # name -> (definition, image, environment, log sink)

    def start(self):
        threading.Thread(target=self.run, name=f"decklift-task-{self.task.id[:8]}", daemon=True).start()

    def run(self):
        task = self.task
        try:
            try:
                self._provision()
                self._prepare()
                self._live()
            except Stop:
                pass
            except images.PullError as error:
                task.request_stop(f"CannotPullContainerError: {error}", "TaskFailedToStart")
            except (containers.ResourceError, awslogs.LogGroupMissing, volumes.VolumeError) as error:
                task.request_stop(f"ResourceInitializationError: {error}", "TaskFailedToStart")
            except Closed:
                raise
            except Exception as error:
                log.warning("task %s: %s", task.id, error)
                task.request_stop(f"CannotStartContainerError: Error response from daemon: {words(error)}",
                                  "TaskFailedToStart")
            self._stop()
            self._finish()
        except Closed:
            pass  # the reset removes what was made
        except Exception:
            if not task.abandoned:
                log.exception("task %s", task.id)
                task.request_stop("The sandbox failed to run the task", "TaskFailedToStart")
                self._finish()

    def _check(self):
        if self.task.abandoned:
            raise Closed()
        if self.task.stop_reason is not None:
            raise Stop()

    # -- PROVISIONING: network and hosts file --

    def _provision(self):
        task, engine = self.task, self.engine
        self._check()
        network = engine.network(self.generation)
        with engine.making(self.generation):
            path = names.prepare(self.settings, task)
            ports = [] if engine.direct else sorted({
                int(mapping["containerPort"]) for cdef in task.definition["containerDefinitions"]
                for mapping in cdef.get("portMappings") or [] if mapping.get("protocol", "tcp") == "tcp"})
            first = task.definition["containerDefinitions"][0]
            made = engine.api.create_container(
                engine.pause_image, name=f"decklift-{engine.instance}-{task.id[:12]}-pause",
                labels=engine.labels(task.id, **{"decklift.pause": "1"}), hostname=task.id[:12], ports=ports or None,
                host_config=engine.api.create_host_config(
                    network_mode=network, sysctls=containers.sysctls(task) or None,
                    ipc_mode="shareable" if task.definition.get("ipcMode") == "task" else None,
                    port_bindings={port: ("127.0.0.1", None) for port in ports} or None,
                    dns=first.get("dnsServers") or None, dns_search=first.get("dnsSearchDomains") or None))
            self.pause = made["Id"]
            engine.api.start(self.pause)
        self.hosts = path
        found = engine.api.inspect_container(self.pause)["NetworkSettings"]
        bindings = found.get("Ports") or {}
        with state.LOCK:
            self._check()
            task.ip = (found["Networks"].get(network) or {}).get("IPAddress")
            for port in ports:
                published = bindings.get(f"{port}/tcp")
                if published:
                    task.endpoints[port] = ("127.0.0.1", int(published[0]["HostPort"]))
            attach(task, found["Networks"].get(network) or {})
            task.move("PENDING")
        state.WAKE.set()

    # -- PENDING: logs, secrets, images --

    def _prepare(self):
        task = self.task
        for cdef in task.definition["containerDefinitions"]:
            self._check()
            cdef = containers.effective(task, cdef)
            sink = awslogs.sink_for(task, cdef)
            values = containers.environment(self.settings, task, cdef)
            self.prepared[cdef["name"]] = [cdef, None, values, sink]
        with state.LOCK:
            self._check()
            task.move("ACTIVATING")
            task.record["pullStartedAt"] = state.now()
        architecture = (task.definition.get("runtimePlatform") or {}).get("cpuArchitecture")
        pinned = task.revision.images if task.revision else {}
        for name, entry in self.prepared.items():
            self._check()
            image = entry[0]["image"]
            # AWS resolves a tag once a deployment ("container image resolution"):
            # all tasks of a revision run the same digest.
            if name in pinned and pinned[name][0] == image and pinned[name][1]:
                image = pinned[name][1]
            try:
                entry[1], digest = images.ensure(self.engine, self.settings, image, architecture,
                                                 containers.registry_credentials(task, entry[0]))
            except images.PullError as error:
                with state.LOCK:
                    task.container(name)["reason"] = f"CannotPullContainerError: {error}"
                raise
            with state.LOCK:
                if digest:
                    task.container(name)["imageDigest"] = digest
                if task.revision and name not in pinned:
                    pinned[name] = (entry[0]["image"], entry[1] if "@" in entry[1] else None)
        with state.LOCK:
            task.record["pullStoppedAt"] = state.now()
        self.plan = start_order([entry[0] for entry in self.prepared.values()])
        names.refresh(self.engine)

    # -- ACTIVATING and RUNNING --

    def _live(self):
        task = self.task
        waiting = list(self.plan)
        while True:
            task.wake.clear()
            self._check()
            self._look()
            if self._essential_gone():
                return
            for cdef in list(waiting):
                self._check()
                if self._ready(cdef):
                    self._start_container(cdef)
                    waiting.remove(cdef)
            if not waiting and task.record["lastStatus"] != "RUNNING":
                # A program that dies at once is seen before the task is called RUNNING.
                task.wake.wait(0.1)
                self._look()
                if self._essential_gone():
                    return
                self._running()
            task.wake.wait(0.3 if waiting else 5)

    def _running(self):
        with state.LOCK:
            self._check()
            self.task.record["startedAt"] = state.now()
            self.task.running_since = time.monotonic()
            self.task.move("RUNNING")
        state.WAKE.set()

    def _start_container(self, cdef):
        task, engine, name = self.task, self.engine, cdef["name"]
        from docker.types import Mount
        _, image, values, sink = self.prepared[name]
        mounts = volumes.mounts(engine, task, cdef, self.generation)
        if not any(mount["Target"] == "/etc/hosts" for mount in mounts):
            mounts.append(Mount("/etc/hosts", self.hosts, type="bind"))
        links = [self.ids[entry["sourceContainer"]] + (":ro" if entry.get("readOnly") else "")
                 for entry in cdef.get("volumesFrom") or [] if entry.get("sourceContainer") in self.ids]
        try:
            container_id = self._create_and_start(cdef, image, values, mounts, True, links)
        except Closed:
            raise
        except Exception as error:
            if not (cdef.get("ulimits") and name in self.ids and "rlimit" in str(error)):
                with state.LOCK:
                    task.container(name)["reason"] = f"CannotStartContainerError: {words(error)}"
                raise
            # The engine itself lacks the privilege to raise limits (some virtual machines).
            log.warning("task %s, container %s: the engine cannot set ulimits, running without: %s",
                        task.id, name, words(error))
            engine.remove_container(self.ids.pop(name))
            container_id = self._create_and_start(cdef, image, values, mounts, False, links)
        self.started_at[name] = time.monotonic()
        with state.LOCK:
            record = task.container(name)
            record["runtimeId"], record["lastStatus"] = container_id, "RUNNING"
        if sink:
            self.logs[name] = awslogs.follow(engine, container_id, sink, bool(cdef.get("pseudoTerminal")))

    def _create_and_start(self, cdef, image, values, mounts, ulimits, links):
        with self.engine.making(self.generation):
            container_id = containers.create(self.engine, self.settings, self.task, cdef, image, values, mounts,
                                             f"container:{self.pause}", ulimits, links)
            self.ids[cdef["name"]] = container_id
            self.engine.api.start(container_id)
        return container_id

    def _ready(self, cdef):
        """ContainerDependency: START, COMPLETE, SUCCESS, HEALTHY."""
        for dependency in cdef.get("dependsOn") or []:
            name, condition = dependency.get("containerName"), dependency.get("condition")
            if name not in self.prepared:
                continue
            if name not in self.ids:
                return False
            code, health = self.exited.get(name), self.task.health.get(name)
            if condition == "SUCCESS" and code not in (None, 0):
                self._dependency_failed(cdef, name, f"exited with code {code}")
            if condition == "HEALTHY" and (health == "UNHEALTHY" or code is not None):
                self._dependency_failed(cdef, name, "is not healthy")
            met = {"START": True, "COMPLETE": code is not None, "SUCCESS": code == 0,
                   "HEALTHY": health == "HEALTHY"}.get(condition, True)
            if not met:
                limit = self.prepared[name][0].get("startTimeout")
                if limit and time.monotonic() - self.started_at[name] > limit:
                    self._dependency_failed(cdef, name, f"did not reach {condition} within {limit} s")
                return False
        return True

    def _dependency_failed(self, cdef, name, what):
        with state.LOCK:
            self.task.container(cdef["name"])["reason"] = (
                f"DependentContainerNotResolved: the container {name} it depends on {what}")
        self.task.request_stop(f"Task failed to start: container {cdef['name']} depends on {name}, which {what}",
                               "TaskFailedToStart")
        raise Stop()

    # -- watching --

    def _look(self):
        """Bring exits and health of the containers into the record."""
        for name, container_id in self.ids.items():
            if name in self.exited:
                continue
            found = self.engine.api.inspect_container(container_id)["State"]
            status = found.get("Status")
            if status in ("exited", "dead") and not self._restarted(name, container_id, found):
                self._record_exit(name, found)
            health = (found.get("Health") or {}).get("Status")
            if health:
                self._record_health(name, health)

    def _restarted(self, name, container_id, found):
        """restartPolicy: once it ran long enough, and not for ignored codes."""
        policy = self.prepared[name][0].get("restartPolicy") or {}
        if not policy.get("enabled") or found.get("ExitCode") in (policy.get("ignoredExitCodes") or []):
            return False
        if time.monotonic() - self.started_at[name] < int(policy.get("restartAttemptPeriod") or 300):
            return False
        with self.engine.making(self.generation):
            self.engine.api.start(container_id)
        self.started_at[name] = time.monotonic()
        cdef, _, _, sink = self.prepared[name]
        if sink:
            self.logs[name] = awslogs.follow(self.engine, container_id, sink, bool(cdef.get("pseudoTerminal")),
                                             since=int(time.time()))
        return True

    def _record_exit(self, name, found):
        code = int(found.get("ExitCode") or 0)
        self.exited[name] = code
        with state.LOCK:
            record = self.task.container(name)
            record["lastStatus"], record["exitCode"] = "STOPPED", code
            if found.get("OOMKilled"):
                record["reason"] = "OutOfMemoryError: Container killed due to memory usage"

    def _record_health(self, name, health):
        word = {"healthy": "HEALTHY", "unhealthy": "UNHEALTHY"}.get(health, "UNKNOWN")
        with state.LOCK:
            if self.task.health.get(name) != word:
                self.task.health[name] = word
                self.task.container(name)["healthStatus"] = word
                judge_health(self.task)
                state.WAKE.set()

    def _essential_gone(self):
        gone = [name for name in self.exited if self.prepared[name][0].get("essential", True)]
        if not gone:
            return False
        with state.LOCK:
            self.task.serving = False
            if self.task.request_stop("Essential container in task exited", "EssentialContainerExited"):
                self.task.drain = False
        return True

    # -- the end --

    def _stop(self):
        task = self.task
        if task.abandoned:
            raise Closed()
        if task.drain:
            self._drain()
        with state.LOCK:
            if self.ids:
                task.move("STOPPING")
        started = [cdef for cdef in self.plan if cdef["name"] in self.started_at]
        while started:  # dependents before what they depend on
            needed = {d.get("containerName") for cdef in started for d in cdef.get("dependsOn") or []}
            group = [cdef for cdef in started if cdef["name"] not in needed] or list(started)
            threads = [threading.Thread(target=self._stop_container, args=(cdef,), daemon=True) for cdef in group]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            started = [cdef for cdef in started if cdef not in group]

    def _drain(self):
        """Out of names and targets already; now let requests under way end.

        Longer than the drain time only while requests are in flight through the
        load balancer (AWS: the deregistration delay).
        """
        begin = time.monotonic()
        while not self.task.abandoned:
            passed = time.monotonic() - begin
            if passed >= self.settings.drain_seconds and not (
                    passed < 30 and self.in_flight(self.task)):
                return
            time.sleep(0.05)
        raise Closed()

    def _stop_container(self, cdef):
        name = cdef["name"]
        container_id = self.ids[name]
        try:
            if name not in self.exited:
                self.engine.api.stop(container_id, timeout=containers.stop_timeout(self.task, cdef))
            self._record_exit(name, self.engine.api.inspect_container(container_id)["State"])
        except Exception as error:
            if not self.task.abandoned and "No such container" not in str(error):
                log.warning("stopping container %s of task %s: %s", name, self.task.id, error)

    def _finish(self):
        """Flush the output, remove the containers, say STOPPED."""
        task, engine = self.task, self.engine
        if task.abandoned:
            raise Closed()
        for thread in self.logs.values():
            thread.join(5)
        with state.LOCK:
            task.move("DEPROVISIONING")
            task.record["executionStoppedAt"] = state.now()
        engine.remove_containers([*self.ids.values(), *([self.pause] if self.pause else [])])
        volumes.remove_task_volumes(engine, task)
        names.forget(task)
        finish_record(task)
        self.finished(task)
