// Keeps an open page true: replaces what changed, lets ages grow, and says so when it is cut off.
// Everything works without it.
"use strict";
(() => {
  const mark = document.getElementById("live");
  const scope = document.querySelector("[data-live]:not(#live)");
  const fr = document.documentElement.lang === "fr";
  const SILENCE_MS = 40000;
  let ahead = 0; // The hub's clock minus ours.
  let heard = 0;
  let source = null;

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

  const tick = () => {
    for (const time of document.querySelectorAll("time[title]")) {
      const text = age(Date.parse(time.dateTime));
      if (text && time.textContent !== text) time.textContent = text;
    }
    if (!mark || !scope || !heard) return;
    const frozen = Date.now() - heard > SILENCE_MS;
    const text = frozen
      ? mark.dataset.frozen + " " + clock(heard) + ". " + mark.dataset.rest
      : mark.dataset.live + " " + clock(heard);
    mark.hidden = false;
    mark.dataset.state = frozen ? "frozen" : "live";
    if (mark.textContent !== text) mark.textContent = text;
  };

  // Never under a reader's hands: what has focus, an open part or a selection waits for the next change.
  const busy = (element) => {
    const selection = document.getSelection();
    return element.contains(document.activeElement)
      || (selection && !selection.isCollapsed && element.contains(selection.anchorNode));
  };

  const replace = (html) => {
    const template = document.createElement("template");
    template.innerHTML = html.trim();
    const fresh = template.content.firstElementChild;
    const old = fresh && document.getElementById(fresh.id);
    if (!old || busy(old)) return;
    if (old.textContent !== fresh.textContent) fresh.classList.add("changed");
    old.replaceWith(fresh);
  };

  const alive = () => { heard = Date.now(); };

  const open = () => {
    if (!scope || source || document.hidden) return;
    source = new EventSource(scope.dataset.live);
    source.addEventListener("row", (event) => { alive(); replace(event.data); tick(); });
    source.addEventListener("beat", (event) => { alive(); ahead = Date.parse(event.data) - Date.now(); tick(); });
    source.addEventListener("end", () => location.reload());
  };

  const close = () => {
    if (source) source.close();
    source = null;
  };

  if (mark && mark.dataset.now) ahead = Date.parse(mark.dataset.now) - Date.now();
  // A hidden tab gives its connection back: browsers have six per host.
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  addEventListener("pagehide", close);
  setInterval(tick, 1000);
  open();
})();
