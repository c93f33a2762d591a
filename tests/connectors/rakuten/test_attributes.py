import pytest

from connectors.rakuten import attributes


def test_one_a_line_with_units_and_several_values() -> None:
    text = "単位内容量: 560 [ml]\n\nブランド名：Nordlicht\n素材: 陶器\n素材: 磁器\n"
    assert attributes.read(text) == [
        {"name": "単位内容量", "values": ["560"], "unit": "ml"},
        {"name": "ブランド名", "values": ["Nordlicht"]},
        {"name": "素材", "values": ["陶器", "磁器"]},
    ]


def test_the_list_itself_is_taken_as_json() -> None:
    text = '[{"name":"単位内容量","values":["560"],"unit":"ml"}]'
    assert attributes.read(text) == [{"name": "単位内容量", "values": ["560"], "unit": "ml"}]


def test_nothing_is_no_attributes() -> None:
    assert attributes.read(" \n") == []


@pytest.mark.parametrize("text", ["no colon", ": value", "name:", "[1]", "[{}]", "[not json"])
def test_what_is_no_attribute_is_said_to_be_none(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - json's own error has other words
        attributes.read(text)
