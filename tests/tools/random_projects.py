"""Projects made at random: a pyproject.toml, a poetry.lock and a command line of `export`, for `compare_with_poetry.py`.

One seed makes one project, always the same. What a project holds and why is said at each function; what the text of its
documents looks like (inline tables, dotted keys, quotes, line ends) is chosen at random by `Layout`, since readers differ there.
The lock fits its pyproject.toml about as often as real ones do; one project in twelve is broken on purpose.
"""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass, field

NAMES = ["alpha", "Beta", "gamma_x", "delta", "eps.ilon", "zeta", "eta", "theta", "iota", "kappa"]
GROUPS = ["dev", "docs", "Test_Tools", "lint", "ci.more"]
EXTRAS = ["one", "Two_x", "three"]
FEATURES = ["fast", "Slow"]

MINORS = ["3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13"]
PATCHES = ["3.8.1", "3.9.7", "3.10.0", "3.11.4", "3.12.1"]
PROJECT_PYTHONS = [
    "^3.8", ">=3.8", ">=3.7,<3.13", "^3.9", "~3.10", ">=3.8,<4.0", "*", "~2.7 || ^3.6", ">=3.8,!=3.9.7", "3.10.*", "==3.11.*",
    ">=3.8,!=3.10.*,<3.13", "3.*", ">=3.9.1,<3.12", "^3.8.1", ">3.8", ">=3.8,<=3.11", "^3.7 || ^4.0", "~3.9.2", "3.11.4",
    ">=3.8 , <3.9 || >=3.10", "~=3.9", "!=3.9.*", ">=3.7, !=3.8.0, !=3.8.1", "^3", "~3", "==3.10", "<4", ">=3.10,<3.11|^3.12",
]  # fmt: skip
STANDARD_PYTHONS = [">=3.8", ">=3.8,<4.0", ">=3.9, <3.13", "~=3.9", ">=3.8,!=3.9.*", "==3.10.*", ">=3.9.1", ">3.8,<=3.12", "<4"]
PACKAGE_PYTHONS = [
    ">=3.7", ">=3.8", "*", ">=3.9", ">=3.7,<3.12", ">=2.7, !=3.0.*, !=3.1.*, !=3.2.*", ">=3.10", ">=3.6", "<3.10", ">=3.8,<4.0",
    "~=3.7", ">=3.8.1", ">=3.7,<4.0.0", "!=3.9.*", ">=3.10,<3.13", ">=3.6.2, <4", ">=3.7.*", ">=3.8, !=3.9.7", "^3.8", "~2.7 || >=3.5",
]  # fmt: skip
VERSIONS = ["1.0", "1.5", "2.0", "2.5", "3.0", "3.1rc1", "1.0.post1", "2.0+cpu", "1!1.0", "0.9.dev3", "2024.1.1", "1.5.0.0"]
CONSTRAINTS = [
    "*", ">=1.0", ">=1.0,<3.0", "^1.0", ">=2.0", "<3.0", "!=1.5", "^2.0", ">=1,<2", "~1.5", "<2.0 || >=3.0", "1.*", "==2.*", "~=1.0",
    ">=1.0, !=2.0.*", "1.5", "==1.5", "^0.9", ">=3.1rc1", "~2", ">1", "<=2.5", "2.0 | 2.5",
]  # fmt: skip
STANDARD_CONSTRAINTS = ["", ">=1.0", ">=1.0,<3.0", "~=1.0", "!=1.5", "==2.*", "(>=1.0,<3.0)", " (<3)", "==1.5", ">1"]


class Dice(random.Random):
    def chance(self, probability: float) -> bool:
        return self.random() < probability

    def some(self, items, most: int, least: int = 0) -> list:
        return self.sample(list(items), min(len(items), self.randint(least, most)))


# Markers


def comparison(dice: Dice, variable: str, values: list[str], operators=("==", "==", "!=")) -> str:
    quote = dice.choice("'\"\"")
    value = f"{quote}{dice.choice(values)}{quote}"
    operator = dice.choice(operators)
    if dice.chance(0.004):
        return f"{value} {operator} {variable}"  # poetry-core refuses it
    return f"{variable} {operator} {value}"


ORDER = ("<", "<=", ">", ">=", "==", "!=")


