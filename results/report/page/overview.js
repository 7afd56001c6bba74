// Leaderboard, charts and the description of the runs.
function written(value, share) {
  if (value === null || value === undefined) return "–";
  if (share) return (100 * value).toFixed(1);
  const size = Math.abs(value);
  return size >= 1e5 ? value.toPrecision(4) : value.toFixed(size >= 100 ? 1 : 3);
}

const metricName = (score) => score.metric + (score.filter && score.filter !== "none" ? `, ${score.filter}` : "");
const primaries = (task) => task.scores.filter((score) => score.primary);

function scoreCell(task, model) {
  const score = primaries(task).find((candidate) => candidate.model === model);
  if (!score) return el("td", { class: "number dim" }, "–");
  const interval = score.low === null ? "" : `${written(score.low, score.share)} to ${written(score.high, score.share)}`;
  const below = [interval, score.rank > 0 && `rank ${score.rank}`].filter(Boolean).join(" · ");
  return el("td", { class: score.best ? "number best" : "number" },
    written(score.value, score.share), score.best && el("span", { class: "sr" }, " best"),
    below && el("span", { class: "interval" }, below));
}

function taskLabel(task) {
  const score = primaries(task)[0] ?? task.scores[0];
  const metric = score ? metricName(score) + (score.higher ? (score.share ? " %" : "") : " ↓") : "";
  return [task.kind === "group" ? `${task.name} (group)` : task.name, metric];
}

function showLeaderboard() {
  const tasks = head.tasks.filter((task) => primaries(task).length > 0);
  const header = (name, detail) => el("th", { scope: "col", class: "number" }, name, detail && el("div", { class: "dim note" }, detail));
  const tall = tasks.length > 6 || head.models.length <= 2;
  const titles = tall ? head.models.map((model) => header(model.label)) : tasks.map((task) => header(...taskLabel(task)));
  const rows = tall
    ? tasks.map((task) => {
      const [name, metric] = taskLabel(task);
      return el("tr", {}, el("th", { scope: "row" }, name, " ", el("span", { class: "interval" }, metric)),
        ...head.models.map((_, model) => scoreCell(task, model)));
    })
    : head.models.map((model, m) => el("tr", {}, el("th", { scope: "row" }, model.label), ...tasks.map((task) => scoreCell(task, m))));
  $("leaderboard").append(
    el("table", {}, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, tall ? "Task" : "Model"), ...titles)), el("tbody", {}, ...rows)),
    el("p", { class: "note" }, "Shares are in percent, ↓ means that less is better, the range is the 95% interval."
      + (head.models.length > 1 ? " A rank is 1 plus the number of models that are significantly better on the same documents (paired tests, corrected for the number of pairs), so that models without a shown difference share one; bold is what is significantly better than all others." : "")));
  if (head.tasks.some((task) => task.scores.some((score) => score.sample))) {
    $("leaderboard").append(el("p", { class: "note" }, "Some scores are of the embedded sample, not the benchmark."));
  }
  showNotes(tasks);
}

// showNotes says what makes models incomparable, once for all tasks alike.
function showNotes(tasks) {
  const byNote = new Map();
  for (const task of tasks) for (const note of task.notes) byNote.set(note, [...(byNote.get(note) ?? []), task.name]);
  for (const [note, names] of byNote) {
    const where = names.length === tasks.length ? "all tasks" : names.slice(0, 8).join(", ") + (names.length > 8 ? ` and ${names.length - 8} more` : "");
    $("leaderboard").append(el("p", { class: "note" }, `Not comparable in ${where}: ${note}.`));
  }
}

// ticks are at most six round numbers that hold the values.
function ticks(low, high) {
  const span = high - low || Math.abs(high) || 1;
  const rough = span / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough);
  const out = [];
  for (let i = Math.floor(low / step + 1e-9); i <= Math.ceil(high / step - 1e-9); i++) out.push(i * step);
  return out.length > 1 ? out : [low - step, low, low + step];
}

