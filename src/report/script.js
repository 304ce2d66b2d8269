"use strict";
(() => {
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const dark = () => root.dataset.theme
    ? root.dataset.theme === "dark"
    : window.matchMedia("(prefers-color-scheme: dark)").matches;
  const label = () => { button.textContent = dark() ? "Light colours" : "Dark colours"; };
  button.hidden = false;
  button.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; label(); });
  label();

  // What the pointer is over, or the arrow keys have reached.
  const tip = document.getElementById("tip");
  const tell = (target, x, y) => {
    tip.hidden = !target;
    if (!target) return;
    tip.textContent = target.getAttribute("data-tip");
    const { offsetWidth: width, offsetHeight: height } = tip;
    const left = x + 16 + width > innerWidth ? x - 16 - width : x + 16;
    tip.style.left = Math.max(4, left) + "px";
    tip.style.top = Math.max(4, Math.min(y + 16, innerHeight - height - 4)) + "px";
  };
  let dragged = null;
  document.addEventListener("pointermove", (event) => {
    const target = event.target instanceof Element ? event.target.closest("[data-tip]") : null;
    tell(dragged ? null : target, event.clientX, event.clientY);
  });

  const make = (tag, parent, text, title) => {
    const element = document.createElement(tag);
    if (text) element.textContent = text;
    if (title) element.title = title;
    parent.append(element);
    return element;
  };

  // A chart: zoom by buttons, keys, Ctrl and wheel, moved by dragging; series off and on; values by the arrow keys.
  const chart = (figure) => {
    const svg = figure.querySelector("svg");
    const whole = svg.getAttribute("viewBox").split(" ").map(Number);
    let view = [...whole];
    const show = (next) => {
      const scale = Math.min(1, Math.max(1 / 16, next[2] / whole[2]));
      const width = whole[2] * scale, height = whole[3] * scale;
      const within = (at, size, all) => Math.max(0, Math.min(at, all - size));
      view = [within(next[0], width, whole[2]), within(next[1], height, whole[3]), width, height];
      svg.setAttribute("viewBox", view.map((v) => +v.toFixed(2)).join(" "));
      figure.classList.toggle("zoomed", scale < 1);
    };
    const place = (x, y) => {
      const box = svg.getBoundingClientRect();
      return [view[0] + (x - box.left) / box.width * view[2], view[1] + (y - box.top) / box.height * view[3]];
    };
    const zoom = (factor, at = [view[0] + view[2] / 2, view[1] + view[3] / 2]) => show([
      at[0] - (at[0] - view[0]) * factor, at[1] - (at[1] - view[1]) * factor, view[2] * factor, view[3] * factor]);

    const tools = make("div", figure);
    tools.className = "tools";
    const tool = (text, title, act) => {
      const made = make("button", tools, text, title);
      made.type = "button";
      made.setAttribute("aria-label", title);
      made.addEventListener("click", act);
      return made;
    };
    tool("+", "Zoom in", () => zoom(0.6));
    tool("\u2212", "Zoom out", () => zoom(1 / 0.6));
    tool("0", "Show the whole chart", () => show([...whole]));
    const parts = Array.from(svg.querySelectorAll("[data-series]"));
    const names = Array.from(new Set(parts.map((part) => part.dataset.series)));
    if (names.length > 1) {
      for (const name of names) {
        const toggle = tool(name, "Hide or show " + name, () => {
          const on = toggle.getAttribute("aria-pressed") !== "true";
          toggle.setAttribute("aria-pressed", String(on));
          for (const part of parts) if (part.dataset.series === name) part.style.display = on ? "" : "none";
        });
        toggle.setAttribute("aria-pressed", "true");
      }
    }

    svg.tabIndex = 0;
    const spots = Array.from(svg.querySelectorAll("[data-tip]"));
    let reached = -1;
    svg.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (event.key === "+" || event.key === "=") zoom(0.6);
      else if (event.key === "-") zoom(1 / 0.6);
      else if (event.key === "0") show([...whole]);
      else if (event.key === "Escape") tell(null);
      else if (step && spots.length) {
        reached = (reached + step + spots.length) % spots.length;
        const box = spots[reached].getBoundingClientRect();
        tell(spots[reached], box.left + box.width / 2, box.top + Math.min(box.height, 60) / 2);
      } else return;
      event.preventDefault();
    });
    svg.addEventListener("blur", () => tell(null));
    svg.addEventListener("wheel", (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      zoom(event.deltaY < 0 ? 0.8 : 1.25, place(event.clientX, event.clientY));
    }, { passive: false });
    svg.addEventListener("pointerdown", (event) => {
      if (view[2] < whole[2]) dragged = { at: place(event.clientX, event.clientY), svg };
    });
    svg.addEventListener("pointermove", (event) => {
      if (dragged?.svg !== svg) return;
      const at = place(event.clientX, event.clientY);
      show([view[0] + dragged.at[0] - at[0], view[1] + dragged.at[1] - at[1], view[2], view[3]]);
    });
  };
  document.addEventListener("pointerup", () => { dragged = null; });
  document.querySelectorAll("figure").forEach(chart);

  // Tables: a header that is pressed sorts by its column, and the other way when pressed again.
  const value = (row, column) => {
    const cell = row.cells[column];
    return cell.hasAttribute("data-v") ? Number(cell.getAttribute("data-v")) : cell.textContent;
  };
  const compare = (a, b) => typeof a === "number" && typeof b === "number"
    ? a - b
    : String(a).localeCompare(String(b), "en", { numeric: true });
  for (const header of document.querySelectorAll("th button")) {
    header.addEventListener("click", () => {
      const th = header.closest("th");
      const body = th.closest("table").tBodies[0];
      const first = th.classList.contains("num") ? "descending" : "ascending";
      const other = first === "ascending" ? "descending" : "ascending";
      const order = th.getAttribute("aria-sort") === first ? other : first;
      for (const sibling of th.parentElement.cells) sibling.removeAttribute("aria-sort");
      th.setAttribute("aria-sort", order);
      const sign = order === "ascending" ? 1 : -1;
      const rows = Array.from(body.rows);
      rows.sort((a, b) => sign * compare(value(a, th.cellIndex), value(b, th.cellIndex)));
      body.append(...rows);
    });
  }
})();
