"""Projects made at random for `compare_wheels.py`: every layout, dialect and field that a poetry-core wheel depends on.

`make(seed)` gives the same project each time. Nothing here looks at a disk; `Project.write` does.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

NAMES = ["demo", "My.Demo", "my-demo", "Demo_2", "a", "demo--x", "x.y-z_w"]
VERSIONS = ["1.0", "1.0.dev0", "1.0c1", "1.0-r4", "01.02.03", "1.0.0.0.1", "1.0+ubuntu-1_2", " 1.0 ", "1.0.POST1", "0.1.0", "1", "v2.0", "1.0.0rc1", "1.0-1", "1.0.post2.dev3", "1!2.3", "1.0+Local.7", "2024.01.05", "1.0.0-alpha.2", "0.0"]
TEXTS = ["Plain text", "", "Grüße aus Köln", "with \\\"quotes\\\"", "日本語", "two  spaces", "trailing ", "100% {braces} #hash"]
PEOPLE = [
    "Ann <ann@example.org>",
    "Ann Example <a.b+c@example.org>",
    "Jörg Müller <j@example.org>",
    "Jo\\u0308rg <j@example.org>",
    "Only Name",
    "O'Brien, Pat <pat@example.org>",
    "ann@example.org",
    "Dr. A. (B) <a@b.c>",
    "Tr\u00e4iler  <t@example.org>",
    "A <a@b.c> ",
    "x <y@z> <w>",
]
SPDX = ["MIT", "mit", "Apache-2.0", "GPL-3.0-or-later", "BSD-3-Clause", "MIT License", "Proprietary", "proprietary", "LicenseRef-Own", "ISC", "My own", "", "GPL-3.0", "Apache Software License"]
EXPRESSIONS = ["MIT", "mit or apache-2.0", "MIT AND (Apache-2.0 OR BSD-2-Clause)", "GPL-2.0-only WITH Classpath-exception-2.0", "LicenseRef-Own", "Proprietary", "MIT License", "(mit)", "Apache-2.0+"]
PYTHONS = ["^3.9", ">=3.8", ">=3.9,<4.0", "~3.10", "3.11", "3", "*", ">=2.7,<3.0 || >=3.6", "^3.8 || ~2.7", ">=3.7,!=3.8.*", "==3.11.4", "<3.13", ">3.6", "~2.7 || ^3.5", ">=3.10.2", "^3", "!=3.9", ">=3.6,<3.7 || >=3.9", "3.*", "~3", ">=3.9 <4", "^3.9,<3.12", ">=3.9,<3.9.5 || >=3.9.7", "2.7.* || >=3.5", "<3", ">=3.9,!=3.9.1", ">=4", "~=3.9", "==3.*", "3.9 - 3.11"]
STANDARD_PYTHONS = [">=3.9", ">=3.8,<4", "~=3.10", "==3.11.*", ">= 3.9, != 3.10.*", ">3.6", "<4,>=3.9", ">=2.7, !=3.0.*", ">=3.9.1", "==3.11.4", "", "==3.*", ">=3.9,<3.9.5", "!=3.9.*", ">=3.8 , <4 ", "~=3.9.2", "<3", ">=3.9, !=3.10.1, !=3.10.2", ">=3.9.0a1"]
CLASSIFIERS = [
    "Development Status :: 4 - Beta",
    "Programming Language :: Python :: 3",
    "Programming Language :: Python :: 3.11",
    "License :: OSI Approved :: MIT License",
    "Private :: Do Not Upload",
    "Operating System :: OS Independent",
    "Topic :: Software Development",
    "Programming Language :: Python",
]
REQUIREMENTS = [
    "requests",
    "requests>=2",
    "Requests[socks,Security]>=2,<3",
    "typing-extensions ; python_version < '3.11'",
    "colorama ; sys_platform == 'win32' and python_version >= '3.9'",
    "uvloop>=0.17; platform_system != 'Windows' or python_version < '3.10'",
    "a.b_c~=1.2",
    "numpy==1.*",
    "local @ https://example.org/local-1.0-py3-none-any.whl",
    "repo @ git+https://github.com/o/r.git@v1#subdirectory=sub",
    "pip!=20.0,>=19 ; extra == 'x'",
    "tzdata ; os_name == \\\"nt\\\"",
    "pre>=1.0rc1",
    "importlib-metadata>=4 ; python_full_version < '3.10.2'",
    "folder @ file:///nowhere/folder",
    "archive @ file:///nowhere/archive-1.0.tar.gz",
    "wheel @ file:///nowhere/wheel_name-1.0-py3-none-any.whl ; python_version >= '3.9'",
    "x>=1,!=1.3,!=1.4.*,<3",
    "y~=2.2.0",
    "z<1||>2",
    "paren (>=1,<2)",
    "spaced >= 1 , < 2 ; ( os_name == 'posix' or os_name == 'nt' ) and python_version<'4'",
    "dev==1.0.dev1",
    "epoch>=1!2.0",
    "up==1.0+local.1",
    "in_list ; python_version in '3.9 3.10'",
    "not_in ; platform_machine not in 'x86_64, arm64'",
    "reversed ; '3.9' <= python_version",
    "git-ssh @ git+ssh://git@github.com/o/r.git@main",
    "extras_only[a,b]",
    "two ; extra == 'docs' or extra == 'x-y'",
    "both ; extra == 'docs' and sys_platform == 'linux'",
]
POETRY_DEPENDENCIES = [
    '"^2.0"',
    '"*"',
    '">=1,<3"',
    '"~1.4"',
    '"1.2.3"',
    '">=1.0,!=1.5 || ^3"',
    '{version = "^1.0", extras = ["b", "A"]}',
    '{version = ">=1", optional = true}',
    '{version = "*", python = ">=3.10"}',
    '{version = "*", python = "^3.9 || ~3.7"}',
    '{version = "^1", markers = "sys_platform == \'linux\'"}',
    '{version = "^1", markers = "sys_platform == \'linux\' or os_name == \'nt\'", python = ">=3.9"}',
    '{version = "1.*", platform = "darwin"}',
    '{git = "https://github.com/o/r.git", tag = "v1"}',
    '{git = "https://github.com/o/r.git", branch = "main", subdirectory = "s"}',
    '{git = "git@github.com:o/r.git", rev = "abcdef1"}',
    '{git = "https://github.com/o/r.git", extras = ["x"], optional = true}',
    '{url = "https://example.org/p-1.0.tar.gz"}',
    '[{version = "^1", python = "<3.10"}, {version = "^2", python = ">=3.10"}]',
    '[{version = "^1", markers = "sys_platform == \'win32\'"}, {version = "^2", markers = "sys_platform != \'win32\'"}]',
    '{version = "^2.0", allow-prereleases = true}',
    '{version = "^2.0", source = "pypi"}',
    '{path = "libs/other"}',
    '{path = "../other", develop = true}',
    '{path = "vendor/other-1.0-py3-none-any.whl"}',
    '{path = "vendor/other-1.0.tar.gz", subdirectory = "s", extras = ["z"]}',
    '{file = "vendor/other-1.0.tar.gz", optional = true}',
    '{url = "https://example.org/a%20b/p-1.0-py3-none-any.whl", python = "<3.12"}',
    '{git = "ssh://git@github.com/o/r.git", rev = "0123456789abcdef"}',
    '{git = "https://user@example.org:8443/o/r"}',
    '{git = "https://github.com/o/r", markers = "extra == \'all\'"}',
    '"==1.*"',
    '"!=1.3"',
    '">1,!=1.5.*,<2.0.0a1"',
    '"~1"',
    '"^0.0.3"',
    '"1.0.post1"',
    '"<=2.0.dev3"',
    '"^1.0 || ^3.0"',
    '{version = ">=1", python = "3.9.*"}',
    '{version = "*", python = "!=3.10.*,>=3.8"}',
    '{version = "^1", markers = "python_version in \'3.9, 3.10\'"}',
    '{version = "^1", markers = "platform_machine not in \'x86_64 arm64\'"}',
    '{version = "^1", markers = "python_full_version >= \'3.9.1\' and implementation_name == \'cpython\'"}',
]
PATTERNS_IGNORED = ["*.log", "*.tmp", "data/", "/build", "!keep.log", "*.so", "**/gen/*", "pkg*/**/x.py", "# comment", "", "\\#odd", "sub", "*.p[yo]d", "/demo/data", "doc?", "trailing  ", "!important.tmp", "*~", ".hidden", "!.hidden/keep"]
FILE_NAMES = ["mod.py", "util.py", "data.json", "x.log", "keep.log", "gen/out.py", "data/a.txt", "data/b.tmp", "important.tmp", "lib.so", "py.typed", "sub/__init__.py", "sub/deep/er.py", "sub/deep/t.txt", "with space.txt", "comma,name.txt", "quote\".txt", "ünï.txt", ".hidden/keep", ".dot", "run.sh", "x.pyc", "__pycache__/mod.cpython-311.pyc", "tests/test_a.py", "stub.pyi", "doc1", "empty.py"]


@dataclass
class Project:
    """The files of a project by path, and what becomes of them."""

    files: dict[str, bytes] = field(default_factory=dict)
    executable: set[str] = field(default_factory=set)
    links: dict[str, str] = field(default_factory=dict)
    folders: list[str] = field(default_factory=list)
    # Where the project is in what is written.
    root: str = "."
    # Paths that git knows; `None` without a repository.
    tracked: list[str] | None = None
    exclude: str = ""
    user_ignores: str | None = None
    source_date_epoch: str | None = None

    def write(self, folder: Path, home: Path) -> Path:
        """Writes it to the empty `folder`, and the user's git settings to `home`; returns where the pyproject.toml is."""
        for path, content in self.files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
            if path in self.executable:
                (folder / path).chmod(0o755)
        for path in self.folders:
            (folder / path).mkdir(parents=True, exist_ok=True)
        for path, target in self.links.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            if not (folder / path).exists() and not (folder / path).is_symlink():
                os.symlink(target, folder / path)
        if self.user_ignores is not None:
            (home / ".config/git").mkdir(parents=True, exist_ok=True)
            (home / ".config/git/ignore").write_text(self.user_ignores)
        if self.tracked is not None:
            git = ["git", "-c", "init.defaultBranch=main"]
            subprocess.run([*git, "init", "-q"], cwd=folder, check=True)
            (folder / ".git/info").mkdir(exist_ok=True)
            (folder / ".git/info/exclude").write_text(self.exclude)
            if self.tracked:
                subprocess.run([*git, "add", "-f", "--", *self.tracked], cwd=folder, check=True, capture_output=True)
        return folder / self.root


