#!/usr/bin/env python3
"""Make tokenizers, and what the Python libraries do with 10,000 odd strings.

The Go test (model/tokenizer/parity_test.go) runs this, reads the same files and
compares. Models are trained here, from a seed. Needs `tokenizers` and
`sentencepiece`, see scripts/requirements.txt.

usage: tokenizer_parity.py OUTPUT_FOLDER [TOKENIZERS]

With TOKENIZERS, a folder of tokenizer.json and tokenizer.model files, says what
these do (links to them are made), and trains none.

OUTPUT_FOLDER/texts.json       the strings
OUTPUT_FOLDER/NAME.json|model  a tokenizer
OUTPUT_FOLDER/NAME.ids         little-endian uint32: for each string the number of its ids, then these
OUTPUT_FOLDER/NAME.text        JSON: what the ids of the first 1,000 strings are decoded to, with special tokens left out
"""

import array
import copy
import json
import os
import random
import sys

import sentencepiece
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

COUNT = 10_000
rng = random.Random(20261125)

SPECIALS = ["<|start|>", "<|end|>", "<|end|>ing", "<|", "[é x]", "<s>", "</s>", "<unk>"]
PARTS = (
    "the of and cat dog running Running RUN it's don't we'll they've I'M 'S 'ſ 'LL x' '' naïve café cafe\u0301 "
    "Straße Ⅷ ½ ² ٣٤ १२३ 0 12 345 6789 10000 1234567 3.14 -7 e-5 don\u2019t a_b f(x) == != ... — \u201cquoted\u201d "
    "http://a.b/c?d camelCaseWords HTTPServer İstanbul ΑΒΓ αβγς Привет МИР дружище שלום مرحبا हिन्दी ไทย 日本語 カタカナ "
    "ひらがな 한국어 한글 中文字符 ㄅㄆ ก็ 😀 👩\u200d👧 🏳️\u200d🌈 👍🏽 𝒳 ǅ ﬁ ㎏ ＡＢＣ １２３ \u200b \ufeff \ue000 \U0010ffff \u2126 \u212b "
    "µ ﷺ ❤️ e\u0302\u0301 a\u0323\u0307 q\u0307\u0323 \u1e9b\u0323 각 ᄀ\u1161\u11a8 \u2581 \u2581\u2581 \u2581a\u2581 <0x41> <0x0A> "
    "def return self.x[i] += 1; {} // /* */ #!/bin $var @user \\n `code` a^b ~x | && a=1 IMGIMG ##"
).split(" ")
# Characters that Unicode 15.1 and 16 added.
NEW = [chr(c) for c in (0x1C89, 0xA7CB, 0xA7DA, 0x105C0, 0x10D4A, 0x10D6F, 0x113D1, 0x13460, 0x1E5F0, 0x2EBF0, 0x10D40, 0x116D0,
                        0x897, 0x113B8, 0x1171E, 0x1B4E, 0x10D6E, 0x10D8E, 0x2427, 0x1FAE9, 0x11DE0, 0x10EFD, 0x898, 0x11938)]
BLANKS = [" "] * 10 + ["  ", "   ", "    ", "\n", "\n\n", "\r\n", "\t", " \n", "\n ", "\n    ", "\u00a0", "\u0085", "\u1680", "\u2028",
                       "\u3000", "\x0b", "\x0c", "\x1c", "\0", "\x7f", " " * 9]
SCRIPTS = [(0x20, 0x7F), (0xA0, 0x24F), (0x250, 0x370), (0x370, 0x600), (0x590, 0x780), (0x900, 0xE00), (0xE00, 0x1100),
           (0x1100, 0x1300), (0x1E00, 0x2100), (0x2000, 0x2C00), (0x2E80, 0x3400), (0x4E00, 0x5000), (0xAC00, 0xAE00),
           (0xF900, 0x10000), (0x10000, 0x11000), (0x11000, 0x12000), (0x16000, 0x17000), (0x1D000, 0x1E000), (0x1F000, 0x20000),
           (0, 0x30000)]


