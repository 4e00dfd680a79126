"""The house keeps its own measures: sizes, doors, words."""

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

from sekisho import text
from sekisho.terms import Language

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "sekisho"
FILES = sorted(SOURCE.rglob("*.py"))

FILE_CAP = 400
BODY_CAP = 40
PARAMETER_CAP = 6
EXEMPT_BODIES: dict[str, str] = {}
"""`file:function` -> why it is longer."""
EXEMPT_FILES: dict[str, str] = {}
"""`file` -> why it is longer."""

DOORS = {
    "sqlglot": {"query"},
    "opendp": {"lanes/statistics/privacy"},
    "dp_accounting": {"lanes/statistics/privacy"},
    "highspy": {"lanes/statistics/disclosure/solver.py"},
    "cedarpy": {"rules/cedar.py"},
    "duckdb": {"engines/duckdb.py", "engines/duckdb"},
    "sqlalchemy": {"stores"},
    "alembic": {"stores"},
    "tree_sitter": {"programmes"},
    "tree_sitter_toml": {"programmes"},
    "vl_convert": {"present"},
    "fastapi": {"web"},
    "starlette": {"web"},
    "uvicorn": {"web"},
    "click": {"cli"},
    "docx": {"formats/docx.py"},
    "lxml": {"formats/docx.py"},
    "msgspec": {"formats/fhir_types.py", "formats/fhir_fast.py"},
    "openpyxl": {"formats/xlsx.py", "formats/sheets.py"},
    "pysdmx": {"formats/sdmx.py"},
    "xlsxwriter": {"formats/xlsx.py"},
}


@cache
def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def _functions(file: Path) -> list[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    tree = _tree(file)
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [(node.name, node) for node in ast.walk(tree) if isinstance(node, kinds)]


def _body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = node.body
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    if not body:
        return 0
    return (body[-1].end_lineno or 0) - body[0].lineno + 1


def _name(file: Path) -> str:
    return file.relative_to(SOURCE).as_posix()


def test_no_file_is_longer_than_the_cap():
    long = {
        _name(f): n
        for f in FILES
        if (n := len(f.read_text(encoding="utf-8").splitlines())) > FILE_CAP
    }
    assert set(long) == set(EXEMPT_FILES), long


def test_no_function_is_longer_than_the_cap():
    long = {
        f"{_name(f)}:{name}": lines
        for f in FILES
        for name, node in _functions(f)
        if (lines := _body_lines(node)) > BODY_CAP
    }
    assert set(long) == set(EXEMPT_BODIES), long


def test_no_function_takes_more_parameters_than_the_cap():
    many = [
        f"{_name(f)}:{name}"
        for f in FILES
        for name, node in _functions(f)
        if len([a for a in node.args.args if a.arg not in {"self", "cls"}]) > PARAMETER_CAP
    ]
    assert many == []


@cache
def _entered() -> dict[str, frozenset[str]]:
    """Top-level package -> the files that import it."""
    found: dict[str, set[str]] = {}
    for file in FILES:
        for node in ast.walk(_tree(file)):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            for name in names:
                found.setdefault(name.split(".")[0], set()).add(_name(file))
    return {name: frozenset(files) for name, files in found.items()}


def test_each_outside_library_enters_by_its_door():
    outside = {
        library: files
        for library, doors in DOORS.items()
        if (
            files := [
                each
                for each in _entered().get(library, ())
                if not any(each == door or each.startswith(f"{door}/") for door in doors)
            ]
        )
    }
    assert outside == {}


def test_no_room_is_named_after_nothing():
    vague = {"utils", "util", "helpers", "helper", "common", "manager", "process", "handle", "misc"}
    assert [_name(f) for f in FILES if f.stem in vague or f.parent.name in vague] == []


def test_no_programme_is_named_in_the_source():
    named = [p.name for p in (ROOT / "programmes").iterdir() if p.is_dir()]
    allowed = {"cli/demo.py"}
    found = [
        f"{_name(f)}: {name}"
        for f in FILES
        if _name(f) not in allowed
        for name in named
        if name in f.read_text(encoding="utf-8")
    ]
    assert found == []


def test_both_languages_say_everything_with_the_same_fields():
    english, japanese = text.codes(Language.EN), text.codes(Language.JA)
    assert set(english) == set(japanese)
    fields = re.compile(r"(?<!\{)\{(\w+)[^{}]*\}")
    differ = [
        code
        for code in english
        if set(fields.findall(english[code])) != set(fields.findall(japanese[code]))
    ]
    assert differ == []


def test_every_code_that_is_raised_has_its_sentence():
    known = text.codes(Language.EN)
    unknown = []
    for file in FILES:
        for node in ast.walk(_tree(file)):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in {"fault", "sentence"}
                and node.args
                and isinstance(node.args[0], ast.Constant)
                and node.args[0].value not in known
            ):
                unknown.append(f"{_name(file)}:{node.lineno}: {node.args[0].value}")
    assert unknown == []


def test_requirements_are_pinned_with_hashes_and_name_no_address():
    for file in sorted((ROOT / "requirements").glob("*.txt")):
        content = file.read_text(encoding="utf-8")
        assert "://" not in content
        assert not re.search(r"^-", content, re.MULTILINE), f"{file.name} has an option line"
        for block in re.split(r"\n(?=\S)", content.strip()):
            assert "==" in block, block.splitlines()[0]
            assert "--hash=sha256:" in block, block.splitlines()[0]


def test_the_wheel_ships_the_programmes():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert included == {"programmes": "sekisho/shipped"}


def test_every_stage_of_disclosure_control_has_words_for_progress():
    known = text.codes(Language.EN)
    stages = {
        stage
        for file in (SOURCE / "lanes" / "statistics" / "disclosure").glob("*.py")
        for stage in re.findall(r'(?:stage=|report\()"([a-z-]+)"', file.read_text(encoding="utf-8"))
    }
    assert stages
    assert [stage for stage in sorted(stages) if f"statistics.phase-{stage}" not in known] == []
