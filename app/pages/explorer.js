"use strict";
// A small explorer that needs nothing from elsewhere. Where the network lets it, GraphiQL takes its place.
const ENDPOINT = "/graphql";
const HISTORY_MAX = 20;
const STARTER = "# Ctrl+Enter runs it. Types and fields are on the right.\n{\n  viewer {\n    __typename\n  }\n}\n";
const GRAPHIQL = {
  style: ["https://unpkg.com/graphiql@3.8.3/graphiql.min.css",
    "sha384-Mq3vbRBY71jfjQAt/DcjxUIYY33ksal4cgdRt9U/hNPvHBCaT2JfJ/PTRiPKf0aM"],
  scripts: [
    ["https://unpkg.com/react@18.2.0/umd/react.production.min.js",
      "sha384-tMH8h3BGESGckSAVGZ82T9n90ztNXxvdwvdM6UoR56cYcf+0iGXBliJ29D+wZ/x8"],
    ["https://unpkg.com/react-dom@18.2.0/umd/react-dom.production.min.js",
      "sha384-bm7MnzvK++ykSwVJ2tynSE5TRdN+xL418osEVF2DE/L/gfWHj91J2Sphe582B1Bh"],
    ["https://unpkg.com/graphiql@3.8.3/graphiql.min.js",
      "sha384-HbRVEFG0JGJZeAHCJ9Xm2+tpknBQ7QZmNlO/DgZtkZ0aJSypT96YYGRNod99l9Ie"],
  ],
};
const INTROSPECTION = `{ __schema { types { kind name description
  fields(includeDeprecated: true) { name description args { name type { ...T } } type { ...T } }
  inputFields { name description type { ...T } } enumValues { name description } } } }
fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }`;

const at = (id) => document.getElementById(id);
const kept = window.sessionStorage; // Gone with the tab: a token has no business staying.
let touched = false;

function element(tag, text, ...children) {
  const made = document.createElement(tag);
  if (text) made.textContent = text;
  made.append(...children);
  return made;
}

function authorization(token) {
  return token ? { Authorization: `Bearer ${token}` } : {};
}

async function ask(request, headers) {
  const response = await fetch(ENDPOINT, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/graphql-response+json", ...headers },
    body: JSON.stringify(request),
  });
  return { status: response.status, body: await response.json() };
}

