// One sample with everything that is stored of it.
let opened = -1; // item

const paragraph = (text) => el("p", {}, text);
const titled = (title, ...content) => [el("h4", {}, title), ...content];
const folded = (title, text, open) => el("details", { open }, el("summary", {}, title), el("pre", { tabindex: "0" }, text));

async function showItem(i) {
  const item = await readItem(i);
  const tables = await Promise.all(item.answers.map((answer) => tokenTable(answer.model)));
  if (opened !== i) return;
  const task = taskOf(i);
  const close = el("button", { type: "button" }, "Close ", el("kbd", {}, "Esc"));
  close.addEventListener("click", closeItem);
  const parts = [
    el("div", { class: "top" }, el("h3", { id: "detail-title" }, `${task}, document ${data.docs[i]}`), close),
    item.cluster && el("p", { class: "note" }, `Belongs to ${item.cluster}`),
    ...prompt(item, item.answers[0]),
    folded("Document", pretty(item.doc)),
    ...item.answers.map((answer, k) => answerPart(item, answer, tables[k], task)),
  ];
  $("detail").replaceChildren(...parts.filter(Boolean));
  $("detail").scrollTop = 0;
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

// prompt shows what all prompts of the task start with apart from what is
// asked here.
function prompt(item, answer) {
  const out = [];
  const shots = answer.shots === 1 ? "1 shot" : `${answer.shots} shots`;
  if (answer.start !== undefined) {
    out.push(folded(`What the task's prompts begin with alike (${shots}, ${item.starts[answer.start].length} characters)`, item.starts[answer.start]));
  }
  const title = answer.start === undefined && answer.shots > 0 ? `Prompt (${shots})` : "Prompt";
  if (answer.contexts.length === 0) return [...out, ...titled(title, paragraph("None: the text is scored from its beginning."))];
  const texts = answer.contexts.every((text) => text === answer.contexts[0]) ? answer.contexts.slice(0, 1) : answer.contexts;
  out.push(...titled(title, ...texts.map((text, k) => el("pre", { tabindex: "0" }, texts.length > 1 ? `${letter(k)}: ${text}` : text))));
  return out;
}

function answerPart(item, answer, table, task) {
  const judge = taskNamed.get(task)?.judge;
  const value = answer.metrics[judge];
  const code = outcome(typeof value === "number" ? value : undefined);
  const first = item.answers[0] === answer;
  return el("section", { class: "answer", "aria-label": head.models[answer.model].label },
    el("h3", {}, el("span", { class: OUTCOMES[code] }, `${MARKS[code]} ${MEANINGS[code]}`), head.models[answer.model].label),
    ...(first || answer.samePrompt ? [] : prompt(item, answer)),
    el("div", { class: `why ${OUTCOMES[code]}` }, ...why(answer, judge).map(paragraph)),
    ...choices(answer, judge, table),
    ...generations(answer, table),
    el("details", {}, el("summary", {}, "All that is stored"), ...storedValues(answer)));
}

function choices(answer, judge, table) {
  const n = answer.loglikelihoods.length;
  if (n === 0) return [];
  const metric = (judge ?? "").split(",")[0];
  const several = choiceCount(answer) > 1;
  const chosen = several ? preferred(answer, metric) : -1;
  const right = several ? accepted(answer, metric) : [];
  const rows = answer.loglikelihoods.map((value, k) => {
    const conditional = k < choiceCount(answer);
    const notes = [k === chosen && "preferred", right.includes(k) && "accepted", answer.greedy[k] && "likeliest tokens", !conditional && "without the question"].filter(Boolean);
    const length = Math.max(1, [...choiceText(answer, k).trimStart()].length);
    return el("tr", {}, el("td", {}, several && conditional ? letter(k) : ""), el("td", { class: "text" }, ellipsis(choiceText(answer, k))),
      el("td", { class: "number" }, value.toFixed(3)), el("td", { class: "number" }, (value / length).toFixed(3)), el("td", {}, notes.join(", ")));
  });
  const titles = ["", "Continuation", "log p", "per character", ""];
  return [
    ...titled(several ? "Choices" : "Scored text", el("div", { class: "scroll" }, el("table", { class: "choices" },
      el("thead", {}, el("tr", {}, ...titles.map((title, k) => el("th", { scope: "col", class: (k === 2 || k === 3) && "number" }, title)))),
      el("tbody", {}, ...rows)))),
    ...titled("Tokens", legend(), ...answer.loglikelihoods.flatMap((_, k) => [
      several && el("p", { class: "note" }, k < choiceCount(answer) ? `${letter(k)}${k === chosen ? ", preferred" : ""}${right.includes(k) ? ", accepted" : ""}` : `${letter(k - choiceCount(answer))} without the question`),
      ...heatMap(answer.tokens[k] ?? [], answer.logprobs[k] ?? [], table, several ? `Choice ${letter(k)}` : "Scored text"),
    ].filter(Boolean))),
  ];
}

const ellipsis = (text) => (text.length > 2000 ? text.slice(0, 2000) + "…" : text);

const ENDS = { stop: "ended at a stop string", eos: "ended by itself", length: "cut at the token limit" };

function generations(answer, table) {
  const scored = answer.continuations.length;
  return answer.generations.flatMap((text, k) => {
    const name = answer.generations.length > 1 ? `Generation ${k + 1}` : "Generation";
    return [
      ...titled(`${name} (${ENDS[answer.finish[k]] ?? answer.finish[k]})`, el("pre", { tabindex: "0" }, text || "(nothing)")),
      ...titled(`${name}: tokens, with those that the stop string cut off`, legend(),
        ...heatMap(answer.tokens[scored + k] ?? [], answer.logprobs[scored + k] ?? [], table, name)),
    ];
  });
}

function storedValues(answer) {
  const line = (name, value) => el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, value));
  const list = (values) => (values.length === 0 ? "none" : values.map(quoted).join(", "));
  return [el("table", {}, el("tbody", {},
    ...Object.entries(answer.metrics).map(([name, value]) => line(name, String(value))),
    ...Object.entries(answer.filtered).map(([name, values]) => line(`extracted by ${name}`, list(values))),
    line("accepted", list(answer.target)),
    line("tokens of the prompt", answer.context_tokens.join(", ")),
    answer.truncated > 0 && line("tokens cut from the prompt's start", String(answer.truncated))))];
}

async function openItem(focus) {
  if (visible.length === 0) return;
  opened = visible[cursor];
  $("panes").classList.add("open");
  $("detail").hidden = false;
  await showItem(opened);
  moveTo(cursor);
  remember();
  if (focus) $("detail").focus({ preventScroll: true });
}

function closeItem() {
  if (opened < 0) return;
  opened = -1;
  $("panes").classList.remove("open");
  $("detail").hidden = true;
  $("detail").replaceChildren();
  moveTo(cursor);
  remember();
  $("list").focus({ preventScroll: true });
}
