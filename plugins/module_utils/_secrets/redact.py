# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Detects secrets: a file that contains one stays on the host; in facts the secret is replaced.

Tables of shapes, read from the most certain to the least: private keys and known tokens count anywhere, settings and URLs outside
comments only. A value that only refers to a secret (a variable, a path, a prompt) is none.
"""
from __future__ import annotations

import itertools
import re
from typing import Iterable, Iterator, Match

from .._base.codec import digest, text
from .._base.patterns import matches_any

REDACTED = "[redacted]"
PASSES = 5  # at most: what is replaced may bring a name next to another value
EXAMINED = 20000  # values with the names of secrets in one text; no ordinary file has so many, and each costs some microseconds

# Every pattern here takes time in proportion to the text, whoever wrote it: no two parts that repeat may match the same characters.
# Names whose value is a secret; the end of the name decides: api_token is one, token_lifetime is not. In lower case, and each branch
# beginning with a plain letter, which is what makes the search fast.
_NAME = (
    r"(?:pass(?:w(?:or)?d|phrase)?(?<!bypass)(?<!compass)(?<!proxy_pass)|pwd|secret|token|credentials?|psk|community"
    r"|(?:api|access|secret|private|encryption|signing|account|auth)[_.-]?key(?:[_.-]?id)?)"
)
# Settings that end so and hold no secret.
_INNOCENT = re.compile(r"(?:nopasswd|(?:load|import)credential|(?:.*[_.-])?(?:prompt|ask|use|no)[_.-]?pass(?:w(?:or)?d)?)\Z")
# Values that refer to a secret, or say that there is none.
_REFERENCE = re.compile(
    r"(?i)(?:|.|no|yes|none|null|nil|true|false|on|off|ask|default|prompt|optional|required|never|always|n/a|files|compat|systemd|sss|ldap"
    r"|\$.*|%[\w({%].*|\{\{.*|<[^>]*>|@.*@|`.*|(?:env|file|vault|op|cmd|data|keyring)[:(/].*|/(?:etc|var|run|usr|opt|srv|home|root|dev|proc|tmp|mnt|lib|sys)/.*"
    r"|~/.*|\*+|x{3,}|\[redacted\]?|[\w.]+\(.*|[\[({])\Z",
    re.DOTALL,
)

# What it is, texts without which it is not there, its shape.
_CERTAIN = (
    (
        "a private key",
        ("PRIVATE KEY",),
        re.compile(
            r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:\\n|\s){1,20}(?:[A-Za-z-]{1,40}: [^\n]{0,500}\n\s{0,20}){0,8}[A-Za-z0-9+/=]{16,}"
        ),
    ),
    (
        "a cloud or service token",
        (
            "AKIA", "ASIA", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xox", "sk_live_", "sk-", "AIza", "SG.", "hf_", "hvs.",
            "dckr_pat_", "npm_",
        ),
        re.compile(
            r"\b(?:(?:AKIA|ASIA)[A-Z0-9]{16}|gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{22,}|glpat-[\w-]{20,}|xox[abeoprs]-[\w-]{10,}|sk_live_\w{16,}"
            r"|sk-(?:proj-|ant-)?\w[\w-]{31,}|AIza[\w-]{35}|SG\.[\w-]{16,}\.[\w-]{16,}|hf_[A-Za-z]{30,}|hvs\.[\w-]{20,}|dckr_pat_[\w-]{20,}"
            r"|npm_[A-Za-z0-9]{36})"
        ),
    ),
    ("an encrypted vault", ("$ANSIBLE_VAULT",), re.compile(r"^[ \t]*\$ANSIBLE_VAULT;", re.MULTILINE)),
    (
        "a password hash",
        ("$1$", "$5$", "$6$", "$7$", "$y$", "$2", "$apr1$", "$argon2", "{SSHA"),
        re.compile(r"(?:^|[\s:'\"=])(?:\$(?:1|5|6|7|y|2[abxy]|apr1|argon2id?)\$[\w./$,=+-]{20,}|\{SSHA(?:512)?\}[\w+/=]{20,})", re.MULTILINE),
    ),
)
_URL = re.compile(r"://[^\s/:@'\"]*:(?P<value>[^\s/@'\"]+)(?=@)")
_QUOTED = r"(?P<value>\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|%s)"
# NAME=VALUE anywhere in a line; NAME: VALUE and NAME = VALUE where a line (or a JSON or YAML member) begins. A search starts at the
# name's end, which is rare, and looks back: long lines stay cheap.
_ASSIGNMENT = re.compile(r"%s=%s" % (_NAME, _QUOTED % r"[^\s'\"&;,)}\]]+"))
_SETTING = re.compile(r"%s[\"']?[ \t]*(?::=|=>|=|:)[ \t]*%s" % (_NAME, _QUOTED % r"[^\s'\"#;,}][^\n#;,}]*"))
# What stands before that end, read backwards: the name, and what opens a member before its name.
_NAME_BACKWARDS = re.compile(r"[\w.-]*")
_MEMBER_BACKWARDS = re.compile(r"(?P<name>[\w .-]*)[\"']?(?:[ \t]+(?:-|tropxe|tes))?[ \t]*(?:\Z|[{,])")
_REACH = 120  # characters of a line before a name's end that may belong to it
# Directives of two words: requirepass foobared.
_DIRECTIVE = re.compile(
    r"^[ \t]*(?P<name>requirepass|masterauth|bindpw|rootpw|rootbindpw|[\w-]{0,40}(?:password|passwd|passphrase)|auth_pass"
    r"|r[ow]community6?|stats[ \t]+auth|user[ \t]+\S+[ \t]+(?:insecure-)?password|machine[ \t]+\S+[ \t]+login[ \t]+\S+[ \t]+password)[ \t]+"
    r"(?P<value>[^\s#]+)[ \t]*(?:;[ \t]*)?$",
    re.MULTILINE,
)
_NAMED = (_SETTING, _ASSIGNMENT, _DIRECTIVE)
# Without one of these none of them can match.
_HINTS = ("pass", "pwd", "secret", "token", "credential", "psk", "community", "key", "masterauth", "bindpw", "rootpw", "auth")
_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
_COMMENT = re.compile(r"^[ \t]*(?:[#;]|//)[^\n]*", re.MULTILINE)
_PROGRAM = re.compile(r"\A#![^\n]*\b(?:python|perl|ruby|node|php|lua)")
_PROGRAM_FILES = ("**/*.py", "**/*.pl", "**/*.pm", "**/*.rb", "**/*.js", "**/*.ts", "**/*.go", "**/*.c", "**/*.h", "**/*.lua", "**/*.vim", "**/*.el")
# Formats in which the words of the tables mean something else.
_EXEMPT = ("/etc/nsswitch.conf", "/etc/pam.d/**", "/etc/login.defs", "/etc/debconf.conf", "/etc/services", "/etc/ssl/openssl.cnf", "/etc/mime.types")


class TooMany(Exception):
    """A text with more values to examine than EXAMINED."""


def secret_in(path: str, content: bytes) -> str | None:
    """The kind of secret in a file's bytes, in a few words, or None. The path only decides about the format."""
    binary = b"\0" in content
    body = text(content)
    for what, hints, shape in _CERTAIN[:1] if binary else _CERTAIN:
        if any(hint in body for hint in hints) and shape.search(body):
            return what
    if binary or matches_any(_EXEMPT, path):
        return None
    body = _COMMENT.sub("", body)
    if any(_literal(found.group("value")) for found in _URL.finditer(body)):
        return "credentials in a URL"
    # In programs an unquoted right side is a name or a call, not a value.
    quoted_only = bool(_PROGRAM.match(text(content[:100]))) or matches_any(_PROGRAM_FILES, path)
    try:
        if any(not quoted_only or body[start] in "'\"" for start, _end in _named(body)):
            return "a password or token"
    except TooMany:
        return "more than %d values with the names of secrets" % EXAMINED
    return None


