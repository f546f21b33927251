// The charts of a board's history and of an event's window: value against expected, score against
// threshold. uPlot draws; the colours are those of style.css, light and dark.

const SPANS = { hour: 3.6e6, six: 6 * 3.6e6, day: 24 * 3.6e6, week: 7 * 864e5, month: 30 * 864e5, year: 365 * 864e5 };
const box = document.querySelector(".charts");
const ofWindow = "window" in box.dataset;
const dark = matchMedia("(prefers-color-scheme: dark)");
const TIMES = [ // tick, default, year, month, day, hour, min, sec, mode
  [3600 * 24 * 365, "{YYYY}", null, null, null, null, null, null, 1],
  [3600 * 24 * 28, "{MMM}", "\n{YYYY}", null, null, null, null, null, 1],
  [3600 * 24, "{D} {MMM}", "\n{YYYY}", null, null, null, null, null, 1],
  [60, "{HH}:{mm}", "\n{D} {MMM}", null, "\n{D} {MMM}", null, null, null, 1],
  [1, "{HH}:{mm}:{ss}", "\n{D} {MMM}", null, "\n{D} {MMM}", null, null, null, 1],
];

let unit = "";
let marks = [];
let plots = [];
let current = null; // the columns that are shown

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

function figure(value, of = "") {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  const digits = size >= 1e6 || (size > 0 && size < 1e-4) ? null : size >= 1000 ? 0 : size >= 1 || size === 0 ? 2 : 4;
  const text = digits === null ? value.toPrecision(3)
    : value.toLocaleString("en-GB", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return text.replace("-", "−") + (of ? `\u00a0${of}` : "");
}

const clock = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
function when(x) {
  if (!ofWindow) return clock.format(new Date(x * 1000));
  const digits = Math.abs(x) < 10 && x % 1 ? 2 : 1;
  return `${x < 0 ? "−" : "+"}${Math.abs(x).toFixed(digits)}\u00a0s`;
}

// --- what is drawn ------------------------------------------------------------------------------

function line(name, more = {}) {
  return { stroke: () => colour(name), width: 2, points: { show: false }, spanGaps: false, ...more };
}
const dashed = { width: 1.75, dash: [6, 4] };
const unseen = { stroke: "transparent", width: 0, points: { show: false } };
const lone = { points: { show: (u, i, from, to) => to - from < 3, size: 6 } };

// Each: the columns it shows, the series, and what the pointer reads.
const CHARTS = ofWindow
  ? {
      "plot-value": { columns: [0, 1, 2], series: [line("value", lone), line("expected", dashed)], read: (c, i) => `${figure(c[1][i], unit)}, expected ${figure(c[2][i], unit)}` },
      "plot-score": { columns: [0, 3, 4], zero: true, series: [line("score", lone), line("anomaly", dashed)], read: (c, i) => `${figure(c[3][i])} of ${figure(c[4][i])}` },
    }
  : {
      "plot-value": { columns: [0, 1, 2, 3, 4], band: true, series: [unseen, unseen, line("value", lone), line("expected", dashed)], read: (c, i) => `${figure(c[3][i], unit)} (${figure(c[1][i])} to ${figure(c[2][i])}), expected ${figure(c[4][i], unit)}` },
      "plot-score": { columns: [0, 5, 6], zero: true, series: [line("score", lone), line("anomaly", dashed)], read: (c, i) => `${figure(c[5][i])} of ${figure(c[6][i])}` },
    };

function axis(more) {
  return {
    stroke: () => colour("muted"),
    font: "12px system-ui, sans-serif",
    grid: { stroke: () => colour("grid"), width: 1 },
    ticks: { stroke: () => colour("line"), width: 1, size: 4 },
    ...more,
  };
}

// The y-range around what is there, never thinner than noise would look like a mountain.
function around(zero) {
  return (u, low, high) => {
    if (low === null || high === null) return [0, 1];
    if (zero) return [Math.min(0, low), (high || 1) * 1.12];
    const pad = Math.max((high - low) * 0.12, Math.abs(high) * 1e-3, 1e-6);
    return [low - pad, high + pad];
  };
}

function drawMarks(u) {
  const { ctx, bbox } = u;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top - 9 * ratio, bbox.width, bbox.height + 9 * ratio);
  ctx.clip();
  for (const [t, kind] of marks) {
    const x = Math.round(u.valToPos(t, "x", true)) + 0.5;
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.strokeStyle = ctx.fillStyle = colour(kind);
    ctx.lineWidth = 1.25 * ratio;
    ctx.setLineDash([]);
    ctx.globalAlpha = 0.6;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.globalAlpha = 1;
    const half = 4.5 * ratio; // a triangle for an anomaly, a diamond for a fault
    const corners = kind === "anomaly" ? [[-1, 1], [0, -1], [1, 1]] : [[0, -1], [1, 0], [0, 1], [-1, 0]];
    ctx.beginPath();
    corners.forEach(([a, b]) => ctx.lineTo(x + a * half, bbox.top - 4 * ratio + b * half));
    ctx.fill();
  }
  ctx.restore();
}

