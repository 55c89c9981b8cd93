"use strict";
(function () {
  const tree = document.querySelector("svg.tree");
  const nodes = new Map(Array.from(tree.querySelectorAll(".node"), (node) => [node.dataset.name, node]));
  const edges = Array.from(tree.querySelectorAll(".edge"));
  const panel = document.getElementById("panel");
  const cards = Array.from(panel.querySelectorAll("article"));
  const hint = document.getElementById("hint");
  const search = document.getElementById("search");

  /* Everything reached along edges, from child to parent ("from") or from parent to child ("to"). */
  function reached(name, direction) {
    const other = direction === "from" ? "to" : "from";
    const found = new Set([name]);
    for (const each of found) {
      for (const edge of edges) {
        if (edge.dataset[other] === each) found.add(edge.dataset[direction]);
      }
    }
    return found;
  }

  function light(kin, self) {
    tree.classList.toggle("chosen", kin !== null);
    for (const [name, node] of nodes) {
      node.classList.toggle("kin", kin !== null && kin.has(name));
      node.classList.toggle("self", name === self);
    }
    return kin;
  }

  function choose(name) {
    for (const card of cards) card.hidden = card.dataset.name !== name;
    hint.hidden = nodes.has(name);
    if (!nodes.has(name)) {
      light(null, "");
      for (const edge of edges) edge.classList.remove("kin");
      return;
    }
    const before = reached(name, "from");
    const after = reached(name, "to");
    light(new Set([...before, ...after]), name);
    for (const edge of edges) {
      const up = before.has(edge.dataset.from) && before.has(edge.dataset.to);
      const down = after.has(edge.dataset.from) && after.has(edge.dataset.to);
      edge.classList.toggle("kin", up || down);
    }
  }

  function go(name) {
    history.replaceState(null, "", name ? "#" + name : location.pathname + location.search);
    choose(name);
    const place = panel.getBoundingClientRect();
    if (name && (place.bottom < 0 || place.top > window.innerHeight)) panel.scrollIntoView({ behavior: "smooth" });
  }

  /* A tree wider than its window shows the middle of what there is to see first. */
  function centre(name) {
    const box = tree.parentElement, frame = box.getBoundingClientRect(), place = nodes.get(name).getBoundingClientRect();
    box.scrollLeft += place.left + place.width / 2 - frame.left - frame.width / 2;
  }

  for (const [name, node] of nodes) {
    node.addEventListener("click", (event) => { event.stopPropagation(); go(name); });
    node.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); go(name); }
    });
  }
  tree.addEventListener("click", () => go(""));
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") { search.value = ""; go(""); } });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-go]");
    if (!link) return;
    event.preventDefault();
    go(link.dataset.go);
    nodes.get(link.dataset.go).scrollIntoView({ block: "nearest", inline: "nearest", behavior: "smooth" });
  });
  search.addEventListener("input", () => {
    const text = search.value.trim().toLowerCase();
    go("");
    if (!text) return;
    const found = cards.filter((card) => card.textContent.toLowerCase().includes(text)).map((card) => card.dataset.name);
    light(new Set(found), "");
    if (found.length === 1) choose(found[0]);
  });
  window.addEventListener("hashchange", () => choose(decodeURIComponent(location.hash.slice(1))));
  const first = decodeURIComponent(location.hash.slice(1));
  choose(first);
  centre(nodes.has(first) ? first : nodes.keys().next().value);
  if (nodes.has(first) && getComputedStyle(panel).position === "sticky") {
    nodes.get(first).scrollIntoView({ block: "center", inline: "nearest" });
  }
})();
