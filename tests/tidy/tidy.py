#!/usr/bin/env python3
"""Checks the shape of the tree: who includes whom, no circles, file sizes, dead headers, names. Prints every fault, exits 1 if there is one.

tidy.py [ROOT]         checks a tree
tidy.py --self-test    checks that each rule can fail
"""

import pathlib
import re
import sys
import tempfile

FOLDERS = ["base", "wire", "storage", "daemon", "collectors", "cli"]

# A folder may include itself and what stands here; the longest folder that fits a file counts.
MAY_INCLUDE = {
    "base": [],
    "wire": ["base"],
    "storage/codec": ["base"],
    "storage/rocks": ["base"],
    "storage/series": ["base", "storage/codec", "storage/rocks"],
    "storage/ledger": ["base", "storage/codec", "storage/rocks"],
    "daemon/sla": ["base"],
    "daemon/seal": ["base"],
    "daemon/catalogue": ["base", "wire", "daemon/sla", "storage/ledger"],
    "daemon/config": ["base", "wire"],
    "daemon/ingest": ["base", "wire", "storage", "daemon/sla", "daemon/catalogue"],
    "daemon/report": ["base", "storage", "daemon/sla", "daemon/catalogue"],
    "daemon/sealing": ["base", "storage", "daemon/sla", "daemon/catalogue", "daemon/ingest", "daemon/report", "daemon/seal"],
    "daemon/live": ["base", "storage", "daemon/sla", "daemon/catalogue", "daemon/report"],
    "daemon/watch": ["base", "storage", "daemon/sla", "daemon/catalogue", "daemon/report", "daemon/live"],
    "daemon/rpc": ["base", "wire", "storage", "daemon/sla", "daemon/catalogue", "daemon/config", "daemon/ingest", "daemon/live",
                   "daemon/report", "daemon/seal", "daemon/sealing", "daemon/watch"],
    "daemon/http": ["base", "wire", "storage", "daemon/sla", "daemon/catalogue", "daemon/ingest", "daemon/live", "daemon/report"],
    "daemon": ["base", "wire", "storage", "daemon"],
    "collectors/agent": ["base", "wire"],
    "collectors/sources": ["base", "wire", "collectors/agent"],
    "collectors": ["base", "wire", "collectors"],
    "cli": ["base", "wire", "daemon/sla", "daemon/seal"],
}
# Who may see the generated protobuf classes, and RocksDB's headers.
SEES_PROTO = ["wire", "daemon/catalogue", "daemon/config", "daemon/ingest", "daemon/rpc", "daemon/http", "daemon/daemon", "daemon/main",
              "collectors", "cli"]
SEES_ROCKSDB = ["storage/rocks"]

LINES_MAX = 600
MAIN_LINES_MAX = 59
INCLUDE = re.compile(r'^\s*#include\s+(?:"([^"]+)"|<([^>]+)>)', re.M)


def sources(root):
    for folder in FOLDERS:
        yield from sorted((root / folder).rglob("*.h"))
        yield from sorted((root / folder).rglob("*.cc"))


def folder_of(name, table):
    fits = [folder for folder in table if name.startswith(folder + "/")]
    return max(fits, key=len) if fits else None


def check_includes(files):
    for name, text in files.items():
        own = folder_of(name, MAY_INCLUDE)
        if own is None:
            yield f"{name}: its folder stands in no layer; add it to MAY_INCLUDE in tests/tidy/tidy.py"
            continue
        for quoted, angled in INCLUDE.findall(text):
            target = quoted or angled
            if target.startswith("rocksdb/") and not name.startswith(tuple(f + "/" for f in SEES_ROCKSDB)):
                yield f"{name}: includes {target}; only {', '.join(SEES_ROCKSDB)} may"
            if re.match(r"nines/v1/.*\.pb\.h$", target):
                if not name.startswith(tuple(SEES_PROTO)):
                    yield f"{name}: includes generated {target}; its layer speaks the domain's own types"
                continue
            if not quoted or quoted.split("/")[0] not in FOLDERS:
                continue
            if quoted not in files:
                yield f"{name}: includes \"{quoted}\", which is not in the tree; paths are from the project's root"
                continue
            other = folder_of(quoted, MAY_INCLUDE)
            if other != own and not any(other == may or other.startswith(may + "/") for may in MAY_INCLUDE[own]):
                yield f"{name}: {own} may not include {other} (\"{quoted}\")"


def check_circles(files):
    """Circles among folders: a header circle among files cannot hide, since every arrow between folders counts."""
    for level in ("folders", "files"):
        graph = {}
        for name, text in files.items():
            for quoted, _ in INCLUDE.findall(text):
                if quoted in files:
                    a, b = (name, quoted) if level == "files" else (folder_of(name, MAY_INCLUDE), folder_of(quoted, MAY_INCLUDE))
                    if a != b:
                        graph.setdefault(a, set()).add(b)
        done = set()

        def walk(node, path):
            if node in path:
                yield f"a circle of includes among {level}: {' → '.join(path[path.index(node):] + [node])}"
                return
            if node in done:
                return
            for following in sorted(graph.get(node, ())):
                yield from walk(following, path + [node])
            done.add(node)
        for start in sorted(graph):
            yield from walk(start, [])


def check_sizes(files):
    for name, text in files.items():
        lines = text.count("\n")
        if lines > LINES_MAX:
            yield f"{name}: {lines} lines; more than {LINES_MAX} want to be several files"
        if name == "daemon/main.cc" and lines > MAIN_LINES_MAX:
            yield f"{name}: {lines} lines; under {MAIN_LINES_MAX + 1} it only loads the config, creates the daemon and runs it"


