// State in the address, controls, keys, and the start of the page.
const controls = { task: "task", model: "model", outcome: "outcome", other: "other", query: "query" };

// remember keeps the state behind the address's "#", so that it can be shared.
function remember() {
  const parts = new URLSearchParams();
  for (const name of Object.keys(EMPTY)) if (state[name] !== "") parts.set(name, state[name]);
  if (opened >= 0) parts.set("open", `${taskOf(opened)}/${data.docs[opened]}`);
  try {
    history.replaceState(null, "", "#" + parts);
  } catch {
    // A viewer that forbids it shows the page all the same.
  }
}

function recall() {
  const parts = new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");
  for (const [name, id] of Object.entries(controls)) {
    $(id).value = parts.get(name) ?? "";
    state[name] = $(id).value; // an unknown choice is none
  }
  return parts.get("open");
}

function showCount(progress) {
  const searching = progress < 1;
  const n = visible.length.toLocaleString("en");
  $("count").textContent = `${n} of ${data.count.toLocaleString("en")} samples${searching ? `, searching: ${Math.round(100 * progress)}%` : ""}`;
  $("progress").hidden = !searching;
  $("progress").value = progress;
}

// apply shows what the state asks for, keeping the place in the list where it
// still stands there, and in sight unless the reader may be scrolling.
function apply(progress = 1, follow = true) {
  const before = opened >= 0 ? opened : visible[cursor];
  filterItems();
  const at = visible.indexOf(before);
  cursor = Math.max(0, at);
  showCount(progress);
  if (!follow) drawList();
  else if (at >= 0) moveTo(at);
  else {
    $("list").scrollTop = 0;
    drawList();
  }
}

function readControls() {
  const before = { ...state };
  for (const [name, id] of Object.entries(controls)) state[name] = $(id).value;
  // A search has read the chosen task only.
  if (state.query !== before.query || (state.query && state.task !== before.task)) void search(state.query, apply);
  else apply();
  remember();
}

function fillControls() {
  const models = head.models.map((model, m) => [String(m), model.label]);
  const sizes = data.tasks.map((name, t) => [name, `${name} (${((data.starts[t + 1] ?? data.count) - data.starts[t]).toLocaleString("en")})`]);
  options($("task"), [["", `all (${data.count.toLocaleString("en")})`], ...sizes]);
  options($("model"), [["", models.length > 1 ? "any" : models[0][1]], ...(models.length > 1 ? models : [])]);
  options($("outcome"), [["", "any"], ["right", "right"], ["wrong", "wrong"], ["partly", "partly right"], ["none", "no verdict"]]);
  options($("other"), [["", "–"], ["any", "any other model"], ...models]);
  $("other-label").hidden = models.length < 2;
  if (models.length < 2) $("other-label").style.display = "none";
}

const moves = {
  j: () => cursor + 1, ArrowDown: () => cursor + 1, k: () => cursor - 1, ArrowUp: () => cursor - 1,
  PageDown: () => cursor + pageRows(), PageUp: () => cursor - pageRows(), Home: () => 0, End: () => visible.length - 1,
};

// Letters work everywhere but in fields; arrows and pages in the list, so that
// they scroll what has the focus elsewhere.
function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || $("help").open) return;
  const target = event.target;
  const field = target.matches("input, select, textarea");
  if (event.key === "Escape") {
    if (!field) return closeItem();
    event.preventDefault(); // a search field would lose its text
    $("list").focus({ preventScroll: true });
    return;
  }
  if (field) {
    if (event.key === "Enter" && target === $("query")) {
      event.preventDefault();
      $("list").focus({ preventScroll: true });
    }
    return;
  }
  const inList = target === $("list") || target === document.body;
  if (event.key === "/" || event.key === "?") {
    event.preventDefault();
    if (event.key === "?") $("help").showModal();
    else $("query").focus();
  } else if (event.key === "Enter" && inList) {
    event.preventDefault();
    void openItem(true);
  } else if (moves[event.key] && (event.key.length === 1 || target === $("list"))) {
    event.preventDefault();
    moveTo(moves[event.key]());
    if (opened >= 0) void openItem(false);
    if (target === document.body) $("list").focus({ preventScroll: false });
  }
}

function listen() {
  let timer;
  $("filters").addEventListener("input", (event) => {
    clearTimeout(timer);
    timer = setTimeout(readControls, event.target === $("query") ? 180 : 0);
  });
  $("filters").addEventListener("submit", (event) => event.preventDefault());
  $("filters").addEventListener("reset", () => setTimeout(readControls, 0));
  $("list").addEventListener("scroll", drawList, { passive: true });
  $("list").addEventListener("click", (event) => {
    const row = event.target.closest(".row");
    if (!row) return;
    moveTo(Number(row.dataset.at));
    void openItem(false);
  });
  $("help-button").addEventListener("click", () => $("help").showModal());
  document.addEventListener("keydown", onKey);
  new ResizeObserver(drawList).observe($("list"));
}

async function startBrowser() {
  await readIndex();
  if (data.count === 0) {
    $("count").textContent = "The runs hold no samples.";
    return;
  }
  fillControls();
  const wanted = recall();
  filterItems();
  listen();
  const at = wanted === null ? -1 : visible.findIndex((i) => `${taskOf(i)}/${data.docs[i]}` === wanted);
  cursor = Math.max(0, at);
  showCount(1);
  drawList();
  if (at >= 0) await openItem(false);
  if (state.query) await search(state.query, apply);
  document.body.dataset.ready = "yes";
}

function start() {
  const plural = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;
  $("summary").textContent = `${plural(head.models.length, "model")}, ${plural(taskNamed.size, "task")}`;
  showLeaderboard();
  showCharts();
  showRuns();
  const fail = (error) => {
    $("count").textContent = `The samples cannot be read: ${error.message}. The page needs a browser of 2023 or later.`;
  };
  document.addEventListener("DOMContentLoaded", () => startBrowser().catch(fail));
}

start();
