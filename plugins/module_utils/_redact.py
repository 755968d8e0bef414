# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets inside content: found in files (which then stay on the host), replaced in facts.

Tables of shapes, read from the most certain to the least: private keys and known tokens count anywhere, settings and URLs outside
comments only. A value that only refers to a secret (a variable, a path, a prompt) is none.
"""
from __future__ import annotations

import re

from ._codec import digest, raw, text
from ._rules import matches_any

REDACTED = "[redacted]"

# Names whose value is a secret; the end of the name decides: api_token is one, token_lifetime is not.
_NAME = (
    r"(?:passw(?:or)?d|(?<!by)(?<!com)(?<!proxy_)pass|passphrase|pwd|secret|token|api[_.-]?key|access[_.-]?key(?:[_.-]?id)?|secret[_.-]?key"
    r"|private[_.-]?key|encryption[_.-]?key|signing[_.-]?key|account[_.-]?key|auth[_.-]?key|credentials?|psk|community)"
)
# Settings that end so and hold no secret.
_INNOCENT = re.compile(r"(?i)(?:NOPASSWD|PWD|OLDPWD|(?:Load|Import)Credential(?:Encrypted)?|.*[_.-]?(?:prompt|ask|use|require|no)[_.-]?pass(?:w(?:or)?d)?)\Z")
# Values that refer to a secret, or say that there is none.
_REFERENCE = re.compile(
    r"(?i)(?:|.|no|yes|none|null|nil|true|false|on|off|ask|default|prompt|optional|required|never|always|n/a|files|compat|systemd|sss|ldap"
    r"|\$.*|%[\w({%].*|\{\{.*|<[^>]*>|@.*@|`.*|(?:env|file|vault|op|cmd|data|keyring)[:(/].*|/(?:etc|var|run|usr|opt|srv|home|root|dev|proc|tmp|mnt|lib|sys)/.*"
    r"|~/.*|\*+|x{3,}|\[redacted\]|[\w.]+\(.*|[\[({])\Z",
    re.DOTALL,
)

_CERTAIN = (
    ("a private key", re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?:\\n|\s)+(?:[A-Za-z-]+: [^\n]*\n|\s)*[A-Za-z0-9+/=]{16,}")),
    ("a cloud or service token", re.compile(
        r"\b(?:(?:AKIA|ASIA)[A-Z0-9]{16}|gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{22,}|glpat-[\w-]{20,}|xox[abeoprs]-[\w-]{10,}|sk_live_\w{16,}"
        r"|sk-(?:proj-|ant-)?[\w-]{32,}|AIza[\w-]{35}|SG\.[\w-]{16,}\.[\w-]{16,}|hf_[A-Za-z]{30,}|hvs\.[\w-]{20,}|dckr_pat_[\w-]{20,}|npm_[A-Za-z0-9]{36})")),
    ("an encrypted vault", re.compile(r"^\s*\$ANSIBLE_VAULT;", re.MULTILINE)),
    ("a password hash", re.compile(r"(?:^|[\s:'\"=])(?:\$(?:1|5|6|7|y|2[abxy]|apr1|argon2id?)\$[\w./$,=+-]{20,}|\{SSHA(?:512)?\}[\w+/=]{20,})", re.MULTILINE)),
)
_URL = re.compile(r"(?P<before>://[^\s/:@'\"]*:)(?P<value>[^\s/@'\"]+)(?=@)")
_QUOTED = r"(?P<value>\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|%s)"
# NAME=VALUE anywhere in a line; NAME: VALUE and NAME = VALUE where a line (or a JSON or YAML member) begins. A search starts at the
# name's end, which is rare, and looks back: long lines stay cheap.
_ASSIGNMENT = re.compile(r"(?i)(?P<before>%s=)%s" % (_NAME, _QUOTED % r"[^\s'\"&;,)}\]]+"))
_SETTING = re.compile(
    r"(?i)(?P<before>%s[\"']?[ \t]*(?::=|=>|=|:)[ \t]*)%s" % (_NAME, _QUOTED % r"[^\s'\"#;,}][^\n#;,}]*")
)
_NAME_BEFORE = re.compile(r"[\w.-]*\Z")
_MEMBER_BEFORE = re.compile(r"(?:\A|[{,])[ \t]*(?:-[ \t]+|export[ \t]+|set[ \t]+)?[\"']?(?P<name>[\w .-]*)\Z")
_REACH = 120  # characters of a line before a name's end that may belong to it
# Directives of two words: requirepass foobared.
_DIRECTIVE = re.compile(
    r"(?i)(?P<before>^[ \t]*(?P<name>requirepass|masterauth|bindpw|rootpw|rootbindpw|[\w-]{0,40}(?:password|passwd|passphrase)|auth_pass|rpcpassword"
    r"|r[ow]community6?|stats[ \t]+auth|user[ \t]+\S+[ \t]+(?:insecure-)?password|machine[ \t]+\S+[ \t]+login[ \t]+\S+[ \t]+password)[ \t]+)"
    r"(?P<value>[^\s#]+)[ \t]*;?[ \t]*$",
    re.MULTILINE,
)
_NAMED = (_SETTING, _ASSIGNMENT, _DIRECTIVE)
_COMMENT = re.compile(r"^[ \t]*(?:[#;]|//)[^\n]*", re.MULTILINE)
# In programs an unquoted right side is a name or a call, not a value.
_PROGRAM = re.compile(r"\A#![^\n]*\b(?:python|perl|ruby|node|php|lua)|\A\x7fELF")
_PROGRAM_FILES = ("**/*.py", "**/*.pl", "**/*.pm", "**/*.rb", "**/*.js", "**/*.ts", "**/*.go", "**/*.c", "**/*.h", "**/*.lua", "**/*.vim", "**/*.el")
# Formats in which the words of the tables mean something else.
_EXEMPT = ("/etc/nsswitch.conf", "/etc/pam.d/**", "/etc/login.defs", "/etc/debconf.conf", "/etc/services", "/etc/ssl/openssl.cnf", "/etc/mime.types")


def secret_in(path, content):
    """What kind of secret a file's bytes hold, in a few words, or None. The path only tells formats apart."""
    body = text(content)
    for what, shape in _CERTAIN:
        if shape.search(body):
            return what
    if matches_any(_EXEMPT, path) or "\0" in body:
        return None
    body = _COMMENT.sub("", body)
    if any(_literal(found.group("value")) for found in _URL.finditer(body)):
        return "credentials in a URL"
    quoted_only = bool(_PROGRAM.match(body)) or matches_any(_PROGRAM_FILES, path)
    if any(_is_secret(found, quoted_only) for shape in _NAMED for found in shape.finditer(body)):
        return "a password or token"
    return None


