"""A no-op through Celery: prints how many a second are asked for, how many are done, and how long one waits (ms)."""

import os
import subprocess
import sys
import time

import redis
from celery import Celery

URL = os.environ["BENCH_REDIS"]
PACED = 100.0
app = Celery("celery_jobs", broker=URL, backend=URL)
app.conf.update(
    task_acks_late=True,
    task_track_started=True,
    result_expires=3600,
    broker_connection_retry_on_startup=True,
    worker_hijack_root_logger=False,
)


@app.task(name="bench.nothing")
def nothing(asked):
    return time.time() - asked


def waiting(store):
    return store.llen("celery") + store.hlen("unacked")


def start_worker():
    return subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "celery_jobs", "worker", "--loglevel", "ERROR", "--pool", "prefork"],
        stdout=subprocess.DEVNULL,
        env={**os.environ, "C_FORCE_ROOT": "1"},
    )


def main():
    span = float(sys.argv[1])
    store = redis.Redis.from_url(URL)
    began, asked = time.time(), 0
    while time.time() - began < span:
        nothing.delay(time.time())
        asked += 1
    enqueued = asked / (time.time() - began)
    worker = start_worker()
    try:
        # Without its start: from the first tenth done to the last.
        while waiting(store) > asked * 0.9:
            time.sleep(0.005)
        began, left = time.time(), waiting(store)
        while waiting(store) > 0:
            time.sleep(0.005)
        done = left / (time.time() - began)
        results, begin = [], time.time()
        for n in range(int(PACED * span)):
            time.sleep(max(0.0, begin + n / PACED - time.time()))
            results.append(nothing.delay(time.time()))
        waits = sorted(one.get(timeout=30) * 1000 for one in results)
    finally:
        worker.terminate()
        worker.wait(20)
    print(enqueued, done, waits[len(waits) // 2], waits[int(len(waits) * 0.99)], PACED)


if __name__ == "__main__":
    main()