def atom(dice: Dice, with_extras: bool) -> str:
    """One comparison.

    `<=` and `>` with a wildcard are left out: Poetry stops at them with an error of its own working, or not, as the marker is
    met by others. A list stands on the left of `in` for one variable alone (`platform_release`) and on the right for others: poetry-core's
    caches take the two for equal, so that a text with both depends on what was parsed before.
    """
    kinds = [
        (30, lambda: comparison(dice, "python_version", MINORS, ORDER)),
        (2, lambda: comparison(dice, "python_version", ["3", "3.10.1", "4"], ORDER)),
        (1, lambda: comparison(dice, "python_version", ["3.8.*", "3.*"], ("==", "!=", ">=", "<"))),
        (9, lambda: comparison(dice, "python_full_version", PATCHES, ORDER)),
        (1, lambda: comparison(dice, "python_version", MINORS, ("~=",) * 9 + ("===",))),
        (13, lambda: comparison(dice, "sys_platform", ["linux", "win32", "darwin"])),
        (8, lambda: comparison(dice, "platform_system", ["Linux", "Windows", "Darwin"])),
        (6, lambda: comparison(dice, "platform_machine", ["x86_64", "aarch64", "arm64"])),
        (4, lambda: f'platform_machine {dice.choice(["in", "not in"])} "{dice.choice(["x86_64 aarch64", "x86_64, arm64", "arm64"])}"'),
        (2, lambda: f'sys_platform {dice.choice(["in", "not in"])} "{dice.choice(["win32 cygwin", "linux,darwin"])}"'),
        (4, lambda: f'python_version {dice.choice(["in", "not in"])} "{dice.choice(["3.8, 3.9", "3.10 3.11", "3.9"])}"'),
        (4, lambda: comparison(dice, "platform_python_implementation", ["CPython", "PyPy"])),
        (3, lambda: comparison(dice, "implementation_name", ["cpython", "pypy"])),
        (1, lambda: comparison(dice, "implementation_version", PATCHES, ORDER)),
        (2, lambda: comparison(dice, "os_name", ["nt", "posix"])),
        (2, lambda: comparison(dice, "platform_release", ["5.0", "10.1", "6.1"], (">=", "<", "=="))),
        (1, lambda: comparison(dice, "platform_version", ["1.0", "#1 SMP"], ("==", "!="))),
        (2, lambda: f'"{dice.choice(["tegra", "wsl"])}" {dice.choice(["in", "not in"])} platform_release'),
        (1, lambda: comparison(dice, "sys_platform", ["linux", "win32"], (">=", "<"))),
    ]
    if with_extras:
        kinds.append((5, lambda: comparison(dice, "extra", [*EXTRAS, "two-x"], ("==", "==", "==", "!="))))
    weights = [weight for weight, _ in kinds]
    return dice.choices([make for _, make in kinds], weights)[0]()


def marker(dice: Dice, depth: int = 2, with_extras: bool = True) -> str:
    if depth == 0 or dice.chance(0.45):
        return atom(dice, with_extras)
    parts = [marker(dice, depth - 1, with_extras) for _ in range(dice.choice([2, 2, 3]))]
    parts = [f"({part})" if " or " in part or " and " in part or dice.chance(0.03) else part for part in parts]
    return dice.choice([" and ", " or "]).join(parts)


# Packages of a lock


@dataclass
class Package:
    name: str
    version: str
    source: dict | None = None
    is_optional: bool = False
    table: dict = field(default_factory=dict)


def digest(dice: Dice) -> str:
    """A hash of a file: SHA-256 mostly, and all the others that locks hold."""
    number = dice.randint(0, 99)
    kinds = [(90, f"sha256:{number:064d}"), (3, f"sha384:{number:096d}"), (4, f"sha512:{number:0128d}"), (3, f"md5:{number:032d}")]
    kinds += [(1, f"sha1:{number:040d}"), (1, f"{number:064d}"), (1, f"SHA256:{number:064d}")]
    return dice.choices([text for _, text in kinds], [weight for weight, _ in kinds])[0]


def file_names(dice: Dice, name: str, version: str) -> list[str]:
    stem = re.sub("[-_.]+", "_", name.lower())
    names = [f"{stem}-{version}-py3-none-any.whl", f"{stem}-{version}-cp311-cp311-manylinux_2_17_x86_64.whl", f"{stem}-{version}.tar.gz"]
    return dice.sample(names, dice.choice([0, 1, 1, 1, 2, 2, 3]))


GIT_URLS = [
    "https://github.com/acme/{}.git", "https://github.com/acme/{}", "git@github.com:acme/{}.git", "ssh://git@git.acme.example:2222/acme/{}.git",
    "https://user@git.acme.example/acme/{}.git",
]  # fmt: skip


def direct_source(dice: Dice, name: str) -> dict:
    """A source that is no index: git, an archive's address, a file, a folder."""
    stem = name.lower()
    subdirectory = {"subdirectory": dice.choice(["sub", "packages/core"])} if dice.chance(0.3) else {}
    kind = dice.choice(["git", "git", "url", "file", "directory"])
    if kind == "git":
        reference = dice.choice(["main", "v1.0", "HEAD", "abc123", "feature/x"])
        url = dice.choice(GIT_URLS).format(stem)
        return {"type": "git", "url": url, "reference": reference, "resolved_reference": "0" * 39 + str(dice.randint(0, 9)), **subdirectory}
    if kind == "url":
        address = dice.choice(["https://files.acme.example/{}-1.0.zip", "https://files.acme.example/{}-1.0.tar.gz?a=b%20c"])
        return {"type": "url", "url": address.format(stem), **(subdirectory if dice.chance(0.5) else {})}
    if kind == "file":
        return {"type": "file", "url": f"vendor/{stem}-1.0{dice.choice(['.tar.gz', '-py3-none-any.whl', ' x.zip'])}"}
    return {"type": "directory", "url": dice.choice(["libs/{}", "../{}", "libs/with space/{}", "./libs/ü/{}"]).format(stem)}


