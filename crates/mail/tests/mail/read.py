"""Reads messages with Python's own parser, which is not ours: paths in, a JSON list out."""

import email
import email.policy
import json
import sys


def read(path):
    with open(path, "rb") as file:
        message = email.message_from_binary_file(file, policy=email.policy.default)
    parts = [part for part in message.walk() if not part.is_multipart()]
    return {
        "headers": {name: str(value) for name, value in message.items()},
        "defects": [str(d) for part in message.walk() for d in part.defects],
        "types": [part.get_content_type() for part in message.walk()],
        "charsets": [part.get_content_charset() for part in parts],
        "plain": message.get_body(("plain",)).get_content(),
        "html": message.get_body(("html",)).get_content(),
    }


json.dump([read(path) for path in sys.argv[1:]], sys.stdout)
