// Toasts, spoken announcements, busy buttons, the undo countdown, and what is said while there is no network.

const TOAST_MS = 5_000;
const TOAST_WITH_UNDO_MS = 10_000;
const root = document.documentElement;

// ---- announcements: any module dispatches "announce" with {text}

document.addEventListener("announce", (event) => {
  const live = document.getElementById("live");
  if (live) live.textContent = event.detail.text;
});

function announce(text) {
  document.dispatchEvent(new CustomEvent("announce", { detail: { text } }));
}

// ---- toasts: HX-Trigger: {"toast": {"text", "tone", "url"}}; with a url the toast offers Undo, which posts there

document.addEventListener("toast", (event) => show(event.detail));
for (const toast of document.querySelectorAll("[data-toast]")) expire(toast);

function show({ text, tone = "success", url }) {
  const toast = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
  const shape = { success: "success", warning: "critical", critical: "critical" }[tone] ?? "info";
  const use = toast.querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${shape}`));
  toast.className = `toast toast--${tone}`;
  toast.querySelector(".toast__text").textContent = text;
  const undo = toast.querySelector("form");
  if (url) {
    undo.action = url;
    undo.setAttribute("hx-post", url);
    // One thing can be undone at a time: the last.
    for (const older of document.querySelectorAll("#toasts form")) older.closest("[data-toast]").remove();
  } else {
    undo.remove();
  }
  document.getElementById("toasts").append(toast);
  htmx.process(toast);
  expire(toast);
}

// A toast being read or reached for does not leave.
function expire(toast) {
  const after = toast.querySelector("form") ? TOAST_WITH_UNDO_MS : TOAST_MS;
  let timer = setTimeout(() => toast.remove(), after);
  for (const come of ["pointerenter", "focusin"]) toast.addEventListener(come, () => clearTimeout(timer));
  for (const go of ["pointerleave", "focusout"]) {
    toast.addEventListener(go, () => {
      clearTimeout(timer);
      timer = setTimeout(() => toast.remove(), after);
    });
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-dismiss]");
  button?.closest(button.dataset.dismiss)?.remove();
});

// Undone: the offer goes, whatever the answer; the answer brings its own words.
document.addEventListener("htmx:finally:request", (event) => {
  const { sourceElement } = event.detail.ctx;
  if (sourceElement.matches("[data-toast] form")) sourceElement.closest("[data-toast]").remove();
});

// ---- undo countdown: display only, the server decides

function count(bar) {
  let left = Number(bar.dataset.undoSeconds);
  const number = bar.querySelector("[data-undo-count]");
  const timer = setInterval(() => {
    left -= 1;
    number.textContent = String(left);
    if (left > 0 && bar.isConnected) return;
    clearInterval(timer);
    bar.remove();
  }, 1_000);
}

function countUndoBars() {
  for (const bar of document.querySelectorAll("[data-undo-seconds]:not([data-ui-counting])")) {
    bar.dataset.uiCounting = "";
    count(bar);
  }
}

countUndoBars();
document.addEventListener("htmx:after:swap", countUndoBars);

// ---- busy: one press, one request. The server's own guard stands behind this one.

const busy = new Map();

document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    if (form.method === "dialog") return;
    if (form.method === "post" && (busy.has(form) || "uiOffline" in root.dataset)) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
  },
  true,
);

// Heard last, when every other listener has had its say. htmx prevents the default of each form it sends.
window.addEventListener("submit", ({ target: form, submitter, defaultPrevented }) => {
  if (form.method === "dialog" || !submitter?.matches(".button")) return;
  if (!defaultPrevented || form.matches("[data-htmx-powered]")) setBusy(form, submitter);
});

document.addEventListener(
  "click",
  (event) => {
    if (!event.target.closest("[data-ui-busy]")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  },
  true,
);

function setBusy(key, button) {
  button.dataset.uiBusy = "";
  button.setAttribute("aria-disabled", "true");
  busy.set(key, button);
}

function rest(key) {
  const button = busy.get(key);
  if (!button) return;
  delete button.dataset.uiBusy;
  button.removeAttribute("aria-disabled");
  busy.delete(key);
}

document.addEventListener("htmx:before:request", (event) => {
  const { sourceElement } = event.detail.ctx;
  if (sourceElement.matches("button.button")) setBusy(sourceElement, sourceElement);
});

// A source that its own reply replaced gets its events on the document.
document.addEventListener("htmx:finally:request", (event) => {
  const { sourceElement, keepIndicators } = event.detail.ctx;
  if (!keepIndicators) rest(sourceElement);
  for (const key of busy.keys()) if (!key.isConnected) busy.delete(key);
});
window.addEventListener("pageshow", () => [...busy.keys()].forEach(rest));

// ---- offline: the browser says so, or two requests in a row got no answer at all

let failures = 0;

function setOffline(offline) {
  const banner = document.getElementById("offline");
  if (!banner || offline === "uiOffline" in root.dataset) return;
  if (offline) root.dataset.uiOffline = "";
  else delete root.dataset.uiOffline;
  banner.hidden = !offline;
  document.dispatchEvent(new CustomEvent("offline-said", { detail: { offline } }));
  if (offline) announce(banner.innerText);
}

window.addEventListener("offline", () => setOffline(true));
window.addEventListener("online", () => setOffline(false));
document.addEventListener("htmx:error", (event) => {
  if (event.detail.ctx && !event.detail.ctx.response) reached(false);
});
document.addEventListener("htmx:after:request", () => reached(true));
document.addEventListener("reached", (event) => reached(event.detail.server));
if (!navigator.onLine) setOffline(true);

function reached(server) {
  failures = server ? 0 : failures + 1;
  if (server || failures >= 2) setOffline(!server || !navigator.onLine);
}

// ---- pictures that do not come: the quiet placeholder instead of the browser's broken one

const bare = (image) => image.closest(".thumb")?.setAttribute("data-ui-bare", "");
document.addEventListener("error", (event) => event.target instanceof HTMLImageElement && bare(event.target), true);
for (const image of document.images) if (image.complete && !image.naturalWidth && image.src) bare(image);
