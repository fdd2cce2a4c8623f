"""Messages between the trusted process and the worker: JSON for structure, raw bytes for arrays, no pickle.

A message is a tree of None, bool, int, float, str, list, dict (with string keys) and bytes. On the wire it is
a head (two lengths), the JSON text, and the bytes objects one after another. This file runs on both sides, so
it imports the standard library alone.
"""

from __future__ import annotations

import json
import socket
import struct
import time
from typing import Any

HEAD = struct.Struct(">IQ")
LARGEST = 64 * 2**20  # bytes in one message
LARGEST_TEXT = 4 * 2**20  # of them in its JSON text: as objects it takes many times that
BYTES = "\0bytes"  # the key that stands for a bytes object in the JSON text


class ProtocolError(Exception):
    """The other side said something that is not a message."""


class ClosedError(ProtocolError):
    """The other side has gone."""


class TooLateError(Exception):
    """The deadline passed before the message was through."""


def encode(message: Any) -> bytes:
    """Return `message` as bytes for the wire."""
    blobs: list[bytes] = []

    def default(leaf: Any) -> dict:
        if not isinstance(leaf, bytes):
            raise TypeError(f"a message holds no {type(leaf).__name__}")
        blobs.append(leaf)
        return {BYTES: len(blobs) - 1}

    tree = json.dumps(message, default=default, separators=(",", ":"), check_circular=False)
    if not blobs:
        text = f"[[],{tree}]".encode()
        return HEAD.pack(len(text), 0) + text
    text = f"[{[len(blob) for blob in blobs]},{tree}]".encode()
    return b"".join([HEAD.pack(len(text), sum(map(len, blobs))), text, *blobs])


def halves(data: bytes) -> tuple[bytes, bytes]:
    """Return what `encode` returned as `decode` takes it."""
    text_length, _ = HEAD.unpack_from(data)
    return data[HEAD.size : HEAD.size + text_length], data[HEAD.size + text_length :]


def decode(text: bytes, rest: bytes) -> Any:
    """Return the message whose JSON text and following bytes are given; ProtocolError if it is none."""
    try:
        if not rest and text.startswith(b"[[],"):  # as most are
            return json.loads(text)[1]
        # The first item of the text is the list of lengths, which the blobs are cut by.
        lengths = json.loads(text[1 : text.index(b"]") + 1])
        blobs, start = [], 0
        for length in lengths:
            if type(length) is not int or length < 0:
                raise ValueError("a length")
            blobs.append(rest[start : start + length])
            start += length
        if start != len(rest):
            raise ValueError("lengths do not add up")

        def restore(item: dict) -> Any:
            return blobs[item[BYTES]] if BYTES in item else item

        return json.loads(text, object_hook=restore if blobs else None)[1]
    except (ValueError, IndexError, KeyError, TypeError, RecursionError) as error:
        raise ProtocolError(f"not a message: {error}") from None


def send(channel: socket.socket, message: Any, deadline: float | None = None) -> None:
    """Send `message`, until `deadline` (by `time.monotonic`) at the latest."""
    send_encoded(channel, encode(message), deadline)


def send_encoded(channel: socket.socket, data: bytes, deadline: float | None = None) -> None:
    """Send what `encode` returned."""
    if len(data) > LARGEST:
        raise ProtocolError(f"a message of {len(data)} bytes is over the limit of {LARGEST}")
    _wait(channel, deadline)
    try:
        channel.sendall(data)
    except TimeoutError:
        raise TooLateError from None
    except OSError as error:
        raise ClosedError(str(error)) from None


def receive(channel: socket.socket, deadline: float | None = None, largest: int = LARGEST) -> Any:
    """Return the next message; `ClosedError` if none will come, `TooLateError` after the deadline."""
    return decode(*receive_encoded(channel, deadline, largest))


def receive_encoded(
    channel: socket.socket, deadline: float | None = None, largest: int = LARGEST, text: int = LARGEST
) -> tuple[bytes, bytes]:
    """Return the next message as `decode` takes it: its JSON text (of `text` bytes at most) and its bytes."""
    text_length, rest_length = HEAD.unpack(_exactly(channel, HEAD.size, deadline))
    if text_length + rest_length > largest:
        raise ProtocolError(f"a message of {text_length + rest_length} bytes is over the limit of {largest}")
    if text_length > text:
        raise ProtocolError(f"a message with {text_length} bytes of structure is over the limit of {text}")
    body = _exactly(channel, text_length + rest_length, deadline)
    return (body[:text_length], body[text_length:]) if rest_length else (body, b"")


def _exactly(channel: socket.socket, count: int, deadline: float | None) -> bytes:
    """Return the next `count` bytes. Memory grows with what has arrived, not with what was announced."""
    parts = _part(channel, count, deadline)
    if len(parts) == count:  # as most do: they come in one piece
        return parts
    parts = bytearray(parts)
    while len(parts) < count:
        parts += _part(channel, count - len(parts), deadline)
    return bytes(parts)


def _part(channel: socket.socket, most: int, deadline: float | None) -> bytes:
    _wait(channel, deadline)
    try:
        part = channel.recv(min(most, 2**20))
    except TimeoutError:
        raise TooLateError from None
    except OSError as error:
        raise ClosedError(str(error)) from None
    if most and not part:
        raise ClosedError("end of stream")
    return part


def _wait(channel: socket.socket, deadline: float | None) -> None:
    if deadline is None:
        return
    left = deadline - time.monotonic()
    if left <= 0:
        raise TooLateError
    channel.settimeout(left)
