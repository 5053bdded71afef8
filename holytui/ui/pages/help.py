"""The lines of the help page, from the table of keys."""

from __future__ import annotations

from pathlib import Path

from textual.content import Content

from holytui import paths
from holytui.i18n import N_, _
from holytui.keymap import ACTIONS, BY_ID, Keymap, Where
from holytui.text import sanitize_line
from holytui.ui.bindings import names, shown_keys
from holytui.ui.pages.columns import hanging
from holytui.ui.slash_commands import COMMANDS

_PLACES = {
    Where.APP: N_("Everywhere"),
    Where.PROMPT: N_("In the prompt"),
    Where.LOG: N_("In the messages"),
    Where.SIDEBAR: N_("In the list of conversations"),
    Where.DETAILS: N_("On the details page"),
    Where.CHECK: N_("On the check page"),
    Where.TREE: N_("In the tree of a conversation"),
}
_SIGNS = (
    ("@PATH", N_("Attach a text file or an image; names are completed as you type")),
    ("//", N_("Send a line that begins with /")),
)


def help_lines(keymap: Keymap, config_file: Path, width: int) -> list[Content]:
    """Keys, slash commands and files; each line at most `width` cells."""
    out: list[Content] = []
    keys = shown_keys(keymap, " ")
    for where in Where:
        out.append(Content.assemble((_(_PLACES[where]), "bold $primary")))
        for action in ACTIONS:
            if action.where is where:
                out += hanging(Content.assemble("  ", (f"{keys[action.id]:<18}", "bold"), " "), _(action.help), width)
        out.append(Content(""))
    out.append(Content.assemble((_("Typed in the prompt"), "bold $primary")))
    typed = [(f"/{name}", _(BY_ID[action].help)) for name, action in COMMANDS.items()]
    for shown, help_text in [*_SIGNS, *typed]:
        out += hanging(Content.assemble("  ", (f"{shown:<18}", "bold"), " "), _(help_text), width)
    out += [Content(""), Content.assemble((_("Files"), "bold $primary"))]
    for label, file in ((_("Configuration"), config_file), (_("Conversations"), paths.history_file())):
        out += hanging(Content.assemble("  ", (f"{label:<18}", "bold"), " "), sanitize_line(str(file)), width)
    out.append(Content(""))
    last = Content(_("Ask the model guide/guide about anything else: it answers without a network."))
    return [*out, *last.wrap(width)]


def welcome_lines(model: str, problems: tuple[str, ...], keymap: Keymap, *, connected: bool = False) -> list[Content]:
    """Paragraphs for an empty conversation, not wrapped: model, first keys, problems of the configuration.

    `connected`: a provider is configured.
    """
    here = names(keymap, Where.PROMPT)
    out = [
        Content(""),
        Content.assemble(("holytui", "bold $primary"), "  ", (_("not one token is lost"), "$muted")),
        Content(""),
        Content(_("Questions go to {model}.").format(model=model)),
    ]
    if model.startswith("guide/"):
        out.append(Content(_("That is the built-in guide: no network, no key, no language model.")))
        if connected:
            advice = _("Ask it “how do I connect a model?”, or {press:model.pick} to choose a model.")
        elif keymap.keys_for("app.connect"):  # some terminals keep F10 for their own menu
            advice = _("{Press:app.connect}, or type /connect, to connect a provider. The guide answers until then.")
        else:
            advice = _("{Press:app.connect} to connect a provider. The guide answers until then.")
        out.append(Content(here.render(advice)))
    out += [
        Content(""),
        Content(
            here.render(
                _(
                    "{key:prompt.send} sends, {key:prompt.newline} inserts a new line.\n"
                    "/ lists the commands, @ attaches a file.\n"
                    "{key:app.help} shows all keys."
                )
            )
        ),
    ]
    for problem in problems:
        out += [Content(""), Content.assemble(("▲ " + problem, "$warning"))]
    return out
