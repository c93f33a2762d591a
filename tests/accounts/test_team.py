"""A merchant's team: invited, joined, changed, gone; never without an owner, never across merchants."""

from __future__ import annotations

import asyncio
import uuid

import pytest
from sqlalchemy import select

from portal.models.accounts import AuditEntry, Invitation, Member, Role, User
from portal.tenancy import SYSTEM
from tests.accounts.people_in_town import by_letter, by_username, first_owner, invited
from tests.accounts.town import PASSWORD, Browser, Town, problems, soup


async def member_id(town: Town, name: str) -> uuid.UUID:
    query = select(Member.id).join(User, User.id == Member.user_id).where(User.name == name)
    async with town.sessions.read(SYSTEM) as session:
        return (await session.scalars(query)).one()


async def acts(town: Town) -> list[str]:
    async with town.sessions.read(SYSTEM) as session:
        return list(await session.scalars(select(AuditEntry.act).order_by(AuditEntry.id)))


async def change(town: Town, browser: Browser, name: str, role: str) -> int:
    return int((await browser.post(f"/settings/team/{await member_id(town, name)}/role", role=role)).status_code)


@pytest.mark.parametrize("role", list(Role))
async def test_an_invited_person_joins_with_the_role_and_a_confirmed_address(town: Town, role: Role) -> None:
    owner = await first_owner(town)
    guest = await invited(town, owner, "gina@example.com", role.value)
    who = await guest.who()
    assert who is not None
    assert (who["name"], who["shop"], who["role"]) == ("Gina", "Linen & Co", role.value)
    async with town.sessions.read(SYSTEM) as session:
        user = (await session.scalars(select(User).where(User.email == "gina@example.com"))).one()
    assert user.email_verified_at == town.clock()
    assert {"member.invited", "member.joined"} <= set(await acts(town))
    page = (await owner.get("/settings/team")).text
    assert "gina@example.com" in page
    assert "Open invitations" not in page


async def test_an_invitation_works_once_for_a_week_and_only_the_newest(town: Town) -> None:
    owner = await first_owner(town)
    await owner.post("/settings/team/invitations", email="gina@example.com", role="packer")
    older = await town.link("gina@example.com")
    await owner.post("/settings/team/invitations", email="gina@example.com", role="viewer")
    newest = await town.link("gina@example.com")
    guest = town.browser()
    assert (await guest.get(older)).status_code == 404
    town.clock.advance(7 * 86400 - 1)
    assert (await guest.get(newest)).status_code == 200
    town.clock.advance(1)
    assert (await guest.get(newest)).status_code == 404
    assert (await guest.post(f"{newest}/account", name="Gina", password=PASSWORD)).status_code == 404
    await owner.sign_in("alice")
    assert "Expired" in (await owner.get("/settings/team")).text
    await owner.post("/settings/team/invitations", email="gina@example.com", role="viewer")
    path = await town.link("gina@example.com")
    assert (await guest.post(f"{path}/account", name="Gina", password=PASSWORD)).status_code == 303
    again = await town.browser().post(f"{path}/account", name="Mallory", password=PASSWORD)
    assert again.status_code == 404


async def test_a_withdrawn_invitation_no_longer_works(town: Town) -> None:
    owner = await first_owner(town)
    await owner.post("/settings/team/invitations", email="gina@example.com", role="packer")
    path = await town.link("gina@example.com")
    page = soup(await owner.get("/settings/team"))
    action = str(page.select_one("form[action$='/withdrawal']")["action"])  # type: ignore[index]  # None fails the test
    assert (await owner.post(action)).status_code == 303
    assert (await town.browser().get(path)).status_code == 404
    assert (await owner.post(action)).status_code == 404


async def test_inviting_tells_nothing_about_who_has_an_account(town: Town) -> None:
    owner = await first_owner(town)
    await by_letter(town, "known@example.com")
    answers = [
        await owner.post("/settings/team/invitations", email=email, role="viewer")
        for email in ("known@example.com", "other@example.com")
    ]
    assert {(int(a.status_code), a.headers["location"]) for a in answers} == {(303, "/settings/team")}
    letters = [(await town.letters(email))[-1] for email in ("known@example.com", "other@example.com")]
    assert letters[0][0] == letters[1][0]


async def test_a_person_with_an_account_signs_in_to_join_and_can_go_between_shops(town: Town) -> None:
    owner = await first_owner(town)
    bob = await by_letter(town, "bob@example.com")
    await bob.post("/sign-out")
    await owner.post("/settings/team/invitations", email="bob@example.com", role="packer")
    path = await town.link("bob@example.com", "/invitations/")
    page = soup(await bob.get(path))
    link = str(page.select_one("main a.button")["href"])  # type: ignore[index]  # None fails the test
    assert link.startswith("/sign-in?next=")
    taken = await bob.post(f"{path}/account", name="Bob", password=PASSWORD)
    assert taken.status_code == 409
    await bob.sign_in("bob@example.com")
    assert (await bob.post(f"{path}/acceptance")).status_code == 303
    who = await bob.who()
    assert who is not None
    assert who["role"] == "packer"
    page = soup(await bob.get("/settings/profile"))
    home = str(page.select_one("form[action$='/entry']")["action"])  # type: ignore[index]  # None fails the test
    assert (await bob.post(home)).status_code == 303
    assert ((await bob.who()) or {})["role"] == "owner"
    assert (await owner.post(home)).status_code == 404


