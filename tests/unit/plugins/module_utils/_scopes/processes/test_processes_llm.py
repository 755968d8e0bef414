# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.safetytwin.twin.plugins.module_utils._scopes.processes.llm import recognise


@pytest.mark.parametrize(("command", "runtime", "model"), [
    ("/usr/local/bin/ollama serve", "ollama", None),
    ("ollama run llama3", "ollama", "llama3"),
    ("ollama runner --model /root/.ollama/blobs/sha256-1 --port 1", "ollama", "/root/.ollama/blobs/sha256-1"),
    ("/opt/venv/bin/python3.11 -u -m vllm.entrypoints.openai.api_server --model=org/model", "vllm", "org/model"),
    ("/opt/venv/bin/python3 /opt/venv/bin/vllm serve org/model --port 8000", "vllm", "org/model"),
    ("llama-server -m /models/a.gguf", "llama.cpp", "/models/a.gguf"),
    ("python3 -m llama_cpp.server --model /models/a.gguf", "llama.cpp", "/models/a.gguf"),
    ("text-generation-launcher --model-id org/model", "text-generation-inference", "org/model"),
    ("python3 -m sglang.launch_server --model-path org/model", "sglang", "org/model"),
    ("tritonserver --model-repository=/models", "triton", "/models"),
    ("local-ai run --models-path /models", "localai", "/models"),
    ("koboldcpp-linux-x64 --model a.gguf", "koboldcpp", "a.gguf"),
    ("torchrun --nproc 2 train.py --model_name_or_path org/model", "transformers", "org/model"),
])
def test_recognised(command, runtime, model):
    assert recognise(command.split()) == ({"runtime": runtime, "model": model} if model else {"runtime": runtime})


@pytest.mark.parametrize("command", ["", "nginx -g daemon", "python3 server.py", "vim /etc/ollama", "grep vllm x", "python3 -m http.server"])
def test_other_programs_are_not_recognised(command):
    assert recognise(command.split()) is None


def test_model_from_the_environment():
    assert recognise(["text-generation-launcher"], {"MODEL_ID": "org/model"})["model"] == "org/model"
