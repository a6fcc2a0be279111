"""The data plane of one listener: HTTP in, HTTP to a healthy target, bytes back.

Elastic Load Balancing, "What is an Application Load Balancer?", "HTTP headers
and Application Load Balancers" (X-Forwarded-For, -Proto, -Port) and
"Troubleshoot your Application Load Balancers" (502, 503).
"""

import asyncio
import itertools
import logging
import random
import ssl
from urllib.parse import parse_qs

from ministack.services import alb

from . import targets

log = logging.getLogger("decklift.proxy")

HEAD_LIMIT = 64 * 1024
IDLE_SECONDS = 60       # ALB's default idle timeout
CONNECT_SECONDS = 5
HOP_BY_HOP = {b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"upgrade"}

SIMULATED_PAGE = b"""decklift sandbox: this service is simulated.

No Docker engine answers here, so no container runs behind this load balancer.
The AWS resources of the deployment exist in the sandbox; the application does not.
"""

turns = itertools.count()
in_flight = {}  # (target id, port) -> requests under way


class Bad(Exception):
    """The client sent something that is not HTTP/1."""


class Head:
    """Start line and headers of a request or response, bytes as they came."""

    def __init__(self, raw):
        lines = raw.split(b"\r\n")
        self.start = lines[0]
        self.headers = []
        for line in lines[1:]:
            if line:
                name, colon, value = line.partition(b":")
                if not colon:
                    raise Bad()
                self.headers.append((name.strip(), value.strip()))

    def get(self, name):
        for key, value in self.headers:
            if key.lower() == name:
                return value
        return None

    def encode(self):
        return b"\r\n".join([self.start, *(key + b": " + value for key, value in self.headers)]) + b"\r\n\r\n"


async def _read_head(reader):
    try:
        raw = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), IDLE_SECONDS)
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise Bad() from None
        return None
    return Head(raw[:-4])


async def _copy_body(head, reader, writer, until_end):
    """Forward one message body; True when its end was marked."""
    if (head.get(b"transfer-encoding") or b"").lower().endswith(b"chunked"):
        while True:
            line = await reader.readuntil(b"\r\n")
            writer.write(line)
            size = int(line.split(b";")[0], 16)
            if size == 0:
                while True:  # trailers, then an empty line
                    line = await reader.readuntil(b"\r\n")
                    writer.write(line)
                    if line == b"\r\n":
                        await writer.drain()
                        return True
            await _copy_exactly(reader, writer, size + 2)
    length = head.get(b"content-length")
    if length is not None:
        await _copy_exactly(reader, writer, int(length))
        return True
    if until_end:
        await _copy_all(reader, writer)
        return False
    return True


async def _copy_exactly(reader, writer, size):
    while size:
        data = await reader.read(min(size, 65536))
        if not data:
            raise ConnectionResetError("the message ended early")
        writer.write(data)
        await writer.drain()
        size -= len(data)


