"""Every practice channel as one server of its own, which outlives whatever a trial kills.

python -m tests.faults.street PORT FOLDER SECRET_KEY
"""

from __future__ import annotations

import sys
from pathlib import Path

import uvicorn

from jobs.standalone import street
from jobs.web import KEPT_SECONDS
from portal.config import Settings


def main(port: str, folder: str, secret_key: str) -> None:
    app = street(Settings(data_dir=Path(folder), secret_key=secret_key))
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning", timeout_keep_alive=KEPT_SECONDS)


if __name__ == "__main__":
    main(*sys.argv[1:])
