#!/usr/bin/env python3
"""Holds a database against the ledger of the writers. Shares no code with the server: only its tables and its promises.

verify.py DATABASE --left    prints how many jobs wait or run, and for how long the oldest attempt has been running
verify.py DATABASE LEDGER    DATABASE is a file of SQLite or an address of PostgreSQL; prints one JSON object with what was
                             counted and every violation; ends with 1 when there is one
"""

import collections
import json
import sqlite3
import subprocess
import sys
import time

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def public(prefix, raw):
    """The text of an id whose sixteen bytes are given in hex."""
    value = int(raw, 16)
    return prefix + "_" + "".join(ALPHABET[value >> shift & 31] for shift in range(125, -1, -5))


class Sqlite:
    def __init__(self, path):
        self.connection = sqlite3.connect(path, timeout=10)

    def rows(self, columns, rest):
        return self.connection.execute(f"SELECT {columns} FROM {rest}").fetchall()

    def hex(self, column):
        return f"lower(hex({column}))"

    def has(self, table):
        return bool(self.rows("1", f"sqlite_master WHERE type = 'table' AND name = '{table}'"))

    def unsound(self):
        return [row[0] for row in self.connection.execute("PRAGMA integrity_check") if row[0] != "ok"]


class Postgres:
    def __init__(self, url):
        self.url = url

    def rows(self, columns, rest):
        # A row is an array of JSON: no text in it can be taken for a separator.
        sql = f"SELECT json_build_array({columns}) FROM {rest}"
        ran = subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", self.url, "-c", sql],
                             capture_output=True, text=True, check=False)
        if ran.returncode != 0:
            sys.exit(f"psql: {ran.stderr}")
        return [tuple(json.loads(line)) for line in ran.stdout.split("\n") if line]

    def hex(self, column):
        return f"encode({column}, 'hex')"

    def has(self, table):
        return self.rows(f"to_regclass('{table}') IS NOT NULL", "(SELECT 1) AS one")[0][0]

    def unsound(self):
        return []


class Ledger:
    """What the clients know, by series and number."""

    def __init__(self, path):
        self.asked, self.acked, self.refused = {}, collections.defaultdict(list), set()
        self.told, self.delivered, self.kills = collections.defaultdict(list), collections.defaultdict(list), []
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                entry = json.loads(line)
                self.enter(entry["op"], entry)

    def enter(self, op, entry):
        if op == "told":
            self.told[entry["reader"]].append((entry["event"], entry["subject"]))
        elif op == "delivered":
            self.delivered[entry["delivery"]].append(entry)
        elif op == "killed":
            self.kills.append(entry["at"])
        else:
            name = (entry["series"], entry["number"])
            if op == "asked":
                self.asked[name] = entry
            elif op == "acked":
                self.acked[name].append(entry["id"])
            elif op == "refused":
                self.refused.add(name)


