// Folds and wide parts of a page: reachable by keyboard, open where a link leads, printed where they answer.
function openAround(element) {
  for (let fold = element?.closest("details"); fold; fold = fold.parentElement?.closest("details")) fold.open = true;
}

function followAnchor() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target) {
    openAround(target);
    target.scrollIntoView();
  }
}

const WIDE = "div.math, mjx-container[display], .bd-article pre, .pst-scrollable-table-container";

function reachable() {
  for (const box of document.querySelectorAll(WIDE)) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else if (box.matches("div.math, mjx-container")) box.removeAttribute("tabindex");
  }
}

// A comma after a formula stays on the formula's line.
function holdTogether() {
  for (const formula of document.querySelectorAll("span.math")) {
    const next = formula.nextSibling;
    const mark = next?.nodeType === Node.TEXT_NODE && next.data.match(/^[.,;:!?)\]’”-]+/u)?.[0];
    if (!mark) continue;
    const box = document.createElement("span");
    box.className = "nobreak";
    formula.before(box);
    next.splitText(mark.length);
    box.append(formula, next);
  }
}

// What a search quotes of a page is its text, not the theme's buttons above it.
document.addEventListener("DOMContentLoaded", () => {
  if (typeof Search === "undefined") return;
  const quote = Search.htmlToText;
  Search.htmlToText = (html, anchor) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    for (const part of page.querySelectorAll(".bd-header-article, .onlyprint, .bd-sidebar-secondary, .run-bar, .prev-next-footer")) part.remove();
    return quote(page.documentElement.outerHTML, anchor);
  };
});

window.addEventListener("hashchange", followAnchor);
window.addEventListener("load", () => {
  followAnchor();
  // Formulas change the heights of what stands above: go to the anchor once more when they are set.
  window.settled = new Promise((begin) => setTimeout(begin, 0))
    .then(() => window.MathJax?.startup?.promise)
    .then(() => { holdTogether(); return window.MathJax?.typesetPromise?.(); })
    .then(() => { reachable(); if (!window.scrollY || location.hash) followAnchor(); });
});
window.addEventListener("resize", reachable);

// On paper the answer to a prediction is worth having; hints and solutions stay as the reader left them.
let opened = [];
window.addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("details:not(.solution):not([open])")]
    .filter((fold) => fold.querySelector("summary")?.textContent.trim() === "Answer");
  for (const fold of opened) fold.open = true;
});
window.addEventListener("afterprint", () => {
  for (const fold of opened) fold.open = false;
});
