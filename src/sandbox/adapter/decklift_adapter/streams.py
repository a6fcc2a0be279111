"""The data plane of a TCP listener: a connection in, one to a healthy target, bytes both ways.

Elastic Load Balancing, "What is a Network Load Balancer?": a connection is
routed to one target for as long as it lives; where none is healthy, to any.
"""

import asyncio
import logging

from ministack.services import alb

from . import proxy, targets

log = logging.getLogger("decklift.streams")

PIECE = 65536


class Listener:
    """`record` is MiniStack's listener; it is read anew for every connection."""

    def __init__(self, account, region, arn):
        self.account, self.region, self.arn = account, region, arn

    async def serve(self, reader, writer):
        """One client connection."""
        chosen = self._pick()
        if chosen is None:
            writer.transport.abort()  # refused, as by a balancer without targets
            return
        proxy.in_flight[chosen] = proxy.in_flight.get(chosen, 0) + 1
        try:
            host, port = targets.reach(*chosen)
            up_reader, up_writer = await asyncio.wait_for(
                asyncio.open_connection(host, port), proxy.CONNECT_SECONDS)
            await asyncio.gather(_copy(reader, up_writer), _copy(up_reader, writer))
        except (OSError, asyncio.TimeoutError):
            writer.transport.abort()
        except Exception:
            log.exception("listener %s", self.arn)
        finally:
            writer.close()
            proxy.in_flight[chosen] -= 1
            if not proxy.in_flight[chosen]:
                del proxy.in_flight[chosen]

    def _pick(self):
        record = alb._listeners.get_scoped(self.account, self.region, self.arn) or {}
        groups = {}
        for action in record.get("DefaultActions") or []:
            groups.update(targets.groups_of(action))
        for group in groups:
            able = targets.healthy(self.account, group) or targets.registered(self.account, group)
            if able:
                return able[next(proxy.turns) % len(able)]
        return None


async def _copy(reader, writer):
    """Until one side has no more to say; the other side may still go on."""
    try:
        while data := await reader.read(PIECE):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except OSError:
        writer.transport.abort()
