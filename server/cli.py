"""Commands for the operator on the machine, with or without a running server:

    python -m server create-operator --email ada@example.org    prompts for the password, or reads it from stdin
    python -m server reset-link --email ada@example.org         prints a one-time link that sets a new password
    python -m server create-invite                              prints a code for one registration
    python -m server migrate                                    upgrades the database's schema, before a rollout

They write to the database of the settings. Secrets are never arguments, which every user of the machine can read.
"""

import argparse
import asyncio
import getpass
import sys
from collections.abc import Sequence

from server.accounts.tokens import RESET_HOURS
from server.config.settings import Settings

INVITE_DAYS = 7


class CommandError(Exception):
    """Printed as one line, without a traceback."""


def run_command(arguments: Sequence[str], settings: Settings) -> int:
    """Run a command. Returns the exit code: 0, or 1 after an error; argparse exits with 2 for wrong arguments."""
    from sqlalchemy import make_url  # these imports take a while
    from sqlalchemy.exc import SQLAlchemyError

    from server.db.filesystem import NetworkFilesystem
    from server.db.session import in_one_line

    options = _parser().parse_args(arguments)
    try:
        if options.command == "create-operator":
            output = asyncio.run(_create_operator(settings, options.email))
        elif options.command == "reset-link":
            output = asyncio.run(_reset_link(settings, options.email))
        elif options.command == "migrate":
            output = asyncio.run(_migrate(settings))
        else:
            output = asyncio.run(_create_invite(settings, options.days))
    except (CommandError, NetworkFilesystem) as error:
        print(error, file=sys.stderr)
        return 1
    except (OSError, SQLAlchemyError) as error:
        url = make_url(_address(settings))  # shown without its password
        print(f"the database {url} cannot be used: {in_one_line(error)}", file=sys.stderr)
        return 1
    print(output)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m server", description="Without a command: run the server.")
    commands = parser.add_subparsers(dest="command", required=True)
    create = commands.add_parser("create-operator", help="create an operator account, or make an account an operator's")
    reset = commands.add_parser(
        "reset-link", help=f"print a one-time link that sets a new password, valid for {RESET_HOURS} hours"
    )
    for command in (create, reset):
        command.add_argument("--email", required=True)
    commands.add_parser("migrate", help="upgrade the schema of the database; each server does it at its start, too")
    invite = commands.add_parser("create-invite", help="print a code for one registration")
    invite.add_argument("--days", type=int, default=INVITE_DAYS, choices=range(1, 366), metavar="1..365")
    return parser


def _address(settings: Settings) -> str:
    return settings.database_direct_url or settings.resolved_database_url


def _ask_password(email: str) -> str:
    """Prompt for the password twice on a terminal; else read the first line of stdin. Raises CommandError."""
    from server.accounts.common_passwords import weakness
    from server.api.accounts.schemas import MAX_PASSWORD, MIN_PASSWORD

    if sys.stdin.isatty():
        password = getpass.getpass("Password: ")
        if getpass.getpass("Once more: ") != password:
            raise CommandError("the two passwords differ; nothing was changed")
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise CommandError(f"a password has {MIN_PASSWORD} to {MAX_PASSWORD} characters; nothing was changed")
    if reason := weakness(password, email):
        raise CommandError(f"this password is easy to guess: {reason}; nothing was changed")
    return password


async def _create_operator(settings: Settings, email: str) -> str:
    from server.accounts.admin_commands import Administration
    from server.accounts.emails import canonical

    address = canonical(email)
    if address is None:
        raise CommandError(f"{email} is no e-mail address")
    async with Administration.of(_address(settings)) as administration:
        if await administration.promote(email):
            return f"the account of {email} is an operator's now; its password is unchanged"
        await administration.create_operator(address, _ask_password(address))
        return f"created the operator account {address}"


async def _reset_link(settings: Settings, email: str) -> str:
    from server.accounts.admin_commands import Administration

    async with Administration.of(_address(settings)) as administration:
        code = await administration.reset_code(email, RESET_HOURS * 3600)
    if code is None:
        raise CommandError(f"there is no account with the e-mail {email}")
    base = settings.public_url or f"http://{settings.host}:{settings.port}"
    return f"{base}/reset/?token={code}\nIt works once, within {RESET_HOURS} hours."


async def _create_invite(settings: Settings, days: int) -> str:
    from server.accounts.admin_commands import Administration

    async with Administration.of(_address(settings)) as administration:
        return await administration.invitation(days * 86_400)


async def _migrate(settings: Settings) -> str:
    from server.accounts.admin_commands import Administration

    async with Administration.of(_address(settings)):  # opening it migrates it
        return "the schema of the database is this version's"
