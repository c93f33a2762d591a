// Live updates: one stream names what changed, one request fetches the parts of this page that show it, a morph puts them in place.

const BETWEEN_MS = 250;
const TOGETHER_MS = 40;
const JITTER_MS = 80;
const DOWN_MS = 10_000;
const POLL_MS = 15_000;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 30_000;
const AT_ONCE = 100;

const line = document.getElementById("live-line");
const changed = new Set();
let everything = false;
let source = null;
let tries = 0;
let fetching = false;
let asked = -Infinity;
let ended = false;
let applying = false;
const timers = { flush: 0, poll: 0, retry: 0 };

if (line?.dataset.stream) start();

function start() {
  htmx.registerExtension("keep-typed", { htmx_before_morph_attr: mayChange, htmx_before_morph_node: mayReplace });
  // A hidden tab holds no connection: over HTTP/1.1 six of them would starve all others.
  document.addEventListener("visibilitychange", () => (document.hidden ? rest() : open()));
  window.addEventListener("online", open);
  if (!document.hidden) open();
}

// ---- the stream

function open() {
  if (source || ended) return;
  clearTimeout(timers.retry);
  source = new EventSource(line.dataset.stream);
  source.addEventListener("open", connected);
  source.addEventListener("error", lost);
  source.addEventListener("changed", (event) => {
    for (const key of JSON.parse(event.data).keys) changed.add(key);
    // The server lost track of what this tab was told.
    if (changed.has("*")) everything = true;
    schedule();
  });
}

// What changed between the page's making and this moment, or while we were away, was announced to nobody.
function connected() {
  tries = 0;
  clearTimeout(timers.poll);
  timers.poll = 0;
  say("live");
  everything = true;
  schedule();
}

// We close and come back ourselves: the browser's own return has no jitter, and none at all after an error status.
function lost() {
  source?.close();
  source = null;
  if (ended || document.hidden) return;
  if (!tries) say("reconnecting");
  timers.poll ||= setTimeout(poll, DOWN_MS);
  const wait = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** tries++);
  timers.retry = setTimeout(open, wait * (0.6 + 0.8 * Math.random()));
}

function rest() {
  source?.close();
  source = null;
  for (const name of Object.keys(timers)) {
    clearTimeout(timers[name]);
    timers[name] = 0;
  }
}

function poll() {
  everything = true;
  flush();
  timers.poll = setTimeout(poll, POLL_MS);
}

// Without a network an open stream says nothing of its end.
document.addEventListener("offline-said", (event) => {
  if (!line) return;
  if (event.detail.offline) say("offline");
  else say(source?.readyState === EventSource.OPEN ? "live" : "reconnecting");
});

// ---- fetching

// One request in a while at most, and a change after a quiet while is asked for at once: soon enough to be seen, late
// enough for what changes together. The jitter keeps a team's tabs apart.
function schedule() {
  const pause = Math.max(TOGETHER_MS, asked + BETWEEN_MS - performance.now());
  timers.flush ||= setTimeout(flush, pause + JITTER_MS * Math.random());
}

async function flush() {
  clearTimeout(timers.flush);
  timers.flush = 0;
  if (fetching || ended) return;
  const ids = wanted();
  everything = false;
  changed.clear();
  if (!ids.length) return;
  asked = performance.now();
  fetching = true;
  try {
    for (let from = 0; from < ids.length; from += AT_ONCE) await load(ids.slice(from, from + AT_ONCE));
  } finally {
    fetching = false;
  }
  if (everything || changed.size) schedule();
}

function wanted() {
  return [...document.querySelectorAll("[data-live][id]")]
    .filter((element) => everything || element.dataset.live.split(/\s+/).some((key) => changed.has(key)))
    .map((element) => element.id);
}

async function load(ids) {
  const query = new URLSearchParams(ids.map((id) => ["id", id]));
  const headers = { Accept: "text/html", "HX-Request": "true", "HX-Request-Type": "partial", "HX-Current-URL": location.href };
  let response;
  try {
    response = await fetch(`${line.dataset.fragments}?${query}`, { headers, cache: "no-store", signal: AbortSignal.timeout(20_000) });
  } catch {
    reach(false);
    again();
    return;
  }
  reach(true);
  if (response.status === 401) end(response.headers.get("HX-Redirect"));
  else if (response.ok) apply(await response.text());
  else again();
}

function reach(server) {
  document.dispatchEvent(new CustomEvent("reached", { detail: { server } }));
}

// The server could not answer: ask for everything a little later. While the stream is down the poll does that.
function again() {
  if (!source) return;
  setTimeout(() => {
    everything = true;
    schedule();
  }, 5_000 * (1 + Math.random()));
}

function end(redirect) {
  ended = true;
  rest();
  document.dispatchEvent(new CustomEvent("session-ended"));
  if (redirect) location.assign(redirect);
}

// ---- putting it in place

// htmx.swap runs its swaps before it first waits, so `applying` covers exactly this reply.
function apply(text) {
  applying = true;
  try {
    htmx.swap({ text, sourceElement: line, target: line, swap: "none" });
  } finally {
    applying = false;
  }
  if (!source || source.readyState !== EventSource.OPEN) say("updated");
}

// A live update never takes back what a person has typed, ticked or opened; the reply to their own form may.
function mayChange(element, { attrName }) {
  if (!applying) return true;
  if (attrName === "open" && element.matches("details, dialog")) return false;
  if (attrName === "value" && element.matches("input")) return element.value === element.defaultValue;
  if (attrName === "checked" && element.matches("input")) return element.checked === element.defaultChecked;
  if (attrName === "selected" && element.matches("option")) return element.selected === element.defaultSelected;
  return true;
}

function mayReplace(element) {
  return !applying || !element.matches?.("textarea") || element.value === element.defaultValue;
}

// ---- the line in the header

function say(state) {
  line.dataset.uiState = state === "updated" ? "still" : state;
  const { textLive: live, textReconnecting: reconnecting, textUpdated: updated, textOffline: offline } = line.dataset;
  const words = { live, reconnecting, updated, offline }[state];
  const time = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  line.textContent = words.replace("{time}", time);
}