@dataclass
class Index:
    name: str
    url: str
    priority: str | None


def indexes(dice: Dice) -> list[Index]:
    """The project's sources, of every priority, with and without PyPI among them."""
    if dice.chance(0.6):
        return []
    addresses = [
        ("acme", "https://acme.example/simple/"), ("Mirror", "http://mirror.example:8080/simple"), ("torch", "https://torch.example/whl/cpu"),
        ("acme-2", "https://user:secret@acme.example/two"), ("page", "https://page.example/links.html"),
    ]  # fmt: skip
    chosen = [Index(name, url, dice.choice([None, "primary", "supplemental", "explicit"])) for name, url in dice.some(addresses, 3, 1)]
    if dice.chance(0.3):
        chosen.insert(dice.randint(0, len(chosen)), Index(dice.choice(["PyPI", "pypi"]), "", dice.choice(["primary", "supplemental", "explicit"])))
    return chosen


def package_source(dice: Dice, name: str, sources: list[Index]) -> dict | None:
    if dice.chance(0.13):
        return direct_source(dice, name)
    named = [source for source in sources if source.url]
    if named and dice.chance(0.4):
        source = dice.choice(named)
        url = source.url if dice.chance(0.1) else source.url.rstrip("/")
        return {"type": "legacy", "url": url, "reference": source.name}
    if dice.chance(0.01):
        return {"type": "legacy", "url": "https://gone.example/simple", "reference": "gone"}
    return None


def package(dice: Dice, name: str, version: str, sources: list[Index]) -> Package:
    source = package_source(dice, name, sources)
    table = {"name": name, "version": version, "description": dice.choice(["", "A thing ü 🐍", 'with "quotes"']), "optional": False}
    table["python-versions"] = dice.choice(PACKAGE_PYTHONS)
    files = [{"file": file, "hash": digest(dice)} for file in file_names(dice, name, version)]
    if source and source["type"] in ("git", "directory"):
        files = []
        if dice.chance(0.7):
            table["develop"] = dice.chance(0.5)
    if source and source["type"] == "file":
        files = [{"file": source["url"].split("/")[-1], "hash": digest(dice)}]
    table["files"] = files
    return Package(name, version, source, False, table)


# Dependencies


def dependency(dice: Dice, target: Package, sources: list[Index], of_project: bool = False):
    """A dependency as `[tool.poetry.dependencies]` and the packages of old locks have it."""
    fields: dict = {}
    source = target.source or {}
    kind = source.get("type")
    if of_project and kind in ("git", "url", "file", "directory"):
        if kind == "git":
            fields["git"] = source["url"]
            if source["reference"] != "HEAD":
                fields[dice.choice(["branch", "tag", "rev"])] = source["reference"]
        else:
            path_key = dice.choice(["path"] * 9 + ["file"])
            fields["url" if kind == "url" else path_key] = source["url"]
        if "subdirectory" in source:
            fields["subdirectory"] = source["subdirectory"]
        if kind in ("git", "directory") and dice.chance(0.3):
            fields["develop"] = dice.chance(0.7)
    else:
        is_narrow = dice.chance(0.3 if of_project else 0.1)
        fields["version"] = dice.choice(CONSTRAINTS) if is_narrow else dice.choice(["*", "*", "*", f"<={target.version}"])
        if of_project and kind == "legacy" and dice.chance(0.6):
            fields["source"] = source["reference"]
    add_conditions(dice, fields)
    if list(fields) == ["version"] and dice.chance(0.8):
        return fields["version"]
    return fields


def add_conditions(dice: Dice, fields: dict) -> None:
    if dice.chance(0.3):
        fields["markers"] = marker(dice, 1, with_extras=False)
    if dice.chance(0.12):
        fields["python"] = dice.choice([">=3.8", "<3.11", "^3.9", "~3.10", ">=3.9,<3.12", "!=3.9.*", "3.10.*", "^3.8 || ^3.11"])
    if dice.chance(0.12):
        fields["extras"] = dice.some(FEATURES, 2, 1)
    if dice.chance(0.05):
        fields["platform"] = dice.choice(["linux", "win32 || darwin", "!=win32", "linux || darwin"])
    if dice.chance(0.03):
        fields["allow-prereleases"] = True


def standard_dependency(dice: Dice, target: Package, root_in_url: str) -> str:
    """The same in the form of `[project]` and `[dependency-groups]` (PEP 508)."""
    text = target.name
    if dice.chance(0.15):
        text += f"[{', '.join(dice.some(FEATURES, 2, 1))}]"
    source = target.source or {}
    kind = source.get("type")
    fragment = f"#subdirectory={source['subdirectory']}" if "subdirectory" in source else ""
    if kind == "git" and source["url"].startswith("https"):
        reference = "" if source["reference"] == "HEAD" else f"@{source['reference']}"
        text += f" @ git+{source['url']}{reference}{fragment}"
    elif kind == "url":
        text += f" @ {source['url']}{fragment}"
    elif kind in ("file", "directory") and " " not in source["url"]:
        text += f" @ {dice.choice([source['url'], root_in_url + source['url']])}" if source["url"].isascii() else ""
    else:
        text += dice.choice(STANDARD_CONSTRAINTS)
    if dice.chance(0.35):
        text += f" ; {marker(dice, 1, with_extras=False)}"
    if dice.chance(0.03):
        text += " # a comment"
    return text


