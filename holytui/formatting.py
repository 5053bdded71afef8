"""Formatting of numbers, times and dates in the user's language."""

from __future__ import annotations

from datetime import date, datetime

from holytui.i18n import _, language
from holytui.models import Usage


def decimal(value: float, places: int) -> str:
    """Format a number with `places` decimals."""
    text = f"{value:.{places}f}"
    return text.replace(".", ",") if language() == "vi" else text


def size(number: int) -> str:
    """Format a number of bytes: `812 B`, `12.4 kB`, `1.3 MB`, `2.0 GB`."""
    if number < 1000:
        return f"{number} B"
    value, unit = (number / 1000, "kB") if number < 1_000_000 else (number / 1_000_000, "MB")
    if number >= 1_000_000_000:
        value, unit = number / 1_000_000_000, "GB"
    return f"{decimal(value, 1)} {unit}"


def count(number: int) -> str:
    """Format a count: `812`, `12.4k`, `1.3M`."""
    if number < 10_000:
        return str(number)
    value, unit = (number / 1000, "k") if number < 1_000_000 else (number / 1_000_000, "M")
    return decimal(value, 1 if value < 100 else 0) + unit


def whole(number: int) -> str:
    """Format an integer with separators: `10,000`."""
    text = f"{number:,}"
    return text.replace(",", ".") if language() == "vi" else text


def seconds(value: float) -> str:
    """Format a duration: `0.8 s`, `12 s`, `3 min 5 s`, `2 h 10 min`."""
    if value < 10:
        return f"{decimal(max(0.0, value), 1)} s"
    whole = int(value)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        minutes, rest = divmod(whole, 60)
        return _("{minutes} min {seconds} s").format(minutes=minutes, seconds=rest)
    hours, rest = divmod(whole // 60, 60)
    return _("{hours} h {minutes} min").format(hours=hours, minutes=rest)


def usage(used: Usage) -> str:
    """Format token usage: `↑ 120 ↓ 812`, with `≥` for lower bounds and `~` for estimates."""
    mark = inexact_mark(at_least=used.at_least, estimated=used.estimated)
    return f"↑ {mark}{count(used.input)} ↓ {mark}{count(used.output)}"


def inexact_mark(*, at_least: bool, estimated: bool) -> str:
    """Return the prefix of an inexact figure; empty if it is exact."""
    return "≥" if at_least else "~" if estimated else ""


def cost(amount: float) -> str:
    """Format an amount in the user's currency, with four decimals below 1."""
    return decimal(amount, 2 if amount >= 1 else 4)


_LAST = 253_402_128_000.0
"""One day before the end of the year 9999, Python's last year, to allow for time zones."""


def local(moment: float) -> datetime:
    """Return a Unix time as local time. Times out of range, as in files of other programs, are clamped."""
    return datetime.fromtimestamp(min(max(moment, 0.0), _LAST)).astimezone()


def clock(moment: float) -> str:
    """Format the local time of day of a Unix time: `12:04`."""
    return local(moment).strftime("%H:%M")


def moment(when: float, today: date) -> str:
    """Format a Unix time as `12:04` if it is today, else with the date."""
    at = local(when)
    return at.strftime("%H:%M") if at.date() == today else f"{day(at.date())} {at:%H:%M}"


def day(value: date) -> str:
    """Format a date in digits, in the order of the language."""
    return value.strftime("%d/%m/%Y") if language() == "vi" else value.strftime("%Y-%m-%d")


def day_group(when: float, today: date) -> str:
    """Return the heading of the list for conversations of that day."""
    on = local(when).date()
    age = (today - on).days
    if age <= 0:
        return _("Today")
    if age == 1:
        return _("Yesterday")
    if age < 7:
        return _("This week")
    if age < 31:
        return _("This month")
    return f"{on:%m/%Y}" if language() == "vi" else f"{on:%Y-%m}"
