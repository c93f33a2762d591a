"""Runs a practice Amazon on 127.0.0.1: python -m connectors.amazon.practice --port 8107 --data practice.db …"""

from __future__ import annotations

import argparse
from pathlib import Path

import uvicorn

from connectors.amazon.practice.app import PracticeSettings, create_app


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m connectors.amazon.practice", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True, help="the SQLite file; made when it is not there")
    parser.add_argument("--application-id", required=True)
    parser.add_argument("--client-id", required=True)
    parser.add_argument("--client-secret", required=True)
    parser.add_argument("--live-after-seconds", type=float, default=3.0)
    parser.add_argument("--feed-seconds", type=float, default=2.0)
    parser.add_argument("--orders-after-seconds", type=float, default=3.0)
    given = parser.parse_args()
    settings = PracticeSettings(
        data_file=given.data,
        application_id=given.application_id,
        client_id=given.client_id,
        client_secret=given.client_secret,
        live_after_seconds=given.live_after_seconds,
        feed_seconds=given.feed_seconds,
        orders_after_seconds=given.orders_after_seconds,
    )
    uvicorn.run(create_app(settings), host="127.0.0.1", port=given.port, log_level="warning")


if __name__ == "__main__":
    main()
