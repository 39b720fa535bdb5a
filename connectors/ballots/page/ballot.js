"use strict";
// The page of the ballot box. What a person enters stays in the variables below until it is sent:
// nothing is stored, and nothing is loaded from elsewhere. All text is set as text, never as markup.

const COMMENT_CHARACTERS = 500;
const WAIT_SECONDS = 20;
const main = document.getElementById("main");

let words = {}; // language → the page's own words
let language = "en";
let code = "";
let place = null; // {wave, unit}, once the code has been accepted
let form = null; // the wave's questions in every language
let order = []; // per section the positions of its questions, mixed
let answers = new Map(); // item → 1..5, or null for "prefer not to say"
let comment = "";
let wasUnsure = false; // a ballot was sent and no answer came: it may have arrived
let show = showCode; // draws the present screen again, in another language

// --- small helpers

function make(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== false && value !== null) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

function picture(size, ...paths) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", width: size, height: size, fill: "none",
    stroke: "currentColor", "stroke-width": "2", "stroke-linecap": "round", "aria-hidden": "true" })) {
    svg.setAttribute(key, value);
  }
  for (const path of paths) {
    const line = document.createElementNS(space, "path");
    line.setAttribute("d", path);
    svg.append(line);
  }
  return svg;
}

function say(key, values = {}) {
  const own = words[language] || words.en;
  return own[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

// The page itself speaks English where it has no words for the language of the questions.
function spoken() {
  return words[language] ? language : "en";
}

function asked() {
  return form.languages[language];
}

function mixed(count) {
  const positions = [...Array(count).keys()];
  for (let last = count - 1; last > 0; last -= 1) {
    const other = crypto.getRandomValues(new Uint32Array(1))[0] % (last + 1);
    [positions[last], positions[other]] = [positions[other], positions[last]];
  }
  return positions;
}

// What came back: {status, content}; status 0 where nothing did.
async function call(path, body) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), WAIT_SECONDS * 1000);
  try {
    const request = body === undefined ? {} : {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    const answer = await fetch(path, { ...request, credentials: "omit", cache: "no-store",
      referrerPolicy: "no-referrer", signal: stop.signal });
    const text = await answer.text();
    return { status: answer.status, content: answer.ok && text ? JSON.parse(text) : null };
  } catch {
    return { status: 0, content: null };
  } finally {
    clearTimeout(timer);
  }
}

function troubleWith(status) {
  return { 0: "offline", 403: "code_refused", 429: "too_often" }[status] || "failed";
}

function draw(...nodes) {
  document.documentElement.lang = spoken();
  document.title = form ? asked().title : say("survey");
  drawEdges();
  main.replaceChildren(...nodes);
}

function drawEdges() {
  const codes = form ? Object.keys(form.languages) : Object.keys(words);
  const choices = codes.length < 2 ? [] : codes.map((one) =>
    make("button", { type: "button", lang: one, "aria-current": one === language ? "true" : null,
      onclick: () => { language = one; show(); } }, (words[one] || {}).language || one.toUpperCase()));
  document.getElementById("bar").replaceChildren(
    make("p", { class: "brand" }, make("img", { src: "icon.svg", alt: "" }), say("survey")),
    make("div", { class: "languages" }, ...choices));
  document.getElementById("foot").replaceChildren(
    make("a", { href: `protection.${spoken()}`, target: "_blank", rel: "noopener noreferrer" },
      `${say("protection")} (${say("new_tab")})`));
}

function enter(screen) {
  show = screen;
  show();
  window.scrollTo(0, 0);
  const heading = main.querySelector("h1");
  if (heading) heading.focus({ preventScroll: true });
}

function heading(text, attributes = {}) {
  return make("h1", { tabindex: "-1", ...attributes }, text);
}

// --- the code

function showCode(trouble = null) {
  const field = make("input", { type: "text", id: "code", autocomplete: "off", autocapitalize: "characters",
    spellcheck: "false", maxlength: "40", required: true, value: code,
    oninput: (event) => { code = event.target.value; }, // it stays in another language
    "aria-describedby": trouble ? "hint trouble" : "hint", "aria-invalid": trouble ? "true" : null });
  const button = make("button", { class: "main", type: "submit" }, say("code_send"));
  const sheet = make("form", { class: "stack", autocomplete: "off", novalidate: true }, heading(say("code_title")),
    make("p", { id: "hint" }, say("code_hint")),
    trouble && make("p", { class: "alert", id: "trouble", role: "alert" }, say(trouble)),
    make("div", {}, make("label", { class: "field", for: "code" }, say("code_label")), field), button);
  sheet.addEventListener("submit", (event) => {
    event.preventDefault();
    button.disabled = true;
    useCode();
  });
  draw(sheet);
  if (trouble) field.focus();
}

