#!/usr/bin/env python3
"""Writes until the server is gone, and reads back what it acknowledged.

load.py write API TOKEN FILE    creates status events from 16 threads; FILE gets the id of each acknowledged one
load.py read API TOKEN FILE     asks for every id in FILE and fails when one is not there
"""

import http.client
import json
import sys
import threading
from urllib.parse import urlsplit

order, api, token, path = sys.argv[1:]
address = urlsplit(api)
headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
lock = threading.Lock()


def connect():
    return http.client.HTTPConnection(address.hostname, address.port, timeout=10)


def ask(connection, method, what, body=None):
    connection.request(method, f"{address.path}/status/events{what}", body, headers)
    reply = connection.getresponse()
    return reply.status, reply.read()


def write(acknowledged, number):
    connection = connect()
    count = 0
    try:
        while True:
            count += 1
            event = {"service_id": f"load-{number}", "status": "degraded", "description": f"number {count}"}
            status, body = ask(connection, "POST", "", json.dumps(event))
            if status == 201:
                with lock:
                    acknowledged.write(json.loads(body)["id"] + "\n")
                    acknowledged.flush()
    except (OSError, http.client.HTTPException, ValueError):
        return


def write_all():
    with open(path, "w") as acknowledged:
        threads = [threading.Thread(target=write, args=(acknowledged, number)) for number in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def read_all():
    connection = connect()
    with open(path) as acknowledged:
        ids = acknowledged.read().split()
    lost = [one for one in ids if ask(connection, "GET", f"/{one}")[0] != 200]
    if lost or not ids:
        sys.exit(f"{len(lost)} of {len(ids)} acknowledged events are not there: {lost[:5]}")
    print(len(ids))


{"write": write_all, "read": read_all}[order]()
