"""Makes small random checkpoints with transformers, and their logits.

    make.py OUT --llama-cpp DIR

For each case of cases.py: OUT/<name>/ as save_pretrained writes it, with a
small tokenizer of the family's kind (vocabulary.py), OUT/<name>.gguf as llama.cpp's converter (DIR/convert_hf_to_gguf.py) writes it
in float32, and OUT/<name>.logits, float32, one row of the vocabulary for each
token. OUT/cases.json, written last, lists them. The same versions give the
same weights.
"""

import argparse
import contextlib
import io
import json
import logging
import os
import sys
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"

sys.path.append(str(Path(__file__).parent.parent / "parity"))

import torch
import transformers

from cases import CASES, SMALL
import vocabulary


def model(case, seed):
    kind = case.kind + ("Text" if case.kind == "Gemma3" else "")
    config = getattr(transformers, kind + "Config")(**(SMALL | case.config))
    config._attn_implementation = "eager"
    m = getattr(transformers, case.kind + "ForCausalLM")(config).float().eval()
    draw(m, case, seed)
    return m


def draw(m, case, seed):
    """Weights that make attention choose and logits differ, unlike a fresh model's."""
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in sorted(m.named_parameters()):
            x = torch.randn(p.shape, generator=g)
            if name.endswith("norm.weight"):
                p.copy_(0.2 * x + (0 if case.kind.startswith("Gemma") else 1))
            elif name.endswith("bias"):
                p.copy_(0.3 * x)
            elif "embed" in name and case.config.get("tie_word_embeddings"):
                p.copy_(x * (0.3 if not case.kind.startswith("Gemma") else 0.15))
            elif "embed" in name:
                p.copy_(x)
            else:
                p.copy_(x * (2 if "q_proj" in name or "k_proj" in name else 1) / p.shape[-1] ** 0.5)


def classic(path):
    """Rewrites config.json in the words of transformers 4."""
    config = json.loads(path.read_text())
    rope = config.pop("rope_parameters")
    config["rope_theta"] = rope.pop("rope_theta")
    config["rope_scaling"] = None if rope["rope_type"] == "default" else rope
    config["torch_dtype"] = config.pop("dtype", "float32")
    path.write_text(json.dumps(config, indent=2))


def convert(folder, out, case):
    """Runs llama.cpp's converter on a folder. Its table of splitting rules does not know our tokens."""
    import conversion
    import convert_hf_to_gguf

    hparams = conversion.ModelBase.load_hparams(folder, False)
    kind = conversion.get_model_class(conversion.get_model_architecture(hparams, conversion.ModelType.TEXT))
    parameters, vocab = kind.set_gguf_parameters, kind.set_vocab

    def more(self):
        parameters(self)
        for key, value in case.added.items():
            self.gguf_writer.add_uint32(f"{self.gguf_writer.arch}.{key}", value)

    def words(self):
        if case.tokenizer in vocabulary.PIECES:
            self._set_vocab_sentencepiece()
            self.gguf_writer.add_add_space_prefix(case.tokenizer != "gemma")
        else:
            self._set_vocab_gpt2()

    kind.set_gguf_parameters, kind.set_vocab = more, words
    kind.get_vocab_base_pre = lambda self, tokenizer: case.tokenizer
    sys.argv = ["convert_hf_to_gguf.py", str(folder), "--outfile", str(out), "--outtype", "f32"]
    try:
        convert_hf_to_gguf.main()
    finally:
        kind.set_gguf_parameters, kind.set_vocab = parameters, vocab


def make(case, seed, out):
    m = model(case, seed)
    size = m.config.vocab_size
    tokens = torch.randint(3, size, (case.tokens,), generator=torch.Generator().manual_seed(seed))
    with torch.inference_mode():
        logits = m(tokens[None]).logits[0]
    (out / (case.name + ".logits")).write_bytes(logits.float().numpy().astype("<f4").tobytes())
    folder = out / case.name
    m.save_pretrained(folder, max_shard_size="200KB" if case.name == "qwen2" else "1GB")
    vocabulary.write(folder, case.tokenizer, size)
    if case.classic:
        classic(folder / "config.json")
    if "gguf" in case.formats:
        convert(folder, out / (case.name + ".gguf"), case)
    if case.tokenizer == "json":
        (folder / "tokenizer.model").unlink()  # the converter reads no other
    return dict(name=case.name, family=case.family, about=case.about, tokenizer=case.tokenizer, formats=case.formats, tokens=tokens.tolist())


def main():
    p = argparse.ArgumentParser()
    p.add_argument("out", type=Path)
    p.add_argument("--llama-cpp", type=Path, required=True)
    a = p.parse_args()
    sys.path[:0] = [str(a.llama_cpp), str(a.llama_cpp / "gguf-py")]
    a.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    logging.disable(logging.INFO)
    written = []
    for i, case in enumerate(CASES):
        said = io.StringIO()
        try:
            with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
                written.append(make(case, 1000 + i, a.out))
        except BaseException:
            print(f"{case.name}: {said.getvalue()}", file=sys.stderr)
            raise
    (a.out / "cases.json").write_text(json.dumps(written))


if __name__ == "__main__":
    main()
