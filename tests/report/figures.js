(() => {
  const one = (id) => Number(document.getElementById(id).value);
  const rows = [...document.querySelectorAll("#timeline-table tr[data-step]")];
  const number = (row, name) => { const found = row.querySelector("data." + name); return found ? Number(found.value) : 0; };
  return {
    id: document.getElementById("build-id").textContent, title: document.title,
    seconds: one("seconds"), cached: one("cached"), count: one("step-count"), size: one("size"), wasted: one("wasted"),
    steps: rows.map((row) => ({
      id: row.dataset.step, outcome: row.dataset.outcome, text: row.querySelector("code").textContent,
      started: number(row, "started"), seconds: number(row, "seconds"),
      size: number(document.getElementById("step-" + row.dataset.step), "size"),
    })),
    causes: Object.fromEntries([...document.querySelectorAll(".miss")].flatMap((miss) => {
      const causes = [...miss.querySelectorAll(".cause")].map((item) => item.textContent);
      return [...miss.querySelectorAll("[data-step]")].map((step) => [step.dataset.step, causes]);
    })),
    filter: !document.getElementById("filter").hidden,
    overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    injected: document.querySelectorAll("img, script:not(body > script)").length,
  };
})()
