"""The examples in docstrings and in Markdown are run as tests."""

from doctest import ELLIPSIS

from sybil import Sybil
from sybil.document import PythonDocStringDocument
from sybil.parsers.markdown import PythonCodeBlockParser
from sybil.parsers.rest import DocTestParser

_docstrings = Sybil(
    parsers=[DocTestParser(optionflags=ELLIPSIS)],
    patterns=["src/mps_rules/*.py", "src/mps_rules/*/*.py"],
    document_types={".py": PythonDocStringDocument},
)
_pages = Sybil(parsers=[PythonCodeBlockParser(doctest_optionflags=ELLIPSIS)], patterns=["README.md", "docs/*.md", "docs/**/*.md"])

pytest_collect_file = (_docstrings + _pages).pytest()
