"""The embedded broker keeps what was queued when it is killed."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import redis

from kernel.launcher.process import process_started_at
from kernel.launcher.valkey import EmbeddedValkey


def test_queued_messages_survive_kill_9_and_a_clean_stop(tmp_path: Path) -> None:
    server = EmbeddedValkey(tmp_path)
    server.start()
    try:
        client = redis.Redis.from_url(server.client_url)
        client.rpush("queue", *range(500))
        time.sleep(1.2)  # appendfsync everysec: a kill may cost the last second of a power cut, not of a process
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        while server.alive:
            time.sleep(0.01)
        server.start()
        assert client.llen("queue") == 500
        pid = server.pid
        server.stop()
        assert pid is not None and process_started_at(pid) is None
        assert not server.socket_dir.exists()
        server.start()
        assert redis.Redis.from_url(server.client_url).llen("queue") == 500
    finally:
        server.stop()


def test_it_never_evicts_and_listens_on_no_port(tmp_path: Path) -> None:
    server = EmbeddedValkey(tmp_path, throw_away=True)
    server.start()
    try:
        client = redis.Redis.from_url(server.client_url)
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("port") == {"port": "0"}
        assert server.broker_url == f"redis+socket://{server.socket}"
    finally:
        server.stop()
