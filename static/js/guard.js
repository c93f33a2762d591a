// What htmx may do here: no code in markup, no foreign addresses, our CSRF token on every request.

function refuse() {
  throw new Error("Markup may not carry code");
}

htmx.registerExtension("guard", {
  init(api) {
    api.initSecurity(null, refuse, refuse);
  },
});

document.addEventListener("htmx:config:request", (event) => {
  const { request } = event.detail.ctx;
  if (new URL(request.action, location.href).origin !== location.origin) event.preventDefault();
  request.headers["X-CSRFToken"] = document.querySelector("meta[name=csrf-token]").content;
});