async function useCode() {
  const found = await call("unit", { code });
  const questions = found.status === 200 ? await call(`form/${encodeURIComponent(found.content.wave)}`) : found;
  if (questions.status !== 200) {
    show = () => showCode(troubleWith(questions.status));
    show();
    return;
  }
  place = found.content;
  form = questions.content;
  const codes = Object.keys(form.languages);
  if (!codes.includes(language)) language = codes[0];
  order = asked().sections.map((section) => mixed(section.questions.length));
  answers = new Map();
  comment = "";
  wasUnsure = false;
  enter(showWelcome);
}

// --- before answering

// Adults read some 240 words a minute to themselves: 180, and five seconds for each choice, leave room for slower ones.
function minutesFor(texts, choices) {
  const wordCount = texts.join(" ").split(/\s+/).length;
  return Math.max(2, Math.ceil(wordCount / 180 + choices * 5 / 60));
}

function showWelcome() {
  const texts = allItems().map((item) => item.text);
  const count = texts.length;
  const minutes = minutesFor([...texts, ...words[spoken()].promise], count);
  const date = new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "short" })
    .format(new Date(form.closes_at));
  const [promise, ...limits] = words[spoken()].promise;
  draw(make("div", { class: "stack" },
    heading(asked().title, { lang: language }),
    make("p", { class: "lede" }, say("extent", { count, minutes, date })),
    make("div", { class: "unit" }, make("p", { class: "quiet" }, say("unit_label")),
      make("p", { class: "name" }, place.unit), make("p", {}, say("unit_promise"))),
    make("h2", {}, say("promise_title")),
    make("blockquote", {}, promise),
    make("div", { class: "limits" }, make("h2", {}, say("limits_title")),
      ...limits.map((one) => make("p", {}, one))),
    make("p", {}, say("voluntary")),
    make("button", { class: "main", type: "button", onclick: () => enter(showQuestions) }, say("start"))));
}

// --- the questions

function option(item, value, label) {
  const radio = make("input", { type: "radio", name: item, value: value === null ? "none" : String(value),
    checked: answers.has(item) && answers.get(item) === value,
    onchange: () => { answers.set(item, value); afterAnswer(item); } });
  return make("label", { class: value === null ? "option none" : "option" }, radio,
    make("span", value === null ? {} : { lang: language }, label));
}

function question(one, scale) {
  return make("fieldset", { id: `item-${one.id}`, "data-item": one.id },
    make("legend", { lang: language }, one.text),
    make("div", { class: "options" }, ...scale.map((label, i) => option(one.id, i + 1, label)),
      option(one.id, null, say("no_answer"))));
}

function allItems() {
  return asked().sections.flatMap((section, i) => order[i].map((j) => section.questions[j]));
}

function showQuestions() {
  const { title, scale, sections, comment_question: more, note } = asked();
  const sheet = make("form", { autocomplete: "off", novalidate: true },
    make("div", { class: "stack" }, heading(title, { lang: language }), make("p", { class: "lede" }, say("recall"))),
    make("div", { class: "progress" }, make("span", { id: "progress" }),
      make("progress", { max: String(allItems().length), "aria-labelledby": "progress" })),
    ...sections.map((section, i) => make("section", { class: "section" },
      make("h2", { lang: language }, section.name),
      ...order[i].map((j) => question(section.questions[j], scale)))),
    more === null ? null : commentBox(more),
    make("div", { class: "section stack" }, make("div", { id: "trouble", role: "alert", tabindex: "-1" }),
      make("button", { class: "main", type: "submit", id: "send" }, say("send")),
      note ? make("p", { class: "quiet", lang: language }, note) : null));
  sheet.addEventListener("submit", (event) => { event.preventDefault(); send(); });
  draw(sheet);
  count();
}