def char():
    low, high = rng.choice(SCRIPTS)
    c = rng.randrange(low, high)
    return "?" if 0xD800 <= c < 0xE000 else chr(c)


def text(specials=True):
    out = []
    for _ in range(rng.randrange(1, 14)):
        kind = rng.random()
        if kind < 0.5:
            out.append(rng.choice(PARTS))
        elif kind < 0.78:
            out.append(rng.choice(BLANKS))
        elif kind < 0.86:
            name = rng.choice(SPECIALS)
            if specials:
                out.append(name if kind < 0.82 else name[: rng.randrange(1, 5)])
        elif kind < 0.88:
            out.append(rng.choice(NEW))
        elif kind < 0.9:
            out.append(rng.choice("abcdefghijé\u0301 1\n") * rng.randrange(1, 40))
        elif kind < 0.93:
            out.append(str(rng.randrange(10 ** rng.randrange(1, 14))))
        else:
            out.append(char())
    return "".join(out)


def strings():
    fixed = ["", " ", "  ", "\n", "a", " a", "a ", "\u2581", "".join(NEW), " ".join(NEW), " " * 50 + "x", "a" * 300, "1" * 100,
             "e" + "\u0301" * 40 + "\u0323" * 40, "\ufffd", "\ufffd\ufffd a", "'", "a'", "'s", " 's", "\u2581a b"]
    return fixed + [text() for _ in range(COUNT - len(fixed))]


# --- pre-tokenizers ---------------------------------------------------------------------------------------------------


def seq(*steps):
    return {"type": "Sequence", "pretokenizers": list(steps)}


def split(regex, behavior="Isolated", invert=False):
    return {"type": "Split", "pattern": {"Regex": regex}, "behavior": behavior, "invert": invert}


def literal(text, behavior):
    return {"type": "Split", "pattern": {"String": text}, "behavior": behavior, "invert": False}


def bytelevel(words=False, prefix=False):
    return {"type": "ByteLevel", "add_prefix_space": prefix, "trim_offsets": True, "use_regex": words}


def digits(each=True):
    return {"type": "Digits", "individual_digits": each}


def metaspace(scheme, cut=True):
    return {"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": cut}


APO = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
END = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA3 = APO + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}" + END
QWEN2 = APO + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}" + END
KIMI = (
    r"[\p{Han}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+" + APO + "?|"
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*" + APO + r"?|\p{N}{1,3}" + END
)
O200K = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+%s|"
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*%s|%s"
    r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
