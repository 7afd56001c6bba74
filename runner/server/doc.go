// Package server answers token requests with a model behind an inference
// server that speaks the OpenAI completions API: vLLM, SGLang, llama.cpp,
// llama-cpp-python, text-generation-inference (TGI) and what resembles them.
//
// What a server can do is found by trying, not by its name: whether it takes
// prompts as token ids, whether it gives log-probabilities of a prompt, and
// whether these are those of its own generation (see Probe). Its arithmetic is
// its own: the same request may get other bits the next time.
package server
