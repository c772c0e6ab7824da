"""Text becomes plain data, or a refusal that says where and why; never anything else."""

import json
import pickle
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mps_rules.errors import Fault, dotted
from mps_rules.language.reading import DEEPEST, LONGEST, Document, Unreadable, read_json, read_text, read_yaml


def _refusal(text: str, *, json_: bool = False) -> list[str]:
    """What is said against a text."""
    with pytest.raises(Unreadable) as refused:
        (read_json if json_ else read_yaml)(text, "x.json" if json_ else "x.yaml")
    return [str(fault) for fault in refused.value.faults]


# --- what is read -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("# only a comment\n", None),
        ("fever: true", {"fever": True}),
        ("a: {b: [1, 2.5, -3, .5, 1e3]}", {"a": {"b": [1, 2.5, -3, 0.5, 1000.0]}}),
        ("a: ~\nb: null\nc:", {"a": None, "b": None, "c": None}),
        ("a: False\nb: TRUE", {"a": False, "b": True}),
        ('a: "true"\nb: \'12\'\nc: "null"', {"a": "true", "b": "12", "c": "null"}),
        ("a: 16 wk", {"a": "16 wk"}),
        ("a: >-\n  one\n  two", {"a": "one two"}),
        ("a: |\n  one\n  two\n", {"a": "one\ntwo\n"}),
        ("on: 2026-11-22", {"on": "2026-11-22"}),
        ("a: 0\nb: -0\nc: 007.5", {"a": 0, "b": 0, "c": 7.5}),
        ("- low_back.left\n- buttock.left", ["low_back.left", "buttock.left"]),
        ("%YAML 1.2\n---\na: 1\n...\n", {"a": 1}),
        ("\ufeffa: 1", {"a": 1}),
        ("Ärger: ja, öfter", {"Ärger": "ja, öfter"}),
    ],
)
def test_plain_yaml_is_read_as_it_looks(text: str, expected: Any) -> None:
    actual = read_yaml(text, "x.yaml").data

    assert expected == actual
    assert repr(expected) == repr(actual)


def test_a_bare_number_is_whole_only_if_it_is_written_so() -> None:
    data = read_yaml("whole: 7\nbroken: 7.0\ncode: '73589001'", "x.yaml").data
    expected = {"whole": int, "broken": float, "code": str}

    assert expected == {key: type(value) for key, value in data.items()}


@pytest.mark.parametrize("text", ["[1, 2]", ' {"a": true}', '{"a": {"b": null}}'])
def test_text_that_begins_like_json_is_read_as_json(text: str) -> None:
    expected = json.loads(text)

    assert expected == read_text(text, "findings").data


def test_flow_yaml_that_is_no_json_is_still_read() -> None:
    expected = {"fever": True, "pain": ["low_back.left"]}

    assert expected == read_text("{fever: true, pain: [low_back.left]}", "findings").data


def test_a_json_file_is_never_read_as_yaml() -> None:
    with pytest.raises(Unreadable, match="not JSON"):
        read_text("{fever: true}", "findings.json")


# --- words that programs read differently -----------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["yes", "no", "on", "off", "y", "n", "Yes", "NO", "On", "12:30", "1:30:00", "-1:30", "0777", "08"])
def test_a_bare_word_that_programs_read_differently_is_refused(word: str) -> None:
    expected = [f"x.yaml line 2: a bare {word} is read differently by different programs: write true or false, or quote it"]

    assert expected == _refusal(f"a: 1\nb: {word}\n")


@pytest.mark.parametrize("word", ["yes", "no", "on", "off", "12:30", "0777"])
def test_the_same_word_in_quotes_is_text(word: str) -> None:
    expected = [word, word]

    assert expected == read_yaml(f"['{word}', \"{word}\"]", "x.yaml").data


@pytest.mark.parametrize("word", [".nan", ".NaN", ".inf", "-.inf", "+.Inf", "1e999", "-1e999"])
def test_what_is_no_finite_number_is_refused(word: str) -> None:
    (fault,) = _refusal(f"a: {word}")

    assert fault.startswith(f"x.yaml line 1: {word} is not a number")


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
def test_json_holds_no_infinite_number(word: str) -> None:
    (fault,) = _refusal(f'{{"a": {word}}}', json_=True)

    assert word in fault
    assert "is not a number" in fault


