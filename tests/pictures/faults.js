// What is wrong with the page that is shown, one sentence for each fault.
() => {
  const faults = [], seen = e => e.getClientRects().length > 0;
  const main = document.querySelector('[data-testid=stMain]');
  if (main.scrollWidth > main.clientWidth) faults.push('scrolls sideways');
  if (document.querySelectorAll('h1').length !== 1) faults.push('has not exactly one title');
  if (document.querySelectorAll('.eo-lede').length > 1) faults.push('has more than one message');
  const own = [...document.querySelectorAll('.eo *')].filter(seen);
  for (const e of own) {
    const style = getComputedStyle(e), words = e.innerText || e.textContent || '';
    const hidden = style.overflowX === 'hidden' && style.position !== 'absolute';
    if (hidden && e.scrollWidth > e.clientWidth + 1) faults.push('cuts “' + words.slice(0, 60) + '”');
    const holdsText = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (holdsText && parseFloat(style.fontSize) < 12) faults.push('small letters: “' + words.slice(0, 60) + '”');
  }
  for (const svg of document.querySelectorAll('.eo svg, [data-testid=stVegaLiteChart] svg')) {
    const box = svg.getBoundingClientRect();
    for (const t of svg.querySelectorAll('text')) {
      const at = t.getBoundingClientRect();
      const isSeen = at.width && getComputedStyle(t).opacity !== '0';
      const isCut = isSeen && (at.left < box.left - 2 || at.right > box.right + 2);
      if (isCut && getComputedStyle(svg).overflow !== 'visible') faults.push('cuts label “' + t.textContent + '”');
    }
  }
  for (const card of document.querySelectorAll('.eo-card')) {
    const counted = /\d|level|end of/.test(card.querySelector('.eo-note')?.innerText || '');
    if (card.querySelector('.eo-value') && !counted)
      faults.push('a card without what it counts: ' + card.innerText.slice(0, 60));
  }
  const code = document.querySelectorAll('.eo pre, .eo code');
  const words = own.filter(e => !e.closest('pre, code, [translate=no]')).flatMap(e => [...e.childNodes])
    .filter(n => n.nodeType === 3).map(n => n.textContent).join(' \n ');
  const raw = words.match(/\b[a-z]+_[a-z_]+\b|\b(team|department|service):[a-z]|\b20\d\d-Q\d\b|\b(NaN|undefined)\b|[:,(=] ?None\b(?! [a-z])|^ ?None ?$/gm);
  if (raw) faults.push('names of the code: ' + [...new Set(raw)].slice(0, 5).join(', '));
  return [...new Set(faults)];
}
