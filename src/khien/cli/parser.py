"""The parser of the whole command line, in either language."""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn

from khien.cli.exits import Exit, Stop
from khien.words import LANGUAGES, t

COMMON_OPTIONS = ("--help", "--json", "--lang", "--debug")
"""Options that every command has."""

Run = Callable[[argparse.Namespace], Exit]


class Formatter(argparse.RawDescriptionHelpFormatter):
    """Help as argparse lays it out, with a translated "usage:"."""

    lang = "en"

    def _expand_help(self, action: argparse.Action) -> str:
        """Our help texts hold no argparse fields, so that a percent sign is a percent sign."""
        return action.help or ""

    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[Any],
        prefix: str | None = None,
    ) -> None:
        """Put the word for "usage" of the chosen language in front."""
        super().add_usage(usage, actions, groups, t("cli_usage", self.lang) + " " if prefix is None else prefix)


class Parser(argparse.ArgumentParser):
    """An argument parser that speaks both languages and raises instead of leaving the process."""

    lang = "en"

    def error(self, message: str) -> NoReturn:
        """Wrong use: exit code 2, with the way to the help."""
        text = t("cli_wrong_use", self.lang, what=translate(message, self.lang), command=self.prog)
        raise Stop(Exit.WRONG_USE, text)

    def unknown(self, words: Sequence[str]) -> NoReturn:
        """Words that nothing takes; beside a mistyped option the one that comes nearest."""
        options = [option for action in self._actions for option in action.option_strings]
        told = "unrecognized arguments: " + " ".join(words)
        wrong = next((word.partition("=")[0] for word in words if word.startswith("--")), "")
        if near := difflib.get_close_matches(wrong, options, n=1):
            told = translate(told, self.lang) + t("cli_was_meant", self.lang, near=near[0])
        self.error(told)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """As argparse, but a mistyped command or choice is told with the one that comes nearest, not with forty."""
        if action.choices is None or value in action.choices:
            return
        known = [str(choice) for choice in action.choices]
        near = difflib.get_close_matches(str(value), known, n=1)
        meant = t("cli_was_meant", self.lang, near=near[0]) if near else ""
        if isinstance(action, argparse._SubParsersAction):
            self.error(t("cli_no_command", self.lang, command=value) + meant)
        named = {"name": "/".join(action.option_strings), "value": value, "choices": ", ".join(known)}
        self.error(t("cli_arg_choice", self.lang, **named) + meant)


def make_parser(lang: str) -> tuple[Parser, argparse._SubParsersAction[Parser]]:
    """The top parser and the place where commands are added."""
    kind = type("Parser", (Parser,), {"lang": lang})
    parser: Parser = kind(
        prog="khien",
        description=t("cli_description", lang),
        epilog=t("cli_epilog", lang),
        formatter_class=_formatter(lang),
        add_help=False,
        allow_abbrev=False,
    )
    parser.set_defaults(json=False, lang=lang, debug=False, run=None)
    _add_common(parser, lang)
    places: argparse._SubParsersAction[Parser] = parser.add_subparsers(
        title=t("cli_commands", lang),
        metavar=t("cli_command_metavar", lang),
        dest="command",
        parser_class=kind,
    )
    return parser, places


def add_command(
    places: argparse._SubParsersAction[Parser],
    name: str,
    run: Run,
    lang: str,
    *,
    says: str,
    example: str,
) -> Parser:
    """Add one command: what it does (one sentence) and an example with which its help ends."""
    parser = places.add_parser(
        name,
        help=says,
        description=says,
        epilog=t("cli_example", lang) + "\n  " + example.replace("\n", "\n  "),
        formatter_class=_formatter(lang),
        add_help=False,
        allow_abbrev=False,
    )
    parser._positionals.title = t("cli_positionals", lang)
    _add_common(parser, lang)
    parser.set_defaults(run=run, command=parser.prog.partition(" ")[2], parser=parser)
    return parser


def add_group(
    places: argparse._SubParsersAction[Parser], name: str, lang: str, *, says: str
) -> argparse._SubParsersAction[Parser]:
    """Add a command that has parts (``khien import cordis``); return the place for its parts."""
    parser = places.add_parser(
        name,
        help=says,
        description=says,
        formatter_class=_formatter(lang),
        add_help=False,
        allow_abbrev=False,
    )
    _add_common(parser, lang)
    parser.set_defaults(command=name)
    return parser.add_subparsers(
        title=t("cli_parts", lang),
        metavar=t("cli_command_metavar", lang),
        parser_class=type(parser),
        required=True,
    )


def _formatter(lang: str) -> type[Formatter]:
    return type("Formatter", (Formatter,), {"lang": lang})


def _add_common(parser: argparse.ArgumentParser, lang: str) -> None:
    """The options that every command has; they may stand before or after the command's name."""
    parser._optionals.title = t("cli_options", lang)
    parser.add_argument("-h", "--help", action="help", help=t("cli_help_help", lang))
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=t("cli_json_help", lang))
    parser.add_argument("--lang", choices=LANGUAGES, default=argparse.SUPPRESS, help=t("cli_lang_help", lang))
    parser.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help=t("cli_debug_help", lang))


def translate(message: str, lang: str) -> str:
    """Say one of argparse's own complaints in the chosen language; one it does not know stays in English."""
    if lang == "en":
        return message
    patterns: list[tuple[str, Callable[..., str]]] = [
        (
            r"the following arguments are required: (?P<names>.*)",
            lambda names: t("cli_arg_required", lang, names=names),
        ),
        (r"unrecognized arguments: (?P<names>.*)", lambda names: t("cli_arg_unknown", lang, names=names)),
        (
            r"one of the arguments (?P<names>.*) is required",
            lambda names: t("cli_arg_one_of", lang, names=names),
        ),
        (
            r"argument (?P<name>[^:]*): invalid \w+ value: (?P<value>.*)",
            lambda name, value: t("cli_arg_value", lang, name=name, value=value),
        ),
        (
            r"argument (?P<name>[^:]*): expected .*",
            lambda name: t("cli_arg_expected", lang, name=name),
        ),
        (
            r"argument (?P<name>[^:]*): not allowed with argument (?P<other>.*)",
            lambda name, other: t("cli_arg_clash", lang, name=name, other=other),
        ),
        (r"argument (?P<name>[^:]*): (?P<rest>.*)", lambda name, rest: f"{name}: {rest}"),
    ]
    for pattern, say in patterns:
        found = re.fullmatch(pattern, message, flags=re.DOTALL)
        if found:
            return say(**found.groupdict())
    return message
