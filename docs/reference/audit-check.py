#!/usr/bin/env python3
"""Checks an export of Rotunda's audit log (docs/reference/audit.md) with nothing but Python.

    audit-check.py EXPORT [PUBLICKEY...]

Without a public key, the signatures are checked with the keys that the file bears, which anybody can put there.
"""
import base64
import hashlib
import json
import sys

P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def add(a, b):  # RFC 8032, section 5.1: points of Edwards25519
    (x, y), (u, v) = a, b
    k = D * x * u * y * v
    return (x * v + u * y) * pow(1 + k, -1, P) % P, (y * v + x * u) * pow(1 - k, -1, P) % P


def times(n, a):
    out = (0, 1)
    while n:
        out, a, n = add(out, a) if n & 1 else out, add(a, a), n >> 1
    return out


def point(data):
    y, sign = int.from_bytes(data, "little") % 2**255, data[31] >> 7
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P:
        raise ValueError("no point")
    return (x if x & 1 == sign else P - x), y


BASE = point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def is_signed(key, message, signature):
    try:
        a, r, s = point(key), point(signature[:32]), int.from_bytes(signature[32:], "little")
    except (ValueError, IndexError):
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    return len(signature) == 64 and s < L and times(s, BASE) == add(r, times(k, a))


def text(value):
    data = None if value is None else value.encode()
    return b"\xff\xff\xff\xff" if data is None else len(data).to_bytes(4, "big") + data


def number(value):
    return value.to_bytes(8, "big", signed=True)


def unb64(value):
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))


def commitment(line):
    if "salt" in line:
        caller = text(line.get("address")) + text(line.get("user_agent"))
        return hashlib.sha256(b"rotunda audit caller v1\0" + bytes.fromhex(line["salt"]) + caller).digest()[:16]
    if "address" in line or "user_agent" in line:
        return None
    return bytes.fromhex(line["commitment"])  # nothing was there, or it was forgotten with its user


def event_hash(before, line):
    names = ["kind", "ending", "user_id", "session_id", "about", "actor", "reason"]
    fields = b"".join(text(line.get(name)) for name in names)
    head = b"rotunda audit event v1\0" + before + number(line["seq"]) + number(line["at"])
    return hashlib.sha256(head + fields + bytes.fromhex(line["commitment"])).digest()


def check(lines, keys):
    before, last, closed, events, gone = None, 0, False, 0, {}
    for line in map(json.loads, lines):
        if "mark" in line:
            digest, seq = bytes.fromhex(line["hash"]), line["seq"]
            if line["mark"] == "start":
                assert before is None and seq == 0 and digest == bytes(32), "a start that is none"
            else:
                message = f"rotunda audit {line['mark']} v1\0".encode() + number(seq) + number(line["at"]) + digest
                good = (is_signed(key, message, unb64(line["signature"])) for key in keys or [unb64(line["public_key"])])
                assert any(good), f"{seq}: the signature is not good"
            assert before is None or (seq, digest) == (last, before), f"{seq}: something else was signed here"
            before, last, closed = digest, seq, True
            continue
        assert before is not None and line["seq"] > last, f"{line['seq']}: not in its place"
        assert commitment(line) == bytes.fromhex(line["commitment"]), f"{line['seq']}: the caller was changed"
        before, last, closed, events = event_hash(before, line), line["seq"], False, events + 1
        assert before[:16] == bytes.fromhex(line["link"]), f"{last}: this is not what was chained here"
        forgotten = "salt" not in line and line["commitment"] != "0" * 32
        if forgotten:
            assert "user_id" in line, f"{last}: the caller was removed"
            gone.setdefault(line["user_id"], last)
        if line["kind"] == "user.deleted":
            gone[line["user_id"]] = None
    assert closed, f"{last}: the file ends without a signed place"
    unexplained = sorted(seq for seq in gone.values() if seq)
    return f"{events} events up to {last} are what was written", unexplained


if __name__ == "__main__":
    try:
        with open(sys.argv[1], encoding="utf-8") as export:
            told, unexplained = check(export, [unb64(key) for key in sys.argv[2:]])
    except (AssertionError, KeyError, ValueError) as wrong:
        sys.exit(f"not whole: {wrong}")
    print(told)
    if unexplained:
        print("forgotten without the end of their user in this file, first at:", *unexplained)
