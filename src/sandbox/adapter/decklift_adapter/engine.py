"""The Docker engine: one client, the sandbox's network, and clean-up by label.

Everything the adapter makes carries the label `decklift.sandbox=<instance>`;
only what carries it is ever removed.  Creation goes through `making()`, which a
reset closes, so that nothing can be made behind the back of a clean-up.
"""

import concurrent.futures
import contextlib
import logging
import sys
import threading
import time

from . import pause

LABEL = "decklift.sandbox"
TASK_LABEL = "decklift.task"

log = logging.getLogger("decklift.engine")


class Closed(Exception):
    """The sandbox is being reset or stopped: the task this was for is gone."""


class Engine:
    """`kind` is "docker" or "none"; `why` says why it is none."""

    def __init__(self, settings):
        self.settings = settings
        self.instance = settings.instance
        self.kind, self.version, self.why = "none", None, ""
        self.api = None
        self.direct = True
        self.architecture = "x86_64"
        self.pause_image = f"decklift-sandbox-pause:{self.instance}"
        self.network_name = f"decklift-{self.instance}"
        self.refuser_ip = None
        self.on_event = lambda task_id: None
        self._gate = threading.Condition()
        self._generation, self._making, self._open = 0, 0, True
        self._network_lock = threading.Lock()
        self._network_id = None
        self._connect()

    def _connect(self):
        if self.settings.engine == "none":
            self.why = "DECKLIFT_SANDBOX_ENGINE is none"
            return
        try:
            import docker
            from docker.utils import kwargs_from_env
            arguments = kwargs_from_env()
            arguments["base_url"] = arguments.get("base_url") or "unix:///var/run/docker.sock"
            api = docker.APIClient(version="auto", timeout=90, max_pool_size=64, **arguments)
            info = api.info()
            self.version = api.version().get("Version")
        except Exception as error:  # any failure means: no engine here
            self.why = f"no Docker engine answers: {error}"
            return
        machine = pause.machine_of(info.get("Architecture", ""))
        if info.get("OSType") != "linux" or machine is None:
            self.why = f"the engine runs {info.get('OSType')}/{info.get('Architecture')}, not Linux on x86_64 or aarch64"
            return
        self.api, self.kind, self.architecture = api, "docker", machine
        rootless = any("rootless" in option for option in info.get("SecurityOptions") or [])
        virtual = sys.platform != "linux" or "Desktop" in str(info.get("OperatingSystem"))
        self.direct = not (rootless or virtual)
        if self.settings.publish != "auto":
            self.direct = self.settings.publish == "0"

    # -- labels and names --

    def labels(self, task_id=None, **more):
        labels = {LABEL: self.instance, **more}
        if task_id:
            labels[TASK_LABEL] = task_id
        return labels

    def _filter(self):
        return {"label": f"{LABEL}={self.instance}"}

    # -- the gate that a reset closes --

    @property
    def generation(self):
        return self._generation

    @contextlib.contextmanager
    def making(self, generation):
        """Around every call that makes something in the engine."""
        with self._gate:
            if not self._open or generation != self._generation:
                raise Closed()
            self._making += 1
        try:
            yield
        finally:
            with self._gate:
                self._making -= 1
                self._gate.notify_all()

    def close_gate(self):
        """Refuse new things and wait until those under way are made."""
        with self._gate:
            self._open = False
            self._generation += 1
            end = time.monotonic() + 20
            while self._making and time.monotonic() < end:
                self._gate.wait(0.5)

    def open_gate(self):
        with self._gate:
            self._open = True

    # -- start, clean-up --

    def start(self):
        """Remove what a dead predecessor left, make the pause image, follow events."""
        if self.api is None:
            return
        self.sweep()
        self.remove_pause_image()
        self._import_pause_image()
        threading.Thread(target=self._follow_events, name="decklift-events", daemon=True).start()

    def _import_pause_image(self):
        self.api.import_image_from_data(
            pause.image_tar(self.architecture), repository=self.pause_image.split(":")[0], tag=self.instance,
            changes=['ENTRYPOINT ["/pause"]', f"LABEL {LABEL}={self.instance}"])

    def sweep(self):
        """Remove every container, volume and network of this instance."""
        if self.api is None:
            return
        containers = [entry["Id"] for entry in self.api.containers(all=True, filters=self._filter())]
        self.remove_containers(containers)
        for volume in (self.api.volumes(filters=self._filter()) or {}).get("Volumes") or []:
            self.remove_volume(volume["Name"])
        for network in self.api.networks(filters=self._filter()):
            with contextlib.suppress(Exception):
                self.api.remove_network(network["Id"])
        self._network_id = self.refuser_ip = None

    def remove_pause_image(self):
        """By label: one that a dead predecessor imported has lost its name."""
        if self.api is None:
            return
        for image in self.api.images(filters=self._filter(), all=True):
            with contextlib.suppress(Exception):
                self.api.remove_image(image["Id"], force=True)

    def remove_containers(self, ids):
        """Kill and remove, eight at a time: one after the other takes seconds."""
        if not ids:
            return
        with concurrent.futures.ThreadPoolExecutor(max_workers=8) as pool:
            list(pool.map(self.remove_container, ids))

    def remove_container(self, container_id):
        for _ in range(3):
            try:
                self.api.remove_container(container_id, force=True, v=True)
                return
            except Exception as error:
                if "No such container" in str(error):
                    return
                if "already in progress" not in str(error):
                    log.warning("removing container %s: %s", container_id[:12], error)
                time.sleep(0.2)

    def remove_volume(self, name):
        for _ in range(5):
            try:
                self.api.remove_volume(name)
                return
            except Exception as error:
                if "o such volume" in str(error):
                    return
                # A container that uses it is still being removed.
                time.sleep(0.2)
        log.warning("volume %s could not be removed", name)

    def count(self):
        """How many containers of tasks run; the refuser is not one."""
        if self.api is None:
            return 0
        running = self.api.containers(filters={"label": [f"{LABEL}={self.instance}", TASK_LABEL]})
        return sum(1 for entry in running if "decklift.pause" not in (entry.get("Labels") or {}))

    # -- network --

    def network(self, generation):
        """The instance's own bridge network, made when the first task needs it."""
        with self._network_lock:
            if self._network_id is None:
                with self.making(generation):
                    made = self.api.create_network(
                        self.network_name, driver="bridge", labels=self.labels(), check_duplicate=True)
                    self._network_id = made["Id"]
                self._start_refuser(generation)
            return self.network_name

    def _start_refuser(self, generation):
        """A container without any listener: its address refuses every connection at once.

        Names nobody serves point here.  A loopback address would not do: a
        program that listens on all addresses would answer itself.
        """
        with self.making(generation):
            made = self.api.create_container(
                self.pause_image, name=f"decklift-{self.instance}-nobody", labels=self.labels(),
                host_config=self.api.create_host_config(network_mode=self.network_name))
            self.api.start(made["Id"])
        self.refuser_ip = self.address_of(made["Id"])

    def address_of(self, container_id):
        networks = self.api.inspect_container(container_id)["NetworkSettings"]["Networks"]
        return (networks.get(self.network_name) or {}).get("IPAddress") or None

    # -- events --

    def _follow_events(self):
        """Wake the task whose container died, started or changed its health."""
        while True:
            try:
                stream = self.api.events(
                    decode=True, filters={"type": "container", "label": f"{LABEL}={self.instance}",
                                          # Every health check is an exec, whose events nobody needs.
                                          "event": ["die", "oom", "health_status"]})
                for event in stream:
                    task_id = ((event.get("Actor") or {}).get("Attributes") or {}).get(TASK_LABEL)
                    if task_id:
                        self.on_event(task_id)
            except Exception as error:
                log.debug("event stream: %s", error)
            time.sleep(1)