# --- structure that is refused ----------------------------------------------------------------------------------------


def test_every_repeated_key_is_named_with_its_line() -> None:
    expected = ["x.yaml line 2: key 'fever' is given twice", "x.yaml line 5: key 'b' is given twice"]

    assert expected == _refusal("fever: true\nfever: false\na:\n  b: 1\n  b: 2\n")


def test_a_key_repeated_in_quotes_is_repeated_all_the_same() -> None:
    expected = ["x.yaml line 2: key 'fever' is given twice"]

    assert expected == _refusal("fever: true\n'fever': false\n")


@pytest.mark.parametrize("text", ['{"a": 1, "a": 2}', '{"b": {"a": 1, "a": 1}}', '[{"a": 1, "\\u0061": 2}]'])
def test_a_repeated_key_in_json_is_refused(text: str) -> None:
    expected = ["x.json: key 'a' is given twice"]

    assert expected == _refusal(text, json_=True)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("a: &name [1]\n", "anchors (&name) are not allowed"),
        ("a: &name 1\nb: *name\n", "anchors (&name) are not allowed"),
        ("a: *name\n", "aliases (*name) are not allowed"),
        ("&name a: 1\n", "anchors (&name) are not allowed"),
        ("base: {a: 1}\nmore: {<<: *base}\n", "aliases (*name) are not allowed"),
    ],
)
def test_anchors_and_aliases_are_refused(text: str, part: str) -> None:
    (fault,) = _refusal(text)

    assert part in fault


@pytest.mark.parametrize("tag", ["!!python/object/apply:os.system", "!!str", "!!binary", "!custom", "!!set", "!<tag:yaml.org,2002:int>"])
@pytest.mark.parametrize("value", ["[ls]", "{a: 1}", "word"])
def test_tags_are_refused(tag: str, value: str) -> None:
    (fault,) = _refusal(f"a: {tag} {value}\n")

    assert "are not allowed" in fault


def test_an_alias_bomb_is_refused_at_its_first_anchor() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    expected = ["x.yaml line 1: anchors (&name) are not allowed; write the value out"]

    assert expected == _refusal("\n".join(lines))


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 100_000, "- " * 100_000, "? " * 100_000, "[{" * 50_000])
def test_a_hundred_thousand_brackets_are_refused(text: str) -> None:
    (fault,) = _refusal(text)

    assert "nested more than 64 deep" in fault or "a key must be a word" in fault


@pytest.mark.parametrize("text", ["[" * 65 + "]" * 65, "- " * 65 + "a", "{a: " * 65 + "1" + "}" * 65])
def test_nesting_beyond_the_limit_is_refused_even_if_it_is_closed(text: str) -> None:
    expected = ["x.yaml line 1: nested more than 64 deep"]

    assert expected == _refusal(text)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "[" * 100_000 + "]" * 100_000, "[" * 66 + "]" * 66])
def test_deep_json_is_refused(text: str) -> None:
    (fault,) = _refusal(text, json_=True)

    assert fault == "x.json: nested more than 64 deep"


@pytest.mark.parametrize("read", [read_yaml, read_json, read_text])
def test_nesting_is_allowed_up_to_the_limit(read: Any) -> None:
    expected: Any = []
    for _ in range(DEEPEST - 1):
        expected = [expected]

    assert expected == read("[" * DEEPEST + "]" * DEEPEST, "x").data


@pytest.mark.parametrize("read", [read_yaml, read_json, read_text])
def test_five_megabytes_are_refused_unread(read: Any) -> None:
    with pytest.raises(Unreadable, match=r"x: longer than 1,000,000 characters \(5,000,000\)"):
        read("[" * 5_000_000, "x")


def test_a_text_as_long_as_allowed_is_read() -> None:
    expected = "x" * (LONGEST - 3)

    assert expected == read_yaml(f"a: {expected}", "x.yaml").data["a"]


@pytest.mark.parametrize("text", ["a: 1\n---\nb: 2\n", "---\n---\n", "a: 1\n...\n---\nb: 2\n"])
def test_one_file_holds_one_document(text: str) -> None:
    (fault,) = _refusal(text)

    assert "one document a file, please" in fault


@pytest.mark.parametrize("text", ["? [a]\n: 1\n", "? {a: 1}\n: 1\n", "{[a]: 1}", "? - a\n: 1\n"])
def test_a_key_is_a_word(text: str) -> None:
    expected = ["x.yaml line 1: a key must be a word"]

    assert expected == _refusal(text)


