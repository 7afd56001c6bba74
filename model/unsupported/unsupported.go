// Package unsupported knows what families of checkpoints need that this
// program lacks, so that refusing one can say what is missing and what to do.
package unsupported

import (
	"fmt"
	"strings"
)

// kinds are what is missing, with the families that need it, as model_type of
// config.json or general.architecture of a GGUF file, letters and digits only.
var kinds = []struct{ missing, next, families string }{
	{
		"a mixture of experts", served,
		"mixtral qwen2moe qwen3moe deepseek deepseek2 deepseekv2 deepseekv3 olmoe phimoe dbrx granitemoe llama4 llama4text gptoss grok grok1 " +
			"arctic bailingmoe bailingmoe2 ernie45moe glm4moe dots1 hunyuanmoe hunyuanv1moe kimik2 minimax minimaxm2 lfm2moe smallthinker afmoe",
	},
	{
		"layers with a recurrent state (state-space, linear attention or convolutions)", served,
		"mamba mamba2 falconmamba jamba zamba zamba2 rwkv rwkv5 rwkv6 rwkv7 rwkv6qwen2 arwkv7 recurrentgemma nemotronh granitehybrid " +
			"granitemoehybrid bamba falconh1 plamo2 plamo3 lfm2 kimilinear qwen3next qwen35 qwen35moe",
	},
	{
		"a tower for images or sound beside the language model", "of several a GGUF file holds the language model alone; or " + served,
		"llava llavanext llavaonevision mllama qwen2vl qwen25vl qwen3vl qwen3vlmoe gemma3 gemma3n paligemma idefics2 idefics3 smolvlm pixtral " +
			"mistral3 internvl internvlchat phi3v phi4mm minicpmv clip cogvlm ultravox qwen2audio qwen25omni florence2 voxtral",
	},
	{
		"an encoder beside the decoder", "choose a checkpoint with a decoder alone",
		"t5 mt5 umt5 t5encoder t5gemma longt5 bart mbart pegasus m2m100 whisper blenderbot led",
	},
	{
		"a decoder: an encoder gives no next token's probability", "choose a checkpoint that generates text",
		"bert roberta xlmroberta camembert deberta debertav2 distilbert electra albert modernbert nomicbert nomicbertmoe jinabertv2 jinabertv3 " +
			"neobert gemmaembedding",
	},
	{
		"layer normalisation with a mean, or layers whose parts run side by side", served,
		"gpt2 gptj gptneo gptneox opt bloom falcon mpt phi phi2 phimsft starcoder starcoder2 gptbigcode codegen stablelm stablelmepoch cohere " +
			"cohere2 commandr olmo codeshell refact jais persimmon nemotron orion gigachat",
	},
	{
		"layers that differ from Llama's in other ways (scales, norms, or some without positions)", served,
		"olmo2 olmo3 internlm2 granite exaone exaone4 minicpm minicpm3 baichuan chatglm glm4 glm smollm3 deci hunyuandense hunyuanv1dense " +
			"apertus seedoss xverse plamo arcee dream llada mistral4 ministral3",
	},
}

// served is what can be done about a model that another program runs.
const served = "a server that runs it can be evaluated, with --model openai:http://HOST:PORT/v1#NAME"

// Why says what a family needs, and what to do instead; a family that is not
// known gets the advice alone.
func Why(family string) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(family))
	for _, k := range kinds {
		for f := range strings.FieldsSeq(k.families) {
			if f == name {
				return fmt.Sprintf("it needs %s; %s", k.missing, k.next)
			}
		}
	}
	return served
}
