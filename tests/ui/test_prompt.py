from __future__ import annotations

from tests.ui.house import House, visit


async def test_a_question_goes_out_and_its_answer_is_shown(house: House) -> None:
    async with visit(house) as visitor:
        await visitor.ask("count to 12")
        assert "count to 12" in visitor.text
        assert [one.title for one in visitor.conversations()] == ["count to 12"]