@pytest.mark.parametrize("text", ["a: \x00", "\x00", "a: 'x\x00y'"])
def test_a_nul_is_not_text(text: str) -> None:
    expected = ["x.yaml: not text"]

    assert expected == _refusal(text)


@pytest.mark.parametrize("text", ["a: \x07", "a: \x1b[0m", "a: '\x7f'", "a: \ufffe"])
def test_control_characters_are_refused(text: str) -> None:
    (fault,) = _refusal(text)

    assert fault.startswith("x.yaml")
    assert "not YAML" in fault


@pytest.mark.parametrize("text", [b"fever: tr\xffe", b"\xff\xfef\x00e\x00", b"pain: \xc3(", bytes(range(1, 256))])
def test_bytes_that_are_no_utf_8_are_refused_or_read_as_the_text_they_became(text: bytes) -> None:
    found = _outcome(text.decode("utf-8", errors="replace"))

    assert isinstance(found, Document | Unreadable)


@pytest.mark.parametrize(
    "text", ["a: b: c", "\ta: 1", "a: 'open", "[1, 2", "{a: 1", "a: - b", "@x", "`x`", "a: %x", "]", "a\n b: 1", "..."]
)
def test_broken_yaml_is_refused_with_a_line(text: str) -> None:
    (fault,) = _refusal(text)

    assert fault.startswith("x.yaml line ")
    assert "not YAML" in fault


@pytest.mark.parametrize("text", ["", "{", "[1,]", "{'a': 1}", "nul", '{"a": 1} x', '"\\x"', "01", "9" * 5000, '"\x01"'])
def test_broken_json_is_refused(text: str) -> None:
    (fault,) = _refusal(text, json_=True)

    assert "not JSON" in fault


def test_broken_json_names_its_line() -> None:
    expected = ["x.json line 3: not JSON: Expecting property name enclosed in double quotes"]

    assert expected == _refusal('{\n"a": 1,\n}', json_=True)


def test_several_faults_are_all_listed() -> None:
    faults = _refusal("a: yes\nb: 12:30\na: .nan\nc: [on]\n")
    expected = [1, 2, 3, 3, 4]

    assert expected == [int(fault.split("line ")[1].split(":")[0]) for fault in faults]


# --- places -----------------------------------------------------------------------------------------------------------

RULE = """\
id: shelf.rule
when:
  all:
    - fever
    - any: [rash,
            cough]
then:
  - derive: ill
"""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ((), "x.yaml line 1"),
        (("id",), "x.yaml line 1, id"),
        (("when",), "x.yaml line 2, when"),
        (("when", "all", 0), "x.yaml line 4, when.all[0]"),
        (("when", "all", 1, "any", 1), "x.yaml line 6, when.all[1].any[1]"),
        (("then", 0, "derive"), "x.yaml line 8, then[0].derive"),
        (("then", 0, "derive", "id"), "x.yaml line 8, then[0].derive.id"),
        (("limits",), "x.yaml line 1, limits"),
        (("then", 3), "x.yaml line 7, then[3]"),
    ],
)
def test_a_place_is_file_line_and_path(path: tuple[str | int, ...], expected: str) -> None:
    assert expected == read_yaml(RULE, "x.yaml").place(path)


def test_a_place_in_json_has_a_path_but_no_line() -> None:
    expected = "x.json, a[0]"

    assert expected == read_json('{"a": [1]}', "x.json").place(("a", 0))


@given(st.lists(st.one_of(st.sampled_from(("a", "b_c", "exam")), st.integers(0, 9)), max_size=6).map(tuple))
def test_a_path_as_people_write_it_can_be_read_back(path: tuple[str | int, ...]) -> None:
    pieces = dotted(path).replace("[", ".").replace("]", "").split(".")
    expected = [str(step) for step in path]

    assert expected == [piece for piece in pieces if piece]


@given(st.recursive(st.booleans(), lambda part: st.one_of(st.lists(part), st.dictionaries(st.sampled_from("abc"), part)), max_leaves=20))
def test_every_value_of_a_block_document_has_the_line_on_which_it_stands(data: Any) -> None:
    text = "\n".join(_block(data, 0))
    document = read_yaml(text, "x.yaml")

    assert data == document.data
    assert set(_paths(data, ())) == set(document.lines)
    assert all(1 <= line <= text.count("\n") + 1 for line in document.lines.values())


