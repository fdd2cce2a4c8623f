// The picture of a widget: one <img> whose bytes and alternative text the kernel sends, its reading in words, handles
// that mouse, finger and arrow keys move, and names for sliders, which ipywidgets leaves without one for screen readers.

function nameControls(el) {
  const root = el.closest(".nn-widget");
  if (!root) return;
  for (const handle of root.querySelectorAll(".noUi-handle")) {
    const label = handle.closest(".jupyter-widgets")?.querySelector(".widget-label");
    if (label?.textContent) handle.setAttribute("aria-label", label.textContent);
  }
  for (const button of root.querySelectorAll(".jupyter-button")) {
    button.setAttribute("aria-label", button.textContent);  // without it the icon's character is read too
  }
}

function render({ model, el }) {
  const frame = document.createElement("div");
  const img = document.createElement("img");
  frame.className = "nn-screen";
  frame.append(img);
  const words = document.createElement("div");  // stays, so that a screen reader hears what changes in it
  words.setAttribute("role", "status");
  el.append(frame, words);

  const send = (event) => {
    // ipywidgets keeps only the newest unsent value while the kernel is busy: dragging queues nothing
    model.set("event", { ...event, count: (model.get("event").count ?? 0) + 1 });
    model.save_changes();
  };

  let said, shown;
  const show = () => {
    img.alt = model.get("alt");
    if (said !== model.get("words")) words.innerHTML = said = model.get("words");
    place();
    if (model.get("png") === shown) return;
    shown = model.get("png");
    const old = img.src;
    img.src = URL.createObjectURL(new Blob([shown], { type: "image/png" }));
    if (old) img.decode().catch(() => {}).finally(() => URL.revokeObjectURL(old));
  };
  const size = () => { img.width = model.get("width"); };

  // two frames ahead at most: the kernel need not wait for the page, and nothing piles up
  let asked = 0;
  const ask = () => {
    for (; model.get("playing") && asked < 2; asked += 1) model.send({ ask: "frame" });
  };
  const next = () => { show(); asked = Math.max(asked - 1, 0); ask(); };
  const start = () => {
    words.setAttribute("aria-live", model.get("playing") ? "off" : "polite");  // nobody wants 30 frames a second read
    asked = 0;
    ask();
  };

  const knobs = new Map();
  const place = () => {
    const wanted = model.get("handles");
    for (const [name, knob] of knobs) {
      if (!wanted.some((h) => h.name === name)) { knob.remove(); knobs.delete(name); }
    }
    for (const { name, label, x, y } of wanted) {
      if (!knobs.has(name)) knobs.set(name, makeKnob(name));
      const knob = knobs.get(name);
      knob.setAttribute("aria-label", label);
      knob.style.left = `${100 * x}%`;
      knob.style.top = `${100 * y}%`;
    }
  };
  const makeKnob = (name) => {
    const knob = document.createElement("button");
    knob.type = "button";
    knob.className = "nn-handle";
    knob.dataset.handle = name;
    let held = false;
    knob.addEventListener("pointerdown", (e) => { held = true; knob.setPointerCapture(e.pointerId); knob.focus(); e.preventDefault(); });
    knob.addEventListener("pointerup", () => { held = false; });
    knob.addEventListener("lostpointercapture", () => { held = false; });
    knob.addEventListener("pointermove", (e) => {
      if (!held) return;
      const box = img.getBoundingClientRect();
      send({ name, x: (e.clientX - box.left) / box.width, y: (e.clientY - box.top) / box.height });
    });
    knob.addEventListener("keydown", (e) => {
      if (!e.key.startsWith("Arrow")) return;
      e.preventDefault();
      e.stopPropagation();
      send({ name, key: e.key, fine: e.shiftKey });
    });
    frame.append(knob);
    return knob;
  };

  size(); show(); start();
  model.on("change:frame", next);
  model.on("change:playing", start);
  model.on("change:width", size);

  // controls appear after the picture and may be exchanged later
  let watcher;
  const later = setTimeout(() => {
    nameControls(el);
    const root = el.closest(".nn-widget");
    if (root) {
      watcher = new MutationObserver((changes) => {
        if (changes.some((change) => !el.contains(change.target))) nameControls(el);  // frames change el itself
      });
      watcher.observe(root, { childList: true, subtree: true });
    }
  }, 200);
  return () => {
    clearTimeout(later);
    watcher?.disconnect();
    model.off("change:frame", next);
    model.off("change:playing", start);
    model.off("change:width", size);
    URL.revokeObjectURL(img.src);
  };
}

export default { render };