function commentBox(asking) {
  const used = make("p", { class: "quiet", id: "used" });
  const tell = () => { used.textContent = say("comment_count", { used: comment.length, most: COMMENT_CHARACTERS }); };
  const field = make("textarea", { id: "comment", maxlength: String(COMMENT_CHARACTERS), rows: "5",
    "aria-describedby": "warning used", lang: language,
    oninput: (event) => { comment = event.target.value; tell(); } });
  field.value = comment;
  tell();
  return make("section", { class: "section stack" }, make("h2", {}, say("comment_title")),
    make("div", {}, make("label", { class: "field", for: "comment" }, make("span", { lang: language }, asking),
      ` (${say("optional")})`),
    make("p", { class: "warning", id: "warning" }, picture(20, "M12 3 2.5 20h19z", "M12 10v4", "M12 17v.01"),
      make("span", {}, say("comment_warning")))),
    field, used);
}

function count() {
  const items = allItems();
  const done = items.filter((one) => answers.has(one.id)).length;
  document.getElementById("progress").textContent = say("progress", { done, count: items.length });
  main.querySelector("progress").value = done;
}

function afterAnswer(item) {
  document.getElementById(`item-${item}`).classList.remove("open");
  count();
}

function trouble(...nodes) {
  const field = document.getElementById("trouble");
  field.className = nodes.length ? "alert" : "";
  field.replaceChildren(...nodes);
  if (nodes.length) field.focus();
}

function listMissing(missing) {
  for (const one of missing) document.getElementById(`item-${one.id}`).classList.add("open");
  const links = missing.map((one) => make("li", { lang: language }, make("a", { href: `#item-${one.id}`,
    onclick: (event) => {
      event.preventDefault(); // the address stays as it is
      const place = document.getElementById(`item-${one.id}`);
      place.scrollIntoView();
      place.querySelector("input").focus({ preventScroll: true });
    } }, one.text)));
  trouble(make("p", {}, missing.length === 1 ? say("missing_one") : say("missing", { count: missing.length })),
    make("ul", {}, ...links),
    make("button", { class: "second", type: "button", onclick: () => {
      for (const one of missing) if (!answers.has(one.id)) answers.set(one.id, null);
      showQuestions();
      document.getElementById("send").focus();
    } }, say("mark_rest")));
}

async function send() {
  const missing = allItems().filter((one) => !answers.has(one.id));
  if (missing.length) {
    listMissing(missing);
    return;
  }
  const button = document.getElementById("send");
  button.disabled = true;
  button.textContent = say("sending");
  trouble();
  const { status } = await call("answer", { code, answers: Object.fromEntries(answers),
    comment: comment.trim() || null });
  if (status === 204) {
    forget();
    enter(showThanks);
    return;
  }
  const mayHaveArrived = status === 403 && wasUnsure;
  wasUnsure = wasUnsure || status === 0;
  showQuestions(); // as it is filled in, in the language that may have been changed meanwhile
  trouble(...(mayHaveArrived ? [make("p", {}, say("perhaps_sent"))]
    : [make("p", {}, make("strong", {}, say("not_sent"))), make("p", {}, say(troubleWith(status)))]));
  document.getElementById("send").textContent = say("retry");
}

// --- afterwards

function forget() {
  code = "";
  comment = "";
  answers = new Map();
}

function showThanks() {
  draw(make("div", { class: "done stack" }, picture(64, "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20z", "m7.5 12.5 3 3 6-6.5"),
    heading(say("thanks_title")), make("p", { class: "lede" }, say("thanks")), make("p", { class: "quiet" }, say("thanks_next"))));
}

// --- begin

// The code stands behind the # of the address, which browsers send to nobody. It is taken out of the
// address at once, so that it is not seen there, nor found in the history by whoever uses the phone next.
function takeCode() {
  const given = decodeURIComponent(location.hash.slice(1));
  if (given) history.replaceState(null, "", location.pathname + location.search);
  return given;
}

async function begin() {
  const loaded = await call("words");
  if (loaded.status !== 200) {
    main.replaceChildren(make("p", { class: "alert", role: "alert" }, "Please reload. · Bitte neu laden."));
    return;
  }
  words = loaded.content;
  language = (navigator.languages || []).map((one) => one.slice(0, 2)).find((one) => words[one]) || "en";
  code = takeCode();
  if (!code) {
    show();
    return;
  }
  draw(heading(say("loading")));
  await useCode();
}

window.addEventListener("hashchange", () => {
  const given = takeCode();
  if (given && answers.size === 0) {
    code = given;
    useCode();
  }
});
window.addEventListener("beforeunload", (event) => {
  if (answers.size || comment) event.preventDefault();
});
begin();