async def test_an_invitation_is_for_the_one_it_was_sent_to(town: Town) -> None:
    owner = await first_owner(town)
    mallory = await by_letter(town, "mallory@example.com")
    await owner.post("/settings/team/invitations", email="gina@example.com", role="owner")
    path = await town.link("gina@example.com")
    answer = await mallory.post(f"{path}/acceptance")
    assert answer.status_code == 409
    assert ((await mallory.who()) or {})["shop"] == "Linen & Co"
    async with town.sessions.read(SYSTEM) as session:
        assert (await session.scalars(select(Invitation.accepted_at))).one() is None


async def test_only_an_owner_changes_the_team(town: Town) -> None:
    owner = await first_owner(town)
    for role in ("manager", "packer", "viewer"):
        guest = await invited(town, owner, f"{role}@example.com", role)
        assert (await guest.get("/settings/team")).status_code == 200
        assert (await guest.post("/settings/team/invitations", email="x@example.com", role="owner")).status_code == 403
        assert await change(town, guest, "alice", "viewer") == 403
        assert await change(town, guest, role.title(), "owner") == 403
        assert (await guest.post(f"/settings/team/{await member_id(town, 'alice')}/removal")).status_code == 403
        page = soup(await guest.get("/settings/team"))
        assert not page.select("form[action$='/role'], form[action$='/invitations']")
        assert [form["action"] for form in page.select("form[action$='/removal']")] == [
            f"/settings/team/{await member_id(town, role.title())}/removal"
        ]
    assert ((await owner.who()) or {})["role"] == "owner"


async def test_a_changed_role_ends_the_old_power_at_the_next_request(town: Town) -> None:
    owner = await first_owner(town)
    gina = await invited(town, owner, "gina@example.com", "owner")
    assert await change(town, owner, "Gina", "viewer") == 303
    assert await gina.who() is None
    await gina.sign_in("gina@example.com")
    assert ((await gina.who()) or {})["role"] == "viewer"
    assert (await gina.post("/settings/team/invitations", email="x@example.com", role="owner")).status_code == 403
    assert "role.changed" in await acts(town)


async def test_a_removed_member_is_out_at_once(town: Town) -> None:
    owner = await first_owner(town)
    gina = await invited(town, owner, "gina@example.com", "manager")
    answer = await owner.post(f"/settings/team/{await member_id(town, 'Gina')}/removal")
    assert answer.status_code == 303
    assert await gina.who() is None
    said = problems(await gina.sign_in("gina@example.com"))
    assert "doesn't belong to a shop any more" in said["identifier"]
    assert "member.removed" in await acts(town)


async def test_the_last_owner_cannot_leave_or_step_down(town: Town) -> None:
    owner = await first_owner(town)
    assert (await owner.post(f"/settings/team/{await member_id(town, 'alice')}/removal")).status_code == 409
    assert await change(town, owner, "alice", "manager") == 409
    gina = await invited(town, owner, "gina@example.com", "owner")
    left = await owner.post(f"/settings/team/{await member_id(town, 'alice')}/removal")
    assert left.headers["location"] == "/sign-in?left"
    assert await owner.who() is None
    assert (await gina.post(f"/settings/team/{await member_id(town, 'Gina')}/removal")).status_code == 409


async def test_two_owners_who_leave_at_the_same_moment_leave_one_behind(town: Town) -> None:
    owner = await first_owner(town)
    gina = await invited(town, owner, "gina@example.com", "owner")
    answers = await asyncio.gather(
        owner.post(f"/settings/team/{await member_id(town, 'alice')}/removal"),
        gina.post(f"/settings/team/{await member_id(town, 'Gina')}/removal"),
    )
    assert sorted(int(answer.status_code) for answer in answers) == [303, 409]


async def test_another_merchants_team_is_not_there(town: Town) -> None:
    owner = await first_owner(town)
    await owner.post("/settings/team/invitations", email="gina@example.com", role="packer")
    charlie = await by_username(town, "charlie")
    alice = await member_id(town, "alice")
    async with town.sessions.read(SYSTEM) as session:
        invitation = (await session.scalars(select(Invitation.id))).one()
    paths = [f"/settings/team/{alice}/role", f"/settings/team/{alice}/removal"]
    paths.append(f"/settings/team/invitations/{invitation}/withdrawal")
    answers = [await charlie.post(path, role="viewer") for path in paths]
    unknown = [await charlie.post(path.replace(str(alice), str(uuid.uuid4())), role="viewer") for path in paths]
    assert {int(answer.status_code) for answer in answers + unknown} == {404}
    assert len({len(answer.text) for answer in answers[:2] + unknown[:2]}) == 1
    page = (await charlie.get("/settings/team")).text
    assert "alice" not in page
    assert "gina" not in page
    assert (await town.browser().get(await town.link("gina@example.com"))).status_code == 200


async def test_a_names_markup_is_shown_and_not_obeyed(town: Town) -> None:
    owner = await first_owner(town)
    await owner.post("/settings/profile", name='<img src=x onerror="alert(1)">', language="en", theme="system")
    page = await owner.get("/settings/team")
    assert "<img" not in page.text
    assert "&lt;img src=x" in page.text


async def test_a_wrong_invitation_is_said_at_its_field(town: Town) -> None:
    owner = await first_owner(town)
    answer = await owner.post("/settings/team/invitations", email="not an address", role="king")
    assert answer.status_code == 422
    assert set(problems(answer)) == {"email", "role"}
    assert soup(answer).select_one("#field-email")["value"] == "not an address"  # type: ignore[index]  # None fails the test
