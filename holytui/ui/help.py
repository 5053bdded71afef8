"""The help screen's lines, made from the table of keys."""

from __future__ import annotations

from textual.content import Content

from holytui.i18n import N_, _
from holytui.keymap import ACTIONS, Keymap, Where
from holytui.ui.bindings import shown_keys
from holytui.ui.columns import hanging

_PLACES = {
    Where.APP: N_("Everywhere"),
    Where.PROMPT: N_("In the prompt"),
    Where.LOG: N_("In the messages (Tab goes there)"),
    Where.SIDEBAR: N_("In the list of conversations"),
    Where.DETAILS: N_("On the page with the details"),
}


def lines(keymap: Keymap, width: int) -> list[Content]:
    """A heading for each place, then its keys with what they do; each line at most `width` cells."""
    out: list[Content] = []
    keys = shown_keys(keymap, " ")
    for where in Where:
        out.append(Content.assemble((_(_PLACES[where]), "bold $primary")))
        for action in ACTIONS:
            if action.where is where:
                out += hanging(Content.assemble("  ", (f"{keys[action.id]:<18}", "bold"), " "), _(action.help), width)
        out.append(Content(""))
    last = Content(_("Ask the model guide/guide about anything else: it answers without a network."))
    return [*out, *last.wrap(width)]


def welcome(model: str, problems: tuple[str, ...], keymap: Keymap) -> list[Content]:
    """What an empty conversation shows: the model that will answer, first keys, and what is wrong with the config.

    Paragraphs; whoever shows them wraps them.
    """
    out = [
        Content(""),
        Content.assemble(("holytui", "bold $primary"), "  ", (_("not one token is lost"), "$muted")),
        Content(""),
        Content(_("Questions go to {model}.").format(model=model)),
    ]
    if model.startswith("guide/"):
        out.append(Content(_("That is the built-in guide: no network, no key, no language model.")))
        key = shown_keys(keymap, " ")["model.pick"]
        out.append(Content(_("Ask it “how do I connect a model?” or press {key} to choose one.").format(key=key)))
    for problem in problems:
        out += [Content(""), Content.assemble(("▲ " + problem, "$warning"))]
    return out
