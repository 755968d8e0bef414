# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""State of a machine that no scope reads, so that the fidelity report says nothing about it.

docs/coverage.md has the same table; the status screen shows it. A scope that starts to read one of these removes its row.
"""
from __future__ import annotations

from typing import NamedTuple


class NotRead(NamedTuple):
    """One kind of state: paths are where it is stored, empty if it has no path of its own; command shows it on a machine."""

    what: str
    paths: tuple[str, ...]
    command: str
    remark: str


NOT_READ = (
    NotRead("file capabilities", (), "getcap -r /", "A program that needs one fails in the twin, unless its package sets it."),
    NotRead("access control lists and extended attributes", (), "getfacl -R -s -p /etc; getfattr -R -d -m - /etc", "Mode, owner and group are copied."),
    NotRead("file attributes, times and hard links", (), "lsattr -R /etc; find /etc -links +1 -type f", "Each path becomes a file of its own."),
    NotRead("crontabs and at jobs of users", ("/var/spool/cron",), "ls -R /var/spool/cron", "/etc/crontab and /etc/cron.* are copied."),
    NotRead("contents of home directories", ("/home", "/root"), "du -sh /home /root", "An ordinary user gets a home directory made from /etc/skel."),
    NotRead("data below /var and /srv", ("/var/lib", "/var/www", "/var/mail", "/srv"), "du -sh /var /srv", "Directories in twin_roots are copied."),
    NotRead("changed or added files of /usr and other directories", ("/usr/bin", "/usr/lib", "/usr/share"), "dpkg --verify",
            "Files come from the packages. /usr/local, /opt and unit files are copied."),
    NotRead("settings and modules of the running kernel", ("/proc/sys", "/sys/module"), "sysctl -a; lsmod",
            "Files such as /etc/sysctl.d are copied and take effect when the twin boots."),
    NotRead("sockets of the kernel and of login sessions, and dynamic ports", (), "ss -ltnup",
            "Of services, only sockets on fixed ports are compared."),
    NotRead("firewall rules of the running kernel", (), "nft list ruleset; iptables-save", "Files of the firewall are copied, but it is not started."),
    NotRead("accounts of directory services", (), "getent -s sss passwd", "Only /etc/passwd and /etc/group are read."),
    NotRead("subordinate user and group ids", ("/etc/subuid", "/etc/subgid"), "cat /etc/subuid /etc/subgid", "Rootless containers need them."),
    NotRead("answers, diversions and overrides of dpkg", ("/var/lib/dpkg", "/var/cache/debconf"), "debconf-get-selections; dpkg-divert --list",
            "The configuration files that packages made of the answers are copied."),
    NotRead("snaps, flatpaks and packages of language managers", ("/var/lib/snapd", "/var/lib/flatpak", "/usr/lib/python3"), "snap list; flatpak list",
            "The services of snaps are reported."),
    NotRead("contents of memory, /run and /tmp", ("/run", "/tmp", "/dev/shm"), "ls /run /tmp /dev/shm", "Programs start anew in the twin."),
)