function isSubscription(query) {
  return /^subscription\b/.test(query.replace(/#.*/g, "").trim());
}

// Tells `hear` each value, and `end` why there are no more; returns what stops it.
function watch(request, headers, hear, end) {
  const address = new URL(ENDPOINT, window.location.href);
  address.protocol = address.protocol.replace("http", "ws");
  const socket = new WebSocket(address, "graphql-transport-ws");
  const say = (message) => socket.send(JSON.stringify(message));
  socket.onopen = () => say({ type: "connection_init", payload: headers });
  socket.onmessage = ({ data }) => {
    const { type, payload } = JSON.parse(data);
    if (type === "connection_ack") say({ id: "1", type: "subscribe", payload: request });
    if (type === "ping") say({ type: "pong" });
    if (type === "next") hear(payload);
    if (type === "error") hear({ errors: payload });
    if (type === "error") socket.close(1000);
  };
  socket.onclose = ({ code, reason }) => end(`${code} ${reason}`.trim());
  return () => {
    socket.onclose = null;
    socket.close(1000);
  };
}

let stop = () => {};

function runSubscription(request) {
  let values = 0;
  stop = watch(request, authorization(at("token").value.trim()), (value) => {
    values += 1;
    at("status").textContent = `watching, ${values} so far; Run begins anew`;
    at("response").textContent = JSON.stringify(value, null, 2);
  }, (reason) => { at("status").textContent = `ended: ${reason}`; });
}

function readHistory() {
  try { return JSON.parse(kept.getItem("history")) || []; } catch { return []; }
}

function showHistory() {
  const options = readHistory().map((entry, index) => {
    const option = element("option", entry.query.replace(/\s+/g, " ").slice(0, 80));
    option.value = String(index);
    return option;
  });
  at("history").replaceChildren(element("option", "History"), ...options);
}

function remember(entry) {
  const others = readHistory().filter((other) => other.query !== entry.query);
  kept.setItem("history", JSON.stringify([entry, ...others].slice(0, HISTORY_MAX)));
  showHistory();
}

async function run() {
  const query = at("query").value;
  let variables = null;
  try {
    variables = JSON.parse(at("variables").value.trim() || "null");
  } catch (error) {
    at("response").textContent = `The variables are not JSON: ${error.message}`;
    return;
  }
  remember({ query, variables: at("variables").value });
  at("status").textContent = "…";
  stop();
  stop = () => {};
  if (isSubscription(query)) {
    runSubscription({ query, variables });
    return;
  }
  const started = performance.now();
  try {
    const { status, body } = await ask({ query, variables }, authorization(at("token").value.trim()));
    at("status").textContent = `${status}, ${Math.round(performance.now() - started)} ms`;
    at("response").textContent = JSON.stringify(body, null, 2);
  } catch (error) {
    at("status").textContent = "";
    at("response").textContent = String(error);
  }
}

function spell(type) {
  if (type.kind === "NON_NULL") return `${spell(type.ofType)}!`;
  if (type.kind === "LIST") return `[${spell(type.ofType)}]`;
  return type.name || "…";
}

function describeMember(member) {
  const args = (member.args || []).map((arg) => `${arg.name}: ${spell(arg.type)}`).join(", ");
  const title = member.name + (args ? `(${args})` : "") + (member.type ? `: ${spell(member.type)}` : "");
  return [element("dt", title), element("dd", member.description || "")];
}

function describeType(type) {
  const members = type.fields || type.inputFields || type.enumValues || [];
  return element("details", "", element("summary", `${type.name} (${type.kind.toLowerCase()})`),
    element("dd", type.description || ""), element("dl", "", ...members.flatMap(describeMember)));
}

async function showSchema() {
  const { body } = await ask({ query: INTROSPECTION }, {});
  const types = body.data ? body.data.__schema.types.filter((type) => !type.name.startsWith("__")) : [];
  const rank = (type) => ["Query", "Mutation", "Subscription"].indexOf(type.name) + 1 || 9;
  types.sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
  const show = () => {
    const wanted = at("search").value.toLowerCase();
    const found = types.filter((type) => JSON.stringify(type).toLowerCase().includes(wanted));
    at("schema").replaceChildren(...found.map(describeType));
    if (!types.length) at("schema").textContent = "The server does not tell its schema.";
  };
  at("search").addEventListener("input", show);
  show();
}

// `#token=…&query=…`, or a link's bare token. It leaves the address bar at once.
function readFragment() {
  const fragment = window.location.hash.slice(1);
  if (!fragment) return;
  const named = new URLSearchParams(fragment);
  const token = named.get("token") || (fragment.includes("=") ? null : decodeURIComponent(fragment));
  if (token) kept.setItem("token", token);
  if (named.get("query")) kept.setItem("query", named.get("query"));
  window.history.replaceState(null, "", window.location.pathname);
}

function load(tag, properties) {
  return new Promise((resolve, reject) => {
    const made = Object.assign(document.createElement(tag), { crossOrigin: "anonymous" }, properties);
    made.onload = resolve;
    made.onerror = () => reject(new Error(`${properties.src || properties.href} did not load`));
    document.head.append(made);
  });
}

function openGraphiQL() {
  const { React, ReactDOM, GraphiQL } = window;
  const observe = (request, headers) => ({
    subscribe: ({ next, complete }) => ({ unsubscribe: watch(request, headers, next, complete) }),
  });
  const fetcher = async (request, options) => {
    const headers = (options && options.headers) || {};
    return isSubscription(request.query) ? observe(request, headers) : (await ask(request, headers)).body;
  };
  at("explorer").hidden = true;
  at("mount").hidden = false;
  ReactDOM.createRoot(at("mount")).render(React.createElement(GraphiQL, {
    fetcher,
    storage: kept,
    shouldPersistHeaders: false,
    defaultEditorToolsVisibility: true,
    query: at("query").value,
    variables: at("variables").value,
    headers: JSON.stringify(authorization(at("token").value.trim()), null, 2),
  }));
}

async function offerGraphiQL() {
  try {
    await load("link", { rel: "stylesheet", href: GRAPHIQL.style[0], integrity: GRAPHIQL.style[1] });
    for (const [src, integrity] of GRAPHIQL.scripts) await load("script", { src, integrity });
  } catch {
    return; // Offline, or kept from it: the explorer stays.
  }
  if (touched) at("graphiql").hidden = false; // Never take a page away from under somebody's hands.
  else openGraphiQL();
}

readFragment();
at("token").value = kept.getItem("token") || "";
at("query").value = kept.getItem("query") || STARTER;
at("variables").value = kept.getItem("variables") || "";
for (const id of ["token", "query", "variables"]) {
  at(id).addEventListener("input", () => { touched = true; kept.setItem(id, at(id).value); });
}
at("run").addEventListener("click", () => { touched = true; run(); });
at("graphiql").addEventListener("click", openGraphiQL);
at("history").addEventListener("change", (event) => {
  const entry = readHistory()[Number(event.target.value)];
  if (entry) { at("query").value = entry.query; at("variables").value = entry.variables; }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) run();
});
showHistory();
showSchema().catch((error) => { at("schema").textContent = String(error); });
offerGraphiQL();
