"""Questions that people ask, in both languages, with facts that the answers must hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from holytui import paths
from holytui.guide.answers import Guide
from holytui.guide.chat_api import GuideMessage
from holytui.guide.topics import TYPED
from holytui.ui.slash_commands import COMMANDS

CONFIG, HISTORY = "{config}", "{history}"
"""Stand for the files of this machine."""

ENGLISH: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("how do I copy over SSH?", ("OSC 52", "F8")),
    ("how do I delete a conversation?", ("d, Del deletes",)),
    ("how to delete a chat", ("d, Del deletes", "e renames", "a archives")),
    ("how do I attach an image?", ("@path", "vision = true")),
    ("change the language to Vietnamese", ("HOLYTUI_LANG=vi",)),
    ("how do I stop an answer?", ("Esc",)),
    ("can I use Claude?", ("ANTHROPIC_API_KEY",)),
    ("how do I set the temperature?", ("temperature = 0.7",)),
    ("where are my old conversations?", ("Ctrl+F", "F3")),
    ("how do I begin a new line?", ("Ctrl+J",)),
    ("I get 401", ("401", "holytui check")),
    ("how do I export to markdown?", ("--format md",)),
    ("is my data private?", ("history",)),
    ("how do I quit?", ("Ctrl+D",)),
    ("how do I change the theme?", ("/theme", "holytui-light")),
    ("how do I add my OpenAI key?", ("OPENAI_API_KEY", "openai", CONFIG, "config init")),
    ("how do I change a key binding?", ("[keys]", '"model.pick" = "ctrl+t"', CONFIG)),
    ("how do I set a proxy?", ("proxy = ", "HTTPS_PROXY", "[providers.")),
    ("where is my history stored?", (HISTORY,)),
    ("how do I paste an image from the clipboard?", ("cannot be pasted", "@shot.png")),
    ("how do I save the answer to a file?", ("x on the messages", "/export", "> answer.md")),
    ("how do I install holytui?", ("uv tool install .", "make run")),
    ("how do I scroll up?", ("PgUp", "Tab")),
    ("does it support MCP?", ("no MCP", "no tools")),
    ("how do I resume the last conversation?", ("history list", "holytui -c last", "F3")),
    ("what does ≥380 mean?", ("at least",)),
    ("how do I change the font size?", ("terminal draws the letters", "text_width")),
    ("how do I upgrade?", ("git pull",)),
    ("command not found", ("pipx ensurepath",)),
    ("where is the config file?", (CONFIG, "config init")),
    ("how do I connect HolySheep?", ("HOLYSHEEP_API_KEY",)),
    ("how do I use OpenRouter?", ("OPENROUTER_API_KEY",)),
    ("how do I use ollama?", ("http://127.0.0.1:11434/v1", "servers that run are found")),
    ("can I use llama.cpp?", ("http://127.0.0.1:8080/v1",)),
    ("does it work with LM Studio?", ("http://127.0.0.1:1234/v1",)),
    ("how do I use vLLM?", ("http://127.0.0.1:8000/v1",)),
    ("deepseek", ("DEEPSEEK_API_KEY",)),
    ("can it search the web?", ("no web search",)),
    ("are there plugins?", ("no plugins",)),
    ("what do the symbols in the status bar mean?", ("tok/s", "▲", "~")),
    ("what does the tilde mean?", ("estimated",)),
    ("how do I rename a conversation?", ("e renames",)),
    ("how do I archive a conversation?", ("a archives one", "A shows the archive")),
    ("which keys are there?", ("F1", "Ctrl+F")),
    ("what does F2 do?", ("Choose the model",)),
    ("how do I switch the model?", ("F2",)),
    ("how do I continue a cut answer?", ("c",)),
    ("what happens when the connection drops?", ("text so far",)),
    ("does it work in tmux?", ("set-clipboard",)),
    ("how do I use it in a script?", ("holytui ask", "| 3 |")),
    ("how do I import from chatgpt?", ("conversations.json",)),
    ("how do I see the reasoning?", ("Space",)),
    ("how much does it cost?", ("price = {",)),
    ("how do I set a system prompt?", ("[prompts]",)),
    ("my connection is slow", ("ssh -C",)),
    ("how do I type vietnamese?", ("Telex",)),
    ("is there a vim mode?", ('editing = "vim"',)),
    ("who are you?", ("not a language model",)),
    ("where do API keys come from?", ("api_key_command",)),
    ("how do I turn the mouse on?", ("F7",)),
    ("how do I select text with the mouse?", ("F7",)),
    ("how do I uninstall it?", ("uv tool uninstall holytui",)),
)

VIETNAMESE: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("sao chép qua SSH thế nào?", ("OSC 52", "F8")),
    ("xóa cuộc trò chuyện thế nào?", ("d, Del xóa", "e đổi tên", "a lưu trữ")),
    ("đính kèm ảnh thế nào?", ("@đường-dẫn", "vision = true")),
    ("đổi ngôn ngữ sang tiếng Việt", ("HOLYTUI_LANG=vi",)),
    ("mất mạng thì sao?", ("phần đã có",)),
    ("gõ tiếng Việt thế nào?", ("Telex",)),
    ("có chế độ vim không?", ('editing = "vim"',)),
    ("bạn là ai?", ("không phải mô hình ngôn ngữ",)),
    ("ai viết ra bạn?", ("không phải mô hình ngôn ngữ",)),
    ("thêm khóa OpenAI thế nào?", ("OPENAI_API_KEY", "openai", CONFIG, "config init")),
    ("đổi phím tắt thế nào?", ("[keys]", '"model.pick" = "ctrl+t"', CONFIG)),
    ("dừng câu trả lời thế nào?", ("Esc",)),
    ("dùng Claude được không?", ("ANTHROPIC_API_KEY",)),
    ("đặt nhiệt độ temperature thế nào?", ("temperature = 0.7",)),
    ("cuộc trò chuyện cũ ở đâu?", ("Ctrl+F", "F3")),
    ("làm sao xuống dòng?", ("Ctrl+J",)),
    ("tôi bị lỗi 401", ("401", "holytui check")),
    ("xuất ra markdown thế nào?", ("--format md",)),
    ("dữ liệu của tôi có riêng tư không?", ("lịch sử",)),
    ("thoát thế nào?", ("Ctrl+D",)),
    ("đổi giao diện thế nào?", ("/theme", "holytui-light")),
    ("đặt proxy thế nào?", ("proxy = ", "HTTPS_PROXY", "[providers.")),
    ("lịch sử được lưu ở đâu?", (HISTORY,)),
    ("dán ảnh từ clipboard thế nào?", ("không dán ảnh được", "@shot.png")),
    ("lưu câu trả lời ra tệp thế nào?", ("/export", "> answer.md")),
    ("cài đặt holytui thế nào?", ("uv tool install .", "make run")),
    ("cuộn lên thế nào?", ("PgUp", "Tab")),
    ("có hỗ trợ MCP không?", ("không MCP", "không có công cụ")),
    ("tiếp tục cuộc trò chuyện trước thế nào?", ("history list", "holytui -c last", "F3")),
    ("≥380 nghĩa là gì?", ("ít nhất",)),
    ("đổi cỡ chữ thế nào?", ("Terminal vẽ chữ", "text_width")),
    ("nâng cấp thế nào?", ("git pull",)),
    ("không tìm thấy lệnh holytui", ("pipx ensurepath",)),
    ("tệp cấu hình nằm ở đâu?", (CONFIG, "config init")),
    ("kết nối HolySheep thế nào?", ("HOLYSHEEP_API_KEY",)),
    ("dùng OpenRouter thế nào?", ("OPENROUTER_API_KEY",)),
    ("dùng ollama thế nào?", ("http://127.0.0.1:11434/v1", "máy chủ đang chạy được tìm thấy")),
    ("dùng llama.cpp được không?", ("http://127.0.0.1:8080/v1",)),
    ("có dùng được LM Studio không?", ("http://127.0.0.1:1234/v1",)),
    ("dùng vLLM thế nào?", ("http://127.0.0.1:8000/v1",)),
    ("dùng deepseek thế nào?", ("DEEPSEEK_API_KEY",)),
    ("có tìm trên mạng được không?", ("không tìm trên web",)),
    ("có plugin không?", ("không plugin",)),
    ("các ký hiệu trên thanh trạng thái nghĩa là gì?", ("tok/s", "▲", "~")),
    ("dấu ngã nghĩa là gì?", ("ước lượng",)),
    ("đổi tên cuộc trò chuyện thế nào?", ("e đổi tên",)),
    ("lưu trữ cuộc trò chuyện thế nào?", ("a lưu trữ",)),
    ("có những phím nào?", ("F1", "Ctrl+F")),
    ("phím F2 làm gì?", ("Chọn mô hình",)),
    ("đổi mô hình thế nào?", ("F2",)),
    ("tiếp tục câu trả lời bị ngắt thế nào?", ("c",)),
    ("có chạy trong tmux không?", ("set-clipboard",)),
    ("dùng trong script thế nào?", ("holytui ask", "| 3 |")),
    ("nhập cuộc trò chuyện từ chatgpt", ("conversations.json",)),
    ("xem phần suy luận thế nào?", ("Space",)),
    ("tốn bao nhiêu tiền?", ("price = {",)),
    ("đặt chỉ dẫn hệ thống thế nào?", ("[prompts]",)),
    ("mạng chậm quá", ("ssh -C",)),
    ("khóa API lấy từ đâu?", ("api_key_command",)),
    ("bật chuột thế nào?", ("F7",)),
    ("gỡ cài đặt thế nào?", ("uv tool uninstall holytui",)),
)


def answer(question: str) -> str:
    return Guide().answer([GuideMessage("user", question)]).text


def test_there_are_sixty_of_each_language() -> None:
    for asked in (ENGLISH, VIETNAMESE):
        assert len({question for question, _facts in asked}) == len(asked) >= 60


@pytest.mark.parametrize(("question", "facts"), [*ENGLISH, *VIETNAMESE])
def test_the_answer_has_the_facts(question: str, facts: tuple[str, ...]) -> None:
    text = answer(question)
    places = {CONFIG: str(paths.config_file()), HISTORY: str(paths.history_file())}
    assert [fact for fact in facts if places.get(fact, fact) not in text] == []
    assert "{key:" not in text
    assert "{path:" not in text


def test_paths_are_those_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOLYTUI_CONFIG", str(tmp_path / "mine.toml"))
    monkeypatch.setenv("HOLYTUI_DATA_DIR", str(tmp_path / "data"))
    assert str(tmp_path / "mine.toml") in answer("where is the config file?")
    assert str(tmp_path / "data" / "history.db") in answer("where is my history stored?")


@pytest.mark.parametrize("question", ["What is the capital of France?", "thủ đô nước Pháp là gì?"])
def test_what_it_does_not_know_it_says_in_three_lines_at_most(question: str) -> None:
    assert len(answer(question).splitlines()) <= 3


def test_what_is_typed_for_an_action_without_a_key_is_its_command() -> None:
    assert {f"/{name}": action for name, action in COMMANDS.items()}.items() >= {
        (typed, action) for action, typed in TYPED.items()
    }
