#!/usr/bin/env python3
"""Looks at what a power cut left of a data folder. Knows tables and columns, and none of the server's code.

A line in is an object: data (the folder), set_up (whether the setup was acknowledged), secret (what the secret's file has to
hold, or null) and acks ([[description, id], ...]). A line out is the list of what is wrong.
"""

import json
import os
import sqlite3
import sys


def look(ask):
    wrong = []
    path = os.path.join(ask["data"], "mainstay.db")
    acks = ask["acks"]
    if not os.path.exists(path):
        return ["the database is gone"] if acks or ask["set_up"] else []
    database = sqlite3.connect(path, timeout=1, isolation_level=None)
    try:
        found = [row[0] for row in database.execute("PRAGMA integrity_check")]
        if found != ["ok"]:
            wrong.append(f"integrity_check: {found[:3]}")
        if database.execute("PRAGMA foreign_key_check").fetchone():
            wrong.append("a reference points at nothing")
        tables = {row[0] for row in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}

        def rows(table, what):
            return [row[0] for row in database.execute(f"SELECT {what} FROM {table}")] if table in tables else []

        events = rows("status_events", "description")
        entries = [
            subject
            for kind, subject in (database.execute("SELECT kind, subject FROM events") if "events" in tables else ())
            if kind == "status_event.created"
        ]
        kept = len(rows("kept_replies", "lookup"))
        people = len(rows("people", "id"))
        there, told = set(events), set(entries)
        lost = [description for description, _ in acks if description not in there]
        untold = [id for _, id in acks if id not in told]
        if lost:
            wrong.append(f"{len(lost)} of {len(acks)} acknowledged events are lost: {lost[:3]}")
        if untold:
            wrong.append(f"{len(untold)} acknowledged events are not in the journal: {untold[:3]}")
        if not len(events) == len(entries) == kept:
            wrong.append(f"{len(events)} events, {len(entries)} entries of the journal, {kept} kept replies")
        if len(events) != len(there):
            wrong.append(f"{len(events) - len(there)} events are there twice")
        if ask["set_up"] and not people:
            wrong.append("the setup was acknowledged, and nobody is there")
        if people or kept:
            wrong.extend(look_at_secret(ask))
    except sqlite3.Error as error:
        wrong.append(f"SQLite: {error}")
    finally:
        database.close()
    return wrong


def look_at_secret(ask):
    try:
        with open(os.path.join(ask["data"], "secret.key")) as file:
            secret = file.read().strip()
    except OSError as error:
        return [f"rows are sealed with a secret that is gone: {error}"]
    if ask["secret"] is not None and secret != ask["secret"]:
        return ["rows are sealed with another secret"]
    return []


for line in sys.stdin:
    print(json.dumps(look(json.loads(line))), flush=True)
