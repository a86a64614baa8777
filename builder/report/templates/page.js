"use strict";
(() => {
  const steps = [...document.querySelectorAll("details.step")];
  const filter = document.getElementById("filter");
  if (filter) {
    const find = document.getElementById("find");
    const onlyRan = document.getElementById("only-ran");
    const found = document.getElementById("found");
    const unfold = document.getElementById("unfold");
    const apply = () => {
      const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
      let count = 0;
      for (const step of steps) {
        const stage = step.closest(".stage").querySelector("h3").textContent;
        const text = (stage + " " + step.textContent).toLowerCase();
        const cached = step.dataset.outcome === "cached" || step.dataset.outcome === "shared";
        step.hidden = (onlyRan.checked && cached) || !words.every((word) => text.includes(word));
        count += !step.hidden;
      }
      for (const stage of document.querySelectorAll(".stage")) {
        stage.hidden = !stage.querySelector("details.step:not([hidden])");
      }
      found.textContent = find.value || onlyRan.checked ? `${count} of ${steps.length} steps` : "";
    };
    filter.hidden = false;
    filter.addEventListener("submit", (event) => event.preventDefault());
    filter.addEventListener("input", apply);
    unfold.addEventListener("click", () => {
      const open = unfold.textContent === "Open all";
      for (const step of steps) step.open = open;
      unfold.textContent = open ? "Close all" : "Open all";
    });
  }
  // A link to a step opens it, wherever the link stands.
  const reveal = () => {
    const step = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (step && step.matches("details.step")) {
      step.hidden = false;
      step.closest(".stage").hidden = false;
      step.open = true;
      step.querySelector("summary").focus();
    }
  };
  addEventListener("hashchange", reveal);
  reveal();
  // On paper everything is open.
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((each) => { each.open = true; }));
})();
