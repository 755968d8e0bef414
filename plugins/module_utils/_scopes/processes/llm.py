# Copyright (c) 2026 SafetyTwin contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recognises language model workloads with a table of programs."""
from __future__ import annotations

import re
from typing import Mapping, NamedTuple


class Rule(NamedTuple):
    """program: matches the file name of the program, or of the script or module an interpreter runs; arguments: must occur in
    the command line; model: options (or words) whose next word names the model."""

    runtime: str
    program: str
    arguments: str
    model: tuple[str, ...]


RULES = (
    Rule("ollama", r"ollama(_llama_server)?", r"", ("--model", "run")),
    Rule("vllm", r"vllm(\..*)?", r"", ("--model", "serve")),
    Rule("llama.cpp", r"(llama-(server|cli|run|simple)|llama_cpp\.server|llama-box)", r"",
         ("-m", "--model", "-hf", "--hf-repo")),
    Rule("text-generation-inference", r"text-generation-(launcher|server|router)", r"", ("--model-id",)),
    Rule("sglang", r"sglang(\..*)?", r"", ("--model-path", "--model")),
    Rule("triton", r"tritonserver", r"", ("--model-repository", "--model-store")),
    Rule("tensorrt-llm", r"(trtllm-serve|tensorrt_llm(\..*)?)", r"", ("serve", "--model")),
    Rule("localai", r"local-?ai", r"", ("--models-path", "--model")),
    Rule("lm-studio", r"(lm-?studio|lms)", r"", ("--model", "load")),
    Rule("koboldcpp", r"koboldcpp(\.py)?(-.*)?", r"", ("--model",)),
    Rule("llamafile", r".*\.llamafile|llamafile", r"", ("-m", "--model")),
    Rule("mlc-llm", r"mlc_llm(\..*)?", r"", ("serve", "--model")),
    Rule("lmdeploy", r"lmdeploy(\..*)?", r"", ("api_server", "--model-path")),
    Rule("fastchat", r"fastchat\.serve\..*", r"", ("--model-path",)),
    Rule("text-generation-webui", r"server\.py", r"text-generation-webui", ("--model",)),
    Rule("tabbyapi", r"tabby(api)?", r"\bserve\b|tabbyapi", ("--model", "--model-name")),
    Rule("deepspeed", r"deepspeed(\..*)?", r"", ("--model_name_or_path", "--model")),
    Rule("transformers", r"(transformers(\..*)?|transformers-cli|torchrun|accelerate|torch\.distributed\..*)", r"",
         ("--model_name_or_path", "--model", "--model_id")),
)
INTERPRETERS = re.compile(r"python[\d.]*|uv|uvx|pypy[\d.]*")
# Environment variables whose value names a model; values of all others are never looked at.
MODEL_VARIABLES = ("MODEL_ID", "VLLM_MODEL", "LLAMA_ARG_MODEL", "LLAMA_ARG_HF_REPO", "MODEL_NAME_OR_PATH", "HF_MODEL_ID")


def recognise(argv: list[str], environment: Mapping[str, str] | None = None) -> dict[str, str] | None:
    """{"runtime", "model" (where it is named)} of a command line, or None; environment is {name: value} of MODEL_VARIABLES."""
    names, rest = _programs(argv)
    for rule in RULES:
        if any(re.fullmatch(rule.program, name) for name in names) and re.search(rule.arguments, " ".join(argv)):
            model = _model(rest, rule.model) or next(iter((environment or {}).values()), None)
            return {"runtime": rule.runtime, "model": model} if model else {"runtime": rule.runtime}
    return None


def _programs(argv: list[str]) -> tuple[list[str], list[str]]:
    """Names a command line goes by: its program, and what an interpreter was told to run; and the words behind them."""
    if not argv:
        return [], []
    names, rest = [argv[0].rpartition("/")[2]], argv[1:]
    if INTERPRETERS.fullmatch(names[0]):
        while rest and rest[0].startswith("-") and rest[0] != "-m":
            rest = rest[1:]
        if rest[:1] == ["-m"]:
            rest = rest[1:]
        if rest:
            names.append(rest[0].rpartition("/")[2])
            rest = rest[1:]
    return names, rest


def _model(words: list[str], options: tuple[str, ...]) -> str | None:
    for option in options:
        for place, word in enumerate(words):
            if word.startswith(option + "=") and option.startswith("-"):
                return word.partition("=")[2]
            if word == option and place + 1 < len(words) and not words[place + 1].startswith("-"):
                return words[place + 1]
    return None
