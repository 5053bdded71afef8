"""Help of each setting: the docstrings of `schema`, marked for translation. A test holds them equal."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from holytui.config.schema import Config, Model, OAuth, Price, Provider, Recover, Stream, Ui
from holytui.i18n import N_

HELP: Mapping[tuple[type, str], str] = MappingProxyType(
    {
        (Config, "default_model"): N_("Model of new conversations, as `provider/model`."),
        (Config, "providers"): N_("Providers by name."),
        (Config, "prompts"): N_("System prompts by name."),
        (Config, "system"): N_("The system prompt of new conversations: a text, or the name of one of `prompts`."),
        (Config, "log_level"): N_(
            "Level of the log file: `off`, `error`, `warning`, `info` (each turn and request) or `debug`."
        ),
        (Stream, "max_retries"): N_(
            "Consecutive attempts without progress (64 new characters) before the answer is left interrupted."
        ),
        (Stream, "max_attempts"): N_("Total attempts for one answer."),
        (Stream, "retry_delay"): N_("Delay before the first retry; doubles each time, ±20 %, up to `max_delay`."),
        (Stream, "max_delay"): N_("Longest delay between retries."),
        (Stream, "max_retry_after"): N_(
            "Longest wait requested by a server that is obeyed; a longer one ends the answer with a notice."
        ),
        (Stream, "connect_timeout"): N_("Longest time until the connection is open."),
        (Stream, "idle_timeout"): N_("Longest time without a byte."),
        (Stream, "first_token_timeout"): N_("Longest time until the answer begins."),
        (Stream, "token_timeout"): N_("Longest time without a token after the first one, keep-alives ignored."),
        (Stream, "offline_limit"): N_(
            "Longest wait for an unreachable endpoint (0: unlimited). Waiting does not use up retries."
        ),
        (Stream, "max_answer_bytes"): N_(
            "Text (UTF-8, with reasoning) after which an answer is left interrupted. "
            "Continuing it allows as much again."
        ),
        (Stream, "recover"): N_("How an interrupted answer is completed."),
        (Stream, "finish_after_hangup"): N_(
            "Longest time to keep receiving after the terminal is closed (0: stop at once)."
        ),
        (Ui, "theme"): N_("Empty: `holytui-dark`, or `holytui-16` on a terminal with 16 colours."),
        (Ui, "language"): N_("`en` or `vi`; empty: from the locale."),
        (Ui, "mouse"): N_("Use the mouse; false leaves the terminal's own selection as it is."),
        (Ui, "sidebar"): N_("Show the list of conversations."),
        (Ui, "text_width"): N_("Maximum width of text in columns; 0: no limit. Code and tables may be wider."),
        (Ui, "enter"): N_(
            "`send`: the key of `prompt.send` sends; `newline`: "
            "it inserts a new line, and the key of `prompt.newline` sends."
        ),
        (Ui, "resume_on_start"): N_(
            "Whether to continue interrupted answers at startup: `ask`, `always`, `never`. "
            "Unsent questions are sent unless `never`."
        ),
        (Ui, "notify"): N_(
            "Notification when an answer ends in an unfocused terminal: `off`, `bell`, `osc9` (desktop notification)."
        ),
        (Ui, "model_titles"): N_("Let the model title each conversation, with one more request."),
        (Provider, "base_url"): N_("Address before `chat_path`; most end in `/v1`. Built in for the presets."),
        (Provider, "api_key_env"): N_("Environment variable of the key."),
        (Provider, "api_key_env_file"): N_(
            "File of `NAME=value` lines in which `api_key_env` is looked up first; read again when a key is refused."
        ),
        (Provider, "api_key_command"): N_("Program that prints the key, or JSON with `api_key` and `expires_at`."),
        (Provider, "api_key_file"): N_("File with nothing but the key, mode 0600."),
        (Provider, "api_key_keyring"): N_("Name of the key in the system keyring, under the service `holytui`."),
        (Provider, "api_key"): N_("The key itself; then the configuration must have mode 0600."),
        (Provider, "oauth"): N_("Renewal of the key by OAuth 2.0."),
        (Provider, "headers"): N_("Additional headers of each request."),
        (Provider, "public_headers"): N_("Names of `headers` whose values are not secret and may be shown."),
        (Provider, "proxy"): N_("Proxy, `http://`, `https://` or `socks5h://`; by default that of the environment."),
        (Provider, "ca_file"): N_("Certificates of authorities to trust, in PEM."),
        (Provider, "allow_insecure"): N_("Allow sending a key over plain http to another machine."),
        (Provider, "chat_path"): N_("Path after `base_url`; may end in a query."),
        (Provider, "api"): N_("`chat` (chat completions) or `responses` (the Responses API)."),
        (Provider, "reattach"): N_(
            "The server keeps the stream of an interrupted answer (llama.cpp). "
            "By default as its preset or its header say."
        ),
        (Provider, "recover"): N_("Overrides `recover` of `[stream]`."),
        (Provider, "models"): N_("Models in the list, by name. Others can be used as well."),
        (Model, "context"): N_("Size of the context in tokens, for the display of its use."),
        (Model, "price"): N_("Price of its tokens, for the display of cost."),
        (Model, "params"): N_("Sent unchanged with each request (`temperature`, `max_tokens`, …)."),
        (Model, "vision"): N_("The model accepts images."),
        (Model, "recover"): N_("Overrides the provider's `recover`."),
        (Model, "api"): N_("Overrides the provider's `api`."),
        (Price, "input"): N_("Price of a million tokens of the question."),
        (Price, "output"): N_("Price of a million tokens of the answer."),
        (Price, "cached"): N_("Price of a million tokens that the provider had cached; by default that of `input`."),
        (OAuth, "token_url"): N_("Address that returns access tokens."),
        (OAuth, "client_id"): N_("Id of the client."),
        (OAuth, "refresh_token_file"): N_("File with the refresh token, mode 0600; a new token is written back."),
        (OAuth, "refresh_token_command"): N_("Program that prints the refresh token."),
        (OAuth, "client_secret_env"): N_("Environment variable of the client's secret."),
        (OAuth, "scope"): N_("Requested scope."),
        (Recover, "auto"): N_(
            "The best way that the endpoint is known to support: prefill, else instruct, else restart."
        ),
        (Recover, "prefill"): N_("The server continues the text."),
        (Recover, "instruct"): N_("The model is asked to continue."),
        (Recover, "restart"): N_("The question is asked again; the interrupted answer is kept as a variant."),
        (Recover, "ask"): N_("Keep the text and wait for the user."),
    }
)
"""By class and field (of an enumeration: value)."""
