(() => {
  const parse = (text) => { const m = text.match(/[\d.]+/g).map(Number); return [m[0], m[1], m[2], m[3] ?? 1]; };
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + .05) / (y + .05); };
  const ground = (node) => {
    for (; node instanceof HTMLElement; node = node.parentElement) {
      const style = getComputedStyle(node);
      if (style.backgroundImage !== "none") return null;
      const colour = parse(style.backgroundColor);
      if (colour[3] === 1) return colour;
    }
    return [255, 255, 255, 1];
  };
  document.querySelectorAll("details").forEach((each) => { each.open = true; });
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !(parent instanceof HTMLElement) || !parent.checkVisibility()) continue;
    const behind = ground(parent);
    const found = behind && ratio(parse(getComputedStyle(parent).color), behind);
    if (found && found < 4.5) poor.push([parent.outerHTML.slice(0, 80), found]);
  }
  for (const [text, box] of [[".word.ran", ".bar.ran"], [".word.cached", ".bar.cached"], [".layer-word", ".layer"], [".file-word", ".file"]]) {
    for (const word of document.querySelectorAll(text)) {
      const area = word.closest("svg").parentElement.querySelector(box) ?? document.querySelector(box);
      const found = ratio(parse(getComputedStyle(word).fill), parse(getComputedStyle(area).fill));
      if (found < 4.5) poor.push([text, found]);
    }
  }
  return poor;
})()
