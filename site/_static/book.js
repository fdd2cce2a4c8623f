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

// A formula stands in the middle, as far from the left edge as its number is wide; on a phone that is room to use.
function tighten(box) {
  const table = box.querySelector("mjx-mtable > mjx-table"), tag = box.querySelector("mjx-labels > mjx-itable");
  box.classList.remove("tight");
  if (!tag || box.scrollWidth <= box.clientWidth) return;
  box.style.setProperty("--need", `${table.offsetWidth + tag.offsetWidth + 12}px`);
  box.classList.add("tight");
}

function reachable() {
  document.querySelectorAll("div.math").forEach(tighten);
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

// A formula in one line of plain letters.
const SIGNS = {
  leftarrow: "←", to: "→", rightarrow: "→", cdot: "·", times: "×", odot: "⊙", le: "≤", ge: "≥", ne: "≠", approx: "≈", pm: "±",
  sum: "∑", prod: "∏", partial: "∂", nabla: "∇", infty: "∞", in: "∈", top: "ᵀ", quad: " ", qquad: " ", dots: "…", ldots: "…",
  alpha: "α", beta: "β", gamma: "γ", delta: "δ", Delta: "Δ", epsilon: "ε", varepsilon: "ε", eta: "η", theta: "θ", lambda: "λ",
  mu: "μ", pi: "π", rho: "ρ", sigma: "σ", Sigma: "Σ", tau: "τ", phi: "φ", Phi: "Φ", varphi: "φ", psi: "ψ", omega: "ω", chi: "χ",
};
function inWords(tex) {
  return tex.replace(/\\[()[\]]|\\(?:begin|end)\{[^}]*\}|\\[dt]?frac(?=\d)/g, "")
    .replace(/\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}/g, "$1/$2")
    .replace(/\\hat\s*\{?(\w)\}?/g, "$1̂")
    .replace(/\\tag\{([^}]*)\}/g, "($1)")
    .replace(/\\([A-Za-z]+)\s?/g, (_, name) => SIGNS[name] ?? (/^(max|min|exp|ln|log|tanh|cos|sin)$/.test(name) ? name : ""))
    .replace(/\\[^A-Za-z]/g, " ").replace(/[{}&]/g, "");
}

// What a search quotes of a page is its text, not the theme's buttons above it, and no TeX.
document.addEventListener("DOMContentLoaded", () => {
  if (typeof Search === "undefined") return;
  const quote = Search.htmlToText;
  Search.htmlToText = (html, anchor) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    for (const part of page.querySelectorAll(".bd-header-article, .onlyprint, .bd-sidebar-secondary, .run-bar, .prev-next-footer")) part.remove();
    for (const formula of page.querySelectorAll(".math")) formula.textContent = inWords(formula.textContent);
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
