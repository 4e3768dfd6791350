"""Text becomes a tree; the tree has one text; and what is wrong is said where it is wrong."""

import pytest

from apps.conditions import Catalogue, ConditionError, KnownField, parse
from apps.conditions.parse import MAX_LENGTH, parse_field
from apps.conditions.tree import And, Compare, Field, Literal, Not, Or

CATALOGUE = Catalogue(
    fields={
        "profile@data.pii.age": KnownField("Age", "number"),
        "profile@data.pii.firstname": KnownField("First name", "text"),
        "profile@segments": KnownField("Segments", "list"),
        "event@type": KnownField("Type"),
    },
    open_objects=frozenset({"profile@traits", "event@properties"}),
)


def is_one(number: int) -> Compare:
    return Compare("=", Field("profile", ("n",)), Literal(number))


def test_words_bind_not_before_and_before_or() -> None:
    tree = parse("profile@n = 1 OR NOT profile@n = 2 AND profile@n = 3")

    assert tree == Or((is_one(1), And((Not(is_one(2)), is_one(3)))))


def test_brackets_are_kept() -> None:
    assert parse("(profile@n = 1 AND profile@n = 2) AND profile@n = 3") == And((And((is_one(1), is_one(2))), is_one(3)))


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("profile@n==1", "profile@n = 1"),
        ("profile@n => 1", "profile@n >= 1"),
        ("profile@n =< 1", "profile@n <= 1"),
        ("profile@n <> 1", "profile@n != 1"),
        ("NOT profile@n = 1", "profile@n != 1"),
        ("profile@n=-1.50", "profile@n = -1.5"),
        ("profile@n = +1e3", "profile@n = 1000"),
        ("profile@n\n  between 1\tand 2", "profile@n BETWEEN 1 AND 2"),
        ("not profile@n between 1 and 2", "profile@n NOT BETWEEN 1 AND 2"),
        ("profile@n is null", "profile@n NOT EXISTS"),
        ("profile@n is not null", "profile@n EXISTS"),
        ("profile@n is true", "profile@n = TRUE"),
        ("profile@n IS NOT FALSE", "profile@n != FALSE"),
        ("profile@s starts   with 'it\\'s \"so\"'", 'profile@s STARTS WITH "it\'s \\"so\\""'),
        ('profile@s = "\\u00e4\\n"', 'profile@s = "ä\\n"'),
        ("PROFILE@s EMPTY", "profile@s EMPTY"),
        ("profile@list[0] = 1", "profile@list.0 = 1"),
        (r"profile@a\.b.c\ d EXISTS", 'profile@["a.b"]["c d"] EXISTS'),
        ('profile@["a b"].c["d"] EXISTS', 'profile@["a b"].c.d EXISTS'),
        ("profile@schlüssel-1.x_y EXISTS", "profile@schlüssel-1.x_y EXISTS"),
        ("profile@... not empty", "profile@... NOT EMPTY"),
        ("now( ) - 1 day < NOW()+2 weeks", "now() - 1 DAY < now() + 2 WEEKS"),
        ("((profile@n = 1))", "profile@n = 1"),
        ("profile@n = 1 and profile@n = 2 or profile@n = 3", "(profile@n = 1 AND profile@n = 2) OR profile@n = 3"),
        ("not (profile@n = 1 or profile@n < 2)", "NOT (profile@n = 1 OR profile@n < 2)"),
        ("not did('a')", 'DID NOT("a")'),
        ("avg(event@x of any event last 1 h) > 1", "AVERAGE(event@x OF ANY EVENT LAST 1 HOUR) > 1"),
        ("count('a', 'b' last 3 mins) in [1, 2]", 'COUNT("a", "b" LAST 3 MINUTES) IN [1, 2]'),
    ],
)
def test_condition_is_written_in_one_way(text: str, canonical: str) -> None:
    tree = parse(text)

    assert str(tree) == canonical
    assert parse(canonical) == tree


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("", 1, "The condition ends too early. Expected a field such as profile@traits.plan, a value, a function"),
        ("profile@n", 10, "The condition ends too early."),
        ("profile@n = ", 12, "The condition ends too early. Expected a field such as profile@traits.plan, a value or"),
        ("profile@n = 1 profile@m = 2", 15, "'profile@m' is not expected here. Expected"),
        ("(profile@n = 1", 15, r"The condition ends too early. Expected \).$"),
        ("profile@n CONTAIN 'a'", 11, "'CONTAIN' is not expected here. Did you mean CONTAINS?"),
        ("profile@n START WITH 'a'", 11, "Did you mean STARTS WITH?"),
        ("profile@n = 'a", 13, "A text has no closing quote."),
        ("profile@n = “a”", 13, "'“' cannot be read."),
        ("profile@n = 1 ; x", 15, "';' cannot be read."),
        ("profile.plan = 1", 1, "'profile.plan' is not a field.*Did you mean profile@plan?"),
        (
            "profile@n = pro",
            13,
            "'pro' is not a field: those are written as profile@traits.plan. Texts stand in quotes.",
        ),
        ("agee(profile@n) > 1", 1, r"There is no function agee\(\). Did you mean age\(\)?"),
        ("age() > 1", 1, r"age\(\) takes one argument."),
        ("pofile@n = 1", 1, "There is no 'pofile@'.* Did you mean profile@?"),
        ("profile@n > [1]", 1, "A list is not compared by >."),
        ("profile@n IN 1", 14, r"'1' is not expected here. Expected a list such as \[1, 2\]."),
        ("profile@n = 'a\\x'", 13, "A backslash in a text is followed by"),
        ("profile@n = 'a\\u0000'", 13, "A text holds a character that cannot be stored."),
        ("profile@n = 1e999", 13, "A number is out of range."),
        ("profile@n = 99999999999999999999", 13, "A number is out of range."),
        ("profile@n < now() - 3 parsecs", 23, "'parsecs' is no unit of time"),
        ("profile@n < now() - 3 day s", 27, "'s' is not expected here."),
        ("profile@n < now() - 1.5 days", 21, "A duration is a whole number of units"),
        ("profile@n < now() - 0 days", 21, "A duration is not zero."),
        ("profile@n < now() - 501 years", 21, "A duration is at most 500 years."),
        ("profile@n < now() - 300 years - 300 years", 13, "A time is moved by at most 500 years."),
        ("datetime('2023-02-29') < now()", 10, '"2023-02-29" is no date or time such as'),
        ("item@n = 1", 1, r"item@ is an item of a list: it stands within ANY\(... WHERE ...\)"),
        ("COUNT('a' WHERE profile@n = 1) > 1", 17, "Within WHERE stand fields of the events"),
        ("COUNT('a' WHERE DID('b')) > 1", 7, "Within WHERE no other events can be looked at."),
        ("SUM(profile@n OF 'a') > 1", 5, "SUM takes a field of the events"),
        ("COUNT('a') > profile@n", 14, "What is made of past events is compared with values"),
        ("COUNT('a') > COUNT('b')", 1, "What is made of past events is compared with values"),
        ("COUNT('a' SINCE 'soon') > 1", 17, "A period is given by dates such as"),
        ("COUNT('a' SINCE profile@n) > 1", 17, r"or by now\(\)"),
        ("COUNT('') > 1", 7, "The type of an event is a text that is not empty."),
        ("SEQUENCE('a') ", 13, "Expected .*THEN"),
        ("SEQUENCE('a' WITHIN 1 DAY THEN 'b')", 1, "The first step of a sequence follows nothing"),
        ("profile@n CONTAINS ANY []", 1, "CONTAINS ANY takes one value or more."),
    ],
)
def test_mistake_is_said_where_it_is(text: str, column: int, message: str) -> None:
    with pytest.raises(ConditionError, match=message) as caught:
        parse(text)

    assert (caught.value.line, caught.value.column) == (1, column)
    assert caught.value.offset == column - 1


