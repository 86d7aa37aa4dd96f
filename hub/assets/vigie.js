// Keeps an open page true: lets ages grow, says so when it is cut off, keeps changes away from the reader's hands; opens
// dialogs; leads by keys. Everything works without it.
"use strict";
(() => {
  const fr = document.documentElement.lang === "fr";
  const SILENCE_MS = 40000;
  const KEY_MS = 1500;
  let ahead = 0; // The hub's clock minus ours.
  let heard = 0;
  let resting = false; // Other windows of this browser live in place of this one.
  const opened = Date.now();

  const age = (then) => {
    const s = Math.max(0, Math.floor((Date.now() + ahead - then) / 1000));
    if (s >= 86400) return null;
    if (s < 60) return fr ? "à l’instant" : "just now";
    const text = s < 3600 ? Math.floor(s / 60) + "\u00a0min" : Math.floor(s / 3600) + "\u00a0h";
    return fr ? "il y a " + text : text + " ago";
  };

  const clock = (ms) => {
    const at = new Date(ms);
    return [at.getHours(), at.getMinutes(), at.getSeconds()].map((n) => String(n).padStart(2, "0")).join(":");
  };

  const say = (mark) => {
    if (resting) return ["paused", mark.dataset.paused];
    if (Date.now() - (heard || opened) > SILENCE_MS) {
      return ["frozen", mark.dataset.frozen + " " + clock(heard || opened) + ". " + mark.dataset.rest];
    }
    return heard ? ["live", mark.dataset.live + " " + clock(heard)] : ["", mark.dataset.live];
  };

  const tick = () => {
    for (const time of document.querySelectorAll("time[title]")) {
      const text = age(Date.parse(time.dateTime));
      if (text && time.textContent !== text) time.textContent = text;
    }
    say_moves();
    const mark = document.getElementById("live");
    if (!mark) return;
    const [state, text] = say(mark);
    mark.dataset.state = state;
    if (mark.textContent !== text) mark.textContent = text;
  };

  const alive = () => { heard = Date.now(); };

  // Never under a reader's hands: what has focus, an open part or a selection waits for the next change.
  const busy = (element) => {
    const selection = document.getSelection();
    return element.contains(document.activeElement)
      || element.querySelector("details[open], dialog[open]")
      || (selection && !selection.isCollapsed && element.contains(selection.anchorNode));
  };

  // Rows never jump: how many would stand elsewhere is said, now and then, and the reader asks for their order.
  const CALM_MS = 30000;
  const moved = new Map();
  let told_moves = 0;
  const note_move = (target, fresh) => {
    const [was, is] = [target.dataset.urgency, fresh.dataset.urgency];
    if (!is || is === was) return;
    if (!moved.has(target.id)) moved.set(target.id, was);
    else if (moved.get(target.id) === is) moved.delete(target.id);
  };
  const say_moves = () => {
    const place = document.getElementById("changes");
    if (!place || Date.now() - told_moves < CALM_MS) return;
    const link = place.querySelector("a");
    const text = moved.size ? moved.size + "\u00a0" + (moved.size < 2 ? place.dataset.one : place.dataset.many) : "";
    if (link.textContent === text) return;
    link.textContent = text;
    link.hidden = !text;
    told_moves = Date.now();
  };

  // What somebody has ticked stays ticked.
  const keep_ticks = (target, fragment) => {
    for (const box of target.querySelectorAll("input[type=checkbox]:checked")) {
      const same = [...fragment.querySelectorAll("input[type=checkbox]")].find(
        (one) => one.name === box.name && one.value === box.value);
      if (same) same.setAttribute("checked", "");
    }
  };

  const is_stream = (element) => element && element.hasAttribute("hx-sse:connect");
  const is_live = (element) => is_stream(element) || (element && element.hasAttribute("data-live-part"));

  document.addEventListener("htmx:before:swap", (event) => {
    const { ctx, tasks } = event.detail;
    if (!is_live(ctx.sourceElement)) return;
    for (let i = tasks.length - 1; i >= 0; i--) {
      const { target, fragment } = tasks[i];
      if (!target || busy(target)) {
        tasks.splice(i, 1);
        continue;
      }
      const fresh = fragment.firstElementChild;
      if (fresh) note_move(target, fresh);
      keep_ticks(target, fragment);
      if (fresh && fresh.textContent !== target.textContent) fresh.classList.add("changed");
    }
  });
  document.addEventListener("htmx:sse:after:connection", alive);
  document.addEventListener("htmx:sse:after:message", () => { alive(); tick(); });
  document.addEventListener("beat", (event) => {
    alive();
    ahead = Date.parse(event.detail.data) - Date.now();
    for (const part of document.querySelectorAll("[data-live-part][id]")) {
      const of = { source: part, target: part, select: "#" + part.id, swap: "outerHTML ignoreTitle:true" };
      if (!busy(part)) htmx.ajax("GET", location.pathname + location.search, of);
    }
    tick();
  });
  document.addEventListener("end", () => location.reload());

  // A stream that breaks off begins again by itself. One that could not even begin is asked for again here; one that
  // rests waits until somebody comes back to its window.
  const AGAIN_MS = 5000;
  const connect = (element) => {
    const of = { source: element };
    if (element.isConnected) htmx.ajax("GET", element.getAttribute("hx-sse:connect"), of);
  };
  const connect_later = (element) => setTimeout(connect, AGAIN_MS * (1 + Math.random()), element);
  const wake = () => {
    if (!resting || document.hidden) return;
    resting = false;
    document.querySelectorAll("[hx-sse\\:connect]").forEach(connect);
  };
  document.addEventListener("htmx:before:response", (event) => {
    const { sourceElement, response } = event.detail.ctx;
    if (!is_stream(sourceElement)) return;
    event.preventDefault();
    if (response.status === 401) location.reload();
    else connect_later(sourceElement);
  });
  document.addEventListener("htmx:error", (event) => {
    const { ctx } = event.detail;
    if (ctx && is_stream(ctx.sourceElement)) connect_later(ctx.sourceElement);
  });
  document.addEventListener("htmx:sse:error", (event) => { if (event.detail.status === 401) location.reload(); });
  document.addEventListener("rest", () => { resting = true; });
  document.addEventListener("htmx:sse:before:connection", (event) => { if (resting) event.preventDefault(); });
  document.addEventListener("visibilitychange", wake);
  for (const sign of ["focus", "pointerdown", "keydown"]) window.addEventListener(sign, wake);

  // A question opens over the page; what else comes back is a page of its own.
  document.addEventListener("htmx:after:swap", (event) => {
    const dialog = document.getElementById("dialog");
    if (event.detail.ctx.target.id === "results") moved.clear();
    if (event.detail.ctx.target !== dialog) return;
    if (!dialog.childElementCount) location.reload();
    else if (!dialog.open) dialog.showModal();
  });
  document.addEventListener("click", (event) => {
    const closer = event.target.closest("[data-close]");
    const dialog = closer && closer.closest("dialog");
    if (!dialog) return;
    event.preventDefault();
    dialog.close();
  });

  // All boxes of a table at once.
  document.addEventListener("change", (event) => {
    const all = event.target.closest("[data-all]");
    if (!all) return;
    for (const box of all.closest("table").querySelectorAll("tbody input[type=checkbox]")) box.checked = all.checked;
  });

  // A file goes up as it is; the form says how far it is, and what is too large is not even begun.
  const sized = (bytes, units) => {
    const step = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(bytes, 1)) / 3));
    const number = (bytes / 1000 ** step).toLocaleString(document.documentElement.lang, { maximumFractionDigits: 1 });
    return number + "\u00a0" + units[step];
  };
  const refusal = (form, file, problem) => {
    const words = form.querySelector("[data-said]").dataset;
    const ours = words[problem.code] || (problem.detail ? "" : words.failed);
    return { text: (ours || problem.detail).replace("{size}", sized(file.size, form.dataset.units.split(" "))), ours };
  };
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-upload]");
    const file = form && form.querySelector("input[type=file]").files[0];
    if (!file) return;
    event.preventDefault();
    const progress = form.querySelector("progress");
    const said = form.querySelector("[data-said]");
    const refuse = (problem) => {
      const { text, ours } = refusal(form, file, problem);
      progress.hidden = true;
      said.lang = ours ? document.documentElement.lang : "en";
      said.textContent = text;
    };
    if (file.size > Number(form.dataset.max)) return refuse({ code: "too_large" });
    said.textContent = "";
    const request = new XMLHttpRequest();
    request.open("POST", form.dataset.upload + "?name=" + encodeURIComponent(file.name));
    request.setRequestHeader("content-type", "application/octet-stream");
    request.setRequestHeader("x-csrf-token", form.elements.csrf.value);
    request.upload.onprogress = (at) => { progress.hidden = false; progress.max = at.total; progress.value = at.loaded; };
    request.onloadend = () => {
      if (request.status === 200 || request.status === 201) return location.assign(form.elements.back.value);
      let problem = {};
      try { problem = JSON.parse(request.responseText); } catch { /* Not from the hub: the usual words stand. */ }
      return refuse(problem);
    };
    request.send(file);
  });

  // Keys: `/` searches, `?` shows all, `g` and a letter lead to a page. Arrows walk through grids.
  const rail = document.querySelector(".rail[data-keys]");
  let led = 0;
  const walk = (event, cell) => {
    const row = cell.closest("tr");
    const rows = [...cell.closest("[role=grid]").querySelectorAll("tbody tr")];
    const cells = [...row.querySelectorAll("[data-cell]")];
    const [y, x] = [rows.indexOf(row), cells.indexOf(cell)];
    const at = { ArrowLeft: [y, x - 1], ArrowRight: [y, x + 1], ArrowUp: [y - 1, x], ArrowDown: [y + 1, x],
      Home: [y, 0], End: [y, cells.length - 1] }[event.key];
    const next = at && rows[at[0]] && rows[at[0]].querySelectorAll("[data-cell]")[at[1]];
    if (!at) return;
    event.preventDefault();
    if (!next) return;
    cell.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const cell = event.target.closest("[role=grid] [data-cell]");
    if (cell) walk(event, cell);
    if (!rail || event.target.closest("input, select, textarea, dialog")) return;
    const was_led = Date.now() - led < KEY_MS;
    led = event.key === "g" ? Date.now() : 0;
    const find = document.querySelector("[data-find]");
    if (was_led) {
      const place = rail.querySelector('[data-key="' + CSS.escape(event.key) + '"]');
      if (place) location.assign(place.href);
    } else if (event.key === "/" && find) {
      event.preventDefault();
      find.focus();
    } else if (event.key === "?") {
      document.getElementById("keys").showModal();
    }
  });

  const mark = document.getElementById("live");
  if (mark && mark.dataset.now) ahead = Date.parse(mark.dataset.now) - Date.now();

  // A link's secret stands behind the # of its address, which no browser sends: into the form, out of the address bar.
  const secret = document.querySelector("[data-from-hash]");
  if (secret && location.hash.length > 1) {
    secret.value = decodeURIComponent(location.hash.slice(1));
    history.replaceState(null, "", location.pathname);
  }

  // Two minutes before the session ends the page says so, once, and keeps what was typed.
  const { ends, endsWord } = document.body.dataset;
  if (ends) {
    const warn = () => {
      const note = document.createElement("p");
      note.className = "notice";
      note.setAttribute("role", "alert");
      note.textContent = endsWord;
      document.getElementById("content").prepend(note);
    };
    setTimeout(warn, Math.max(0, Date.parse(ends) - Date.now() - ahead - 120000));
  }

  const focus = document.querySelector("[data-focus]");
  if (focus) focus.focus();
  setInterval(tick, 1000);
})();