function make(id, columns) {
  const { series, band, zero } = CHARTS[id];
  const element = document.getElementById(id);
  element.textContent = "";
  const options = {
    width: element.clientWidth,
    height: element.clientHeight,
    padding: [10, 12, 0, 0],
    legend: { show: false },
    cursor: { sync: { key: "charts" }, y: false, drag: { x: !ofWindow, y: false, setScale: false }, points: { size: 7 } },
    scales: { x: { time: !ofWindow, ...(ofWindow ? {} : { range: () => shownRange() }) }, y: { range: around(zero) } },
    series: [{}, ...series],
    bands: band ? [{ series: [2, 1], fill: () => colour("band") }] : [],
    axes: [
      axis(ofWindow ? { size: 28, values: (u, ticks) => ticks.map((t) => `${figure(t).replace(/\.?0+$/, "") || 0} s`) } : { values: TIMES, space: 70, size: 44 }),
      axis({ size: 58, space: 30, values: (u, ticks) => ticks.map((t) => t.toLocaleString("en-GB", { maximumFractionDigits: 4 })) }),
    ],
    hooks: { setCursor: [read], setSelect: [zoomed], drawAxes: [], draw: [drawMarks] },
  };
  const u = new uPlot(options, CHARTS[id].columns.map((n) => columns[n]), element);
  if (!ofWindow) u.over.addEventListener("click", () => markAt(u) && location.assign(markAt(u)[3]));
  return u;
}

function read(u) {
  const i = u.cursor.idx;
  const on = current && i !== null && i !== undefined && u.cursor.left >= 0;
  const near = on && !ofWindow ? markAt(u) : undefined;
  for (const id of Object.keys(CHARTS)) {
    const text = on ? `${when(current[0][i])}: ${CHARTS[id].read(current, i)}` : "";
    document.getElementById(id.replace("plot", "read")).textContent = text;
    document.getElementById(id).classList.toggle("marked", Boolean(near));
  }
  if (near) document.getElementById("read-value").textContent = `${when(near[0])}: ${near[2]}`;
}

// The mark under the pointer, which a click opens.
function markAt(u) {
  return marks.find(([t]) => Math.abs(u.valToPos(t, "x") - u.cursor.left) < 6);
}

// --- the range ------------------------------------------------------------------------------------

let range = box.dataset.range;
let zoom = null; // [since, until] in ms, instead of the range

function shownRange() {
  const [since, until] = span();
  return [since / 1000, until / 1000];
}

function span() {
  const now = Date.now();
  return zoom ?? [now - SPANS[range], now];
}

