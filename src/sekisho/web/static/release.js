// What makes the page of a release quicker. Without it every link and form does the same,
// answered by the node as a whole page; so nothing here knows how to sort, fold or filter.

const explore = document.getElementById("explore");
const said = document.getElementById("said");

// -- The same links and forms, without leaving the page -----------------------------------------

let newest = 0;

async function turn(address, { push = true } = {}) {
  const mine = ++newest;
  explore.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("explore");
    if (mine !== newest) return;
    if (!answer.ok || !fresh) {
      location.assign(address);
      return;
    }
    show(fresh, page);
    if (push) history.pushState({}, "", address);
  } catch {
    location.assign(address);
  } finally {
    if (mine === newest) explore.removeAttribute("aria-busy");
  }
}

function show(fresh, page) {
  const held = holdPlace();
  explore.className = fresh.className;
  explore.replaceChildren(...fresh.childNodes);
  for (const other of page.querySelectorAll("a.language, link[hreflang]")) {
    const own = document.querySelector(`${other.localName}[hreflang="${other.hreflang}"]`);
    if (own) own.setAttribute("href", other.getAttribute("href"));
  }
  held();
  said.textContent = document.getElementById("count")?.textContent ?? "";
  wake();
}

// Focus, cursor and scrolling stay where they were, though every element is a new one.
function holdPlace() {
  const active = document.activeElement;
  const inside = explore.contains(active);
  const id = inside ? active.id : "";
  const name = inside ? active.textContent : "";
  const kind = inside ? active.className : "";
  const cursor = inside && active.matches("input") ? active.selectionStart : null;
  const frame = explore.querySelector(".data-frame");
  const { scrollLeft = 0, scrollTop = 0 } = frame ?? {};
  const opened = [...explore.querySelectorAll("details")].map((each) => each.open);
  return () => {
    const now = explore.querySelector(".data-frame");
    if (now) Object.assign(now, { scrollLeft, scrollTop });
    explore.querySelectorAll("details").forEach((each, place) => {
      each.open = opened[place] ?? each.open;
    });
    if (!inside) return;
    const same = id
      ? document.getElementById(id)
      : [...explore.querySelectorAll("a, button")].find(
          (each) => each.textContent === name && each.className === kind,
        );
    (same ?? now)?.focus({ preventScroll: true });
    if (cursor !== null) same?.setSelectionRange?.(cursor, cursor);
  };
}

function addressOf(form) {
  const asked = new URLSearchParams(new FormData(form));
  for (const [name, value] of [...asked]) if (value === "") asked.delete(name);
  const query = asked.toString();
  return new URL(form.action).pathname + (query ? `?${query}` : "");
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-live]");
  if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  const { pathname, search } = new URL(link.href);
  turn(pathname + search);
});

document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-live]")) return;
  event.preventDefault();
  turn(addressOf(event.target));
});

let typing;

document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-live]");
  if (!form) return;
  clearTimeout(typing);
  const wait = event.target.matches("input") ? 300 : 0;
  typing = setTimeout(() => form.isConnected && turn(addressOf(form), { push: !wait }), wait);
});

addEventListener("popstate", () => turn(location.pathname + location.search, { push: false }));

// -- The number under the pointer ---------------------------------------------------------------

// Vega comes as one script from this node and is loaded only when somebody points at the chart.
// `ast: true` makes it interpret its own expressions: the page forbids text to become code.
function wake() {
  const frame = explore?.querySelector(".chart-frame");
  if (!frame?.dataset.vega) return;
  const tip = frame.querySelector(".chart-tip");
  tip.textContent = tip.dataset.hint;
  tip.hidden = false;
  const begin = () => draw(frame, tip).catch(() => undefined);
  frame.querySelector("picture")?.addEventListener("pointerenter", begin, { once: true });
}

async function draw(frame, tip) {
  const narrow = matchMedia("(max-width: 45em)").matches;
  const [answer] = await Promise.all([
    fetch(narrow ? frame.dataset.narrow : frame.dataset.wide),
    import(frame.dataset.vega),
  ]);
  if (!answer.ok) return;
  const spec = await answer.json();
  const live = document.createElement("div");
  live.className = "chart live";
  const told = (_handler, _event, _item, value) => {
    tip.textContent = value || tip.dataset.hint;
  };
  const options = { mode: "vega", ast: true, actions: false, renderer: "canvas" };
  const quiet = { defaultStyle: false, logLevel: 1, tooltip: told };
  await window.sekishoVega(live, spec, { ...options, ...quiet });
  live.setAttribute("role", "img");
  live.setAttribute("aria-label", frame.dataset.text);
  frame.querySelector("picture").replaceWith(live);
}

// -- Copying ------------------------------------------------------------------------------------

for (const button of document.querySelectorAll("button.copy")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copies);
    try {
      await navigator.clipboard.writeText(source.textContent);
      said.textContent = button.dataset.done;
      button.classList.add("done");
    } catch {
      said.textContent = button.dataset.failed;
      getSelection().selectAllChildren(source);
    }
  });
}

wake();
