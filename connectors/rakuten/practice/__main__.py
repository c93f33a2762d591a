"""Runs a practice Rakuten on 127.0.0.1: python -m connectors.rakuten.practice --port 8106 --data practice.db"""

from __future__ import annotations

import argparse
from pathlib import Path

import uvicorn

from connectors.rakuten.practice.app import PracticeSettings, create_app


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m connectors.rakuten.practice", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True, help="the SQLite file; made when it is not there")
    parser.add_argument("--index-lag-seconds", type=float, default=0.0)
    given = parser.parse_args()
    settings = PracticeSettings(data_file=given.data, index_lag_seconds=given.index_lag_seconds)
    uvicorn.run(create_app(settings), host="127.0.0.1", port=given.port, log_level="warning")


if __name__ == "__main__":
    main()
