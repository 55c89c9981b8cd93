"use strict";
(function () {
  const content = JSON.parse(document.getElementById("figures").textContent);
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const plots = Array.from(document.querySelectorAll("[data-figure]"));

  function colour(name) {
    return getComputedStyle(root).getPropertyValue("--" + name).trim();
  }

  let run = 0;

  /* A band is its entrant's colour, made transparent: #rrggbb + two hexadecimal digits. A text may be one in every
     language. */
  function painted(value) {
    if (typeof value === "string") {
      if (/^entrant-\d-band$/.test(value)) return colour(value.slice(0, 9)) + "26";
      if (/^(entrant-\d|ink|bad)$/.test(value)) return colour(value);
      return value;
    }
    if (Array.isArray(value)) return value.map(painted);
    if (value && typeof value === "object") {
      if ("en" in value && "ko" in value) return value[root.lang];
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, painted(item)]));
    }
    return value;
  }

  function axis(given) {
    return Object.assign({}, given, {
      automargin: true, gridcolor: colour("grid"), linecolor: colour("rule"), zerolinecolor: colour("rule"),
      title: Object.assign({ standoff: 8, font: { size: 12 } }, given.title),
    });
  }

  /* Narrow pages stack the legend, which must not eat the plot. */
  function heightOf(figure, place, given) {
    if (place.classList.contains("small")) return 230;
    const names = figure.data.filter((trace) => trace.name && trace.showlegend !== false).length;
    const rows = figure.layout.showlegend ? Math.ceil(names / Math.max(1, Math.floor(place.clientWidth / 150))) : 0;
    return given.height || 340 + 20 * rows;
  }

  function layoutOf(figure, place) {
    const given = painted(figure.layout);
    return Object.assign({}, given, {
      height: heightOf(figure, place, given),
      margin: { l: 12, r: 16, t: 10, b: 12 },
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: getComputedStyle(document.body).fontFamily, size: 12, color: colour("soft") },
      hoverlabel: { bgcolor: colour("card"), bordercolor: colour("rule"), font: { color: colour("ink") } },
      legend: Object.assign({ orientation: "h", yref: "container", yanchor: "bottom", y: 0, xanchor: "left", x: 0, font: { size: 11 } }, given.legend),
      xaxis: axis(given.xaxis), yaxis: axis(given.yaxis),
    });
  }

  /* A figure with what the chosen run adds to it. */
  function shown(name) {
    const figure = content.figures[root.lang][name];
    const added = content.runs ? content.runs[run].traces[name] || [] : [];
    return { data: figure.data.concat(added), layout: figure.layout };
  }

  function draw() {
    for (const place of plots) {
      const figure = shown(place.dataset.figure);
      const options = { displayModeBar: false };
      const layout = layoutOf(figure, place);
      Plotly.react(place, painted(figure.data), layout, options);
    }
  }

  function speak(language) {
    root.lang = language;
    for (const button of document.querySelectorAll("[data-language]")) {
      button.setAttribute("aria-pressed", String(button.dataset.language === language));
    }
    draw();
  }

  for (const button of document.querySelectorAll("[data-language]")) {
    button.addEventListener("click", () => speak(button.dataset.language));
  }
  for (const picker of document.querySelectorAll("[data-picker]")) {
    picker.addEventListener("change", () => {
      run = Number(picker.value);
      for (const said of document.querySelectorAll("[data-run]")) said.hidden = Number(said.dataset.run) !== run;
      draw();
    });
  }
  dark.addEventListener("change", draw);
  speak(root.lang);
  const resized = new ResizeObserver((entries) => {
    for (const entry of entries) {
      if (entry.target.clientWidth > 0) Plotly.Plots.resize(entry.target);
    }
  });
  plots.forEach((place) => resized.observe(place));
})();