function chart(task) {
  const scores = primaries(task).filter((score) => score.value !== null);
  if (scores.length === 0) return undefined;
  const bounds = scores.flatMap((score) => [score.value, score.low ?? score.value, score.high ?? score.value]);
  const marks = ticks(Math.min(...bounds), Math.max(...bounds));
  const [width, row, left, right] = [400, 34, 16, 384];
  const height = row * scores.length + 22;
  const x = (value) => left + ((value - marks[0]) / (marks[marks.length - 1] - marks[0])) * (right - left);
  const share = scores.every((score) => score.share);
  const parts = marks.flatMap((mark) => [
    svg("line", { class: "grid", x1: x(mark), x2: x(mark), y1: 2, y2: height - 18 }),
    svg("text", { class: "tick", x: x(mark), y: height - 5, "text-anchor": "middle" }, String(Number((share ? 100 * mark : mark).toPrecision(6)))),
  ]);
  scores.forEach((score, i) => {
    const label = head.models[score.model].label;
    const y = i * row + 25;
    const text = `${label}: ${written(score.value, share)}${score.low === null ? "" : ` (${written(score.low, share)} to ${written(score.high, share)})`}, n ${score.n}`;
    parts.push(svg("g", {}, svg("title", {}, text),
      svg("text", { x: left, y: y - 9 }, label.length > 58 ? label.slice(0, 57) + "…" : label),
      score.low !== null && svg("line", { class: "range", x1: x(score.low), x2: x(score.high), y1: y, y2: y }),
      score.low !== null && svg("path", { class: "range", d: `M${x(score.low)} ${y - 4}v8M${x(score.high)} ${y - 4}v8` }),
      svg("circle", { cx: x(score.value), cy: y, r: 4.5 })));
  });
  const [name, metric] = taskLabel(task);
  const label = `${name}, ${metric}: ` + scores.map((score) => `${head.models[score.model].label} ${written(score.value, share)}`).join("; ");
  return el("figure", {}, el("figcaption", {}, name, " ", el("span", {}, `${metric} · ${scores[0].n} documents`)),
    svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label }, ...parts.filter(Boolean)));
}

function showCharts() {
  $("charts").append(...head.tasks.map(chart).filter(Boolean));
}

function showRuns() {
  $("runs").append(...head.models.map((model) => el("div", {},
    el("p", {}, el("strong", {}, model.label), ` · ${model.model} · mode ${model.mode} · ${model.device}`),
    ...model.runs.map((run) => el("p", { class: "note" },
      `${run.folder} · ${run.started} UTC · llamaeval ${run.version}${run.limited ? " · limited: only some documents of each task" : ""}`)),
    ...warnings(model.warnings))), allScores());
}

function warnings(list) {
  if (list.length === 0) return [];
  return [el("details", {}, el("summary", {}, list.length === 1 ? "1 warning" : `${list.length} warnings`),
    el("ul", {}, ...list.map((text) => el("li", { class: "note" }, text))))];
}

function allScores() {
  const rows = head.tasks.flatMap((task) => task.scores.map((score) => el("tr", {},
    el("td", {}, taskLabel(task)[0]), el("td", {}, head.models[score.model].label), el("td", {}, metricName(score)),
    el("td", { class: "number" }, written(score.value, score.share)),
    el("td", { class: "number" }, score.low === null ? "–" : `${written(score.low, score.share)} to ${written(score.high, score.share)}`),
    el("td", { class: "number" }, score.shots < 0 ? "–" : String(score.shots)), el("td", { class: "number" }, String(score.n)))));
  const titles = ["Task", "Model", "Metric", "Value", "95% interval", "Shots", "n"];
  return el("details", {}, el("summary", {}, "All metrics"), el("div", { class: "scroll" }, el("table", {},
    el("thead", {}, el("tr", {}, ...titles.map((title, i) => el("th", { scope: "col", class: i > 2 && "number" }, title)))),
    el("tbody", {}, ...rows))));
}
