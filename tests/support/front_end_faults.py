"""Faults of a front end, provoked in the kernel that this is imported in."""

from __future__ import annotations

import logging
import sys
from contextlib import contextmanager

import ipywidgets
import zmq
from comm.base_comm import BaseComm
from IPython import get_ipython

from soundpiece_nb.display.live_output import Rendering
from soundpiece_nb.operations.current_session import current

ip = get_ipython()


def fail(*_, **__):
    raise zmq.ZMQError(zmq.ENOTSOCK)


def give_up(*_, **__):
    raise RuntimeError("not mine")


@contextmanager
def replaced(owner, name, value):
    usual = vars(owner).get(name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        delattr(owner, name) if usual is None else setattr(owner, name, usual)


@contextmanager
def hooked():
    ip.display_pub.register_hook(fail)
    try:
        yield
    finally:
        ip.display_pub.unregister_hook(fail)


@contextmanager
def formatted():
    formatter = ip.display_formatter.mimebundle_formatter
    formatter.for_type(Rendering, give_up)
    try:
        yield
    finally:
        formatter.type_printers.pop(Rendering)


@contextmanager
def logged(**methods):
    handler = type("Theirs", (logging.Handler,), methods)()
    logging.getLogger().addHandler(handler)
    logging.getLogger("soundpiece_nb").setLevel("DEBUG")
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
        logging.getLogger("soundpiece_nb").setLevel("NOTSET")


@contextmanager
def made_records():
    with logged(emit=lambda *_: None):
        usual = logging.getLogRecordFactory()
        logging.setLogRecordFactory(give_up)
        try:
            yield
        finally:
            logging.setLogRecordFactory(usual)


@contextmanager
def heard():
    session = current()
    session.changed._listeners.insert(0, give_up)
    session.rated._listeners.insert(0, give_up)
    try:
        yield
    finally:
        session.changed._listeners.remove(give_up)
        session.rated._listeners.remove(give_up)


class Stream:
    encoding = "utf-8"

    def write(self, _):
        raise zmq.ZMQError(zmq.ETERM)


FAULTS = {
    "publisher": lambda: replaced(ip.display_pub, "publish", fail),
    "publisher of others": lambda: replaced(ip.display_pub, "publish", give_up),
    "hook": hooked,
    "formatter": formatted,
    "comm": lambda: replaced(BaseComm, "publish_msg", fail),
    "widget": lambda: replaced(ipywidgets.Button, "on_click", give_up),
    "displayhook": lambda: replaced(sys, "displayhook", give_up),
    "stdout": lambda: replaced(sys, "stdout", Stream()),
    "stderr": lambda: replaced(sys, "stderr", Stream()),
    "log handler": lambda: logged(emit=give_up),
    "log filter": lambda: logged(filter=give_up),
    "log records": made_records,
    "listeners": heard,
}


def magic(name, line=""):
    ip.find_line_magic(f"soundpiece_{name}")(line)


def begin_under(fault):
    """Run magics under a fault; return how the operations ended, and what was raised."""
    raised = []
    with FAULTS[fault]():
        for name, line in (
            ("fx", "made -p Knock -d 1 --wait"),
            ("fx", "later -p Knock -d 1 --no-wait"),
            ("fx", "board -p {{what}} -d 1 --sweep what=Knock,Bang --wait"),
            ("history", ""),
            ("rate", "made 4"),
            ("wait", ""),
            ("show", "made"),
            ("lab", ""),
        ):
            try:
                magic(name, line)
            except BaseException as error:  # noqa: BLE001 - the test reads it
                raised.append((name, repr(error)))
        made, later, board = (ip.user_ns[name] for name in ("made", "later", "board"))
        later.result(30)
    ended = {each.status for each in (made, later, *board.operations)}
    return raised, ended, made.outputs[0].rating