def dependencies(dice: Dice, packages: dict[str, list[Package]], names: list[str], sources: list[Index], of_project=False) -> dict:
    table = {}
    for name in names:
        targets = packages[name]
        if dice.chance(0.1):
            table[spelled(dice, name)] = [dependency(dice, dice.choice(targets), sources, of_project) for _ in range(dice.choice([1, 2, 2, 3]))]
        else:
            table[spelled(dice, name)] = dependency(dice, dice.choice(targets), sources, of_project)
        if dice.chance(0.02):
            table.setdefault(name.upper(), dependency(dice, dice.choice(targets), sources, of_project))
    return table


def spelled(dice: Dice, name: str) -> str:
    """Another spelling of the same name, now and then."""
    return dice.choice([name.upper(), name.replace("_", "-"), name.replace(".", "_")]) if dice.chance(0.1) else name


# Projects


@dataclass
class Case:
    pyproject: str
    lock: str  # with `HASH` where the content hash belongs
    arguments: list[str]
    variables: dict[str, str]
    folders: list[str]  # projects that path dependencies lead to
    files: list[str]


@dataclass
class Made:
    """A pyproject.toml while it is made."""

    document: dict
    groups: list[str]
    extras: list[str]
    python: str


def make_project(dice: Dice, packages: dict[str, list[Package]], sources: list[Index]) -> Made:
    dialect = dice.choice(["poetry", "poetry", "project", "mixed"])
    names = list(packages)
    groups = dice.some(GROUPS, 3)
    made = Made({}, groups, [], "*")
    poetry: dict = {}
    if dialect == "poetry":
        fill_poetry(dice, made, poetry, packages, sources)
    else:
        fill_standard(dice, made, poetry, packages, sources, dialect)
    in_standard_form = [group for group in groups if dice.chance(0.35 if dialect == "poetry" else 0.6)]
    if in_standard_form:
        tables = {}
        for group in in_standard_form:
            items: list = [standard_dependency(dice, dice.choice(packages[name]), "") for name in dice.some(names, 2)]
            earlier = [other for other in tables if dice.chance(0.3)]
            items += [{"include-group": spelled(dice, other)} for other in earlier]
            tables[group] = items
        made.document["dependency-groups"] = tables
    for group in groups:
        fill_poetry_group(dice, made, poetry, group, group in in_standard_form, packages, sources)
    if dice.chance(0.06):
        poetry["dev-dependencies"] = dependencies(dice, packages, dice.some(names, 2), sources, of_project=True)
        if "dev" not in groups:
            groups.append("dev")
    if sources:
        poetry["source"] = [source_table(source) for source in sources]
    add_oddities(dice, made, poetry)
    if poetry or dice.chance(0.7):
        made.document["tool"] = {"poetry": poetry}
    return made


def source_table(source: Index) -> dict:
    table = {"name": source.name}
    if source.url:
        table["url"] = source.url
    if source.priority:
        table["priority"] = source.priority
    return table


def fill_poetry(dice: Dice, made: Made, poetry: dict, packages: dict, sources: list[Index]) -> None:
    made.python = dice.choice(PROJECT_PYTHONS)
    if dice.chance(0.5):
        poetry["package-mode"] = False
        if dice.chance(0.3):
            poetry["name"] = "demo"
    else:
        poetry |= {"name": dice.choice(["demo", "Demo_Project"]), "version": dice.choice(["1", "0.1.0", "1.0.dev1"]), "description": "", "authors": []}
    table: dict = {"python": made.python} if dice.chance(0.95) else {}
    if not table:
        made.python = "*"
    table |= dependencies(dice, packages, dice.some(packages, 4, 1), sources, of_project=True)
    optional = [name for name, spec in table.items() if name != "python" and not isinstance(spec, list) and dice.chance(0.35)]
    for name in optional:
        spec = table[name]
        table[name] = {**(spec if isinstance(spec, dict) else {"version": spec}), "optional": True}
    poetry["dependencies"] = table
    mark_optional(dice, packages, optional)
    if optional and dice.chance(0.9):
        made.extras = dice.some(EXTRAS, 3, 1)
        poetry["extras"] = {extra: dice.some(optional, 3, 1) + (["unknown"] if dice.chance(0.03) else []) for extra in made.extras}


def mark_optional(dice: Dice, packages: dict[str, list[Package]], names: list[str]) -> None:
    plain = {re.sub("[-_.]+", "-", name.lower()) for name in names}
    for name, candidates in packages.items():
        if re.sub("[-_.]+", "-", name.lower()) in plain:
            for candidate in candidates:
                candidate.table["optional"] = candidate.is_optional = dice.chance(0.9)


