# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A private apt: the repositories and keys of one host, an empty list of installed packages, caches of its own."""

from __future__ import annotations

import os
import re
import time

from ._codec import digest, raw, text, write_atomic
from ._errors import TwinError
from ._run import last_words

# The distributions' own keys, which their packages bring and a host's state therefore does not carry.
KEYRINGS = ("/usr/share/keyrings/debian-archive-keyring.gpg", "/usr/share/keyrings/ubuntu-archive-keyring.gpg")
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "armhf", "ppc64le": "ppc64el", "i686": "i386"}
STAMP = "updated"

# Names of this machine's apt settings are not read at all: their hooks are for its own packages.
_CONFIGURATION = """\
Dir::Etc::main "/dev/null";
Dir::Etc::parts "{root}/none";
Dir::Etc::sourcelist "{root}/etc/apt/sources.list";
Dir::Etc::sourceparts "{root}/etc/apt/sources.list.d";
Dir::Etc::trusted "{root}/etc/apt/trusted.gpg";
Dir::Etc::trustedparts "{root}/etc/apt/trusted.gpg.d";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "{root}/none";
Dir::Etc::netrc "/dev/null";
Dir::Etc::netrcparts "{root}/none";
Dir::State "{root}/state";
Dir::State::status "{root}/state/status";
Dir::State::extended_states "{root}/state/extended_states";
Dir::Cache "{root}/cache";
Dir::Log "{root}/log";
APT::Architecture "{native}";
APT::Architectures {{ {architectures} }};
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
"""


def prepare(directory, machine, sources, proxy, run):
    """The Apt for these sources, made where it is missing; other sources are another one."""
    if not any(re.search(rb"^\s*(deb\s|Types:.*\bdeb\b)", source["content"], re.MULTILINE) for source in sources):
        raise TwinError("The host has no package sources that could be read: its packages cannot be fetched.")
    rows = sorted((source["path"], digest(source["content"])) for source in sources)
    root = os.path.join(directory, "apt", digest([rows, machine["distribution"], machine["architecture"], proxy])[:16])
    if not os.path.isdir(root):
        _fill(root, sources, bool(proxy))
    apt = Apt(root, machine, run)
    apt.configure(proxy)
    return apt


def _fill(root, sources, proxied):
    for part in ("etc/apt/sources.list.d", "etc/apt/trusted.gpg.d", "state/lists/partial", "cache/archives/partial", "log", "none"):
        os.makedirs(os.path.join(root, part), mode=0o700, exist_ok=True)
    open(os.path.join(root, "state/status"), "w", encoding="ascii").close()
    for keyring in filter(os.path.exists, KEYRINGS):
        os.symlink(keyring, os.path.join(root, "etc/apt/trusted.gpg.d", os.path.basename(keyring)))
    brought = {source["path"] for source in sources}
    for source in sources:
        path = root + os.path.normpath(source["path"])
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        content = source["content"]
        if path.endswith((".list", ".sources")):
            content = raw(_relocated(text(content), root, brought))
            # our proxy takes https upon itself
            content = content.replace(b"https://", b"http://") if proxied else content
        write_atomic(path, content)


def _relocated(content, root, brought):
    """Sources whose keys are where they were put here; a key that did not come is looked for among this machine's."""

    def place(found):
        path = found.group(2)
        return found.group(1) + (root + path if path in brought else path)

    return re.sub(r"(?i)(\bSigned-By\s*[:=]\s*)(/[^\s\],]+)", place, content)


class Apt:
    """apt-get and apt-cache over one private root."""

    def __init__(self, root, machine, run):
        self.root, self._run, self._machine = root, run, machine

    def configure(self, proxy):
        """Write apt's configuration; the native architecture is the host's, foreign ones are asked for by name."""
        native = ARCHITECTURES.get(self._machine["architecture"], self._machine["architecture"])
        both = [native] + (["i386"] if native == "amd64" else [])
        content = _CONFIGURATION.format(root=self.root, native=native, architectures=" ".join('"%s";' % name for name in both))
        if proxy:
            content += 'Acquire::http::Proxy "%s";\nAcquire::https::Proxy "%s";\n' % (proxy, proxy)
        write_atomic(os.path.join(self.root, "apt.conf"), content.encode("utf-8"))

    def updated(self):
        """When the index was read last, in seconds since the epoch; 0 if never."""
        stamp = os.path.join(self.root, STAMP)
        return os.stat(stamp).st_mtime if os.path.exists(stamp) else 0

    def update(self):
        """Read the index anew. A repository that does not answer leaves its last index; all of them silent is an error."""
        result = self._call(["apt-get", "update", "-q"], timeout=600)
        # apt calls it a success when it could connect to nothing
        if not self._has_lists():
            raise TwinError("No repository of the host answers: %s" % last_words(result.err))
        write_atomic(os.path.join(self.root, STAMP), b"%d\n" % int(time.time()))

    def _has_lists(self):
        return any(name.endswith("_Packages") or "_Packages." in name for name in os.listdir(os.path.join(self.root, "state/lists")))

    def versions(self, packages):
        """{"name:arch": versions, newest first} that the index has of packages ("name:arch": …)."""
        names = sorted({key.rpartition(":")[0] for key in packages})
        found = {}
        # rc says that some name is unknown, which the answer shows as well
        out = self._call(["apt-cache", "--all-versions", "show"] + names).out.decode("utf-8", "replace")
        for stanza in out.split("\n\n"):
            fields = dict(re.findall(r"^(Package|Version|Architecture): (\S+)$", stanza, re.MULTILINE))
            if len(fields) == 3:
                versions = found.setdefault("%(Package)s:%(Architecture)s" % fields, [])
                if fields["Version"] not in versions:
                    versions.append(fields["Version"])
        return found

    def download(self, packages, directory):
        """Fetch packages into a directory; apt checks each against its signed index."""
        names = ["%s%s=%s" % (one["name"], "" if one["arch"] == "all" else ":" + one["arch"], one["version"]) for one in packages]
        return self._call(["apt-get", "download", "-q"] + names, timeout=1800, cwd=directory)

    def _call(self, argv, **options):
        return self._run(argv, env={"APT_CONFIG": os.path.join(self.root, "apt.conf")}, **options)
