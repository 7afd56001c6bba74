// What the list shows: state in, numbers of items out.
const EMPTY = { task: "", model: "", outcome: "", other: "", query: "" };
const state = { ...EMPTY };

let visible = new Int32Array(0); // items in the list
let found; // of a search: 1 where an item has the text; undefined without one

function taskRange() {
  if (!state.task) return [0, data.count];
  const t = data.tasks.indexOf(state.task);
  return t < 0 ? [0, 0] : [data.starts[t], data.starts[t + 1] ?? data.count];
}

// differs says whether two models answered an item with another verdict.
function differs(i, a, b) {
  const [x, y] = [data.outcomes[a][i], data.outcomes[b][i]];
  if (x === ABSENT || y === ABSENT) return false;
  return x !== y || (x === PARTLY && data.values[a][i] !== data.values[b][i]);
}

function differsFromAny(i, models, others) {
  for (const a of models) for (const b of others) if (a !== b && differs(i, a, b)) return true;
  return false;
}

function filterItems() {
  const [from, to] = taskRange();
  const all = Array.from({ length: data.models }, (_, m) => m);
  const models = state.model === "" ? all : [Number(state.model)];
  const wanted = OUTCOMES.indexOf(state.outcome);
  const others = state.other === "" ? undefined : state.other === "any" ? all : [Number(state.other)];
  const out = new Int32Array(to - from);
  let n = 0;
  for (let i = from; i < to; i++) {
    if (found && !found[i]) continue;
    if (wanted >= 0 ? !models.some((m) => data.outcomes[m][i] === wanted) : models.every((m) => data.outcomes[m][i] === ABSENT)) continue;
    if (others && !differsFromAny(i, models, others)) continue;
    out[n++] = i;
  }
  visible = out.subarray(0, n);
}

// texts are what a search reads of an item.
function texts(item) {
  const out = [];
  for (const answer of item.answers) {
    out.push(...(answer.contexts ?? []), ...(answer.continuations ?? []), ...(answer.generations ?? []), ...(answer.target ?? []));
    for (const list of Object.values(answer.filtered ?? {})) out.push(...list);
  }
  return out;
}

let searchNumber = 0;

// search reads all chunks for a text, shows what it finds on its way, and
// ends when another search begins. A line is parsed only if it holds the
// text in any place.
async function search(query, shown) {
  const mine = ++searchNumber;
  const text = query.trim().toLowerCase();
  found = text ? new Uint8Array(data.count) : undefined;
  if (!text) return shown(1);
  shown(0);
  const raw = JSON.stringify(text).slice(1, -1).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
  let painted = performance.now();
  const [from, to] = taskRange();
  const last = data.count && to > from ? place(data.chunks, to - 1) : -1;
  const first = place(data.chunks, from);
  for (let n = first; n <= last; n++) {
    const lines = kept.get(n) ?? (await blockText(`chunk-${n}`)).split("\n");
    if (mine !== searchNumber) return;
    for (let k = 1; k < lines.length; k++) {
      if (lines[k].toLowerCase().includes(raw) && texts(JSON.parse(lines[k])).some((t) => t.toLowerCase().includes(text))) {
        found[data.chunks[n] + k - 1] = 1;
      }
    }
    if (performance.now() - painted > 120) {
      shown((n - first + 1) / (last - first + 1), false);
      await next();
      if (mine !== searchNumber) return;
      painted = performance.now();
    }
  }
  shown(1, false);
}
