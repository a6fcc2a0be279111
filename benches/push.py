#!/usr/bin/env python3
"""Pushes the same images with decklift, skopeo and docker into one fresh docker-registry, in turn.

    cargo build --release --example push_image
    benches/push.py [--decklift 'COMMAND {source} {address} {tag} {cache}'] [--rounds N]

COMMAND, decklift's uploader by itself unless something else is named, pushes one image (or several, separated by commas) and exits; `{source}` is `engine:NAME` or
`path:FILE-OR-DIRECTORY`, `{address}` is REGISTRY/REPOSITORY, `{cache}` a directory to remember layers in, or nothing. What is
compared:

    cold     8 layers x 50 MB of random bytes, from the engine and from an OCI layout
    many     200 layers of a few kilobytes (an OCI layout: engines stop at about 125)
    warm     20 unchanged images
    changed  the same of which one has another layer of 1 MB: seconds, and bytes that went out
    stored   bytes in the registry of an image that compresses
    floor    SHA-256 over the same bytes, their way through the loopback interface, and the engine's own
             export of the cold image to nobody: until its first byte, and until its last
    memory   the largest resident size of each pusher

Needs docker, docker-registry and skopeo; the standard library and nothing else. Everything that it
makes is called decklift-bench-push and removed again.
"""

import argparse
import hashlib
import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

LAYERS, SIZE, MANY, WARM = 8, 50_000_000, 200, 20
NAME = "decklift-bench-push"
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TARGET = os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target"))
DRIVER = os.path.join(TARGET, "release", "examples", "push_image")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Registry:
    """A fresh docker-registry."""

    def __init__(self, root):
        self.root = tempfile.mkdtemp(dir=root)
        self.host = f"127.0.0.1:{free_port()}"
        config = os.path.join(self.root, "registry.yml")
        with open(config, "w") as file:
            file.write(
                f"version: 0.1\nlog: {{level: error}}\nhttp: {{addr: '{self.host}'}}\n"
                f"storage: {{filesystem: {{rootdirectory: '{self.root}/data'}}}}\n"
            )
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(
            ["docker-registry", "serve", config], stdout=quiet, stderr=quiet
        )
        host, port = self.host.split(":")
        for _ in range(200):
            try:
                socket.create_connection((host, int(port)), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        sys.exit("docker-registry does not answer")

    def stored(self):
        """Bytes of blobs."""
        total = 0
        for path, _, files in os.walk(os.path.join(self.root, "data")):
            if "/blobs/" in path:
                total += sum(os.path.getsize(os.path.join(path, f)) for f in files if f == "data")
        return total

    def stop(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.root, ignore_errors=True)


class Counter:
    """In front of a registry; counts what goes there."""

    def __init__(self, host):
        self.upstream = host.split(":")
        self.sent = 0
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            upstream = socket.create_connection((self.upstream[0], int(self.upstream[1])))
            threading.Thread(target=self.copy, args=(client, upstream, True), daemon=True).start()
            threading.Thread(target=self.copy, args=(upstream, client, False), daemon=True).start()

    def copy(self, source, sink, counts):
        try:
            while piece := source.recv(1 << 18):
                if counts:
                    with self.lock:
                        self.sent += len(piece)
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def stop(self):
        self.listener.close()


def run(command):
    """Seconds, processor seconds and the largest resident size (MB) of a command."""
    start = time.monotonic()
    said = tempfile.TemporaryFile()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said)
    peak = 0
    while True:
        done, status, usage = os.wait4(process.pid, os.WNOHANG)
        if done:
            break
        # What wait4 says of it begins with the size of this process, of which it was forked.
        peak = max(peak, high_water(process.pid))
        time.sleep(0.01)
    took = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        said.seek(0)
        sys.exit(f"{command} failed: {said.read().decode()}")
    return took, usage.ru_utime + usage.ru_stime, peak


def high_water(process):
    """MB, of a process that has begun to be another program than this one."""
    try:
        if os.readlink(f"/proc/{process}/exe") == os.readlink("/proc/self/exe"):
            return 0
        with open(f"/proc/{process}/status") as file:
            found = [line for line in file if line.startswith("VmHWM:")]
        return int(found[0].split()[1]) / 1024
    except (OSError, IndexError):
        return 0


def docker(*arguments):
    return subprocess.run(["docker", *arguments], check=True, capture_output=True).stdout


def build(tag, files, root):
    """An image with a layer for each file."""
    directory = tempfile.mkdtemp(dir=root)
    lines = ["FROM scratch"]
    for number, content in enumerate(files):
        with open(os.path.join(directory, f"f{number}"), "wb") as file:
            file.write(content)
        lines.append(f"COPY f{number} /f{number}")
    with open(os.path.join(directory, "Dockerfile"), "w") as file:
        file.write("\n".join(lines) + "\n")
    docker("build", "-q", "-t", f"{NAME}:{tag}", directory)
    shutil.rmtree(directory)
    return f"{NAME}:{tag}"


