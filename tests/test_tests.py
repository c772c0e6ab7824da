"""Tests can fail: each makes sure of something that does not hang on there being anything to look at."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

TESTS = sorted(Path(__file__).parent.glob("test_*.py"))
SURE_TO_RAISE = ("raises", "warns", "fail", "call_and_validate")
"""What of pytest, and of schemathesis, makes sure of something by itself."""


def unsure(source: str) -> Iterator[str]:
    """The tests of a module that assert nothing but within loops that may be empty, and branches that may not be taken."""
    tree = ast.parse(source)
    functions = {one.name: one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)}
    asserting = {name for name, one in functions.items() if not name.startswith("test_") and any(map(_makes_sure, ast.walk(one)))}
    for name, function in functions.items():
        if name.startswith("test_") and not _Reader(function, asserting).is_sure():
            yield name


def _makes_sure(node: ast.AST) -> bool:
    return isinstance(node, ast.Assert) or (isinstance(node, ast.Attribute) and node.attr in SURE_TO_RAISE)


class _Reader:
    """Reads one test, in the light of what its module's own functions assert and of what it calls by name."""

    def __init__(self, function: ast.FunctionDef, asserting: set[str]) -> None:
        self.body, self.asserting = function.body, asserting
        assigned = [one for one in function.body if isinstance(one, ast.Assign | ast.AnnAssign)]
        targets = [(one.targets[0] if isinstance(one, ast.Assign) else one.target, one.value) for one in assigned]
        self.values = {target.id: value for target, value in targets if isinstance(target, ast.Name) and value}

    def is_sure(self) -> bool:
        """Whether the test asserts something, however little there is."""
        return self._any_sure(self.body)

    def _any_sure(self, statements: Iterable[ast.stmt]) -> bool:
        return any(map(self._is_sure, statements))

    def _is_sure(self, statement: ast.stmt) -> bool:
        match statement:
            case ast.Assert(test):
                return not self._passes_on_nothing(test)
            case ast.With(items, body):
                return any(_makes_sure(call) for item in items for call in ast.walk(item.context_expr)) or self._any_sure(body)
            case ast.For(_, over, body):
                return self._is_something(over) and self._any_sure(body)
            case ast.While(ast.Compare(_, [ast.Lt()], _), body):
                return self._any_sure(body)
            case ast.If(_, body, other):
                return self._any_sure(body) and self._any_sure(other)
            case ast.Try(body, _, other, last):
                return self._any_sure((*body, *other, *last))
            case ast.Expr(value) | ast.Assign(_, value) | ast.Return(ast.expr() as value):
                called = [one.func.id for one in ast.walk(value) if isinstance(one, ast.Call) and isinstance(one.func, ast.Name)]
                return not self.asserting.isdisjoint(called) or any(map(_makes_sure, ast.walk(value)))
        return False

    def _passes_on_nothing(self, test: ast.expr) -> bool:
        """Whether an assertion is of all there is, where there may be nothing."""
        match test:
            case ast.Call(ast.Name("all"), [ast.GeneratorExp(_, [ast.comprehension(_, over), *_])]):
                return not self._is_something(over)
            case ast.BoolOp(ast.And(), values):
                return all(map(self._passes_on_nothing, values))
        return False

    def _is_something(self, over: ast.expr) -> bool:
        """Whether there is something to go over: a list that is written out, a constant, a sample, or what is made of them."""
        match over:
            case ast.Tuple(parts) | ast.List(parts) | ast.Set(parts):
                return any(not isinstance(one, ast.Starred) or self._is_something(one.value) for one in parts)
            case ast.Dict(keys):
                return bool(keys)
            case ast.Constant(str(text)):
                return bool(text)
            case ast.Name(name) if name in self.values:
                return self._is_something(self.values[name])
            case ast.Name(name) | ast.Attribute(_, name):
                return name.isupper()
            case ast.ListComp(_, [ast.comprehension(_, inner, [])]) | ast.Subscript(inner, ast.Slice()) | ast.Starred(inner):
                return self._is_something(inner)
            case ast.Call(ast.Name("range"), [*_, ast.Constant(int(end))]):
                return end > 0
            case ast.Call(ast.Name("range" | "sample")):
                return True
            case ast.Call(ast.Name("enumerate" | "sorted" | "reversed" | "list" | "set" | "tuple" | "product" | "zip" | "get_args"), parts):
                return all(map(self._is_something, parts))
            case ast.Call(ast.Attribute(inner, "items" | "values" | "keys" | "split")):
                return self._is_something(inner)
        return False


@pytest.mark.parametrize("module", TESTS, ids=lambda one: one.stem)
def test_every_test_makes_sure_of_something_however_little_there_is(module: Path) -> None:
    assert [] == list(unsure(module.read_text(encoding="utf-8")))
