// The list of samples: only rows in sight are elements.
const ROW = 48; // pixels, as in the style
const MOST_PIXELS = 12e6; // what every browser can scroll over

let cursor = 0; // place in visible

function rowElement(at) {
  const i = visible[at];
  const marks = el("span", { class: "marks" });
  const spoken = [];
  for (let m = 0; m < data.models && m < 12; m++) {
    const code = data.outcomes[m][i];
    marks.append(el("span", { class: OUTCOMES[code], "aria-hidden": "true", title: `${head.models[m].label}: ${MEANINGS[code]}` }, MARKS[code]));
    spoken.push(data.models > 1 ? `${head.models[m].label} ${MEANINGS[code]}` : MEANINGS[code]);
  }
  marks.append(el("span", { class: "sr" }, spoken.join(", ")));
  const row = el("div", {
    class: "row", role: "option", id: `row-${at}`, "aria-selected": String(at === cursor),
    "aria-posinset": at + 1, "aria-setsize": visible.length,
  }, marks, el("span", { class: "name" }, `${taskOf(i)} ${data.docs[i]}`), el("span", { class: "text" }, data.texts[i]));
  row.dataset.at = at;
  return row;
}

// With more rows than pixels can be scrolled, a pixel stands for several.
const scale = () => Math.max(1, (visible.length * ROW - $("list").clientHeight) / (MOST_PIXELS - $("list").clientHeight));

function drawList() {
  const list = $("list");
  const k = scale();
  const height = list.clientHeight || 600;
  $("space").style.height = `${Math.min(visible.length * ROW, MOST_PIXELS)}px`;
  const top = list.scrollTop;
  const first = Math.max(0, Math.floor((top * k) / ROW) - 4);
  const end = Math.min(visible.length, first + Math.ceil(height / ROW) + 9);
  const rows = [];
  for (let at = first; at < end; at++) {
    const row = rowElement(at);
    row.style.top = `${k === 1 ? at * ROW : top + at * ROW - top * k}px`;
    rows.push(row);
  }
  $("space").replaceChildren(...rows);
  if (cursor >= first && cursor < end) list.setAttribute("aria-activedescendant", `row-${cursor}`);
  else list.removeAttribute("aria-activedescendant");
}

function moveTo(at) {
  if (visible.length === 0) return;
  cursor = Math.max(0, Math.min(visible.length - 1, at));
  const list = $("list");
  const k = scale();
  const top = (cursor * ROW) / k;
  const room = list.clientHeight - ROW;
  if (top < list.scrollTop) list.scrollTop = top;
  else if (top * k - list.scrollTop * k > room) list.scrollTop = (cursor * ROW - room) / k;
  drawList();
}

const pageRows = () => Math.max(1, Math.floor($("list").clientHeight / ROW) - 1);
