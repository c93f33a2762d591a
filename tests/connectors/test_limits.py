import math
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from connectors.limits import Bucket, after_waiting, seconds_until, take

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
POINTS = st.floats(min_value=0, max_value=2000)
SECONDS = st.floats(min_value=0, max_value=100_000)
RATES = st.floats(min_value=0.5, max_value=2000)


@st.composite
def buckets(draw: st.DrawFn) -> Bucket:
    maximum = draw(st.floats(min_value=1, max_value=20_000))
    available = draw(st.floats(min_value=-2000, max_value=maximum))
    return Bucket(available=available, maximum=maximum, restore_per_second=draw(RATES), at=NOON)


@given(buckets(), SECONDS)
def test_waiting_only_adds_and_never_overflows(bucket: Bucket, seconds: float) -> None:
    later = after_waiting(bucket, NOON + timedelta(seconds=seconds))
    assert bucket.available <= later.available <= bucket.maximum


@given(buckets(), SECONDS, SECONDS)
def test_two_waits_are_one_long_wait(bucket: Bucket, first: float, second: float) -> None:
    middle, end = NOON + timedelta(seconds=first), NOON + timedelta(seconds=first) + timedelta(seconds=second)
    in_two = after_waiting(after_waiting(bucket, middle), end).available
    assert math.isclose(in_two, after_waiting(bucket, end).available, rel_tol=1e-6, abs_tol=1e-2)


@given(buckets(), POINTS)
def test_after_the_wait_it_can_be_paid_and_not_much_sooner(bucket: Bucket, cost: float) -> None:
    wait = seconds_until(bucket, cost, NOON)
    assert take(bucket, cost, NOON + timedelta(seconds=wait + 0.001)) is not None
    if wait > 0.01:
        assert take(bucket, cost, NOON + timedelta(seconds=wait - 0.01)) is None


@given(buckets(), POINTS)
def test_what_is_taken_is_gone(bucket: Bucket, cost: float) -> None:
    paid = take(bucket, cost, NOON)
    assert paid is None if min(cost, bucket.maximum) > bucket.available else paid is not None
    if paid is not None:
        assert paid.available == bucket.available - cost


@given(buckets())
def test_a_cost_above_the_maximum_waits_for_a_full_bucket_and_not_for_ever(bucket: Bucket) -> None:
    wait = seconds_until(bucket, bucket.maximum * 3 + 1, NOON)
    assert math.isfinite(wait)
    paid = take(bucket, bucket.maximum * 3 + 1, NOON + timedelta(seconds=wait + 0.001))
    assert paid is not None
    assert paid.available < 0


@given(buckets(), SECONDS)
def test_a_clock_that_goes_back_gives_nothing(bucket: Bucket, seconds: float) -> None:
    assert after_waiting(bucket, NOON - timedelta(seconds=seconds)) == bucket


def test_a_bucket_that_never_refills_waits_for_ever() -> None:
    empty = Bucket(available=0, maximum=10, restore_per_second=0, at=NOON)
    assert seconds_until(empty, 1, NOON) == math.inf
