"""What is done outside: the worker, the task engine's loop and the handlers that keep each kind of promise."""
