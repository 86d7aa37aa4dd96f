// Draws charts anew so that values can be read by pointer. The server's drawing is where the points come from, and stays
// where this does not run. Holes stay holes; strips below keep the same axis.
"use strict";
(() => {
  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const HEIGHT = 180;
  const LEFT = 48;
  const RIGHT = 16;
  const DAY_S = 86400;
  const fr = document.documentElement.lang === "fr";
  const locale = fr ? "fr-FR" : "en-GB";
  const ONE_DECIMAL = { minimumFractionDigits: 1, maximumFractionDigits: 1 };

  // Every line of a chart has its points at the same moments.
  const points = (svg, path, { from, to, low, high }) => {
    const box = svg.viewBox.baseVal;
    const [xs, ys] = [[], []];
    for (const [, step, x, y] of path.getAttribute("d").matchAll(/([ML])([\d.]+) ([\d.]+)/g)) {
      const at = from + (x / box.width) * (to - from);
      if (step === "M" && xs.length) { xs.push(at - 1); ys.push(null); }
      xs.push(at);
      ys.push(high - (y / (box.height - 4)) * (high - low));
    }
    return [xs, ys];
  };

  // Times of the site as the page writes them: the day where it begins, hours between.
  const times = (zone) => {
    const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", timeZone: zone });
    const hour = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", timeZone: zone });
    const whole = (plot, s) => (s == null ? "–" : day.format(s * 1000) + " " + hour.format(s * 1000));
    const marks = (plot, moments, axis, space, step) => {
      let last;
      return moments.map((s) => {
        const date = day.format(s * 1000);
        const below = date === last ? "" : "\n" + date;
        last = date;
        return step >= DAY_S ? date : hour.format(s * 1000) + below;
      });
    };
    return { whole, marks };
  };

  for (const figure of document.querySelectorAll("figure[data-from]")) {
    const svg = figure.querySelector("svg");
    const of = Object.fromEntries(["from", "to", "low", "high"].map((key) => [key, Number(figure.dataset[key])]));
    const { unit, zone } = figure.dataset;
    const axis = { stroke: token("--muted"), grid: { stroke: token("--line"), width: 1 }, ticks: { show: false } };
    const said = (plot, value) => (value == null ? "–" : value.toLocaleString(locale, ONE_DECIMAL) + "\u00a0" + unit);
    const paths = [...svg.querySelectorAll("path")];
    const drawn = paths.map((path) => points(svg, path, of));
    const line = (path, at) => ({ label: path.dataset.label, stroke: token("--series-" + (at + 1)), width: 2,
      dash: at ? [6, 4] : undefined, spanGaps: false, value: said });
    const { whole, marks } = times(zone);
    const place = document.createElement("div");
    const plot = new uPlot({
      width: figure.clientWidth - 24,
      height: HEIGHT,
      padding: [8, RIGHT, 0, 0],
      tzDate: (s) => uPlot.tzDate(new Date(s * 1000), zone),
      scales: { x: { min: of.from, max: of.to }, y: { range: [of.low, of.high] } },
      axes: [{ ...axis, values: marks }, { ...axis, size: LEFT }],
      series: [{ label: fr ? "Heure" : "Time", value: whole }, ...paths.map(line)],
    }, [drawn[0][0], ...drawn.map(([, ys]) => ys)], place);
    svg.replaceWith(place);
    addEventListener("resize", () => plot.setSize({ width: figure.clientWidth - 24, height: HEIGHT }));
  }
})();
