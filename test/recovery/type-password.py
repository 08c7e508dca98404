"""Runs a shell command on a terminal of its own and types a password where one is asked for."""
import os
import pty
import sys

command, password = sys.argv[1], os.environ.pop("TYPED_PASSWORD")


def read(descriptor):
    data = os.read(descriptor, 65536)
    if data.rstrip().endswith(b":") and b"pass" in data.lower():
        os.write(descriptor, password.encode() + b"\n")
    return data


status = pty.spawn(["bash", "-euo", "pipefail", "-c", command], read, lambda descriptor: b"")
sys.exit(os.waitstatus_to_exitcode(status))
