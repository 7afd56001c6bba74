// Tokens as a heat map: the less likely, the stronger the colour.
const MOST_TOKENS = 3000; // shown at once
const HOT = 6; // nats at which the colour is full

const shownToken = (text) => text.replaceAll("\n", "⏎\n").replaceAll("\t", "⇥\t");

function heatMap(ids, logprobs, table, name) {
  const map = el("div", { class: "heat", tabindex: "0", role: "group", "aria-label": `${name}: ${ids.length} tokens with their log-probabilities; arrow keys go from token to token` });
  const reading = el("p", { class: "reading", "aria-live": "polite" });
  let current = -1;
  const point = (k) => {
    if (k < 0 || k >= map.children.length) return;
    map.children[current]?.classList.remove("current");
    current = k;
    map.children[k].classList.add("current");
    const p = Number(logprobs[k]);
    const text = table?.[ids[k]];
    reading.textContent = `Token ${k + 1} of ${ids.length}${text === undefined ? "" : ` ${JSON.stringify(text)}`} (${ids[k]}): log-probability ${p.toFixed(3)}, probability ${percent(Math.exp(p))}`;
  };
  const draw = (end) => {
    const parts = [];
    for (let k = 0; k < end; k++) {
      const text = table?.[ids[k]];
      const token = el("span", { class: text === undefined && "number" }, text === undefined ? String(ids[k]) : shownToken(text));
      token.style.setProperty("--p", Math.min(1, -Number(logprobs[k]) / HOT).toFixed(3));
      parts.push(token);
    }
    map.replaceChildren(...parts);
  };
  draw(Math.min(ids.length, MOST_TOKENS));
  const index = (event) => Array.prototype.indexOf.call(map.children, event.target);
  map.addEventListener("mouseover", (event) => point(index(event)));
  map.addEventListener("click", (event) => point(index(event)));
  map.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    point(Math.max(0, Math.min(map.children.length - 1, current + step)));
    map.children[current].scrollIntoView({ block: "nearest" });
  });
  const out = [map, reading];
  if (ids.length > MOST_TOKENS) {
    const all = el("button", { type: "button" }, `Show all ${ids.length} tokens`);
    all.addEventListener("click", () => { draw(ids.length); all.remove(); });
    out.push(all);
  }
  return out;
}

function percent(p) {
  const value = 100 * p;
  return `${value >= 10 ? value.toFixed(0) : value >= 0.1 ? value.toFixed(1) : value.toPrecision(1)}%`;
}

const legend = () => el("p", { class: "note" }, "likely ", el("span", { class: "legend", "aria-hidden": "true" }), ` unlikely (full colour: ${percent(Math.exp(-HOT))} or less)`);