def fill_standard(dice: Dice, made: Made, poetry: dict, packages: dict, sources: list[Index], dialect: str) -> None:
    project: dict = {"name": "demo", "version": "1.0"}
    dynamic = []
    if dice.chance(0.15):
        poetry["version"] = project.pop("version")
        dynamic.append("version")
    if dice.chance(0.85):
        project["requires-python"] = made.python = dice.choice(STANDARD_PYTHONS)
    names = dice.some(packages, 4, 1)
    if dice.chance(0.8):
        project["dependencies"] = [standard_dependency(dice, dice.choice(packages[name]), "") for name in names]
        if dice.chance(0.15) and names:
            project["dependencies"].append(standard_dependency(dice, dice.choice(packages[names[0]]), ""))
    elif dice.chance(0.7):
        dynamic.append("dependencies")
    if dice.chance(0.45):
        made.extras = dice.some(EXTRAS, 3, 1)
        optional = dice.some(packages, 3, 1)
        mark_optional(dice, packages, [name for name in optional if name not in names])
        table = {}
        for extra in made.extras:
            table[extra] = [standard_dependency(dice, dice.choice(packages[name]), "") for name in dice.some(optional, 2, 1)]
            if table and dice.chance(0.25):
                table[extra].append(f"demo[{dice.choice(made.extras)}]")
        project["optional-dependencies"] = table
        if dice.chance(0.1):
            dynamic.append("optional-dependencies")
    if dialect == "mixed":
        enrich(dice, made, project, poetry, dynamic, packages, sources, names)
    if dynamic or dice.chance(0.2):
        project["dynamic"] = dynamic
    made.document["project"] = project


def enrich(dice: Dice, made: Made, project: dict, poetry: dict, dynamic: list, packages: dict, sources: list[Index], names: list[str]) -> None:
    """`[tool.poetry.dependencies]` beside `[project]`: narrower, from a source, or for fields that are dynamic."""
    table: dict = {}
    if dice.chance(0.4):
        table["python"] = dice.choice([">=3.9,<3.12", "^3.10", "~3.11", ">=3.9", made.python])
        if dice.chance(0.2):
            project.pop("requires-python", None)
            dynamic.append("requires-python")
        made.python = table["python"]
    wanted = [name for name in names if dice.chance(0.5)] + dice.some(packages, 1)
    for name in wanted:
        table[spelled(dice, name)] = dependency(dice, dice.choice(packages[name]), sources, of_project=True)
    for name in wanted:
        if dice.chance(0.1) and isinstance(table.get(name), dict):
            table[name]["optional"] = True
    poetry["dependencies"] = table


def fill_poetry_group(dice: Dice, made: Made, poetry: dict, group: str, is_standard: bool, packages: dict, sources: list[Index]) -> None:
    if is_standard and dice.chance(0.6):
        return
    table: dict = {}
    if dice.chance(0.3):
        table["optional"] = dice.chance(0.8)
    others = [other for other in made.groups[: made.groups.index(group)] if dice.chance(0.3)]
    if others:
        table["include-groups"] = others
    if not is_standard or dice.chance(0.5):
        table["dependencies"] = dependencies(dice, packages, dice.some(packages, 2, 0 if others else 1), sources, of_project=True)
    if table:
        poetry.setdefault("group", {})[spelled(dice, group) if dice.chance(0.3) else group] = table


def add_oddities(dice: Dice, made: Made, poetry: dict) -> None:
    """What has no say in an export, and must not get one."""
    if dice.chance(0.5):
        made.document["build-system"] = dice.choice([
            {"requires": ["poetry-core"], "build-backend": "poetry.core.masonry.api"}, {"requires": ["setuptools"]},
            {"requires": ["poetry>=0.12"], "build-backend": "poetry.masonry.api"}, {},
        ])  # fmt: skip
    if dice.chance(0.1):
        poetry["requires-poetry"] = dice.choice([">=2.0", ">=1.8,<3.0", "^2.1", "*", ">=2.0,<2.6"])
    if dice.chance(0.06):
        poetry["requires-plugins"] = {"poetry-plugin-export": ">=1.8"}
    if dice.chance(0.05):
        poetry["build-constraints"] = {"alpha": {"setuptools": "<75"}}
    if dice.chance(0.08):
        poetry["scripts"] = {"demo": "demo:main", "other": {"reference": "demo:other", "type": "console"}}
    if dice.chance(0.06):
        poetry["keywords"] = ["one", "zwei ü"]
    if dice.chance(0.06):
        poetry["packages"] = [{"include": "demo", "from": "src"}]
    if dice.chance(0.004):
        poetry["an-unknown-key"] = [1, 2.5, True]
    if dice.chance(0.06) and "project" in made.document:
        made.document["project"] |= dice.choice([
            {"license": "MIT"}, {"license": {"text": "MIT"}}, {"readme": "README.md"}, {"authors": [{"name": "Ü", "email": "u@acme.example"}]},
            {"urls": {"Homepage": "https://acme.example"}}, {"classifiers": ["License :: OSI Approved"]}, {"scripts": {"demo": "demo:main"}},
            {"keywords": ["x"], "description": "d"}, {"license-files": ["LICENSE*"]},
        ])  # fmt: skip


