"""The checkpoints that make.py makes: one case for each thing in which families differ.

A case is a name, the family it stands for, what sets it apart, the class in
transformers, its configuration, and which formats can hold it.
"""

from dataclasses import dataclass, field

SMALL = dict(
    vocab_size=320, hidden_size=64, intermediate_size=96, num_hidden_layers=2,
    num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=512,
    rms_norm_eps=1e-5, bos_token_id=1, eos_token_id=2, pad_token_id=0, tie_word_embeddings=False,
)


def rope(base, kind="default", **more):
    return dict(rope_theta=float(base), rope_type=kind, **more)


LLAMA3 = dict(low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=64)


@dataclass
class Case:
    name: str
    family: str
    about: str
    kind: str  # of the classes <kind>Config and <kind>ForCausalLM
    config: dict = field(default_factory=dict)
    formats: tuple = ("gguf", "safetensors")
    tokens: int = 150
    # Older checkpoints name rope_theta and rope_scaling, new ones rope_parameters.
    classic: bool = False
    # "model" is SentencePiece's file, "json" the same as tokenizer.json, "gemma" SentencePiece without a blank in front;
    # anything else is byte-level, split by the rule that GGUF calls so.
    tokenizer: str = "gpt-2"
    # Keys that the converter leaves out of the file, though it holds them.
    added: dict = field(default_factory=dict)


