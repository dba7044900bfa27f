// A small page to try queries on: it needs nothing but this server, and keeps what was asked in
// this browser.

const EXAMPLE = `# Ctrl+Enter runs it.
{
  search(text: "core sw", first: 5) {
    totalCount
    nodes { id kind name status }
  }
}
`;
const SCHEMA = `{ __schema { types { name kind description
  fields { name description type { ...T } args { name description type { ...T } } }
  inputFields { name description type { ...T } }
  enumValues { name description } } } }
fragment T on __Type { name kind ofType { name kind ofType { name kind ofType { name kind } } } }`;
const KEPT = 30;
const MOST_SHOWN = 60;

const at = (id) => document.getElementById(id);
const [query, variables, answer, status, past, search, schema] = [
  "query", "variables", "answer", "status", "history", "search", "schema",
].map(at);

async function ask(body) {
  const response = await fetch("/graphql", {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify(body),
  });
  return response.json();
}

function say(text, bad = false) {
  status.textContent = text;
  status.className = bad ? "bad" : "";
}

async function run() {
  let given = null;
  try {
    given = variables.value.trim() ? JSON.parse(variables.value) : null;
  } catch (error) {
    say(`The variables are no JSON: ${error.message}`, true);
    return;
  }
  say("Running …");
  const started = performance.now();
  try {
    const result = await ask({ query: query.value, variables: given });
    const took = Math.round(performance.now() - started);
    answer.textContent = JSON.stringify(result, null, 2);
    const problems = (result.errors ?? []).map((e) => e.message);
    say(problems.length ? problems.join(" ") : `Answered in ${took} ms.`, problems.length > 0);
    keep();
  } catch (error) {
    say(`The server did not answer: ${error.message}`, true);
  }
}

function kept() {
  try {
    return JSON.parse(localStorage.getItem("cmdb-queries")) ?? [];
  } catch {
    return [];
  }
}

function keep() {
  const now = { query: query.value, variables: variables.value };
  const others = kept().filter((e) => e.query !== now.query || e.variables !== now.variables);
  localStorage.setItem("cmdb-queries", JSON.stringify([now, ...others].slice(0, KEPT)));
  showPast();
}

function showPast() {
  past.replaceChildren(new Option("queries", ""));
  kept().forEach((entry, place) => {
    const text = entry.query.replace(/#.*/g, "").replace(/\s+/g, " ").trim();
    past.append(new Option(text.slice(0, 60), String(place)));
  });
}

function typeText(type) {
  if (type.kind === "NON_NULL") return `${typeText(type.ofType)}!`;
  if (type.kind === "LIST") return `[${typeText(type.ofType)}]`;
  return type.name ?? "…";
}

function element(tag, text = "", ...children) {
  const made = document.createElement(tag);
  made.textContent = text;
  made.append(...children);
  return made;
}

function member(entry) {
  const args = entry.args?.map((a) => `${a.name}: ${typeText(a.type)}`).join(", ");
  const type = entry.type ? `: ${typeText(entry.type)}` : "";
  const line = element("li", "", element("code", `${entry.name}${args ? `(${args})` : ""}${type}`));
  if (entry.description) line.append(element("p", entry.description));
  return line;
}

function drawn(type, open) {
  const members = type.fields ?? type.inputFields ?? type.enumValues ?? [];
  const details = element("details", "", element("summary", type.name));
  if (type.description) details.append(element("p", type.description));
  details.append(element("ul", "", ...members.map(member)));
  details.open = open;
  return details;
}

function showTypes(types) {
  const wanted = search.value.trim().toLowerCase();
  const members = (t) => t.fields ?? t.inputFields ?? t.enumValues ?? [];
  const fits = (text) => text.toLowerCase().includes(wanted);
  const narrowed = types
    .map((t) => (!wanted || fits(t.name) ? t : { ...t, fields: members(t).filter((m) => fits(m.name)) }))
    .filter((t) => !wanted || fits(t.name) || t.fields.length);
  const shown = narrowed.slice(0, MOST_SHOWN);
  schema.replaceChildren(...shown.map((t) => drawn(t, wanted !== "" && shown.length < 8)));
  const more = narrowed.length - shown.length;
  if (more > 0) schema.append(element("p", `and ${more} more types: narrow the search`));
}

async function loadSchema() {
  const { data } = await ask({ query: SCHEMA });
  const order = (t) => (t.name === "Query" ? 0 : 1);
  const types = data.__schema.types
    .filter((t) => !t.name.startsWith("__"))
    .sort((a, b) => order(a) - order(b) || a.name.localeCompare(b.name));
  search.addEventListener("input", () => showTypes(types));
  showTypes(types);
}

at("run").addEventListener("click", run);
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    run();
  }
});
past.addEventListener("change", () => {
  const entry = kept()[Number(past.value)];
  if (past.value !== "" && entry) [query.value, variables.value] = [entry.query, entry.variables];
});
const asked = new URLSearchParams(location.search);
query.value = asked.get("query") ?? kept()[0]?.query ?? EXAMPLE;
variables.value = asked.get("variables") ?? kept()[0]?.variables ?? "";
showPast();
loadSchema().catch((error) => say(`The schema can't be read: ${error.message}`, true));
