"""The letters that accounts write: plain text, one link each, no more about a person than the link needs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from portal.i18n import _
from portal.mail import Post
from portal.models.accounts import Role


def role_name(role: Role) -> str:
    """The role as a person reads it."""
    return {
        Role.OWNER: _("Owner"),
        Role.MANAGER: _("Manager"),
        Role.PACKER: _("Packer"),
        Role.VIEWER: _("Viewer"),
    }[role]


def finish_sign_up(session: AsyncSession, post: Post, to: str, path: str, now: datetime) -> None:
    body = _(
        "Welcome. Open this link to finish signing up. It works once, for 10 minutes.\n\n{link}\n\n"
        "If you did not ask for this, do nothing: without the link no account is made."
    )
    _write(session, post, to, _("Finish signing up for Crossdock"), body, now, link=post.public_url + path)


def already_signed_up(session: AsyncSession, post: Post, to: str, path: str, now: datetime) -> None:
    body = _(
        "Somebody, probably you, tried to sign up with this address. You have an account already.\n\n"
        "Sign in: {sign_in}\n\n"
        "Forgot your password? Choose a new one here. The link works once, for 10 minutes.\n\n{link}"
    )
    links = {"sign_in": f"{post.public_url}/sign-in", "link": post.public_url + path}
    _write(session, post, to, _("You already have a Crossdock account"), body, now, **links)


def choose_new_password(session: AsyncSession, post: Post, to: str, path: str, now: datetime) -> None:
    body = _(
        "Open this link to choose a new password. It works once, for 10 minutes.\n\n{link}\n\n"
        "If you did not ask for this, do nothing: your password stays as it is."
    )
    _write(session, post, to, _("Choose a new Crossdock password"), body, now, link=post.public_url + path)


def no_account_here(session: AsyncSession, post: Post, to: str, now: datetime) -> None:
    body = _(
        "Somebody, probably you, asked for a new password for this address, but no account has confirmed it.\n\n"
        "You may have signed up with another address or with a user name. To make an account: {link}"
    )
    _write(session, post, to, _("No Crossdock account uses this address"), body, now, link=f"{post.public_url}/sign-up")


def confirm_address(session: AsyncSession, post: Post, to: str, path: str, now: datetime) -> None:
    body = _(
        "Open this link to confirm that this address is yours. It works once, for 24 hours.\n\n{link}\n\n"
        "If you did not ask for this, do nothing."
    )
    _write(session, post, to, _("Confirm your e-mail address"), body, now, link=post.public_url + path)


def address_in_use(session: AsyncSession, post: Post, to: str, now: datetime) -> None:
    body = _(
        "Somebody, probably you, wanted to use this address for a Crossdock account, but one uses it already.\n\n"
        "Nothing has changed. To sign in to the account with this address: {link}"
    )
    _write(session, post, to, _("This address already has an account"), body, now, link=f"{post.public_url}/sign-in")


def invitation(session: AsyncSession, post: Post, to: str, path: str, now: datetime, *, shop: str, role: Role) -> None:
    body = _(
        "You are invited to work for {shop} on Crossdock, as {role}.\n\n"
        "Open this link to join. It works once, for 7 days.\n\n{link}"
    )
    words = {"shop": shop, "role": role_name(role), "link": post.public_url + path}
    _write(session, post, to, _("Join {shop} on Crossdock").format(shop=shop), body, now, **words)


def password_changed(session: AsyncSession, post: Post, to: str, now: datetime) -> None:
    body = _(
        "The password of your account was changed, and every other browser was signed out.\n\n"
        "If it was not you, choose a new password at once: {link}"
    )
    link = f"{post.public_url}/forgotten-password"
    _write(session, post, to, _("Your Crossdock password was changed"), body, now, link=link)


def address_changed(session: AsyncSession, post: Post, to: str, path: str, now: datetime) -> None:
    body = _(
        "The e-mail address of your account was changed; letters now go to the new one.\n\n"
        "If it was not you, put this address back, then choose a new password. This works once, for 24 hours.\n\n{link}"
    )
    link = post.public_url + path
    _write(session, post, to, _("Your Crossdock e-mail address was changed"), body, now, link=link)


def many_wrong_passwords(session: AsyncSession, post: Post, to: str, now: datetime) -> None:
    body = _(
        "Somebody typed a wrong password for your account ten times. We have stopped further tries for an hour.\n\n"
        "If it was you, wait, or choose a new password: {link}\n\n"
        "Browsers in which you have signed in before are not affected."
    )
    link = f"{post.public_url}/forgotten-password"
    _write(session, post, to, _("Many wrong passwords for your account"), body, now, link=link)


def _write(session: AsyncSession, post: Post, to: str, subject: str, body: str, now: datetime, **words: str) -> None:
    post.write(session, to=to, subject=subject, body=body.format(**words) + "\n", now=now)
