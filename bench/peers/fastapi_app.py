"""The same create and read with FastAPI, SQLAlchemy and SQLite: signed in, scoped, the row, its event and the kept reply
in one commit, an ETag on what is read. Plain `def` endpoints on uvicorn's threads, prepared as such an application is:
WAL, a pool, one session a request, and a lock before the writer so that threads do not poll for it."""

import hashlib
import json
import os
import threading
import time
import uuid

from fastapi import Depends, FastAPI, Header, HTTPException, Response
from pydantic import BaseModel, Field
from sqlalchemy import BigInteger, ForeignKey, String, create_engine, event, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

engine = create_engine(
    f"sqlite:///{os.environ['BENCH_DATABASE']}",
    connect_args={"check_same_thread": False, "timeout": 30},
    pool_size=40,
    max_overflow=40,
)


@event.listens_for(engine, "connect")
def prepare(connection, _):
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", f"synchronous={os.environ['BENCH_SYNCHRONOUS']}", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


class Base(DeclarativeBase):
    pass


class Token(Base):
    __tablename__ = "tokens"
    digest: Mapped[str] = mapped_column(String, primary_key=True)
    workspace: Mapped[str]


class Service(Base):
    __tablename__ = "services"
    id: Mapped[str] = mapped_column(String, primary_key=True)
    workspace: Mapped[str] = mapped_column(index=True)
    slug: Mapped[str] = mapped_column(unique=True)
    status: Mapped[str]
    updated_at: Mapped[int] = mapped_column(BigInteger)


class StatusEvent(Base):
    __tablename__ = "status_events"
    id: Mapped[str] = mapped_column(String, primary_key=True)
    workspace: Mapped[str] = mapped_column(index=True)
    service: Mapped[str] = mapped_column(ForeignKey("services.id"))
    slug: Mapped[str]
    status: Mapped[str]
    description: Mapped[str]
    created_at: Mapped[int] = mapped_column(BigInteger)


class Entry(Base):
    __tablename__ = "events"
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    workspace: Mapped[str] = mapped_column(index=True)
    kind: Mapped[str]
    subject: Mapped[str]
    payload: Mapped[str]


class Kept(Base):
    __tablename__ = "kept_replies"
    key: Mapped[str] = mapped_column(String, primary_key=True)
    body: Mapped[str]


Sessions = sessionmaker(engine, expire_on_commit=False)
writer = threading.Lock()
TOKEN = "bench-token-of-one-user"


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def first_start():
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        Base.metadata.create_all(connection)
        connection.commit()
    with Sessions() as session:
        session.connection().exec_driver_sql("BEGIN IMMEDIATE")
        if session.get(Token, digest(TOKEN)) is None:
            session.add(Token(digest=digest(TOKEN), workspace="main"))
            session.commit()


first_start()
app = FastAPI()


class EventIn(BaseModel):
    service_id: str = Field(max_length=64, pattern="^[a-z0-9]+(-[a-z0-9]+)*$")
    status: str
    description: str = Field(min_length=1, max_length=2000)


class EventOut(BaseModel):
    id: str
    service_id: str
    status: str
    description: str
    created_at: int


def session():
    with Sessions() as one:
        yield one


def workspace(authorization: str = Header(), one: Session = Depends(session)) -> str:
    token = one.get(Token, digest(authorization.removeprefix("Bearer ")))
    if token is None:
        raise HTTPException(401)
    return token.workspace


def out(row: StatusEvent) -> EventOut:
    return EventOut(id=row.id, service_id=row.slug, status=row.status, description=row.description, created_at=row.created_at)


@app.post("/events", status_code=201)
def create(
    report: EventIn, idempotency_key: str = Header(), one: Session = Depends(session), space: str = Depends(workspace)
) -> EventOut:
    now = int(time.time() * 1000)
    with writer:
        one.rollback()
        one.connection().exec_driver_sql("BEGIN IMMEDIATE")
        if (kept := one.get(Kept, idempotency_key)) is not None:
            return EventOut(**json.loads(kept.body))
        query = select(Service).where(Service.workspace == space, Service.slug == report.service_id)
        service = one.scalar(query)
        if service is None:
            service = Service(id=uuid.uuid4().hex, workspace=space, slug=report.service_id, status=report.status, updated_at=now)
            one.add(service)
            one.flush()
        service.status, service.updated_at = report.status, now
        row = StatusEvent(id=uuid.uuid4().hex, workspace=space, service=service.id, slug=report.service_id,
                          status=report.status, description=report.description, created_at=now)
        reply = out(row)
        one.add(row)
        one.add(Entry(workspace=space, kind="status_event.created", subject=row.id, payload=json.dumps({"status": row.status})))
        one.add(Kept(key=idempotency_key, body=reply.model_dump_json()))
        one.commit()
    return reply


@app.get("/events/{id}")
def read(id: str, response: Response, one: Session = Depends(session), space: str = Depends(workspace)) -> EventOut:
    row = one.scalar(select(StatusEvent).where(StatusEvent.workspace == space, StatusEvent.id == id))
    if row is None:
        raise HTTPException(404)
    response.headers["ETag"] = f'"1-{space}"'
    return out(row)