CASES = [
    Case("llama1", "Llama 1, Llama 2 7B and 13B", "multi-head attention", "Llama",
         dict(num_key_value_heads=4, rope_parameters=rope(1e4)), classic=True, tokenizer="model"),
    Case("llama2-70b", "Llama 2 70B", "grouped queries", "Llama",
         dict(num_attention_heads=8, num_key_value_heads=1, rope_parameters=rope(1e4)), tokenizer="json"),
    Case("code-llama", "Code Llama", "rotary base 1e6", "Llama",
         dict(num_key_value_heads=4, rope_parameters=rope(1e6)), classic=True, tokenizer="model"),
    Case("llama3", "Llama 3", "rotary base 5e5", "Llama", dict(rope_parameters=rope(5e5)), tokenizer="llama-bpe"),
    Case("llama3.1", "Llama 3.1, 3.3", "rotary scaling llama3", "Llama",
         dict(rope_parameters=rope(5e5, "llama3", factor=8.0, **LLAMA3)), classic=True, tokenizer="llama-bpe"),
    Case("llama3.2", "Llama 3.2", "rotary scaling llama3, tied embeddings", "Llama",
         dict(tie_word_embeddings=True, rope_parameters=rope(5e5, "llama3", factor=32.0, **LLAMA3)), tokenizer="llama-bpe"),
    Case("llama-whole", "Llama 3.1 at its whole context", "2,048 tokens, all that it says it holds", "Llama",
         dict(max_position_embeddings=2048,
              rope_parameters=rope(5e5, "llama3", factor=4.0, **(LLAMA3 | dict(original_max_position_embeddings=512)))),
         tokens=2048, tokenizer="llama-bpe"),
    Case("llama-linear", "Llama with longer context", "rotary scaling linear", "Llama",
         dict(rope_parameters=rope(1e4, "linear", factor=4.0)), classic=True, tokenizer="json"),
    Case("llama-yarn", "Yarn-Llama-2", "rotary scaling YaRN", "Llama",
         dict(rope_parameters=rope(1e4, "yarn", factor=8.0, original_max_position_embeddings=64)), tokenizer="model"),
    Case("llama-yarn-all", "Llama with YaRN's parameters", "its magnitude and range given", "Llama",
         dict(rope_parameters=rope(1e4, "yarn", factor=4.0, original_max_position_embeddings=128,
                                   beta_fast=4.0, beta_slow=2.5, attention_factor=1.25)), classic=True),
    Case("llama-bias", "Llama with biases", "biases of all products", "Llama",
         dict(attention_bias=True, mlp_bias=True)),
    Case("llama-mqa", "Llama with one key-value head", "multi-query attention, odd sizes", "Llama",
         dict(num_attention_heads=3, num_key_value_heads=1, hidden_size=60, head_dim=20, intermediate_size=100)),
    Case("tinyllama", "TinyLlama", "eight queries for a key", "Llama",
         dict(num_attention_heads=16, num_key_value_heads=2, head_dim=8, num_hidden_layers=3), tokenizer="json"),
    Case("smollm2", "SmolLM, SmolLM2", "tied embeddings, rotary base 1e5", "Llama",
         dict(num_attention_heads=3, num_key_value_heads=1, hidden_size=96, head_dim=32,
              tie_word_embeddings=True, rope_parameters=rope(1e5)), classic=True, tokenizer="smollm"),
    # llama.cpp's converter leaves the window out: past it, such a file is another model.
    Case("mistral", "Mistral 7B v0.1", "sliding window", "Mistral",
         dict(sliding_window=70, rope_parameters=rope(1e4)), tokens=300, classic=True,
         added={"attention.sliding_window": 70}, tokenizer="json"),
    Case("mistral-short", "Mistral with a short window", "sliding window below a page", "Mistral",
         dict(sliding_window=7), tokens=200, added={"attention.sliding_window": 7}, tokenizer="model"),
    Case("mistral-nemo", "Mistral 7B v0.2 and later, Nemo", "no window, heads wider than their share", "Mistral",
         dict(sliding_window=None, head_dim=32, rope_parameters=rope(1e6)), tokenizer="tekken"),
    Case("qwen2", "Qwen2", "biases of queries, keys and values", "Qwen2",
         dict(rope_parameters=rope(1e6)), classic=True, tokenizer="qwen2"),
    Case("qwen2.5", "Qwen2.5", "tied embeddings, YaRN", "Qwen2",
         dict(tie_word_embeddings=True, rope_parameters=rope(1e6, "yarn", factor=4.0, original_max_position_embeddings=128)), tokenizer="qwen2"),
    Case("qwen2-window", "Qwen2 with a window", "windows in the upper layers", "Qwen2",
         dict(num_hidden_layers=3, use_sliding_window=True, sliding_window=40, max_window_layers=1),
         formats=("safetensors",), tokens=200, tokenizer="qwen2"),
    Case("qwen3", "Qwen3", "normalised queries and keys", "Qwen3",
         dict(head_dim=32, rope_parameters=rope(1e6)), tokenizer="qwen2"),
    Case("phi3", "Phi-3 mini 4k", "fused projections, sliding window", "Phi3",
         dict(num_key_value_heads=4, sliding_window=70, rope_parameters=rope(1e4)), tokens=200, tokenizer="json"),
    Case("phi4", "Phi-4 14B", "grouped queries; also a part of each head turning", "Phi3",
         dict(hidden_size=128, tie_word_embeddings=True, rope_parameters=rope(1e4, partial_rotary_factor=0.75)), tokenizer="dbrx"),
    Case("gemma", "Gemma", "scaled embeddings, GELU, 1+w in norms", "Gemma",
         dict(num_key_value_heads=1, head_dim=32, tie_word_embeddings=True), tokenizer="gemma"),
    Case("gemma2", "Gemma 2", "norms behind the parts, soft limits, every other layer with a window", "Gemma2",
         dict(num_hidden_layers=4, head_dim=32, sliding_window=70, query_pre_attn_scalar=32, tie_word_embeddings=True), tokens=200, tokenizer="gemma"),
    Case("gemma3", "Gemma 3 (text)", "normalised queries and keys, five of six layers with a window and their own rotary base",
         "Gemma3", dict(num_hidden_layers=7, head_dim=32, sliding_window=70, query_pre_attn_scalar=32, tie_word_embeddings=True,
                        rope_parameters=dict(sliding_attention=rope(1e4), full_attention=rope(1e6, "linear", factor=8.0))), tokens=200, tokenizer="gemma"),
    Case("ernie4.5", "ERNIE 4.5 without experts", "neighbours turn in both formats, tied embeddings", "Ernie4_5",
         dict(head_dim=32, tie_word_embeddings=True, rope_parameters=rope(5e5)), tokenizer="model"),
]