# Locks


def make_packages(dice: Dice, sources: list[Index]) -> dict[str, list[Package]]:
    packages = {}
    for name in dice.sample(NAMES, dice.randint(3, 9)):
        versions = dice.sample(VERSIONS, dice.choice([1, 1, 1, 1, 2, 3]))
        packages[name] = [package(dice, name, version, sources) for version in versions]
        if dice.chance(0.05):
            packages[name].append(package(dice, name, versions[0], sources))  # the same version, from elsewhere perhaps
    return packages


def plain(name: str) -> str:
    return re.sub("[-_.]+", "-", name).lower()


def new_lock(dice: Dice, made: Made, packages: dict[str, list[Package]]) -> dict:
    """A lock of version 2.1: it tells groups and markers of each package."""
    groups = ["main"] + [plain(group) for group in made.groups]
    tables = []
    for target in (target for targets in packages.values() for target in targets):
        table = target.table
        own = dice.sample(groups, dice.randint(1, len(groups)))
        table["groups"] = own
        roll = dice.random()
        if roll < 0.45:
            table["markers"] = marker(dice)
        elif roll < 0.8:
            table["markers"] = {group: marker(dice) for group in own if dice.chance(0.8)}
        tables.append(with_source(table, target))
    lock = {"package": tables}
    if made.extras:
        lock["extras"] = {plain(extra): [] for extra in made.extras}
    version = dice.choice(["2.1"] * 60 + ["2.2", "2.9"])
    lock["metadata"] = {"lock-version": version, "python-versions": made.python, "content-hash": "HASH"}
    return lock


def with_source(table: dict, target: Package) -> dict:
    if target.source:
        table["source"] = dict(target.source)
    return table


def old_lock(dice: Dice, made: Made, packages: dict[str, list[Package]], sources: list[Index]) -> dict:
    """A lock of version 1.0, 1.1 or 2.0, whose packages say only what they depend on."""
    version = dice.choice(["1.0", "1.1", "1.1", "2.0", "2.0", "2.0"])
    tables, files, hashes = [], {}, {}
    for target in (target for targets in packages.values() for target in targets):
        table = target.table
        add_requirements(dice, table, target, packages, sources)
        if version != "2.0":
            table["category"] = dice.choice(["main", "dev"])
            listed = table.pop("files")
            files.setdefault(target.name, []).extend(listed)
            hashes.setdefault(target.name, []).extend(file["hash"].split(":")[-1] for file in listed)
        tables.append(with_source(table, target))
    lock = {"package": tables}
    if made.extras:
        optional = [name for name, targets in packages.items() if any(target.is_optional for target in targets)]
        lock["extras"] = {plain(extra): dice.some(optional, 3) for extra in made.extras}
    lock["metadata"] = {"lock-version": version, "python-versions": made.python, "content-hash": "HASH"}
    if version == "1.1":
        lock["metadata"]["files"] = files
    if version == "1.0":
        lock["metadata"]["hashes"] = hashes
    return lock


def add_requirements(dice: Dice, table: dict, target: Package, packages: dict[str, list[Package]], sources: list[Index]) -> None:
    names = [name for name in dice.some(packages, 3) if name != target.name or dice.chance(0.3)]
    requirements = dependencies(dice, packages, names, sources)
    optional = []
    for name, spec in requirements.items():
        if dice.chance(0.25) and not isinstance(spec, list):
            requirements[name] = {**(spec if isinstance(spec, dict) else {"version": spec}), "optional": True}
            optional.append(name)
    if requirements:
        table["dependencies"] = requirements
    if optional or dice.chance(0.05):
        suffixes = ["", " (>=1.0)", " (>=1.0,<3.0)", " (>=1.0) ; python_version < '3.11'", " ; extra == 'fast'", "[slow] (>=1.0)"]
        extras = {"fast": [plain(name) + dice.choice(suffixes) for name in optional]}
        extras["slow"] = dice.choice([["gone ; python_version < '3.9'"], [f"{plain(target.name)}[fast]"], [plain(name) for name in optional]])
        table["extras"] = extras


# Command lines