def check_dead(files):
    included = {quoted for text in files.values() for quoted, _ in INCLUDE.findall(text)}
    for name in files:
        if name.endswith(".h") and name not in included:
            yield f"{name}: nothing includes it"


def check_text(files):
    for name, text in files.items():
        for number, line in enumerate(text.splitlines(), 1):
            if re.search(r"\b(TODO|FIXME|XXX)\b", line):
                yield f"{name}:{number}: an unfinished place: {line.strip()}"
            code = line.split("//")[0]
            if re.search(r"\babsl::Mutex", code):
                yield f"{name}:{number}: absl::Mutex is invisible to ThreadSanitizer here; use base/mutex.h"
            if re.search(r"absl::Now\(\)|system_clock::now\(\)", code) and not name.startswith(("base/clock", "cli/")):
                yield f"{name}:{number}: asks the real clock; take a Clock&"


def check_tests(root):
    for path in sorted((root / "tests" / "unit").rglob("*.cc")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if re.search(r"\bsleep_for\b|\busleep\(|\bsleep\(|absl::SleepFor", line):
                yield f"{path.relative_to(root)}:{number}: a unit test sleeps"


# Their sources are never compiled together: hot code, and folders of many programs.
COMPILED_ALONE = ("storage/codec/", "tests/bench/", "tests/fuzz/", "tests/model/")
ANONYMOUS = re.compile(r"^namespace \{\n(.*?)^\}  // namespace\n", re.M | re.S)
DEFINITIONS = [
    re.compile(r"^(?:struct|class|enum|enum class) (\w+)[^;]*?\{", re.M),
    re.compile(r"^(?:constexpr|const)\b[^=;(]*?\b(k[A-Z]\w*)\b", re.M),
    re.compile(r"^using (\w+ = [^;]*);", re.M),
    re.compile(r"^[\w:][^;={}()#]*?\b(\w+\([^;{}]*?\))[\w\s]*\{", re.M),  # with its parameters: overloads are different
]


def check_names(files):
    """A full build compiles the sources of a folder several at a time, where their anonymous namespaces are one."""
    holders = {}
    for name, text in files.items():
        if not name.endswith(".cc") or name.endswith("/main.cc") or name.startswith(COMPILED_ALONE):
            continue
        found = {" ".join(match.split()) for block in ANONYMOUS.findall(text) for pattern in DEFINITIONS for match in pattern.findall(block)}
        for entry in found:
            alias = re.match(r"(\w+) = ", entry)
            holders.setdefault((name.rsplit("/", 1)[0], alias[1] if alias else entry), {})[name] = entry if alias else name
    for (_, word), entries in sorted(holders.items()):
        if len(set(entries.values())) > 1:  # two aliases of one meaning are one
            yield f"{' and '.join(sorted(entries))}: both define {word} in an anonymous namespace; a folder has one of each name"


def faults(root):
    files = {str(path.relative_to(root)): path.read_text() for path in sources(root)}
    if not files:
        yield f"{root}: no source files; is this the project's root?"
    for check in (check_includes, check_circles, check_sizes, check_dead, check_text):
        yield from check(files)
    tests = {str(path.relative_to(root)): path.read_text() for path in sorted((root / "tests").rglob("*.cc"))}
    yield from check_names({**files, **tests})
    # Everything in the tests may include what it wants, but a header that only tests include is dead, too.
    yield from check_tests(root)


def self_test():
    cases = {
        "may not include": {"daemon/sla/a.cc": '#include "storage/ledger/b.h"\n', "storage/ledger/b.h": ""},
        "not in the tree": {"base/a.cc": '#include "base/none.h"\n'},
        "only storage/rocks may": {"storage/series/a.cc": "#include <rocksdb/db.h>\n"},
        "includes generated": {"storage/series/a.cc": '#include "nines/v1/fact.pb.h"\n'},
        "circle of includes among files": {"base/a.h": '#include "base/b.h"\n', "base/b.h": '#include "base/a.h"\n'},
        "more than 600": {"base/a.cc": "\n" * 601},
        "only loads the config": {"daemon/main.cc": "\n" * 60},
        "nothing includes it": {"base/a.h": "\n"},
        "unfinished": {"base/a.cc": "// TO" + "DO: later\n"},
        "ThreadSanitizer": {"base/a.cc": "absl::Mu" + "tex m;\n"},
        "real clock": {"base/a.cc": "absl::Now();\n"},
        "sleeps": {"base/a.cc": "", "tests/unit/base/a_test.cc": "usleep(1);\n"},
        "both define Flags in": {name: "namespace {\nstruct Flags {\n};\n}  // namespace\n" for name in ("cli/a.cc", "cli/b.cc")},
        "both define Text(int a) in": {name: "namespace {\nint Text(int a) {\n}\n}  // namespace\n" for name in ("cli/a.cc", "cli/b.cc")},
        "both define kMax in": {name: "namespace {\nconstexpr int kMax = 1;\n}  // namespace\n" for name in ("cli/a.cc", "cli/b.cc")},
        "both define Map in": {f"cli/{name}.cc": f"namespace {{\nusing Map = {name};\n}}  // namespace\n" for name in ("a", "b")},
        "stands in no layer": {"storage/new/a.cc": "\n"},
    }
    bad = 0
    for words, tree in cases.items():
        with tempfile.TemporaryDirectory() as folder:
            for name, text in tree.items():
                path = pathlib.Path(folder) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            found = list(faults(pathlib.Path(folder)))
        if not any(words in fault for fault in found):
            print(f"the rule '{words}' did not find its fault; found: {found}")
            bad = 1
    return bad


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    found = list(faults(root))
    for fault in found:
        print(fault)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