function zoomed(u) {
  if (ofWindow || u.select.width < 8 || !u.cursor.event) return; // not of the other chart
  const [from, to] = [u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x")];
  u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  setZoom([Math.round(from * 1000), Math.round(Math.max(to, from + 120) * 1000)]);
}

function setZoom(to) {
  zoom = to;
  document.getElementById("unzoom").hidden = !zoom;
  load();
}

// --- data -----------------------------------------------------------------------------------------

let tag = null;
let live = []; // rows since the last whole minute, as the board has sent them

async function fetched(address) {
  const answer = await fetch(address, { cache: "no-store", headers: tag ? { "If-None-Match": tag } : {} });
  if (answer.status === 404) return null;
  if (answer.status === 304 || !answer.ok) return undefined;
  tag = answer.headers.get("ETag");
  return answer.json();
}

async function load() {
  const [since, until] = span().map(Math.round);
  const points = Math.min(700, Math.max(120, Math.round(box.clientWidth / 1.6)));
  tag = null;
  const found = await fetched(`${box.dataset.history}?since=${since}&until=${until}&points=${points}`);
  if (!found) return;
  unit = found.unit;
  marks = found.marks;
  show(zoom ? found.columns : withNow(found.columns, found.now));
}

function withNow(columns, now) {
  const last = columns[0].length ? columns[0].at(-1) + 30 : 0;
  if (now && now[0] !== live.at(-1)?.[0]) live.push(now);
  live = live.filter((row) => row[0] > last).slice(-60);
  return columns.map((column, n) => [...column, ...live.map((row) => row[n])]);
}

async function loadWindow() {
  const found = await fetched(box.dataset.window);
  if (!found) return;
  document.getElementById("no-window").hidden = true;
  for (const chart of box.querySelectorAll(".chart")) chart.hidden = false;
  unit = found.unit;
  marks = [[0, "anomaly"]];
  show(found.columns);
}

function show(columns) {
  current = columns;
  const figures = ofWindow ? [1, 3] : [3, 5]; // value and score
  const empty = figures.every((n) => columns[n].every((value) => value === null));
  for (const [id, chart] of Object.entries(CHARTS)) {
    if (empty) {
      plots[id]?.destroy();
      delete plots[id];
      const nothing = document.createElement("p");
      nothing.className = "nothing";
      nothing.textContent = "Nothing in this range.";
      document.getElementById(id).replaceChildren(nothing);
    } else if (plots[id]) {
      plots[id].setData(chart.columns.map((n) => columns[n]));
    } else {
      plots[id] = make(id, columns);
    }
  }
  box.dataset.drawn = String(columns[0].length);
}

// --- keys, sizes, colours -----------------------------------------------------------------------

function step(event) {
  const u = plots[event.currentTarget.id];
  const moves = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity };
  if (!u || !(event.key in moves)) return;
  event.preventDefault();
  const last = current[0].length - 1;
  const at = u.cursor.idx ?? last;
  const to = Math.min(last, Math.max(0, at + moves[event.key]));
  u.setCursor({ left: u.valToPos(current[0][to], "x"), top: 10 });
}

for (const id of Object.keys(CHARTS)) {
  const element = document.getElementById(id);
  element.addEventListener("keydown", step);
  new ResizeObserver(() => {
    plots[id]?.setSize({ width: element.clientWidth, height: element.clientHeight });
  }).observe(element);
}
dark.addEventListener("change", () => Object.values(plots).forEach((u) => u.redraw(false)));

if (ofWindow) {
  loadWindow();
  let left = 40; // the frames after the start come a little later
  const timer = setInterval(() => (left-- > 0 ? loadWindow() : clearInterval(timer)), 2000);
} else {
  for (const link of document.querySelectorAll("[data-range]:is(a)")) {
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      document.querySelector("a[data-range][aria-current]")?.removeAttribute("aria-current");
      link.setAttribute("aria-current", "true");
      range = link.dataset.range;
      history.replaceState(null, "", link.href);
      setZoom(null);
    });
  }
  document.getElementById("unzoom").addEventListener("click", () => setZoom(null));
  load();
  setInterval(() => {
    if (!zoom && document.visibilityState === "visible" && Date.now() % (SPANS[range] / 720) < 5000) load();
  }, 5000);
}