class Verifier:
    def __init__(self, database, ledger):
        self.database, self.ledger = database, ledger
        self.violations, self.counts = [], {}

    def wrong(self, what):
        self.violations.append(what)

    def all(self):
        for what in self.database.unsound():
            self.wrong(f"integrity_check: {what}")
        self.trials()
        self.events()
        self.replies()
        self.jobs()
        self.readers()

    def trials(self):
        """Every acknowledged row once with the right content; none that nobody asked for or that was refused."""
        self.rows = {}
        by_name = collections.defaultdict(list)
        columns = f"{self.database.hex('id')}, series, number, says"
        for raw, series, number, text in self.database.rows(columns, "trials"):
            one = public("tri", raw)
            self.rows[one] = (series, number)
            by_name[series, number].append((one, text))
        for name, found in by_name.items():
            asked = self.ledger.asked.get(name)
            if len(found) > 1:
                self.wrong(f"row {name} is there {len(found)} times")
            if asked is None:
                self.wrong(f"row {name} was never asked for")
            elif asked["refuse"]:
                self.wrong(f"row {name} was rolled back and is there")
            elif any(text != asked["text"] for _, text in found):
                self.wrong(f"row {name} has another text")
        for name, ids in self.ledger.acked.items():
            if len(set(ids)) > 1:
                self.wrong(f"row {name} was acknowledged under {len(set(ids))} ids")
            if ids[0] not in [one for one, _ in by_name.get(name, [])]:
                self.wrong(f"row {name} was acknowledged as {ids[0]} and is lost")
        for name in self.ledger.refused & self.ledger.acked.keys():
            self.wrong(f"row {name} was refused and acknowledged")
        self.counts.update(asked=len(self.ledger.asked), acked=len(self.ledger.acked), rows=len(self.rows),
                           refused=len(self.ledger.refused),
                           repeated=sum(len(ids) - 1 for ids in self.ledger.acked.values()))

    def events(self):
        """Each row has its event, once; no event is without its row."""
        told, self.subjects = collections.Counter(), {}
        rest = "events WHERE kind = 'trial.made'"
        for raw, subject in self.database.rows(f"{self.database.hex('id')}, subject", rest):
            told[subject] += 1
            self.subjects[public("evt", raw)] = subject
        for one, name in self.rows.items():
            if told[one] != 1:
                self.wrong(f"row {name} has {told[one]} events")
        for subject in told.keys() - self.rows.keys():
            self.wrong(f"an event tells of {subject}, which is not there")
        self.counts["events"] = sum(told.values())

    def replies(self):
        """Only trials are made under keys, so there are as many kept replies as rows."""
        kept = self.database.rows("count(*)", "kept_replies")[0][0]
        if kept != len(self.rows):
            self.wrong(f"{kept} replies are kept for {len(self.rows)} rows")

    def jobs(self):
        """Each row that wants a job has it, once; each is done, with its effect exactly once, and was told outside."""
        wanting = {one for one, name in self.rows.items() if self.ledger.asked.get(name, {}).get("job")}
        jobs, lines, done = collections.defaultdict(list), collections.Counter(), set()
        rest = "job_lines WHERE kind IN ('taken_back', 'given_back', 'attempt_failed')"
        for (raw,) in self.database.rows(self.database.hex("job"), rest):
            lines[public("job", raw)] += 1
        rest = "jobs WHERE kind = 'trial.deliver'"
        for raw, subject, state in self.database.rows(f"{self.database.hex('id')}, subject, state", rest):
            jobs[subject].append(public("job", raw))
            if state == "done":
                done.add(subject)
            else:
                self.wrong(f"job {public('job', raw)} is {state}")
        for subject in jobs.keys() - wanting:
            self.wrong(f"a job is of {subject}, which is not there")
        effects = collections.defaultdict(list)
        for trial, job in self.database.rows("trial, job", "trial_effects"):
            effects[trial].append(job)
        for trial in effects.keys() - wanting:
            self.wrong(f"an effect is of {trial}, which wants none")
        for trial in wanting:
            if len(jobs[trial]) != 1:
                self.wrong(f"row {trial} has {len(jobs[trial])} jobs")
            elif trial in done and effects[trial] != jobs[trial]:
                self.wrong(f"the job of {trial} is done and had its effect {len(effects[trial])} times")
        self.deliveries({job: trial for trial, ids in jobs.items() for job in ids}, lines)
        self.counts.update(jobs=sum(map(len, jobs.values())), effects=sum(map(len, effects.values())),
                           begun_again=sum(lines.values()))

    def deliveries(self, trials, again):
        """Each job told the outside world under its own id: once, or again where a kill found it in flight."""
        twice = 0
        for delivery, heard in self.ledger.delivered.items():
            if any(entry["trial"] != trials.get(delivery) for entry in heard):
                self.wrong(f"delivery {delivery} is of no job, or of another thing")
            twice += len(heard) > 1
            if len(heard) > 1 + again[delivery]:
                self.wrong(f"delivery {delivery} came {len(heard)} times; it was begun again {again[delivery]} times")
            for before, after in zip(heard, heard[1:]):
                # What was sent before the kill may be read a moment after it.
                if not any(before["at"] - 1000 <= kill <= after["at"] for kill in self.ledger.kills):
                    self.wrong(f"delivery {delivery} came twice without a kill between")
        for job, trial in trials.items():
            if self.ledger.delivered and job not in self.ledger.delivered:
                self.wrong(f"the job of {trial} is done and told nobody")
        self.counts.update(deliveries=sum(map(len, self.ledger.delivered.values())), twice=twice,
                           kills=len(self.ledger.kills))

    def readers(self):
        """Each reader was told every event, none that was rolled back, those of a series in order, under one id."""
        for reader, told in self.ledger.told.items():
            first, ids, at = {}, {}, collections.defaultdict(int)
            for event, subject in told:
                if self.subjects.get(event) != subject:
                    self.wrong(f"the {reader} told of {event}, which is not there")
                if ids.setdefault(subject, event) != event:
                    self.wrong(f"the {reader} told of {subject} under two ids")
                if subject in first:
                    continue
                first[subject] = True
                series, number = self.rows.get(subject, (None, 0))
                if series is not None and number < at[series]:
                    self.wrong(f"the {reader} told of {series} {number} after {at[series]}")
                at[series] = max(at[series], number)
            for subject in self.rows.keys() - first.keys():
                self.wrong(f"the {reader} was never told of {self.rows[subject]}")
            self.counts[reader] = {"told": len(first), "again": len(told) - len(first)}


def main():
    address, ledger = sys.argv[1:]
    database = Postgres(address) if "://" in address else Sqlite(address)
    if ledger == "--left":
        columns = "count(*), min(CASE WHEN state = 'running' THEN started_at END)"
        left, began = database.rows(columns, "jobs WHERE state IN ('queued', 'running')")[0]
        print(json.dumps({"left": left, "held_ms": 0 if began is None else max(0, int(time.time() * 1000) - began)}))
        return 0
    verifier = Verifier(database, Ledger(ledger))
    verifier.all()
    print(json.dumps({"counts": verifier.counts, "violations": verifier.violations}))
    return 1 if verifier.violations else 0


if __name__ == "__main__":
    sys.exit(main())
