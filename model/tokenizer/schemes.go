package tokenizer

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/llamaeval/llamaeval/internal/nearest"
)

// scheme says how the text of a byte-level checkpoint is cut into words, as
// the tokenizer.json of the checkpoints does that a name stands for.
type scheme struct {
	steps []step
	// nfc composes characters first (Unicode's NFC).
	nfc bool
	// wholeWords takes a word that is in the vocabulary as it is, without
	// merging (ignore_merges in tokenizer.json).
	wholeWords bool
	// addBOS is what a checkpoint means that does not say add_bos_token.
	addBOS bool
}

// The expressions that words are split by, as the checkpoints publish them in
// tokenizer.json. Which checkpoint a name stands for is listed in llama.cpp's
// convert_hf_to_gguf_update.py; names of the same rule, and expressions of
// checkpoints that have none there, are in its src/llama-vocab.cpp.
const (
	exprGPT2   = `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
	exprLlama3 = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}` + endModern
	exprQwen2  = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}` + endModern
	endModern  = `| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`

	exprQwen35 = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}` +
		`| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
	exprMiniCPM5  = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}+` + endModern
	exprSeedCoder = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1}| ?[^\\s\\p{L}\\p{N}\r\n]+" +
		"|\\s*[\r\n]+|\\s+(?!\\S)|\\s+"
	exprBailing   = `'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+`
	exprExaoneMoE = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}` +
		`| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+`
	exprJais2 = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+` +
		`|\s{512}(?!\S)|\s{256}(?!\S)|\s{128}(?!\S)|\s{64}(?!\S)|\s{32}(?!\S)|\s{16}(?!\S)|\s{8}(?!\S)|\s{4}(?!\S)|\s{1,2}(?!\S)|\s{1}`

	upperThenLower = `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+`
	upper          = `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*`
	contracted     = `(?i:'s|'t|'re|'ve|'m|'ll|'d)?`
	endCased       = `| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`
	exprGPT4o      = upperThenLower + contracted + `|` + upper + contracted + `|\p{N}{1,3}` + endCased
	exprTekken     = upperThenLower + `|` + upper + `|\p{N}` + endCased

	exprKimi = `[\p{Han}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+` + contracted +
		`|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*` + contracted + `|\p{N}{1,3}` + endModern
	exprYoutu1   = `[가-힣ㄱ-ㆎ]+|[！…“”‘’—：；，、-〿︰-﹏]+|[ㄅ-ㄯ]+|[一-龥぀-ゟ゠-ヿ]+`
	exprYoutu2   = upperThenLower + contracted + `|` + upper + contracted + `|\p{N}` + endCased
	exprUfakzeka = `[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}` + endModern

	exprBloom    = ` ?[^(\s|.,!?…。，、।۔،)]+`
	exprDeepSeek = `[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_` + "`" + `{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+` +
		`| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
	exprKana = `[一-龥぀-ゟ゠-ヿ]+`
	exprCJK  = `[一-龥ࠀ-一가-퟿]+`
	// Letters that have a case.
	exprCased = `\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿ\x{386}\x{388}-\x{38a}\x{38c}\x{38e}-\x{3a1}\x{3a3}-ϵϷ-ҁҊ-ԯԱ-Ֆ` +
		`Ⴀ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚ\x{1e00}-\x{1f15}\x{1f18}-\x{1f1d}\x{1f20}-\x{1f45}\x{1f48}-\x{1f4d}` +
		`\x{1f50}-\x{1f57}\x{1f59}\x{1f5b}\x{1f5d}\x{1f5f}-\x{1f7d}\x{1f80}-\x{1fb4}\x{1fb6}-\x{1fbc}\x{1fbe}` +
		`\x{1fc2}-\x{1fc4}\x{1fc6}-\x{1fcc}\x{1fd0}-\x{1fd3}\x{1fd6}-\x{1fdb}\x{1fe0}-\x{1fec}\x{1ff2}-\x{1ff4}` +
		`\x{1ff6}-\x{1ffc}ℂℇℊ-ℓℕℙ-ℝℤ\x{2126}ℨ\x{212a}-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ` +
		`𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃]+`
	exprWide = `\s?[!-/:-~！-／：-～‘-‟　-。]+`
)

var (
	gpt2Scheme     = scheme{steps: []step{isolate(exprGPT2)}}
	gpt2NFC        = scheme{steps: []step{isolate(exprGPT2)}, nfc: true}
	digitsScheme   = scheme{steps: []step{digits{each: true}, isolate(exprGPT2)}}
	digitsNFC      = scheme{steps: []step{digits{each: true}, isolate(exprGPT2)}, nfc: true}
	llama3Scheme   = scheme{steps: []step{isolate(exprLlama3)}, wholeWords: true, addBOS: true}
	plainLlama3    = scheme{steps: []step{isolate(exprLlama3)}}
	wholeLlama3    = scheme{steps: []step{isolate(exprLlama3)}, wholeWords: true}
	qwen2Scheme    = scheme{steps: []step{isolate(exprQwen2)}, nfc: true}
	plainQwen2     = scheme{steps: []step{isolate(exprQwen2)}}
	gpt4oScheme    = scheme{steps: []step{isolate(exprGPT4o)}}
	bloomScheme    = scheme{steps: []step{isolate(exprBloom)}}
	deepSeekScheme = scheme{steps: []step{isolate(`\p{N}{1,3}`), isolate(exprKana), isolate(exprDeepSeek)}}
	bailingScheme  = scheme{steps: []step{isolate(exprBailing)}}
	ayaScheme      = scheme{steps: []step{isolate(`\d{1,3}(?=(?:\d{3})*\b)`), isolate(exprGPT4o)}}
)

// schemes is indexed by tokenizer.ggml.pre, whose names are llama.cpp's.
var schemes = map[string]scheme{
	"gpt-2": gpt2Scheme, "phi-2": gpt2Scheme, "jais": gpt2Scheme, "trillion": gpt2Scheme, "gigachat": gpt2Scheme,
	"mellum": gpt2Scheme, "exaone4": gpt2Scheme, "granite-docling": gpt2Scheme, "a.x-4.0": gpt2Scheme,
	"mpt": gpt2NFC, "olmo": gpt2NFC, // GPT-NeoX's

	"smollm": digitsScheme, "starcoder": digitsScheme, "refact": digitsScheme, "codeshell": digitsScheme,
	"exaone": digitsScheme, "minerva-7b": digitsScheme, "mellum2": digitsScheme,
	"command-r": digitsNFC,

	"llama-bpe": llama3Scheme, "llama3": llama3Scheme, "llama-v3": llama3Scheme, "falcon3": llama3Scheme,
	"falcon-h1": llama3Scheme, "pixtral": llama3Scheme, "midm-2.0": llama3Scheme, "lfm2": llama3Scheme,
	"dbrx": plainLlama3, "smaug-bpe": plainLlama3, "chatglm-bpe": plainLlama3,
	"glm4": wholeLlama3, "glm5": wholeLlama3,

	"qwen2": qwen2Scheme, "deepseek-r1-qwen": qwen2Scheme, "megrez": qwen2Scheme,
	"stablelm2": plainQwen2, "hunyuan": plainQwen2, "solar-open": plainQwen2, "grok-2": plainQwen2,
	"kormo":  plainQwen2,
	"qwen35": {steps: []step{isolate(exprQwen35)}, nfc: true},

	"gpt-4o": gpt4oScheme, "llama4": gpt4oScheme, "minimax-m2": gpt4oScheme, "kanana2": gpt4oScheme, "talkie": gpt4oScheme,
	"tekken": {steps: []step{isolate(exprTekken)}, wholeWords: true, addBOS: true},

	"bloom": bloomScheme, "poro-chat": bloomScheme, "gpt3-finnish": bloomScheme,
	"viking": {steps: []step{isolate(exprBloom), digits{each: true}}},

	"falcon": {steps: []step{
		punctuation{contiguous}, byteLevel{words: true}, digits{}, isolate(`[0-9][0-9][0-9]`),
	}},
	"deepseek-llm": {steps: []step{
		isolate("[\r\n]"), isolate(exprCased), isolate(exprWide), isolate(`\s+$`), isolate(exprCJK), digits{each: true},
	}},
	"deepseek-coder": {steps: []step{
		isolate("[\r\n]"), isolate(`\s?\p{L}+`), isolate(`\s?\p{P}+`), isolate(exprCJK), digits{each: true},
	}},
	"deepseek-v3": deepSeekScheme, "hunyuan-dense": deepSeekScheme, "joyai-llm": deepSeekScheme, "hy_v4": deepSeekScheme,

	"bailingmoe": bailingScheme, "bailingmoe2": bailingScheme, "llada-moe": bailingScheme,
	"seed-coder": {steps: []step{isolate(exprSeedCoder)}},
	"exaone-moe": {steps: []step{isolate(exprExaoneMoE)}},
	"jais-2":     {steps: []step{isolate(exprJais2)}},
	"minicpm5":   {steps: []step{isolate(`\p{N}{1,3}`), isolate(exprMiniCPM5)}, wholeWords: true},
	"tiny_aya":   ayaScheme, "cohere2moe": ayaScheme,
	"superbpe": {steps: []step{isolate(`\p{N}+`), isolate(`(?=(\d{3})+(?!\d))`)}},
	"kimi-k2":  {steps: []step{isolate(exprKimi)}},
	"youtu":    {steps: []step{isolate(exprYoutu1), isolate(exprYoutu2)}, wholeWords: true},
	"ufakzeka": {steps: []step{isolate(exprUfakzeka)}},
}

// elsewhere are llama.cpp's other names. All belong to checkpoints that cannot
// be run here, most of them encoders.
const elsewhere = "afmoe chameleon f2llmv2 gemma4 granite-embed-multi-311m granite-embed-multi-97m jina-de jina-es jina-v1-en jina-v2-code " +
	"jina-v2-de jina-v2-es jina-v5-nano laguna modern-bert roberta-bpe sarvam-moe spark2_5 whitespace"

// unknownScheme refuses a value of tokenizer.ggml.pre.
func unknownScheme(name string) error {
	if slices.Contains(strings.Fields(elsewhere), name) {
		return fmt.Errorf("the word-splitting rule %.60q belongs to models that are not supported", name)
	}
	if name == "default" {
		return fmt.Errorf("tokenizer.ggml.pre is default: its converter did not know the model's word-splitting rule; convert the model anew, or use its tokenizer.json's folder")
	}
	return fmt.Errorf("the word-splitting rule %.60q is not known%s; try tokenizer.json of the same model, or a newer version of this program",
		name, nearest.DidYouMean(name, slices.Collect(maps.Keys(schemes))))
}
