// Confirmations, the side panel, menus. Dialogs are the browser's own: they hold the focus, close on Esc and give the focus back.

const panel = document.getElementById("panel");
const confirmation = document.getElementById("confirm");

// Announcements and toasts must be inside an open modal dialog, or they are inert and behind it.
function open(dialog) {
  if (dialog.open) return;
  dialog.dispatchEvent(new CustomEvent("opening"));
  dialog.showModal();
  dialog.append(document.getElementById("announce"));
}

for (const dialog of document.querySelectorAll("dialog")) {
  dialog.addEventListener("close", () => {
    const below = [...document.querySelectorAll("dialog[open]")].at(-1) ?? document.body;
    below.append(document.getElementById("announce"));
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog && !within(dialog.getBoundingClientRect(), event)) dialog.close();
  });
}

function within({ left, right, top, bottom }, { clientX, clientY }) {
  return clientX >= left && clientX <= right && clientY >= top && clientY <= bottom;
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) open(document.getElementById(opener.dataset.opens));
  if (event.target.closest("[data-close]")) event.target.closest("dialog").close();
});

document.addEventListener("open-dialog", (event) => open(document.getElementById(event.detail.id)));

// ---- side panel: <a href hx-get hx-target="#panel-content" data-panel>

document.addEventListener("htmx:before:request", (event) => {
  if (!event.detail.ctx.sourceElement.matches("[data-panel]")) return;
  if (!panel.open) document.getElementById("panel-content").replaceChildren(document.getElementById("panel-loading").content.cloneNode(true));
  open(panel);
});

document.addEventListener("htmx:error", (event) => {
  if (event.detail.ctx?.sourceElement.matches("[data-panel]")) panel.close();
});

panel?.addEventListener("close", () => document.getElementById("panel-content").replaceChildren());

// ---- confirmation: data-confirm="Withdraw 3 listings?" data-confirm-body data-confirm-label data-confirm-tone="danger"
// on a form, button or link. Without JavaScript the server asks on a page of its own.

const agreed = new WeakSet();

document.addEventListener("click", (event) => ask(event, event.target.closest(":is(a, button)[data-confirm]")), true);
document.addEventListener("submit", (event) => ask(event, event.target.closest("form[data-confirm]")), true);

async function ask(event, element) {
  if (!element || !confirmation || agreed.delete(element)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const { confirm: title, confirmBody: body, confirmLabel: label, confirmTone: tone } = element.dataset;
  if (!(await confirmed({ title, body, label, tone }))) return;
  agreed.add(element);
  if (element.matches("form")) element.requestSubmit(event.submitter);
  else element.click();
}

function confirmed({ title, body = "", label, tone = "primary" }) {
  const yes = document.getElementById("confirm-yes");
  document.getElementById("confirm-title").textContent = title;
  document.getElementById("confirm-body").textContent = body;
  yes.firstElementChild.textContent = label ?? yes.dataset.default;
  yes.className = `button button--${tone}`;
  confirmation.returnValue = "";
  open(confirmation);
  return new Promise((resolve) => {
    confirmation.addEventListener("close", () => resolve(confirmation.returnValue === "yes"), { once: true });
  });
}

// Another module asks "ask-discard"; the answer comes back through its own callback.
document.addEventListener("ask-discard", async (event) => {
  const words = (id) => document.getElementById(id).dataset.discard;
  const question = { title: words("confirm-title"), body: words("confirm-body"), label: words("confirm-yes"), tone: "danger" };
  if (await confirmed(question)) event.detail.then();
});

// ---- menus: one open at a time, closed by Esc or a click elsewhere

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("[data-menu][open]")) if (!menu.contains(event.target)) menu.open = false;
});

document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && event.target.closest?.("[data-menu][open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
  event.preventDefault();
});
