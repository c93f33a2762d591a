"""Rules in the reader's words: what they look at, how it is compared, what they do, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping

from portal.i18n import _, listed
from portal.rules.deciding import Act, Attribute, Check, Condition, Decision, Operator, Outcome


def attributes() -> list[tuple[str, str]]:
    words = {
        Attribute.SOURCE: _("Sold on"),
        Attribute.NUMBER: _("Order number"),
        Attribute.TOTAL: _("Total"),
        Attribute.SKU: _("SKU"),
        Attribute.FRAUD: _("Risk of fraud"),
        Attribute.SHIPPING: _("Shipping method"),
        Attribute.PAYMENT: _("Payment"),
        Attribute.TAGS: _("Tags"),
    }
    return [(one.value, words[one]) for one in Attribute]


def operators() -> list[tuple[str, str]]:
    words = {
        Operator.IS: _("is"),
        Operator.IS_NOT: _("is not"),
        Operator.CONTAINS: _("contains text"),
        Operator.STARTS_WITH: _("starts with"),
        Operator.MORE: _("is more than"),
        Operator.LESS: _("is less than"),
    }
    return [(one.value, words[one]) for one in Operator]


def acts(channels: Mapping[str, str]) -> list[tuple[str, str]]:
    """What a rule can do, for a select; `channels` are the names of connections by their ids."""
    plain = [
        (Act.TAG.value, _("Add a tag to the store's order")),
        (Act.RETAG.value, _("Replace all its tags with")),
        (Act.SHIPPING.value, _("Set the shipping method to")),
        (Act.SKIP.value, _("Don't create it in the store")),
    ]
    for key, name in channels.items():
        plain.append((f"{Act.TELL}:{key}", _("Send updates to %(channel)s: yes") % {"channel": name}))
        plain.append((f"{Act.HUSH}:{key}", _("Send updates to %(channel)s: no") % {"channel": name}))
    return plain


def condition(said: Condition) -> str:
    sentences = {
        Operator.IS: _("%(what)s is “%(value)s”"),
        Operator.IS_NOT: _("%(what)s is not “%(value)s”"),
        Operator.CONTAINS: _("%(what)s contains “%(value)s”"),
        Operator.STARTS_WITH: _("%(what)s starts with “%(value)s”"),
        Operator.MORE: _("%(what)s is more than %(value)s"),
        Operator.LESS: _("%(what)s is less than %(value)s"),
    }
    return sentences[said.operator] % {"what": dict(attributes())[said.attribute], "value": said.value}


def outcome(said: Outcome, channels: Mapping[str, str]) -> str:
    sentences = {
        Act.TAG: _("Add the tag “%(value)s”"),
        Act.RETAG: _("Replace all tags with “%(value)s”"),
        Act.SHIPPING: _("Set the shipping method to “%(value)s”"),
        Act.SKIP: _("Don't create it in the store"),
        Act.TELL: _("Send updates to %(value)s"),
        Act.HUSH: _("Send no updates to %(value)s"),
    }
    named = said.act in {Act.TELL, Act.HUSH}
    value = channels.get(said.value, _("a channel that is gone")) if named else said.value
    return sentences[said.act] % {"value": value}


def found(check: Check) -> str:
    """What the order had where the condition looked."""
    if not check.found:
        return _("This order has none.")
    return _("This order: %(words)s") % {"words": listed(check.found)}


def conclusion(decision: Decision, source: str, channels: Mapping[str, str], *, to_source_only: bool) -> list[str]:
    """What becomes of an order sold at the connection `source`, a sentence each."""
    said = [_in_store(decision)]
    if decision.shipping is not None and not decision.kept_out_by:
        said.append(_("Its shipping method there is “%(value)s”.") % {"value": decision.shipping})
    if decision.told.get(source, True):
        said.append(_("Updates go back to %(channel)s.") % {"channel": channels[source]})
    else:
        words = {"channel": channels[source], "rule": decision.because[source]}
        said.append(_("%(channel)s gets no updates: the rule “%(rule)s” says so.") % words)
    for key, told in decision.told.items():
        if told and key != source:
            said.append(_elsewhere(channels.get(key, _("a channel that is gone")), to_source_only=to_source_only))
    return said


def _in_store(decision: Decision) -> str:
    if decision.kept_out_by:
        return _("It is not created in your store: the rule “%(rule)s” says so.") % {"rule": decision.kept_out_by}
    return _("It is created in your store with the tags %(tags)s.") % {"tags": listed(decision.tags)}


def _elsewhere(channel: str, *, to_source_only: bool) -> str:
    if to_source_only:
        return _("%(channel)s is not told: updates go only to where the order came from.") % {"channel": channel}
    return _("%(channel)s is told too, if it has an order of this number.") % {"channel": channel}
