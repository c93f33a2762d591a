"""A mail server on loopback that keeps what it takes."""

from __future__ import annotations

import asyncio
import email.policy
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email.message import EmailMessage

TAKEN = "TAKEN"


def nothing(_word: str) -> None:
    """Nothing happens at that moment."""


class Postman:
    """`answers` are its next words about a recipient.

    `at` is called with each word that is heard, and with TAKEN when a letter is kept; neither is answered yet.
    """

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.answers: list[str] = []
        self.at: Callable[[str], None] = nothing
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 postman\r\n")
        while line := (await reader.readline()).decode().strip():
            verb = line.split()[0].upper()
            self.at(verb)
            answer = {"EHLO": "250 postman", "DATA": "354 go on", "QUIT": "221 bye"}.get(verb, "250 ok")
            if verb == "RCPT" and self.answers:
                answer = self.answers.pop(0)
            writer.write(f"{answer}\r\n".encode())
            if verb == "DATA":
                text = (await reader.readuntil(b"\r\n.\r\n")).removesuffix(b".\r\n")
                self.letters.append(email.message_from_bytes(text, policy=email.policy.default))
                self.at(TAKEN)
                writer.write(b"250 taken\r\n")
        writer.close()


@asynccontextmanager
async def a_postman() -> AsyncIterator[Postman]:
    made = Postman()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield made
