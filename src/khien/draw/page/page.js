// Turns still pictures into ones that answer to a pointer. Without this script the page is complete:
// every picture is there as SVG, every table can be read, every group can be opened.
(function () {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");
  const held = JSON.parse(document.getElementById("pictures").textContent);
  const phone = window.matchMedia("(max-width: 719px)");
  const nothing = {
    load: () => Promise.reject(new Error("no loading")),
    sanitize: () => Promise.reject(new Error("no loading")),
  };

  // Rows are stored once, by the name under which several pictures may know them.
  function whole(spec) {
    const datasets = Object.fromEntries(spec.datasets.map((name) => [name, held.rows[name]]));
    return Object.assign({}, spec, { datasets });
  }

  function enliven(figure) {
    const size = phone.matches ? "narrow" : "wide";
    if (figure.dataset.shown === size) return;
    figure.dataset.shown = size;
    const spec = held.specs[figure.dataset.figure];
    const live = figure.querySelector(".live");
    if (!spec || !live) return;
    window.vegaEmbed(live, whole(spec[size]), {
      ast: true,
      renderer: "svg",
      actions: false,
      defaultStyle: false,
      loader: nothing,
      tooltip: { disableDefaultStyle: true },
      formatLocale: held.locale,
    }).then(() => figure.classList.add("is-live"), () => figure.classList.remove("is-live"));
  }

  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) enliven(entry.target);
  }, { rootMargin: "200px" });
  const figures = document.querySelectorAll("figure[data-figure]");
  figures.forEach((figure) => seen.observe(figure));
  phone.addEventListener("change", () => figures.forEach((figure) => {
    figure.classList.remove("is-live");
    figure.dataset.shown = "";
    seen.unobserve(figure);
    seen.observe(figure);
  }));

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.open) {
      const open = button.dataset.open === "yes";
      button.closest("section").querySelectorAll("details").forEach((fold) => { fold.open = open; });
    }
    if (button.dataset.svg) saveSvg(button);
  });

  function saveSvg(button) {
    const figure = button.closest("figure");
    const svg = figure.querySelector(".still.wide svg").cloneNode(true);
    svg.removeAttribute("aria-hidden");
    const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
    const line = document.createElementNS("http://www.w3.org/2000/svg", "text");
    for (const [key, value] of Object.entries({ x: 6, y: height + 13, "font-size": 10, fill: "#566270", "font-family": "Be Vietnam Pro, sans-serif" })) {
      line.setAttribute(key, value);
    }
    line.textContent = figure.querySelector(".under span").textContent;
    svg.appendChild(line);
    svg.setAttribute("viewBox", `0 0 ${width} ${height + 20}`);
    svg.setAttribute("height", height + 20);
    const blob = new Blob([new XMLSerializer().serializeToString(svg)], { type: "image/svg+xml" });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = button.dataset.svg;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  function plain(text) {
    return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/[đĐ]/g, "d").toLowerCase();
  }

  document.querySelectorAll(".filter input").forEach((field) => {
    const rows = [...document.querySelectorAll(`#${CSS.escape(field.dataset.table)} tbody tr`)];
    const texts = rows.map((row) => plain(row.textContent));
    field.addEventListener("input", () => {
      const words = plain(field.value).split(/\s+/).filter(Boolean);
      rows.forEach((row, i) => { row.hidden = !words.every((word) => texts[i].includes(word)); });
    });
  });

  let closed = [];
  window.addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    closed.forEach((fold) => { fold.open = true; });
  });
  window.addEventListener("afterprint", () => closed.forEach((fold) => { fold.open = false; }));
})();