def layout(directory, layers):
    """An OCI layout of packed layers; these are bytes as far as a registry can tell."""
    blobs = os.path.join(directory, "blobs", "sha256")
    os.makedirs(blobs)

    def blob(kind, content):
        digest = hashlib.sha256(content).hexdigest()
        with open(os.path.join(blobs, digest), "wb") as file:
            file.write(content)
        return {"mediaType": kind, "digest": f"sha256:{digest}", "size": len(content)}

    oci = "application/vnd.oci.image."
    described = [blob(f"{oci}layer.v1.tar+gzip", layer) for layer in layers]
    diff_ids = [layer["digest"] for layer in described]
    config = {
        "architecture": "amd64",
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
    }
    config = blob(f"{oci}config.v1+json", json.dumps(config).encode())
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{oci}manifest.v1+json",
        "config": config,
        "layers": described,
    }
    manifest = blob(f"{oci}manifest.v1+json", json.dumps(manifest).encode())
    manifest["annotations"] = {"org.opencontainers.image.ref.name": "v1"}
    with open(os.path.join(directory, "index.json"), "w") as file:
        json.dump({"schemaVersion": 2, "manifests": [manifest]}, file)
    with open(os.path.join(directory, "oci-layout"), "w") as file:
        json.dump({"imageLayoutVersion": "1.0.0"}, file)
    return directory


def compressible(size):
    """Programs and documentation of this machine, as images have them."""
    parts, total = [], 0
    for root in ("/usr/bin", "/usr/share/doc", "/usr/lib"):
        for path, _, names in sorted(os.walk(root)):
            for name in sorted(names):
                full = os.path.join(path, name)
                if os.path.islink(full) or not os.path.isfile(full):
                    continue
                with open(full, "rb") as file:
                    parts.append(file.read())
                total += len(parts[-1])
                if total > size:
                    return b"".join(parts)[:size]
    return b"".join(parts)


