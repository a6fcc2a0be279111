"""Tasks without an engine: the states of a task, and no program.

Services look deployed, jobs end with exit code 0, images of the sandbox's own
registry must have been pushed.  What a container says of itself is one log line
that states that nothing ran.
"""

import http.client
import itertools
import logging
import threading
import time

from . import awslogs, containers, images, state
from .taskrecord import attach, finish_record, judge_health

log = logging.getLogger("decklift.simulated")

START_SECONDS = 0.3
JOB_SECONDS = 1.0
_addresses = itertools.count(10)


class Simulated:
    """Has the same face as `runner.Runner`."""

    def __init__(self, settings, task, finished):
        self.settings, self.task, self.finished = settings, task, finished

    def start(self):
        threading.Thread(target=self.run, name=f"decklift-task-{self.task.id[:8]}", daemon=True).start()

    def run(self):
        task = self.task
        try:
            self._begin()
        except images.PullError as error:
            task.request_stop(f"CannotPullContainerError: {error}", "TaskFailedToStart")
        except (containers.ResourceError, awslogs.LogGroupMissing) as error:
            task.request_stop(f"ResourceInitializationError: {error}", "TaskFailedToStart")
        except Exception as error:
            log.exception("simulated task %s", task.id)
            task.request_stop(f"The sandbox failed to simulate the task: {error}", "TaskFailedToStart")
        end = None if task.service else time.monotonic() + JOB_SECONDS
        while not task.abandoned and task.stop_reason is None:
            task.wake.wait(0.2 if end else 5)
            task.wake.clear()
            if end and time.monotonic() > end:
                task.request_stop("Essential container in task exited", "EssentialContainerExited")
        if task.abandoned:
            return
        with state.LOCK:
            if task.record.get("startedAt"):
                for container in task.record["containers"]:
                    container.setdefault("exitCode", 0)
        finish_record(task)
        self.finished(task)

    def _begin(self):
        task = self.task
        sinks = []
        for cdef in task.definition["containerDefinitions"]:
            cdef = containers.effective(task, cdef)
            sinks.append(awslogs.sink_for(task, cdef))
            containers.secret_values(task, cdef)
            self._check_image(cdef["image"])
        time.sleep(START_SECONDS)
        with state.LOCK:
            if not task.alive():
                return
            number = next(_addresses)
            # 198.18.0.0/15 is set aside for benchmarks (RFC 2544): nothing answers there.
            task.ip = f"198.18.{number // 250 % 250}.{number % 250 + 1}"
            task.record["pullStartedAt"] = task.record["pullStoppedAt"] = task.record["startedAt"] = state.now()
            attach(task, {})
            task.running_since = time.monotonic()
            for cdef in task.definition["containerDefinitions"]:
                record = task.container(cdef["name"])
                finished = not cdef.get("essential", True) and self._awaited(cdef["name"])
                record["lastStatus"] = "STOPPED" if finished else "RUNNING"
                if finished:
                    record["exitCode"] = 0
                if cdef.get("healthCheck"):
                    task.health[cdef["name"]] = record["healthStatus"] = "HEALTHY"
            judge_health(task)
            task.move("RUNNING")
        for sink in sinks:
            if sink:
                sink.put([{"timestamp": int(time.time() * 1000),
                           "message": "decklift sandbox: simulated, no container ran"}])
        state.WAKE.set()

    def _awaited(self, name):
        return any(entry.get("containerName") == name and entry.get("condition") in ("SUCCESS", "COMPLETE")
                   for cdef in self.task.definition["containerDefinitions"] for entry in cdef.get("dependsOn") or [])

    def _check_image(self, image):
        prefix = f"127.0.0.1:{self.settings.gateway_port}/"
        if not image.startswith(prefix):
            return
        repository, reference = images.split(image[len(prefix):])
        connection = http.client.HTTPConnection("127.0.0.1", self.settings.gateway_port, timeout=10)
        try:
            connection.request("HEAD", f"/v2/{repository}/manifests/{reference}", headers={"Accept": "*/*"})
            status = connection.getresponse().status
        finally:
            connection.close()
        if status != 200:
            raise images.PullError(images.words(image, f"manifest unknown ({status})"))