async def _copy_all(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


class Listener:
    """`record` is MiniStack's listener; it is read anew for every request."""

    def __init__(self, forwarders, account, region, arn, simulated):
        self.forwarders, self.account, self.region, self.arn = forwarders, account, region, arn
        self.simulated = simulated

    def record(self):
        return alb._listeners.get_scoped(self.account, self.region, self.arn) or {}

    async def serve(self, reader, writer):
        """One client connection, with as many requests as it sends."""
        try:
            while True:
                head = await _read_head(reader)
                if head is None or not await self._request(head, reader, writer):
                    break
        except (Bad, asyncio.LimitOverrunError, ValueError):
            await _answer(writer, 400, b"Bad Request\n")
        except (ConnectionError, asyncio.TimeoutError, asyncio.IncompleteReadError, TimeoutError):
            pass
        except Exception:
            log.exception("listener %s", self.arn)
        finally:
            writer.close()

    async def _request(self, head, reader, writer):
        """Answer one request; False closes the connection."""
        parts = head.start.split(b" ")
        if len(parts) != 3 or not parts[2].startswith(b"HTTP/1."):
            raise Bad()
        method, target, version = parts
        keep = (head.get(b"connection") or (b"keep-alive" if version == b"HTTP/1.1" else b"close")).lower() != b"close"
        kind, value = self._action(method.decode(), target.decode("latin-1"), head)
        if kind == "forward":
            return await self._forward(*value, head, reader, writer, keep)
        status, content, more = value
        if not await self._swallow(head, reader):
            keep = False
        await _answer(writer, status, content, more, keep, head_only=method == b"HEAD")
        return keep

    @staticmethod
    async def _swallow(head, reader):
        """Read a body nobody wants, so that the next request is found; give up on long ones."""
        length = head.get(b"content-length")
        if head.get(b"transfer-encoding") or (length and int(length) > 1 << 20):
            return False
        if length:
            await reader.readexactly(int(length))
        return True

    # -- rules --

    def _action(self, method, target, head):
        """("forward", (target, TLS context or None)) or ("answer", (status, body, headers))."""
        if self.simulated:
            return "answer", (200, SIMULATED_PAGE, [])
        path, _, query = target.partition("?")
        headers = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in head.headers}
        listener = self.record()
        rules = sorted((rule for rule in alb._rules.values_scoped(self.account, self.region)
                        if rule.get("ListenerArn") == self.arn), key=alb._rule_sort_key)
        for rule in rules:
            if rule.get("IsDefault") or all(
                    alb._match_condition(condition, method, path, headers, parse_qs(query, keep_blank_values=True))
                    for condition in rule.get("Conditions") or []):
                actions = listener.get("DefaultActions") if rule.get("IsDefault") else rule.get("Actions")
                return self._perform(actions or [], path, query, headers)
        return "answer", (503, b"Service Unavailable\n", [])

    def _perform(self, actions, path, query, headers):
        for action in sorted(actions, key=lambda one: int(one.get("Order") or 0)):
            if action["Type"] == "forward":
                groups = targets.groups_of(action)
                return self._pick(groups)
            if action["Type"] == "fixed-response":
                config = action.get("FixedResponseConfig") or {}
                return "answer", (int(config.get("StatusCode") or 200), (config.get("MessageBody") or "").encode(),
                                  [(b"Content-Type", (config.get("ContentType") or "text/plain").encode())])
            if action["Type"] == "redirect":
                return "answer", self._redirect(action.get("RedirectConfig") or {}, path, query, headers)
        return "answer", (503, b"Service Unavailable\n", [])

    def _pick(self, groups):
        """Round robin within a group; between groups by weight."""
        weighted = [(arn, weight) for arn, weight in groups.items() if weight > 0] or list(groups.items())
        if not weighted:
            return "answer", (503, b"Service Unavailable\n", [])
        arn = random.choices([one for one, _ in weighted], [max(1, weight) for _, weight in weighted])[0]
        able = targets.healthy(self.account, arn)
        if not able:
            return "answer", (503, b"Service Temporarily Unavailable: no healthy target\n", [])
        group = alb._tgs.get_scoped(self.account, self.region, arn) or {}
        # A load balancer does not verify the certificates of its targets.
        tls = ssl._create_unverified_context() if group.get("Protocol") == "HTTPS" else None
        return "forward", (able[next(turns) % len(able)], tls)

    def _redirect(self, config, path, query, headers):
        own = self.record()
        host = headers.get("host", "").rsplit(":", 1)[0] or "127.0.0.1"
        names = {"protocol": own.get("Protocol", "HTTP").lower(), "host": host, "port": str(own.get("Port", 80)),
                 "path": path.lstrip("/"), "query": query}

        def fill(text):
            for name, value in names.items():
                text = text.replace("#{" + name + "}", value)
            return text

        protocol, port = fill(config.get("Protocol", "#{protocol}")).lower(), fill(config.get("Port", "#{port}"))
        # The listener that is redirected to has a port of its own here, and speaks plain HTTP.
        local = self.forwarders.local_port(own.get("LoadBalancerArn"), port)
        if local:
            protocol, port = "http", str(local)
        location = f"{protocol}://{fill(config.get('Host', '#{host}'))}:{port}{fill(config.get('Path', '/#{path}'))}"
        query = fill(config.get("Query", "#{query}"))
        status = 301 if config.get("StatusCode") == "HTTP_301" else 302
        return status, b"", [(b"Location", (location + ("?" + query if query else "")).encode())]

    # -- forwarding --

    async def _forward(self, chosen, tls, head, reader, writer, keep):
        in_flight[chosen] = in_flight.get(chosen, 0) + 1
        try:
            return await self._exchange(chosen, tls, head, reader, writer, keep)
        finally:
            in_flight[chosen] -= 1
            if not in_flight[chosen]:
                del in_flight[chosen]

    async def _exchange(self, chosen, tls, head, reader, writer, keep):
        host, port = targets.reach(*chosen)
        try:
            up_reader, up_writer = await asyncio.wait_for(
                asyncio.open_connection(host, port, limit=HEAD_LIMIT, ssl=tls), CONNECT_SECONDS)
        except (OSError, asyncio.TimeoutError):
            await self._swallow(head, reader)
            await _answer(writer, 502, b"Bad Gateway: the target refused the connection\n")
            return False
        try:
            upgrade = head.get(b"upgrade")
            up_writer.write(self._towards_target(head, writer, upgrade).encode())
            await up_writer.drain()
            sending = asyncio.ensure_future(_copy_body(head, reader, up_writer, False))
            try:
                answer = await _read_head(up_reader)
                while answer is not None and answer.start.split(b" ")[1] in (b"100", b"103"):
                    writer.write(answer.encode())
                    answer = await _read_head(up_reader)
            except (Bad, IndexError, ConnectionError):
                answer = None
            if answer is None:
                sending.cancel()
                await _answer(writer, 502, b"Bad Gateway: the target closed the connection\n")
                return False
            status = answer.start.split(b" ")[1]
            if status == b"101":
                writer.write(answer.encode())
                await asyncio.gather(_copy_all(reader, up_writer), _copy_all(up_reader, writer))
                return False
            bodiless = head.start.startswith(b"HEAD ") or status in (b"204", b"304")
            marked = bodiless or answer.get(b"transfer-encoding") or answer.get(b"content-length") is not None
            keep = bool(keep and marked and sending.done() or keep and marked and not _has_body(head))
            answer.start = b"HTTP/1.1 " + answer.start.split(b" ", 1)[1]
            answer.headers = [(key, value) for key, value in answer.headers if key.lower() not in HOP_BY_HOP]
            answer.headers.append((b"Connection", b"keep-alive" if keep else b"close"))
            writer.write(answer.encode())
            if not bodiless:
                await _copy_body(answer, up_reader, writer, True)
            await writer.drain()
            if keep:
                await sending
            else:
                sending.cancel()
            return keep
        finally:
            up_writer.close()

    def _towards_target(self, head, writer, upgrade):
        """The request as the load balancer sends it on."""
        listener = self.record()
        client = (writer.get_extra_info("peername") or ("127.0.0.1",))[0]
        before = head.get(b"x-forwarded-for")
        new = Head(head.start)
        skip = HOP_BY_HOP | {b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-port"}
        new.headers = [(key, value) for key, value in head.headers if key.lower() not in skip]
        new.headers += [
            (b"X-Forwarded-For", (before + b", " if before else b"") + client.encode()),
            (b"X-Forwarded-Proto", listener.get("Protocol", "HTTP").lower().encode()),
            (b"X-Forwarded-Port", str(listener.get("Port", 80)).encode()),
            (b"X-Amzn-Trace-Id", alb._trace_id().encode()),
            (b"Connection", b"Upgrade" if upgrade else b"close")]
        if upgrade:
            new.headers.append((b"Upgrade", upgrade))
        return new


def _has_body(head):
    return bool(head.get(b"transfer-encoding")) or (head.get(b"content-length") or b"0") != b"0"


async def _answer(writer, status, content, headers=(), keep=False, head_only=False):
    import http
    reason = http.HTTPStatus(status).phrase if status in http.HTTPStatus._value2member_map_ else "Answer"
    lines = [f"HTTP/1.1 {status} {reason}".encode(), b"Server: awselb/2.0",
             b"Content-Length: " + str(len(content)).encode(),
             b"Connection: " + (b"keep-alive" if keep else b"close")]
    if not any(key.lower() == b"content-type" for key, _ in headers):
        lines.append(b"Content-Type: text/plain; charset=utf-8")
    lines += [key + b": " + value for key, value in headers]
    try:
        writer.write(b"\r\n".join(lines) + b"\r\n\r\n" + (b"" if head_only else content))
        await writer.drain()
    except ConnectionError:
        pass
