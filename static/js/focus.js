// Where the keyboard stands after a part of the page was replaced: never on nothing.

let before = null;

document.addEventListener("htmx:before:swap", () => {
  const element = document.activeElement;
  if (!element || element === document.body) return;
  const row = element.closest("[data-row]");
  const rows = row?.closest("[data-rows]");
  before = {
    element,
    rowsId: rows?.id,
    place: rows ? [...rows.querySelectorAll("[data-row]")].indexOf(row) : -1,
    around: ancestors(element),
  };
});

document.addEventListener("htmx:after:swap", (event) => {
  const wanted = event.detail.ctx.sourceElement?.closest?.("[data-focus-after]")?.dataset.focusAfter;
  const target = wanted && document.querySelector(wanted);
  if (target) target.focus();
  else if (before && lost()) restore(before);
  before = null;
});

function lost() {
  return !document.activeElement || document.activeElement === document.body;
}

function ancestors(element) {
  const ids = [];
  for (let node = element; node && node !== document.body; node = node.parentElement) if (node.id) ids.push(node.id);
  return ids;
}

// The row that took the place of the one worked on, else the nearest thing around it that is still there, else the page's title.
function restore({ rowsId, place, around }) {
  const rows = rowsId ? document.getElementById(rowsId)?.querySelectorAll("[data-row]") : null;
  if (rows?.length && focusInside(rows[Math.min(place, rows.length - 1)])) return;
  for (const id of around) {
    const node = document.getElementById(id);
    if (node && id !== "main" && focusInside(node)) return;
  }
  (document.getElementById("title") ?? document.getElementById("main"))?.focus();
}

function focusInside(node) {
  const target = node.matches("a[href], button, input, select, textarea, summary, [tabindex]")
    ? node
    : node.querySelector("a[href], button:not(:disabled), input:not([type=hidden]), select, textarea, summary");
  target?.focus();
  return Boolean(target) && document.activeElement === target;
}
