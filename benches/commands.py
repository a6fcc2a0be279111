#!/usr/bin/env python3
"""Wall times and call counts of whole commands, on the example, in a sandbox of their own.

    cargo build --release
    python3 benches/commands.py [--runs 21] [--program target/release/decklift]

Machines are shared and noisy: each figure is the median of its runs with the fastest beside it, and
what is compared is compared in one run. The calls are counted by a proxy between the program and the
sandbox. Python's standard library only; nothing but loopback is talked to.
"""

import argparse
import collections
import http.client
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INSTANCE = f"bench-{os.getpid()}"


class Counter(BaseHTTPRequestHandler):
    """Forwards to the sandbox and counts by operation."""

    protocol_version = "HTTP/1.1"
    upstream = None
    calls = collections.Counter()
    lock = threading.Lock()

    def forward(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        target = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        action = re.search(rb"(?:^|&)Action=(\w+)", body)
        name = target or (action.group(1).decode() if action else f"{self.command} {self.path.split('?')[0]}")
        with self.lock:
            Counter.calls[name] += 1
        connection = http.client.HTTPConnection(Counter.upstream, timeout=120)
        headers = {key: value for key, value in self.headers.items() if key.lower() != "connection"}
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        data = answer.read()
        self.send_response(answer.status)
        for key, value in answer.getheaders():
            if key.lower() not in ("connection", "transfer-encoding", "content-length"):
                self.send_header(key, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)
        connection.close()

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = forward

    def log_message(self, *_):
        pass


class Program:
    def __init__(self, path):
        self.path = str(path)
        self.environment = {**os.environ, "DECKLIFT_SANDBOX_INSTANCE": INSTANCE, "NO_COLOR": "1"}

    def run(self, *arguments, extra=None, codes=(0,)):
        start = time.perf_counter()
        done = subprocess.run([self.path, *arguments], capture_output=True, text=True, check=False,
                              env={**self.environment, **(extra or {})})
        took = time.perf_counter() - start
        if done.returncode not in codes:
            sys.exit(f"{arguments} exited with {done.returncode}:\n{done.stderr}")
        return took, done

    def repeat(self, count, *arguments):
        return [self.run(*arguments)[0] for _ in range(count)]


def show(name, times):
    print(f"{name:<34} median {statistics.median(times) * 1000:8.1f} ms   fastest {min(times) * 1000:8.1f} ms   "
          f"of {len(times)}")


def events(endpoint, service):
    connection = http.client.HTTPConnection(endpoint, timeout=60)
    connection.request("POST", "/", json.dumps({"cluster": "shop", "services": [service]}), {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": "AmazonEC2ContainerServiceV20141113.DescribeServices",
        "Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/ecs/aws4_request, "
                         "SignedHeaders=host, Signature=0"})
    answer = json.loads(connection.getresponse().read())
    return answer["services"][0]["events"]


def counted(program, endpoint, name, compose):
    """One deploy through the proxy: how many calls, and of which operations."""
    Counter.upstream, Counter.calls = endpoint, collections.Counter()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Counter)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    took, _ = program.run("deploy", "--yes", "--region", "us-east-1", "-f", compose, extra={
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_address[1]}",
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true"})
    server.shutdown()
    calls = Counter.calls
    print(f"{name:<34} {sum(calls.values())} calls in {took:.1f} s: "
          + ", ".join(f"{operation} {count}" for operation, count in calls.most_common()))


def rollout(program, endpoint, compose, text):
    """A deploy of changed code beside the time that the engine itself needed, by the service's events."""
    known = {event["id"] for event in events(endpoint, "shop-api")}
    message = Path(compose).parent / "api" / "message.txt"
    message.write_text(message.read_text() + f"{text}\n")
    took, _ = program.run("deploy", "--yes", "--sandbox", "-f", compose)
    new = [event for event in events(endpoint, "shop-api") if event["id"] not in known]
    moments = [float(event["createdAt"]) for event in new]
    engine = max(moments) - min(moments)
    print(f"{'deploy of changed code':<34} {took:.2f} s; the engine's rollout, by its events, {engine:.2f} s; "
          f"ratio {took / engine:.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=21)
    parser.add_argument("--program", default=ROOT / "target/release/decklift", type=Path)
    given = parser.parse_args()
    program = Program(given.program.resolve())
    with tempfile.TemporaryDirectory() as folder:
        shop = Path(folder) / "shop"
        shutil.copytree(ROOT / "examples/shop", shop)
        compose = str(shop / "compose.yaml")
        show("--help", program.repeat(given.runs, "--help"))
        show("convert of the shop", program.repeat(given.runs, "convert", "-f", compose, "-o", f"{folder}/out"))
        many = Path(folder) / "many.yaml"
        many.write_text("name: many\nservices:\n" + "".join(
            f"  s{index}:\n    image: acme/s{index}:1\n    expose: [80]\n"
            # A load balancer has 50 listeners at most.
            + (f"    ports: ['{20000 + index}:80']\n" if index < 50 else "") +
            f"    environment: {{PEER: 'http://s{max(index - 1, 0)}:80'}}\n    volumes: ['data:/data']\n"
            for index in range(1000)) + "volumes: {data: {}}\n")
        show("convert of 1,000 services", program.repeat(given.runs, "convert", "-f", str(many)))
        try:
            program.run("plan", "--sandbox", "-f", compose)
            status = json.loads(program.run("sandbox", "status", "--output", "json")[1].stdout)
            endpoint = status["endpoint"].removeprefix("http://")
            counted(program, endpoint, "first deploy", compose)
            counted(program, endpoint, "deploy without a change", compose)
            show("deploy without a change", program.repeat(5, "deploy", "--yes", "--sandbox", "-f", compose))
            for number in range(3):
                rollout(program, endpoint, compose, f"change {number}")
        finally:
            program.run("sandbox", "stop")


if __name__ == "__main__":
    main()
