"""A mail server for tests: aiosmtpd, on a free port of this machine.

Argument: JSON with "log" (the file that it writes what happens to, a JSON object a line) and, where wanted, "port",
"tls" ("implicit" or "starttls", with "certificate" and "key") and "user" with "password". Its first line on standard
output is its port. Recipients whose names have a meaning are treated as the names say.
"""

import asyncio
import json
import os
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

given = json.loads(sys.argv[1])

ANSWERS = {
    "busy": "450 4.2.0 Greylisted, come back later",
    "nobody": "550 5.1.1 There is no such mailbox",
    "far": "554 5.7.1 Relay access denied",
}


def note(**what):
    with open(given["log"], "a", encoding="utf-8") as log:
        log.write(json.dumps(what) + "\n")


class Handler:
    async def handle_MAIL(self, server, session, envelope, address, options):
        if address.startswith("banned"):
            return "550 5.7.1 This sender is not yours"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        name = address.split("@")[0]
        if name in ANSWERS:
            return ANSWERS[name]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        name = envelope.rcpt_tos[0].split("@")[0]
        if name == "quote":
            words = [w for w in envelope.content.decode().split() if w.startswith("https://")]
            return "554 5.6.0 I do not like " + words[0]
        if name == "slow":
            note(what="stalls")
            while not os.path.exists(given["log"] + ".go"):
                await asyncio.sleep(0.02)
            return "250 OK, at last"
        user = session.auth_data.login.decode() if session.auth_data else None
        note(what="letter", sender=envelope.mail_from, to=envelope.rcpt_tos, helo=session.host_name,
             tls=session.ssl is not None or given.get("tls") == "implicit", user=user,
             text=envelope.content.decode())
        return "250 OK"


class Server(SMTP):
    def connection_made(self, transport):
        note(what="connection", port=transport.get_extra_info("peername")[1])
        super().connection_made(transport)

    def connection_lost(self, error):
        note(what="gone")
        super().connection_lost(error)


def authenticate(server, session, envelope, mechanism, data):
    right = (given["user"].encode(), given["password"].encode())
    if isinstance(data, LoginPassword) and (data.login, data.password) == right:
        return AuthResult(success=True, auth_data=data)
    return AuthResult(success=False, handled=False)


def smtp():
    options = {"hostname": "mail.test"}
    if given.get("tls") == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    if "user" in given:
        options |= {"authenticator": authenticate, "auth_required": True, "auth_require_tls": False}
    return Server(Handler(), **options)


context = None
if "tls" in given:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(given["certificate"], given["key"])


async def serve():
    implicit = context if given.get("tls") == "implicit" else None
    loop = asyncio.get_running_loop()
    server = await loop.create_server(smtp, "127.0.0.1", given.get("port", 0), ssl=implicit)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(serve())
