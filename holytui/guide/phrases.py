"""The sentences of the guide outside its topics, in the language of the question.

Not by gettext, which has the language of the screen. Keys are written as in the topics: `{key:chat.stop}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Phrases:
    """The guide's own sentences in one language."""

    intro: str
    welcome: str
    unknown: str
    nothing_more: str
    more: str
    """`{topic}` is the last topic, `{topics}` a list."""
    key_means: str
    """Before the meanings of keys."""
    key_free: str
    """`{name}` is a key without an action."""
    related: str
    """`{topics}` is a few titles."""
    apology: str
    counted: str
    """`{limit}` is the highest number."""
    lines: str
    """`{count}` lines follow."""
    line: str
    """A line: `{number}`, `{count}`, `{words}`."""
    reasoned: str
    """The answer after the reasoning."""


_EN = Phrases(
    intro="*I am holytui's built-in offline guide, not a language model.*",
    welcome="""Hello! I can tell you how holytui works, without any network. Three things to try:

1. Ask **“which keys are there?”** and press {key:prompt.send}.
2. Ask **“show me markdown”** to see how answers look, and {key:chat.copy} to copy one.
3. Press {key:model.pick}, choose `guide/cut`, and ask again: the answer is interrupted, and continues by itself.

To talk to a real model, ask **“how do I connect a model?”**.""",
    unknown="""I do not know that: I am a small offline guide, not a language model, and know only holytui.
Ask “topics” for what I know, or **“how do I connect a model?”** for everything else.""",
    nothing_more="That is all I have on this. Ask me about any key or command, or say **“topics”** for a list.",
    more="""Related to *{topic}*:

{topics}

Ask for one by its name.""",
    key_means="In holytui:",
    key_free="{name} does nothing in holytui. {key:app.help} shows all keys.",
    related="*See also: {topics}.*",
    apology="\n\n*(I cannot continue this text: it is not the beginning of my answer. Please ask once more.)*",
    counted="I count to {limit} at most.",
    lines="Here are {count} lines.",
    line="Line {number} of {count}: {words}.",
    reasoned="""**It is 8.** The reasoning came before this answer, in a stream of its own; \
{key:message.reasoning} expands and collapses it on the selected message ({key:app.focus} goes to the messages).""",
)

_VI = Phrases(
    intro="*Tôi là hướng dẫn ngoại tuyến có sẵn trong holytui, không phải mô hình ngôn ngữ.*",
    welcome="""Xin chào! Tôi có thể chỉ bạn cách dùng holytui mà không cần mạng. Ba điều nên thử:

1. Hỏi **“có những phím nào?”** rồi nhấn {key:prompt.send}.
2. Hỏi **“cho xem ví dụ markdown”** để thấy câu trả lời trông ra sao, rồi nhấn {key:chat.copy} để sao chép.
3. Nhấn {key:model.pick}, chọn `guide/cut` rồi hỏi lại: câu trả lời bị ngắt giữa chừng rồi tự viết tiếp.

Muốn nói chuyện với một mô hình thật, hãy hỏi **“kết nối mô hình thế nào?”**.""",
    unknown="""Tôi không biết điều đó: tôi chỉ là hướng dẫn ngoại tuyến, không phải mô hình ngôn ngữ.
Tôi chỉ biết holytui; hỏi “chủ đề” để xem tôi biết gì, hoặc **“kết nối mô hình thế nào?”** cho mọi chuyện khác.""",
    nothing_more="Về chuyện này tôi chỉ có vậy. Hãy hỏi về một phím hay một lệnh bất kỳ, hoặc nói **“chủ đề”** để xem \
toàn bộ danh sách.",
    more="""Những điều liên quan đến *{topic}*:

{topics}

Hãy hỏi theo tên chủ đề.""",
    key_means="Trong holytui:",
    key_free="{name} không làm gì trong holytui. {key:app.help} cho xem mọi phím.",
    related="*Xem thêm: {topics}.*",
    apology="\n\n*(Tôi không thể viết tiếp đoạn này: nó không phải phần đầu câu trả lời của tôi. Xin hãy hỏi lại.)*",
    counted="Tôi chỉ đếm đến {limit}.",
    lines="Đây là {count} dòng.",
    line="Dòng {number} trên {count}: {words}.",
    reasoned="""**Kết quả là 8.** Phần suy luận đã đến trước câu trả lời này, trong một luồng riêng; \
{key:message.reasoning} mở hoặc thu gọn nó khi tin nhắn đang được chọn ({key:app.focus} để sang tin nhắn).""",
)

PHRASES: Mapping[str, Phrases] = MappingProxyType({"en": _EN, "vi": _VI})
