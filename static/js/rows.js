// Lists: the open view in sight, selecting rows, and the bar of what can be done with the selected ones.

let last = null;

// Where the views do not fit side by side the open one may lie beyond the edge.
// Sideways only: tabs far down a page must not take the reader there.
const tab = document.querySelector(".tabs [aria-current]");
tab?.parentElement.scrollBy(tab.getBoundingClientRect().right - tab.parentElement.getBoundingClientRect().right, 0);

function checks() {
  return [...document.querySelectorAll("[data-row-check]")];
}

function recount() {
  const all = checks();
  const chosen = all.filter((check) => check.checked).length;
  for (const bar of document.querySelectorAll("[data-bulk-bar]")) {
    bar.toggleAttribute("data-ui-open", chosen > 0);
    const output = bar.querySelector("output");
    if (chosen) output.textContent = output.dataset.countText.replace("{n}", String(chosen));
  }
  for (const head of document.querySelectorAll("[data-select-all]")) {
    head.checked = chosen > 0 && chosen === all.length;
    head.indeterminate = chosen > 0 && chosen < all.length;
  }
}

function selectAll(checked) {
  for (const check of checks()) check.checked = checked;
  recount();
}

document.addEventListener("click", (event) => {
  const check = event.target.closest("[data-row-check]");
  if (!check) return;
  const all = checks();
  if (event.shiftKey && last?.isConnected) {
    const [from, to] = [all.indexOf(last), all.indexOf(check)].sort((a, b) => a - b);
    for (const between of all.slice(from, to + 1)) between.checked = check.checked;
  }
  last = check;
  recount();
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-select-all]")) selectAll(event.target.checked);
  else if (event.target.matches("[data-row-check]")) recount();
});
document.addEventListener("select-rows", (event) => selectAll(event.detail.checked));
document.addEventListener("htmx:after:swap", recount);
window.addEventListener("pageshow", recount);
