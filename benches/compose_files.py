#!/usr/bin/env python3
"""Compose files to measure the loader with: realistic ones of any size, and hostile ones.

    python3 benches/compose_files.py services 1000 > compose.yaml
    python3 benches/compose_files.py hostile FOLDER [--megabytes 9.5]
    python3 benches/compose_files.py list

The same arguments always give the same bytes. A realistic file has services of six kinds in turn, some
455 bytes each (10,000 of them are about 4.5 MB), with what people write: images and builds, environments
as maps and lists, ports and volumes in both forms, dependencies, health checks, limits, labels, networks,
anchors and `<<`. Every file of `hostile` is just below the given size. Python's standard library only.
"""

import argparse
import sys
from pathlib import Path

HEAD = """\
name: bench

x-logging: &logging
  driver: json-file
  options: {max-size: "10m", max-file: "3"}

x-common: &common
  restart: unless-stopped
  networks: [backend]

x-environment: &environment
  TZ: Europe/Berlin
  LOG_LEVEL: ${LOG_LEVEL:-info}
  STATSD_HOST: statsd.internal

services:
"""

TAIL = """\

networks:
  backend:
    driver: bridge
  frontend:

volumes:
  data:
  cache:
    driver: local
"""

# `{i}` is the number of the service, `{p}` a port of its own, `{b}` a service before it.
KINDS = [
    """\
  web-{i}:
    <<: *common
    image: registry.example.com/shop/web-{i}:1.{i}.0
    environment:
      <<: *environment
      PORT: "8080"
      API_URL: http://api-{b}:8080/v1
      SESSION_SECRET: ${{SESSION_SECRET:-change-me-{i}}}
    ports:
      - "{p}:8080"
    depends_on:
      - {before}
    labels:
      com.example.team: storefront
      com.example.tier: "{i}"
""",
    """\
  api-{i}:
    build:
      context: ./services/api-{i}
      dockerfile: Dockerfile
      args:
        VERSION: "1.{i}"
        NODE_ENV: production
    environment:
      - DATABASE_URL=postgres://app:${{DB_PASSWORD:-secret}}@db-{i}:5432/app
      - REDIS_URL=redis://cache-{i}:6379/0
      - WORKERS=4
    expose:
      - 8080
    depends_on:
      {before}:
        condition: service_started
    networks:
      - backend
      - frontend
    healthcheck:
      test: ["CMD", "curl", "-f", "http://localhost:8080/health"]
      interval: 30s
      timeout: 5s
      retries: 3
""",
    """\
  db-{i}:
    image: postgres:16-alpine
    restart: always
    environment:
      POSTGRES_USER: app
      POSTGRES_PASSWORD: ${{DB_PASSWORD:-secret}}
      POSTGRES_DB: app_{i}
    volumes:
      - data:/var/lib/postgresql/data
      - ./init/{i}.sql:/docker-entrypoint-initdb.d/init.sql:ro
    healthcheck:
      test: pg_isready -U app
      interval: 10s
      start_period: 20s
    networks: {{backend: {{aliases: [postgres-{i}]}}}}
""",
    """\
  worker-{i}:
    <<: *common
    image: "registry.example.com/shop/worker:${{TAG:-latest}}"
    command: ["python", "-m", "worker", "--queue", "queue-{i}", "--concurrency=8"]
    # Retries are bounded by the broker.
    environment: *environment
    deploy:
      replicas: 2
      resources:
        limits:
          cpus: "0.50"
          memory: 512M
        reservations:
          memory: 128M
    depends_on: [{before}]
    stop_grace_period: 1m30s
""",
    """\
  cache-{i}:
    image: redis:7.2
    command: redis-server --appendonly yes --maxmemory 256mb
    user: "999:999"
    read_only: true
    volumes:
      - type: volume
        source: cache
        target: /data
    ports:
      - target: 6379
        published: "{p}"
        protocol: tcp
    labels:
      - "com.example.team=platform"
      - "com.example.shard={i}"
    networks:
      - backend
""",
    """\
  jobs-{i}:
    image: registry.example.com/shop/jobs:2024.{i}
    entrypoint: /bin/sh -c
    command:
      - |
        set -e
        ./migrate --service jobs-{i}
        exec ./run --forever
    working_dir: /srv/app
    environment:
      SCHEDULE: "*/5 * * * *"
      REGION: eu-west-1
      DESCRIPTION: 'Nightly work of shop {i}: reports, invoices and cleaning up'
    volumes:
      - ./config/jobs-{i}.yaml:/etc/app/config.yaml:ro
    networks:
      - backend
""",
]
NAMES = ["web", "api", "db", "worker", "cache", "jobs"]