def _named(body: str) -> Iterator[tuple[int, int]]:
    """(start, end) of each value whose name makes it a secret; raises TooMany."""
    # Only ASCII is lowered, so that both texts have the same places.
    lowered = body.translate(_LOWER)
    if any(hint in lowered for hint in _HINTS):
        candidates = itertools.chain.from_iterable(shape.finditer(lowered) for shape in _NAMED)
        for number, found in enumerate(candidates):
            if number == EXAMINED:
                raise TooMany
            start, end = found.span("value")
            if _literal(body[start:end]) and _is_name(found):
                yield start, end


def _is_name(found: Match[str]) -> bool:
    """True if the text before the value is the name of a secret, at a position where names stand."""
    if found.re is _DIRECTIVE:
        return True
    reach = max(0, found.start() - _REACH)
    line = found.string.rfind("\n", reach, found.start()) + 1
    backwards = found.string[max(line, reach):found.start()][::-1]
    head = (_MEMBER_BACKWARDS if found.re is _SETTING else _NAME_BACKWARDS).match(backwards)
    if head is None:
        return False
    name = (head.group("name") if found.re is _SETTING else head.group())[::-1]
    end = re.split(r"[\"'\s:=]", found.group(), maxsplit=1)[0]
    return not _INNOCENT.match(name.lstrip() + end)


