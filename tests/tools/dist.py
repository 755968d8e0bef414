# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the collection's tarball so that two builds of one commit are the same bytes.

ansible-galaxy writes the time of the build and the order of the file system into it. usage: dist.py DIRECTORY
"""
from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIRST = ("MANIFEST.json", "FILES.json")


def main():
    target = pathlib.Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run([ROOT / "tests/tools/stage", scratch], check=True)
        tree = pathlib.Path(scratch, "ansible_collections/safetytwin/twin")
        subprocess.run(["ansible-galaxy", "collection", "build", "--output-path", scratch, tree], check=True, stdout=subprocess.DEVNULL)
        built = next(pathlib.Path(scratch).glob("*.tar.gz"))
        (target / built.name).write_bytes(reproducible(built.read_bytes(), epoch()))
    print(target / built.name)


def epoch():
    """SOURCE_DATE_EPOCH, or the time of the commit."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    return int(given or subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, check=True, capture_output=True).stdout)


def reproducible(tarball, seconds):
    """The tarball (bytes) with its files in the order of their names, and one time for all of them."""
    with tarfile.open(fileobj=io.BytesIO(tarball)) as tar:
        members = {member.name: member for member in tar.getmembers()}
        contents = {name: tar.extractfile(member).read() for name, member in members.items() if member.isfile()}
    contents.update(in_order(contents))
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=packed, mode="wb", mtime=seconds) as stream, tarfile.open(fileobj=stream, mode="w") as tar:
        for name in (*FIRST, *sorted(members.keys() - set(FIRST))):
            member = members[name]
            member.mtime, member.size, member.pax_headers = seconds, len(contents.get(name, b"")), {}
            tar.addfile(member, io.BytesIO(contents.get(name, b"")))
    return packed.getvalue()


def in_order(contents):
    """Both lists of the tarball again: the files by name, and the digest of that list in the manifest."""
    files, manifest = json.loads(contents["FILES.json"]), json.loads(contents["MANIFEST.json"])
    files["files"].sort(key=lambda entry: entry["name"])
    listed = json.dumps(files, indent=1).encode("ascii")
    manifest["file_manifest_file"]["chksum_sha256"] = hashlib.sha256(listed).hexdigest()
    return {"FILES.json": listed, "MANIFEST.json": json.dumps(manifest, indent=1).encode("ascii")}


if __name__ == "__main__":
    main()
