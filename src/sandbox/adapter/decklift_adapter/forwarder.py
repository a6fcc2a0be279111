"""A loopback port for every listener, so that the printed URL just works.

The listener's own port is taken when it is 1024 or above and free on 127.0.0.1;
else one near it, else any.  Which one it got is kept in the state folder, so
that a listener that is made again gets the same.
"""

import asyncio
import json
import logging
import threading

from ministack.services import alb

from . import proxy, streams

log = logging.getLogger("decklift.forwarder")


class Forwarders:
    def __init__(self, settings, simulated):
        self.settings, self.simulated = settings, simulated
        self.record_path = settings.state / "listeners.json"
        self.open = {}     # (account, region, listener ARN) -> (local port, server, task set)
        self._lock = threading.Lock()
        self._loop = asyncio.new_event_loop()

    def start(self):
        threading.Thread(target=self._run, name="decklift-forwarder", daemon=True).start()

    def _run(self):
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def sync(self):
        """Open ports of new listeners, close those of deleted ones."""
        with self._lock:
            wanted = {(account, region, arn): record
                      for (account, region, arn), record in alb._listeners.all_items()
                      if record.get("Protocol") in ("HTTP", "HTTPS") or self._is_stream(record)}
            for key in [key for key in self.open if key not in wanted]:
                self._close(key)
            for key, record in wanted.items():
                if key not in self.open:
                    try:
                        self._open(key, record)
                    except Exception as error:
                        log.error("listener %s: no local port could be opened: %s", key[2], error)

    def _is_stream(self, record):
        """Where tasks are simulated nothing could answer at the other end."""
        return not self.simulated and record.get("Protocol") in ("TCP", "TLS")

    def close_all(self):
        with self._lock:
            for key in list(self.open):
                self._close(key)

    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(5)

    def _open(self, key, record):
        account, region, arn = key
        name = arn.split("/")[2] if arn.count("/") > 2 else arn
        label = f"{account}/{region}/{name}:{record['Port']}"
        remembered = self._remembered()
        if self._is_stream(record):
            listener = streams.Listener(account, region, arn)
        else:
            listener = proxy.Listener(self, account, region, arn, self.simulated)
        port = int(record["Port"])
        candidates = [remembered.get(label), port if port >= 1024 else None, port + 8000 if port < 1024 else None, 0]
        for candidate in candidates:
            if candidate is None:
                continue
            try:
                server = self._call(asyncio.start_server(
                    listener.serve, "127.0.0.1", candidate, limit=proxy.HEAD_LIMIT, backlog=512))
            except (OSError, OverflowError):
                continue
            local = server.sockets[0].getsockname()[1]
            self.open[key] = (local, server)
            remembered[label] = local
            self._remember(remembered)
            log.info("listener %s answers at 127.0.0.1:%s", label, local)
            return
        raise OSError("no port is free")

    def _close(self, key):
        _, server = self.open.pop(key)

        async def close():
            server.close()  # connections under way end by themselves

        self._call(close())

    def _remembered(self):
        try:
            return json.loads(self.record_path.read_text())
        except (OSError, ValueError):
            return {}

    def _remember(self, table):
        self.record_path.write_text(json.dumps(table, indent=1))

    def local_port(self, load_balancer, port):
        """The local port of the load balancer's listener with that port."""
        for (account, region, arn), (local, _) in list(self.open.items()):
            record = alb._listeners.get_scoped(account, region, arn) or {}
            if record.get("LoadBalancerArn") == load_balancer and str(record.get("Port")) == str(port):
                return local
        return None

    def describe(self):
        result = []
        for (account, region, arn), (local, _) in sorted(self.open.items()):
            record = alb._listeners.get_scoped(account, region, arn)
            if record is None:
                continue
            balancer = alb._lbs.get_scoped(account, region, record["LoadBalancerArn"]) or {}
            result.append({
                "listener_arn": arn, "load_balancer_arn": record["LoadBalancerArn"],
                "load_balancer_name": balancer.get("LoadBalancerName", ""),
                "port": record["Port"], "protocol": record.get("Protocol", "HTTP"), "local_port": local,
                "url": f"{'tcp' if self._is_stream(record) else 'http'}://127.0.0.1:{local}"})
        return result


def in_flight(task):
    """Requests under way to the task through any load balancer."""
    return sum(count for (target_id, _), count in list(proxy.in_flight.items()) if target_id == task.ip)
