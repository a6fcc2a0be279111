"""The adapter's own endpoints, in front of MiniStack's application.

GET /_decklift/status, GET /_decklift/endpoints, POST /_decklift/reset, POST /_decklift/scan.
"""

import asyncio
import json
import logging

from ministack import app as ministack_app

from . import MINISTACK_VERSION, VERSION, images, names, promises, proxy, scans, state, targets, volumes
from .patching import replace, require

log = logging.getLogger("decklift.control")

PREFIX = "/_decklift/"


class Control:
    def __init__(self, engine, settings, forwarders, scheduler):
        self.engine, self.settings = engine, settings
        self.forwarders, self.scheduler = forwarders, scheduler

    def install(self):
        require(ministack_app, "app", "_get_reset_lock", "_reset_all_state", "_stop_docker_containers")
        self._app = replace(ministack_app, "app", self.application)
        self._reset_ministack = replace(ministack_app, "_reset_all_state", self.reset)
        sweep = ministack_app._stop_docker_containers

        def own_only(include_unlabelled=False):
            # Containers without MiniStack's instance label are somebody else's here.
            if self.engine.api is not None:
                sweep(False)

        replace(ministack_app, "_stop_docker_containers", own_only)
        if self.engine.api is None:
            replace(ministack_app, "_reaper_docker_client", lambda: None)
        return self.application

    async def application(self, scope, receive, send):
        path = scope.get("path", "")
        if scope["type"] != "http" or not path.startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        method, name = scope["method"], path[len(PREFIX):].rstrip("/")
        try:
            if (method, name) == ("GET", "status"):
                status, answer = 200, await asyncio.to_thread(self.status)
            elif (method, name) == ("GET", "endpoints"):
                status, answer = 200, {"listeners": self.forwarders.describe()}
            elif (method, name) == ("POST", "reset"):
                async with ministack_app._get_reset_lock():
                    await asyncio.to_thread(self.reset)
                status, answer = 200, {"reset": "ok"}
            elif (method, name) == ("POST", "scan"):
                status, answer = 200, scans.tell(await _body(receive))
            else:
                status, answer = 404, {"error": f"no {method} {path} here"}
        except ValueError as error:
            status, answer = 400, {"error": str(error)}
        except Exception as error:
            log.exception("%s %s", method, path)
            status, answer = 500, {"error": str(error)}
        body = json.dumps(answer).encode()
        await send({"type": "http.response.start", "status": status, "headers": [
            (b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]})
        await send({"type": "http.response.body", "body": body})

    def status(self):
        try:
            count = self.engine.count()
        except Exception:
            count = None  # the engine went away
        return {
            "adapter": VERSION, "ministack": MINISTACK_VERSION, "instance": self.settings.instance,
            "account": self.settings.account, "region": self.settings.region,
            "gateway_port": self.settings.gateway_port,
            "engine": {"kind": self.engine.kind, "version": self.engine.version, "why": self.engine.why},
            "containers": count, "listeners": self.forwarders.describe(),
            "promises": promises.promises(self.engine)}

    def reset(self):
        """Everything back to empty; safe while tasks start."""
        with self.scheduler.hold():
            self._clear()
            self._reset_ministack()
            # What a task's thread stored between the two steps.
            state.clear()
            self.engine.open_gate()
        self.forwarders.sync()

    def _clear(self):
        state.clear()
        self.engine.close_gate()
        self.forwarders.close_all()
        self.engine.sweep()
        images.remove_pulled(self.engine)
        names.forget_all(self.settings)
        volumes.forget()
        targets.forget_all()
        proxy.in_flight.clear()
        scans.forget()

    def shutdown(self):
        """SIGTERM: containers, networks and volumes go; nobody waits for stopTimeout."""
        self.scheduler.hold().acquire()
        self._clear()
        self.engine.remove_pause_image()


async def _body(receive):
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body
