// Draws charts anew so that values can be read by pointer. The server's drawing is where the points come from, and stays
// where this does not run. Holes stay holes; strips below keep the same axis.
"use strict";
(() => {
  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const HEIGHT = 180;
  const LEFT = 48;
  const RIGHT = 16;

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

  for (const figure of document.querySelectorAll("figure[data-from]")) {
    const svg = figure.querySelector("svg");
    const of = Object.fromEntries(["from", "to", "low", "high"].map((key) => [key, Number(figure.dataset[key])]));
    const { unit, zone } = figure.dataset;
    const axis = { stroke: token("--muted"), grid: { stroke: token("--line"), width: 1 }, ticks: { show: false } };
    const said = (plot, value) => (value == null ? "–" : value.toFixed(1) + "\u00a0" + unit);
    const paths = [...svg.querySelectorAll("path")];
    const drawn = paths.map((path) => points(svg, path, of));
    const line = (path, at) => ({ label: path.dataset.label, stroke: token("--series-" + (at + 1)), width: 2,
      dash: at ? [6, 4] : undefined, spanGaps: false, value: said });
    const place = document.createElement("div");
    const plot = new uPlot({
      width: figure.clientWidth - 24,
      height: HEIGHT,
      padding: [8, RIGHT, 0, 0],
      tzDate: (s) => uPlot.tzDate(new Date(s * 1000), zone),
      scales: { x: { min: of.from, max: of.to }, y: { range: [of.low, of.high] } },
      axes: [axis, { ...axis, size: LEFT }],
      series: [{ value: "{YYYY}-{MM}-{DD} {HH}:{mm}" }, ...paths.map(line)],
    }, [drawn[0][0], ...drawn.map(([, ys]) => ys)], place);
    svg.replaceWith(place);
    addEventListener("resize", () => plot.setSize({ width: figure.clientWidth - 24, height: HEIGHT }));
  }
})();
