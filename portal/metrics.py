"""What is counted for whoever watches: requests here, outcomes of tasks where they are worked on."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

REQUESTS = Histogram(
    "crossdock_request_seconds",
    "Time from a request's first byte to its answer's last.",
    ["method", "status"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15),
)
TASKS = Counter("crossdock_tasks_total", "Tries of tasks, by kind and how they ended.", ["kind", "outcome"])
