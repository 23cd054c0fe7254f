"""Replacements in JSON, XML and delimited text: what was asked changes, and nothing else."""

from __future__ import annotations

import csv
import io
import json
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelqa.readers._edits import DelimitedText, JsonText, LinesText, Text, XmlText, number_like

LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-99, 99), st.floats(-9, 9), st.text(max_size=4))
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4)
)
STYLES = st.sampled_from([{}, {"indent": 1}, {"indent": 4}, {"indent": "\t"}, {"separators": (",", ":")}])


class TestJson:
    @given(
        rows=st.lists(VALUES, min_size=1, max_size=6),
        style=STYLES,
        is_ascii=st.booleans(),
        gone=st.sets(st.integers(0, 5)),
        added=st.lists(VALUES, max_size=3),
        data=st.data(),
    )
    def test_a_list_says_what_was_asked(self, rows, style, is_ascii, gone, added, data):
        text = JsonText(json.dumps({"a": rows, "b": [1.50]}, ensure_ascii=is_ascii, **style))
        gone = {nth for nth in gone if nth < len(rows)}
        put = data.draw(st.dictionaries(st.integers(0, len(rows) - 1), VALUES, max_size=2))
        for nth in gone:
            text.remove(("a", nth))
        for nth, value in put.items():
            text.set(("a", nth), value)
        for value in added:
            text.append(("a",), value)
        wanted = [put.get(nth, row) for nth, row in enumerate(rows) if nth not in gone] + added
        assert json.loads(text.result()) == {"a": wanted, "b": [1.5]}

    @given(value=VALUES, style=STYLES)
    def test_without_edits_it_is_the_same(self, value, style):
        written = json.dumps(value, **style)
        assert JsonText(f" {written}\r\n").result() == f" {written}\r\n"

    def test_values_are_written_in_the_style_of_the_text(self):
        text = JsonText('{\n  "a": [\n    1.50,\n    2\n  ],\n  "é": {}\n}')
        text.append(("a",), {"b": ["ü"]})
        text.set(("a", 0), 2.25)
        text.set(("a", 1), 3.0)
        text.add_key(("é", "x"), 1)
        assert text.result() == (
            '{\n  "a": [\n    2.25,\n    3,\n    {\n      "b": [\n        "ü"\n      ]\n    }\n  ],\n  "é": {"x": 1}\n}'
        )

    def test_of_a_key_that_stands_twice_the_last_counts(self):
        text = JsonText('{"a": 1, "a": 2}')
        text.set(("a",), 3)
        assert text.result() == '{"a": 1, "a": 3}'

    def test_what_is_within_a_removed_part_goes_with_it(self):
        text = JsonText('[{"a": [1, 2]}, 3]')
        text.set((0, "a", 1), 9)
        text.remove((0, "a", 0))
        text.remove((0,))
        assert text.result() == "[3]"


@pytest.mark.parametrize(
    ("old", "value", "written"),
    [
        ("10", 12.0, "12"),
        ("10", 12.5, "12.5"),
        ("10.00", 12.0, "12.00"),
        ("10.00", 12.125, "12.125"),
        ("1e3", 12.0, "12.0"),
        ("-1", -0.5, "-0.5"),
    ],
)
def test_numbers_keep_their_style_where_that_loses_nothing(old, value, written):
    assert number_like(old, value) == written


def test_a_list_of_as_many_values_keeps_its_space():
    text = JsonText('{\n "a": ["cat",  1.50, 2]\n}')
    text.set(("a",), ["dog", 1.5, 3])
    assert text.result() == '{\n "a": ["dog",  1.50, 3]\n}'


def test_an_attribute_is_not_sought_in_what_another_one_says():
    text = XmlText("""<box note=" x='5' " x = '1'/>""")
    assert text.attribute(0, "x") == "1"
    text.set_attribute(0, "x", "2")
    assert text.result() == """<box note=" x='5' " x = '2'/>"""


class TestXml:
    GIVEN = (
        "<?xml version='1.0'?>\n<!-- <image name=\"none\"/> -->\n<r>\n  <image name='é &amp; &lt;'>\n"
        '    <box label="a"/>\n    <box label="b"></box>\n  </image>\n  <image name="2"/>\n</r>\n'
    )

    def test_elements_are_found_where_they_stand(self):
        text = XmlText(self.GIVEN)
        assert [one.tag for one in text.elements] == [one.tag for one in ElementTree.fromstring(self.GIVEN).iter()]
        assert text.children(1, "box") == [2, 3]
        assert [text.attribute(nth, "label") for nth in (2, 3)] == ["a", "b"]

    def test_changes_leave_the_rest_alone(self):
        text = XmlText(self.GIVEN)
        text.set_attribute(2, "label", 'x "<&>" y')
        text.remove(3)
        text.append(4, "<tag>\n  <n/>\n</tag>")
        written = text.result()
        assert written == self.GIVEN.replace('"a"', '"x &quot;&lt;&amp;&gt;&quot; y"').replace(
            '\n    <box label="b"></box>', ""
        ).replace('<image name="2"/>', '<image name="2">\n    <tag>\n      <n/>\n    </tag>\n  </image>')
        assert ElementTree.fromstring(written)[0][0].get("label") == 'x "<&>" y'

    def test_a_text_keeps_the_space_round_it(self):
        text = XmlText("<r><n> 10 </n><m></m></r>")
        text.set_content(1, "1 < 2")
        text.set_content(2, "x")
        assert text.result() == "<r><n> 1 &lt; 2 </n><m>x</m></r>"


class TestDelimited:
    @given(
        rows=st.lists(st.lists(st.text('ab,;"\n ', max_size=4), min_size=2, max_size=2), min_size=1, max_size=5),
        data=st.data(),
    )
    def test_a_table_says_what_was_asked(self, rows, data):
        out = io.StringIO(newline="")
        csv.writer(out, lineterminator="\r\n", quoting=csv.QUOTE_ALL).writerows([["x", "y"], *rows])
        text = DelimitedText(out.getvalue(), ",")
        row, column = data.draw(st.integers(0, len(rows) - 1)), data.draw(st.integers(0, 1))
        value, gone = data.draw(st.text('ab,"\n', max_size=3)), data.draw(st.integers(0, len(rows)))
        text.set(row, column, value)
        wanted = [list(one) for one in rows]
        wanted[row][column] = value
        if gone < len(rows):
            text.remove(gone)
            del wanted[gone]
        text.append(["p", 'q"'])
        found = list(csv.reader(io.StringIO(text.result(), newline="")))
        assert found == [["x", "y"], *wanted, ["p", 'q"']]

    def test_a_new_column_stands_last_in_every_row(self):
        text = DelimitedText("a;b\n1;2\n\n3;4", ";")
        text.add_column("c", ["x", ""])
        assert text.result() == "a;b;c\n1;2;x\n\n3;4;"


def test_lines_keep_their_ends():
    text = LinesText("a\r\nb\r\nc")
    text.set(0, "x")
    text.remove(1)
    text.append("d")
    assert text.result() == "x\r\nc\r\nd\r\n"


def test_a_longer_replacement_hides_those_within_it():
    text = Text("abcdef")
    text.replace(2, 3, "-")
    text.replace(1, 5, "+")
    text.replace(5, 5, "!")
    assert text.result() == "a+!f"