DEEPSEEK3 = (
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
    r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CJK = "[一-龥ࠀ-一가-퟿]+"
CASED_RANGES = (
    "41-5a 61-7a b5 c0-d6 d8-f6 f8-1ba 1bc-1bf 1c4-293 295-2af 370-373 376 377 37b-37d 37f 386 388-38a 38c 38e-3a1 3a3-3f5 3f7-481 "
    "48a-52f 531-556 10a0-10c5 13a0-13f5 13f8-13fd 1c90-1cba 1cbd-1cbf 1d00-1d2b 1d6b-1d77 1d79-1d9a 1e00-1f15 1f18-1f1d 1f20-1f45 "
    "1f48-1f4d 1f50-1f57 1f59 1f5b 1f5d 1f5f-1f7d 1f80-1fb4 1fb6-1fbc 1fbe 1fc2-1fc4 1fc6-1fcc 1fd0-1fd3 1fd6-1fdb 1fe0-1fec "
    "1ff2-1ff4 1ff6-1ffc 2102 2107 210a-2113 2115 2119-211d 2124 2126 2128 212a-212d 212f-2134 2139 213c-213f 2145-2149 214e 2183 "
    "2184 2c00-2c7b 2c7e-2ce4 2ceb-2cee 2cf2 2cf3 a640-a66d a680-a69b a722-a76f a771-a787 a78b-a78e ab70-abbf fb00-fb06 fb13-fb17 "
    "ff21-ff3a ff41-ff5a 10400-1044f 104b0-104d3 104d8-104fb 10c80-10cb2 10cc0-10cf2 118a0-118df 1e900-1e943"
)
CASED = r"\s?[" + "".join("-".join(chr(int(c, 16)) for c in r.split("-")) for r in CASED_RANGES.split()) + "]+"
# GGUF's name of a rule: pre_tokenizer, normalizer, ignore_merges
PRE = {
    "gpt-2": (bytelevel(True), None, False),
    "olmo": (bytelevel(True), "NFC", False),
    "smollm": (seq(digits(), bytelevel(True)), None, False),
    "command-r": (seq(digits(), bytelevel(True)), "NFC", False),
    "llama-bpe": (seq(split(LLAMA3), bytelevel()), None, True),
    "dbrx": (seq(split(LLAMA3), bytelevel()), None, False),
    "glm4": (seq(split(LLAMA3), bytelevel()), None, True),
    "qwen2": (seq(split(QWEN2), bytelevel()), "NFC", False),
    "stablelm2": (seq(split(QWEN2), bytelevel()), None, False),
    "qwen35": (
        seq(
            split(APO + r"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"),
            bytelevel(),
        ),
        "NFC",
        False,
    ),
    "gpt-4o": (seq(split(O200K % (APO + "?", APO + "?", r"\p{N}{1,3}")), bytelevel()), None, False),
    "tekken": (seq(split(O200K % ("", "", r"\p{N}")), bytelevel()), None, True),
    "bloom": (seq(split(r" ?[^(\s|.,!?…。，、।۔،)]+"), bytelevel()), None, False),
    "viking": (seq(split(r" ?[^(\s|.,!?…。，、।۔،)]+"), digits(), bytelevel()), None, False),
    "falcon": (
        seq({"type": "Punctuation", "behavior": "Contiguous"}, bytelevel(True), digits(False), split("[0-9][0-9][0-9]")),
        None,
        False,
    ),
    "deepseek-llm": (
        seq(
            split("[\r\n]"), split(CASED), split(r"\s?[!-/:-~！-／：-～‘-‟　-。]+"), split(r"\s+$"), split(CJK), digits(), bytelevel()
        ),
        None,
        False,
    ),
    "deepseek-coder": (
        seq(split("[\r\n]"), split(r"\s?\p{L}+"), split(r"\s?\p{P}+"), split(CJK), digits(), bytelevel()),
        None,
        False,
    ),
    "deepseek-v3": (seq(split(r"\p{N}{1,3}"), split("[一-龥぀-ゟ゠-ヿ]+"), split(DEEPSEEK3), bytelevel()), None, False),
    "bailingmoe": (
        seq(
            split(r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"),
            bytelevel(),
        ),
        None,
        False,
    ),
    "seed-coder": (
        seq(
            split(
                APO + "|[^\r\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1}| ?[^\\s\\p{L}\\p{N}\r\n]+|\\s*[\r\n]+|\\s+(?!\\S)|\\s+"
            ),
            bytelevel(),
        ),
        None,
        False,
    ),
    "exaone-moe": (
        seq(
            split(
                APO + r"|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?"
                r"|\s*[\r\n]|\s+(?!\S)|\s+"
            ),
            bytelevel(),
        ),
        None,
        False,
    ),
    "jais-2": (
        seq(
            split(
                APO + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s{512}(?!\S)|\s{256}(?!\S)"
                r"|\s{128}(?!\S)|\s{64}(?!\S)|\s{32}(?!\S)|\s{16}(?!\S)|\s{8}(?!\S)|\s{4}(?!\S)|\s{1,2}(?!\S)|\s{1}"
            ),
            bytelevel(),
        ),
        None,
        False,
    ),
    "minicpm5": (
        seq(split(r"\p{N}{1,3}"), split(APO + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}+" + END), bytelevel()),
        None,
        True,
    ),
    "superbpe": (seq(split(r"\p{N}+"), split(r"(?=(\d{3})+(?!\d))"), bytelevel()), None, False),
    "kimi-k2": (seq(split(KIMI), bytelevel()), None, False),
    "youtu": (
        seq(
            split("[가-힣ㄱ-ㆎ]+|[！…“”‘’—：；，、-〿︰-﹏]+|[ㄅ-ㄯ]+|[一-龥぀-ゟ゠-ヿ]+"),
            split(O200K % (APO + "?", APO + "?", r"\p{N}")),
            bytelevel(),
        ),
        None,
        True,
    ),
    "ufakzeka": (seq(split(r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}" + END), bytelevel()), None, False),
    "tiny_aya": (
        seq(split(r"\d{1,3}(?=(?:\d{3})*\b)"), split(O200K % (APO + "?", APO + "?", r"\p{N}{1,3}")), bytelevel()),
        None,
        False,
    ),
}
BEHAVIORS = ["Isolated", "Removed", "MergedWithPrevious", "MergedWithNext", "Contiguous"]
# Steps and expressions that no rule above has.
STEPS = {
    "prefix": bytelevel(True, True),
    "prefix-parts": seq(digits(), bytelevel(False, True)),
    "whitespace": seq({"type": "Whitespace"}, bytelevel()),
    "whitespace-split": seq({"type": "WhitespaceSplit"}, bytelevel()),
    "delimiter": seq({"type": "CharDelimiterSplit", "delimiter": "a"}, bytelevel()),
    "tiktoken": seq(
        split(r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s"),
        bytelevel(),
    ),
    "lazy": seq(split(r"a+?b??|\w+?\b|(?<=x)\W|(?<![a-z ])\d+|[^\W\d_]{2,3}|\x41|\u00e9|[\x20-\x2f]|."), bytelevel()),
    "ends": seq(split(r"^.|.$|\A\s|\s\z|(?>a|ab)c|(?:ab){2}|\S\B"), bytelevel()),
    "folded": seq(split(r"(?i)straße|[k-m]+|(?-i:A)|Ω"), bytelevel()),
}
for b in BEHAVIORS:
    STEPS["punctuation-" + b] = seq({"type": "Punctuation", "behavior": b}, bytelevel())
    STEPS["split-" + b] = seq(split(r"\s", b), bytelevel())
    STEPS["invert-" + b] = seq(split(r"[\p{L}\s]", b, True), bytelevel())
    STEPS["literal-" + b] = seq(literal(" ", b), bytelevel())
NORMALIZERS = {
    "NFD": {"type": "NFD"},
    "NFKC": {"type": "NFKC"},
    "NFKD": {"type": "NFKD"},
    "lower-strip": {
        "type": "Sequence",
        "normalizers": [{"type": "NFD"}, {"type": "Lowercase"}, {"type": "Strip", "strip_left": True, "strip_right": True}],
    },
    "replace": {
        "type": "Sequence",
        "normalizers": [
            {"type": "Replace", "pattern": {"Regex": r"\s+"}, "content": " "},
            {"type": "Replace", "pattern": {"String": "a"}, "content": "bb"},
            {"type": "Prepend", "prepend": "^"},
        ],
    },
}
ESCAPE = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
LLAMA2 = {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, ESCAPE]}
UNESCAPE = {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}
LLAMA2_DECODER = {
    "type": "Sequence",
    "decoders": [UNESCAPE, {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}],
}
GEMMA_DECODER = {"type": "Sequence", "decoders": [UNESCAPE, {"type": "ByteFallback"}, {"type": "Fuse"}]}


# --- making files -----------------------------------------------------------------------------------------------------


def train_bytes(texts):
    """Trained without words, so that merges go over every border a rule could draw."""
    tok = Tokenizer(models.BPE())
    tok.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    trainer = trainers.BpeTrainer(
        vocab_size=1600, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False, min_frequency=3, max_token_length=12
    )
    tok.train_from_iterator(texts, trainer)
    model = json.loads(tok.to_str())["model"]
    for word in ("Ġrunningcat", "ĠtheĠof", "qqq"):  # that no merges lead to
        model["vocab"].setdefault(word, len(model["vocab"]))
    return model


def train_chars(texts, across):
    """SentencePiece-like: across words, or each word on its own."""
    tok = Tokenizer(models.BPE())
    tok.pre_tokenizer = pre_tokenizers.Metaspace(split=not across)
    trainer = trainers.BpeTrainer(vocab_size=1600, show_progress=False, min_frequency=3, max_token_length=12, limit_alphabet=300)
    tok.train_from_iterator(texts, trainer)
    return json.loads(tok.to_str())["model"]


def document(model, normalizer=None, pre=None, decoder=None, added=(), processor=None):
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": list(added),
        "normalizer": normalizer,
        "pre_tokenizer": pre,
        "post_processor": processor,
        "decoder": decoder or bytelevel(),
        "model": model,
    }


def with_added(model, flags=lambda i: {}):
    """The model and its added tokens, whose ids follow or are in the vocabulary."""
    added, size = [], max(model["vocab"].values()) + 1
    for i, name in enumerate(SPECIALS):
        id = model["vocab"].get(name)
        if id is None:
            id, size = size, size + 1
        entry = {"id": id, "content": name, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
        added.append(entry | flags(i))
    return added


def json_files(texts):
    trained = train_bytes([text(False) for _ in range(4000)])
    for name, (pre, normalizer, ignore) in PRE.items():
        model = copy.deepcopy(trained) | {"ignore_merges": ignore}
        yield "pre-" + name, document(model, normalizer and {"type": normalizer}, pre, added=with_added(model))
    for name, pre in STEPS.items():
        yield "step-" + name, document(trained, None, pre, added=with_added(trained))
    for name, normalizer in NORMALIZERS.items():
        yield "norm-" + name, document(trained, normalizer, bytelevel(True), added=with_added(trained))
    flags = [{"lstrip": True}, {"rstrip": True}, {"single_word": True}, {"normalized": True, "special": False}, {"lstrip": True, "rstrip": True}]
    for name, normalizer in {"plain": None, "lower": {"type": "Lowercase"}, "nfkc": {"type": "NFKC"}}.items():
        yield "added-" + name, document(trained, normalizer, bytelevel(True), added=with_added(trained, lambda i: flags[i % 5]))
    template = {
        "type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}},
    }
    for across in (False, True):
        base = train_chars([text(False) for _ in range(3000)], across)
        names = ["<unk>", "<s>", "</s>"] + ["<0x%02X>" % b for b in range(256)]
        names += [t for t in base["vocab"] if t not in names]
        model = base | {"vocab": {t: i for i, t in enumerate(names)}, "unk_token": "<unk>", "fuse_unk": True, "byte_fallback": True}
        own, tail = with_added(model), "-across" if across else ""
        yield "char-llama2" + tail, document(model, LLAMA2, None, LLAMA2_DECODER, own, template)
        for scheme in ("always", "first", "never"):
            for cut in (True, False):
                decoder = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": cut}
                yield f"char-{scheme}-{cut}{tail}", document(model, None, metaspace(scheme, cut), decoder, own)
        yield "char-gemma" + tail, document(model, ESCAPE, literal(" ", "MergedWithPrevious"), GEMMA_DECODER, own)
        for fuse in (True, False):
            lossy = model | {"byte_fallback": False, "fuse_unk": fuse}
            yield f"char-unknown-{fuse}{tail}", document(lossy, LLAMA2, None, LLAMA2_DECODER, own)
        yield "char-whole" + tail, document(model | {"ignore_merges": True}, LLAMA2, None, LLAMA2_DECODER, own)


SENTENCEPIECE = {
    "default": {},
    "identity": {"normalization_rule_name": "identity"},
    "llama": {
        "normalization_rule_name": "identity", "byte_fallback": True, "remove_extra_whitespaces": False, "split_digits": True,
        "allow_whitespace_only_pieces": True,
    },
    "no-prefix": {"normalization_rule_name": "identity", "byte_fallback": True, "add_dummy_prefix": False, "remove_extra_whitespaces": False},
    "nfkc": {"normalization_rule_name": "nfkc", "byte_fallback": True, "remove_extra_whitespaces": False},
    "folded": {"normalization_rule_name": "nmt_nfkc_cf", "byte_fallback": True},
    "across": {"split_by_whitespace": False, "normalization_rule_name": "identity", "byte_fallback": True},
    "symbols": {
        "user_defined_symbols": ["<|end|>", "▁▁", "cat", "é", "running ", "\n\n"], "control_symbols": ["<|start|>"],
        "normalization_rule_name": "identity", "byte_fallback": True, "remove_extra_whitespaces": False,
    },
    "symbols-nfkc": {"user_defined_symbols": ["<|end|>", "ＡＢＣ", "½"], "control_symbols": ["<|start|>"]},
}


def sentencepiece_files(folder):
    texts = [t for t in (text(False).replace("\n", " ").replace("\0", "") for _ in range(4000)) if t]
    for name, options in SENTENCEPIECE.items():
        path = os.path.join(folder, "sp-" + name)
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(texts), model_prefix=path, vocab_size=1600, model_type="bpe", minloglevel=2, character_coverage=0.98,
            hard_vocab_limit=False, num_threads=1, **options,
        )
        os.remove(path + ".vocab")
        yield "sp-" + name
        if name in ("llama", "default"):
            with open(path + ".model", "rb") as f:
                data = unused(f.read())
            with open(path + "-unused.model", "wb") as f:
                f.write(data)
            yield "sp-" + name + "-unused"


def varint(b, at):
    value = shift = 0
    while True:
        value |= (b[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if b[at - 1] < 0x80:
            return value, at


def unused(data):
    """Every seventh normal piece of more than one character becomes one of the type UNUSED (5)."""
    out, at, n = bytearray(), 0, 0
    while at < len(data):
        start = at
        key, at = varint(data, at)
        size, at = varint(data, at)  # all fields of the model have a length
        body = data[at : at + size]
        at += size
        if key >> 3 == 1 and b"\x18" not in body[-3:] and len(body) > 12:
            n += 1
            if n % 7 == 0:
                body += b"\x18\x05"
                out += bytes([key, len(body)]) + body
                continue
        out += data[start:at]
    return bytes(out)


# --- writing ----------------------------------------------------------------------------------------------------------


def write(folder, name, ids, decoded):
    flat = array.array("I")
    for row in ids:
        flat.append(len(row))
        flat.extend(row)
    if sys.byteorder == "big":
        flat.byteswap()
    with open(os.path.join(folder, name + ".ids"), "wb") as f:
        flat.tofile(f)
    with open(os.path.join(folder, name + ".text"), "w") as f:
        json.dump(decoded, f)


def write_json(folder, name, texts):
    tok = Tokenizer.from_file(os.path.join(folder, name + ".json"))
    ids = [e.ids for e in tok.encode_batch_fast(texts, add_special_tokens=False)]
    write(folder, name, ids, tok.decode_batch(ids[:1000], skip_special_tokens=True))


def write_sentencepiece(folder, name, texts):
    sp = sentencepiece.SentencePieceProcessor(model_file=os.path.join(folder, name + ".model"))
    ids = sp.encode(texts)
    write(folder, name, ids, [sp.decode(i) for i in ids[:1000]])


def main(folder, given=None):
    texts = strings()
    with open(os.path.join(folder, "texts.json"), "w") as f:
        json.dump(texts, f)
    if given:
        for file in sorted(os.listdir(given)):
            os.symlink(os.path.join(os.path.abspath(given), file), os.path.join(folder, file))
            name, kind = os.path.splitext(file)
            (write_json if kind == ".json" else write_sentencepiece)(folder, name, texts)
        return
    for name, doc in json_files(texts):
        with open(os.path.join(folder, name + ".json"), "w") as f:
            json.dump(doc, f, ensure_ascii=False)
        write_json(folder, name, texts)
    for name in sentencepiece_files(folder):
        write_sentencepiece(folder, name, texts)


if __name__ == "__main__":
    main(*sys.argv[1:])
