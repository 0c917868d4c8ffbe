"""A custom component as a stranger might write it: it changes no record, and tries what it should not."""

import json
import os
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass

from airbyte_cdk.sources.declarative.transformations import RecordTransformation


def _copy_and_start():
    """Bring a program along and start it."""
    path = os.path.join(os.getcwd(), "brought")
    shutil.copy(os.path.realpath(sys.executable), path)
    os.chmod(path, 0o755)
    subprocess.run([path, "-c", "pass"], check=True)


ATTEMPTS = {
    "start the interpreter": lambda: subprocess.run([sys.executable, "-c", "pass"], check=True),
    "start a shell": lambda: subprocess.run(["/bin/sh", "-c", "true"], check=True),
    "start env": lambda: subprocess.run(["/usr/bin/env", "true"], check=True),
    "start what it brought": _copy_and_start,
    "read a file that nothing names": lambda: open("/etc/hostname").read(),
    "list the users' directories": lambda: os.listdir("/home"),
    "see the proxy's password": lambda: os.environ["HTTPS_PROXY"],
    "see a secret of the platform": lambda: os.environ["LAUNCHDARKLY_KEY"],
    "open a socket to the kernel's audit": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 9).close(),
}


def _outcome(attempt):
    try:
        attempt()
        return "done"
    except Exception as error:
        return type(error).__name__


with open("attempts.json", "w") as f:
    json.dump({name: _outcome(attempt) for name, attempt in ATTEMPTS.items()}, f)


@dataclass
class Unchanged(RecordTransformation):
    def transform(self, record, config=None, stream_state=None, stream_slice=None):
        record["id"] = record["id"]
