"""Small tokenizers of the kinds that families have, trained on a few sentences."""

import io
import json

import sentencepiece
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from tokenizer_parity import ESCAPE, GEMMA_DECODER, LLAMA2, LLAMA2_DECODER, PRE, document, literal

PIECES = ("model", "json", "gemma")  # kinds that SentencePiece makes


def names(kind):
    """The tokens 0, 1 and 2. transformers adds Qwen's own where it is not there."""
    return ("<|endoftext|>" if kind == "qwen2" else "<unk>", "<s>", "</s>")


TEXT = """the old mill stands where two streams meet, and its wheel has not turned since the flood of the year before.
people from the village come on sundays to sit on the wall and to watch the herons, which are said to be older than anybody.
question: how many herons are there? answer: there are two herons, and in the evening there are three more of them.
def wheel(turns): return [turn for turn in turns if turn]""".split("\n")

TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}{{ m['role'] + ': ' + m['content'] + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'assistant:' }}{% endif %}"
)


def write(folder, kind, size):
    config = dict(bos_token="<s>", eos_token="</s>", unk_token=names(kind)[0], tokenizer_class="PreTrainedTokenizerFast", add_bos_token=True)
    if kind in PIECES:
        (folder / "tokenizer.model").write_bytes(pieces(kind, size))
        config["tokenizer_class"] = "LlamaTokenizer"
        if kind == "json":
            (folder / "tokenizer.json").write_text(json.dumps(as_json((folder / "tokenizer.model").read_bytes()), ensure_ascii=False))
    else:
        config["add_bos_token"] = kind == "llama-bpe"
        (folder / "tokenizer.json").write_text(json.dumps(byte_level(kind, size), ensure_ascii=False))
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2))
    (folder / "chat_template.jinja").write_text(TEMPLATE)


def pieces(kind, size):
    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXT), model_writer=out, vocab_size=size, model_type="bpe", minloglevel=2, num_threads=1,
        normalization_rule_name="identity", byte_fallback=True, remove_extra_whitespaces=False, hard_vocab_limit=False,
        add_dummy_prefix=kind != "gemma",
    )
    return out.getvalue()


def as_json(data):
    """The tokenizer.json of a tokenizer.model: merges in the order of the scores, as transformers converts it."""
    sp = sentencepiece.SentencePieceProcessor(model_proto=data)
    vocab = {sp.id_to_piece(i): i for i in range(sp.get_piece_size())}
    merges = []
    for piece, i in vocab.items():
        if sp.is_byte(i) or sp.is_control(i) or sp.is_unknown(i):
            continue
        parts = [(piece[:n], piece[n:]) for n in range(1, len(piece)) if piece[:n] in vocab and piece[n:] in vocab]
        merges += [(sp.get_score(i), p) for p in sorted(parts, key=lambda p: (vocab[p[0]], vocab[p[1]]))]
    merges = [p for _, p in sorted(merges, key=lambda m: -m[0])]
    model = dict(type="BPE", vocab=vocab, merges=merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    return document(model, LLAMA2, None, LLAMA2_DECODER, special(vocab, "json"), begin(vocab))


def byte_level(kind, size):
    pre, normalizer, whole = PRE[kind]
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.train_from_iterator(TEXT, trainers.BpeTrainer(
        vocab_size=size, special_tokens=list(names(kind)), initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    model = json.loads(t.to_str())["model"] | dict(ignore_merges=whole)
    template = begin(model["vocab"]) if kind == "llama-bpe" else None
    return document(model, normalizer and {"type": normalizer}, pre, added=special(model["vocab"], kind), processor=template)


def special(vocab, kind):
    flags = dict(single_word=False, lstrip=False, rstrip=False, normalized=False, special=True)
    return [dict(id=vocab[name], content=name) | flags for name in names(kind)]


def begin(vocab):
    """A text begins with <s>."""
    text = {"Sequence": {"id": "A", "type_id": 0}}
    return {
        "type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, text],
        "pair": [text, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {"<s>": {"id": "<s>", "ids": [vocab["<s>"]], "tokens": ["<s>"]}},
    }
