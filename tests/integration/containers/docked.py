# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab host with Docker: its containers as our module, our runtime and Docker's own client report them."""
from __future__ import annotations

import json
import subprocess
import time

from labkit import host as labhost
from labkit import runtime
from labkit.pair import ROOT, Pair

runtime.importable()
from safetytwin._transport import program  # noqa: E402
from safetytwin._transport import runtime as transport_runtime  # noqa: E402

SECRETS = ("hunter2-lab", "hunter3-lab", "hunter4-lab", "hunter5-lab")
IMAGE = "lab/busybox:1"
MEMORY = 64 << 20
SHOP = f"""
mkdir -p /srv/site
echo hello > /srv/site/index.html
tar -C /srv/image -c . | docker import - {IMAGE}
docker network create --subnet 172.30.5.0/24 --label tier=back shopnet
docker volume create --label keep=yes shopdata
docker run --detach --name web --hostname shopweb --env DB_PASSWORD=hunter2-lab --env DB_URL=postgres://shop:hunter3-lab@db/shop --env MODE=live \
    --label com.docker.compose.project=shop --label com.docker.compose.service=web --label api_token=hunter4-lab \
    --publish 127.0.0.1:8080:8081 --publish 5353:5353/udp --mount type=bind,source=/srv/site,target=/www,readonly --volume shopdata:/data \
    --network shopnet --ip 172.30.5.10 --network-alias front --restart unless-stopped --cap-add NET_ADMIN --cap-drop MKNOD \
    --sysctl net.ipv4.ip_default_ttl=63 --tmpfs /cache:size=1m --shm-size 32m --ulimit nofile=1024:2048 --init --read-only \
    --health-cmd 'wget -q -O /dev/null http://127.0.0.1:8081/' --health-interval 1s --user 65534:65534 --workdir /tmp --add-host db:172.30.5.2 \
    --stop-timeout 3 --stop-signal INT --log-driver local --log-opt max-size=1m --entrypoint /bin/httpd {IMAGE} -f -p 8081 -h /www
docker create --name limited --memory {MEMORY} {IMAGE} mysqldump --password=hunter5-lab shop
docker create --name plain {IMAGE} true
"""
# reset-failed forgets earlier starts, of which Docker's unit allows three a minute.
START = "systemctl reset-failed docker.service docker.socket; systemctl start docker.socket docker.service"
# A kernel without a memory controller has Docker drop the limit when it is given; a Docker that finds it in its own records keeps it.
LIMIT = f"""
systemctl stop docker docker.socket
id=$(basename $(dirname $(grep -l mysqldump /var/lib/docker/containers/*/config.v2.json)))
sed -i 's/"Memory":[0-9]*/"Memory":{MEMORY}/' /var/lib/docker/containers/$id/hostconfig.json
{START}
"""
# A start of the engine removes those that were to remove themselves.
FLEETING = f"docker create --rm --name fleeting --volume /anonymous {IMAGE} true"


class Docked(Pair):
    """The host, with assertions."""

    def begin(self):
        for verb in ("down", "up"):
            subprocess.run(self.lab("host", verb, self.host, *(["--template", "containers"] if verb == "up" else [])), check=True, timeout=600)
        (self.home / "collections/ansible_collections/safetytwin").mkdir(parents=True)
        (self.home / "collections/ansible_collections/safetytwin/twin").symlink_to(ROOT)
        self.write_inventory()
        self.change(SHOP + LIMIT + FLEETING)
        self.ssh(transport_runtime.install(), transport_runtime.archive())
        until(lambda: self.inspect("web")["State"]["Health"]["Status"] == "healthy", "the container was healthy")

    def end(self):
        subprocess.run(self.lab("host", "down", self.host), check=True, timeout=120)

    def change(self, script):
        """Run a shell script on the host that has to succeed."""
        self.execute("sh", "-ec", script)

    def execute(self, *argv):
        """Run a command on the host that has to succeed."""
        done = subprocess.run(self.lab("host", "exec", self.host, "--", *argv), capture_output=True, check=False, timeout=120)
        assert done.returncode == 0, done.stderr.decode()

    def ssh(self, command, stdin=b""):
        """Output of a command over ssh."""
        done = subprocess.run([*labhost.ssh_command(self.host), command], input=stdin, capture_output=True, check=False, timeout=120)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def harvest(self, **request):
        """The runtime's reply."""
        said = self.ssh(transport_runtime.call("_harvest"), json.dumps(dict(request, role="host")).encode())
        return program.unpack(said, self.host)

    def module(self, name):
        """(a module's result, all that Ansible said)."""
        command = self.tool("ansible", self.host, "-vvv", "-m", "safetytwin.twin." + name)
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=self.environment, check=False, timeout=120)
        said = done.stdout + done.stderr
        assert "=> {" in done.stdout, said
        return json.JSONDecoder().raw_decode(done.stdout.partition("=> ")[2])[0], said

    def inspect(self, name, kind="container"):
        """The answer of `docker inspect`."""
        return json.loads(self.on_host(f"docker {kind} inspect {name}"))[0]


def until(true, what, seconds=30):
    """Poll a condition, bounded."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"{what} within {seconds} s"
        time.sleep(0.2)
