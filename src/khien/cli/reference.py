"""The page about all commands in the docs, made from the parser itself so that it cannot fall behind it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from khien.cli import COMMON_OPTIONS, build_parser
from khien.cli.exits import Exit

HEAD = """\
# Commands

*Generated from the parser by `make docs-write`. Trang này được sinh từ chính bộ phân tích lệnh.*

Every command ends with one of these exit codes, takes the four options below, and with `--json` prints one
JSON object and nothing else on standard output. Progress and complaints go to standard error.
"""

EXITS = {
    Exit.DONE: (
        "done, also when a time limit ended a search that had a valid plan",
        "xong, kể cả khi hết giờ",
    ),
    Exit.INPUT_ERRORS: ("errors found in the input; warnings alone are 0", "dữ liệu vào có lỗi"),
    Exit.WRONG_USE: ("wrong use: options, paths, places that cannot be written", "gọi sai cách"),
    Exit.INTERRUPTED: ("interrupted, and what was found is kept", "bị ngắt, kết quả đã được giữ"),
    Exit.NO_PLAN: ("no plan exists under the rules given", "không có kế hoạch nào thỏa mãn"),
    Exit.OUR_FAULT: ("a mistake in Khiên", "lỗi của Khiên"),
    Exit.STOPPED: ("interrupted before there was anything to keep", "bị ngắt khi chưa có gì để giữ"),
}


def commands_page() -> str:
    """The whole page as Markdown."""
    return "\n".join(_lines()).rstrip() + "\n"


def _lines() -> Iterator[str]:
    english, vietnamese = _commands("en"), _commands("vi")
    yield HEAD
    yield "| exit code | | |\n|---|---|---|"
    for code, (en, vi) in EXITS.items():
        yield f"| {int(code)} | {en} | {vi} |"
    yield ""
    yield from _table(
        [action for action in _options(next(iter(english.values()))) if _common(action)],
        [action for action in _options(next(iter(vietnamese.values()))) if _common(action)],
    )
    for name, parser in english.items():
        yield from _command(name, parser, vietnamese[name])


def _commands(lang: str) -> dict[str, argparse.ArgumentParser]:
    """The parsers of all commands by their full name; a command with parts gives one for each part."""
    return dict(_leaves("khien", build_parser(lang)))


def _leaves(name: str, parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    places = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not places:
        yield name, parser
    for place in places:
        for part, below in place.choices.items():
            yield from _leaves(f"{name} {part}", below)


def _command(name: str, parser: argparse.ArgumentParser, twin: argparse.ArgumentParser) -> Iterator[str]:
    yield f"\n## `{name}`\n"
    yield f"{_sentence(parser.description)}\n\n*{_sentence(twin.description)}*\n"
    example = (parser.epilog or "").partition("\n")[2]
    yield "```sh\n" + "\n".join(line.strip() for line in example.splitlines()) + "\n```\n"
    own = [action for action in _options(parser) if not _common(action)]
    if own:
        yield from _table(own, [action for action in _options(twin) if not _common(action)])


def _table(actions: list[argparse.Action], twins: list[argparse.Action]) -> Iterator[str]:
    yield "| | | |\n|---|---|---|"
    for action, twin in zip(actions, twins, strict=True):
        yield f"| {_spelling(action)} | {_cell(action.help)} | {_cell(twin.help)} |"


def _options(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    return list(parser._actions)


def _common(action: argparse.Action) -> bool:
    return bool(set(action.option_strings) & set(COMMON_OPTIONS))


def _spelling(action: argparse.Action) -> str:
    if not action.option_strings:
        name = action.metavar if isinstance(action.metavar, str) else action.dest
        return f"`{name}`"
    value = ""
    if action.nargs != 0:
        choices = "{" + ",".join(map(str, action.choices)) + "}" if action.choices else ""
        value = " " + (choices or (action.metavar if isinstance(action.metavar, str) else action.dest.upper()))
    return ", ".join(f"`{option}{value}`" for option in action.option_strings)


def _sentence(text: str | None) -> str:
    text = text or ""
    return text[:1].upper() + text[1:] + "."


def _cell(text: str | None) -> str:
    return (text or "").replace("|", "\\|").replace("\n", " ")
