"""Runs a practice Yahoo! Shopping on 127.0.0.1: python -m connectors.yahoo.practice --port 8106 --data practice.db …"""

from __future__ import annotations

import argparse
from pathlib import Path

import uvicorn

from connectors.yahoo.practice.app import PracticeSettings, create_app


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m connectors.yahoo.practice", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True, help="the SQLite file; made when it is not there")
    parser.add_argument("--client-id", required=True)
    parser.add_argument("--client-secret", required=True)
    parser.add_argument("--access-token-seconds", type=int, default=3600)
    given = parser.parse_args()
    settings = PracticeSettings(
        data_file=given.data,
        client_id=given.client_id,
        client_secret=given.client_secret,
        access_token_seconds=given.access_token_seconds,
    )
    uvicorn.run(create_app(settings), host="127.0.0.1", port=given.port, log_level="warning")


if __name__ == "__main__":
    main()