def test_mistake_on_a_later_line_has_its_line_and_column() -> None:
    with pytest.raises(ConditionError, match="Line 3, column 7: ") as caught:
        parse("profile@n = 1\nAND\n  NOT profile.x = 1")

    assert caught.value.length == len("profile.x")
    assert caught.value.suggestion == "profile@x"


def test_expected_words_are_listed() -> None:
    with pytest.raises(ConditionError) as caught:
        parse("profile@n = 1 profile@m = 2")

    assert caught.value.expected == ("+ or - and a duration", "AND", "OR", "the end")


@pytest.mark.parametrize(
    "text",
    [
        "profile@data.pii.age > 1",
        "profile@data.pii EMPTY",
        "profile@... EXISTS",
        "profile@traits.anything.at.all = 1",
        "profile@traits EXISTS",
        "profile@segments.0 = 'vip'",
        "ANY(profile@segments WHERE item@... = 1)",
        "COUNT('a' WHERE event@properties.amount > 1) > 1",
    ],
)
def test_known_fields_are_taken(text: str) -> None:
    parse(text, catalogue=CATALOGUE)


@pytest.mark.parametrize(
    ("text", "offset", "suggestion"),
    [
        ("1 = 1 AND profile@data.pii.agee > 1", 10, "profile@data.pii.age"),
        ("profile@data.pi.firstname EXISTS", 0, "profile@data.pii.firstname"),
        ("profile@traitss.plan = 1", 0, "profile@traits"),
        ("COUNT('a' WHERE event@typ = 1) > 1", 16, "event@type"),
        ("flow@x = 1", 0, ""),
        ("firstname = 'Anna'", 0, "profile@data.pii.firstname"),
    ],
)
def test_unknown_field_is_refused_with_the_nearest_known_one(text: str, offset: int, suggestion: str) -> None:
    with pytest.raises(ConditionError) as caught:
        parse(text, catalogue=CATALOGUE)

    assert caught.value.offset == offset
    assert caught.value.suggestion == suggestion


@pytest.mark.parametrize(
    "text",
    [
        "NOT " * 5_000 + "profile@n = 1",
        "(" * 10_000 + "profile@n = 1",
        "ANY(profile@a WHERE " * 900 + "item@x = 1" + ")" * 900,
        "profile@n < " + "age(" * 4_000 + "now()" + ")" * 4_000,
        "profile@n < now()" + " + 1 day" * 2_000,
        "profile@n IN [" + "1, " * 5_000 + "1]",
        "profile@n = 1 AND " * 1_000 + "profile@n = 1",
        "x" * (MAX_LENGTH + 1),
    ],
)
def test_what_is_too_long_or_too_deep_is_refused(text: str) -> None:
    with pytest.raises(ConditionError):
        parse(text)


def test_brackets_alone_make_nothing_deep() -> None:
    assert parse("(" * 1_000 + "profile@n = 1" + ")" * 1_000) == is_one(1)


@pytest.mark.parametrize("text", ["profile", "profile@", "profile@a..b", "profile@a = 1", "profile@[x]", "@a"])
def test_field_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not written as a field"):
        parse_field(text)


@pytest.mark.parametrize("number", ["9" * 5_000, "1" + "0" * 300, "0." + "0" * 9_000 + "1"])
def test_a_number_of_more_digits_than_can_be_read_is_refused_with_its_place(number: str) -> None:
    for text in (f"profile@traits.a = {number}", f"profile@traits.a = -{number}"):
        with pytest.raises(ConditionError, match="A number has at most 300 characters") as caught:
            parse(text)

        assert caught.value.offset is not None
