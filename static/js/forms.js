// Unsaved changes and their save bar, values kept across a sign-in, show-password, copy, theme, and titles of failed forms.

const DIRTY = "form[data-dirty-form]";
const root = document.documentElement;

// ---- unsaved changes

function changed(control) {
  if (control.matches("[type=checkbox], [type=radio]")) return control.checked !== control.defaultChecked;
  if (control.matches("select")) return [...control.options].some((option) => option.selected !== option.defaultSelected);
  return "defaultValue" in control && control.value !== control.defaultValue && control.type !== "hidden";
}

// A select without a chosen option shows its first one; make that its default, or it would count as changed.
function settle(form) {
  for (const select of form.querySelectorAll("select:not([multiple])")) {
    if (select.selectedIndex >= 0 && ![...select.options].some((option) => option.defaultSelected)) {
      select.options[select.selectedIndex].defaultSelected = true;
    }
  }
}

function weigh(form) {
  // A form the server sent back unsaved is dirty from its first moment.
  const dirty = "unsaved" in form.dataset || [...form.elements].some(changed);
  if (dirty) form.dataset.uiDirty = "";
  else delete form.dataset.uiDirty;
}

function eachForm(act) {
  for (const form of document.querySelectorAll(DIRTY)) act(form);
}

document.addEventListener("input", (event) => {
  const form = event.target.form?.closest(DIRTY);
  if (form) weigh(form);
});
document.addEventListener("reset", (event) => {
  if (event.target.matches(DIRTY)) setTimeout(() => weigh(event.target));
});
document.addEventListener("htmx:after:swap", () => {
  eachForm(settle);
  eachForm(weigh);
});

let leaving = false;
document.addEventListener("submit", (event) => {
  if (event.target.matches(DIRTY) && !event.defaultPrevented) leaving = true;
});
window.addEventListener("pageshow", () => (leaving = false));
window.addEventListener("beforeunload", (event) => {
  if (!leaving && document.querySelector("form[data-ui-dirty]")) event.preventDefault();
});

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.defaultPrevented) return;
  const form = event.target.form?.closest(DIRTY) ?? document.querySelector("form[data-ui-dirty]");
  if (!form) return;
  if ((event.ctrlKey || event.metaKey) && (event.key === "s" || event.key === "Enter")) {
    event.preventDefault();
    form.requestSubmit(form.querySelector(".save-bar [type=submit]"));
  } else if (event.key === "Escape" && form.matches("[data-ui-dirty]") && !document.querySelector("dialog[open]")) {
    event.preventDefault();
    document.dispatchEvent(new CustomEvent("ask-discard", { detail: { then: () => form.reset() } }));
  }
});

// ---- a session that ends while one types: the values wait in this tab for the same person on the same page

function keep() {
  eachForm((form) => {
    if (!form.matches("[data-ui-dirty]")) return;
    const values = [...form.elements]
      .filter((control) => control.id && changed(control) && !["password", "file"].includes(control.type))
      .map((control) => [control.id, control.matches("[type=checkbox], [type=radio]") ? control.checked : control.value]);
    sessionStorage.setItem(keptUnder(form), JSON.stringify(values));
  });
  leaving = true;
}

function keptUnder(form) {
  return `typed:${root.dataset.user}:${location.pathname}:${form.dataset.dirtyForm}`;
}

function bringBack(form) {
  const values = JSON.parse(sessionStorage.getItem(keptUnder(form)) ?? "[]");
  sessionStorage.removeItem(keptUnder(form));
  for (const [id, value] of values) {
    const control = document.getElementById(id);
    if (control?.form !== form) continue;
    if (typeof value === "boolean") control.checked = value;
    else control.value = value;
  }
}

document.addEventListener("htmx:before:response", (event) => {
  if (event.detail.ctx.response.status === 401) keep();
});
document.addEventListener("session-ended", keep);

eachForm(settle);
eachForm(bringBack);
eachForm(weigh);

// ---- failed forms: the title says so, as it does on a full page

let titlePrefix = document.getElementById("error-summary")?.dataset.titlePrefix;
document.addEventListener("htmx:after:swap", () => {
  const prefix = document.getElementById("error-summary")?.dataset.titlePrefix;
  if (prefix) titlePrefix = prefix;
  const plain = titlePrefix && document.title.startsWith(titlePrefix) ? document.title.slice(titlePrefix.length) : document.title;
  document.title = (prefix ?? "") + plain;
});

// ---- where the browser is, so that a new shop's times are right from the start

for (const field of document.querySelectorAll("[data-time-zone]")) field.value = Intl.DateTimeFormat().resolvedOptions().timeZone;

// ---- small controls

document.addEventListener("click", async (event) => {
  const show = event.target.closest("[data-show-password]");
  if (show) {
    const input = document.getElementById(show.dataset.showPassword);
    input.type = input.type === "password" ? "text" : "password";
    show.setAttribute("aria-pressed", String(input.type === "text"));
  }
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    await navigator.clipboard.writeText(document.querySelector(copy.dataset.copy).textContent);
    document.dispatchEvent(new CustomEvent("announce", { detail: { text: copy.dataset.copied } }));
    copy.querySelector("span").textContent = copy.dataset.copied;
  }
});

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("[data-theme-form]");
  if (!form) return;
  event.preventDefault();
  const theme = event.submitter.value;
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
  for (const button of form.querySelectorAll("[name=theme]")) button.setAttribute("aria-pressed", String(button.value === theme));
  await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form, event.submitter)) });
});