def _literal(value: str) -> bool:
    return not _REFERENCE.match(value.strip().strip("'\"").strip())


def redact_text(value: str) -> str:
    """A text with each secret replaced by [redacted]; for facts, where the rest of the text is worth keeping."""
    for _pass in range(PASSES):
        try:
            shown = _redacted(value)
        except TooMany:
            return REDACTED
        if shown == value:
            break
        value = shown
    return value


def _redacted(value: str) -> str:
    for _what, hints, shape in _CERTAIN:
        if any(hint in value for hint in hints):
            value = shape.sub(REDACTED, value)
    value = _cut(value, [found.span("value") for found in _URL.finditer(value)])
    return _cut(value, _named(value))


def _cut(value: str, spans: Iterable[tuple[int, int]]) -> str:
    shown, place = [], 0
    for start, end in sorted(spans):
        if start >= place:
            shown += [value[place:start], REDACTED]
        place = max(place, end)
    return "".join(shown) + value[place:]


_OPTION = re.compile(r"--?(?:[\w.-]*[_.-])?%s\Z" % _NAME)
_SHORT = {"mysql": "-p", "mariadb": "-p", "mysqldump": "-p", "mysqladmin": "-p", "redis-cli": "-a", "sshpass": "-p", "curl": "-u"}


def redact_argv(argv: list[str]) -> list[str]:
    """A command line (list of str) with the values of its secret options replaced."""
    shown, secret_next = [], False
    short = _SHORT.get(argv[0].rpartition("/")[2]) if argv else None
    for word in argv:
        if secret_next and not word.startswith("-"):
            shown.append(REDACTED)
            secret_next = False
            continue
        secret_next = bool(_OPTION.match(word.translate(_LOWER))) or word == short
        if short and word.startswith(short) and word != short and not word.startswith("--"):
            shown.append(short + REDACTED)
        else:
            shown.append(redact_text(word))
    return shown


_ENV_NAME = re.compile(
    r"(?i)(?:passw|pass\Z|pwd\Z|secret|token|credential|api_?key|(?:access|private|encryption|signing)_?key|(?:^|_)auth\Z|passphrase)(?!.*_file\Z)"
)


def redact_env(pairs: list[str]) -> list[str]:
    """Environment (list of "NAME=VALUE") with the values of secret names, and secrets inside other values, replaced."""
    shown = []
    for pair in pairs:
        name, equals, value = pair.partition("=")
        secret = equals and _ENV_NAME.search(name) and value and not value.startswith(("/run/secrets/", "/run/credentials/"))
        shown.append(name + "=" + REDACTED if secret else name + equals + redact_text(value))
    return shown


def version() -> str:
    """Digest of the tables; a file that was examined with other tables is examined again."""
    shapes = [shape for _what, _hints, shape in _CERTAIN] + [_URL, *_NAMED, _MEMBER_BACKWARDS, _COMMENT, _PROGRAM, _INNOCENT, _REFERENCE]
    return digest([[shape.pattern for shape in shapes], _EXEMPT, _PROGRAM_FILES])
