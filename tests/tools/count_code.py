"""Counts the code of a Rust tree: lines of functions and files, without tests, comments and blank lines.

    count_code.py SRC [--over N]      one line for everything, then files and functions that are too long
"""
from __future__ import annotations

import argparse
import re
import statistics
from pathlib import Path

STRING = re.compile(r'b?r(#*)".*?"\1|b?"(?:\\.|[^"\\])*"|b?\'(?:\\.[^\']*|[^\'\\])\'', re.S)
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)
TOKEN = re.compile(STRING.pattern + "|" + COMMENT.pattern, re.S)
FUNCTION = re.compile(r"\bfn\s+(\w+)")


def blank(match: re.Match[str]) -> str:
    """Keeps the line breaks of a literal or comment, and a mark where a literal was."""
    text = match.group()
    keeps = "" if text.startswith("//") or text.startswith("/*") else "_"
    return keeps + "\n" * text.count("\n") if keeps else re.sub(r"[^\n]", " ", text)


def end_of_block(text: str, start: int) -> int:
    depth = 0
    for place in range(start, len(text)):
        if text[place] == "{":
            depth += 1
        elif text[place] == "}":
            depth -= 1
            if depth == 0:
                return place
    return len(text)


def without_tests(text: str) -> str:
    while (match := re.search(r"#\[cfg\(test\)\]\s*(?:#\[[^\]]*\]\s*)*mod\s+\w+\s*", text)) is not None:
        if match.end() < len(text) and text[match.end()] == "{":
            end = end_of_block(text, match.end()) + 1
        else:
            end = text.index(";", match.end()) + 1
        text = text[: match.start()] + text[end:]
    return text


def code_lines(text: str) -> int:
    return sum(1 for line in text.splitlines() if line.strip())


def functions(text: str):
    for match in FUNCTION.finditer(text):
        depth = 0
        for place in range(match.end(), len(text)):
            letter = text[place]
            if letter in "([":
                depth += 1
            elif letter in ")]":
                depth -= 1
            elif letter == ";" and depth == 0:
                break
            elif letter == "{" and depth == 0:
                start = text.rfind("\n", 0, match.start()) + 1
                yield match.group(1), code_lines(text[start : end_of_block(text, place) + 1]), text.count("\n", 0, match.start()) + 1
                break


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("src", type=Path)
    parser.add_argument("--over", type=int, default=40, help="functions of more lines are listed")
    parser.add_argument("--file-over", type=int, default=400, help="files of more code lines are listed")
    options = parser.parse_args()
    files, lengths, long = [], [], []
    for path in sorted(options.src.rglob("*.rs")):
        if path.name == "tests.rs" or "/tests/" in str(path):
            continue
        text = without_tests(TOKEN.sub(blank, path.read_text()))
        files.append((code_lines(text), path))
        for name, length, line in functions(text):
            lengths.append(length)
            if length > options.over:
                long.append((length, path, line, name))
    ninth = statistics.quantiles(lengths, n=10)[-1]
    print(f"{len(files)} files, {sum(n for n, _ in files)} code lines, {len(lengths)} functions: "
          f"median {statistics.median(lengths)}, 90th percentile {ninth:.0f}, longest {max(lengths)}")
    for length, path in sorted(files, reverse=True):
        if length > options.file_over:
            print(f"{length:5} {path}")
    for length, path, line, name in sorted(long, reverse=True, key=lambda row: row[0]):
        print(f"{length:5} {path}:{line} {name}")


if __name__ == "__main__":
    main()