def _block(data: Any, depth: int) -> list[str]:
    pad = " " * depth
    if isinstance(data, dict) and data:
        return [line for key, part in data.items() for line in (f"{pad}{key}:", *_block(part, depth + 1))]
    if isinstance(data, list) and data:
        return [line for part in data for line in (f"{pad}-", *_block(part, depth + 1))]
    return [pad + json.dumps(data)]


def _paths(data: Any, path: tuple[str | int, ...]) -> list[tuple[str | int, ...]]:
    items: list[tuple[str | int, Any]] = []
    if isinstance(data, dict):
        items = list(data.items())
    elif isinstance(data, list):
        items = list(enumerate(data))
    return [path, *(found for step, part in items for found in _paths(part, (*path, step)))]


# --- whatever comes ---------------------------------------------------------------------------------------------------

YAML_PIECES = st.sampled_from(
    ["a", "b: ", "- ", "? ", ": ", "\n", "  ", "\t", "{", "}", "[", "]", ",", "&x ", "*x", "!t ", "!!str ", "|\n", ">-\n", "#", "'", '"', "%", "---\n",
     "...\n", "12:30", "yes", "1", ".5", "1e9", ".inf", "~", "\\", "\\u00e9", "\x85", "\u2028", "\ufeff", "é", "😀", "<<: ", "=", "0x1f", "@", "`"]
)  # fmt: skip
SOUP = st.lists(YAML_PIECES, max_size=30).map("".join)


def _outcome(text: str, read: Any = read_yaml) -> Document | Unreadable:
    try:
        found: Document = read(text, "x")
    except Unreadable as refusal:
        return refusal
    return found


def _is_plain(data: Any) -> bool:
    if isinstance(data, dict):
        return all(isinstance(key, str) and _is_plain(part) for key, part in data.items())
    if isinstance(data, list):
        return all(_is_plain(part) for part in data)
    return data is None or isinstance(data, str | bool | int) or (isinstance(data, float) and abs(data) < float("inf"))


@given(st.one_of(SOUP, st.text(max_size=200)), st.sampled_from((read_yaml, read_json, read_text)))
@example("a: !<", read_yaml)
@example("? a", read_yaml)
@example("\x85", read_text)
def test_any_text_gives_plain_data_or_a_refusal_that_says_why(text: str, read: Any) -> None:
    found = _outcome(text, read)

    if isinstance(found, Unreadable):
        assert found.faults
        assert all(fault.where.startswith("x") and fault.what for fault in found.faults)
    else:
        assert _is_plain(found.data)


@given(st.binary(max_size=100))
def test_any_bytes_read_as_text_give_data_or_a_refusal(raw: bytes) -> None:
    assert isinstance(_outcome(raw.decode("utf-8", errors="replace")), Document | Unreadable)
    assert isinstance(_outcome(raw.decode("latin-1"), read_text), Document | Unreadable)


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-(10**17), 10**17), st.floats(allow_nan=False, allow_infinity=False), st.text())


@given(st.recursive(SCALARS, lambda part: st.one_of(st.lists(part), st.dictionaries(st.text(), part)), max_leaves=20))
def test_json_comes_back_as_it_went(data: Any) -> None:
    text = json.dumps(data)

    assert data == read_json(text, "x.json").data


@given(st.recursive(SCALARS, lambda part: st.one_of(st.lists(part), st.dictionaries(st.text(), part)), max_leaves=20))
def test_json_read_as_yaml_gives_the_same_data_or_is_no_yaml(data: Any) -> None:
    text = json.dumps(data)
    found = _outcome(text)

    if isinstance(found, Document):
        assert json.loads(text) == found.data
    else:
        assert found.faults
        assert all("not YAML" in fault.what for fault in found.faults)


def test_a_refusal_is_an_error_whose_text_lists_its_faults() -> None:
    refusal = Unreadable([Fault("x line 1", "first"), Fault("x line 2", "second", "two")])
    expected = "x line 1: first\nx line 2: second; closest is 'two'"

    assert expected == str(refusal)


def test_a_document_survives_pickling() -> None:
    expected = read_yaml(RULE, "x.yaml")

    assert expected == pickle.loads(pickle.dumps(expected))
