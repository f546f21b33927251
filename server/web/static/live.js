// Keeps a page up to date: asks once a second for its parts that change, and puts the times into
// the browser's zone. Everything here only changes what the server has written and escaped.

const PERIOD_MS = 1000;
const SLOWEST_MS = 10000;

const clock = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
const time = new Intl.DateTimeFormat("en-GB", clock);
const day = new Intl.DateTimeFormat("en-GB", { ...clock, day: "numeric", month: "short" });
const full = new Intl.DateTimeFormat("en-GB", { ...clock, day: "numeric", month: "short", year: "numeric" });

function localise(root) {
  for (const element of root.querySelectorAll("time")) {
    const date = new Date(element.dateTime);
    if (isNaN(date)) continue;
    element.title = `${full.format(date)} (${element.dateTime})`;
    if (element.dataset.kind !== "ago") element.textContent = shown(date, element.dataset.kind);
    else element.textContent = ago(date);
  }
}

function shown(date, kind) {
  const now = new Date();
  if (kind === "full" || date.getFullYear() !== now.getFullYear()) return full.format(date);
  return date.toDateString() === now.toDateString() ? time.format(date) : day.format(date);
}

function ago(date) {
  const seconds = Math.max(0, (Date.now() - skew - date) / 1000);
  if (seconds < 15) return "just now";
  if (seconds < 60) return `${Math.floor(seconds / 5) * 5} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86400)} days ago`;
}

// --- parts that change -----------------------------------------------------------------------

// Makes `old` like `fresh` and touches only what differs, so that focus and selection stay.
function morph(old, fresh) {
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  }
  for (const { name, value } of [...fresh.attributes]) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  const byId = new Map([...old.children].filter((child) => child.id).map((child) => [child.id, child]));
  let place = old.firstChild;
  for (const child of [...fresh.childNodes]) {
    const known = child.id ? byId.get(child.id) : place;
    if (known && !(known.id && known.id !== child.id) && known.nodeName === child.nodeName) {
      if (known !== place) old.insertBefore(known, place);
      if (known.nodeType === Node.ELEMENT_NODE) morph(known, child);
      else if (known.nodeValue !== child.nodeValue) known.nodeValue = child.nodeValue;
      place = known.nextSibling;
    } else {
      old.insertBefore(child, place);
    }
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

let skew = 0; // this computer's clock before the server's, ms
let tag = null;
let failures = 0;

async function poll() {
  const answer = await fetch(document.body.dataset.live, {
    headers: tag ? { "If-None-Match": tag } : {},
    signal: AbortSignal.timeout(SLOWEST_MS),
    cache: "no-store",
  });
  const date = Date.parse(answer.headers.get("Date"));
  if (!isNaN(date) && Math.abs(Date.now() - date - skew) > 2000) skew = Date.now() - date;
  if (answer.status === 401 || answer.status === 404) location.reload(); // logged out; deleted
  if (answer.status === 200) {
    tag = answer.headers.get("ETag");
    const parts = new DOMParser().parseFromString(await answer.text(), "text/html").body;
    localise(parts);
    for (const part of [...parts.children]) {
      const old = document.getElementById(part.id);
      if (old) morph(old, part);
    }
    pulse();
  } else if (answer.status !== 304) {
    throw new Error(answer.statusText);
  }
}

async function follow() {
  if (document.visibilityState === "visible") {
    try {
      await poll();
      if (failures) said("connection", "");
      failures = 0;
    } catch {
      failures += 1;
      if (failures >= 3) said("connection", "The server does not answer; trying again.");
    }
  }
  setTimeout(follow, Math.min(PERIOD_MS * 2 ** Math.max(0, failures - 3), SLOWEST_MS));
}

// --- new alarms --------------------------------------------------------------------------------

const pageTitle = document.title;
let lastAlarm = null;

function pulse() {
  const data = document.getElementById("pulse")?.dataset;
  if (!data) return;
  const alarm = data.alarm ?? "";
  if (lastAlarm !== null && alarm && alarm !== lastAlarm) said("announce", data.text);
  lastAlarm = alarm;
  document.title = Number(data.open) ? `(${data.open}) ${pageTitle}` : pageTitle;
}

function said(id, text) {
  const element = document.getElementById(id);
  if (element && element.textContent !== text) element.textContent = text;
}

// --- once ---------------------------------------------------------------------------------------

localise(document);
setInterval(() => localise(document), 5000);
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone) said("zone", `Times are in your zone, ${zone.replaceAll("_", " ")}.`);
if (document.body.dataset.live) {
  pulse();
  setTimeout(follow, PERIOD_MS);
}
// A command takes up to five seconds: a second click would be a second command.
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  setTimeout(() => {
    for (const other of event.target.querySelectorAll("button")) other.disabled = true;
    button?.setAttribute("aria-busy", "true");
  });
});
addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("button[aria-busy], button:disabled")) {
    button.disabled = false;
    button.removeAttribute("aria-busy");
  }
});
