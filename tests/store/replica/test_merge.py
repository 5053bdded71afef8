"""The laws of the merge, and clocks."""

from __future__ import annotations

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from holytui.models import Message, Role
from holytui.store.replica.clock import Stamp, joined, next_clock, wall_time
from holytui.store.replica.merge import Replicated, hidden_at, placed
from holytui.store.replica.records import ConversationRecord, Deletion, Field, MessageRecord

STAMPS = st.builds(Stamp, st.integers(1, 12), st.sampled_from(["a", "b", "c"]))
REPLACES = st.frozensets(STAMPS, max_size=3)


def earlier(stamp: Stamp, stamps: frozenset[Stamp]) -> frozenset[Stamp]:
    return frozenset(each for each in stamps if each.clock < stamp.clock)


def field(stamp: Stamp) -> Field:
    """One stamp is of one change only."""
    return Field(f"{stamp}", stamp)


def deletion(stamp: Stamp, replaces: frozenset[Stamp]) -> Deletion:
    at = float(stamp.clock) if stamp.clock % 3 else None
    return Deletion(stamp, at, {"a": stamp.clock // 2, "b": stamp.clock - 1} if at else {}, replaces)


def message(id_: str, stamp: Stamp, replaces: frozenset[Stamp]) -> MessageRecord:
    return MessageRecord(Message(id_, "talk", None, Role.USER, f"{id_} {stamp.clock // 2}", 0.0), stamp, replaces)


@st.composite
def worlds(draw: st.DrawFn) -> list[Replicated]:
    """Three histories with parts of the same changes."""
    stamps = draw(st.lists(STAMPS, unique=True, min_size=1, max_size=8))
    known: list[Stamp] = []
    changes: list[Replicated] = []
    closure: dict[Stamp, frozenset[Stamp]] = {}
    for stamp in sorted(stamps):
        direct = draw(st.frozensets(st.sampled_from(known), max_size=2)) if known else frozenset()
        closure[stamp] = frozenset().union(direct, *(closure[each] for each in direct))
        known.append(stamp)
        match draw(st.sampled_from(["message", "field", "deletion"])):
            case "message":
                id_ = draw(st.sampled_from(["m1", "m2"]))
                changes.append(Replicated({}, {id_: (message(id_, stamp, closure[stamp]),)}))
            case "field":
                changes.append(Replicated({"talk": ConversationRecord("talk", fields={"title": field(stamp)})}))
            case _:
                record = ConversationRecord("talk", deletions=(deletion(stamp, closure[stamp]),))
                changes.append(Replicated({"talk": record}))
    out = []
    for _ in range(3):
        world = Replicated()
        for change in draw(st.lists(st.sampled_from(changes), max_size=8)):
            world = world.joined(change)
        out.append(world)
    return out


@given(worlds())
def test_the_merge_is_commutative_associative_and_idempotent(found: list[Replicated]) -> None:
    a, b, c = found
    assert a.joined(b) == b.joined(a)
    assert a.joined(b).joined(c) == a.joined(b.joined(c))
    assert a.joined(a) == a
    assert a.joined(b).joined(b) == a.joined(b)
    assert a.joined(b).visible() == b.joined(a).visible()


@given(st.dictionaries(STAMPS, REPLACES, min_size=1, max_size=5))
def test_every_text_that_nothing_continues_is_shown(found: dict[Stamp, frozenset[Stamp]]) -> None:
    versions = [message("m", stamp, earlier(stamp, replaces)) for stamp, replaces in found.items()]
    places = placed("m", versions)
    shown = {each.record.message.text for each in places if each.equal_to is None}
    assert shown == {each.message.text for each in versions}
    assert places[0].id == "m"
    assert len({each.id for each in places}) == len(places)
    busy = placed("m", versions, in_use=True)
    assert "m" not in {each.id for each in busy}
    assert {each.id for each in places[1:]} <= {each.id for each in busy}


def test_only_messages_that_a_deletion_had_seen_are_hidden() -> None:
    seen = Deletion(Stamp(9, "b"), 1.0, {"a": 5})
    assert hidden_at([seen], []) == 1.0
    assert hidden_at([seen], [Stamp(5, "a")]) == 1.0
    assert hidden_at([seen], [Stamp(5, "a"), Stamp(6, "a")]) is None
    assert hidden_at([seen], [Stamp(1, "c")]) is None
    assert hidden_at([dataclasses.replace(seen, at=None)], [Stamp(5, "a")]) is None
    other = Deletion(Stamp(3, "c"), 2.0, {"c": 1})
    assert hidden_at([seen, other], [Stamp(5, "a"), Stamp(1, "c")]) == 2.0


@given(st.lists(st.floats(0, 4e9), min_size=1), st.integers(0, 1 << 60))
def test_a_clock_never_goes_back_and_follows_the_time_where_it_can(times: list[float], last: int) -> None:
    for now in times:
        clock = next_clock(last, now)
        assert clock > last
        assert wall_time(clock) > now - 0.002
        last = clock


def test_the_join_of_vectors_has_the_greatest_values() -> None:
    assert joined({"a": 1, "b": 5}, {"a": 3}, {"c": 1}) == {"a": 3, "b": 5, "c": 1}
