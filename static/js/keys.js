// The keyboard layer: data-key="a" on anything that can be pressed, walking over [data-rows], and one dialog that lists it all.

const SEQUENCE_MS = 1_200;
const root = document.documentElement;
const commands = document.getElementById("commands");
let first = null;

function singleKeysOff() {
  return root.dataset.shortcuts === "off";
}

// In a checkbox or a button letters mean nothing, so they may be shortcuts there; in a text field never.
function typing(target) {
  return (
    target.isContentEditable ||
    target.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=button], [type=submit], [type=reset])")
  );
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229 || event.defaultPrevented || !(event.target instanceof Element)) return;
  if ((event.ctrlKey || event.metaKey) && event.key === "k" && commands) {
    event.preventDefault();
    document.dispatchEvent(new CustomEvent("open-dialog", { detail: { id: "commands" } }));
    return;
  }
  // Out of the search box, where keys are letters, back to where they are shortcuts.
  if (event.key === "Escape" && event.target.matches("form[role=search] *")) event.target.blur();
  const alone = !event.altKey || /^Arrow(Up|Down)$/.test(event.key);
  if (event.ctrlKey || event.metaKey || !alone || singleKeysOff() || typing(event.target)) return;
  const key = name(event);
  const pair = first && Date.now() - first.at < SEQUENCE_MS ? `${first.key} ${key}` : null;
  first = null;
  if (press(pair, event) || walk(pair, event) || press(key, event) || walk(key, event)) event.preventDefault();
  else if (key === "g" || key === "*") first = { key, at: Date.now() };
});

// "Shift+a" for a letter, "Alt+ArrowUp" for an arrow; a sign such as ? or * is its own name whatever keys make it.
function name(event) {
  if (event.altKey) return `Alt+${event.key}`;
  return event.shiftKey && /^[A-Za-z]$/.test(event.key) ? `Shift+${event.key.toLowerCase()}` : event.key;
}

function scope() {
  return [...document.querySelectorAll("dialog[open]")].at(-1) ?? document;
}

// The row one stands on answers first, then the page; another row's keys are not meant.
function press(key, event) {
  if (!key) return false;
  const row = event.target.closest("[data-row]");
  const selector = `[data-key="${CSS.escape(key)}"]`;
  const onPage = [...scope().querySelectorAll(selector)].filter((element) => !element.closest("[data-row]"));
  const element = row?.querySelector(selector) ?? onPage.find((candidate) => candidate.checkVisibility()) ?? onPage[0];
  if (!element || element.closest("[hidden], [inert]")) return false;
  activate(element);
  return true;
}

function activate(element) {
  if (element.matches("input:not([type=checkbox], [type=radio]), textarea, select")) {
    element.focus();
    element.select?.();
  } else {
    element.click();
  }
}

// ---- walking rows: the row one is on is the row that holds the focus

function walk(key, event) {
  const rows = [...scope().querySelectorAll("[data-rows] [data-row]")];
  const here = rows.indexOf(event.target.closest("[data-row]"));
  const arrows = event.target.matches("[data-row] *, body, [tabindex='-1']") && !event.target.matches("[type=radio]");
  if (key === "j" || (key === "ArrowDown" && arrows && here >= 0)) return stand(rows[Math.min(here + 1, rows.length - 1)]);
  if (key === "k" || (key === "ArrowUp" && arrows && here >= 0)) return stand(rows[Math.max(here - 1, 0)]);
  if (key === "x" || key === "Shift+x") return choose(rows[here], event.shiftKey);
  if (key === "Escape") return Boolean(document.querySelector("[data-row-check]:checked")) && chooseAll(false);
  if (key === "* a" || key === "* n") return chooseAll(key === "* a");
  if (key === "o" || (key === "Enter" && event.target.matches("[type=checkbox]"))) return openRow(rows[here]);
  if (key === "[" || key === "]") return follow(key === "[" ? "prev" : "next");
  return false;
}

function stand(row) {
  const target = row && (row.querySelector("[data-row-link]") ?? row.querySelector("a[href], button, input:not([type=hidden])"));
  target?.focus();
  row?.scrollIntoView({ block: "nearest" });
  return Boolean(target);
}

function choose(row, range) {
  const check = row?.querySelector("[data-row-check]");
  check?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, shiftKey: range }));
  return Boolean(check);
}

function chooseAll(checked) {
  if (!document.querySelector("[data-row-check]")) return false;
  document.dispatchEvent(new CustomEvent("select-rows", { detail: { checked } }));
  return true;
}

function openRow(row) {
  const link = row?.querySelector("[data-row-link], a[href]");
  link?.click();
  return Boolean(link);
}

function follow(rel) {
  const link = scope().querySelector(`a[rel~="${rel}"]`);
  link?.click();
  return Boolean(link);
}

// ---- the list of commands: everything on this page that has a key, filtered as one types

function label(element) {
  const words = element.ariaLabel ?? element.labels?.[0]?.textContent ?? (element.querySelector(":scope > span") ?? element).textContent;
  return words.trim().replace(/\s+/g, " ");
}

function listCommands() {
  const seen = new Map();
  for (const element of document.querySelectorAll("[data-key]")) {
    const key = element.dataset.key;
    const usable = !element.closest("dialog") && !(element.closest("[data-row]") && seen.has(key));
    if (usable && (!seen.has(key) || !seen.get(key).checkVisibility())) seen.set(key, element);
  }
  const list = document.getElementById("commands-list");
  list.replaceChildren(...[...seen].filter(([key]) => key !== "?").map(([key, element]) => commandFor(key, element)));
  for (const item of commands.querySelectorAll("[data-when]")) item.hidden = !document.querySelector(item.dataset.when);
}

function commandFor(key, element) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "commands__item" });
  const words = Object.assign(document.createElement("span"), { textContent: label(element) });
  button.append(words, Object.assign(document.createElement("kbd"), { textContent: key.replace("+", " "), hidden: singleKeysOff() }));
  button.addEventListener("click", () => {
    commands.close();
    activate(element);
  });
  return button;
}

function filterCommands(text) {
  const wanted = text.normalize("NFKC").toLowerCase();
  for (const item of commands.querySelectorAll("button.commands__item")) {
    item.hidden = !item.textContent.toLowerCase().includes(wanted);
  }
}

if (commands) {
  const filter = document.getElementById("commands-filter");
  commands.addEventListener("opening", () => {
    filter.value = "";
    listCommands();
  });
  filter.addEventListener("input", () => filterCommands(filter.value));
  filter.addEventListener("keydown", (event) => {
    const items = [...commands.querySelectorAll("button.commands__item:not([hidden])")];
    if (event.key === "Enter" && !event.isComposing) items[0]?.click();
    else if (event.key === "ArrowDown") items[0]?.focus();
    else return;
    event.preventDefault();
  });
  commands.addEventListener("keydown", (event) => {
    const items = [...commands.querySelectorAll("button.commands__item:not([hidden])")];
    const here = items.indexOf(event.target);
    if (here < 0 || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
    event.preventDefault();
    (items[here + (event.key === "ArrowDown" ? 1 : -1)] ?? filter).focus();
  });
}