def command_line(dice: Dice, made: Made) -> tuple[list[str], dict[str, str]]:
    arguments: list[str] = []
    groups = [*made.groups, "main"]
    roll = dice.random()
    if roll < 0.3:
        arguments += listed(dice, "--only", dice.some(groups, len(groups), 1))
    elif roll < 0.5:
        arguments += listed(dice, "--with", dice.some(made.groups, 3))
        if dice.chance(0.3):
            arguments += listed(dice, "--without", dice.some(groups, 2, 1))
    elif roll < 0.7:
        arguments.append("--all-groups")
    if dice.chance(0.01):
        arguments += listed(dice, dice.choice(["--with", "--only", "--without"]), dice.some([*groups, "unknown"], 2, 1))
    roll = dice.random()
    if roll < 0.2:
        arguments.append("--all-extras")
    elif roll < 0.6 and made.extras:
        chosen = [dice.choice([extra, plain(extra)]) for extra in dice.some(made.extras, 3, 1)]
        arguments += ["-E", " ".join(chosen)] if dice.chance(0.4) else [word for extra in chosen for word in ("-E", extra)]
    if dice.chance(0.005):
        arguments += ["--extras", "unknown other"]
    for flag, probability in [("--without-hashes", 0.15), ("--without-urls", 0.1), ("--dev", 0.02)]:
        if dice.chance(probability):
            arguments.append(flag)
    if dice.chance(0.15):
        arguments += ["-f", "constraints.txt"]
    variables = {}
    if dice.chance(0.15):
        arguments.append("--with-credentials")
        variables = {"POETRY_HTTP_BASIC_ACME_USERNAME": "me@x", "POETRY_HTTP_BASIC_ACME_PASSWORD": "s/e:c"}
        variables |= {"POETRY_HTTP_BASIC_MIRROR_USERNAME": "m"} if dice.chance(0.5) else {}
    return dice.sample([*arguments], len(arguments)) if all(word.startswith("--") for word in arguments) else arguments, variables


def listed(dice: Dice, flag: str, names: list[str]) -> list[str]:
    if not names:
        return []
    if dice.chance(0.6):
        return [flag, dice.choice([",", ", "]).join(names)]
    return [word for name in names for word in (flag, name)]


# Faults


def break_something(dice: Dice, made: Made, lock: dict) -> None:
    """One of the ways in which real projects are broken."""
    poetry = made.document.get("tool", {}).get("poetry", {})
    packages = lock["package"]
    victim = dice.choice(packages)
    metadata = lock["metadata"]
    faults = [
        lambda: metadata.update({"content-hash": "0" * 64}),
        lambda: metadata.pop("content-hash"),
        lambda: metadata.pop("lock-version"),
        lambda: metadata.update({"lock-version": dice.choice(["0.9", "3.0", "2", "1", "1.2", "x", "2.1.1", "2.0.1"])}),
        lambda: lock.pop("metadata"),
        lambda: victim.pop(dice.choice(["name", "version", "optional", "python-versions", "description"])),
        lambda: victim.pop("files", None),
        lambda: victim.update({"version": dice.choice(["", "x", "1.0-1", "v1.0", "1.0.0-beta.2"])}),
        lambda: victim.update({"name": dice.choice(["", "a b", "ä", "-x-"])}),
        lambda: victim.update({"python-versions": dice.choice(["", "x", ">=3.8,", "3.8", ">=3.7 <4", ">3.6,<3.5"])}),
        lambda: victim.update({"source": dice.choice([{"type": "git", "url": "x"}, {}])}),
        lambda: victim.update({"files": [{"file": "a", "hash": "sha256:0:1"}]}),
        lambda: victim.update({"groups": []}),
        lambda: victim.update({"markers": dice.choice(["python_version", "x == 'y'", "", "python_version > '3'  and ", "extra == 'a' or"])}),
        lambda: victim.update({"dependencies": {"alpha": dice.choice([{"version": "??"}, {"markers": "bad"}, "", {"git": "x"}, {"path": "p"}, {"python": "x"}])}}),
        lambda: victim.update({"extras": {"fast": dice.choice([["???"], ["alpha (>=1"], ["alpha >=1,<2"], ["a b"]])}}),
        lambda: lock.update({"extras": {"one": "alpha"}}),
        lambda: lock.update({"package": []}),
        lambda: poetry.setdefault("dependencies", {}).update({"python": dice.choice(["", "x", ">=4,<3", "3.8 - 3.9", ">=3.8,<4,", {"version": "^3.8"}, ["^3.8"], "3", 3.11])}),
        lambda: poetry.setdefault("group", {}).update({"main": {"dependencies": {"python": "^3.9", "alpha": "*"}}}),
        lambda: poetry.setdefault("dependencies", {}).update({"alpha": dice.choice(["??", {"version": "1", "markers": "bad"}, {"markerz": "x"}, 5, [], {"git": "a", "path": "b"}, {"optional": "yes"}])}),
        lambda: poetry.setdefault("dependencies", {}).update({"demo": "*"}),
        lambda: poetry.setdefault("group", {}).setdefault("dev", {}).update({"include-groups": dice.choice([["nowhere"], ["dev"], "dev"])}),
        lambda: made.document.update({"dependency-groups": dice.choice([{"a": [{"include-group": "b"}], "b": [{"include-group": "a"}]}, {"a": [{"include-group": "b"}]}, {"A": [], "a": []}, {"a": ["??"]}, {"a": [{"x": "y"}]}])}),
        lambda: poetry.update({"source": dice.choice([[{"name": "a"}], [{"name": "a", "url": "u"}, {"name": "A", "url": "v"}], [{"name": "PyPI", "url": "u"}], [{"name": "a", "url": "u", "priority": "default"}], [{"name": "a", "url": "u", "priority": "explicit"}], [{"url": "u"}]])}),
        lambda: poetry.update({"requires-poetry": dice.choice(["<2", ">=3", "x", ""])}),
        lambda: poetry.update({"package-mode": dice.choice([True, "no"]), "name": dice.choice(["", "-x", "demo"])}),
        lambda: made.document.update({"project": dice.choice([{}, {"name": "demo"}, {"name": "demo", "version": "x"}, {"name": "demo", "version": "1", "dependencies": "alpha"}, {"name": "demo", "version": "1", "dependencies": ["alpha ??"]}, {"name": "demo", "version": "1", "requires-python": "x"}, {"name": "demo", "version": "1", "dynamic": ["nothing"]}])}),
    ]  # fmt: skip
    dice.choice(faults)()