def services(count):
    """A realistic file of `count` services."""
    out = [HEAD]
    for i in range(count):
        back = max(i - 7, 0)
        before = f"{NAMES[back % len(NAMES)]}-{back}"
        # The very first ones would depend on themselves; `jobs` depends on nothing and is always there.
        if back == i or i < 7:
            before = "base"
        out.append(KINDS[i % len(KINDS)].format(i=i, b=back, p=10000 + i % 50000, before=before))
    out.append("  base:\n    image: alpine:3.20\n    networks: [backend]\n")
    out.append(TAIL)
    return "".join(out)


def filled(head, item, tail, size, separator=""):
    """`head`, as many of `item(0)`, `item(1)` … as fit into `size` bytes, `tail`."""
    parts, used, number = [], len(head) + len(tail), 0
    while True:
        part = item(number)
        used += len(part.encode()) + len(separator)
        if used > size:
            return head + separator.join(parts) + tail
        parts.append(part)
        number += 1


SERVICE = "services:\n  a:\n    image: x\n"


def nested(depth):
    """Mappings in mappings."""
    return "".join(f"{' ' * level}k{level}:\n" for level in range(depth))


# Name and maker (of the size in bytes) of each hostile file.
HOSTILE = {
    "unknown-keys": lambda size: filled(SERVICE, lambda n: f"    k{n}: 1\n", "", size),
    "unknown-root-keys": lambda size: filled(SERVICE, lambda n: f"k{n}: 1\n", "", size),
    "unknown-short-services": lambda size: filled("services:\n", lambda n: f"  s{n}: {{imgae: x}}\n", "", size),
    "services-on-one-line": lambda size: filled("services: {", lambda n: f"s{n}: {{image: x}}", "}\n", size, ", "),
    "hundred-thousand-on-one-line": lambda size: "services: {" + ", ".join(
        f"s{n}: {{image: 'registry.example.com/shop/{n}'}}" for n in range(100_000)) + "}\n",
    "services-short": lambda size: filled("services:\n", lambda n: f"  s{n}: {{image: x}}\n", "", size),
    "services-wrong": lambda size: filled("services:\n", lambda n: f"  s{n}: 1\n", "", size),
    "flow-list": lambda size: filled(f"{SERVICE}x-l: [", lambda n: "1", "]\n", size, ","),
    "flow-pairs": lambda size: filled(f"{SERVICE}x-l: [", lambda n: "a: b", "]\n", size, ","),
    "flow-deep": lambda size: SERVICE + "x-l: " + "[" * (size // 2) + "]" * (size // 2) + "\n",
    "flow-deep-many": lambda size: filled(f"{SERVICE}x-l:\n", lambda n: "- " + "[" * 50 + "]" * 50 + "\n", "", size),
    "block-deep": lambda size: SERVICE + "x-d:\n" + nested(int((2 * size) ** 0.5) - 10),
    "block-dashes": lambda size: SERVICE + "x-d:\n  " + "- " * (size // 2) + "1\n",
    "long-plain": lambda size: f"{SERVICE}x-s: " + "a b " * (size // 4) + "\n",
    "long-quoted": lambda size: f'{SERVICE}x-s: "' + "\\u00e4 " * (size // 7) + '"\n',
    "long-block": lambda size: filled(f"{SERVICE}x-s: |\n", lambda n: f"  line {n}\n", "", size),
    "long-comment": lambda size: filled(SERVICE, lambda n: f"# {n}\n", "", size),
    "long-key": lambda size: SERVICE + "x-" + "k" * size + ": 1\n",
    "blank-lines": lambda size: SERVICE + "\n" * size,
    "dollars": lambda size: f"{SERVICE}    command: '" + "$A" * (size // 2) + "'\n",
    "dollars-many": lambda size: filled(f"{SERVICE}    labels:\n", lambda n: f"      l{n}: ${{V{n}}}\n", "", size),
    "dollars-wrong": lambda size: filled(f"{SERVICE}    labels:\n", lambda n: f"      l{n}: ${{}}\n", "", size),
    "aliases": lambda size: filled(f"x-a: &a {{b: c}}\n{SERVICE}x-l:\n", lambda n: "- *a\n", "", size),
    "aliases-large": lambda size: filled("x-a: &a [" + "1," * 1000 + f"]\n{SERVICE}x-l:\n", lambda n: "- *a\n", "", size),
    "aliases-bomb": lambda size: "x-0: &a0 [x]\n" + "".join(
        f"x-{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)) + SERVICE,
    "anchors": lambda size: filled(f"{SERVICE}x-l:\n", lambda n: f"- &a{n} 1\n", "", size),
    "merges": lambda size: filled(f"x-a: &a {{b: c, d: e}}\n{SERVICE}x-l:\n", lambda n: "- {<<: *a}\n", "", size),
    "duplicates": lambda size: filled(SERVICE, lambda n: "    image: y\n", "", size),
    "tags": lambda size: filled(f"{SERVICE}x-l:\n", lambda n: f"- !t{n} 1\n", "", size),
    "long-list": lambda size: filled(f"{SERVICE}    cap_add:\n", lambda n: f"      - C{n}\n", "", size),
    "ports": lambda size: filled(f"{SERVICE}    ports:\n", lambda n: f"      - {n % 65535 + 1}\n", "", size),
    "ports-wrong": lambda size: filled(f"{SERVICE}    ports:\n", lambda n: f"      - p{n}\n", "", size),
    "port-ranges": lambda size: filled(f"{SERVICE}    ports:\n", lambda n: "      - 1-65535:1-65535\n", "", size),
    "volumes": lambda size: filled(f"{SERVICE}    volumes:\n", lambda n: f"      - ./a{n}:/b{n}\n", "", size),
    "environment": lambda size: filled(f"{SERVICE}    environment:\n", lambda n: f"      - K{n}=v\n", "", size),
    "depends": lambda size: filled("services:\n", lambda n: f"  s{n}: {{image: x, depends_on: [s{n + 1}]}}\n", "", size),
    "undefined": lambda size: filled(SERVICE + "    depends_on:\n", lambda n: f"      - nothing{n}\n", "", size),
    "closing-bracket": lambda size: filled(f"{SERVICE}x-l: [\n", lambda n: f"  {n},\n", "]\n", size),
    "umlauts": lambda size: filled(f"{SERVICE}x-l:\n", lambda n: f"- ä{n}ü\n", "", size),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("services").add_argument("count", type=int)
    commands.add_parser("list")
    hostile = commands.add_parser("hostile")
    hostile.add_argument("folder", type=Path)
    hostile.add_argument("--megabytes", type=float, default=9.5)
    hostile.add_argument("--only", default="")
    given = parser.parse_args()
    if given.command == "services":
        sys.stdout.write(services(given.count))
    elif given.command == "list":
        print("\n".join(HOSTILE))
    else:
        given.folder.mkdir(parents=True, exist_ok=True)
        for name, make in HOSTILE.items():
            if given.only in name:
                (given.folder / f"{name}.yaml").write_text(make(int(given.megabytes * 1e6)))


if __name__ == "__main__":
    main()
