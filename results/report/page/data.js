// The page's data: the head at once, everything else when it is asked for.
const head = JSON.parse($("head").textContent);
const taskNamed = new Map(head.tasks.filter((task) => task.kind === "task").map((task) => [task.name, task]));

const OUTCOMES = ["wrong", "right", "partly", "none", "absent"];
const [WRONG, RIGHT, PARTLY, NONE, ABSENT] = [0, 1, 2, 3, 4];
const MARKS = ["✗", "✓", "≈", "–", "·"];
const MEANINGS = ["wrong", "right", "partly right", "no verdict", "not asked"];

function outcome(value) {
  if (value === false) return ABSENT;
  if (value === null || value === undefined || Number.isNaN(value)) return NONE;
  return value === 0 ? WRONG : value === 1 ? RIGHT : PARTLY;
}

function blockBytes(id) {
  const text = $(id).textContent;
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  return bytes;
}

function blockText(id) {
  const stream = new Blob([blockBytes(id)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}

// data is what the index says of every item, column by column.
const data = { count: 0, models: head.models.length };

async function readIndex() {
  const index = JSON.parse(await blockText("index"));
  data.count = index.docs.length;
  data.chunks = index.chunks;
  data.tasks = index.tasks;
  data.starts = index.starts;
  data.docs = Int32Array.from(index.docs);
  data.texts = index.texts;
  data.values = index.values.map((column) => Float64Array.from(column, (value) => (typeof value === "number" ? value : NaN)));
  data.outcomes = index.values.map((column) => Uint8Array.from(column, outcome));
}

// place finds the last entry of a sorted list that is not above i.
function place(starts, i) {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle] <= i) low = middle;
    else high = middle - 1;
  }
  return low;
}

const taskOf = (i) => data.tasks[place(data.starts, i)];

// Chunks that were decoded last are kept, as lines: neighbours are likely to
// be looked at next.
const kept = new Map();

async function chunkLines(n) {
  let lines = kept.get(n);
  kept.delete(n);
  lines ??= (await blockText(`chunk-${n}`)).split("\n");
  kept.set(n, lines);
  if (kept.size > 6) kept.delete(kept.keys().next().value);
  return lines;
}

async function readItem(i) {
  const n = place(data.chunks, i);
  const lines = await chunkLines(n);
  const item = JSON.parse(lines[1 + i - data.chunks[n]]);
  item.starts = JSON.parse(lines[0]);
  const first = item.answers[0];
  for (const answer of item.answers) {
    answer.samePrompt = answer !== first && !answer.contexts && !answer.continuations;
    if (answer.samePrompt) {
      answer.contexts = first.contexts;
      answer.continuations = first.continuations;
      answer.start = first.start;
    }
    answer.contexts ??= [];
    answer.continuations ??= [];
    for (const name of ["loglikelihoods", "greedy", "generations", "finish", "tokens", "logprobs", "target", "context_tokens"]) answer[name] ??= [];
    answer.loglikelihoods = answer.loglikelihoods.map(Number);
    answer.filtered ??= {};
  }
  return item;
}

let spelling;

async function tokenTable(model) {
  spelling ??= JSON.parse(await blockText("tokens"));
  return spelling.tables[spelling.of[model]];
}
