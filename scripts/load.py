#!/usr/bin/env python3
"""Creates status events from 16 threads until the server is gone; writes the id of each acknowledged one.

usage: load.py API TOKEN FILE
"""

import http.client
import json
import sys
import threading
from urllib.parse import urlsplit

api, token, path = sys.argv[1:]
address = urlsplit(api)
lock = threading.Lock()


def write(acknowledged, number):
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=10)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    count = 0
    try:
        while True:
            count += 1
            event = {"service_id": f"load-{number}", "status": "degraded", "description": f"number {count}"}
            connection.request("POST", f"{address.path}/status/events", json.dumps(event), headers)
            reply = connection.getresponse()
            body = reply.read()
            if reply.status != 201:
                continue
            with lock:
                acknowledged.write(json.loads(body)["id"] + "\n")
                acknowledged.flush()
    except (OSError, http.client.HTTPException, ValueError):
        return


with open(path, "w") as acknowledged:
    threads = [threading.Thread(target=write, args=(acknowledged, number)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