# Text


class Layout:
    """Writes documents as TOML, no two alike."""

    def __init__(self, dice: Dice) -> None:
        self.dice = dice
        self.inline = dice.choice([0.05, 0.3, 0.9])
        self.dotted = dice.choice([0.0, 0.0, 0.2])

    def string(self, text: str) -> str:
        roll = self.dice.random()
        if roll < 0.1 and "'" not in text and text.isprintable():
            return f"'{text}'"
        if roll < 0.13 and '"' not in text and "\\" not in text:
            return f'"""\n{text}"""' if self.dice.chance(0.5) else f'"""{text}"""'
        return json.dumps(text, ensure_ascii=roll < 0.2 and text.isascii())

    def key(self, text: str) -> str:
        is_bare = re.fullmatch("[A-Za-z0-9_-]+", text)
        return text if is_bare and self.dice.chance(0.95) else json.dumps(text)

    def value(self, value, flat: bool = False) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, (int, float)):
            return str(value)
        if isinstance(value, str):
            return json.dumps(value) if flat else self.string(value)
        if isinstance(value, dict):
            return "{" + ", ".join(f"{self.key(key)} = {self.value(item, True)}" for key, item in value.items()) + "}"
        items = [self.value(item, True) for item in value]
        if items and not flat and self.dice.chance(0.4):
            return "[\n    " + ",\n    ".join(items) + self.dice.choice([",", "", ", # a comment"]) + "\n]"
        return "[" + ", ".join(items) + "]"

    def document(self, document: dict) -> str:
        text = "\n".join(self.table(document, []))
        return text + self.dice.choice(["\n", "\n", "", "\n\n# the end\n"])

    def table(self, table: dict, path: list[str]) -> list[str]:
        lines, below = [], []
        for key, value in table.items():
            name = self.key(key)
            is_tables = isinstance(value, list) and value and all(isinstance(item, dict) for item in value)
            if isinstance(value, dict) and not self.is_inline(value, path):
                if value and self.dice.chance(self.dotted) and not any(isinstance(item, dict) for item in value.values()):
                    lines += [f"{name}.{self.key(inner)} = {self.value(item)}" for inner, item in value.items()]
                else:
                    below.append((name, value, False))
            elif is_tables and (len(path) == 0 or not self.dice.chance(self.inline)):
                below += [(name, item, True) for item in value]
            else:
                space = self.dice.choice([" ", " ", " ", ""])
                lines.append(f"{name}{space}={space}{self.value(value)}" + (" # why" if self.dice.chance(0.02) else ""))
        for name, value, is_item in below:
            inner = [*path, name]
            nested = self.table(value, inner)
            header = f"[[{'.'.join(inner)}]]" if is_item else f"[{'.'.join(inner)}]"
            is_super = bool(nested) and nested[0].startswith("[") and not is_item and self.dice.chance(0.9)
            lines += ([] if is_super else [header]) + nested + ([""] if self.dice.chance(0.7) else [])
        return lines

    def is_inline(self, value: dict, path: list[str]) -> bool:
        depth = len(path)
        if depth < 2 and "package" not in path:
            return False
        return self.dice.chance(self.inline) and self.dice.chance(0.85 if depth > 2 else 0.3)


def make(seed: int) -> Case:
    """Makes the project of `seed`."""
    dice = Dice(seed)
    sources = indexes(dice)
    packages = make_packages(dice, sources)
    made = make_project(dice, packages, sources)
    lock = new_lock(dice, made, packages) if dice.chance(0.5) else old_lock(dice, made, packages, sources)
    arguments, variables = command_line(dice, made)
    if dice.chance(0.08):
        break_something(dice, made, lock)
    header = dice.choice(["# This file is automatically @generated by Poetry 2.1.3 and should not be changed by hand.\n\n"] * 4 + ["", "# @generated by Poetry 2.4.0\n"])
    pyproject, text = Layout(dice).document(made.document), header + Layout(dice).document(lock)
    if dice.chance(0.03):
        pyproject, text = pyproject.replace("\n", "\r\n"), text.replace("\n", "\r\n")
    if dice.chance(0.005):
        pyproject = "\ufeff" + pyproject
    local = {target.source["url"] for targets in packages.values() for target in targets if target.source and target.source["type"] in ("file", "directory")}
    there = sorted(path for path in local if dice.chance(0.7))
    return Case(pyproject, text, arguments, variables, [path for path in there if not path.startswith("vendor")], [path for path in there if path.startswith("vendor")])
