"""`python -m decklift_adapter`: MiniStack with the adapter, in the foreground.

The environment decides (see `settings`).  SIGTERM and SIGINT stop the sandbox
with everything it made, and the exit status is 0.  It is 75 where GATEWAY_PORT
is another program's: whoever started the sandbox tries another one.
"""

import asyncio
import errno
import logging
import os
import signal
import sys
import threading
import time

from . import patching, settings

PORT_TAKEN = 75


def main():
    try:
        config = settings.current()
        config.prepare()
        patching.check_version()
    except (settings.SettingsError, patching.PatchError, ValueError) as error:
        print(f"decklift sandbox: {error}", file=sys.stderr)
        return 64
    # Until the server listens there is nothing to clean up but the pause image, which the next start replaces.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    try:
        control = install(config)
    except patching.PatchError as error:
        print(f"decklift sandbox: MiniStack does not fit the adapter: {error}", file=sys.stderr)
        return 70
    code = asyncio.run(serve(config, control))
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads that wait for the engine must not delay the exit.
    os._exit(code)


def install(config):
    """Apply every patch; returns the control endpoints."""
    # Imported late: MiniStack reads the environment when it is imported.
    from ministack.services import alb, ecs
    from . import (api_definitions, api_deployments, api_services, api_tasks, control, forwarder, patch_elb,
                   patch_logs, patch_network, patch_rest, scheduler, state, targets)
    from .engine import Engine

    patching.require(ecs, "_clusters", "_services", "_tasks", "_tags", "_task_defs", "_resolve_cluster_name",
                     "_resolve_service_ref", "_resolve_td_key", "_launch_choice", "_task_capacity")
    patching.require(alb, "_listeners", "_targets")
    engine = Engine(config)
    forwarders = forwarder.Forwarders(config, engine.api is None)
    planner = scheduler.Scheduler(engine, config, forwarder.in_flight)
    api_tasks.set_scheduler(planner)
    api_deployments.set_scheduler(planner)
    # MiniStack's own tasks must never touch the engine beside ours.
    patching.replace(ecs, "_get_docker", lambda: None)
    for name, handler in {
        "_create_service": api_services.create_service, "_update_service": api_services.update_service,
        "_delete_service": api_services.delete_service, "_describe_services": api_services.describe_services,
        "_list_services": api_services.list_services,
        "_list_services_by_namespace": api_services.list_services_by_namespace,
        "_run_task": api_tasks.run_task, "_stop_task": api_tasks.stop_task,
        "_describe_tasks": api_tasks.describe_tasks, "_list_tasks": api_tasks.list_tasks,
        "_execute_command": api_tasks.execute_command,
        "_list_service_deployments": api_deployments.list_service_deployments,
        "_describe_service_deployments": api_deployments.describe_service_deployments,
        "_describe_service_revisions": api_deployments.describe_service_revisions,
        "_list_task_definition_families": api_definitions.list_task_definition_families,
        "_describe_task_definition": api_definitions.describing(ecs._describe_task_definition),
    }.items():
        patching.replace(ecs, name, handler)
    patching.action(ecs, "StopServiceDeployment", api_deployments.stop_service_deployment, new=True)
    patch_elb.install(forwarders)
    patch_logs.install()
    patch_network.install()
    patch_rest.install(engine)
    controls = control.Control(engine, config, forwarders, planner)
    controls.install()

    def woken(task_id):
        task = state.tasks.get(task_id)
        if task is not None:
            task.wake.set()

    engine.on_event = woken
    engine.start()
    targets.start(engine.api is None)
    forwarders.start()
    planner.start()
    return controls


async def serve(config, controls):
    """Listen on loopback until a signal comes."""
    from hypercorn.asyncio import serve as hypercorn_serve
    from hypercorn.config import Config
    from ministack import app as ministack_app

    server = Config()
    server.bind = [f"127.0.0.1:{config.gateway_port}"]
    server.keep_alive_timeout = 75
    server.graceful_timeout = 0.2
    server.shutdown_timeout = 3
    server.loglevel = os.environ.get("LOG_LEVEL", "INFO").upper()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stopping():
        if stop.is_set():
            return
        stop.set()
        # A hanging engine or connection must not keep the process.
        threading.Thread(target=_give_up, daemon=True).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping)
    serving = asyncio.ensure_future(hypercorn_serve(ministack_app.app, server, shutdown_trigger=stop.wait))
    waiting = asyncio.ensure_future(stop.wait())
    await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if not stop.is_set():
        why = serving.exception()
        logging.getLogger("decklift").error("the server stopped by itself: %s", why)
        await asyncio.to_thread(controls.shutdown)
        return PORT_TAKEN if getattr(why, "errno", None) == errno.EADDRINUSE else 1
    await asyncio.to_thread(controls.shutdown)
    await asyncio.wait({serving}, timeout=4)
    return 0


def _give_up():
    time.sleep(25)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