class Maker:
    """Makes one project."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.project = Project()
        self.name = self.random.choice(NAMES)
        # As poetry-core finds it.
        self.module = self.normalized().replace("-", "_")
        self.prefix = ""

    def normalized(self) -> str:
        out = ""
        for char in self.name.lower():
            char = "-" if char in "-_." else char
            if not (char == "-" and out.endswith("-")):
                out += char
        return out

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def some(self, items: list, most: int) -> list:
        return self.random.sample(items, self.random.randint(0, min(most, len(items))))

    def add(self, path: str, content: str | bytes = b"") -> None:
        content = content.encode() if isinstance(content, str) else content
        self.project.files.setdefault(f"{self.prefix}{path}", content)

    def make(self) -> Project:
        if self.chance(0.15):
            self.project.root = self.random.choice(["app", "libs/app"])
            self.prefix = self.project.root + "/"
        lists = self.layout()
        dialect = self.random.choice(["poetry", "project", "both"])
        text = {"poetry": self.poetry, "project": self.standard, "both": self.both}[dialect](lists)
        if self.chance(0.9):
            text += '\n[build-system]\nrequires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"\n'
        self.add("pyproject.toml", text)
        self.licence_files()
        self.git()
        if self.chance(0.2):
            self.project.source_date_epoch = self.random.choice(["1700000001", "0", "315532800", "x", "4354819199", " 1700000000 "])
        return self.project

    # Files.

    def fill(self, folder: str, n_most: int = 9) -> None:
        """Puts files below `folder`."""
        for name in self.some(FILE_NAMES, n_most):
            path = f"{folder}/{name}" if folder else name
            self.add(path, self.content(name))
            if name.endswith(".sh") or self.chance(0.05):
                self.project.executable.add(self.prefix + path)
        if self.chance(0.1):
            self.project.folders.append(f"{self.prefix}{folder}/nothing")
        if self.chance(0.08):
            self.add(f"{folder}/real.txt", "real")
            self.project.links[f"{self.prefix}{folder}/link.txt"] = "real.txt"
        if self.chance(0.05):
            self.add(f"{folder}/realdir/inner.py", "1")
            self.project.links[f"{self.prefix}{folder}/linkdir"] = "realdir"
        if self.chance(0.01):
            self.project.links[f"{self.prefix}{folder}/dangling"] = "nowhere"

    def content(self, name: str) -> bytes:
        if name.startswith("empty"):
            return b""
        if name.endswith((".so", ".pyc")):
            return self.random.randbytes(self.random.randint(0, 3000))
        return (f"# {name}\n" * self.random.randint(0, 40)).encode()

    def package(self, path: str) -> None:
        if self.chance(0.85):
            self.add(f"{path}/__init__.py", "")
        else:
            self.add(f"{path}/only.py", "")
        self.fill(path)

    def layout(self) -> str:
        """Makes modules, and returns the lines of `packages`, `include` and `exclude`."""
        module = self.module
        kind = self.random.choice(["flat", "src", "module", "srcmodule", "listed", "listed", "listed", "stubs", "namespace", "glob", "none"] if self.chance(0.3) else ["flat", "src", "module", "listed", "glob", "namespace"])
        packages: list[str] = []
        if kind == "flat":
            self.package(module)
        elif kind == "src":
            self.package(f"src/{module}")
        elif kind == "module":
            self.add(f"{module}.py", "x = 1\n")
            self.fill("other", 3)
        elif kind == "srcmodule":
            self.add(f"src/{module}.py", "x = 1\n")
        elif kind == "listed":
            packages = self.listed()
        elif kind == "stubs":
            self.add(f"{module}-stubs/__init__.pyi", "")
            if self.chance(0.5):
                self.add(f"{module}-stubs/py.typed", "")
            if self.chance(0.2):
                self.add(f"{module}-stubs/extra.txt", "")
            packages = [f'{{include = "{module}-stubs"}}']
        elif kind == "namespace":
            self.package(f"ns/{module}")
            packages = [f'{{include = "ns"{self.formats()}}}']
            if self.chance(0.3):
                packages = [f'{{include = "ns/{module}"}}', '{include = "ns/**/*.py"}']
        elif kind == "glob":
            self.package("pkg")
            self.add("top.py", "")
            pattern = self.random.choice(["pkg/**/*.py", "pkg/*", "*.py", "pkg/**/*", "pk?", "p[a-k]g", "**/*.py", "pkg/*.py", "*/__init__.py", "pkg/**", "./pkg", "pkg/", "pkg/sub"])
            packages = [f'{{include = "{pattern}"}}']
        else:
            self.fill("unrelated", 3)
        lines = ""
        if packages:
            lines += f"packages = [{', '.join(packages)}]\n"
        if self.chance(0.35):
            lines += f"include = [{', '.join(self.includes())}]\n"
        if self.chance(0.35):
            lines += f"exclude = [{', '.join(self.excludes())}]\n"
        self.fill("data", 4)
        return lines

    def formats(self) -> str:
        return self.random.choice(["", "", "", ', format = "wheel"', ', format = ["sdist", "wheel"]', ', format = "sdist"', ", format = []"])

    def listed(self) -> list[str]:
        packages = []
        for name in self.some(["one", "two", self.module, "four"], 4) or ["one"]:
            base = self.random.choice(["", "", "src", "lib/python", "."])
            path = f"{base}/{name}" if base else name
            is_module = self.chance(0.25)
            if is_module:
                self.add(f"{path}.py", "y = 2\n")
            else:
                self.package(path)
            line = f'include = "{name}.py"' if is_module else f'include = "{name}"'
            line += f', from = "{base}"' if base else ""
            if self.chance(0.2):
                target = self.random.choice(["target", "a/b", ""])
                line += f', to = "{target}"'
            packages.append(f"{{{line}{self.formats()}}}")
        if self.chance(0.1):
            packages.append(self.random.choice(packages))
        if self.chance(0.03):
            self.project.files.setdefault("outside/__init__.py", b"")
            packages.append(self.random.choice(['{include = "outside", from = ".."}', '{include = "../outside"}']))
        if self.chance(0.05):
            self.add("lib/linked_to/__init__.py", "1")
            self.project.links[f"{self.prefix}linked"] = "lib/linked_to"
            packages.append('{include = "linked"}')
        return packages

    def includes(self) -> list[str]:
        patterns = ["data/*", "data/**/*", "CHANGELOG.md", "one/data/*", f"{self.module}/x.log", "**/*.tmp", "data", "nothing/*", "tests", "*.md", "one/**/*.so", "pkg/gen/out.py", "*/data/a.txt", ".hidden*", "one", f"src/{self.module}/data"]
        out = []
        for pattern in self.some(patterns, 3) or ["data/*"]:
            if self.chance(0.3):
                out.append(json.dumps(pattern))
            else:
                out.append(f"{{path = {json.dumps(pattern)}{self.formats()}}}")
        return out

    def excludes(self) -> list[str]:
        patterns = ["**/*.log", "**/tests", "tests/**/*", "data", "one/data", f"{self.module}/sub", f"{self.module}/sub/**/*", "**/*.txt", "**/x*", "*", "src/**/*.json", "one/mod.py", "**/deep", "**/.dot", "no/such"]
        return [json.dumps(pattern) for pattern in self.some(patterns, 3) or ["**/*.log"]]

    # Fields.

    def readme(self) -> tuple[str, str]:
        """Returns the line of `[project]` and of `[tool.poetry]`."""
        kind = self.random.choice(["none", "none", "md", "md", "rst", "txt", "odd", "list", "table", "text", "missing", "empty"])
        text = "# Title\n\nBody ünï\n" * self.random.randint(1, 3)
        text = self.random.choice([text, text.replace("\n", "\r\n"), text.rstrip("\n"), "\n\n" + text, "", text + "\n\n", "a\rb\n", "From x\n  indented\n.\n"])
        files = {"md": "README.md", "rst": "docs/README.rst", "txt": "README.txt", "odd": "READ.ME", "missing": "NOT.md"}
        if kind in files:
            if kind != "missing" or self.chance(0.8):
                self.add(files[kind], text)
            line = f'readme = "{files[kind]}"\n'
            return line, line
        if kind == "list":
            self.add("README.md", text)
            self.add("CHANGES.rst", "Changes\n")
            lines = 'readme = ["README.md", "CHANGES.rst"]\n'
            return 'readme = "README.md"\n', lines
        if kind == "table":
            self.add("README.md", text)
            content_type = self.random.choice(["text/markdown", "text/x-rst", "text/plain; charset=UTF-8", "text/markdown; variant=GFM"])
            return f'readme = {{file = "README.md", content-type = "{content_type}"}}\n', 'readme = "README.md"\n'
        if kind == "text":
            return 'readme = {text = "Some *text*\\nmore", content-type = "text/markdown"}\n', ""
        if kind == "empty":
            return 'readme = ""\n', self.random.choice(['readme = ""\n', "readme = []\n"])
        return "", ""

    def licence_files(self) -> None:
        for name in self.some(["LICENSE", "LICENCE.md", "COPYING", "AUTHORS", "NOTICE.txt", "LICENSES/MIT.txt", "LICENSES/sub/x", "license", "LICENSE.d/inner", "vendor/LICENSE"], 3):
            self.add(name, f"{name} of all\n")

    def licence_of_project(self) -> str:
        kind = self.random.choice(["none", "spdx", "text", "file", "expression", "files", "files-only"])
        if kind == "spdx":
            return f"license = {json.dumps(self.random.choice(EXPRESSIONS))}\n"
        if kind == "text":
            return f"license = {{text = {json.dumps(self.random.choice([*SPDX, 'Line one' + chr(10) + chr(10) + '  line two' + chr(10)]))}}}\n"
        if kind == "file":
            self.add("LICENSE", "The licence\n\n  of all\n")
            return 'license = {file = "LICENSE"}\n'
        patterns = self.some(["LICENSE", "LICEN*", "LICENSES/*", "LICENSES/**/*", "vendor/**/LICENSE", "NOTHING*", "**/NOTICE.txt", "*.md"], 2)
        if self.chance(0.7):
            for name in ("LICENSE", "LICENSES/a/b.txt", "LICENSES/c", "vendor/x/LICENSE", "NOTICE.txt", "A.md"):
                self.add(name, name)
        if kind == "files":
            return f"license = {json.dumps(self.random.choice(EXPRESSIONS))}\nlicense-files = {json.dumps(patterns)}\n"
        if kind == "files-only":
            return f"license-files = {json.dumps(patterns)}\n"
        return ""

    def people_of_project(self, key: str) -> str:
        people = []
        for _ in range(self.random.randint(0, 2)):
            person = []
            if self.chance(0.8):
                person.append(f"name = {json.dumps(self.random.choice(['Ann', 'Jörg Müller', 'O, Brien', 'Ann Example']), ensure_ascii=False)}")
            if self.chance(0.7) or not person:
                person.append('email = "ann@example.org"')
            people.append("{" + ", ".join(person) + "}")
        return f"{key} = [{', '.join(people)}]\n" if people or self.chance(0.1) else ""

    def common(self) -> str:
        """Fields that both tables have in the same form."""
        lines = ""
        if self.chance(0.85):
            lines += f'description = "{self.random.choice(TEXTS)}"\n'
        if self.chance(0.3):
            lines += f"keywords = {json.dumps(self.some(['b', 'A c', 'ünï', 'x,y'], 3), ensure_ascii=False)}\n"
        if self.chance(0.4):
            lines += f"classifiers = {json.dumps(self.some(CLASSIFIERS, 4))}\n"
        return lines

    def scripts(self) -> str:
        entries = []
        for name in self.some(["run", "my-run", "Run.It", "b c", "zed"], 3):
            target = self.random.choice(["demo:main", "demo.cli : main", "demo:app.run", "demo:main [extra]", "demo"])
            entries.append(f"{json.dumps(name)} = {json.dumps(target)}")
        return "\n".join(entries) + "\n"

    def poetry_scripts(self) -> str:
        text = self.scripts()
        if self.chance(0.4):
            name = self.random.choice(["tool", "other.sh"])
            self.add(f"bin/{name}", "#!/bin/sh\necho\n")
            if self.chance(0.5):
                self.project.executable.add(f"{self.prefix}bin/{name}")
            text += f'file-script = {{reference = "bin/{name}", type = "file"}}\n'
        if self.chance(0.2):
            text += 'console = {reference = "demo:main", type = "console"}\n'
        if self.chance(0.05):
            text += 'console2 = {reference = "demo:main", extras = ["x"], type = "console"}\n'
        if self.chance(0.02):
            text += 'absent = {reference = "bin/none", type = "file"}\n'
        return text

    def entry_points(self, table: str) -> str:
        text = ""
        for group in self.some(["pytest11", "a.b", "flake8.extension", "console_scripts", "Z"], 2):
            if group == "console_scripts" and table.startswith("project"):
                continue
            text += f"\n[{table}.{json.dumps(group)}]\n{self.scripts()}"
        return text

    def urls(self, table: str) -> str:
        urls = self.some(["Homepage", "homepage", "Repository", "Documentation", "Changelog", "bug tracker", "Ärger"], 4)
        return f"\n[{table}]\n" + "".join(f"{json.dumps(name, ensure_ascii=False)} = \"https://example.org/{index}?q=a,b\"\n" for index, name in enumerate(urls))

    def poetry_dependencies(self, has_python: bool) -> tuple[str, list[str]]:
        text = "\n[tool.poetry.dependencies]\n"
        if has_python and self.chance(0.9):
            text += f'python = "{self.random.choice(PYTHONS)}"\n'
        names = self.some(["requests", "Flask.Ext", "numpy", "a_b-c", "rich", "uvloop", "zope.interface"], 5)
        for name in names:
            text += f"{json.dumps(name)} = {self.random.choice(POETRY_DEPENDENCIES)}\n"
        return text, names

    def poetry(self, lists: str) -> str:
        text = f'[tool.poetry]\nname = "{self.name}"\nversion = "{self.random.choice(VERSIONS)}"\n'
        text += self.common()
        text = text if "description" in text else text + 'description = ""\n'
        text += f"authors = [{', '.join(chr(34) + person + chr(34) for person in self.some(PEOPLE, 2))}]\n"
        if self.chance(0.2):
            text += f'maintainers = ["{self.random.choice(PEOPLE)}"]\n'
        text += self.readme()[1]
        if self.chance(0.6):
            text += f"license = {json.dumps(self.random.choice(SPDX))}\n"
        for key in self.some(["homepage", "repository", "documentation"], 3):
            text += f'{key} = "https://example.org/{key}"\n'
        if self.chance(0.05):
            text += f"package-mode = {self.random.choice(['true', 'false'])}\n"
        text += lists
        if self.chance(0.3):
            text += self.urls("tool.poetry.urls")
        dependencies, names = self.poetry_dependencies(True)
        text += dependencies
        if self.chance(0.3) and names:
            text += f"\n[tool.poetry.extras]\nall = {json.dumps(self.some(names, 3))}\n\"Some.Extra\" = {json.dumps(self.some([*names, 'unknown'], 2))}\n"
        if self.chance(0.5):
            text += "\n[tool.poetry.scripts]\n" + self.poetry_scripts()
        if self.chance(0.3):
            text += self.entry_points("tool.poetry.plugins")
        if self.chance(0.3):
            text += '\n[tool.poetry.group.dev.dependencies]\npytest = "*"\n'
        return text

    def standard(self, lists: str, dynamic: tuple[str, ...] = ()) -> str:
        text = f'[project]\nname = "{self.name}"\n'
        if "version" not in dynamic:
            text += f'version = "{self.random.choice(VERSIONS)}"\n'
        if dynamic:
            text += f"dynamic = {json.dumps(list(dynamic))}\n"
        text += self.common()
        text += "" if "readme" in dynamic else self.readme()[0]
        text += self.licence_of_project()
        text += self.people_of_project("authors") + self.people_of_project("maintainers")
        if self.chance(0.7) and "requires-python" not in dynamic:
            text += f'requires-python = "{self.random.choice(STANDARD_PYTHONS)}"\n'
        if self.chance(0.7) and "dependencies" not in dynamic:
            requirements = [f'"{requirement}"' for requirement in self.some(REQUIREMENTS, 5)]
            text += f"dependencies = [{', '.join(requirements)}]\n"
        if self.chance(0.4):
            text += "\n[project.optional-dependencies]\n"
            for extra in self.some(["docs", "Test.All", "x_y"], 3):
                requirements = [f'"{requirement}"' for requirement in self.some(REQUIREMENTS, 3)]
                text += f"{json.dumps(extra)} = [{', '.join(requirements)}]\n"
        if self.chance(0.4):
            text += self.urls("project.urls")
        if self.chance(0.4):
            text += "\n[project.scripts]\n" + self.scripts()
        if self.chance(0.3):
            text += "\n[project.gui-scripts]\n" + self.scripts()
        if self.chance(0.3):
            text += self.entry_points("project.entry-points")
        if lists and not dynamic:
            text += f"\n[tool.poetry]\n{lists}"
        return text

    def both(self, lists: str) -> str:
        fields = tuple(self.some(["version", "readme", "classifiers", "dependencies", "requires-python", "description"], 4))
        if self.chance(0.7):
            # Or the Pythons of the two tables contradict each other most of the time.
            fields = (*fields, "requires-python") if "requires-python" not in fields else fields
        text = self.standard("", fields or ("classifiers",))
        text += "\n[tool.poetry]\n"
        if "version" in fields or self.chance(0.2):
            text += f'version = "{self.random.choice(VERSIONS)}"\n'
        if "readme" in fields or self.chance(0.2):
            text += self.readme()[1]
        if self.chance(0.3):
            text += f"license = {json.dumps(self.random.choice(SPDX))}\n"
        if self.chance(0.3):
            text += f'authors = ["{self.random.choice(PEOPLE)}"]\n'
        text += self.common() if self.chance(0.4) else ""
        text += lists
        if self.chance(0.6):
            text += self.poetry_dependencies(self.chance(0.7))[0]
        if self.chance(0.3):
            text += "\n[tool.poetry.scripts]\n" + self.poetry_scripts()
        if self.chance(0.2):
            text += self.entry_points("tool.poetry.plugins")
        return text

    # git.

    def git(self) -> None:
        if not self.chance(0.45):
            return
        project = self.project
        patterns = "\n".join(self.some(PATTERNS_IGNORED, 5)) + "\n"
        project.files.setdefault(".gitignore", patterns.encode())
        if self.chance(0.3):
            folders = sorted({os.path.dirname(path) for path in project.files if "/" in path})
            folder = self.random.choice(folders) if folders else ""
            if folder:
                more = "\n".join(self.some(PATTERNS_IGNORED, 3)) + "\n"
                project.files.setdefault(f"{folder}/.gitignore", more.encode())
        if self.chance(0.2):
            project.exclude = "\n".join(self.some(PATTERNS_IGNORED, 2)) + "\n"
        if self.chance(0.15):
            project.user_ignores = "\n".join(self.some(PATTERNS_IGNORED, 3)) + "\n"
        share = self.random.choice([0, 0.2, 1])
        project.tracked = [path for path in sorted(project.files) if self.random.random() < share]


def make(seed: int) -> Project:
    """Makes the project of `seed`."""
    return Maker(seed).make()
