#!/usr/bin/python
# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Provide a base image for twins."""
from __future__ import annotations

DOCUMENTATION = r"""
module: twin_image
short_description: Provide the base image for a host's twin
version_added: "0.1.0"
description:
  - Builds a disk image that matches a Debian or Ubuntu host from the host's package sources, with its packages and accounts, or takes an image from
    a path or a URL.
  - Builds each image once and stores it under the digest of its inputs.
  - Leaves out packages that no source has, and lists them.
options:
  facts:
    description: Path on the hypervisor of the JSON document with the host's facts. M(safetytwin.twin.twin_converge) writes it.
    type: path
  path:
    description: A qcow2 or raw image on the hypervisor to use instead of building one.
    type: path
  url:
    description: URL of an image to download instead of building one. Needs O(checksum).
    type: str
  checksum:
    description: Checksum of the image at O(url) or O(path), as C(sha256:) and 64, or C(sha512:) and 128 hexadecimal digits in lower case.
    type: str
  size:
    description: Virtual size of a built disk in GiB, from 1 to 16384. Only written blocks use space.
    type: int
    default: 20
  repository_directories:
    description:
      - Directories of the hypervisor whose repositories the host's lists may name as C(file:) or C(copy:). All users must be able to read them.
      - Other entries than those by C(http), C(https) and of these directories are left out and named in RV(manifest.sources_unavailable).
    type: list
    elements: path
    default: []
  unsigned_repositories:
    description:
      - URIs of repositories that the host's lists may declare as trusted without a valid signature, with C(trusted=yes) or C(allow-insecure).
      - Other entries that do so are left out and named in RV(manifest.sources_unavailable).
    type: list
    elements: str
    default: []
  directory:
    description: Directory of the images.
    type: path
    default: /var/lib/safetytwin/images
  package_cache:
    description: Directory that caches package files between builds.
    type: path
    default: /var/cache/safetytwin/debs
  state:
    description: V(absent) removes the image that the other options describe.
    type: str
    choices: [present, absent]
    default: present
attributes:
  check_mode:
    support: full
    description: Reports whether an image would be built or removed.
  diff_mode:
    support: none
    description: The module has no differences to show.
notes:
  - Runs on the hypervisor, as root.
  - Building needs mmdebstrap, e2fsprogs and qemu-utils there.
author: SafetyTwin contributors (@safetytwin)
seealso:
  - module: safetytwin.twin.libvirt_twin
"""

EXAMPLES = r"""
- name: Build a base image that matches the host
  safetytwin.twin.twin_image:
    facts: /var/lib/safetytwin/twins/twin-web1/image-facts.json

- name: Use a downloaded cloud image
  safetytwin.twin.twin_image:
    url: https://images.example/debian-12.qcow2
    checksum: sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
"""

RETURN = r"""
directory:
  description: Directory of the image, for the option C(image) of M(safetytwin.twin.libvirt_twin). Empty if the image was removed.
  returned: success
  type: str
  sample: /var/lib/safetytwin/images/5b4490e4d0bb69c6
manifest:
  description: Contents of the image. Empty if the image does not exist.
  returned: success
  type: dict
  contains:
    format:
      description: Version of the manifest's form.
      type: int
      sample: 1
    source:
      description: V(facts) for an image that was built, V(path) or V(url) for one that was taken from there.
      type: str
      sample: path
    digest:
      description: Digest of the inputs, which is also the name of the directory.
      type: str
      sample: 1605f0178735ec72237be776b18423b566bf19653dd10569c6b3c6cf185ef374
    distribution:
      description: Distribution of the host that the image was built for. Empty for an image from a path or URL.
      type: dict
      sample: {"id": "debian", "version_id": "12", "codename": "bookworm", "name": "Debian GNU/Linux 12 (bookworm)", "like": []}
    cmdline:
      description: Command line for a kernel that QEMU boots directly.
      type: str
      sample: root=/dev/vda rw console=ttyS0 quiet
    packages:
      description: Versions of the packages by C(NAME:ARCHITECTURE).
      type: dict
      sample: {"nginx:amd64": "1.22.1-9+deb12u1"}
    unavailable:
      description: Packages of the host that no source has, or that could not be installed with the others.
      type: list
      sample: ["shop-agent:amd64"]
    sources_unavailable:
      description: Package sources of the host that the hypervisor cannot read, with apt's message.
      sample: ["/etc/apt/sources.list.d/vendor.list: Failed to fetch http://deb.example/InRelease 403 Forbidden"]
      type: list
"""

import json

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.safetytwin.twin.plugins.module_utils._base.codec import printable
from ansible_collections.safetytwin.twin.plugins.module_utils._base.errors import TwinError
from ansible_collections.safetytwin.twin.plugins.module_utils._base.options import accept
from ansible_collections.safetytwin.twin.plugins.module_utils._image import cache

PERMITS = ("repository_directories", "unsigned_repositories")


def run(module):
    options = module.params
    request = {name: options[name] for name in ("path", "url", "checksum", "size", *PERMITS) if options[name]}
    if options["facts"]:
        request["facts"] = read_facts(options["facts"])
    if options["state"] == "absent":
        return {"changed": cache.remove(request, options["directory"], module.check_mode), "directory": "", "manifest": {}}
    if module.check_mode:
        _key, directory, manifest = cache.find(request, options["directory"])
        return {"changed": manifest is None, "directory": directory, "manifest": manifest or {}}
    return cache.build(request, options["directory"], module.debug, options["package_cache"])


def read_facts(path):
    """The host's facts from their file."""
    try:
        with open(path, encoding="utf-8") as stream:
            return json.load(stream)
    except (OSError, ValueError) as wrong:
        raise TwinError("The host's facts %s cannot be read: %s; run safetytwin.twin.sync, which leaves them there." % (path, wrong)) from wrong


def main():
    module = AnsibleModule(
        argument_spec={
            "facts": {"type": "path"},
            "path": {"type": "path"},
            "url": {"type": "str"},
            "checksum": {"type": "str"},
            "size": {"type": "int", "default": 20},
            "repository_directories": {"type": "list", "elements": "path", "default": []},
            "unsigned_repositories": {"type": "list", "elements": "str", "default": []},
            "directory": {"type": "path", "default": cache.DIRECTORY},
            "package_cache": {"type": "path", "default": cache.DEBS},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        mutually_exclusive=[["path", "url"]],
        required_by={"url": ["checksum"]},
        required_one_of=[["facts", "path", "url"]],
        supports_check_mode=True,
    )
    try:
        accept(module.params, module.ansible_version)
        result = run(module)
    except TwinError as error:
        module.fail_json(msg=str(error))
    except OSError as error:  # a full disk, or a name among the host's facts that no file can have
        module.fail_json(msg="The base image cannot be written: %s." % printable(str(error), 1000))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
