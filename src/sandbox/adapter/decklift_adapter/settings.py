"""The adapter's environment: what the program that starts it decides."""

import os
import re
from pathlib import Path


class SettingsError(Exception):
    """The environment lacks something, or holds something impossible."""


def _need(name):
    value = os.environ.get(name, "")
    if not value:
        raise SettingsError(f"the environment variable {name} is not set")
    return value


class Settings:
    """Read once, before MiniStack is imported."""

    def __init__(self):
        self.instance = _need("DECKLIFT_SANDBOX_INSTANCE")
        # The name becomes part of container, network and volume names.
        if not re.fullmatch(r"[a-z0-9][a-z0-9_.-]{0,40}", self.instance):
            raise SettingsError(
                f"DECKLIFT_SANDBOX_INSTANCE is {self.instance!r}: only a-z, 0-9, '_', '.', '-' and at most 41 of them")
        self.state = Path(_need("DECKLIFT_SANDBOX_STATE")).resolve()
        self.engine = os.environ.get("DECKLIFT_SANDBOX_ENGINE", "docker")
        if self.engine not in ("docker", "none"):
            raise SettingsError(f"DECKLIFT_SANDBOX_ENGINE is {self.engine!r}: docker or none")
        self.gateway_port = int(_need("GATEWAY_PORT"))
        self.account = os.environ.get("MINISTACK_ACCOUNT_ID", "000000000000")
        self.region = os.environ.get("MINISTACK_REGION", "us-east-1")
        self.drain_seconds = float(os.environ.get("DECKLIFT_SANDBOX_DRAIN_SECONDS", "2"))
        # Tests have no patience for three times a minute of grace.
        self.most_grace_seconds = float(os.environ.get("DECKLIFT_SANDBOX_GRACE_SECONDS", "inf"))
        # Container addresses cannot be reached from the host on some engines
        # (virtual machines, rootless); then ports are published on loopback.
        self.publish = os.environ.get("DECKLIFT_SANDBOX_PUBLISH", "auto")
        self.hosts_dir = self.state / "hosts"
        self.tmp_dir = self.state / "tmp"

    def prepare(self):
        """Make the folders and keep temporary files (MiniStack's pid file, say) inside the state folder."""
        self.hosts_dir.mkdir(parents=True, exist_ok=True)
        self.tmp_dir.mkdir(parents=True, exist_ok=True)
        os.environ["TMPDIR"] = str(self.tmp_dir)
        os.environ.setdefault("BIND_HOST", "127.0.0.1")
        if os.environ["BIND_HOST"] != "127.0.0.1":
            raise SettingsError("BIND_HOST must be 127.0.0.1: the sandbox listens on loopback only")
        # MiniStack removes containers by its host name: one instance must not take another's.
        os.environ.setdefault("MINISTACK_HOSTNAME", self.instance)
        os.environ.setdefault("IOT_MTLS_ENABLED", "0")


_current = None


def current():
    """The settings of this process."""
    global _current
    if _current is None:
        _current = Settings()
    return _current