def floor(size):
    """Hashing, and sending through the loopback interface, each by itself."""
    content = os.urandom(SIZE)
    start = time.monotonic()
    for _ in range(size // SIZE):
        hashlib.sha256(content).digest()
    hashing = time.monotonic() - start
    listener = socket.create_server(("127.0.0.1", 0))

    def swallow():
        connection, _ = listener.accept()
        buffer = bytearray(1 << 20)
        while connection.recv_into(buffer):
            pass
        connection.close()

    thread = threading.Thread(target=swallow)
    thread.start()
    start = time.monotonic()
    with socket.create_connection(listener.getsockname()) as connection:
        for _ in range(size // SIZE):
            connection.sendall(content)
        connection.shutdown(socket.SHUT_WR)
        thread.join()
    return hashing, time.monotonic() - start


def exported(name):
    """Seconds until the first and the last byte of an engine's export that nobody does anything with."""
    start = time.monotonic()
    first = None
    with socket.socket(socket.AF_UNIX) as engine:
        engine.connect("/var/run/docker.sock")
        engine.sendall(f"GET /images/{name}/get HTTP/1.0\r\nHost: docker\r\n\r\n".encode())
        buffer = bytearray(1 << 20)
        while engine.recv_into(buffer):
            first = first or time.monotonic() - start
    return first, time.monotonic() - start


class Pushers:
    """The three, each with the same question."""

    def __init__(self, decklift):
        self.decklift = decklift

    def ours(self, source, address, tag="v1", cache=""):
        words = {"source": source, "address": address, "tag": tag, "cache": cache}
        return run([part.format(**words) for part in self.decklift])

    @staticmethod
    def skopeo(source, address):
        kind, name = source.split(":", 1)
        place = f"docker-daemon:{name}" if kind == "engine" else f"oci:{name}:v1"
        return run(
            ["skopeo", "copy", "-q", "--dest-tls-verify=false", place, f"docker://{address}:v1"]
        )

    @staticmethod
    def docker(source, address):
        name = source.split(":", 1)[1]
        docker("tag", name, f"{address}:v1")
        result = run(["docker", "push", "-q", f"{address}:v1"])
        docker("rmi", f"{address}:v1")
        return result


def compared(title, rounds, pushers, source, names, root):
    """The least of each pusher's times, taken in turn, and the ratios to ours."""
    best = {}
    for number in range(rounds):
        for name in names:
            # A registry each: what one stored must not help another.
            registry = Registry(root)
            took = getattr(pushers, name)(source, f"{registry.host}/bench/{name}{number}")
            if name not in best or took[0] < best[name][0]:
                best[name] = took
            registry.stop()
    show(title, best)
    return best


def show(title, best):
    ours = best["ours"][0]
    for name, (took, processor, memory) in best.items():
        ratio = "" if name == "ours" else f"   ours is {ours / took:4.2f} of it"
        print(f"{title:16} {name:7} {took:7.2f} s {processor:6.2f} cpu-s {memory:7.1f} MB{ratio}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--decklift", default=f"{DRIVER} {{source}} {{address}} {{tag}} {{cache}}")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    pushers = Pushers(shlex.split(options.decklift))
    root = tempfile.mkdtemp(prefix=NAME)
    try:
        measure(pushers, options.rounds, root)
    finally:
        listed = docker("image", "ls", "-q", NAME).decode().split()
        if listed:
            subprocess.run(["docker", "rmi", "-f", *set(listed)], capture_output=True)
        shutil.rmtree(root, ignore_errors=True)


def measure(pushers, rounds, root):
    three = ["ours", "skopeo", "docker"]
    random = [os.urandom(SIZE) for _ in range(LAYERS)]
    hashing, sending = floor(LAYERS * SIZE)
    print(f"{'floor':16} hashing {hashing:.2f} s, loopback {sending:.2f} s, of {LAYERS * SIZE} bytes")

    cold = layout(os.path.join(root, "cold"), random)
    compared("cold, layout", rounds, pushers, f"path:{cold}", ["ours", "skopeo"], root)
    shutil.rmtree(cold)
    small = layout(os.path.join(root, "many"), [os.urandom(4096) for _ in range(MANY)])
    compared("many, layout", rounds, pushers, f"path:{small}", ["ours", "skopeo"], root)

    engine = "engine:" + build("cold", random, root)
    del random
    # Each by itself, and the least of them.
    first, last = min((exported(engine.split(":", 1)[1]) for _ in range(rounds)), key=lambda t: t[1])
    print(f"{'floor':16} engine's export: first byte {first:.2f} s, last {last:.2f} s")
    compared("cold, engine", rounds, pushers, engine, three, root)

    packed = "engine:" + build("text", [compressible(SIZE * 2)], root)
    sizes = {}
    best = {}
    for name in three:
        registry = Registry(root)
        best[name] = getattr(pushers, name)(packed, f"{registry.host}/bench/{name}")
        sizes[name] = registry.stored()
        registry.stop()
    show("compressible", best)
    for name in three:
        print(f"{'stored':16} {name:7} {sizes[name]:10} bytes, ours is {sizes['ours'] / sizes[name]:.3f} of it")

    warm(pushers, rounds, root)
    changed(pushers, rounds, root)


def warm(pushers, rounds, root):
    """Twenty images that are there: decklift gets them at once, docker one by one as Compose does."""
    names = [build(f"warm{number}", [os.urandom(20_000)], root) for number in range(WARM)]
    registry = Registry(root)
    addresses = [f"{registry.host}/bench/warm{number}" for number in range(WARM)]
    sources = ",".join(f"engine:{name}" for name in names)
    best = {}
    for name, address in zip(names, addresses):
        pushers.docker(f"engine:{name}", address)
    for _ in range(rounds):
        took = pushers.ours(sources, ",".join(addresses))
        best["ours"] = min(best.get("ours", took), took)
        for name, address in zip(names, addresses):
            docker("tag", name, f"{address}:v1")
        processes = [["docker", "push", "-q", f"{address}:v1"] for address in addresses]
        start = time.monotonic()
        for command in processes:
            subprocess.run(command, check=True, capture_output=True)
        took = (time.monotonic() - start, 0, 0)
        best["docker"] = min(best.get("docker", took), took)
        for address in addresses:
            docker("rmi", f"{address}:v1")
    registry.stop()
    show("warm, 20 images", best)


def changed(pushers, rounds, root):
    """Twenty images that are there, of which one has another layer on top each time."""
    layer = 1_000_000
    files = [[os.urandom(layer), os.urandom(layer)] for _ in range(WARM)]
    names = [build(f"changed{number}", files[number], root) for number in range(WARM)]
    best = {}
    cache = tempfile.mkdtemp(dir=root)
    # As `decklift push` calls an image by what it is made of.
    tags = ["v0"] * WARM
    for who in ["ours", "docker"]:
        # Each has its own registry: what one stored must not help the other.
        registry = Registry(root)
        counter = Counter(registry.host)
        addresses = [f"{counter.host}/bench/changed{number}" for number in range(WARM)]

        def push():
            if who == "ours":
                sources = ",".join(f"engine:{name}" for name in names)
                return pushers.ours(sources, ",".join(addresses), ",".join(tags), cache)[0]
            for name, address in zip(names, addresses):
                docker("tag", name, f"{address}:v1")
            start = time.monotonic()
            for address in addresses:
                docker("push", "-q", f"{address}:v1")
            took = time.monotonic() - start
            for address in addresses:
                docker("rmi", f"{address}:v1")
            return took

        push()
        for number in range(rounds):
            files[number][1] = os.urandom(layer)
            build(f"changed{number}", files[number], root)
            tags[number] += "-new"
            before = counter.sent
            took = push()
            found = (took, counter.sent - before)
            best[who] = min(best.get(who, found), found)
        counter.stop()
        registry.stop()
    for who, (took, sent) in best.items():
        ratio = best["ours"][0] / took
        more = "" if who == "ours" else f"   ours is {ratio:4.2f} of it"
        print(f"{'changed, 1 of 20':16} {who:7} {took:7.2f} s {sent:9} bytes for {layer}{more}")


if __name__ == "__main__":
    main()
