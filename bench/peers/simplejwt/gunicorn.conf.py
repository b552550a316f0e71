"""Threads, because they keep connections open as the other peers do.

Gunicorn's documentation advises two processes for each core and one more. A process for each core, of two threads, took
less processor time for a refresh (7 ms against 8 to 9 ms): more of them wait for each other at SQLite.
"""

import os

wsgi_app = "django.core.wsgi:get_wsgi_application()"
bind = f"127.0.0.1:{os.environ['PORT']}"
worker_class = "gthread"
workers = int(os.environ.get("WORKERS", len(os.sched_getaffinity(0))))
threads = int(os.environ.get("THREADS", 2))
worker_connections = 4096
keepalive = 75
graceful_timeout = 5
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None
loglevel = "warning"


def post_worker_init(worker):
    """In each process, once it has loaded the application and is about to serve."""
    with open("booted", "a", encoding="ascii") as booted:
        booted.write(".")
    if os.path.getsize("booted") == workers:
        print(f"ready http://{bind}", flush=True)
