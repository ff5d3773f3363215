"""The house stays readable: no giant files, no giant functions, no rooms without a name."""

import ast
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAMELESS = {"utils.py", "helpers.py", "manager.py", "base.py", "common.py"}
MAX_FILE, MAX_FUNCTION = 300, 40


def _ours() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    names = [Path(name) for name in listed.stdout.split("\n") if name]
    return [path for path in names if "migrations" not in path.parts and (ROOT / path).exists()]


def _product() -> list[Path]:
    return [path for path in _ours() if path.parts[0] != "tests"]


def test_no_file_of_the_product_passes_300_lines() -> None:
    long = {str(path): n for path in _product() if (n := len((ROOT / path).read_text().splitlines())) > MAX_FILE}
    assert long == {}


def test_no_function_of_the_product_passes_40_lines() -> None:
    long = {}
    for path in _product():
        for node in ast.walk(ast.parse((ROOT / path).read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
                body_starts = node.body[0].end_lineno if ast.get_docstring(node) else node.lineno
                lines = node.end_lineno - (body_starts or node.lineno)
                if lines > MAX_FUNCTION:
                    long[f"{path}:{node.name}"] = lines
    assert long == {}


def test_no_file_has_a_name_that_says_nothing() -> None:
    assert [str(path) for path in _ours() if path.name in NAMELESS] == []


def test_nothing_is_left_to_do_later_in_comments() -> None:
    words = ("TO" + "DO", "FIX" + "ME", "XX" + "X")
    found = [f"{path}: {word}" for path in _ours() for word in words if word in (ROOT / path).read_text()]
    assert found == []
