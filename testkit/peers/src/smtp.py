"""aiosmtpd with a user, over TLS. Prints its port, then every mail as a line of JSON; ends when its input does."""

import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


class Keep:
    async def handle_DATA(self, server, session, envelope):
        mail = envelope.content.decode("utf-8", "replace")
        said = {"user": session.auth_data, "tls": session.ssl is not None or implicit, "mail": mail}
        print(json.dumps(said | {"to": envelope.rcpt_tos}), flush=True)
        return "250 taken by aiosmtpd"


def known(server, session, envelope, mechanism, data):
    fine = data.login == b"user" and data.password == b"a password"
    return AuthResult(success=fine, handled=fine, auth_data="user")


async def main():
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(sys.argv[1], sys.argv[2])

    def one():
        return SMTP(
            Keep(),
            authenticator=known,
            auth_required=True,
            # Of TLS from the first byte it knows nothing.
            auth_require_tls=not implicit,
            require_starttls=not implicit,
            tls_context=None if implicit else tls,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(one, "127.0.0.1", 0, ssl=tls if implicit else None)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


implicit = sys.argv[3] == "implicit"
asyncio.run(main())