def _is_secret(found, quoted_only=False):
    value = found.group("value")
    if quoted_only and value[0] not in "'\"":
        return False
    name = _name(found)
    return name is not None and not _INNOCENT.match(name) and _literal(value)


def _name(found):
    """The whole name of what matched one of the tables; None if the place is wrong for it."""
    if found.re is _DIRECTIVE:
        return found.group("name")
    line = found.string.rfind("\n", 0, found.start()) + 1
    before = found.string[max(line, found.start() - _REACH):found.start()]
    shape = _MEMBER_BEFORE if found.re is _SETTING else _NAME_BEFORE
    head = shape.search(before)
    if head is None:
        return None
    head = head.group("name").lstrip() if found.re is _SETTING else head.group()
    return head + re.split(r"[\"'\s:=]", found.group("before"), maxsplit=1)[0]


def _literal(value):
    return not _REFERENCE.match(value.strip().strip("'\"").strip())


def redact_text(value):
    """A text with each secret replaced by [redacted]; for facts, where the rest of the text is worth keeping."""
    for _what, shape in _CERTAIN:
        value = shape.sub(REDACTED, value)
    value = _URL.sub(lambda found: found.group("before") + REDACTED, value)
    for shape in _NAMED:
        value = shape.sub(lambda found: found.group("before") + REDACTED if _is_secret(found) else found.group(), value)
    return value


_OPTION = re.compile(r"(?i)--?[\w.-]*?%s\Z" % _NAME)
_SHORT = {"mysql": "-p", "mariadb": "-p", "mysqldump": "-p", "mysqladmin": "-p", "redis-cli": "-a", "sshpass": "-p", "curl": "-u"}


def redact_argv(argv):
    """A command line (list of str) with the values of its secret options replaced."""
    shown, secret_next = [], False
    short = _SHORT.get(argv[0].rpartition("/")[2]) if argv else None
    for word in argv:
        if secret_next and not word.startswith("-"):
            shown.append(REDACTED)
            secret_next = False
            continue
        secret_next = bool(_OPTION.match(word)) or word == short
        attached = short and word.startswith(short) and word != short and not word.startswith("--")
        shown.append(short + REDACTED if attached else redact_text(word))
    return shown


def redact_env(pairs):
    """Environment (list of "NAME=VALUE") with the values of secret names, and secrets inside other values, replaced."""
    shown = []
    for pair in pairs:
        name, equals, value = pair.partition("=")
        secret = equals and _ENV_NAME.search(name) and value and not value.startswith(("/run/secrets/", "/run/credentials/"))
        shown.append(name + "=" + REDACTED if secret else name + equals + redact_text(value))
    return shown


_ENV_NAME = re.compile(r"(?i)(?:passw|pass\Z|pwd\Z|secret|token|credential|api_?key|(?:access|private|secret|encryption|signing)_?key|(?:^|_)auth\Z|passphrase)(?!.*_FILE\Z)")


def version():
    """Digest of the tables: what was examined under others is examined again."""
    shapes = [shape.pattern for _what, shape in _CERTAIN] + [s.pattern for s in (_URL, _ASSIGNMENT, _SETTING, _DIRECTIVE, _COMMENT, _INNOCENT, _REFERENCE)]
    return digest(raw("\n".join(shapes + list(_EXEMPT) + list(_PROGRAM_FILES))))
