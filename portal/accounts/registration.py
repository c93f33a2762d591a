"""Making accounts: at once with a user name, by a link with an address; the first owner by the link of the start."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from portal.accounts import entering, letters, links, passwords, queries, throttle
from portal.accounts.audit import Visit
from portal.accounts.entering import Entered
from portal.accounts.forms import SignUp
from portal.clock import new_id
from portal.db import Sessions
from portal.errors import Conflict, FormInvalid, NotFound
from portal.i18n import _, language
from portal.mail import Post
from portal.models.accounts import LinkPurpose, Member, Merchant, Role, User
from portal.tenancy import SYSTEM

SIGN_UPS_AN_ADDRESS = 20
LETTERS_A_MAILBOX = 3


class LinkOver(NotFound):
    """The link was used, ended, replaced by a newer one, or never existed."""

    def __init__(self) -> None:
        super().__init__(_("This link doesn't work any more"))
        self.detail = _("Links work once and for a short while, and only the newest one.")
        self.way_on = ("/sign-in", _("Go to sign-in"))


async def is_open(sessions: Sessions) -> bool:
    """Whether anybody may sign up: from the first owner on."""
    async with sessions.read(SYSTEM) as session:
        return await queries.anybody(session)


async def sign_up(sessions: Sessions, post: Post, form: SignUp, visit: Visit) -> Entered | None:
    """With a user name, the shop is there and its owner signed in. With an address, None: a letter has the link.

    Known and unknown addresses get the same answer after the same work; the letter differs.
    Raises FormInvalid for a taken user name and Throttled.
    """
    await throttle.hit(sessions, throttle.key("sign-up", visit.address), SIGN_UPS_AN_ADDRESS, throttle.HOUR, visit.now)
    if form.email:
        await throttle.hit(sessions, throttle.key("mailbox", form.email), LETTERS_A_MAILBOX, throttle.HOUR, visit.now)
    password_hash = await passwords.hashed(form.password)
    async with sessions.write(SYSTEM) as session:
        if not await queries.anybody(session):
            raise NotFound
        if form.email:
            await _write_letter(session, post, form, form.email, password_hash, visit.now)
            return None
        return await _make(session, form, password_hash, verified=False, visit=visit)


async def _write_letter(
    session: AsyncSession, post: Post, form: SignUp, email: str, password_hash: str, now: datetime
) -> None:
    known = await queries.by_email(session, email)
    if known is not None:
        # An address nobody confirmed may be a slip of the pen: whoever reads its letters gets no link to the account.
        owner = known.id if known.email_verified_at else None
        path = await links.make(session, LinkPurpose.RESET_PASSWORD, now=now, user_id=owner, email=email)
        if owner:
            letters.already_signed_up(session, post, email, path, now)
        else:
            letters.address_in_use(session, post, email, now)
        return
    asked = {"shop": form.shop, "currency": form.currency, "time_zone": form.time_zone, "password_hash": password_hash}
    path = await links.make(session, LinkPurpose.SIGN_UP, now=now, email=email, detail=asked)
    letters.finish_sign_up(session, post, email, path, now)


async def asked_shop(sessions: Sessions, token: str, now: datetime) -> str:
    """The name of the shop that the sign-up link will make. Raises LinkOver."""
    async with sessions.read(SYSTEM) as session:
        link = await links.find(session, LinkPurpose.SIGN_UP, token, now)
    if link is None:
        raise LinkOver
    return str(link.detail["shop"])


async def finish(sessions: Sessions, token: str, visit: Visit) -> Entered:
    """The shop that was asked for is there, its owner signed in, the address confirmed. Raises LinkOver, Conflict."""
    async with sessions.write(SYSTEM) as session:
        link = await links.use(session, LinkPurpose.SIGN_UP, token, visit.now)
        if link is None:
            raise LinkOver
        asked = link.detail
        form = SignUp(asked["shop"], None, link.email, "", asked["currency"], asked["time_zone"])
        kept = asked["password_hash"]
        return await _make(session, form, kept, verified=True, visit=visit)


async def start_works(sessions: Sessions, token: str, now: datetime) -> bool:
    """Whether the one-time link of a fresh installation would make its first owner now."""
    async with sessions.read(SYSTEM) as session:
        found = await links.find(session, LinkPurpose.FIRST_OWNER, token, now)
        return found is not None and not await queries.anybody(session)


async def start(sessions: Sessions, post: Post, *, token: str, form: SignUp, visit: Visit) -> Entered:
    """The first owner is there and signed in, and from now on anybody may sign up. Raises LinkOver."""
    password_hash = await passwords.hashed(form.password)
    async with sessions.write(SYSTEM) as session:
        link = await links.use(session, LinkPurpose.FIRST_OWNER, token, visit.now)
        if link is None or await queries.anybody(session):
            raise LinkOver
        entered = await _make(session, form, password_hash, verified=False, visit=visit)
        if form.email:
            path = await links.make(
                session, LinkPurpose.VERIFY_EMAIL, now=visit.now, user_id=entered.user_id, email=form.email
            )
            letters.confirm_address(session, post, form.email, path, visit.now)
        return entered


async def _make(
    session: AsyncSession,
    form: SignUp,
    password_hash: str,
    *,
    verified: bool,
    visit: Visit,
) -> Entered:
    merchant = Merchant(
        id=new_id(), name=form.shop, currency=form.currency, time_zone=form.time_zone, created_at=visit.now
    )
    user = User(
        id=new_id(),
        name=form.username or (form.email or "").partition("@")[0],
        username=form.username,
        email=form.email,
        email_verified_at=visit.now if verified else None,
        password_hash=password_hash,
        locale=language(),
        created_at=visit.now,
    )
    await add_user(session, user)
    session.add(merchant)
    await session.flush()
    session.add(Member(merchant_id=merchant.id, user_id=user.id, role=Role.OWNER, created_at=visit.now))
    await session.flush()
    return await entering.enter(session, user_id=user.id, merchant_id=merchant.id, act="sign_up", visit=visit)


async def add_user(session: AsyncSession, user: User) -> None:
    """The user is in the transaction. Another's user name raises FormInvalid, another's address Conflict."""
    try:
        async with session.begin_nested():
            session.add(user)
            await session.flush()
    except IntegrityError as error:
        if user.username:
            raise FormInvalid({"identifier": _("This user name is taken. Try another one.")}) from error
        raise Conflict(_("This address already has an account"), _("Sign in, or choose a new password.")) from error
