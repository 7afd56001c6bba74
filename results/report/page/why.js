// Why an answer was judged as it was, from what is stored with it. Where the
// stored values do not tell, nothing is claimed.
const quoted = (text) => `“${text.length > 300 ? text.slice(0, 300) + "…" : text}”`;
const letter = (i) => (i < 26 ? String.fromCharCode(65 + i) : String(i + 1));

const WAYS = {
  acc: ["the highest log-likelihood", (answer, i) => answer.loglikelihoods[i]],
  acc_norm: ["the highest log-likelihood per character", (answer, i) => answer.loglikelihoods[i] / [...choiceText(answer, i).trimStart()].length],
  acc_bytes: ["the highest log-likelihood per byte", (answer, i) => answer.loglikelihoods[i] / new TextEncoder().encode(choiceText(answer, i).trimStart()).length],
  acc_mutual_info: ["the largest gain over its log-likelihood without the question", (answer, i) => answer.loglikelihoods[i] - answer.loglikelihoods[i + choiceCount(answer)]],
};

// choiceText is what tells a choice from the others: its continuation, or its
// context where all continue alike.
const choiceText = (answer, i) => answer.continuations[i] ?? "";
const byContext = (answer) => answer.contexts.length > 1;

function choiceCount(answer) {
  const n = answer.loglikelihoods.length;
  return "acc_mutual_info" in answer.metrics ? n / 2 : n;
}

function preferred(answer, metric) {
  const way = WAYS[metric] ?? WAYS.acc;
  let best = 0;
  for (let i = 1; i < choiceCount(answer); i++) if (way[1](answer, i) > way[1](answer, best)) best = i;
  return best;
}

// accepted are the choices that are right, as far as that is stored.
function accepted(answer, metric) {
  const n = choiceCount(answer);
  const all = Array.from({ length: n }, (_, i) => i);
  if (!byContext(answer)) return all.filter((i) => answer.target.includes(choiceText(answer, i)));
  const chosen = preferred(answer, metric);
  if (answer.metrics[metric] === 1) return [chosen];
  return n === 2 ? [1 - chosen] : [];
}

function whyChoice(answer, metric, value) {
  const chosen = preferred(answer, metric);
  const right = accepted(answer, metric);
  const out = [`The model prefers choice ${letter(chosen)}: it has ${(WAYS[metric] ?? WAYS.acc)[0]}.`];
  if (right.length > 0 && right.includes(chosen) === (value === 1)) {
    out.push(value === 1 ? "That is the accepted choice." : `Accepted: ${right.map(letter).join(" or ")}.`);
  }
  return out;
}

function whyCode(answer) {
  const key = Object.keys(answer.metrics).find((name) => name.startsWith("code/passed"));
  const total = Object.keys(answer.metrics).find((name) => name.startsWith("code/candidates"));
  if (!key || !total) return undefined;
  return `${answer.metrics[key]} of ${answer.metrics[total]} ${answer.metrics[total] === 1 ? "program" : "programs"} passed the task's tests.`;
}

function whyGeneration(answer, metric, filter, value) {
  const out = [];
  const extracted = answer.filtered[filter || "none"] ?? [];
  const code = whyCode(answer);
  if (code) out.push(code);
  else {
    const from = filter && filter !== "none" ? `The filter ${filter} extracted` : "The answer is";
    if (extracted.length === 0) out.push("No answer was extracted.");
    else if (extracted.every((text) => text === "[invalid]")) out.push(`${from} nothing: no answer of the wanted form stands in the generation.`);
    else out.push(`${from} ${extracted.slice(0, 4).map(quoted).join(", ")}${extracted.length > 4 ? " …" : ""}.`);
    out.push(`Accepted: ${answer.target.slice(0, 6).map(quoted).join(" or ")}${answer.target.length > 6 ? ` and ${answer.target.length - 6} more` : ""}.`);
    if (metric.startsWith("exact_match") && extracted.length === 1 && extracted[0] !== "[invalid]") {
      if (value === 1) out.push("The two are equal as the task compares them.");
      if (value === 0) out.push("The two are not equal as the task compares them.");
    }
  }
  if (answer.finish.includes("length")) out.push("The generation was cut at its token limit.");
  return out;
}

function why(answer, judge) {
  if (!judge) return ["The task has no verdict for one document; its log-likelihood counts in the score."];
  const value = answer.metrics[judge];
  if (value === undefined) return [`The document has no value of ${judge}.`];
  const [metric, filter] = judge.split(/,(.*)/);
  const out = [];
  if (answer.generations.length > 0) out.push(...whyGeneration(answer, metric, filter, value));
  else if (choiceCount(answer) > 1 && metric in WAYS) out.push(...whyChoice(answer, metric, value));
  else if (answer.greedy.length === 1 && metric === "acc") {
    out.push(answer.greedy[0] ? "Every token of the accepted text was the likeliest." : "At least one token of the accepted text was not the likeliest.");
  }
  out.push(`${metric} = ${typeof value === "number" ? Number(value.toPrecision(5)) : value}${value > 0 && value < 1 ? ", between wrong (0) and right (1)" : ""}.`);
  return out;
}
